"""The doors of the account: signing in, the second factor, one's own details and sessions."""

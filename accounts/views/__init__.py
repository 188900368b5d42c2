"""The pages of the account: signing in, the second factor, one's own details and sessions."""

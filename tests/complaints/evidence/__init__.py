"""What comes in as evidence: what it is, who gets it, and what is refused."""

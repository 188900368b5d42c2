"""What the public reads of the figures: pages that are the same for everybody (accounts/public_pages.py)."""

"""What the public reads of the figures: pages that are the same for everybody (odr_portal/public_pages.py)."""

"""Tags of this app for templates."""

"""Encryption of what belongs to a person. Pure: no table, no request; keys come in as arguments."""

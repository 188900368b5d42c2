"""Encryption of what belongs to a person. Pure: no table, no request; keys come in as arguments.

keys: where the secrets of this portal come from; ciphers: what encrypts and digests; sealing: one value; blind:
equality without reading.
"""

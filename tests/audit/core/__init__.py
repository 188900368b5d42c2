"""Counts again from raw rows. Nothing here may import the package oversight."""

"""Tests run as the portal of one province: its ids have sixteen digits, which whatever reads an id must take. Loaded
before the settings (addopts in pyproject.toml); PROVINCE=00 makes it a portal of no single one."""

import os

os.environ.setdefault("PROVINCE", "35")

"""A process beside a running portal, see tests/faults/beside.py: python -m tests.faults WHAT [VALUE …]."""

import os
import sys
from importlib import import_module

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
django.setup()
getattr(import_module("tests.faults.beside"), sys.argv[1])(*sys.argv[2:])

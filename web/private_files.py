"""Folders and files that only the portal's own processes read.

Under one system user they are that user's (0700, 0600). Where each process has a user of its own (PROCESS_USERS) web,
worker and watch share them: by the group of the folder, which its bit setgid hands down (2770, 0660).
"""

import os
from pathlib import Path

from django.conf import settings


def folder_mode() -> int:
    return 0o2770 if settings.PROCESS_USERS else 0o700


def file_mode() -> int:
    return 0o660 if settings.PROCESS_USERS else 0o600


def folder(path: Path) -> Path:
    """The same; it is made where it is missing."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(folder_mode())
    return path


def opened(path: Path, flags: int) -> int:
    """The descriptor of a file that is made where `flags` say so, whatever the umask. Raises OSError."""
    handle = os.open(path, flags, 0o600)
    # Another process made it, and gave it its mode.
    if os.fstat(handle).st_uid == os.geteuid():
        os.fchmod(handle, file_mode())
    return handle

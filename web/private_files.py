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
        folder_above = path.parent if path.parent.is_dir() else folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        leave_to_owner(path, folder_above)
        path.chmod(folder_mode())
    return path


def leave_to_owner(path: Path, above: Path) -> None:
    """What root makes belongs to whom the folder around it belongs to, so that no command leaves what the portal cannot
    work with."""
    if os.geteuid() == 0:
        owner = above.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def opened(path: Path, flags: int) -> int:
    """The descriptor of a file that is made where `flags` say so, whatever the umask. Raises OSError."""
    handle = os.open(path, flags, 0o600)
    # Another process made it, and gave it its mode.
    if os.fstat(handle).st_uid == os.geteuid():
        os.fchmod(handle, file_mode())
        leave_to_owner(path, path.parent)
    return handle

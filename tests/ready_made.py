"""The migrated database is made once for the code that makes it; each run of tests copies its folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from odr_portal.processes import embedded
from tests import ROOT

PREFIX = "odr-ready-"
#: Bound to the closing keys of the house, which the migrations made: a copy needs the same ones.
KEYS = "vault-keys"
MADE_OF = (
    "*/migrations/*",
    "*/models.py",
    "*/models/*.py",
    "database/operations.py",
    "database/roles.py",
    "odr_portal/processes/embedded.py",
    "accounts/keys/*.py",
    "accounts/roles.py",
    "complaints/procedure/sectors/*.toml",
    "complaints/procedure/sector_files.py",
    "tests/server.py",
    "requirements.txt",
)
TWO_DAYS = 2 * 24 * 3600


def _name() -> str:
    digest = hashlib.sha256(f"{sys.version}{os.geteuid()}".encode())
    for file in sorted({file for pattern in MADE_OF for file in ROOT.glob(pattern) if file.is_file()}):
        if file.suffix != ".pyc":
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return PREFIX + digest.hexdigest()[:16]


def database(make: Callable[[embedded.ThrowAwayPostgres], str]) -> tuple[Path, str]:
    """The data folder to copy and its vault keys; `make` migrates an empty server and returns the keys.

    A second run that begins meanwhile waits for the first.
    """
    folder = Path(tempfile.gettempdir()) / _name()
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / KEYS).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _throw_away_old_ones()
            folder.mkdir(mode=0o711)
            server = embedded.ThrowAwayPostgres(folder)
            try:
                keys = make(server)
            finally:
                server.end()
            (folder / KEYS).write_text(keys)
            (folder / KEYS).chmod(0o600)
        os.utime(folder)
        return folder / "data", (folder / KEYS).read_text()


def copy(data: Path, to: Path) -> None:
    """With owners and modes, as a server wants its folder."""
    subprocess.run(["cp", "-a", str(data), str(to)], check=True)


def _throw_away_old_ones() -> None:
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if time.time() - old.stat().st_mtime > TWO_DAYS:
            shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)

"""manage.py make_keys DIR: every key of a portal, each readable by the processes that need it and by nobody else."""

import grp
import os
import pwd
import secrets
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.keys import keys
from complaints.documents import signing
from complaints.record import seal_keys
from complaints.record.notes import raw_key
from odr_portal.processes.separation import NEEDS, RECOVERY_KEY
from web.environment import PROCESSES

READERS = {"SECRET_KEY_FILE": frozenset(PROCESSES), **NEEDS}


@dataclass(frozen=True)
class Access:
    """Who owns a file and who reads it; -1 leaves the owner or group as it is."""

    user: int
    group: int
    mode: int

    def give(self, path: Path) -> None:
        os.chown(path, self.user, self.group)
        path.chmod(self.mode)

    def __str__(self) -> str:
        return f"{self.mode:04o}"


class Command(BaseCommand):
    help = (
        "Make the keys that are missing in a folder, with the owners and modes that PROCESS_USERS asks for, and say"
        " which setting names each. Nothing is overwritten."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--name", default="12315 ODR", help="who signs documents, as readers of PDFs show it")

    def handle(self, *args: Any, folder: Path, name: str, **options: Any) -> None:
        users: dict[str, str] = settings.PROCESS_USERS
        access = {setting: access_of(needed_by, users) for setting, needed_by in READERS.items()}
        recovery = folder / RECOVERY_KEY
        files: dict[str, tuple[str, Callable[[Path], object]]] = {
            "SECRET_KEY_FILE": ("secret-key", lambda file: _write(file, secrets.token_urlsafe(48) + "\n")),
            "VAULT_KEY_FILE": ("vault-keys", lambda file: _write(file, keys.fresh())),
            "DOCUMENT_KEY_FILE": (
                "document-key.pem",
                lambda file: _write(file, signing.fresh(name, now=timezone.now())),
            ),
            "SEAL_KEY_FILE": (
                "seal-key.pem",
                lambda file: seal_keys.make(file, recovery=raw_key(_recovery_key(recovery))),
            ),
        }
        made = []
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            everybody = access["SECRET_KEY_FILE"]
            Access(everybody.user, everybody.group, 0o750 if users else 0o700).give(folder)
            for setting, (file, make) in files.items():
                path = folder / file
                is_new = not path.exists()
                if is_new:
                    # Under another name first: what has its name is whole, and has its owner and mode.
                    new = folder / f".{file}.new"
                    new.unlink(missing_ok=True)
                    make(new)
                    access[setting].give(new)
                    new.rename(path)
                    made.append(setting)
                read_by = " ".join(process for process in PROCESSES if process in READERS[setting])
                self.stdout.write(
                    f"{'made' if is_new else 'kept'}  {access[setting]}  {setting}={path}  read by: {read_by}"
                )
        except (ValueError, seal_keys.UnusableKey) as wrong:
            raise CommandError(str(wrong)) from None
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from None
        if "SEAL_KEY_FILE" in made:
            public = raw_key(seal_keys.read(folder / files["SEAL_KEY_FILE"][0])[0]).hex()
            self.stdout.write(f"made  0600  {recovery}  the recovery key: carry it away from this machine.")
            self.stdout.write(f"The public half of the seal key is {public}: keep it elsewhere.")
        if made:
            self.stdout.write("Keep copies of the others away from the database and from its backups.")


def access_of(needed_by: Iterable[str], users: dict[str, str]) -> Access:
    """One reader owns the file; several read it by a group that has them and none of the other processes. Without
    PROCESS_USERS whoever runs this owns it. Raises CommandError."""
    if not users:
        return Access(-1, -1, 0o600)
    names = {users[process] for process in needed_by}
    try:
        if len(names) == 1:
            return Access(pwd.getpwnam(names.pop()).pw_uid, 0, 0o400)
        members = {name: os.getgrouplist(name, pwd.getpwnam(name).pw_gid) for name in users.values()}
    except KeyError as unknown:
        raise CommandError(f"PROCESS_USERS: {unknown.args[0]}. Make the users first.") from None
    fitting = [
        entry
        for entry in grp.getgrall()
        if {name for name, groups in members.items() if entry.gr_gid in groups} == names
    ]
    if not fitting:
        raise CommandError(
            f"No group has {', '.join(sorted(names))} and no other user of PROCESS_USERS: make one, so that they can"
            " read a key in common."
        )
    # Others may stand in it beside them (who runs commands): the first that was made for it.
    return Access(0, min(fitting, key=lambda entry: entry.gr_gid).gr_gid, 0o640)


def _recovery_key(file: Path) -> Ed25519PrivateKey:
    # One that is there was made by a run that broke off before the seal key.
    return seal_keys.read(file)[0] if file.exists() else seal_keys.make(file)


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())

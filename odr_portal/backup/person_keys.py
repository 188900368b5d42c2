"""The keys of people, in a file of their own beside the archives: there is one, and it is the newest.

No archive holds a key. An archive of last year restored with today's keys does not bring back whom we
have erased since; and whoever steals an archive has nothing to open, even with the portal's wrapping key.

The file: a line that says what it is and when it was made, the table as PostgreSQL copies it, a line with the digest.
"""

import hashlib
import io
import os
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.keys import keyring, sealing
from accounts.keys.ciphers import CannotOpen
from odr_portal.backup import database
from odr_portal.backup.archive import Unusable

TABLE = "accounts_personkey"
NAME = "person-keys"
_COLUMNS = ("person", "wrapped", "made_at", "destroyed_at", "restricted_at", "destroy_after")
#: What a file has that was made before keys could be restricted, and the table of an archive from then.
_OLDER = _COLUMNS[:4]
#: So many keys are tried before the vault keys are said to be another portal's.
_TRIED = 100
_HEAD = "portal person keys 1"


def write(url: str, folder: Path, *, now: datetime) -> Path:
    """A file that is not yet in its place (``put`` does that): the newest keys, readable by its owner only."""
    partial = folder / f"{NAME}.partial"
    partial.unlink(missing_ok=True)
    digest = hashlib.sha256()
    with closing(database.connect(url)) as connection, connection.cursor() as cursor:
        stream = io.BytesIO(f"{_HEAD} {now.isoformat(timespec='seconds')}\n".encode())
        stream.seek(0, io.SEEK_END)
        cursor.copy_expert(f"copy {TABLE} ({', '.join(_COLUMNS)}) to stdout", stream)
    content = stream.getvalue()
    digest.update(content)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content + f"sha256 {digest.hexdigest()}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    return partial


def put(partial: Path) -> Path:
    """In place of the keys before."""
    target = partial.with_name(NAME)
    partial.rename(target)
    return target


def check(file: Path, *, archive_made_at: str) -> bytes:
    """The rows of the file. Raises Unusable for another file, a damaged one, and one older than the archive."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise Unusable(
            f"There is no {file.name} in {file.parent}: name the newest keys of people with --keys; "
            "without them nobody can read what people said."
        ) from None
    head, newline, rest = content.partition(b"\n")
    body, mark, given = rest.rpartition(b"sha256 ")
    if not head.startswith(_HEAD.encode()) or not newline or not mark:
        raise Unusable(f"{file} holds no keys of people: take another copy of it.")
    if hashlib.sha256(head + newline + body).hexdigest() != given.decode(errors="replace").strip():
        raise Unusable(f"{file} was changed or damaged: take another copy of it.")
    made_at = head.decode().removeprefix(_HEAD).strip()
    if datetime.fromisoformat(made_at) < datetime.fromisoformat(archive_made_at):
        raise Unusable(f"{file} is older than the archive: take the newest keys, people have come since then.")
    return body


def try_to_open(body: bytes, file: Path) -> None:
    """Raises Unusable where the vault keys of this portal open none of these keys of people: they are another's."""
    tried = 0
    for line in body.splitlines():
        person, wrapped = line.split(b"\t")[:2]
        if not wrapped.startswith(b"\\\\x") or len(wrapped) == 3:
            continue
        try:
            sealing.unwrap(bytes.fromhex(wrapped[3:].decode()), person=UUID(person.decode()), keys=keyring.keys())
            return
        except CannotOpen:
            tried += 1
        if tried == _TRIED:
            break
    if tried:
        raise Unusable(
            f"The vault keys here (VAULT_KEY_FILE) do not open the keys of people in {file}: restore with the key file "
            "of the portal that made the backup. Nothing was changed."
        )


def load(url: str, body: bytes) -> None:
    """Into the restored database, whose table is empty and may be of an older form than the file, or a newer one."""
    first = body.split(b"\n", 1)[0]
    given = _COLUMNS if first.count(b"\t") == len(_COLUMNS) - 1 else _OLDER
    with closing(database.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"select * from {TABLE} limit 0")  # noqa: S608
        there = {column[0] for column in cursor.description or ()}
        cursor.execute(
            "create temporary table given_keys (person uuid, wrapped bytea, made_at timestamptz, destroyed_at"
            " timestamptz, restricted_at timestamptz, destroy_after timestamptz) on commit drop"
        )
        cursor.copy_expert(f"copy given_keys ({', '.join(given)}) from stdin", io.BytesIO(body))
        columns = ", ".join(name for name in _COLUMNS if name in there)
        cursor.execute(f"insert into {TABLE} ({columns}) select {columns} from given_keys")  # noqa: S608


def is_apart(manifest: dict[str, Any]) -> bool:
    """False for archives from before there were keys, or that still hold them."""
    return TABLE in manifest.get("left_out", [])

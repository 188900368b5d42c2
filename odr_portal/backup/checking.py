"""What a restored database must show before it counts, by commands of this portal in processes of their own."""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.keys import tags
from complaints.models import HouseEntry
from complaints.record import house, notes, seal_keys
from complaints.record.findings import Finding
from complaints.record.record import TAG_KIND
from odr_portal.backup import database
from odr_portal.backup.archive import Unusable
from web import environment

#: So many of the newest entries are tried with the entry keys.
_TRIED = 100


@dataclass(frozen=True)
class Anchor:
    """How far the record went, known from outside: ``root`` in hexadecimal over the first ``size`` entries. ``note``:
    the checkpoint that says so; "" of seals, and in what was kept before there was one."""

    size: int
    root: str
    source: str
    note: str = ""


def newest(connection: Any, source: str) -> Anchor | None:
    """The newest checkpoint, or the newest seal of the older form; None where nothing is sealed."""
    last = database.newest_checkpoint(connection) or database.newest_seal(connection)
    return Anchor(int(last["size"]), str(last["root"]), source, str(last.get("note", ""))) if last else None


def manage(url: str, *arguments: str, **settings_: str) -> "subprocess.CompletedProcess[str]":
    """A command of this portal against the restored database."""
    variables = {**os.environ, **settings_, "DATABASE_URL": url, "DATABASE_OWNER_URL": url, "LOG_LEVEL": "WARNING"}
    variables["SECRET_KEY"] = settings.SECRET_KEY
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=environment.ROOT, env=variables, capture_output=True, text=True
    )
    if done.returncode not in ({0, 1, 3} if arguments[0] == "verify_record" else {0}):
        raise Unusable(f"`manage.py {arguments[0]}` failed, nothing was changed: {_last_line(done)}")
    return done


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
    return database.one_line(last[0])


def check_entry_keys(url: str) -> None:
    """Raises Unusable where none of the newest tagged entries was tagged with a key of ours: one sentence instead of
    as many findings as there are entries."""
    with closing(database.connect(url)) as connection:
        rows = database.query(
            connection,
            "select hash, tag from complaints_handlingstep where length(tag) > 0 order by id desc limit %s",
            _TRIED,
        )
    if rows and not any(tags.is_tagged(TAG_KIND, bytes(digest), bytes(tag)) for digest, tag in rows):
        raise Unusable(
            "The entries of this archive were not tagged with an entry key of VAULT_KEY_FILE: restore it with the key "
            "file of the portal that made it. Nothing was changed."
        )


def verified(url: str, evidence: Path, public_key: Path | None) -> dict[str, Any]:
    """The report of `verify_record`: every digest of an entry against texts, names and the files in ``evidence``."""
    key = ["--public-key", str(public_key)] if public_key else []
    done = manage(url, "verify_record", "--json", "--alone", *key, EVIDENCE_ROOT=str(evidence))
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Unusable(f"The record could not be verified, nothing was changed: {_last_line(done)}") from None
    return report


def compare(url: str, report: dict[str, Any], manifest: dict[str, Any], *, keep_broken: bool) -> list[str]:
    """What to warn of. Raises Unusable where the record is broken, or does not end where the archive says."""
    if not report["unbroken"]:
        count = len(report["findings"]) + sum(report["more"].values())
        sentence = f"The record in the archive is broken in {count} places, first {Finding(**report['findings'][0])}"
        if not keep_broken:
            raise Unusable(
                f"{sentence}. Nothing was changed. To look at it, restore it into an empty database with --keep-broken."
            )
        return [f"{sentence}. It was kept as it is, to be looked at: do not serve it."]
    seal = manifest["seal"]
    if (report["sealed_size"], report["sealed_root"]) != ((seal["size"], seal["root"]) if seal else (0, "")):
        raise Unusable("The newest seal is not the one that the archive names: nothing was changed.")
    with closing(database.connect(url)) as connection:
        # Archives of before named the size and the root alone, of a seal where there was no checkpoint yet.
        is_older = isinstance(manifest.get("checkpoint"), list)
        last = newest(connection, "")
        there: Any = ([last.size, last.root] if last else []) if is_older else database.newest_checkpoint(connection)
    if "checkpoint" in manifest and there != manifest["checkpoint"]:
        raise Unusable("The newest checkpoint is not the one that the archive names: nothing was changed.")
    return []


def compare_anchor(url: str, anchor: Anchor | None) -> tuple[list[str], int | None]:
    """What to warn of, and how many entries the anchor knows that are not here; None without an anchor that is signed
    by a key of this record."""
    if anchor is None:
        return [], None
    with closing(database.connect(url)) as connection:
        told, lost = _compared(connection, anchor)
        if not anchor.note or _is_signed(connection, anchor):
            return told, lost
    unsigned = (
        f"{anchor.source} is signed by no key that this record names: it is of a key that was named later, or made up."
    )
    return [" If it is right all the same: ".join([unsigned, *told])], None


def _compared(connection: Any, anchor: Anchor) -> tuple[list[str], int | None]:
    last = newest(connection, "")
    size = last.size if last else 0
    if size < anchor.size:
        return [
            f"The record is SHORTER than it was: {anchor.size - size} entries after size {size} are not here "
            f"({anchor.source} counts {anchor.size}). Tell the people whose steps are gone."
        ], anchor.size - size
    rows = database.query(
        connection,
        "select encode(root, 'hex') from complaints_seal where size = %s union all "
        "select encode(root, 'hex') from complaints_checkpoint where size = %s",
        anchor.size,
        anchor.size,
    )
    if anchor.size and (anchor.root,) not in rows:
        return [f"The record is ANOTHER one: its root over {anchor.size} entries is not that of {anchor.source}."], None
    return [], 0


def _is_signed(connection: Any, anchor: Anchor) -> bool:
    """Whether its checkpoint says that, and a key of the restored record signed it."""
    columns = ("sequence", "step", "body", "previous_hash", "hash", "tag")
    rows = database.query(connection, f"select {', '.join(columns)} from complaints_houseentry order by sequence")  # noqa: S608
    entries = (HouseEntry(**dict(zip(columns, row, strict=True))) for row in rows)
    keys = seal_keys.folded(entry for entry in entries if entry.step in seal_keys.STEPS and house.is_ours(entry))
    try:
        note = notes.parse(anchor.note)
    except notes.OddNote:
        return False
    return (note.size, note.root.hex()) == (anchor.size, anchor.root) and seal_keys.may_have_signed(note, keys)


def note_restored(url: str, manifest: dict[str, Any], *, lost: int | None) -> None:
    """The entry ``restored`` of the house chain."""
    known = [] if lost is None else ["--lost", str(lost)]
    manage(url, "note_restored", "--made-at", manifest["made_at"], *known)

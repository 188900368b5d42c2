"""A backup that was never restored is none: it is restored beside the portal, into a server of its own, and proved.

Everything lies in one folder that nobody else may enter; it goes when the drill ends, however it ends, or with the
next drill. The portal's own database is asked, and never written but for the result.
"""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.utils import timezone

from complaints.record.findings import Finding
from database import roles
from odr_portal.backup import archive, checking, database, person_keys, restoring
from odr_portal.backup.archive import Unusable
from odr_portal.processes import embedded

NAME = "portal"
#: An archive of a night, and some hours more.
OLD_ARCHIVE = timedelta(hours=36)
#: How far the log in the bucket may be behind: it is sent once a minute, and something is written every few seconds.
OLD_LOG = timedelta(minutes=10)
_PREFIX = "odr-restore-drill-"
#: Bytes of the folder above: the socket of the server lies below it, and no address of one is longer than 107.
LONGEST_PATH = 107 - len(f"/{_PREFIX}12345678/.s.PGSQL.5432")
_LOCK = 0x0F1661
#: Seconds in which a server must be open, with the log of a day to read before.
_PATIENCE = 6 * 3600


class Failed(Exception):
    """The backup does not do; ``result`` is one of those of oversight.models.RestoreDrill, the text one sentence."""

    def __init__(self, result: str, sentence: str) -> None:
        super().__init__(sentence)
        self.result = result


@dataclass(slots=True, kw_only=True)
class Found:
    """What a drill has found out so far. ``backup``: what was restored; ``as_of``: of which moment the restored rows
    are; ``rows``: table → number of them."""

    result: str = "sound"
    sentence: str = ""
    backup: str = ""
    as_of: datetime | None = None
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What pgBackRest is told: its stanza, its file of settings, and the moment that is wanted (none: the newest)."""

    stanza: str
    config: Path | None = None
    at: datetime | None = None


def newest_archive(place: Path) -> Path:
    """The archive itself, or the newest one of a folder."""
    if place.is_file():
        return place
    found = sorted(place.glob("portal-*.tar")) if place.is_dir() else []
    if not found:
        raise Failed("missing", f"There is no archive in {place}.")
    return found[-1]


def carry_out(source: Path | Bucket, *, url: str, folder: Path, tell: restoring.Tell) -> Found:
    """Restores, proves, and takes everything away again. ``url``: of the portal's own database, as its owner."""
    found, begun = Found(), time.monotonic()
    with closing(database.connect(url)) as own:
        own.autocommit = True
        if not database.query(own, "select pg_try_advisory_lock(%s)", _LOCK)[0][0]:
            raise Unusable("Another drill is under way: wait for it.")
        try:
            with _room(folder) as place:
                if isinstance(source, Bucket):
                    _from_bucket(source, place, own, found)
                else:
                    _from_archive(newest_archive(source), place, own, found, is_given=source.is_file(), tell=tell)
        except (Failed, Unusable, OSError, psycopg2.Error, SystemExit) as error:
            found.result, found.sentence = _judged(error)
    found.seconds = time.monotonic() - begun
    return found


def _judged(error: BaseException) -> tuple[str, str]:
    text = database.one_line(str(error))
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "No space left on device" in text:
        return "full", f"There was no room to restore it: {text}"
    return (error.result if isinstance(error, Failed) else "refused"), text


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, and whatever a killed drill left beside it."""
    for left in folder.glob(f"{_PREFIX}*"):
        with ExitStack() as until:
            held = os.open(left, os.O_RDONLY)
            until.callback(os.close, held)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    held = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(held)


@contextmanager
def _server(place: Path, version: int, **options: Any) -> Iterator[embedded.ThrowAwayPostgres]:
    server = embedded.ThrowAwayPostgres(
        place, programs=database.program("postgres", version=version).parent, patience=_PATIENCE, options=options
    )
    try:
        yield server
    finally:
        server.stop()


def _from_archive(file: Path, place: Path, own: Any, found: Found, *, is_given: bool, tell: restoring.Tell) -> None:
    found.backup = file.name
    manifest = archive.check(file, tell=tell)
    found.as_of = datetime.fromisoformat(manifest["made_at"])
    if not is_given and timezone.now() - found.as_of > OLD_ARCHIVE:
        raise Failed("old", f"{file.name} is the newest archive, of {found.as_of:%Y-%m-%d %H:%M %Z}.")
    with _server(place, manifest["server"]) as server:
        server.prepare(NAME)
        url = server.dsn(user=roles.OWNER, database=NAME)
        done = restoring.restore(
            file,
            keys=file.absolute().with_name(person_keys.NAME),
            target=restoring.Target(url=url, evidence=place / "evidence", files=place / "files"),
            anchor=None,
            public_key=None,
            keep_broken=True,
            tell=tell,
        )
        _look(url, done.verified, own, found)
    if manifest.get("missing_count"):
        raise Failed("refused", f"{manifest['missing_count']} files were missing already when the backup was made.")


def _from_bucket(source: Bucket, place: Path, own: Any, found: Found) -> None:
    user, data = embedded.service_user(), place / "data"
    data.mkdir(mode=0o700)
    for one in (place, data):
        embedded.give(one, user)
    told = json.loads(_pgbackrest(source, user, "--output=json", "info"))
    backups = [one["label"] for stanza in told for one in stanza.get("backup", ())]
    if not backups:
        raise Failed("missing", f"pgBackRest has no backup of the stanza {source.stanza}.")
    found.backup = backups[-1]
    target = ["--type=time", f"--target={source.at.isoformat(sep=' ')}", "--target-action=promote"] if source.at else []
    _pgbackrest(source, user, f"--pg1-path={data}", "--archive-mode=off", *target, "restore")
    begun = timezone.now()
    for name, text in (("own.conf", ""), ("own_hba.conf", "local all all trust\n"), ("own_ident.conf", "")):
        (place / name).write_text(text)
        embedded.give(place / name, user)
    options = {
        **{f"{kind}_file": place / f"own_{kind}.conf" for kind in ("hba", "ident")},
        # What the server of before was told of its neighbours, and where it kept certificates.
        **dict.fromkeys(("primary_conninfo", "primary_slot_name", "synchronous_standby_names"), ""),
        **{"config_file": place / "own.conf", "shared_preload_libraries": "", "archive_mode": "off", "ssl": "off"},
        # Nobody reads before it is open; so it may be smaller than the server of before.
        "hot_standby": "off",
    }
    with _server(place, int((data / "PG_VERSION").read_text()), **options) as server:
        url = server.dsn(user=roles.OWNER, database=own.info.dbname)
        with closing(database.connect(url)) as there:
            found.as_of = database.query(there, "select pg_last_xact_replay_timestamp()")[0][0]
        _look(url, checking.verified(url, Path(settings.EVIDENCE_ROOT), None), own, found)
    if source.at is None and (found.as_of is None or begun - found.as_of > OLD_LOG):
        raise Failed("old", f"The log in the bucket ends at {found.as_of or found.backup}.")


def _pgbackrest(source: Bucket, user: Any, *words: str) -> str:
    program = shutil.which("pgbackrest")
    if program is None:
        raise Unusable("Here is no pgbackrest: install the package pgbackrest.")
    config = [f"--config={source.config}"] if source.config else []
    how = [f"--stanza={source.stanza}", "--log-level-file=off", "--log-level-console=off", "--log-level-stderr=error"]
    done = subprocess.run(
        [program, *config, *how, *words], capture_output=True, text=True, cwd="/", **embedded.as_user(user)
    )
    if done.returncode:
        raise Failed("refused", f"pgBackRest: {database.one_line(done.stderr or done.stdout)}")
    return str(done.stdout)


def _look(url: str, report: dict[str, Any], own: Any, found: Found) -> None:
    """At what was restored: how much it is, whether its record is whole, and whether it is the record of here."""
    with closing(database.connect(url)) as there:
        found.rows = database.row_counts(there)
        last = database.newest_checkpoint(there)
    if not report["unbroken"]:
        count = len(report["findings"]) + sum(report["more"].values())
        raise Failed("broken", f"The record is broken in {count} places, first {Finding(**report['findings'][0])}.")
    if last:
        asked = "select count(*) from complaints_checkpoint where size = %s and encode(root, 'hex') = %s"
        if not database.query(own, asked, last["size"], last["root"])[0][0]:
            raise Failed("other", "The newest checkpoint of the backup is none of this portal's record.")

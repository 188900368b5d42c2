"""Restore: the archive back into an empty database, or in place of another one if that is asked for.

Everything is checked before anything is touched, and what cannot be finished is undone. Files come
first (a file without a row harms nobody), the database is restored in one transaction, a replaced one is only put
aside and comes back when the new one does not prove right.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg2
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from complaints.record.findings import Finding
from database import roles
from odr_portal.backup import archive, database, person_keys
from odr_portal.backup.archive import DUMP, EVIDENCE, FILES, Unusable
from web import environment

ASIDE = "before_restore"
# As in a new database, so that the next backup has nothing to say about it.
_NEW_SCHEMA = "create schema public authorization pg_database_owner"
# Numbers of transactions mean something on the server that counted them only: restored entries come first, by their
# ids, and a cursor that a program kept is known to be of another time (complaints/record/events.py).
_NEW_ERA = [
    "alter table complaints_handlingstep alter column transaction drop default, "
    "alter column transaction type bigint using 0, "
    "alter column transaction set default pg_current_xact_id()::text::bigint",
    "select setval('complaints_event_era', extract(epoch from clock_timestamp())::bigint)",
]
Tell = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where it goes. `replace`: what stands there may be replaced."""

    url: str
    evidence: Path
    files: Path
    replace: bool = False


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """How far the record went, known from outside: from `verify_record --json` or from the database replaced."""

    size: int
    root: str
    source: str


@dataclass(slots=True)
class Restored:
    """What was done, as sentences for the person who asked."""

    manifest: dict[str, Any]
    verified: dict[str, Any] = field(default_factory=dict)
    files: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def restore(
    path: Path, *, keys: Path, target: Target, anchor: Anchor | None, public_key: Path | None, tell: Tell
) -> Restored:
    """Checks, restores, verifies. Raises Unusable when nothing was changed, or says what stands."""
    manifest = archive.check(path, tell=tell)
    people = person_keys.check(keys, archive_made_at=manifest["made_at"]) if person_keys.is_apart(manifest) else None
    pending = _check_migrations(manifest)
    with closing(database.connect(target.url)) as connection:
        version = database.major(connection)
        _check_target(connection, manifest, version, target)
        newest = database.newest_seal(connection)
        is_empty = not _objects(connection)
    pg_restore = database.program("pg_restore", version=version)
    done = Restored(manifest)
    with _files_placed(path, target, tell) as placed:
        done.files = placed()
        with _room_made(target.url, is_empty=is_empty) as grant:
            _restore_database(path, pg_restore, target.url, tell)
            grant()
            if people is not None:
                person_keys.load(target.url, people)
            _compare_rows(target.url, manifest)
            if pending:
                _manage(target.url, "migrate", "--noinput", "-v0")
                done.notes.append(f"The archive is of an older portal: {pending} migrations were applied.")
            database.run(target.url, _NEW_ERA)
            if people is not None:
                # The keys are newer than the archive: whom they know as erased, its record may not know yet.
                _manage(target.url, "note_erasures")
            done.verified = _verify(target, public_key)
            _compare_seal(done, manifest, is_empty=is_empty)
    done.warnings += _drop_aside(target.url)
    if newest is not None and anchor is None:
        anchor = Anchor(size=newest["size"], root=newest["root"], source="the database that was replaced")
    if anchor is not None:
        done.warnings += _compare_anchor(target.url, done.verified, anchor)
    if manifest.get("missing_count"):
        done.warnings.append(f"{manifest['missing_count']} files were missing already when the backup was made.")
    return done


def _check_migrations(manifest: dict[str, Any]) -> int:
    """How many of our migrations the archive has not seen; refuses an archive of a newer portal."""
    ours = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    theirs = set(manifest["migrations"])
    if unknown := sorted(theirs - ours):
        raise Unusable(
            f"The archive was made by another or newer portal (version {manifest.get('portal')}; this one does not "
            f"know {unknown[0]}): restore it with that portal."
        )
    return len(ours - theirs)


def _objects(connection: Any) -> int:
    result = database.query(
        connection, "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind <> 'i'"
    )
    return int(result[0][0])


def _check_target(connection: Any, manifest: dict[str, Any], version: int, target: Target) -> None:
    name = connection.info.dbname
    if version < manifest["server"]:
        raise Unusable(
            f"The archive comes from PostgreSQL {manifest['server']}, that server is {version}: use a newer one."
        )
    prepared = database.query(
        connection,
        "select pg_get_userbyid(datdba) = %s and exists (select from pg_roles where rolname = %s) "
        "and to_regnamespace('public') is not null from pg_database where datname = current_database()",
        roles.OWNER,
        roles.APP,
    )
    if not prepared[0][0]:
        raise Unusable(
            f"The database {name} is not prepared: run what `manage.py database_roles --database {name}` prints."
        )
    if not _objects(connection):
        return
    if not target.replace:
        raise Unusable(f"The database {name} is not empty: name an empty one with --into, or say --replace.")
    if database.query(connection, "select to_regnamespace(%s) is not null", ASIDE)[0][0]:
        raise Unusable(
            f"A restore was cut off here: look at the schema {ASIDE} of {name}, then drop it or rename it to public."
        )
    others = database.query(
        connection,
        "select count(*) from pg_stat_activity where datname = current_database() and usename is not null "
        "and pid <> pg_backend_pid()",
    )[0][0]
    if others:
        raise Unusable(f"{others} connections use the database {name}: stop web, worker, beat and watch first.")


@contextmanager
def _files_placed(path: Path, target: Target, tell: Tell) -> Iterator[Callable[[], int]]:
    """Yields what places the files; those that are new are taken away again when the block fails."""
    with tempfile.TemporaryFile() as journal:
        try:
            yield lambda: _place_files(path, target, journal, tell)
        except BaseException:
            journal.seek(0)
            for line in journal:
                Path(os.fsdecode(line[:-1])).unlink(missing_ok=True)
            raise


def _place_files(path: Path, target: Target, journal: IO[bytes], tell: Tell) -> int:
    roots = {EVIDENCE: target.evidence, FILES: target.files}
    count = done = 0
    with path.open("rb") as file:
        for entry in archive.entries(file):
            kind, _, below = entry.name.partition("/")
            if kind not in roots:
                continue
            place = roots[kind] / below
            _make_folders(roots[kind], place.parent)
            new = not place.exists()
            partial = place.with_name(f".{place.name}.restoring")
            partial.unlink(missing_ok=True)
            if new:
                journal.write(os.fsencode(place) + b"\n")
                journal.flush()
            try:
                opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(opened, "wb") as written:
                    for chunk in entry.chunks():
                        written.write(chunk)
                        done += len(chunk)
                        tell("Restoring the files", done)
                _give(partial, roots[kind])
                partial.rename(place)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            count += 1
    # One flush for all of them: a file each would take minutes.
    os.sync()
    return count


def _make_folders(root: Path, folder: Path) -> None:
    if folder.is_dir():
        if not folder.resolve().is_relative_to(root.resolve()):
            raise Unusable(f"{folder} leads out of {root}: remove that link first.")
        return
    if folder != root:
        _make_folders(root, folder.parent)
    folder.mkdir(mode=0o700, parents=folder == root)
    if folder != root:
        _give(folder, root)


def _give(path: Path, root: Path) -> None:
    """Restored by an administrator, read by whoever serves pages: the folder says who that is."""
    if os.geteuid() == 0:
        owner = root.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def _room_made(url: str, *, is_empty: bool) -> Iterator[Callable[[], None]]:
    """An empty schema. What stood there is put aside, comes back after a failure; after success it is for _drop_aside.

    The schema is always a new one: default privileges belong to it, and a table restored under them would get every
    right that a migration once took away. Yields what grants them once the tables are there.
    """
    with closing(database.connect(url)) as connection:
        prepare = roles.database_statements(connection.info.dbname)
    if is_empty:
        away, back = ["drop schema public"], [_NEW_SCHEMA, *prepare]
    else:
        away, back = [f"alter schema public rename to {ASIDE}"], [f"alter schema {ASIDE} rename to public"]
    database.run(url, [*away, _NEW_SCHEMA])
    try:
        yield lambda: database.run(url, prepare)
    except BaseException:
        database.run(url, ["drop schema public cascade", *back])
        raise


def _drop_aside(url: str) -> list[str]:
    """Only tidying: by now the new database counts, so a failure here is told and undoes nothing."""
    try:
        database.run(url, [f"drop schema if exists {ASIDE} cascade"])
    except (psycopg2.Error, Unusable) as error:
        return [f"What stood there before is still there as schema {ASIDE}, drop it: {database.one_line(str(error))}"]
    return []


def _restore_database(path: Path, pg_restore: Path, url: str, tell: Tell) -> None:
    address, variables = database.arguments(url)
    with tempfile.TemporaryFile() as errors, path.open("rb") as file:
        process = subprocess.Popen(
            [
                *(pg_restore, address, "--single-transaction", "--exit-on-error", "--no-owner", "--no-publications"),
                *("--no-subscriptions", "--no-security-labels", "--no-tablespaces"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=variables,
            cwd="/",
        )
        assert process.stdin is not None  # noqa: S101
        done = 0
        try:
            for chunk in next(entry for entry in archive.entries(file) if entry.name == DUMP).chunks():
                process.stdin.write(chunk)
                done += len(chunk)
                tell("Restoring the database", done)
            process.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait():
            errors.seek(0)
            given = errors.read().decode(errors="replace").strip().splitlines()
            raise Unusable(
                f"The database could not be restored, nothing was changed: "
                f"{database.one_line(given[0] if given else 'no reason given')}"
            )


def _compare_rows(url: str, manifest: dict[str, Any]) -> None:
    with closing(database.connect(url)) as connection:
        result = database.row_counts(connection)
    for name, count in manifest["rows"].items():
        if result.get(name) != count:
            raise Unusable(
                f"{name} has {result.get(name, 'no')} rows after the restore, the archive says {count}: "
                "nothing was changed."
            )


def _manage(url: str, *arguments: str, **settings_: str) -> "subprocess.CompletedProcess[str]":
    """A command of this portal against the restored database, in a process of its own."""
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


def _verify(target: Target, public_key: Path | None) -> dict[str, Any]:
    key = ["--public-key", str(public_key)] if public_key else []
    done = _manage(target.url, "verify_record", "--json", *key, EVIDENCE_ROOT=str(target.evidence))
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Unusable(f"The record could not be verified, nothing was changed: {_last_line(done)}") from None
    return report


def _compare_seal(done: Restored, manifest: dict[str, Any], *, is_empty: bool) -> None:
    report, seal = done.verified, manifest["seal"]
    wanted = (seal["size"], seal["root"]) if seal else (0, "")
    if not report["unbroken"]:
        first = Finding(**report["findings"][0])
        sentence = f"The record in the archive is broken ({first})"
        if not is_empty:
            raise Unusable(f"{sentence}: nothing was replaced. Restore it into an empty database to look at it.")
        done.warnings.append(f"{sentence}: restored as it is, find out why before you use it.")
    elif (report["sealed_size"], report["sealed_root"]) != wanted:
        raise Unusable("The newest seal is not the one that the archive names: nothing was changed.")


def _compare_anchor(url: str, report: dict[str, Any], anchor: Anchor) -> list[str]:
    size = report["sealed_size"]
    if size < anchor.size:
        return [
            f"The record is SHORTER than it was: {size} entries are sealed here, {anchor.size} in {anchor.source}. "
            f"This is an older point; {anchor.size - size} sealed entries since then are not in it."
        ]
    with closing(database.connect(url)) as connection:
        rows = database.query(connection, "select encode(root, 'hex') from complaints_seal where size=%s", anchor.size)
    if anchor.size and (anchor.root,) not in rows:
        return [f"The record is ANOTHER one: its seal over {anchor.size} entries is not that of {anchor.source}."]
    return []

"""Restore: the archive back into an empty database, or in place of another one if that is asked for.

Everything is checked before anything is touched, and restored beside what stands there: the files into a folder of
their own, the database in one transaction into a new schema. Only when the record was verified, with these files, do
both take their places by rename; until then any failure leaves what was there, and nothing else.
"""

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.migrations.loader import MigrationLoader

from database import columns, request_words, roles
from odr_portal.backup import archive, checking, database, person_keys, placing, room
from odr_portal.backup.archive import DUMP, EVIDENCE, Unusable
from odr_portal.backup.checking import Anchor, manage

# Numbers of transactions mean something on the server that counted them only: restored entries come first, by their
# ids, and a cursor that a program kept is known to be of another time (complaints/record/events.py).
_NEW_ERA = [
    *(
        f"alter table {table} alter column transaction drop default, "
        "alter column transaction type bigint using 0, "
        "alter column transaction set default pg_current_xact_id()::text::bigint"
        for table in ("complaints_handlingstep", "complaints_houseentry")
    ),
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


@dataclass(slots=True)
class Restored:
    """What was done, as sentences for the person who asked."""

    manifest: dict[str, Any]
    verified: dict[str, Any] = field(default_factory=dict)
    files: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def restore(
    path: Path,
    *,
    keys: Path,
    target: Target,
    anchor: Anchor | None,
    public_key: Path | None,
    tell: Tell,
    keep_broken: bool = False,
) -> Restored:
    """Checks, restores beside what stands there, verifies, and promotes. Raises Unusable: then nothing was changed.

    ``keep_broken``: into an empty database, a record that is broken stays, to be looked at."""
    manifest = archive.check(path, tell=tell)
    people = person_keys.check(keys, archive_made_at=manifest["made_at"]) if person_keys.is_apart(manifest) else None
    if people is not None:
        person_keys.try_to_open(people, keys)
    pending = _check_migrations(manifest)
    with room.alone(target.url) as connection:
        version = database.major(connection)
        _check_target(connection, manifest, version, target)
        is_empty = not _objects(connection)
        if keep_broken and not is_empty:
            raise Unusable("--keep-broken needs an empty database: name one with --into.")
        anchor = anchor or checking.newest(connection, "the database that was replaced")
        pg_restore = database.program("pg_restore", version=version)
        done = Restored(manifest)
        with (
            placing.staged(path, evidence=target.evidence, files=target.files, tell=tell) as files,
            room.made(target.url, connection, is_empty=is_empty) as grant,
        ):
            done.files = files.count
            _restore_database(path, pg_restore, target.url, tell)
            grant()
            if people is not None:
                person_keys.load(target.url, people)
            _compare_rows(target.url, manifest)
            _lay_keys(target.url)
            if pending:
                manage(target.url, "migrate", "--noinput", "-v0")
                done.notes.append(f"The archive is of an older portal: {pending} migrations were applied.")
            checking.check_entry_keys(target.url)
            database.run(target.url, _NEW_ERA)
            if people is not None:
                # The keys are newer than the archive: whom they know as erased, its record may not know yet.
                manage(target.url, "note_erasures")
            done.verified = checking.verified(target.url, files.folder(EVIDENCE), public_key)
            done.warnings += checking.compare(target.url, done.verified, manifest, keep_broken=keep_broken)
            told, lost = checking.compare_anchor(target.url, anchor)
            done.warnings += told
            checking.note_restored(target.url, manifest, lost=lost)
            files.promote()
        done.warnings += room.drop_aside(target.url)
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
    if database.query(connection, "select to_regnamespace(%s) is not null", room.ASIDE)[0][0]:
        raise Unusable(
            f"The schema {room.ASIDE} of {name} was left by an earlier restore: look at it, then drop it or rename it "
            "to public."
        )
    others = database.query(
        connection,
        "select count(*) from pg_stat_activity where datname = current_database() and usename is not null "
        "and pid <> pg_backend_pid()",
    )[0][0]
    if others:
        raise Unusable(f"{others} connections use the database {name}: stop web, worker, beat and watch first.")


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


def _lay_keys(url: str) -> None:
    """So that the database knows the words of this portal; an archive of before they were signed has no place
    for them."""
    with closing(database.connect(url)) as connection, connection:
        if database.query(connection, "select to_regclass('public.request_key') is not null")[0][0]:
            request_words.lay(connection)
            columns.grant(connection)


def _compare_rows(url: str, manifest: dict[str, Any]) -> None:
    with closing(database.connect(url)) as connection:
        result = database.row_counts(connection)
    for name, count in manifest["rows"].items():
        if result.get(name) != count:
            raise Unusable(
                f"{name} has {result.get(name, 'no')} rows after the restore, the archive says {count}: "
                "nothing was changed."
            )

"""Save: database and evidence of one instant, in one file that is whole or not there.

The snapshot comes first, the files after it. Files are written once and never changed, so every file
that a row of the snapshot names is still there; a row whose file is missing is told, not passed over.
"""

import fcntl
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from odr_portal.backup import database, person_keys
from odr_portal.backup.archive import CHUNK, DUMP, EVIDENCE, FILES, FORMAT, Counted, Unusable, Writer, is_plain
from web import environment

#: Whoever reads a backup must not be able to be somebody; signing in again costs nothing. Keys have a file of their
#: own, and those of the database's own walls are laid anew.
LEFT_OUT = ("accounts_browsersession", person_keys.TABLE, "request_key")
_MOST_NAMED = 100
#: Originals, the copies and thumbnails that the portal made of them, and the prints of official documents.
_KEPT = " union all ".join(
    [
        *(
            f"select {of}path as path, {of}sha256 as sha256 from complaints_evidence where {of}path <> ''"  # noqa: S608
            for of in ("", "copy_", "thumbnail_")
        ),
        "select path, sha256 from complaints_documentversion where path <> ''",
    ]
)
Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in the file, and which rows had no file or another one."""

    path: Path
    size: int
    manifest: dict[str, Any]

    @property
    def missing(self) -> list[str]:
        return list(self.manifest["missing"])

    @property
    def changed(self) -> list[str]:
        return list(self.manifest["changed"])


def save(*, url: str, evidence: Path | None, files: Path, target: Path, now: datetime, tell: Tell) -> Saved:
    """Writes ``target``, or nothing of it. ``evidence`` None: it lies in a bucket. Raises Unusable or OSError."""
    if target.exists():
        raise Unusable(f"{target} is there already: name another file, a backup is never overwritten.")
    partial = target.with_name(f"{target.name}.partial")
    with closing(database.connect(url)) as connection, _locked(partial) as file:
        try:
            manifest = _write(file, connection, url=url, evidence=evidence, files=files, now=now, tell=tell)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            # Newer keys open an older archive, not the other way round.
            person_keys.put(person_keys.write(url, target.parent, now=now))
            partial.rename(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Saved(target, size, manifest)


def _locked(partial: Path) -> IO[bytes]:
    """What a killed backup left behind is begun anew; what another one writes just now is not touched."""
    file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Unusable(f"Another backup is writing {partial.name.removesuffix('.partial')}: wait for it.") from None
    os.fchmod(file.fileno(), 0o600)
    file.truncate(0)
    return file


def _write(
    file: IO[bytes], connection: Any, *, url: str, evidence: Path | None, files: Path, now: datetime, tell: Tell
) -> dict[str, Any]:
    version = database.major(connection)
    pg_dump = database.program("pg_dump", version=version)
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    snapshot = database.query(connection, "select pg_export_snapshot()")[0][0]
    if "complaints_complaint" not in database.tables(connection):
        raise Unusable("There is no portal in that database: check DATABASE_OWNER_URL.")
    project = tomllib.loads((environment.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "portal": str(project["version"]),
        "server": version,
        "database": connection.info.dbname,
        "migrations": [
            f"{app}.{name}"
            for app, name in database.query(connection, "select app, name from django_migrations order by app, name")
        ],
        "left_out": list(LEFT_OUT),
        "seal": database.newest_seal(connection),
        "checkpoint": database.newest_checkpoint(connection),
        "rows": {name: n for name, n in database.row_counts(connection).items() if name not in LEFT_OUT},
    }
    writer = Writer(file, written_at=int(now.timestamp()))
    with _dump(pg_dump, url, snapshot, _other_schemas(connection)) as chunks:
        dump = writer.add(DUMP, _with_progress(chunks, "Saving the database", writer, tell))
    kept, missing, changed = _evidence(writer, connection, evidence, tell) if evidence else (Counted(), [], [])
    manifest |= {"missing": missing[:_MOST_NAMED], "missing_count": len(missing), "changed": changed[:_MOST_NAMED]}
    connection.rollback()
    manifest["parts"] = {
        DUMP: {"size": dump.size, "sha256": dump.sha256},
        EVIDENCE: {"count": kept.count, "size": kept.size},
        FILES: _files(writer, files, tell),
    }
    writer.finish(manifest)
    return manifest


def _other_schemas(connection: Any) -> list[str]:
    """What else somebody keeps in that database is not ours to carry away."""
    result = database.query(
        connection,
        "select replace(nspname, '\"', '\"\"') from pg_namespace "
        "where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')",
    )
    return [name for (name,) in result]


class _dump:
    """pg_dump of the snapshot, as chunks; ends with the block."""

    def __init__(self, program: Path, url: str, snapshot: str, others: list[str]) -> None:
        name, variables = database.arguments(url)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        left_out = [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
        left_out += [f'--exclude-schema="{schema}"' for schema in others]
        self.process = subprocess.Popen(
            # The owner sees every row by the policy of the steps (checked above); without that word it may not even
            # ask.
            [
                program,
                name,
                "--format=custom",
                "--enable-row-security",
                f"--snapshot={snapshot}",
                "--lock-wait-timeout=30s",
                # What an administrator closed there (database/roles.py) only an administrator can say again.
                "--exclude-schema=pg_catalog",
                *left_out,
            ],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            stdin=subprocess.DEVNULL,
            env=variables,
            cwd="/",
        )

    def __enter__(self) -> Iterator[bytes]:
        return self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        assert self.process.stdout is not None  # noqa: S101
        while chunk := self.process.stdout.read(CHUNK):
            yield chunk
        if self.process.wait():
            self.errors.seek(0)
            given = self.errors.read().decode(errors="replace").strip().splitlines()
            raise Unusable(f"The database could not be saved: {database.one_line(given[0] if given else 'no reason')}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()


def _with_progress(chunks: Iterator[bytes], what: str, writer: Writer, tell: Tell) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        tell(what, writer.size)


def _evidence(writer: Writer, connection: Any, root: Path, tell: Tell) -> tuple[Counted, list[str], list[str]]:
    """Each file that a row of the snapshot names; (what was kept, rows without file, rows with another file)."""
    total, missing, changed = Counted(), [], []
    with connection.cursor(name="evidence") as rows:
        rows.itersize = 2000
        rows.execute(f"select distinct path, sha256 from ({_KEPT}) kept order by path")  # noqa: S608
        for path, sha256 in rows:
            part = None
            if is_plain(path):
                part = _copy(writer, f"{EVIDENCE}/{path}", root / path, tell)
            if part is None:
                missing.append(path)
                continue
            if part.sha256 != sha256:
                changed.append(path)
            total.count, total.size = total.count + 1, total.size + part.size
    return total, _still_named(connection, missing), changed


def _still_named(connection: Any, missing: list[str]) -> list[str]:
    """A draft may have gone meanwhile, and its file with it: that is no loss."""
    if not missing:
        return []
    connection.rollback()
    rows = database.query(connection, f"select distinct path from ({_KEPT}) kept where path = any(%s)", missing)  # noqa: S608
    return sorted(path for (path,) in rows)


def _files(writer: Writer, root: Path, tell: Tell) -> dict[str, int]:
    total = Counted()
    for path in _walk(root, ""):
        part = _copy(writer, f"{FILES}/{path}", root / path, tell)
        if part is not None:
            total.count, total.size = total.count + 1, total.size + part.size
    return {"count": total.count, "size": total.size}


def _walk(root: Path, below: str) -> Iterator[str]:
    """Plain files in a fixed order. Links are not followed: they lead out of the folder."""
    try:
        results = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in results:
        path = f"{below}{entry.name}"
        if not is_plain(path):
            raise Unusable(f"{root} holds {path!r}, a name that no archive can keep: rename it.")
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            yield path


def _copy(writer: Writer, name: str, path: Path, tell: Tell) -> Counted | None:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(opened, "rb") as source:
        return writer.add(name, _with_progress(iter(lambda: source.read(CHUNK), b""), "Saving the files", writer, tell))

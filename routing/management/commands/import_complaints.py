"""manage.py import_complaints FILE.csv[.gz] --mapping M.toml: foreign complaints through the real verbs.

Exit code: 0 all good, 1 nothing could be done, 2 some rows are bad, 130 stopped before the end.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, transaction
from django.utils import timezone, translation

from authorities.jurisdiction import NoAuthority
from authorities.loading import RegionsDoNotFit
from authorities.policies import PolicyMissing
from authorities.tables import TableError
from complaints.models import Heartbeat
from complaints.tables.importing.batches import Batches, SourceConditions, Tally, would_file
from complaints.tables.importing.directory import build_directory
from complaints.tables.importing.mapping import Mapping, MappingError, read_mapping
from complaints.tables.importing.reading import BadRows, FileRefused
from complaints.tables.importing.rows import RowReader
from complaints.tables.importing.telling import Progress, directory_lines, doubt_lines, filing_lines
from database.second_process import LostWorkError
from routing.forwarding.forwarding import sweep_filed

SOME_BAD, STOPPED = 2, 130
ALIVE = timedelta(seconds=60)


class Command(BaseCommand):
    help = "Import complaints of another source by a mapping (docs/how-to/import.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="complaints/tables/importing/mappings/….toml")
        parser.add_argument("--dry-run", action="store_true", help="judge every row, write nothing")
        parser.add_argument("--limit", type=int, help="only the first rows")
        parser.add_argument("--dated", action="store_true", help="now moves with the rows' days; nobody is told")
        parser.add_argument("--errors", type=Path, help="a CSV file for every bad row")
        parser.add_argument(
            "--processes", type=int, default=2, help="so many file at the same time; with --dated always one"
        )
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="of the reasons in the errors file",
        )

    def handle(self, *args: Any, file: Path, mapping: Path, language: str, **options: Any) -> None:
        try:
            with translation.override(language):
                self._import(file, read_mapping(mapping), language=language, **options)
        except (FileRefused, MappingError, RegionsDoNotFit, TableError, NoAuthority, PolicyMissing) as problem:
            raise CommandError(str(problem)) from problem
        except OperationalError as problem:
            raise CommandError(f"the database is away; run the same command again to go on ({problem})") from problem
        except LostWorkError as problem:
            raise CommandError(f"{problem} Run the same command again to go on.") from problem

    def _import(
        self,
        file: Path,
        mapping: Mapping,
        *,
        language: str,
        dry_run: bool,
        limit: int | None,
        dated: bool,
        errors: Path | None,
        processes: int,
        **_options: Any,
    ) -> None:
        if processes < 1:
            raise CommandError(f"--processes: {processes} file nothing; say 1 or more")
        if dated and not dry_run:
            _refuse_beside_a_worker()
        try:
            bad = BadRows(errors)
            with bad:
                tally = self._rows(file, mapping, bad, dry_run=dry_run, limit=limit, dated=dated, processes=processes)
        except OSError as problem:
            raise CommandError(f"{errors}: {problem.strerror}") from problem
        for line in filing_lines(tally, bad, dry_run=dry_run):
            self.stdout.write(line)
        if bad.rows:
            for one in bad.first if errors is None else ():
                self.stderr.write(str(one))
            where = str(errors) if errors is not None else "give --errors FILE.csv for all of them"
            raise CommandError(f"{bad.rows} bad rows: {where}", returncode=STOPPED if tally.stopped else SOME_BAD)
        if tally.stopped:
            raise CommandError("stopped before the end", returncode=STOPPED)

    def _rows(
        self,
        file: Path,
        mapping: Mapping,
        bad: BadRows,
        *,
        dry_run: bool,
        limit: int | None,
        dated: bool,
        processes: int,
    ) -> Tally:
        with _stoppable() as stop:
            if dry_run:
                return self._judge(file, mapping, bad, limit=limit)
            built = build_directory(file, mapping)
            for line in directory_lines(built):
                self.stdout.write(line)
            reader = RowReader(mapping, built)
            rows = reader.read(file, now=timezone.now(), bad=bad, limit=limit)
            progress = Progress(min(built.rows, limit or built.rows))
            batches = Batches(
                source=mapping.source,
                forward=sweep_filed,
                bad=bad,
                clock=timezone.now,
                progress=progress,
                conditions=SourceConditions(country=mapping.country, zone=mapping.zone, dated=dated),
                is_stopped=stop.is_set,
                processes=processes,
            )
            tally = batches.run_dated(rows, zone=mapping.zone) if dated else batches.run(rows)
            progress.end()
            for line in doubt_lines(reader.doubted):
                self.stdout.write(line)
            return tally

    def _judge(self, file: Path, mapping: Mapping, bad: BadRows, *, limit: int | None) -> Tally:
        """Everything but filing: the directory is built and taken back, every row is judged."""
        with transaction.atomic():
            built = build_directory(file, mapping)
            for line in directory_lines(built, dry_run=True):
                self.stdout.write(line)
            reader = RowReader(mapping, built)
            tally = would_file(reader.read(file, now=timezone.now(), bad=bad, limit=limit), source=mapping.source)
            transaction.set_rollback(True)
        for line in doubt_lines(reader.doubted):
            self.stdout.write(line)
        return tally


class _Stop:
    """Set by the first Ctrl-C or SIGTERM: the batch in hand is finished. The second one kills."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self._is_set = True
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    stop = _Stop()
    try:
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, where nobody presses Ctrl-C
        before = {}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_beside_a_worker() -> None:
    """A worker judges old clocks by today, before the import has reached their days."""
    now = timezone.now()
    if Heartbeat.objects.since(now - ALIVE, now=now).filter(name="beat").exists():
        raise CommandError("a worker is sweeping this database by today's clock; stop it, or import without --dated")

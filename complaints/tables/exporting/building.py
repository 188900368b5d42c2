"""Builds exports piece by piece. The row says how far it came, so whoever is killed loses one piece.

A piece is read under the sight of whoever asked and written behind the pieces before it; the entries
in the record of its cases, the piece and the new position are kept together or not at all. The file
is made at the end, waits a day, and is deleted by the same sweep.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils.translation import override

from complaints import handling
from complaints.handling.transition import contact_access
from complaints.models import Export
from complaints.procedure.refusals import StepNotAllowed
from complaints.tables.exporting import files
from complaints.tables.exporting.asking import DECIDED_WITHIN, EXPIRES_AFTER
from complaints.tables.exporting.columns import COLUMNS, CaseRow
from complaints.tables.exporting.selecting import NoWorkspace, Visibility, chosen, rows_of, visibility_of
from web.languages import named

log = logging.getLogger(__name__)

BATCH = 200
#: These cases are locked while their entries are written.
PERSONAL_BATCH = 50
LEASE = timedelta(seconds=60)
#: A sweep begins no piece after so many seconds.
SECONDS = 12
#: A workbook of a hundred thousand rows takes ten seconds of a processor, of a busy one more.
FINISHING = timedelta(minutes=5)
#: Making a long file takes a while: it is left to a sweep that has just begun.
LONG, FRESH = 20_000, 2
#: Leases without a piece between them.
MOST_ATTEMPTS = 4


def sweep_exports(*, now: datetime) -> int:
    """How many exports were worked on. Any number of sweeps may run; each takes what no other one holds."""
    begun = time.monotonic()
    throw_away(now=now)
    worked: list[int] = []
    while time.monotonic() < begun + SECONDS and (export := _lease(now=now, without=worked)):
        worked.append(export.pk)
        _work(export, now=now, passed=lambda: time.monotonic() - begun)
    return len(worked)


def _lease(*, now: datetime, without: Sequence[int]) -> Export | None:
    with transaction.atomic():
        free = Export.objects.filter(
            Q(leased_until=None) | Q(leased_until__lte=now), state__in=["approved", "building"]
        )
        export = (
            free.exclude(pk__in=without)
            .order_by("id")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("asked_by", "enterprise", "authority")
            .first()
        )
        if export is None:
            return None
        export.state, export.leased_until, export.attempts = "building", now + LEASE, export.attempts + 1
        export.save(update_fields=["state", "leased_until", "attempts"])
    return export


def _work(export: Export, *, now: datetime, passed: Callable[[], float]) -> None:
    try:
        with override(export.language):
            if export.attempts > MOST_ATTEMPTS:
                return _fail(export, "gave_up")
            visibility = visibility_of(export, now=now)
            if export.case_ids is None and not _choose(export, visibility):
                return _fail(export, "too_many_rows")
            ids = export.case_ids or []
            piece = PERSONAL_BATCH if export.has_personal else BATCH
            while export.rows < len(ids):
                if passed() > SECONDS:
                    return _hand_back(export)
                _build(export, visibility, ids[export.rows : export.rows + piece], now=now)
            if len(ids) > LONG and passed() > FRESH:
                return _hand_back(export)
            _finish(export, visibility, now=now)
    except NoWorkspace:
        _fail(export, "no_desk")
    except OperationalError:
        raise
    except Exception as error:
        # Only its kind: its words may hold what stands in a row. The lease runs out and it is tried again.
        log.error("export %s was not built: %s", export.mark, type(error).__name__)


def _choose(export: Export, visibility: Visibility) -> bool:
    most = settings.EXPORT_MOST_ROWS
    with visibility.both_walls():
        ids = list(dict.fromkeys(chosen(visibility, export.query, most=most + 1)))
    if len(ids) > most:
        return False
    export.case_ids, export.total = ids, len(ids)
    export.save(update_fields=["case_ids", "total"])
    return True


def _build(export: Export, visibility: Visibility, ids: Sequence[int], *, now: datetime) -> None:
    """One piece: entries in the record, rows, position."""
    wanted = [COLUMNS[code] for code in export.columns]
    kinds = [column.kind for column in wanted if column.is_personal]
    with visibility.both_walls():
        rows = rows_of(visibility, ids, kinds=kinds)
    with transaction.atomic():
        if kinds:
            rows = _permitted(export, visibility, rows, now=now)
        cells = [[column.text(row) for column in wanted] for row in rows]
        export.kept_bytes = files.append(export.mark, cells, after=export.kept_bytes)
        export.rows += len(ids)
        export.attempts = 0
        export.has_file = True
        export.leased_until = now + LEASE
        export.save(update_fields=["kept_bytes", "rows", "attempts", "has_file", "leased_until"])


def _permitted(export: Export, visibility: Visibility, rows: list[CaseRow], *, now: datetime) -> list[CaseRow]:
    """An entry in the record of each case; without one the contact data stays out of its row."""
    move = contact_access.export_contact(mark=export.mark)
    try:
        taken = handling.take_each([(row.case.pk, move, visibility.actor) for row in rows], now=now)
    except StepNotAllowed:
        taken = []
    noted = {one.complaint.pk for one in taken if one.is_done}
    return [row if row.case.pk in noted else replace(row, person={}) for row in rows]


def _finish(export: Export, visibility: Visibility, *, now: datetime) -> None:
    Export.objects.filter(pk=export.pk).update(leased_until=now + FINISHING)
    place = export.enterprise or export.authority
    who = f"{export.asked_by.name} · {named(place) if place else ''}"
    heading = [str(COLUMNS[code].title) for code in export.columns]
    export.file_digest, export.file_size = files.finish(
        export.mark, export.format, heading, who=who, at=now, query=export.query
    )
    export.state, export.ready_at, export.expires_at = "ready", now, now + EXPIRES_AFTER
    export.case_ids, export.leased_until, export.has_file = None, None, True
    export.save(
        update_fields=[
            "file_digest",
            "file_size",
            "state",
            "ready_at",
            "expires_at",
            "case_ids",
            "leased_until",
            "has_file",
        ]
    )
    files.half_of(export.mark).unlink(missing_ok=True)


def _hand_back(export: Export) -> None:
    """Not failed, only not done."""
    Export.objects.filter(pk=export.pk).update(leased_until=None, attempts=0)


def _fail(export: Export, code: str) -> None:
    Export.objects.filter(pk=export.pk).update(state="failed", failure=code, leased_until=None, case_ids=None)


def throw_away(*, now: datetime) -> int:
    """Files that were fetched or are too old, and wishes that nobody decided. How many files went."""
    Export.objects.filter(state="ready", expires_at__lte=now).update(state="expired")
    Export.objects.filter(state="asked", asked_at__lte=now - DECIDED_WITHIN).update(state="expired")
    old = Export.objects.filter(has_file=True, state__in=["fetched", "expired", "refused", "failed"])
    gone = 0
    for pk, mark in old.values_list("pk", "mark")[:BATCH]:
        files.remove(mark)
        gone += Export.objects.filter(pk=pk).update(has_file=False)
    return gone

"""Pages of a case whose record lies in the archive: what is read is put into the tables for the time of one request,
under the rights of today, and taken back with whatever else a page that only reads has written. Who sends something has
the record brought back for good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from complaints.models import Complaint
from complaints.record.moved import named, rows
from database.row_security import caller, working_as_steps
from web import errors

_SAFE = frozenset({"GET", "HEAD"})


class ArchivedReads:
    """Middleware; stands inside the transaction of the request. In addresses ``number`` is always that of a case."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            _take_back(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        number = kwargs.get("number")
        # Outside of the transaction of a request no page reads a case.
        if not number or caller() is None or not _may_be_moved(number):
            return None
        try:
            with working_as_steps():
                case = named.of_number(number)
            if case is None:
                return None
            if request.method not in _SAFE:
                # For whoever sees it; of who shows a secret the step itself does it (open_files).
                if Complaint.objects.filter(pk=case).exists():
                    named.bring_back([case], now=timezone.now())
                return None
            request.archived_read = transaction.atomic()  # type: ignore[attr-defined]
            request.archived_read.__enter__()  # type: ignore[attr-defined]
            with working_as_steps():
                named.read_back([case])
        except (rows.ArchiveAway, rows.ArchiveDiffers) as refusal:
            _take_back(request)
            return errors.refused(request, refusal)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        # Before the transaction of the request, which stands around, is ended or begun anew.
        _take_back(request)


def _may_be_moved(number: str) -> bool:
    """By the day with which a number begins: nobody is asked about cases of the last years."""
    try:
        filed = date(int(number[:4]), int(number[4:6]), int(number[6:8]))
    except ValueError:
        return False
    return filed <= timezone.localdate() - named.OLD


def _take_back(request: HttpRequest) -> None:
    atomic = request.__dict__.pop("archived_read", None)
    if atomic is None:
        return
    # Where the connection is gone, so is all that it had written.
    with suppress(DatabaseError):
        if connection.in_atomic_block:
            connection.needs_rollback = True
        atomic.__exit__(None, None, None)

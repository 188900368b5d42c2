"""A table that somebody uploads, and that a worker reads, tries out and carries out piece by piece.

The row is the queue. A worker leases it for a minute and writes with each piece how far it came, so whoever is killed
loses one piece; whoever was overtaken meanwhile writes nothing (``Overtaken``).
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.retention import delete_some
from complaints.evidence import outgoing
from complaints.procedure.refusals import WrongInput
from complaints.tables.exporting import files
from complaints.tables.exporting.selecting import NoWorkspace
from complaints.tables.sheets import MOST_BYTES, SheetRefused, form_of, lines_of
from database.sweeping import MOST_ATTEMPTS, WORKS_FOR, hand_back, work_off
from web import private_files

#: Lines tried or carried out together: their cases are locked for so long.
BATCH = 50
#: Nobody decides for so long, and the table is dropped.
DECIDED_WITHIN = timedelta(days=7)
#: Of one person or authority at a time, until they are decided and done.
MOST_AT_A_TIME = 5

#: A row with mark, form, state, language, attempts, leased_until, asked_at and ended_at.
Upload = TypeVar("Upload", bound=Any)
#: Ends a row as failed: row, code, words for a person.
Fail = Callable[[Any, str, str], None]


@contextmanager
def kept(chunks: Iterable[bytes], mark: str) -> Iterator[tuple[str, str]]:
    """(form, digest) of the file beside its row; gone again when the block raises. Raises WrongInput for no table."""
    path = files.upload_of(mark)
    try:
        digest, size, first = hashlib.sha256(), 0, b""
        with os.fdopen(private_files.opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            for chunk in chunks:
                first = first or chunk[:8]
                size += len(chunk)
                if size > MOST_BYTES:
                    raise WrongInput(
                        "too_large", _("文件太大，最多%(n)s MB。请分成几份。") % {"n": MOST_BYTES >> 20}, field="file"
                    )
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise WrongInput("empty", _("这份文件是空的。"), field="file")
        form = form_of(first)
        outgoing.share(path)
        yield form, digest.hexdigest()
    except SheetRefused as refused:
        outgoing.remove(path)
        raise WrongInput("not_a_table", str(refused), field="file") from None
    except BaseException:
        outgoing.remove(path)
        raise


def lines_below_heading(
    mark: str, form: str, heading: Callable[[Sequence[str]], dict[int, str]]
) -> tuple[Path, Iterator[tuple[int, dict[str, str]]]]:
    """The file, and (line, cells by code) of what stands in it below the heading. Raises SheetRefused."""
    path = files.upload_of(mark)
    if not outgoing.fetched(path):
        raise SheetRefused(_("文件已不在，请重新上传。"))
    lines = lines_of(path, form)
    first = next(lines, None)
    if first is None:
        raise SheetRefused(_("这份文件是空的。"))
    columns = heading(first[1])
    return path, (
        (line, {code: cells[n] for n, code in columns.items() if n < len(cells) and cells[n]}) for line, cells in lines
    )


def too_long(most: int) -> SheetRefused:
    return SheetRefused(_("表格太长，最多%(n)s行。请分成几份。") % {"n": most})


def counts_of(lines: QuerySet[Any], states: Iterable[str]) -> dict[str, int]:
    return dict.fromkeys(states, 0) | dict(lines.order_by().values_list("state").annotate(n=Count("pk")))


def sweep(
    rows: QuerySet[Upload], work: Callable[[Upload, Callable[[], bool]], None], fail: Fail, *, now: datetime
) -> int:
    """How many of these rows were worked on. ``work`` goes on with one row until it is told that it is late."""

    def go_on(row: Upload, passed: Callable[[], float]) -> None:
        try:
            with override(row.language):
                if row.attempts > MOST_ATTEMPTS:
                    return fail(row, "gave_up", "")
                work(row, lambda: passed() > WORKS_FOR)
            hand_back(row)
        except NoWorkspace:
            fail(row, "no_desk", "")
        except SheetRefused as refused:
            fail(row, "file", str(refused))

    return work_off(rows.order_by("id"), go_on, now=now)


def mark_bad(row: Any, column: str, problem: str, *, state: str = "bad") -> None:
    """Say on a line what is wrong with it."""
    row.state, row.column, row.problem = state, column[:40], problem[:300]


def forget(
    model: type[Model],
    lines: Callable[[QuerySet[Any]], QuerySet[Any]],
    drop: Callable[[Any], None],
    *,
    kept_for: timedelta,
    now: datetime,
    limit: int,
) -> int:
    """Drop tables that nobody decided, and delete what is old with its ``lines``. How many rows went."""
    rows = model._default_manager
    for _n in range(limit):
        with transaction.atomic():
            # Whoever decides at this moment holds the row.
            waiting = rows.filter(state="checked", asked_at__lte=now - DECIDED_WITHIN).order_by("id")
            row = waiting.select_for_update(skip_locked=True).first()
            if row is None:
                break
            drop(row)
    old = rows.filter(ended_at__lte=now - kept_for)
    return delete_some(lines(old), limit=limit * 10) or delete_some(old, limit=limit)

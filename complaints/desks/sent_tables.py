"""A table that somebody sent in: its row in a list, its page, and what came of its lines.

Two kinds of table use it (round_trip, authority_platform), each with its own columns; where it is, what
its lines say and how they are paged is the same for both.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.incoming import whole
from web.safe_cells import safe_cell

PAGE = 50
STATES: dict[str, tuple[Any, str]] = {
    "reading": (gettext_lazy("正在读取"), "info"),
    "checking": (gettext_lazy("正在试办"), "info"),
    "checked": (gettext_lazy("等您决定"), "warn"),
    "applying": (gettext_lazy("正在办理"), "info"),
    "done": (gettext_lazy("已办完"), "ok"),
    "dropped": (gettext_lazy("已放弃"), "neutral"),
    "failed": (gettext_lazy("没有办成"), "bad"),
}
LINES: dict[str, tuple[Any, str]] = {
    "read": (gettext_lazy("等待试办"), "neutral"),
    "good": (gettext_lazy("没有问题"), "ok"),
    "bad": (gettext_lazy("有问题"), "bad"),
    "done": (gettext_lazy("已办"), "ok"),
    "refused": (gettext_lazy("没有办成"), "bad"),
    "same": (gettext_lazy("以前办过"), "neutral"),
}
FAILURES: dict[str, Any] = {
    "no_desk": gettext_lazy("提出的人已不在岗。"),
    "gave_up": gettext_lazy("多次没有办成，已经停止。已办的行见下面的结果；请重新上传再试。"),
}
#: A cell of a line: its text, and where they lead.
Cell = tuple[Any, str]


def shown(file: Any, *, url: str, length: int, working: Iterable[str]) -> dict[str, Any]:
    """A table as a row of a list and as the head of its page; ``working``: states in which a worker is at it."""
    text, tone = STATES[file.state]
    return {
        "file": file,
        "url": url,
        "state": text,
        "tone": tone,
        "length": length,
        "is_moving": file.state in working,
        "failure": file.failure_words or FAILURES.get(file.failure, ""),
    }


def results_of(
    request: HttpRequest,
    counts: Mapping[str, int],
    results: QuerySet[Any],
    *,
    cells: Callable[[Any], Sequence[Cell]],
    title: Callable[[str], Any],
) -> dict[str, Any]:
    """What the page shows of the lines: those with a problem first, fifty at a time. ``cells``: what a line is about;
    ``title``: of a column by its code."""
    show = request.GET.get("show", "")
    if show not in LINES and show != "all":
        show = next((state for state in ("bad", "refused") if counts[state]), "all")
    results = results if show == "all" else results.filter(state=show)
    if after := whole(request.GET.get("after"), 6):
        results = results.filter(line__gt=after)
    page = list(results[: PAGE + 1])
    return {
        "counts": counts,
        "total": sum(counts.values()),
        "trouble": counts["bad"] + counts["refused"],
        "is_all": show == "all",
        "tabs": [
            {"title": text, "count": counts[state], "url": f"?show={state}", "tone": tone, "is_current": show == state}
            for state, (text, tone) in LINES.items()
            if counts.get(state)
        ],
        "lines": [
            {
                "line": line.line,
                "cells": cells(line),
                "state": LINES[line.state][0],
                "tone": LINES[line.state][1],
                "column": title(line.column) if line.column else "",
                "problem": line.problem,
            }
            for line in page[:PAGE]
        ],
        "next_url": f"?{urlencode({'show': show, 'after': page[PAGE - 1].line})}" if len(page) > PAGE else "",
    }


def as_file(
    mark: str,
    heads: Sequence[str],
    results: Iterable[Any],
    *,
    cells: Callable[[Any], Sequence[Cell]],
    title: Callable[[str], Any],
) -> HttpResponse:
    """The same of all lines, as CSV; no text of anybody stands in it."""
    rows = [
        [
            line.line,
            *(text for text, _url in cells(line)),
            LINES[line.state][0],
            title(line.column) if line.column else "",
            line.problem,
        ]
        for line in results
    ]
    return csv_file(f"{mark}-results", [_("行"), *heads, _("结果"), _("哪一列"), _("问题")], rows)


def csv_file(name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A table to be taken away; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(heads)
    writer.writerows([safe_cell(str(cell)) for cell in row] for row in rows)
    return HttpResponse(
        ("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )

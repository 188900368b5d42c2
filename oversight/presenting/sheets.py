"""The tables of a page as a file: what is shown is what is in it, so it tells no share of few and nothing else.

``?sheet=csv`` or ``?sheet=xlsx`` behind the address of a page. Each table begins with its caption: in a CSV one below
the other, in a workbook each on a sheet of its own. A cell is text; a whole number is one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from web.safe_cells import safe_cell

KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
#: Letters of the name of a sheet that a workbook allows, and how many.
_NOT_IN_NAMES, _LONGEST_NAME = re.compile(r"[\[\]:*?/\\']"), 31
_WHOLE = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})*|-?[0-9]{1,15}")
#: Elements without an end.
_VOID = frozenset(("br", "img", "input", "hr", "meta", "link", "wbr", "col", "source"))
Rows = list[list[str]]
#: So many rows of a list may stand in its file; a longer one is not given as a file.
MOST_ROWS = 100_000


class _Reader(HTMLParser):
    """The tables of a page: caption and rows of cells as people read them, without what is hidden from them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[str, Rows]] = []
        self._open: list[str] = []
        self._texts: list[str] | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_data(" ")
            return
        self._open.append(tag)
        if self._hidden or tag in ("svg", "script", "style") or ("aria-hidden", "true") in attrs:
            self._hidden += 1
        elif tag == "table":
            self.tables.append(("", []))
        elif tag == "tr" and self.tables:
            self.tables[-1][1].append([])
        elif tag in ("td", "th", "caption") and self.tables:
            self._texts = []

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or tag not in self._open:
            return
        while self._open.pop() != tag:
            self._hidden = max(0, self._hidden - 1)
        if self._hidden:
            self._hidden -= 1
        elif tag in ("td", "th", "caption") and self._texts is not None:
            text = " ".join("".join(self._texts).split())
            _name, rows = self.tables[-1]
            if tag == "caption":
                self.tables[-1] = (text, rows)
            elif rows:
                rows[-1].append(text)
            self._texts = None

    def handle_data(self, data: str) -> None:
        if self._texts is not None and not self._hidden:
            self._texts.append(data)


def tables_of(page: str) -> list[tuple[str, Rows]]:
    """(Caption, rows) of each table with rows."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [(name, [row for row in rows if row]) for name, rows in reader.tables if any(rows)]


def downloadable(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The page of ``view``, or its tables where ``sheet`` asks for them; 422 where one is too long for a file."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kind = request.GET.get("sheet", "")
        if kind and kind not in KINDS:
            raise Http404
        answer = view(request, *args, **kwargs)
        if not kind or not isinstance(answer, HttpResponse) or answer.status_code != 200:
            return answer
        tables = tables_of(answer.content.decode())
        # One row of each is its head.
        if any(len(rows) > MOST_ROWS + 1 for _name, rows in tables):
            back = f"{request.path}?{urlencode([pair for pair in request.GET.items() if pair[0] != 'sheet'])}"
            context = {"most": f"{MOST_ROWS:,}", "back": back}
            return render(request, "oversight/sheet_too_long.html", context, status=422)
        made = HttpResponse(_csv(tables) if kind == "csv" else _xlsx(tables), content_type=KINDS[kind])
        name = f"{request.path.strip('/').replace('/', '-')}-{timezone.localdate()}.{kind}"
        made.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return made

    return shown


def size(request: HttpRequest, page: int = 0) -> int:
    """How many rows of a list are shown: ``page``, and in a file all of them, or one more than fit."""
    return MOST_ROWS + 1 if "sheet" in request.GET else page


def _csv(tables: Iterable[tuple[str, Rows]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for nth, (name, rows) in enumerate(tables):
        if nth:
            writer.writerow([])
        writer.writerow([safe_cell(name)])
        writer.writerows([[safe_cell(_plain(cell)) for cell in row] for row in rows])
    # The mark tells spreadsheet programs that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _xlsx(tables: Sequence[tuple[str, Rows]]) -> bytes:
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    for nth, (name, rows) in enumerate(tables or [("", [])], 1):
        title = f"{nth} {_NOT_IN_NAMES.sub(' ', name)}".strip()[:_LONGEST_NAME]
        sheet = book.add_worksheet(title)
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                plain = _plain(cell)
                if plain != cell or _WHOLE.fullmatch(cell):
                    sheet.write_number(at, place, int(plain))
                else:
                    sheet.write_string(at, place, safe_cell(cell))
        sheet.autofit()
    book.close()
    return out.getvalue()


def _plain(cell: str) -> str:
    """A whole number without its commas."""
    return cell.replace(",", "") if _WHOLE.fullmatch(cell) else cell

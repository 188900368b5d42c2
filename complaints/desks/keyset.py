"""Lists page by page by key, and counts that stop: what a page costs does not grow with the list.

A page begins at the row that its address names, and a count ends at ``MANY``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import isfinite
from struct import pack, unpack
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, QuerySet, UUIDField, Value
from django.http import HttpRequest

from database.prepared import PreparedQuery
from web.incoming import ID_DIGITS, whole

PAGE = 25
#: Counts go so far.
MANY = 1000
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """By a date of the row, or a number that is not negative, ties by its id; rows without the date stand last."""

    field: str
    falling: bool = False
    may_be_absent: bool = False
    is_number: bool = False

    def first(self, rows: QuerySet[Any], number: int) -> QuerySet[Any]:
        """The first few of a list that has the date in every row."""
        sign = "-" if self.falling else ""
        return rows.order_by(f"{sign}{self.field}", f"{sign}pk")[:number]


BY_DUE = Order("next_due_at", may_be_absent=True)
#: By the clock that the enterprise itself owes.
BY_OWED = Order("enterprise_due_at", may_be_absent=True)
BY_RECEIPT = Order("received_at", falling=True)
BY_END = Order("until_at", falling=True)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """One page and the keys of the pages before and after it ("" where there is none)."""

    rows: list[Row]
    before: str
    after: str


def neighbours(page: KeysetPage[Any], address: str) -> dict[str, str]:
    """``previous_url`` and ``next_url``, "" where there is none. ``address``: of the list, with its query."""
    start = f"{address}{'&' if '?' in address else '?'}"
    return {
        "previous_url": f"{start}before={page.before}" if page.before else "",
        "next_url": f"{start}after={page.after}" if page.after else "",
    }


def _beyond(field: str, moment: datetime | float, pk: int | UUID, *, falling: bool) -> Func:
    """(date or number, id) > (date or number, id) in one comparison, so that an index finds the place at once."""
    row, key = Func(F(field), F("pk"), function="ROW"), Func(Value(moment), Value(pk), function="ROW")
    return Func(
        row, key, template="%(expressions)s", arg_joiner=" < " if falling else " > ", output_field=BooleanField()
    )


def page_of(
    rows: QuerySet[Row],
    asked: Mapping[str, str],
    order: Order = BY_DUE,
    *,
    related: Sequence[str] = (),
    size: int = 0,
    shown: QuerySet[Row] | None = None,
) -> KeysetPage[Row]:
    """The page of ``size`` (PAGE) rows that ``asked`` names by ``after`` or ``before``; an odd key shows the first.
    ``shown``: what the rows of a page come with, where that is more. A list is walked in the order of its index; what
    is ``related`` is joined to the rows of the page alone, as beside joins the database would rather sort a whole
    list."""
    size = size or PAGE
    backwards = bool(asked.get("before"))
    text, is_uuid = asked.get("before") or asked.get("after") or "", isinstance(rows.model._meta.pk, UUIDField)
    key = _read_key(text, is_uuid=is_uuid, is_number=order.is_number)
    if key is not None and key[0] is None and not order.may_be_absent:
        key = None
    if key is None:
        backwards = False
    results: list[Row] = []
    for part in _parts(rows, order, key, backwards=backwards):
        if len(results) <= size:
            results += _read(part, size + 1 - len(results), related, shown)
    has_more = len(results) > size
    results = results[:size]
    if backwards:
        results.reverse()
    has_before, has_after = (has_more, True) if backwards else (key is not None, has_more)
    return KeysetPage(
        results,
        _write_key(results[0], order) if results and has_before else "",
        _write_key(results[-1], order) if results and has_after else "",
    )


def first(rows: QuerySet[Row], number: int, *, related: Sequence[str] = ()) -> list[Row]:
    return _read(rows.order_by(BY_DUE.field, "pk"), number, related)


def _has_more_than_columns(rows: QuerySet[Any]) -> bool:
    return bool(rows.query.annotations or rows.query.deferred_loading[0])


def _read(walk: QuerySet[Row], number: int, related: Sequence[str], shown: QuerySet[Row] | None = None) -> list[Row]:
    """The first ``number`` rows of a walk in its order.

    What the list asks is not asked again of its rows, which would be planned for the whole list; only where the rows of
    the list come with more than columns are they read as they are.
    """
    if shown is None:
        shown = walk if _has_more_than_columns(walk) else walk.model._default_manager.all()
    above = shown.order_by(*walk.query.order_by)
    return list(above.select_related(*related).filter(pk__in=walk.values("pk")[:number]))


def _parts(
    rows: QuerySet[Row], order: Order, key: tuple[datetime | float | None, int | UUID] | None, *, backwards: bool
) -> list[QuerySet[Row]]:
    """The list in one or two stretches, each in the order of an index: dated, then undated."""
    field, falling = order.field, order.falling != backwards
    sign = "-" if falling else ""
    dated = rows.order_by(f"{sign}{field}", f"{sign}pk")
    if not order.may_be_absent:
        return [
            dated if key is None or key[0] is None else dated.filter(_beyond(field, key[0], key[1], falling=falling))
        ]
    dated = dated.filter(**{f"{field}__isnull": False})
    undated = rows.filter(**{f"{field}__isnull": True}).order_by(f"{sign}{field}", f"{sign}pk")
    if key is None:
        # From the first row on the index itself puts the undated last.
        return [rows.order_by(field, "pk")]
    moment, pk = key
    if moment is None:
        undated = undated.filter(**{f"pk__{'lt' if falling else 'gt'}": pk})
        return [undated, dated] if backwards else [undated]
    dated = dated.filter(_beyond(field, moment, pk, falling=falling))
    return [dated] if backwards else [dated, undated]


def walk_by_pk(rows: QuerySet[Row], asked: Mapping[str, str], *, falling: bool = False) -> QuerySet[Row]:
    """The rows of the page that ``asked`` names, and one more, by id alone; backwards where that is the page before."""
    before, after = whole(asked.get("before"), ID_DIGITS), whole(asked.get("after"), ID_DIGITS)
    falls = falling != (before is not None)
    key = after if before is None else before
    if key is not None:
        rows = rows.filter(pk__lt=key) if falls else rows.filter(pk__gt=key)
    return rows.order_by("-pk" if falls else "pk")[: PAGE + 1]


def page_by_pk(walk: list[Any], asked: Mapping[str, str]) -> KeysetPage[Any]:
    """The page of such rows, or of their ids; its keys are ids."""
    backwards, has_more, page = whole(asked.get("before"), ID_DIGITS) is not None, len(walk) > PAGE, walk[:PAGE]
    if backwards:
        page.reverse()
    keys = [str(getattr(one, "pk", one)) for one in page]
    has_before = has_more if backwards else whole(asked.get("after"), ID_DIGITS) is not None
    has_after = backwards or has_more
    return KeysetPage(page, keys[0] if keys and has_before else "", keys[-1] if keys and has_after else "")


def _write_key(row: Model, order: Order) -> str:
    moment = getattr(row, order.field)
    if order.is_number:
        # The bits of a number that is not negative, taken for a whole number, stand in the order of the numbers.
        return f"{int.from_bytes(pack('>d', moment))}.{row.pk}"
    return f"{(moment - _EPOCH) // _TICK if moment else 'x'}.{row.pk}"


def _read_key(
    text: str, *, is_uuid: bool = False, is_number: bool = False
) -> tuple[datetime | float | None, int | UUID] | None:
    """A key that somebody changed is no key: the first page is shown."""
    moment, _dot, typed = text.partition(".")
    pk: int | UUID | None
    try:
        pk = UUID(typed) if is_uuid else whole(typed, ID_DIGITS)
    except ValueError:
        return None
    if is_number:
        bits = whole(moment, 19)
        value = unpack(">d", bits.to_bytes(8))[0] if bits is not None and bits < 2**63 else None
        return None if value is None or pk is None or not isfinite(value) else (value, pk)
    ticks = whole(moment, 16)
    if pk is None or (ticks is None and moment != "x"):
        return None
    return None if ticks is None else _EPOCH + ticks * _TICK, pk


def counts(of: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each list has, at most MANY + 1, all in one statement."""
    return counts_and_ids(of, {})[0]


def counts_and_ids(
    of: Mapping[str, QuerySet[Any]], ids: Mapping[str, QuerySet[Any]]
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """The same, and the ids of these rows, each list ordered and cut off by itself; one statement."""
    parts: list[str] = []
    values: list[Any] = []
    asked: list[tuple[dict[str, Any], str]] = []
    numbers: dict[str, int] = dict.fromkeys(of, 0)
    result: dict[str, list[int]] = {name: [] for name in ids}
    for into, lists, text in ((numbers, of, "(select count(*) from ({}) n)"), (result, ids, "array({})")):
        for name, rows in lists.items():
            rows = rows.values("pk") if into is result else rows.order_by().values("pk")[: MANY + 1]
            try:
                sql, params = rows.query.sql_with_params()
            except EmptyResultSet:
                continue
            asked.append((into, name))
            parts.append(text.format(sql))
            values += params
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(parts)}", values)
            for (into, name), answer in zip(asked, cursor.fetchone() or (), strict=True):
                into[name] = answer
    return numbers, result


def count_text(count: int) -> str:
    return str(count) if count <= MANY else f"{MANY}+"


def figure(title: Any, count: int, url: str, tone: str = "neutral", **more: Any) -> dict[str, Any]:
    """A number that opens a list; ``tone`` is that of a number above nought."""
    shown = {"title": title, "value": count, "text": count_text(count), "url": url}
    return shown | {"tone": tone if count else "neutral"} | more


@dataclass(frozen=True, slots=True)
class Tab:
    """``tone`` is that of a number above nought; ``empty`` says why there is nothing to see."""

    code: str
    title: Any
    tone: str
    empty: Any


def chosen_tab(tabs: Sequence[Tab], asked: Mapping[str, str]) -> Tab:
    """The tab that the address names, else the first."""
    return next((tab for tab in tabs if tab.code == asked.get("view")), tabs[0])


def tab_url(address: str, tab: Tab) -> str:
    return f"{address}?view={tab.code}"


def tabs_shown(
    tabs: Sequence[Tab], tab: Tab, counts: Mapping[str, int], page: KeysetPage[Any], *, address: str
) -> dict[str, Any]:
    """What the template needs of the tabs and of the pages of ``tab``."""
    return {
        "tab": tab,
        "counts": {code: count_text(count) for code, count in counts.items()},
        "tabs": [
            figure(one.title, counts[one.code], tab_url(address, one), one.tone, is_current=one is tab) for one in tabs
        ],
        **neighbours(page, tab_url(address, tab)),
    }


def tabbed(
    request: HttpRequest,
    tabs: Sequence[Tab],
    lists: Mapping[str, QuerySet[Row]],
    order: Order = BY_DUE,
    *,
    related: Sequence[str] = (),
) -> tuple[KeysetPage[Row], dict[str, Any]]:
    """A page of the tab that the address names, and `tabs_shown` for it."""
    tab = chosen_tab(tabs, request.GET)
    rows = lists[tab.code]
    if request.GET.get("after") or request.GET.get("before") or _has_more_than_columns(rows):
        page, numbers = page_of(rows, request.GET, order, related=related), counts(lists)
    else:
        # How most look at it: the ids come with the counts, and the words of the second statement never change.
        walk = _parts(rows, order, None, backwards=False)[0]
        numbers, ids = counts_and_ids(lists, {"page": walk[: PAGE + 1]})
        found = {row.pk: row for row in _with_related(rows.model, tuple(related))(ids["page"])} if ids["page"] else {}
        results = [found[pk] for pk in ids["page"][:PAGE] if pk in found]
        page = KeysetPage(results, "", _write_key(results[-1], order) if len(ids["page"]) > PAGE else "")
    return page, tabs_shown(tabs, tab, numbers, page, address=request.path)


@cache
def _with_related(model: type[Model], related: tuple[str, ...]) -> PreparedQuery[Any]:
    """Rows by their ids."""
    return PreparedQuery(
        lambda ids: model._default_manager.filter(pk__any_of=ids).select_related(*related).order_by(), list
    )

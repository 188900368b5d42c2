"""Working-day calendars: what is loaded, and how a year is loaded.

A loaded year is never edited: a new decree is a new version, and the newest version of a year counts.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from authorities.models import CalendarDay, CalendarVersion
from authorities.tables import TableError, decoded, rows_in

Day = tuple[dt.date, bool, str, str]


class CalendarRows(NamedTuple):
    """What `complaints.procedure.deadlines.Calendar.build` wants."""

    days: tuple[Day, ...]
    known_years: tuple[int, ...]
    source: str
    version: str


def newest_versions(country: str = "CN") -> list[CalendarVersion]:
    """The version of each loaded year that counts, by year."""
    newest: dict[int, CalendarVersion] = {}
    for version in CalendarVersion.objects.filter(country=country).order_by("year", "number"):
        newest[version.year] = version
    return list(newest.values())


def rows(country: str = "CN") -> CalendarRows:
    """The newest version of each loaded year of a country; two queries."""
    newest = newest_versions(country)
    days = CalendarDay.objects.filter(version__in=newest).order_by("day")
    return CalendarRows(
        days=tuple(days.values_list("day", "is_working", "name", "name_en")),
        known_years=tuple(version.year for version in newest),
        source="; ".join(dict.fromkeys(version.source for version in newest)),
        version=" ".join([country, *(f"{v.year}.{v.number}" for v in newest)]),
    )


def rows_with(days: Sequence[Day], *, year: int, source: str, number: int, country: str = "CN") -> CalendarRows:
    """The same if ``days`` were loaded as version ``number`` of their year."""
    loaded = rows(country)
    others = [row for row in newest_versions(country) if row.year != year]
    marks = sorted([*((row.year, row.number) for row in others), (year, number)])
    return CalendarRows(
        days=tuple(sorted([*(day for day in loaded.days if day[0].year != year), *days])),
        known_years=tuple(known for known, _number in marks),
        source="; ".join(dict.fromkeys([*(row.source for row in others), source])),
        version=" ".join([country, *(f"{known}.{version}" for known, version in marks)]),
    )


def digest_of(days: Sequence[Day], *, source: str) -> str:
    """By which the same decree is known again."""
    return hashlib.sha256(repr((source, list(days))).encode()).hexdigest()


def import_year(
    days: Sequence[Day],
    *,
    year: int,
    source: str,
    now: dt.datetime,
    country: str = "CN",
    published_on: dt.date | None = None,
) -> CalendarVersion:
    """Write a year as a new version; the same days and source again change nothing.

    Open clocks are recomputed by the caller, since they lie in a later app:
    `manage.py import_calendar` tells whom to call.
    """
    digest = digest_of(days, source=source)
    with transaction.atomic():
        last = (
            CalendarVersion.objects.select_for_update().filter(country=country, year=year).order_by("-number").first()
        )
        if last is not None and last.digest == digest:
            return last
        version = CalendarVersion.objects.create(
            country=country,
            year=year,
            number=last.number + 1 if last else 1,
            source=source,
            digest=digest,
            published_on=published_on,
            loaded_at=now,
        )
        CalendarDay.objects.bulk_create(
            CalendarDay(version=version, day=day, is_working=works, name=name, name_en=name_en)
            for day, works, name, name_en in days
        )
    return version


def is_loaded(country: str, year: int) -> bool:
    return CalendarVersion.objects.filter(country=country, year=year).exists()


#: The decree of a year names about 35 days; a table of every day is another table.
MOST_DAYS = 40
MOST_BYTES = 100_000
#: So many of the wrong lines are told.
MOST_NAMED = 10
_SATURDAY = 5
#: What the decree calls them, for files without English.
_ENGLISH = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Qingming Festival",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}


class Year(NamedTuple):
    """The days that the decree of a year names."""

    year: int
    days: tuple[Day, ...]


class _Line(NamedTuple):
    where: str
    day: str
    works: str
    name: str
    name_en: str


def read_year(raw: bytes, *, name: str, year: int) -> Year:
    """The days of a file, all of one year, none twice. Raises TableError, a line for each that is wrong."""
    if len(raw) > MOST_BYTES:
        raise TableError(_("文件太大，一年的放假安排不会超过%(n)s KB。") % {"n": MOST_BYTES // 1000})
    try:
        text = decoded(raw, name=name)
    except TableError:
        raise TableError(_("这份文件不是UTF-8或者GB 18030的文字。")) from None
    lines = list(_of_json(text) if text.lstrip().startswith(("{", "[")) else _of_csv(text, name))
    if not lines:
        raise TableError(_("%(name)s：没有%(year)s年的日期。") % {"name": name, "year": year})
    if len(lines) > MOST_DAYS:
        raise TableError(
            _("有%(n)s行；通知里只有放假和调休的日子，最多%(most)s行。请只保留这些日子。")
            % {"n": len(lines), "most": MOST_DAYS}
        )
    days: dict[dt.date, Day] = {}
    wrong: list[str] = []
    where: dict[dt.date, str] = {}
    for line in lines:
        try:
            day = _day(line, year, days)
        except ValueError as problem:
            wrong.append(f"{line.where}{problem}")
            continue
        days[day[0]], where[day[0]] = day, line.where
    wrong += [
        f"{where[day]}{_('%(day)s是周末，不是放假安排的一部分；只写与工作日相连的假期。') % {'day': day}}"
        for day in _lonely_weekends(days.values())
    ]
    if wrong:
        more = [_("还有%(n)s行有问题。") % {"n": len(wrong) - MOST_NAMED}] if len(wrong) > MOST_NAMED else []
        raise TableError("\n".join([*wrong[:MOST_NAMED], *more]))
    return Year(year, tuple(days[day] for day in sorted(days)))


def _of_csv(text: str, name: str) -> Iterator[_Line]:
    heading = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if not {"day", "is_working", "name"} <= {cell.strip() for cell in heading.split(",")}:
        raise TableError(_("第一行要写列名：day,is_working,name（可以加上name_en）。"))
    for number, row in rows_in(text, name=name, required=("day", "is_working", "name"), optional=("name_en",)):
        yield _Line(_("第%(n)s行：") % {"n": number}, row["day"], row["is_working"], row["name"], row["name_en"])


def _of_json(text: str) -> Iterator[_Line]:
    try:
        shown: Any = json.loads(text)
    except ValueError as wrong:
        raise TableError(_("不是完整的JSON：第%(n)s行附近有错。") % {"n": getattr(wrong, "lineno", 1)}) from None
    except RecursionError:
        raise TableError(_("JSON里没有days这个列表。")) from None
    days = shown.get("days") if isinstance(shown, dict) else None
    if not isinstance(days, list):
        raise TableError(_("JSON里没有days这个列表。"))
    for number, row in enumerate(days, start=1):
        cells = row if isinstance(row, dict) else {}
        off = cells.get("isOffDay")
        works = str(int(not off)) if isinstance(off, bool) else str(off)
        name = str(cells.get("name") or "").strip()
        yield _Line(
            _("第%(n)s项：") % {"n": number},
            str(cells.get("date", "")),
            works,
            f"调休上班（{name}）" if name and works == "1" else name,
            "",
        )


def _day(line: _Line, year: int, known: dict[dt.date, Day]) -> Day:
    """ValueError with what is wrong."""
    try:
        day = dt.date.fromisoformat(line.day)
    except ValueError:
        raise ValueError(_("“%(text)s”不是日期，请写成2027-01-01这样。") % {"text": line.day[:20]}) from None
    if day.year != year:
        raise ValueError(_("%(day)s不在%(year)s年。") % {"day": day, "year": year})
    if day in known:
        raise ValueError(_("%(day)s出现两次。") % {"day": day})
    if line.works not in ("0", "1"):
        raise ValueError(_("“%(text)s”既不是0也不是1。") % {"text": line.works[:20]})
    works = line.works == "1"
    if works and day.weekday() < _SATURDAY:
        raise ValueError(_("%(day)s本来就上班，不用写。") % {"day": day})
    if not line.name:
        raise ValueError(_("放假或者调休要写名称。"))
    if len(line.name) > 40 or len(line.name_en) > 60:
        raise ValueError(_("名称太长。"))
    return (day, works, line.name, line.name_en or _english(line.name))


def _english(name: str) -> str:
    if name.startswith("调休上班（"):
        inner = _ENGLISH.get(name.removeprefix("调休上班（").removesuffix("）"), "")
        return f"make-up working day ({inner})" if inner else ""
    return _ENGLISH.get(name, "")


def _lonely_weekends(days: Iterable[Day]) -> Iterator[dt.date]:
    """Days off in a row that hold no Monday to Friday: a weekend that somebody wrote down."""
    off = sorted(day for day, works, _name, _name_en in days if not works)
    run: list[dt.date] = []
    for day in [*off, dt.date.max]:
        if run and (day - run[-1]).days != 1:
            if all(one.weekday() >= _SATURDAY for one in run):
                yield from run
            run = []
        run.append(day)

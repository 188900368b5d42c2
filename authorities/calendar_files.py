"""Reads the working days of one year as somebody hands them in: our own table, or the JSON shape in common use.

Everything that is wrong is told by its line, nothing is guessed, and a year with one wrong line is not read.

    CSV   day,is_working,name[,name_en]      is_working 0 or 1
    JSON  {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}, …]}
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from authorities.calendar import Day
from authorities.tables import TableError, decoded, rows_in

#: The decree of a year names about 35 days; a table of every day is another table.
MOST_DAYS = 40
MOST_BYTES = 100_000
#: So many of the wrong lines are told.
MOST_TOLD = 10
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
        more = [_("还有%(n)s行有问题。") % {"n": len(wrong) - MOST_TOLD}] if len(wrong) > MOST_TOLD else []
        raise TableError("\n".join([*wrong[:MOST_TOLD], *more]))
    return Year(year, tuple(days[day] for day in sorted(days)))


def _of_csv(text: str, name: str) -> Iterator[_Line]:
    heading = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if not {"day", "is_working", "name"} <= {cell.strip() for cell in heading.split(",")}:
        raise TableError(_("第一行要写列名：day,is_working,name（可以加上name_en）。"))
    for number, row in rows_in(text, name=name, required=("day", "is_working", "name"), optional=("name_en",)):
        yield _Line(_("第%(n)s行：") % {"n": number}, row["day"], row["is_working"], row["name"], row["name_en"])


def _of_json(text: str) -> Iterator[_Line]:
    try:
        told: Any = json.loads(text)
    except ValueError as wrong:
        raise TableError(_("不是完整的JSON：第%(n)s行附近有错。") % {"n": getattr(wrong, "lineno", 1)}) from None
    except RecursionError:
        raise TableError(_("JSON里没有days这个列表。")) from None
    days = told.get("days") if isinstance(told, dict) else None
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

"""The first day that a text tells: 2026年9月8日, 9月8号, 11.20日, 上个月15号, 上周三, 昨天, 双十一, 一八年, 三年前."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from complaints.listening.numbers import chinese_number

_FIGURES = {letter: value for value, letters in enumerate(("零〇", *"一二三四五六七八九")) for letter in letters}
_YEARS_AGO = {"今年": 0, "去年": 1, "前年": 2}
_DATE = re.compile(
    r"(?:(?P<year>20\d\d|今年|去年|前年)\s*[年/.\-]?\s*)?(?<!\d)(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s*月"
    r"(?P<vague>\s*(?:份|初|底|中旬|上旬|下旬))?\s*(?:(?P<day>3[01]|[12]\d|0?[1-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])\s*[日号])?"
    r"|(?<![\d.])(?P<short>(?:1[0-2]|[1-9])[./](?:3[01]|[12]\d|[1-9]))[日号]"
    r"|(?<!\d)(?P<iso>20\d\d[-/.]\d{1,2}[-/.]\d{1,2})(?!\d)"
)
#: 返12月, 保三月: a number of months.
_MONTHS_LONG = re.compile(r"[保返扣每送用满]$")
_MONTH_MEANT = re.compile(r"月(?:份|开始|扣|的|起|初|底|中|上|下)")
_LAST_MONTH = re.compile(r"上个?月(?P<day>3[01]|[12]\d|0?[1-9])[日号]")
_LAST_WEEK = re.compile(r"上个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])(?!个|家|共|直|般|样|起|天)")
_WEEKDAYS = "一二三四五六日"
_AGO = (
    (re.compile("大前天"), 3),
    (re.compile("前天"), 2),
    (re.compile("昨[天晚日]"), 1),
    (re.compile("今[天早晚日](?!第|都|已经|是第)"), 0),
)
#: 到昨天还没, 昨天去问: not the day on which it began.
_NOT_THE_BEGINNING = re.compile(
    r"[^,。]{0,2}(?:还|都|没|问|打(?!雷|开)|来(?!装|修|了个)|去[^,。]{0,8}(?:问|查|找|说|投诉|反映|理论))"
)
_YEAR = re.compile(r"(?P<year>20[012]\d)年(?!\s*\d{1,2}\s*月)")
#: 一八年, 大概19年: a year by its last two figures; beside 用了 it is how long.
_SHORT_YEAR = re.compile(
    r"(?<![零〇一二三四五六七八九\d年了])(?:(?P<chinese>(?!一二|二三)[零〇一二][零〇一二三四五六七八九])"
    r"|(?:(?<=在)|(?<=于)|(?<=从)|(?<=是)|(?<=概)|(?<=,)|(?<=^))(?P<figures>[012]\d))年(?![前后内多来半])"
)
_YEARS_BACK = re.compile(
    r"(?P<number>\d{1,2}|十?[两二三四五六七八九]|十)(?P<more>[二三四五六七八九])?(?:年多?|多年|来年)(?:以?前|之前|了才)"
)
#: 好几年前, 很多年前: some year long ago.
_LONG_AGO = re.compile(r"[好很][几多]年(?:以?前|之前|了才|的事)|多年(?:以前|之前|前)")
_YEARS_OF_LONG = 5
_BEFORE_LAST = re.compile("大?前年")
#: 零几年, 九几年: some year of it.
_DECADE = re.compile(r"(?P<of>[零0九9])几年")
#: The epidemic, whose first year was 2020 and whose last restrictions ended with 2022.
_EPIDEMIC = (
    (re.compile("疫情(?:头一年|第一年|刚|爆发|一开始)"), 2020),
    (re.compile("疫情(?:期间|的时候|那会|那[几三])"), 2022),
)
#: Days of every year that people call by a name.
_NAMED = (
    (re.compile("国庆(?:那天|当天|节那天)"), (10, 1)),
    (re.compile("双(?:十一|11)"), (11, 11)),
    (re.compile("双(?:十二|12)"), (12, 12)),
    (re.compile("元旦(?:那天|当天)?"), (1, 1)),
    (re.compile("五一(?:那天|当天|节那天)"), (5, 1)),
)
_LUNAR = re.compile(r"(?:正|腊|[一二三四五六七八九十]+)月初[一二三四五六七八九十]|农历|阴历")


@dataclass(frozen=True, slots=True)
class Told:
    """``value``: 2026-09-08, 2026-09 or 2026; ``is_full``: a full date was written, so the day may be offered."""

    value: str
    start: int
    end: int
    is_full: bool


def first_day(text: str, today: date) -> Told | None:
    """The first day not after today; a lunar day is silence, since no calendar of ours has it."""
    if _LUNAR.search(text):
        return None
    for hit in _DATE.finditer(text):
        if told := _written(hit, text, today):
            return told
    return _relative(text, today)


def _relative(text: str, today: date) -> Told | None:
    if last := _LAST_MONTH.search(text):
        before = today.replace(day=1) - timedelta(days=1)
        if int(last["day"]) <= before.day:
            return Told(before.replace(day=int(last["day"])).isoformat(), last.start(), last.end(), is_full=False)
    if week := _LAST_WEEK.search(text):
        monday = today - timedelta(days=today.weekday() + 7)
        then = monday + timedelta(days=_WEEKDAYS.index(week["day"].replace("天", "日")))
        return Told(then.isoformat(), week.start(), week.end(), is_full=False)
    for words, days in _AGO:
        ago = words.search(text)
        if ago and text[ago.start() - 1 : ago.start()] != "到" and not _NOT_THE_BEGINNING.match(text, ago.end()):
            return Told((today - timedelta(days=days)).isoformat(), ago.start(), ago.end(), is_full=False)
    for words, (month, day) in _NAMED:
        if named := words.search(text):
            newest = date(_latest_year(month, day, today), month, day)
            return Told(newest.isoformat(), named.start(), named.end(), is_full=False)
    return _year(text, today)


def _year(text: str, today: date) -> Told | None:
    """A year alone: 2021年, 一八年, 前年, 三年前."""
    if (year := _YEAR.search(text)) and int(year["year"]) <= today.year:
        return Told(year["year"], year.start(), year.end(), is_full=False)
    for short in _SHORT_YEAR.finditer(text):
        told = 2000 + int(short["figures"] or "".join(str(_FIGURES[one]) for one in short["chinese"]))
        if told <= today.year:
            return Told(f"{told}", short.start(), short.end(), is_full=False)
    if back := _YEARS_BACK.search(text):
        return Told(f"{today.year - _number(back['number'])}", back.start(), back.end(), is_full=False)
    if long := _LONG_AGO.search(text):
        return Told(f"{today.year - _YEARS_OF_LONG}", long.start(), long.end(), is_full=False)
    for words, of in _EPIDEMIC:
        if meant := words.search(text):
            return Told(f"{of}", meant.start(), meant.end(), is_full=False)
    if decade := _DECADE.search(text):
        return Told("1999" if decade["of"] in "九9" else "2009", decade.start(), decade.end(), is_full=False)
    if before := _BEFORE_LAST.search(text):
        return Told(f"{today.year - len(before.group())}", before.start(), before.end(), is_full=False)
    return None


def _written(hit: re.Match[str], text: str, today: date) -> Told | None:
    if hit["iso"]:
        year, month, day = map(int, re.split(r"[-/.]", hit["iso"]))
        return _told(year, month, day, hit, today, is_full=True)
    if hit["short"]:
        month, day = map(int, re.split(r"[./]", hit["short"]))
        return _told(_latest_year(month, day, today), month, day, hit, today, is_full=True)
    month, said = _number(hit["month"]), hit["year"]
    day = _number(hit["day"]) if hit["day"] else 0
    if said is None and not day:
        before, meant = (
            text[max(0, hit.start() - 1) : hit.start()],
            _MONTH_MEANT.search(text, hit.start(), hit.end() + 2),
        )
        if _MONTHS_LONG.search(before) or not meant:
            return None
    if said is None:
        year = _latest_year(month, day or 1, today)
    else:
        year = today.year - _YEARS_AGO[said] if said in _YEARS_AGO else int(said)
    return _told(year, month, day, hit, today, is_full=bool(day))


def _told(year: int, month: int, day: int, hit: re.Match[str], today: date, *, is_full: bool) -> Told | None:
    try:
        told = date(year, month, day or 1)
    except ValueError:
        return None
    if told > today:
        return None
    return Told(told.isoformat() if day else f"{year}-{month:02d}", hit.start(), hit.end(), is_full)


def _latest_year(month: int, day: int, today: date) -> int:
    """The year of the last such day not after today."""
    return today.year if (month, day) <= (today.month, today.day) else today.year - 1


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else chinese_number(word) or 0

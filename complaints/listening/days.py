"""The first day that a text tells: 2026年9月8日, 9月8号, 11.20日, 上月15号, 上周三, 昨天, 双十一, 腊月初八, 三年前."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from complaints.listening.lunar import newest_day
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
_DAY = r"3[01]|[12]\d|0?[1-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九]"
#: 上个月15号, 本月八日, 上上个月3号.
_OF_MONTH = re.compile(rf"(?P<which>上上个?|上个?|本|这个?|当)月(?P<day>{_DAY})[日号]")
#: 8号买的, 12号晚上: of this month or the one before.
_DAY_ALONE = re.compile(
    r"(?<![\d月第/.\-a-zA-Z])(?P<day>3[01]|[12]\d|[1-9])[号日](?=那天|当天|早上|上午|中午|下午|晚上|夜里|开始|起(?!诉)|就"
    r"|(?![楼线店门院柜窗房机仓库工厅台桌车铺馆厂汽])(?:在|去|到|我)?[^,。]{0,6}(?:买|办|下单|订|充|交|付|签|装))"
)
#: 上周三, 上上个星期天, 本周二; 这 only of a week that is not over.
_OF_WEEK = re.compile(
    r"(?P<which>上上个?|上个?|本|这个?)(?:周|星期|礼拜)(?P<day>[一二三四五六日天])(?!个|家|共|直|般|样|起|天)"
)
_WEEKDAYS = "一二三四五六日"
_AGO = (
    (re.compile("大前[天日]"), 3),
    (re.compile("(?<![大几之以])前(?:[天日]|儿个?|晚)(?![后天])"), 2),
    (re.compile("昨(?:[天晚日夜]|儿个?|个|早|下午|上午|中午|暝)|寻日|琴日"), 1),
    (re.compile("今(?:[天早晚日晨]|儿个?)(?!第|是第|都|已经|为止|头条)"), 0),
)
#: 三天前, 3天之前.
_DAYS_AGO = re.compile(
    r"(?<![\d提一二两三四五六七八九几十])(?P<number>[1-9]|10|[一两三四五六七八九十])天(?:以|之)?前(?!后)"
)
#: 一个星期前, 两个多月前, 半年前: some day of that month.
_SPANS_AGO = re.compile(
    r"(?P<number>\d{1,2}|[一两三四五六七八九十半])(?:个?多?|来个?|几个?)(?P<unit>周|星期|礼拜|月|年)多?(?:以|之)?前(?!后)"
)
_UNITS = {"周": 7, "星期": 7, "礼拜": 7, "月": 30.4, "年": 365}
#: 到昨天还没, 昨天去问: not the day on which it began.
_NOT_THE_BEGINNING = re.compile(
    r"[^,。]{0,2}(?:还|都|没|问|查|翻|看|才?发现|才知|打(?!雷|开)|来(?!装|修|了个)|去[^,。]{0,8}(?:问|查|找|说|投诉|反映|理论))"
)
#: Before or behind a day on which nothing happened to the person: until when it holds, when something was made.
_UNTIL = re.compile(
    r"(?:(?<![收看查拿买接])到|至|截止|(?:保质期|有效期|到期日?|生产日期|生产|出厂|出生|出生日期|生日)[是为于在写的:]{0,3})$"
)
_NO_DAY_OF_IT = re.compile(r"(?:之|以)?前(?![后天])|(?:就|已经?|早)?过期|(?:才|就)?(?:能|可以)|生产|出厂|出生|为止")
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
_THAT_DAY = "(?:节)?(?:那[天日晚]|当[天日晚]|当日|晚上)"
#: Days of every year that people call by a name; of the solar calendar.
_NAMED = (
    (re.compile(f"(?:国庆|(?<![双二三\\d])十一(?!月)){_THAT_DAY}"), (10, 1)),
    (re.compile("双(?:十一|11)"), (11, 11)),
    (re.compile("双(?:十二|12)"), (12, 12)),
    (re.compile(f"(?<![\\d.])618(?![\\d.元块])(?:{_THAT_DAY}|大促|活动|下单|买|的时候)|六一八"), (6, 18)),
    (re.compile(f"元旦(?:{_THAT_DAY})?|阳历年"), (1, 1)),
    (re.compile(f"(?:五一|劳动节){_THAT_DAY}"), (5, 1)),
    (re.compile(f"(?:六一|儿童节){_THAT_DAY}|儿童节"), (6, 1)),
    (re.compile("三八(?:妇女)?节|妇女节|女神节"), (3, 8)),
    (re.compile("三一五(?:那天|当天)"), (3, 15)),
    (re.compile("教师节"), (9, 10)),
    (re.compile("平安夜"), (12, 24)),
    (re.compile("圣诞(?!树|老人|帽)"), (12, 25)),
    (re.compile("(?<!七夕)情人节"), (2, 14)),
)
#: The same of the lunar calendar; -1: the last of its month.
_LUNAR_NAMED = (
    (re.compile("除夕|年三十"), (12, -1)),
    (re.compile(f"春节{_THAT_DAY}"), (1, 1)),
    (re.compile("元宵节|元宵那"), (1, 15)),
    (re.compile("端午(?!节?(?:粽|礼))"), (5, 5)),
    (re.compile("七夕"), (7, 7)),
    (re.compile("中秋(?!节?(?:月饼|礼|福利|券))|八月十五(?![日号])"), (8, 15)),
    (re.compile("重阳"), (9, 9)),
    (re.compile("腊八"), (12, 8)),
)
#: 正月初三, 腊月二十八, 农历八月十六, 大年初五.
_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}
_LUNAR = re.compile(
    r"(?P<year>今年|去年|前年)?(?:农历|阴历|旧历)?(?P<year2>今年|去年|前年)?(?:(?P<month>正|腊|冬|十[一二]|[一二三四五六七八九十])月"
    r"(?P<day>初[一二三四五六七八九十]|(?:(?<=农历..)|(?<=阴历..)|(?<=旧历..)|(?<=正月)|(?<=腊月)|(?<=冬月))(?:[二廿三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?))"
    r"|(?:大年|年)(?P<new_year>初[一二三四五六七八九十]))(?![日号])"
)
#: Parts of the year by their names, quoted beside the question for the day: the first month of each.
_SEASONS = (
    (re.compile("国庆(?!饭店|路|酒店)|十一(?:期间|假期|长假|黄金周)"), 10),
    (re.compile("五一(?!路|广场)(?:期间|假期|长假|节|的时候)?|劳动节"), 5),
)
_NEW_YEAR = re.compile("春节|过年(?!会)|年前|年后")
_PART_OF_YEAR = re.compile(
    r"(?P<year>今年|去年|前年)(?:的?(?:年初|初|开春|开年|春天?|上半年|夏天?|暑假|入夏|入秋|秋天?|下半年|冬天?|入冬|寒假|年底|底|年中|年末))"
)
#: 上个月底, 上月初, 这个月初, 上个月.
_PART_OF_MONTH = re.compile(
    r"(?P<which>上上个?|上个?|本|这个?)月(?:月?(?:初|底|中旬|上旬|下旬|末)|(?<=上月|个月)(?<!这个月)(?!\d|[一二三四五六七八九十]))"
)
_LAST_YEAR = re.compile("去年")
_SAID_YEAR = re.compile(r"(20\d\d|今年|去年|前年)年?的?(?:农历|阴历|旧历)?$")


@dataclass(frozen=True, slots=True)
class Told:
    """``value``: 2026-09-08, 2026-09 or 2026; ``is_full``: a full date was written, so the day may be offered."""

    value: str
    start: int
    end: int
    is_full: bool


def first_day(text: str, today: date) -> Told | None:
    """The first day not after today: a date as written, else the first that is told in other words, else a month or a
    year."""
    lunar = [hit.span() for hit in _LUNAR.finditer(text)]
    for hit in _DATE.finditer(text):
        is_lunar = any(start < hit.end() and hit.start() < end for start, end in lunar)
        if is_lunar or _is_no_day_of_it(text, hit.start(), hit.end()):
            continue
        if told := _written(hit, text, today):
            return told
    days = sorted(_relative(text, today), key=lambda told: told.start)
    return next(iter(days), None) or _year(text, today) or _part(text, today)


def _is_no_day_of_it(text: str, start: int, end: int) -> bool:
    return bool(_UNTIL.search(text[max(0, start - 8) : start]) or _NO_DAY_OF_IT.match(text, end))


def _relative(text: str, today: date) -> Iterator[Told]:
    """Whole days that are told by other words than a date."""

    def told(day: date | None, hit: re.Match[str]) -> Iterator[Told]:
        if day and day <= today and not _is_no_day_of_it(text, hit.start(), hit.end()):
            yield Told(day.isoformat(), hit.start(), hit.end(), is_full=False)

    for hit in _LUNAR.finditer(text):
        yield from told(_lunar(hit, today), hit)
    for words, (month, day) in _LUNAR_NAMED:
        if named := words.search(text):
            yield from told(newest_day(month, day, today, year=_year_before(text, named, today)), named)
    for words, (month, day) in _NAMED:
        if named := words.search(text):
            year = _year_before(text, named, today) or _latest_year(month, day, today)
            yield from told(date(year, month, day), named)
    if of_month := _OF_MONTH.search(text):
        yield from told(_day_of(_months_back(of_month["which"], today), _number(of_month["day"])), of_month)
    if week := _OF_WEEK.search(text):
        monday = today - timedelta(days=today.weekday() + 7 * week["which"].count("上"))
        yield from told(monday + timedelta(days=_WEEKDAYS.index(week["day"].replace("天", "日"))), week)
    for words, days in _AGO:
        ago = words.search(text)
        if ago and not _NOT_THE_BEGINNING.match(text, ago.end()):
            yield from told(today - timedelta(days=days), ago)
    if back := _DAYS_AGO.search(text):
        yield from told(today - timedelta(days=_number(back["number"])), back)
    if alone := _DAY_ALONE.search(text):
        number = int(alone["day"])
        month_ = today if number <= today.day else _months_back("上", today)
        yield from told(_day_of(month_, number), alone)


def _year_before(text: str, hit: re.Match[str], today: date) -> int | None:
    """去年国庆那天, 2019年春节: the year right before the words."""
    said = _SAID_YEAR.search(text[max(0, hit.start() - 6) : hit.start()])
    if said is None:
        return None
    return today.year - _YEARS_AGO[said[1]] if said[1] in _YEARS_AGO else int(said[1])


def _months_back(which: str, today: date) -> date:
    """The first of the month meant by 上上, 上, or by 本 and 这."""
    first = today.replace(day=1)
    for _ in range(which.count("上")):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _day_of(month: date, day: int) -> date | None:
    try:
        return month.replace(day=day)
    except ValueError:
        return None


def _lunar(hit: re.Match[str], today: date) -> date | None:
    month = _LUNAR_MONTHS.get(hit["month"] or "正") or _number(hit["month"])
    day = _number((hit["new_year"] or hit["day"]).removeprefix("初").replace("廿", "二十"))
    said = hit["year"] or hit["year2"]
    return newest_day(month, day, today, year=today.year - _YEARS_AGO[said] if said else None)


def _part(text: str, today: date) -> Told | None:
    """A month that is told by other words than its number, else a part of a year."""

    def told(day: date, hit: re.Match[str], letters: int = 7) -> Told:
        return Told(day.isoformat()[:letters], hit.start(), hit.end(), is_full=False)

    if month := _PART_OF_MONTH.search(text):
        return told(_months_back(month["which"], today), month)
    if back := _SPANS_AGO.search(text):
        number = 0.5 if back["number"] == "半" else _number(back["number"])
        if back["unit"] != "年" or number < 1:
            return told(today - timedelta(days=round(number * _UNITS[back["unit"]])), back)
    for words, named_month in _SEASONS:
        if season := words.search(text):
            return told(date(_latest_year(named_month, 1, today), named_month, 1), season)
    if (new_year := _NEW_YEAR.search(text)) and (first := newest_day(1, 1, today)):
        return told(first, new_year)
    if part := _PART_OF_YEAR.search(text):
        return told(date(today.year - _YEARS_AGO[part["year"]], 1, 1), part, letters=4)
    if last := _LAST_YEAR.search(text):
        return told(date(today.year - 1, 1, 1), last, letters=4)
    return None


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

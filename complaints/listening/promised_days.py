"""The days on which a text promises something: 12月5日前, 2027年3月底, 8号前, 明天, 月底, 5个工作日内."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from complaints.listening.lunar import solar_day
from complaints.listening.numbers import chinese_number

_NUMBER = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_DATE = re.compile(
    rf"(?<![-\d.])(?:(?P<year>20\d\d|明年|今年)年?[-/.]?)?(?P<month>{_NUMBER})(?:月(?:份)?|[-/.](?=\d))(?P<day>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})?(?:[日号])?(?P<part>底|末|初|中旬|下旬|上旬)?(?![元块角%]|\d)"
)
_DAY_ONLY = re.compile(
    r"(?<![\d.])(?<![\d一二三四五六七八九十]月)(?P<day>\d{1,2})[号日](?=前|之前|以前|上午|下午|到|左右|就|晚|修|送|寄|完成)"
)
_AHEAD = re.compile(
    r"(?P<lunar>(?:过完?|来)年|年后|年前|春节[之以]?[前后]|正月(?P<first>十五|初[一二三四五六七八九十])?)|(?P<word>今天|今晚|今日|(?<![\u4e00-\u9fff])当天|明天|明日|明晚|明早|后天|(?P<which>本|这|下|下下)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])|(?:本|这个?)?月底|年底|下个?月底?)"
)
_WITHIN = re.compile(
    rf"(?P<number>{_NUMBER}|\d{{3}})(?:个)?(?P<unit>工作日|自然日|天|日|周|星期|月)(?:之|以)?(?:内|后|左右)(?!再查|答复|复测)"
)
#: Around a day: something is to be done until then.
_PROMISES = re.compile(
    r"前|之前|到账|到您|退|付|打|转|恢复|完成|完工|上门|生效|办|解决|寄|发|送|抵扣|安装|装|修|换|补|赔|返|道歉|改|取|停|拆|起失效|起生效|给|冲[抵回]|入账|施工|到货|到店"
)
#: Right behind a day: what goes on until then, or begins.
_NO_PROMISE = re.compile(
    r"起(?!生效|失效|恢复|退|不再|停|执行|改)|(?:再|起|开始|才|还|就)?(?:扣|收费|计费|到期|期满|满)"
)
#: Right before it: until when something holds, which nobody promises to do.
_HOLDS_TO = re.compile(
    r"(?:有效期?|合约|合同|协议|套餐|保修|质保|期限|名额|延长?|延期|可用|用)[^。;!]{0,7}(?:到|至|为)$"
)
_WEEKDAYS = "一二三四五六日"
_NEAR = 16


@dataclass(frozen=True, slots=True)
class Promised:
    """A day and where it stands."""

    value: date
    start: int
    end: int


def promised_days(text: str, today: date) -> list[Promised]:
    """Days from today on that stand beside words of doing, in their order; the earliest that may be meant."""
    return [one for one in named_days(text, today) if _is_promised(text, one)]


def named_days(text: str, today: date) -> list[Promised]:
    """All days from today on, in their order."""
    found = [*_written(text, today), *_ahead(text, today), *_within(text, today)]
    return sorted((one for one in found if one.value >= today), key=lambda one: one.start)


def _is_promised(text: str, one: Promised) -> bool:
    if _NO_PROMISE.match(text, one.end) or _HOLDS_TO.search(text, max(0, one.start - 12), one.start):
        return False
    end = re.search(r"[。;!]", text[one.end : one.end + _NEAR])
    begin = max(text.rfind(sign, 0, one.start) for sign in "。;!") + 1
    return bool(_PROMISES.search(text[max(begin, one.start - 8) : one.end + (end.start() if end else _NEAR)]))


def _written(text: str, today: date) -> list[Promised]:
    found = []
    for hit in _DATE.finditer(text):
        month, day = _number(hit["month"]), _number(hit["day"] or "")
        if not 1 <= month <= 12 or not (day or hit["part"] or hit["year"]):
            continue
        said = hit["year"]
        year = today.year + (said == "明年") if said in ("明年", "今年", None) else int(said)
        if said is None and (month, day or 31) < (today.month, today.day):
            # 1月10日, said in December: the next one, where it is ahead by less than half a year.
            if not 0 < (month - today.month) % 12 <= 5:
                continue
            year += 1
        last = monthrange(year, month)[1]
        value = day or (last if hit["part"] in ("底", "末", "下旬") else 1)
        if value <= last:
            found.append(Promised(date(year, month, value), *hit.span()))
    for hit in _DAY_ONLY.finditer(text):
        value = int(hit["day"])
        year, month = (today.year, today.month) if value >= today.day else _next_month(today)
        if 1 <= value <= monthrange(year, month)[1]:
            found.append(Promised(date(year, month, value), *hit.span()))
    return found


def _ahead(text: str, today: date) -> list[Promised]:
    found = []
    for hit in _AHEAD.finditer(text):
        word, weekday = hit["word"], hit["weekday"]
        if hit["lunar"]:
            # The earliest that may be meant: the first month of the next lunar year.
            in_month = chinese_number((hit["first"] or "一").removeprefix("初")) or 1
            days = (solar_day(year, 1, in_month) for year in (today.year, today.year + 1))
            value = next((day for day in days if day and day > today), None)
            if value is None:
                continue
            value -= timedelta(days=hit["lunar"].endswith("前"))
        elif weekday:
            monday = today - timedelta(days=today.weekday())
            weeks = {"下": 1, "下下": 2}.get(hit["which"] or "", 0)
            place = _WEEKDAYS.find("日" if weekday in "天末" else weekday)
            value = monday + timedelta(days=7 * weeks + place)
        elif word.startswith("下"):
            year, month = _next_month(today)
            value = date(year, month, monthrange(year, month)[1] if word.endswith("底") else 1)
        elif word.endswith("月底"):
            value = today.replace(day=monthrange(today.year, today.month)[1])
        elif word == "年底":
            value = date(today.year, 12, 31)
        else:
            value = today + timedelta(days={"明": 1, "后": 2}.get(word[0], 0))
        found.append(Promised(value, *hit.span()))
    return found


def _within(text: str, today: date) -> list[Promised]:
    """Working days are counted as days: the earliest that may be meant."""
    times = {"周": 7, "星期": 7, "月": 30}
    return [
        Promised(today + timedelta(days=_number(hit["number"]) * times.get(hit["unit"], 1)), *hit.span())
        for hit in _WITHIN.finditer(text)
    ]


def _next_month(today: date) -> tuple[int, int]:
    return (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else chinese_number(word) or 0

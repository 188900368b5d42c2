"""A derivation in words: why a due date is the day it is, for people, in both languages.

One rule: nothing is counted anew. What is said here follows from the stored derivation alone,
so that the page says the same as on the day the promise was made. Keys of a derivation:

    rule             clock name, optionally "@" and the number of the policy version
    unit, length     "WD" working days, "CD" calendar days, "day" a named day (length None)
    start, last_day  ISO days; the start is not counted (None for a named day)
    strict_day       CD only: the day before any roll; rolled_from: the same if it rolled
    left_out         days not counted, or rolled over: [{day, name, name_en}]
    made_up          worked although a weekend: [{day, name, name_en}]
    pauses           [{from, to, remaining, working_days, allowance?}]
    has_run_out      paused with nothing left
    calendar, calendar_source, has_no_calendar, provisional_years
    earlier          {last_day, calendar, changed_on} when a new calendar moved the date
    counted_to       the day counted, when the last day was kept later than that
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

_ONE_DAY = timedelta(days=1)

_RULES = {
    "forwarding": ("分送期限", "time to forward"),
    "acceptance": ("企业受理期限", "time for the company to accept"),
    "negotiation": ("协商期限", "time to settle"),
    "confirmation": ("消费者确认期限", "time for the consumer to answer"),
    "performance": ("履行期限", "time to perform"),
    "performance_answer": ("履行核实期限", "time to say whether it was performed"),
    "review": ("审查期限", "time for the authority to decide"),
    "material": ("补充材料期限", "time to send material"),
    "mediation": ("调解期限", "time to mediate"),
    "suspension": ("中止期限", "time of the suspension"),
    "notice": ("告知期限", "time to serve the notice"),
    "jurisdiction": ("管辖权处理期限", "time to settle jurisdiction"),
    "lead": ("线索核查期限", "time to check a lead"),
    "instruction": ("督办答复期限", "time to answer an instruction"),
    "consent": ("征求同意期限", "time to consent"),
    "settled_elsewhere": ("另行和解确认期限", "time to confirm a settlement made elsewhere"),
    "answer": ("答复期限", "time to answer"),
    "return": ("退回处理期限", "time to decide on a return"),
    "objection": ("异议处理期限", "time to answer an objection"),
    "heirs": ("继承人确认期限", "time for the heirs to say"),
}
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of the period: its number when it counts, and why not (or why) in words."""

    day: date
    number: int | None
    reason: str


def explain(derivation: Mapping[str, Any], language: str) -> list[str]:
    """Lines for people, most important first. ``language``: "zh-hans" or "en"."""
    words = _Chinese(derivation) if language.startswith("zh") else _English(derivation)
    return [line for line in words.lines() if line]


def day_by_day(derivation: Mapping[str, Any], language: str) -> list[CountedDay]:
    """Every day from the start to the last day for the page "why this date"; a named day has none."""
    words = _Chinese(derivation) if language.startswith("zh") else _English(derivation)
    return list(words.days())


class _Words:
    """What both languages share: which days are meant. The words stand in the subclasses."""

    START = PAUSED = LAST = ""

    def __init__(self, derivation: Mapping[str, Any]) -> None:
        self.of = derivation
        self.length: int | None = derivation["length"]
        self.last = date.fromisoformat(derivation["last_day"])
        self.start = date.fromisoformat(derivation["start"]) if derivation["start"] else None
        first = self.start or self.last
        self.with_year = first.year != self.last.year

    def name(self, row: Mapping[str, str]) -> str:
        raise NotImplementedError

    def lines(self) -> Iterator[str]:
        raise NotImplementedError

    def skipped(self) -> list[tuple[str, int]]:
        """Names of the days left out with their number, holidays before plain weekends."""
        found: dict[str, int] = {}
        for row in self.of["left_out"]:
            found[self.name(row)] = found.get(self.name(row), 0) + 1
        return sorted(found.items(), key=lambda item: item[0] in ("周末", "weekend"))

    def days(self) -> Iterator[CountedDay]:
        if self.start is None:
            return
        off = {row["day"]: self.name(row) for row in self.of["left_out"]}
        on = {row["day"]: self.name(row) for row in self.of["made_up"]}
        paused = [(date.fromisoformat(p["from"]), date.fromisoformat(p["to"])) for p in self.of["pauses"]]
        counted_to = date.fromisoformat(self.of.get("counted_to") or self.of["last_day"])
        yield CountedDay(self.start, None, self.START)
        day, number = self.start, 0
        while (day := day + _ONE_DAY) <= max(self.last, self.start):
            key = day.isoformat()
            if any(first < day <= until for first, until in paused):
                yield CountedDay(day, None, self.PAUSED)
            elif key in off:
                yield CountedDay(day, None, off[key])
            elif day > counted_to or (self.length is not None and number == self.length):
                yield CountedDay(day, None, self.LAST if day == self.last else "")
            else:
                number += 1
                yield CountedDay(day, number, self.LAST if day == self.last else on.get(key, ""))

    def runs(self) -> list[tuple[date, date, int, int]]:
        """Counted days in a row: (first, last, number of the first, number of the last)."""
        counted = [(d.day, d.number) for d in self.days() if d.number is not None]
        runs = []
        for _, group in groupby(counted, key=lambda pair: pair[0].toordinal() - pair[1]):
            row = list(group)
            runs.append((row[0][0], row[-1][0], row[0][1], row[-1][1]))
        return runs

    def day_of(self, key: str) -> date:
        return date.fromisoformat(self.of[key])


class _Chinese(_Words):
    START, PAUSED, LAST = "期限开始当日", "计时暂停", "最后一天"

    def name(self, row: Mapping[str, str]) -> str:
        return row["name"]

    def day(self, day: date, *, weekday: bool = False) -> str:
        text = f"{day.month}月{day.day}日"
        if self.with_year:
            text = f"{day.year}年{text}"
        return f"{text}（周{_WEEKDAYS_ZH[day.weekday()]}）" if weekday else text

    def lines(self) -> Iterator[str]:
        of = self.of
        code, _, version = of["rule"].partition("@")
        if code:
            yield f"规则：{_RULES.get(code, (code,))[0]}" + (f"（第{version}版）" if version else "")
        if of["unit"] == "WD" and self.start:
            skipped = "、".join(f"{name}{number}天" for name, number in self.skipped())
            skipped = f"跳过{skipped}，" if skipped else ""
            yield f"{self.day(self.start)}当天不计，{skipped}共{self.length}个工作日。"
            yield f"计入：{'；'.join(self.run(*run) for run in self.runs())}。"
        elif of["unit"] == "CD" and self.start:
            yield f"{self.day(self.start)}当天不计，从次日起连续计算{self.length}个自然日。"
        elif of["unit"] == "day":
            yield "这一天由当事人约定或者由机关指定，不另行计算。"
        for row in of["made_up"]:
            day = self.day(date.fromisoformat(row["day"]), weekday=True)
            yield f"{day}{self.name(row)}，计为工作日。"
        for pause in of["pauses"]:
            yield self.pause(pause)
        if of["rolled_from"]:
            name = self.name(of["left_out"][0])
            rolled = self.day(self.day_of("rolled_from"), weekday=True)
            yield f"按日计算的最后一天是{rolled}，遇{name}，顺延到{self.day(self.last, weekday=True)}。"
        if of.get("earlier"):
            before = of["earlier"]
            was = self.day(date.fromisoformat(before["last_day"]), weekday=True)
            changed = self.day(date.fromisoformat(before["changed_on"]))
            yield f"原为{was}，{changed}按新公布的放假安排重算。"
        if of.get("counted_to"):
            counted = self.day(self.day_of("counted_to"))
            yield f"重算结果是{counted}；为留足时间，不早于变更后第2个工作日。"
        yield f"最后一天是{self.day(self.last, weekday=True)}，到24:00为止。"
        if of["has_no_calendar"]:
            yield "按周一至周五计算，没有使用放假日历。"
        for year in of["provisional_years"]:
            yield f"暂定：{year}年放假安排公布后重算。"

    def run(self, first: date, last: date, start: int, end: int) -> str:
        if first == last:
            return f"{self.day(first)}（第{start}天）"
        return f"{self.day(first)}至{self.day(last)}（第{start}至{end}天）"

    def pause(self, pause: Mapping[str, Any]) -> str:
        left, unit = pause["remaining"], "自然日" if self.of["unit"] == "CD" else "工作日"
        since, until = (self.day(date.fromisoformat(pause[key])) for key in ("from", "to"))
        if "allowance" in pause:
            return f"{since}起计时暂停，最多{pause['allowance']}个工作日；剩余{left}个{unit}。"
        if left < 1:
            return f"{since}起计时暂停时，期限已经用完；{until}恢复，不再延长。"
        return f"{since}起计时暂停，剩余{left}个{unit}；{until}恢复，从次日起计算。"


class _English(_Words):
    START, PAUSED, LAST = "the day it starts", "clock paused", "the last day"

    def name(self, row: Mapping[str, str]) -> str:
        return row["name_en"] or row["name"]

    def day(self, day: date, *, weekday: bool = False) -> str:
        text = f"{day.day} {_MONTHS[day.month - 1]}"
        if self.with_year:
            text = f"{text} {day.year}"
        return f"{_WEEKDAYS[day.weekday()]} {text}" if weekday else text

    def lines(self) -> Iterator[str]:
        of = self.of
        code, _, version = of["rule"].partition("@")
        if code:
            yield f"Rule: {_RULES.get(code, ('', code))[1]}" + (f" (version {version})" if version else "")
        if of["unit"] == "WD" and self.start:
            skipped = ", ".join(f"{name} ({_days(number)})" for name, number in self.skipped())
            skipped = f" {skipped} skipped;" if skipped else ""
            length = _days(self.length or 0, "working day")
            yield f"{self.day(self.start)} is not counted;{skipped} {length}."
            yield f"Counted: {'; '.join(self.run(*run) for run in self.runs())}."
        elif of["unit"] == "CD" and self.start:
            length = _days(self.length or 0, "calendar day")
            yield f"{self.day(self.start)} is not counted; {length} in a row from the next day."
        elif of["unit"] == "day":
            yield "This day was agreed or named by the authority; nothing is counted."
        for row in of["made_up"]:
            day = self.day(date.fromisoformat(row["day"]), weekday=True)
            yield f"{day} counts: {self.name(row)}."
        for pause in of["pauses"]:
            yield self.pause(pause)
        if of["rolled_from"]:
            name = self.name(of["left_out"][0])
            rolled = self.day(self.day_of("rolled_from"), weekday=True)
            moved = self.day(self.last, weekday=True)
            yield f"Day by day it would end on {rolled} ({name}); it moves to {moved}."
        if of.get("earlier"):
            before = of["earlier"]
            was = self.day(date.fromisoformat(before["last_day"]), weekday=True)
            changed = self.day(date.fromisoformat(before["changed_on"]))
            yield f"It was {was}; counted again on {changed} by the newly published holidays."
        if of.get("counted_to"):
            counted = self.day(self.day_of("counted_to"))
            yield (
                f"That gives {counted}; to leave enough time, "
                "the date is no earlier than 2 working days after the change."
            )
        yield f"The last day is {self.day(self.last, weekday=True)}, until midnight."
        if of["has_no_calendar"]:
            yield "Counted Monday–Friday, no calendar."
        for year in of["provisional_years"]:
            yield f"Provisional until {year} holidays are published."

    def run(self, first: date, last: date, start: int, end: int) -> str:
        if first == last:
            return f"{self.day(first)} (day {start})"
        return f"{self.day(first)} to {self.day(last)} (days {start}–{end})"

    def pause(self, pause: Mapping[str, Any]) -> str:
        unit = "calendar day" if self.of["unit"] == "CD" else "working day"
        left = _days(pause["remaining"], unit)
        since, until = (self.day(date.fromisoformat(pause[key])) for key in ("from", "to"))
        if "allowance" in pause:
            most = _days(pause["allowance"], "working day")
            return f"Clock paused from {since}, for {most} at most, with {left} left."
        if pause["remaining"] < 1:
            return f"Clock paused from {since} with no time left; resumed {until}, not extended."
        return f"Clock paused from {since} with {left} left; resumed {until}, counted from the next day."


def _days(number: int, unit: str = "day") -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

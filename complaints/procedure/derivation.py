"""A derivation in words: why a due date is the day it is, for people.

Nothing is counted anew. What is said here follows from the stored derivation alone, so that the page says the same as
on the day the promise was made. Keys of a derivation:

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
    counted_to       the day counted, when the last day was kept later than that"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext, pgettext_lazy

from complaints.procedure.working_calendar import WEEKEND
from web.dates import working_days, written
from web.languages import name_in_language
from web.listing import joined

_ONE_DAY = timedelta(days=1)

_RULES = {
    "forwarding": pgettext_lazy("rule", "分送期限"),
    "acceptance": pgettext_lazy("rule", "企业受理期限"),
    "negotiation": pgettext_lazy("rule", "协商期限"),
    "confirmation": pgettext_lazy("rule", "消费者确认期限"),
    "performance": pgettext_lazy("rule", "约定期限"),
    "performance_answer": pgettext_lazy("rule", "约定核实期限"),
    "review": pgettext_lazy("rule", "审查期限"),
    "material": pgettext_lazy("rule", "补充材料期限"),
    "mediation": pgettext_lazy("rule", "调解期限"),
    "suspension": pgettext_lazy("rule", "中止期限"),
    "notice": pgettext_lazy("rule", "告知期限"),
    "jurisdiction": pgettext_lazy("rule", "管辖权处理期限"),
    "lead": pgettext_lazy("rule", "线索核查期限"),
    "instruction": pgettext_lazy("rule", "督办答复期限"),
    "consent": pgettext_lazy("rule", "征求同意期限"),
    "settled_elsewhere": pgettext_lazy("rule", "另行和解确认期限"),
    "answer": pgettext_lazy("rule", "答复期限"),
    "return": pgettext_lazy("rule", "退回处理期限"),
    "objection": pgettext_lazy("rule", "异议处理期限"),
    "heirs": pgettext_lazy("rule", "继承人确认期限"),
}


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of the period: its number when it counts, and why not (or why) in words."""

    day: date
    number: int | None
    reason: str


def explain(derivation: Mapping[str, Any]) -> list[str]:
    """Lines for people, most important first, in the active language."""
    return list(_Explanation(derivation).lines())


def day_by_day(derivation: Mapping[str, Any]) -> list[CountedDay]:
    """Every day from the start to the last day for the page "why this date"; a named day has none."""
    return list(_Explanation(derivation).days())


class _Explanation:
    def __init__(self, derivation: Mapping[str, Any]) -> None:
        self.of = derivation
        self.length: int | None = derivation["length"]
        self.last = date.fromisoformat(derivation["last_day"])
        self.start = date.fromisoformat(derivation["start"]) if derivation["start"] else None
        first = self.start or self.last
        self.with_year = first.year != self.last.year

    def name(self, row: Mapping[str, str]) -> str:
        return _("周末") if row["name"] == WEEKEND[0] else name_in_language(row["name"], row["name_en"])

    def day(self, day: date | str, *, weekday: bool = False) -> str:
        """A day or its ISO form."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return written(day, year=self.with_year, weekday=weekday, in_full=True)

    def skipped(self) -> str:
        """The days left out with their number, holidays before plain weekends."""
        result: dict[str, int] = {}
        for row in sorted(self.of["left_out"], key=lambda row: row["name"] == WEEKEND[0]):
            result[self.name(row)] = result.get(self.name(row), 0) + 1
        return _("、").join(
            npgettext("left out", "%(name)s%(n)s天", "%(name)s%(n)s天", n) % {"name": name, "n": n}
            for name, n in result.items()
        )

    def days(self) -> Iterator[CountedDay]:
        if self.start is None:
            return
        off = {row["day"]: self.name(row) for row in self.of["left_out"]}
        on = {row["day"]: self.name(row) for row in self.of["made_up"]}
        paused = [(date.fromisoformat(p["from"]), date.fromisoformat(p["to"])) for p in self.of["pauses"]]
        counted_to = date.fromisoformat(self.of.get("counted_to") or self.of["last_day"])
        last_day = pgettext("counted", "最后一天")
        yield CountedDay(self.start, None, _("期限开始当日"))
        day, number = self.start, 0
        while (day := day + _ONE_DAY) <= max(self.last, self.start):
            key = day.isoformat()
            if any(first < day <= until for first, until in paused):
                yield CountedDay(day, None, _("计时暂停"))
            elif key in off:
                yield CountedDay(day, None, off[key])
            elif day > counted_to or (self.length is not None and number == self.length):
                yield CountedDay(day, None, last_day if day == self.last else "")
            else:
                number += 1
                yield CountedDay(day, number, last_day if day == self.last else on.get(key, ""))

    def runs(self) -> Iterator[str]:
        """Counted days in a row: the first and the last with their numbers."""
        counted = [(d.day, d.number) for d in self.days() if d.number is not None]
        for _key, group in groupby(counted, key=lambda pair: pair[0].toordinal() - pair[1]):
            row = list(group)
            (first, start), (last, end) = row[0], row[-1]
            slots = {"first": self.day(first), "last": self.day(last), "start": start, "end": end}
            text = (
                _("%(first)s（第%(start)s天）") if first == last else _("%(first)s至%(last)s（第%(start)s至%(end)s天）")
            )
            yield text % slots

    def lines(self) -> Iterator[str]:
        of = self.of
        code, _at, version = of["rule"].partition("@")
        if code:
            slots = {"rule": _RULES.get(code, code), "version": version}
            yield (_("规则：%(rule)s（第%(version)s版）") if version else _("规则：%(rule)s")) % slots
        yield from self.counted()
        for row in of["made_up"]:
            day = self.day(row["day"], weekday=True)
            yield _("%(day)s%(name)s，计为工作日。") % {"day": day, "name": self.name(row)}
        for pause in of["pauses"]:
            yield self.pause(pause)
        last = self.day(self.last, weekday=True)
        if of["rolled_from"]:
            yield _("按日计算的最后一天是%(day)s，遇%(name)s，顺延到%(last)s。") % {
                "day": self.day(of["rolled_from"], weekday=True),
                "name": self.name(of["left_out"][0]),
                "last": last,
            }
        if earlier := of.get("earlier"):
            yield _("原为%(day)s，%(changed)s按新公布的放假安排重算。") % {
                "day": self.day(earlier["last_day"], weekday=True),
                "changed": self.day(earlier["changed_on"]),
            }
        if of.get("counted_to"):
            yield _("重算结果是%(day)s；为留足时间，没有提得那么早。") % {"day": self.day(of["counted_to"])}
        yield _("最后一天是%(day)s，到24:00为止。") % {"day": last}
        if of["has_no_calendar"]:
            yield _("按周一至周五计算，没有使用放假日历。")
        for year in of["provisional_years"]:
            yield _("暂定：%(year)s年放假安排公布后重算。") % {"year": year}

    def counted(self) -> Iterator[str]:
        """How the days are counted, by the unit."""
        if self.of["unit"] == "day":
            yield _("这一天由当事人约定或者由机关指定，不另行计算。")
        elif self.start is None:
            return
        elif self.of["unit"] == "WD":
            length, skipped = self.number(self.length or 0, "WD"), self.skipped()
            text = (
                _("%(start)s当天不计，跳过%(skipped)s，共%(length)s。")
                if skipped
                else _("%(start)s当天不计，共%(length)s。")
            )
            yield text % {"start": self.day(self.start), "skipped": skipped, "length": length}
            yield _("计入：%(runs)s。") % {"runs": joined(self.runs())}
        elif self.of["unit"] == "CD":
            slots = {"start": self.day(self.start), "length": self.number(self.length or 0, "CD")}
            yield _("%(start)s当天不计，从次日起连续计算%(length)s。") % slots

    @staticmethod
    def number(n: int, unit: str) -> str:
        return ngettext("%(n)s个自然日", "%(n)s个自然日", n) % {"n": n} if unit == "CD" else working_days(n)

    def pause(self, pause: Mapping[str, Any]) -> str:
        slots = {
            "since": self.day(pause["from"]),
            "until": self.day(pause["to"]),
            "left": self.number(pause["remaining"], self.of["unit"]),
        }
        if "allowance" in pause:
            most = self.number(pause["allowance"], "WD")
            return _("%(since)s起计时暂停，最多%(most)s；剩余%(left)s。") % (slots | {"most": most})
        if pause["remaining"] < 1:
            return _("%(since)s起计时暂停时，期限已经用完；%(until)s恢复，不再延长。") % slots
        return _("%(since)s起计时暂停，剩余%(left)s；%(until)s恢复，从次日起计算。") % slots

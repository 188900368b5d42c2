"""What the numbers of the procedure are: which clock each one sets, what the law lets it be, which article says so.

A number that stands in a law may be stricter than it and never looser; what is a closed list of the law (grounds,
statuses, who may do what) is no number, and stands in code with its article (docs/how-to/policies.md).
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from authorities.law import Article, article
from authorities.models import Policy
from authorities.tables import rows_of
from complaints.law.replaying import PAUSE_CAP
from complaints.procedure.workflow import CLOCKS, Clock
from complaints.procedure.working_calendar import Calendar

#: Name → (the most that the law lets it be, the article that says so). Their unit is the law's too.
CEILINGS: dict[str, tuple[int, str]] = {
    "review": (7, "15"),
    "mediation": (60, "23"),
    "termination_notice": (7, "23"),
    "jurisdiction": (7, "33"),
    "lead": (15, "27"),
    "lead_extension": (15, "27"),
    "delegation": (60, "23"),
}
#: What a party has at least: less would take away a right that the procedure gives.
FLOORS: dict[str, int] = {
    **dict.fromkeys(("confirmation", "settled_elsewhere", "consent", "failure_answer", "material"), 1),
    **dict.fromkeys(("performance_answer", "late_answer"), 1),
    "provisional_floor": 2,
}
MOST = 3650
DAYS = (Policy.Unit.WORKING_DAYS, Policy.Unit.CALENDAR_DAYS)


@dataclass(frozen=True, slots=True)
class NumberBounds:
    """What may be typed for a number."""

    least: int
    most: int
    units: tuple[str, ...]
    article: str = ""


def clocks_of(name: str) -> tuple[Clock, ...]:
    """The clocks whose length this number is; none for a switch, a count or a length of something else."""
    return tuple(clock for clock, rule in CLOCKS.items() if name in rule.policies)


def moves(name: str) -> tuple[Clock, ...]:
    """The clocks whose last days hang on this number: those of its length, or the negotiation that may rest so long."""
    return (Clock.NEGOTIATION,) if name == PAUSE_CAP else clocks_of(name)


def bounds_of(name: str, unit: str) -> NumberBounds:
    """``unit``: the one in which the number is written today."""
    if unit == Policy.Unit.FLAG:
        return NumberBounds(0, 1, (unit,))
    least = FLOORS.get(name, 1 if clocks_of(name) else 0)
    if name in CEILINGS:
        most, article = CEILINGS[name]
        return NumberBounds(least, most, (unit,), article)
    return NumberBounds(least, MOST, tuple(map(str, DAYS)) if unit in DAYS and clocks_of(name) else (unit,))


#: The decree comes in November: from then on its absence is told.
ASKED_FROM_MONTH = 11


def missing_year(calendar: Calendar, today: date) -> int | None:
    """The year whose working days ought to be loaded by now and are not; no query."""
    wanted = [today.year, *([today.year + 1] if today.month >= ASKED_FROM_MONTH else [])]
    return next((year for year in wanted if not calendar.is_known(year)), None)


_LAWS = ("order121", "consumer")
#: Step or "clock:<name>" → the articles on which it rests, in the order in which they are read.
CITED: dict[str, list[Article]] = {
    row["what"]: [article(int(number), law) for law in _LAWS for number in row[law].split()]
    for _line, row in rows_of(Path(__file__).with_name("cited.csv"), required=("what", *_LAWS))
}


def cited_by(what: str) -> list[Article]:
    """The articles of a step or a clock; nothing for what rests on an agreement or a platform's rule."""
    return CITED.get(what, [])

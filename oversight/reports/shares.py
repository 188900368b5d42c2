"""The shares that a line of a report gives, with their intervals; of under thirty there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web.small_numbers import ENOUGH, wilson

DataLine = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole``; both None where one of them is withheld. ``upper``: had every silence been a yes.

    Of under thirty there is no share.
    """

    part: int | None
    whole: int | None
    upper: int | None = None
    is_rounded: bool = False

    @property
    def is_too_few(self) -> bool:
        return self.whole is not None and self.whole < ENOUGH

    @property
    def value(self) -> float | None:
        return self._of_whole(self.part)

    @property
    def upper_value(self) -> float | None:
        return self._of_whole(self.upper)

    def _of_whole(self, part: int | None) -> float | None:
        return part / self.whole if part is not None and self.whole and not self.is_too_few else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.part or 0, self.whole or 0, rounded=int(self.is_rounded)) if self.value is not None else None


#: Each share by the name of its formula: its part, and what that is a part of.
SHARES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "settled": ("settled", ("ended",)),
    "on_time": ("in_time", ("due",)),
    "review_on_time": ("review_met", ("reviewed",)),
    "mediated": ("closed_mediated", ("closed_mediated", "closed_mediation_terminated")),
    "kept": ("promises_kept", ("promised",)),
}
#: Those that are told by quarters.
BY_QUARTER = frozenset({"settled", "on_time", "kept", "rating"})


def shares(line: DataLine) -> dict[str, Share]:
    """The shares that a line gives, by the name of their formula; those of which it has no numbers are missing."""
    result = {}
    for code, (part, wholes) in SHARES.items():
        if part in line and all(name in line for name in wholes):
            upper = sum_of(line, "settled", "unconfirmed") if code == "settled" else None
            is_rounded = bool(line.get("quarter_is_rounded" if code in BY_QUARTER else "is_rounded"))
            result[code] = Share(line[part], sum_of(line, *wholes), upper, is_rounded)
    return result


def sum_of(line: DataLine, *names: str) -> int | None:
    numbers = [line.get(name) for name in names]
    return None if None in numbers else sum(number for number in numbers if number is not None)

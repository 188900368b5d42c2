"""What must hold after a blow: from what was answered and what stands to what is broken. Asks nobody.

Each sentence begins with the word for the promise that it breaks, as in tests/faults/checker.py.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Seconds that any call may take.
LONGEST_CALL = 10.0
#: Answers that a fault may cause; any other is a refusal that it does not excuse.
_EXCUSED = {0, 409, 502, 503, 504}


@dataclass(frozen=True)
class Seen:
    """What became of the calls around one blow."""

    answers: Sequence[Mapping[str, Any]]
    #: Mark of a complaint → numbers of the cases that stand with it.
    stands: Mapping[str, Sequence[str]]
    struck: float

    @property
    def acknowledged(self) -> list[Mapping[str, Any]]:
        return [one for one in self.answers if one["status"] == 201]

    def silence(self, what: str = "file") -> float:
        """The longest time without an acknowledged call, from the blow to the last call of all."""
        at = sorted(one["at"] for one in self.acknowledged if one["what"] == what and one["at"] > self.struck)
        last = max((one["at"] for one in self.answers if one["what"] == what), default=self.struck)
        return max(b - a for a, b in zip([self.struck, *at], [*at, last], strict=True)) if at else float("inf")

    @property
    def slowest(self) -> float:
        return max((one["took"] for one in self.answers), default=0.0)

    def lost(self) -> list[str]:
        filed = [one for one in self.acknowledged if one["what"] == "file"]
        return [one["case"] for one in filed if one["case"] not in self.stands.get(one["mark"], ())]

    def doubled(self) -> list[str]:
        answered: dict[str, set[str]] = defaultdict(set)
        for one in self.acknowledged:
            answered[one["mark"]].add(one["case"])
        twice = {mark for mark, numbers in self.stands.items() if len(numbers) > 1}
        return sorted(twice | {mark for mark, cases in answered.items() if len(cases) > 1})

    def wrong(self) -> list[str]:
        """Read back, another case than the one that was filed."""
        return [one["mark"] for one in self.answers if one["what"] == "read" and one.get("wrong")]

    def refused(self) -> Counter[str]:
        return Counter(told(one) for one in self.answers if one["status"] not in {200, 201} | _EXCUSED)

    def failed(self) -> Counter[str]:
        return Counter(told(one) for one in self.answers if one["status"] in _EXCUSED)


def told(one: Mapping[str, Any]) -> str:
    text = str(one.get("text", ""))
    try:
        code = json.loads(text)["code"]
    except (ValueError, KeyError, TypeError):
        code = text[:40] if one["status"] == 0 else ""
    return f"{one['what']} {one['status']} {code}".strip()


def of_lines(lines: Iterable[str], stands: Mapping[str, Sequence[str]], struck: float) -> Seen:
    return Seen([json.loads(line) for line in lines if line.strip()], stands, struck)


def broken(seen: Seen, *, silence: float, none_refused: bool = False) -> list[str]:
    """`silence`: seconds within which somebody files again; `none_refused`: not even for a moment."""
    results = [f"LOST {number} was acknowledged and is not there" for number in seen.lost()]
    results += [f"DOUBLED {mark} stands or was answered twice" for mark in seen.doubled()]
    results += [f"WRONG {mark} reads as another case" for mark in seen.wrong()]
    if not seen.acknowledged:
        results.append("SILENT nothing was filed at all")
    elif seen.silence() > silence:
        results.append(f"SILENT nobody filed for {seen.silence():.1f} s (at most {silence:.0f})")
    if seen.slowest > LONGEST_CALL:
        results.append(f"HUNG a call took {seen.slowest:.1f} s (at most {LONGEST_CALL:.0f})")
    results += [f"REFUSED {times} × {what}" for what, times in seen.refused().items()]
    if none_refused:
        results += [f"REFUSED {times} × {what}" for what, times in seen.failed().items()]
    return results

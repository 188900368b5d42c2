"""Learnt weights: how much each mark counts in each score. Learnt by benchmarks/learning/separating.py. Pure."""

from collections.abc import Set
from dataclasses import dataclass
from math import sqrt
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Weights:
    """``names``: what is scored; ``base``: where each score begins; ``of``: for each mark how rare it is, and its
    weight in each score."""

    names: tuple[str, ...]
    base: tuple[float, ...]
    of: dict[str, tuple[float, ...]]

    def scores(self, marks: Set[str]) -> dict[str, float]:
        """Above 0 a text with these marks is more like those that are so; -1 where none of them is known."""
        known = [row for mark in marks if (row := self.of.get(mark))]
        if not known:
            return dict.fromkeys(self.names, -1.0)
        length = sqrt(sum(row[0] ** 2 for row in known))
        sums = map(sum, zip(*known, strict=True))
        next(sums)
        return {name: base + sum_ / length for name, base, sum_ in zip(self.names, self.base, sums, strict=True)}


def read(path: Path) -> Weights:
    """The table in this file: lines of #, the second of which names the scores, then a mark and its numbers a line."""
    names: tuple[str, ...] = ()
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            names = tuple(line.rpartition(": ")[2].split(", "))
        else:
            mark, *numbers = line.split("\t")
            rows[mark] = tuple(map(float, numbers))
    return Weights(names, rows.pop("")[1:], rows)


def written(weights: Weights, digest: str) -> str:
    """The file that `read` reads; its first line is what was learnt from."""
    head = [f"# {digest}", "# mark, how rare it is, and its weight in: " + ", ".join(weights.names)]
    rows = [("", (0.0, *weights.base)), *sorted(weights.of.items())]
    return "\n".join([*head, *("\t".join([mark, *(f"{n:.3g}" for n in row)]) for mark, row in rows)]) + "\n"

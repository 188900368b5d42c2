"""A text in one written form, with the way back to the person's own letters."""

import re
import unicodedata
from dataclasses import dataclass

from web.chinese import simplified

#: So many letters of a text are read.
MOST_READ = 4_000

#: What ends a clause of a text `in_clauses`.
CLAUSE_ENDS = ",。、"
_STOPS = str.maketrans(dict.fromkeys("!?;\n", "。"))
_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_SPACE = re.compile(r"[ \t\u3000\xa0]")


@dataclass(frozen=True, slots=True)
class Folded:
    """``text``: in one form (NFKC, simplified, single spaces, nothing invisible); ``origins``: for each letter of it,
    its place in ``typed``."""

    typed: str
    text: str
    origins: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """The person's own letters behind this piece of the folded text."""
        return self.typed[self.origins[start] : self.origins[end - 1] + 1] if start < end else ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding in the folded text."""

    field: str
    value: str
    start: int
    end: int
    sure: bool = False


def fold(typed: str, *, most: int = MOST_READ) -> Folded:
    """The first ``most`` letters, folded letter by letter so that each piece leads back to what was typed."""
    letters: list[str] = []
    origins: list[int] = []
    for place, raw in enumerate(typed[:most]):
        for letter in unicodedata.normalize("NFKC", raw):
            if _SPACE.match(letter):
                if letters and letters[-1] == " ":
                    continue
                letter = " "
            elif letter != "\n" and unicodedata.category(letter) in ("Cc", "Cs", "Cf", "Co", "Cn"):
                continue
            letters.append(letter)
            origins.append(place)
    return Folded(typed, simplified("".join(letters)), tuple(origins))


def in_clauses(folded: str) -> str:
    """A folded text with one kind of full stop, and a comma for a space between clauses; of the same length."""
    return _GAP.sub(",", folded.translate(_STOPS))


def clause(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the clause around these words begins and ends."""
    begins = max(text.rfind(sign, 0, start) for sign in CLAUSE_ENDS) + 1
    ends = [place for sign in CLAUSE_ENDS if (place := text.find(sign, end)) >= 0]
    return begins, min(ends, default=len(text))

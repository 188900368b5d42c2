"""What somebody types who looks for an enterprise, cut into what can be compared; pure."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from rapidfuzz.distance import OSA

from authorities.loading import DATA
from authorities.tables import rows_of
from enterprises.directory.spelling import SOUND, fold_name, spelled_as

COUNTRY = "中国"
#: A slip is looked for in a name of so many characters or letters; below that, in how it sounds.
SHORTEST_SLIP = 4
#: One edit in a whole word of Latin letters.
SHORTEST_LATIN = 5
_ENDINGS = re.compile(r"(?:特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|省|市|区|县)$")
_DIGITS, _NUMBER = "0123456789", re.compile(r"[0-9]+")


@cache
def words() -> dict[str, frozenset[str]]:
    """beside: what people write beside a name that tells no other enterprise; trade: a line of business."""
    path = Path(__file__).parent / "name_words.csv"
    kinds: dict[str, set[str]] = {"beside": set(), "trade": set()}
    for _line, row in rows_of(path, required=("kind", "word")):
        kinds[row["kind"]].add(row["word"])
    return {kind: frozenset(those) for kind, those in kinds.items()}


@cache
def places() -> frozenset[str]:
    """Provinces, cities and counties as they are said: 福州, 福州市, 鼓楼, 鼓楼区."""
    named = {
        row["name"] for _line, row in rows_of(DATA / "regions_cn.csv", required=("name", "level"))
        if row["level"] in ("province", "city", "county")
    }  # fmt: skip
    short = {_ENDINGS.sub("", name) for name in named}
    return frozenset(name for name in named | short if len(name) > 1)


@cache
def _known() -> tuple[dict[str, str], dict[str, list[int]]]:
    """The kind of each known piece, a place coming first; and how long those are that begin with a character, the
    longest first."""
    known = {word: kind for kind, those in words().items() for word in those} | dict.fromkeys(places(), "place")
    lengths: dict[str, set[int]] = defaultdict(set)
    for word in known:
        lengths[word[0]].add(len(word))
    return known, {first: sorted(those, reverse=True) for first, those in lengths.items()}


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """(kind, piece), the longest known piece first; kind is place, beside, trade, number, or name for all else."""
    start = at = 0
    known, lengths = _known()
    while at < len(text):
        piece = kind = ""
        if text[at] in _DIGITS:
            piece, kind = _NUMBER.findall(text, at)[0], "number"
        else:
            for length in lengths.get(text[at], ()):
                if kind := known.get(piece := text[at : at + length], ""):
                    break
        if not kind:
            at += 1
            continue
        if start < at:
            yield "name", text[start:at]
        yield kind, piece
        start = at = at + len(piece)
    if start < len(text):
        yield "name", text[start:]


def core_of(folded: str) -> str:
    """What is left of a folded name without places, legal form and what else every name has; itself if nothing is."""
    return "".join(piece for kind, piece in _cut(folded) if kind in ("name", "trade", "number")) or folded


@dataclass(frozen=True)
class Typed:
    """A query. ``terms``: its words, folded."""

    terms: tuple[str, ...]

    @classmethod
    def of(cls, query: str, *, longest: int) -> "Typed":
        texts = unicodedata.normalize("NFKC", query.replace("\0", ""))[:longest].split()
        return cls(tuple(folded for word in texts if (folded := fold_name(word))))

    @cached_property
    def whole(self) -> str:
        return "".join(self.terms)

    @cached_property
    def is_latin(self) -> bool:
        return self.whole.isascii() and self.whole.isalnum()

    @cached_property
    def _pieces(self) -> tuple[tuple[str, str], ...]:
        return tuple(piece for term in self.terms for piece in _cut(term))

    def _joined(self, *kinds: str) -> str:
        return "".join(piece for kind, piece in self._pieces if kind in kinds)

    @cached_property
    def tells_nothing(self) -> bool:
        """Whether it is a place or a legal form alone."""
        return not self.is_latin and bool(self.terms) and {kind for kind, _piece in self._pieces} <= {"place", "beside"}

    @cached_property
    def parted(self) -> tuple[str, ...]:
        """The words of a name, parted from the places beside it: 移动平潭分公司 → 移动, 平潭."""
        return tuple(piece for kind, piece in self._pieces if kind != "beside") or self.terms

    @cached_property
    def is_short(self) -> bool:
        """Whether one short word is left, which many names have in them: 中国连通 is not 福州连通通信器材."""
        return len(self.parted) == 1 and len(self.parted[0]) < SHORTEST_SLIP

    @cached_property
    def core(self) -> str:
        """Without places, numbers and what people write beside a name; empty where no name is left."""
        return self._joined("name", "trade") if self.bare else ""

    @cached_property
    def bare(self) -> str:
        """Without lines of business as well."""
        return self._joined("name")

    @cached_property
    def cores(self) -> tuple[str, ...]:
        """Names that the core may be: 移动 → 移动, 中国移动; 中移动 → 移动 as well."""
        if not self.bare:
            return ()
        short = (self.core[1:],) if self.core.startswith("中") and len(self.core) > 2 else ()
        return (self.core, f"{COUNTRY}{self.core}", *short)

    @cached_property
    def spelled(self) -> str:
        """How the core is spelled; loads the dictionary of pinyin."""
        return spelled_as(self.core)

    def likeness(self, folded: str, spelled: str) -> int:
        """How like a name is in which this may be a slip, 0 to 100; 0: it is not meant."""
        if self.is_latin:
            return _like_in_latin(self.whole, spelled.split())
        theirs = core_of(folded)
        is_as_long = len(self.core) == len(theirs)
        if is_as_long and f" {self.spelled} " in f" {spelled} ":
            return 100
        if len(self.core) >= SHORTEST_SLIP and len(theirs) >= SHORTEST_SLIP - 1:
            if _is_near(self.core, theirs):
                return 90
            # The name goes on.
            begun = (theirs[: len(self.core) + more] for more in (-1, 0, 1))
            if any(_is_near(self.core, begin) for begin in begun):
                return 80
        elif is_as_long and self.core[:1] == theirs[:1] and _is_near(self.spelled, spelled_as(theirs)):
            return 70
        if self.bare != self.core and (folded == self.bare or theirs == self.bare):
            return 60
        return 0


def _is_near(one: str, other: str) -> bool:
    """One character wrong, missing, too many, or two changed about."""
    return OSA.distance(one, other, score_cutoff=1) <= 1


def beginnings_near(letters: str) -> set[str]:
    """The first letters of a spelling in which one was changed, left out, put in or changed about; not the first."""
    every = "abcdefghijklmnopqrstuvwxyz"
    results = {letters[:SOUND]}
    for at in range(1, SOUND):
        before, here, after = letters[:at], letters[at : at + 1], letters[at + 1 :]
        results |= {f"{before}{one}{after}"[:SOUND] for one in every}
        results |= {f"{before}{one}{here}{after}"[:SOUND] for one in every}
        results |= {f"{before}{after}"[:SOUND], f"{before}{after[:1]}{here}{after[1:]}"[:SOUND]}
    return results


def _like_in_latin(letters: str, units: list[str]) -> int:
    """One edit in a whole word, or in all that is spelled from a syllable on; the first letter is right."""
    if len(letters) < SHORTEST_LATIN:
        return 0
    runs = ["".join(units[at:]) for at in range(len(units))]
    for whole in (*runs, *(unit for unit in units if len(unit) >= SHORTEST_LATIN)):
        if whole[:1] == letters[:1] and _is_near(letters, whole):
            return 90
    return 0

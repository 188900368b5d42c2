"""Judges what the search for enterprises shows first, by lists of what people type (tests/enterprises/names/)."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from enterprises.directory.finding import Hit, find
from enterprises.directory.naming import write_names
from enterprises.models import Enterprise

NAMES = Path(__file__).parent
#: Written together with the rules; by an author who had not seen them, counted once while they were unread.
ASKED, STRANGERS = NAMES / "asked.tsv", NAMES / "strangers.tsv"
WRONG_AS_CERTAIN, WRONG_AS_LIKE_IT, RIGHT = "wrong, as certain", "wrong, as like it", "right"
#: How the lists name the carriers, and what their registered names have in them.
CARRIERS = {"移动": "中国移动通信", "电信": "中国电信股份", "联通": "中国联合网络", "广电": "中国广电"}


def others() -> None:
    """Firms that look or sound like those of the demonstration, in the directory as well."""
    lines = (NAMES / "firms.txt").read_text(encoding="utf-8").splitlines()
    firms = [Enterprise(name=line) for line in lines if line and not line.startswith("#")]
    write_names([firm.pk for firm in Enterprise.objects.bulk_create(firms)])


def asked(path: Path) -> Iterator[tuple[str, str]]:
    """What is typed, and what has to come first: a piece of the registered name, ~ before it where it can only be
    called like it, - for nobody."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            query, wanted = line.split("\t")
            yield query, wanted


def counted(path: Path, *, on: dt.date) -> Counter[str]:
    """The verdicts on one list."""
    return Counter(judged(find(query, on=on), wanted) for query, wanted in asked(path))


def judged(hits: Sequence[Hit], wanted: str) -> str:
    """right, silent, "right, as like it", "wrong, as like it" or "wrong, as certain"."""
    name = CARRIERS.get(wanted.removeprefix("~"), wanted.removeprefix("~"))
    if not hits:
        return RIGHT if wanted == "-" else "silent"
    first = hits[0]
    if name not in first.enterprise.name:
        return WRONG_AS_LIKE_IT if first.is_similar else WRONG_AS_CERTAIN
    return "right, as like it" if first.is_similar and not wanted.startswith("~") else RIGHT

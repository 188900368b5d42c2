"""A shop by its written name: 在叫好再来的店, 厦门的海之味, 那家乐动健身. What only tells a kind of shop is no name."""

from collections.abc import Iterator

from complaints.listening.patterns import patterns
from complaints.listening.regions import mentioned
from enterprises.directory.typed import Typed

#: The rows of `shops` that find a name, the surest first.
_WAYS = ("called", "over_there", "ending", "sold", "bought", "speaks", "asked")
_SHORTEST, LONGEST = 2, 24


def shop(text: str) -> tuple[int, int] | None:
    """Where the name of a shop stands."""
    no_beginning = patterns().one("shops", "no_beginning")
    for is_called, start, end in _candidates(text):
        start, end = _bare(text, start, end)
        if _is_name(text[start:end]) and (is_called or not no_beginning.search(text[start:end])):
            return start, end
    return None


def _candidates(text: str) -> Iterator[tuple[bool, int, int]]:
    """(whether 叫 or the like says that it is a name, begin, end), the surest first."""
    table = patterns()
    for way in _WAYS:
        for hit in table.one("shops", way).finditer(text):
            yield way == "called", *hit.span("name")
        if way == "called":
            for start, end in _beside_places(text):
                yield False, start, end


def _beside_places(text: str) -> Iterator[tuple[int, int]]:
    """厦门的海之味。 and 海之味，厦门的。"""
    after, before = patterns().one("shops", "after_place"), patterns().one("shops", "before_place")
    for start, end in mentioned(text):
        if hit := after.match(text, end):
            yield hit.span("name")
        if text[end : end + 1] == "的" and (hit := before.search(text[:start])):
            yield hit.span("name")


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Without what leads to the name and what follows it."""
    if led := patterns().one("shops", "before").match(text[start:end]):
        start += led.end()
    return start, end - 2 * text[start:end].endswith("自营")


def _is_name(name: str) -> bool:
    """Whether it tells one shop from another: more than a place or a line of business, and no words of a sentence."""
    if not _SHORTEST <= len(name) <= LONGEST or patterns().one("shops", "no_name").search(name):
        return False
    if name.endswith("里") and not Typed.of(name[:-1], longest=LONGEST).bare:
        return False
    # 京东, 抖音直播间: where it was bought, and not from whom.
    platforms = (row.words.match(name) for row in patterns().of("platforms") if row.name)
    if any(platforms) and not name.endswith("店"):
        return False
    return bool(Typed.of(name, longest=LONGEST).bare)

"""Cuts the names of a source into legal, former and other names, and groups what is one enterprise. Pure.

Names are one enterprise when the source gives them one number, or when they are the same
(legal form apart) at the same place. A shared name at two places is two enterprises.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from complaints.tables.importing.mapping import Naming
from enterprises.directory.spelling import LONGEST, fold

#: A slash between single letters or figures (c/o, 24/7) does not part two names.
_SLASH = r"(?<!\b\w){0}(?!\w\b)(?!\d)"
Item = TypeVar("Item")
_EDGES = " \t,;:/-–.\"'"


@dataclass(frozen=True, slots=True)
class Names:
    """One written name, taken apart."""

    head: str
    former: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()


@dataclass(slots=True)
class Mention:
    """How often a source's number stands beside each name and place."""

    names: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class NamedEnterprise:
    """What will be one enterprise. ``place``: (state, city) as the source writes it."""

    legal: str
    former: tuple[str, ...]
    alias: tuple[str, ...]
    place: tuple[str, str]
    ids: tuple[str, ...]

    @property
    def folded(self) -> set[str]:
        return {fold(name) for name in (self.legal, *self.former, *self.alias)}


class Splitter:
    """Takes names apart as the mapping says."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        marks = sorted((*naming.former, *naming.alias), key=len, reverse=True)
        alternatives = "|".join(re.escape(mark) for mark in marks)
        self._marks = re.compile(rf"[\s(/]+({alternatives})[.:]?\s+", re.IGNORECASE) if marks else None
        self._former = {mark.casefold() for mark in naming.former}
        self._split = re.compile(_SLASH.format(re.escape(naming.split))) if naming.split else None
        forms = "|".join(re.escape(form) for form in sorted(naming.legal_forms, key=len, reverse=True))
        self._forms = re.compile(rf"[\s,]+(?:{forms})\.?$", re.IGNORECASE) if forms else None

    def is_nobody(self, text: str) -> bool:
        """Blank, or one of the words by which the source says that it does not know."""
        plain = text.strip().casefold()
        return not fold(plain) or any(
            plain == word or (word.endswith("*") and plain.startswith(word[:-1])) for word in self.naming.nobody
        )

    def core(self, name: str) -> str:
        """The folded name without its legal form."""
        while self._forms is not None and (shorter := self._forms.sub("", name)) not in ("", name):
            name = shorter
        return fold(name)

    def names(self, text: str) -> Names:
        pieces = self._marks.split(text) if self._marks else [text]
        heads = self._parts(pieces[0])
        former: list[str] = []
        alias = list(heads[1:])
        for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            (former if mark.casefold() in self._former else alias).extend(self._parts(piece))
        head = heads[0] if heads else text
        if fold(head) != fold(text):
            # As it is written in the source, so that it is found as it is written.
            alias.append(text)
        return Names(head, tuple(former), tuple(alias))

    def _parts(self, text: str) -> list[str]:
        parts = [part.strip(_EDGES) for part in self._split.split(text)] if self._split else [text]
        parts = [part for part in parts if part]
        if any(len(fold(part)) < 3 for part in parts):
            parts = [text.strip(_EDGES)]
        closed = (part[:-1] if part.endswith(")") and "(" not in part else part for part in parts)
        return [part for part in closed if not self.is_nobody(part)]


def enterprises(
    mentions: Mapping[str, Mention], nameless: Iterable[tuple[str, str, str, int]], splitter: Splitter
) -> list[NamedEnterprise]:
    """Every enterprise of a source, by name.

    ``mentions`` by the source's number; ``nameless``: names without a number, as (name, state,
    city, rows).
    """
    merged: dict[tuple[str, tuple[str, str]], tuple[Mention, list[str]]] = {}

    def join(mention: Mention, source_id: str) -> None:
        place = _most(mention.places) or ("", "")
        legal = _sorted_out(mention.names, splitter)[0]
        key = (splitter.core(legal), (place[0].casefold(), fold(place[1])))
        known, ids = merged.setdefault(key, (Mention(), []))
        known.names.update(mention.names)
        known.places.update(mention.places)
        if source_id:
            ids.append(source_id)

    for source_id, mention in sorted(mentions.items()):
        if mention.names:
            join(mention, source_id)
    by_name: dict[tuple[str, str, str], Mention] = defaultdict(Mention)
    for name, state, city, rows in nameless:
        one = by_name[splitter.core(splitter.names(name).head), state.casefold(), fold(city)]
        one.names[name] += rows
        one.places[state, city] += rows
    for mention in by_name.values():
        join(mention, "")
    found = []
    for mention, ids in merged.values():
        legal, former, alias = _sorted_out(mention.names, splitter)
        found.append(NamedEnterprise(legal, former, alias, _most(mention.places) or ("", ""), tuple(ids)))
    return sorted(found, key=lambda enterprise: (fold(enterprise.legal), enterprise.place))


def _sorted_out(names: Counter[str], splitter: Splitter) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(legal, former, other): the commonest first name that is nobody's former or other name."""
    heads: Counter[str] = Counter()
    former: dict[str, str] = {}
    alias: dict[str, str] = {}
    for text, rows in sorted(names.items()):
        parts = splitter.names(text)
        heads[parts.head] += rows
        former |= {fold(name): name for name in parts.former}
        alias |= {fold(name): name for name in parts.alias}
    free = Counter({head: rows for head, rows in heads.items() if fold(head) not in former | alias})
    legal = _most(free) or _most(heads) or ""
    taken = {fold(legal), ""}
    for head in sorted(heads):
        if fold(head) not in taken | former.keys():
            alias.setdefault(fold(head), head)
    kept_former = {key: name for key, name in former.items() if key not in taken and len(name) <= LONGEST}
    kept_alias = {
        key: name for key, name in alias.items() if key not in taken | kept_former.keys() and len(name) <= LONGEST
    }
    return legal, tuple(sorted(kept_former.values())), tuple(sorted(kept_alias.values()))


def _most(counted: Counter[Item]) -> Item | None:
    """The commonest; of equals the first in order, so that every run agrees."""
    return min(counted, key=lambda one: (-counted[one], str(one)), default=None)

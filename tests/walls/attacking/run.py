"""One run: asks, judges, counts, and keeps what was answered wrongly with its request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from django.urls import Resolver404, resolve

from tests.walls.addresses import Address, Place, addresses
from tests.walls.attacking.browser import links
from tests.walls.attacking.expected import BEHIND_A_LINK, Wanted, status
from tests.walls.attacking.people import Somebody, offered
from tests.walls.calling import Answer
from tests.walls.sweeping import NOWHERE, headers
from tests.walls.verdicts import PROGRAMS, complaint, verdict
from tests.walls.world import Person

#: In which a case may be when nobody is told: what a stranger gets is the same in each.
SOME_STATUS = "negotiating"
#: Seconds between two lines about the progress.
TOLD_EVERY = 20


@dataclass
class Tally:
    probes: Counter[str] = field(default_factory=Counter)
    #: Answered with 429: the limit is the right answer.
    limited: Counter[str] = field(default_factory=Counter)
    #: Answered with 503, twice: the portal had no time, and said nothing that could be judged.
    busy: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    #: What could not be tried, and why.
    left_out: list[str] = field(default_factory=list)

    def table(self) -> str:
        kinds = [*self.probes, "all"]
        rows = [("kind", "probes", "right", "of them 429", "wrong", "busy (503)")]
        for kind in kinds:
            names = list(self.probes) if kind == "all" else [kind]
            n, limited, busy = (
                sum(counter[name] for name in names) for counter in (self.probes, self.limited, self.busy)
            )
            wrong = sum(len(self.wrong.get(name, [])) for name in names)
            rows.append((kind, *(f"{cell:,}" for cell in (n, n - wrong - busy, limited, wrong, busy))))
        width = max(len(row[0]) for row in rows)
        return "\n".join(f"{row[0]:<{width}} " + " ".join(f"{cell:>12}" for cell in row[1:]) for row in rows)

    @property
    def n_wrong(self) -> int:
        return sum(map(len, self.wrong.values()))


class Attack:
    """``share``: of everything that could be asked, so much is, by the dice. ``say`` gets each line of progress."""

    outsider = Person("nobody", frozenset({"anyone"}), is_out=True)
    consumer = Person("consumer", frozenset({"consumer"}))

    def __init__(
        self,
        origin: str,
        people: list[Somebody],
        nobody: Somebody,
        *,
        share: float,
        seed: int,
        say: Callable[[str], Any],
    ) -> None:
        self.origin, self.people, self.nobody, self.share, self.say = origin, people, nobody, share, say
        self.dice = Random(seed)
        self.tally = Tally()
        self._nowhere: dict[str, Answer] = {}
        self._told = time.monotonic()

    @property
    def everybody(self) -> list[Somebody]:
        return [self.nobody, *self.people]

    @cached_property
    def addresses(self) -> dict[str, Address]:
        return {address.name: address for address in addresses()}

    @cached_property
    def demo_key(self) -> str:
        """What the button of the first person who is offered for one click sends."""
        return next(iter(offered(self.origin).values()), ("", ""))[1]

    def address_of(self, path: str) -> Address | None:
        try:
            return self.addresses.get(resolve(path).view_name)
        except Resolver404:
            return None

    def some(self, things: list[Any], most: int) -> list[Any]:
        """As many of these as the run is large, by the dice; at least one where there is one."""
        return self.dice.sample(things, min(len(things), max(1, round(most * self.share))))

    def begin(self, kind: str) -> None:
        self.say(f"{kind} …")

    def probe(
        self,
        kind: str,
        who: Somebody,
        method: str,
        path: str,
        wanted: Wanted,
        data: Mapping[str, str] | bytes | None = None,
        **how: Any,
    ) -> Answer:
        """Ask once, and judge the answer: by ``wanted``, and by what holds for every answer."""
        answer = who.browser.call(method, path, data, **how)
        if answer.status == 503:
            answer = who.browser.call(method, path, data, **how)
        wrong = ""
        if answer.status == 429:
            self.tally.limited[kind] += 1
        elif answer.status == 503:
            self.tally.busy[kind] += 1
        else:
            wrong = self._always(answer, who) or wanted(answer)
        shown = f" {dict(data)}" if isinstance(data, Mapping) and data else ""
        more = "".join(f" {name}={value!r}" for name, value in how.items())
        self.note(kind, wrong and f"{who.name}: {method} {path}{shown}{more}: {wrong}")
        return answer

    def note(self, kind: str, wrong: str) -> None:
        """One probe more; ``wrong`` says what was asked and what is wrong with the answer, if anything is."""
        tally = self.tally
        tally.probes[kind] += 1
        if wrong:
            tally.wrong.setdefault(kind, []).append(wrong)
            self.say(f"WRONG {wrong[:300]}")
        if time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            self.say(f"  {tally.probes.total():,} probes, {tally.n_wrong} answered wrongly")

    def _always(self, answer: Answer, who: Somebody) -> str:
        if answer.status >= 500:
            return f"{answer.status}"
        if answer.headers.get("Content-Type") == "text/html":
            # The web server refused it before anything of ours saw it.
            return status(400, 501, 505)(answer)
        return "; ".join(headers(answer, is_somebodys=not who.is_out))

    # By permissions.csv.

    def verdict(self, address: Address, method: str, person: Person) -> str:
        return verdict(address, method, person, SOME_STATUS)

    def by_permissions(
        self, kind: str, who: Somebody, method: str, place: Place, person: Person, data: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask; right is what permissions.csv says of ``person``, and for what is not theirs nobody can tell it from
        what does not exist."""
        is_behind_a_link = place.address.name.startswith(BEHIND_A_LINK) and place.address.names_something
        result = "elsewhere" if is_behind_a_link else self.verdict(place.address, method, person)
        baseline = self._baseline(result, place, method, who)

        def judged(answer: Answer) -> str:
            if is_behind_a_link and (answer.status == 200 or (baseline and answer.compared() != baseline.compared())):
                return f"{answer.status}, and another answer than for what does not exist"
            place_is = replace(place, is_there=False) if is_behind_a_link else place
            return complaint(place_is, method, person, SOME_STATUS, answer, baseline)

        return self.probe(kind, who, method, place.path, judged, data)

    def _baseline(self, result: str, place: Place, method: str, who: Somebody) -> Answer | None:
        if result == "404" and not place.address.name.startswith(PROGRAMS):
            if who.name not in self._nowhere:
                self._nowhere[who.name] = who.browser.get(NOWHERE)
            return self._nowhere[who.name]
        if result in {"elsewhere", "sign_in", "404"} and place.address.names_something:
            answer = who.browser.call(method, place.missing)
            return None if answer.status == 429 else answer
        return None

    # What pages lead to.

    def harvest(self, who: Somebody, answer: Answer) -> None:
        """Keep every address of this page that names something."""
        for path in links(answer):
            if found := self.read(path):
                who.seen[found[0].name].add(path)

    def read(self, path: str) -> tuple[Address, dict[str, str]] | None:
        """The address that a path is, with its values; None for one of no page, or that names nothing."""
        try:
            match = resolve(path)
        except Resolver404:
            return None
        address = self.addresses.get(match.view_name)
        if address is None or not address.names_something:
            return None
        return address, {name: str(match.kwargs[name]) for name in address.parameters}

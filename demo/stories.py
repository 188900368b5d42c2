"""What will become of each case if nothing else happens: drawn once, from the seed and the case's own number.

A story only says how people are inclined; the verbs and the clocks decide what comes of it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from complaints.procedure.workflow import Status
from demo.people import Consumer
from demo.texts import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Story:
    """The inclinations of everybody in one case.

    ``stays_at``: at this status nobody acts any more. ``is_prompt``: nobody lets anything lie.
    ``leaves`` is (status, step): the consumer's own way out of the enterprise's side.
    """

    path: str = "enterprise"
    enterprise: str = "answers"
    leaves: tuple[str, str] = ("", "")
    settle: str = "offer"
    rounds: int = 0
    asks: int = 0
    answer: str = "accept"
    takes_back: bool = False
    improves: bool = False
    promises: bool = True
    keeps: str = "kept"
    onward: bool = True
    authority: str = "accept"
    mediation: str = "agreement"
    gives_consent: bool = True
    objects: bool = False
    refers: bool = False
    is_instructed: bool = False
    publishes: bool = False
    stays_at: str = ""
    is_prompt: bool = False


def draw(rng: Random, weights: dict[T, int]) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def a_story(rng: Random, *, path: str) -> Story:
    """The usual mixture: most settle, some fall silent, some go on to the authority."""
    chance = rng.random
    leaves = draw(
        rng,
        {
            ("", ""): 88,
            ("with_enterprise", "withdraw"): 2,
            ("negotiating", "withdraw"): 2,
            ("with_enterprise", "stop_negotiating"): 1,
            ("negotiating", "stop_negotiating"): 3,
            ("awaiting_consumer", "stop_negotiating"): 2,
            ("awaiting_consumer", "withdraw"): 2,
        },
    )
    story = Story(
        path=path,
        enterprise=draw(
            rng, {"answers": 88, "silent": 3, "wrong_branch": 2, "wrong_entity": 2, "not_customer": 2, "asks_return": 3}
        ),
        leaves=leaves,
        settle=draw(
            rng, {"offer": 84, "fails": 7, "unreachable": 2, "elsewhere_consumer": 3, "elsewhere_enterprise": 2}
        ),
        rounds=draw(rng, {0: 66, 1: 27, 2: 7}),
        asks=draw(rng, {0: 80, 1: 17, 2: 3}),
        answer=draw(
            rng,
            {
                "accept": 74,
                "part_give_up": 6,
                "part_go_on": 3,
                "part_regulator": 2,
                "silent": 12,
                "late_yes": 2,
                "late_no": 1,
            },
        ),
        takes_back=chance() < 0.04,
        improves=chance() < 0.05,
        promises=chance() < 0.82,
        keeps=draw(
            rng, {"kept": 72, "late": 4, "silent": 8, "disputed": 4, "never": 3, "broken": 2, "waived": 2, "redated": 2}
        ),
        onward=chance() < 0.72,
        authority=draw(
            rng,
            {
                "accept": 56,
                "material": 14,
                "none": 3,
                "unanswered": 3,
                "refuse": 12,
                "redirect": 3,
                "back": 3,
                "supervise": 6,
            },
        ),
        mediation=draw(
            rng,
            {
                "agreement": 40,
                "at_once": 12,
                "terminate": 20,
                "declined": 8,
                "appraisal": 6,
                "recusal": 4,
                "delegate": 6,
                "withdraw": 4,
            },
        ),
        gives_consent=chance() < 0.7,
        objects=chance() < 0.25,
        refers=chance() < 0.3,
        is_instructed=chance() < 0.03,
        publishes=chance() < 0.3,
    )
    return replace(story, onward=True) if story.answer in ("part_go_on", "part_regulator") else story


#: (working days before the end on which it is filed, what is different from the plainest story).
WANTED: tuple[tuple[int, dict[str, Any]], ...] = (
    (50, {}),
    (48, {"answer": "part_give_up"}),
    (46, {"answer": "silent", "onward": False}),
    (45, {"keeps": "silent"}),
    (44, {"settle": "elsewhere_consumer"}),
    (43, {"settle": "fails", "onward": False, "refers": False}),
    (42, {"settle": "fails", "mediation": "agreement"}),
    (40, {"settle": "fails", "mediation": "at_once"}),
    (39, {"settle": "fails", "mediation": "terminate", "objects": True}),
    (38, {"path": "left", "authority": "refuse", "objects": True}),
    (37, {"path": "consultation"}),
    (36, {"leaves": ("negotiating", "withdraw")}),
    (55, {"settle": "fails", "mediation": "agreement", "keeps": "broken"}),
    (34, {"keeps": "redated"}),
    (33, {"keeps": "disputed"}),
    (32, {"enterprise": "wrong_entity"}),
    (31, {"enterprise": "silent"}),
    (30, {"answer": "late_yes", "onward": False}),
    (2, {"stays_at": Status.WITH_ENTERPRISE}),
    (3, {"stays_at": Status.NEGOTIATING}),
    (4, {"stays_at": Status.AWAITING_CONSUMER}),
    (5, {"stays_at": Status.PERFORMING}),
    (3, {"path": "left", "stays_at": Status.REVIEW}),
    (3, {"path": "left", "authority": "material", "stays_at": Status.AWAITING_MATERIAL}),
    (8, {"path": "left", "stays_at": Status.MEDIATING}),
    (16, {"path": "left", "stays_at": Status.MEDIATING}),
    (9, {"path": "left", "mediation": "appraisal", "stays_at": Status.MEDIATION_SUSPENDED}),
    (1, {"path": "left", "stays_at": Status.TRIAGE}),
)


def wanted_story(changes: dict[str, Any]) -> Story:
    return replace(Story(is_prompt=True), **changes)


@dataclass(slots=True)
class Case:
    """One case of the demonstration as its people remember it. ``facts`` is what they have done so far."""

    nth: int
    story: Story
    rng: Random
    consumer: Consumer
    problem: Problem
    demands: tuple[tuple[str, Decimal | None], ...]
    named: str = ""
    pk: int = 0
    status: str = ""
    outcome: str = ""
    enterprise_id: int | None = None
    branch_id: int | None = None
    handler_id: int | None = None
    authority_id: int = 0
    region_id: int = 0
    picked_id: int | None = None
    seen: tuple[str, datetime | None, str] = ("", None, "")
    wake: datetime | None = None
    is_over: bool = False
    facts: dict[str, int] = field(default_factory=dict)

    def times(self, what: str) -> int:
        return self.facts.get(what, 0)

    def did(self, what: str) -> None:
        self.facts[what] = self.times(what) + 1

    def first(self, what: str) -> bool:
        """True once."""
        self.did(what)
        return self.facts[what] == 1

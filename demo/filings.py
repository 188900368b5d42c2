"""Who complains about what on which day, hot spots included, and what becomes of it if nothing else happens."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from authorities.models import Region
from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import Calendar
from complaints.stations import posters
from demo import texts
from demo.people import Cast, Consumer
from demo.texts import PROBLEMS, Problem
from enterprises.models import Branch, Brand, Enterprise

ODDS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("odds.toml").read_text(encoding="utf-8"))
COUNTIES: dict[str, int] = ODDS["counties"]
MARKET = {texts.MOBILE: 50, texts.TELECOM: 31, texts.UNICOM: 19}
BRANDS = {texts.MOBILE: "中国移动", texts.TELECOM: "中国电信", texts.UNICOM: "中国联通", texts.RONGMU: "榕木"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One complaint before it is written: when, and what is fixed beforehand."""

    tick: int
    enterprise: str = ""
    problem: Problem | None = None
    county: str = ""
    story: Story | None = None
    #: By telephone: an officer wrote it down.
    is_rung_in: bool = False


@dataclass(slots=True)
class Places:
    """Regions by code, and the townships that have an office."""

    counties: dict[str, int] = field(default_factory=dict)
    offices: dict[str, list[int]] = field(default_factory=dict)
    brands: dict[str, int] = field(default_factory=dict)
    #: Of an enterprise: its code, and the branches where its posters hang.
    codes: dict[str, str] = field(default_factory=dict)
    branches: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def load(cls, cast: Cast) -> Places:
        regions = Region.objects.filter(code__in=COUNTIES)
        places = cls({region.code: region.pk for region in regions})
        for region in Region.objects.filter(pk__in=cast.offices).order_by("code"):
            places.offices.setdefault(region.code[:6], []).append(region.pk)
        places.brands = {brand.name: brand.pk for brand in Brand.objects.all()}
        places.codes = {name: code for name, code in Enterprise.objects.values_list("name", "uscc") if code}
        for name, branch in Branch.objects.order_by("pk").values_list("enterprise__name", "pk"):
            places.branches.setdefault(name, []).append(branch)
        return places

    def source(self, form: str, enterprise: str, nth: int) -> str:
        """A sheet or card of the enterprise, of one of its branches or of all; most came without one."""
        if not form or enterprise not in self.codes:
            return ""
        where = [None, *self.branches.get(enterprise, ())]
        return posters.Poster(self.codes[enterprise], form, where[nth % len(where)]).source


def plans(*, rng: Random, cases: int, ticks: Sequence[datetime], calendar: Calendar) -> list[Plan]:
    """Every complaint of the run in the order of filing."""
    days = [calendar.local_day(tick) for tick in ticks]
    last = days[-1]
    results = [_wanted(days, calendar, number, changes) for number, changes in WANTED]
    results += _hot_spots(rng, days, last, share=cases / 2000)
    weights = [(1.0 if calendar.is_working(day) else 0.6) * (1 + 0.4 * nth / len(days)) for nth, day in enumerate(days)]
    usual = rng.choices(range(len(ticks)), weights=weights, k=max(0, cases - len(results)))
    results += [Plan(tick) for tick in usual]
    return sorted(results, key=lambda plan: plan.tick)


def _wanted(days: Sequence[date], calendar: Calendar, number: int, changes: dict[str, object]) -> Plan:
    day = days[-1]
    while number:
        day -= timedelta(days=1)
        number -= calendar.is_working(day)
    tick, story = min(bisect_left(days, day), len(days) - 1), wanted_story(changes)
    return Plan(tick, county="350102", enterprise=texts.MOBILE, problem=PROBLEMS[0], story=story)


def _hot_spots(rng: Random, days: Sequence[date], last: date, *, share: float) -> list[Plan]:
    """A week without broadband in one district, a gym chain that goes down, a day of wrong prices, a promotion of these
    days."""
    broadband = next(p for p in PROBLEMS if p.code == "telecom.broadband.repair")
    gym = next(p for p in PROBLEMS if p.enterprises == (texts.RANDONG,) and p.code == "contract")
    price = next(p for p in PROBLEMS if p.code == "price")

    def tick(before: float) -> int:
        day = last - timedelta(days=int(before))
        return min(bisect_left(days, day), len(days) - 1)

    outage = [Plan(tick(rng.uniform(26, 33)), texts.TELECOM, broadband, "350104") for _ in range(round(64 * share))]
    # The older, the rarer: the square root bends the spread towards today.
    closing = [
        Plan(tick(56 * (1 - rng.random() ** 0.5)), texts.RANDONG, gym, rng.choice(["350102", "350103", "350104"]))
        for _ in range(round(76 * share))
    ]
    one_day = [Plan(tick(14), texts.MINTAO, price) for _ in range(round(26 * share))]
    caught = round(22 * share)
    promotion = [Plan(tick(3 * nth / caught), texts.MOBILE, texts.PROMOTION, "350102") for nth in range(caught)]
    return outage + closing + one_day + promotion


def compose(
    plan: Plan, *, nth: int, seed: int, cast: Cast, places: Places, now: datetime, today: date
) -> tuple[Case, FilingRequest]:
    """The case and what is said when it is filed."""
    rng = Random(f"{seed}/{nth}")  # noqa: S311
    problem = plan.problem or draw(rng, {p: p.weight for p in PROBLEMS})
    enterprise = plan.enterprise or (
        draw(rng, {f: MARKET.get(f, 10) for f in problem.enterprises}) if problem.enterprises else ""
    )
    story = plan.story or a_story(rng, path=_path(rng, enterprise))
    consumer = _consumer(rng, cast, nth)
    county = plan.county or draw(rng, COUNTIES)
    amount = (Decimal(rng.randint(problem.least * 100, problem.most * 100)) / 100).quantize(Decimal("0.1"))
    kinds = rng.choice(problem.demands)
    demands = tuple((kind, amount if kind in ("refund", "damages") else None) for kind in kinds)
    title, statement = texts.statement(
        problem, rng=rng, amount=amount, month=(today.month - 2) % 12 + 1, language=consumer.user.language
    )
    if story.path == "consultation":
        title, statement = "咨询", rng.choice(texts.SENTENCES["consultations"])
    respondent, named = _respondent(rng, story, enterprise, cast, places)
    case = Case(nth, story, rng, consumer, problem, demands, named=named)
    disputed = today - timedelta(days=rng.randint(2, 60))
    request = FilingRequest(
        received_at=now,
        language=consumer.user.language,
        channel=draw(rng, {"web": 84, "counter": 6, "hotline": 10}),
        source=places.source(draw(rng, {"": 80, posters.A4: 12, posters.A6: 8}), enterprise, nth),
        respondents=(respondent,),
        service_region_id=_region(rng, story, county, places),
        object_kind=problem.category.partition(".")[0],
        object_category=problem.category,
        problem_category=problem.code,
        item_name=title,
        amount=amount,
        is_online=problem.category == texts.CATEGORY_INTERNET,
        disputed_on=disputed,
        disputed_on_is_approximate=rng.random() < 0.3,
        order_no=f"DEMO-{nth:06}" if problem.category == texts.CATEGORY_INTERNET else "",
        answers=(
            {"service_number": consumer.phone.removeprefix("+86")} if problem.category == texts.CATEGORY_TELECOM else {}
        ),
        statement=statement,
        has_contacted=rng.random() < 0.7,
        demands=tuple(DemandRequest(kind=kind, amount=money) for kind, money in demands),
        consumer_id=consumer.user.pk if story.path != "unverified" else None,
        consumer_name=consumer.user.name,
        consumer_phone=consumer.phone,
        consumer_email=consumer.user.email or "",
        consumer_address=f"福州市演示路{rng.randint(1, 300)}号",
        contact_verified=story.path != "unverified",
        reply_by=draw(rng, {"phone": 6, "sms": 3, "email": 1}),
        need_help=("elder",) if rng.random() < 0.06 else (),
        consents={
            "share_with_enterprise": story.path not in ("left", "consultation"),
            "pass_to_regulator": story.onward,
            "publish_masked": rng.random() < 0.4,
            "delegated_mediation": True,
            "pause_for_settlement": True,
        },
        consent_version="2026-11",
    )
    if plan.is_rung_in:
        recording = {"how": "call", "proof": f"LY-{today:%Y}-00001"}
        actor = replace(consumer.actor, channel="phone", recorded_by=cast.intake[0], recording=recording)
        return replace(case, consumer=replace(consumer, actor=actor)), replace(
            request, channel="phone", is_at_authority=True, contact_verified=True, consumer_id=consumer.user.pk
        )
    if story.path == "unverified":
        case.consumer = replace(consumer, actor=replace(consumer.actor, user_id=None))
    if story.path == "unverified" and (plan.story is not None or nth % 2):
        case.unproven = consumer
    elif story.path == "unverified":
        # The telephone was never proven: nobody can be reached, so nobody answers.
        case.story = replace(story, enterprise="answers", leaves=("", ""), answer="silent", asks=0, rounds=0)
        case.story = replace(case.story, improves=False, authority="refuse", objects=False, publishes=False)
    return case, request


def _path(rng: Random, enterprise: str) -> str:
    if not enterprise or enterprise in (texts.HAOLINLI, texts.DRIVING, texts.TRAVEL):
        return draw(rng, {"named": 8, "left": 2})
    return draw(rng, {"enterprise": 90, "left": 6, "consultation": 2, "brand": 8, "unverified": 2})


def _consumer(rng: Random, cast: Cast, nth: int) -> Consumer:
    """Most file once; the two consumers of the cast come back now and then."""
    if nth % 97 == 3:
        return cast.consumers[0]
    if nth % 131 == 5:
        return cast.consumers[1]
    return cast.consumers[2 + rng.randrange(len(cast.consumers) - 2)]


def _respondent(
    rng: Random, story: Story, enterprise: str, cast: Cast, places: Places
) -> tuple[RespondentRequest, str]:
    if story.path in ("left", "consultation"):
        return RespondentRequest(), ""
    if story.path == "named" and not enterprise:
        shop = rng.choice(texts.SENTENCES["shops"])
        return RespondentRequest(named=shop, address=f"福州市样例街{rng.randint(1, 90)}号"), shop
    if story.path == "named" and rng.random() < 0.5:
        return RespondentRequest(named=enterprise.partition("（")[0]), enterprise
    if story.path == "brand" and enterprise in BRANDS:
        return RespondentRequest(brand_id=places.brands[BRANDS[enterprise]]), ""
    return RespondentRequest(enterprise_id=cast.enterprises[enterprise].pk), ""


def _region(rng: Random, story: Story, county: str, places: Places) -> int:
    """What is left to the authority often names the street, so that its office gets it."""
    offices = places.offices.get(county, [])
    if story.path in ("left", "named") and offices and story.stays_at == "" and rng.random() < 0.6:
        return rng.choice(offices)
    return places.counties[county]


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
    does_first: bool = False
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
    #: Grants nothing; grants money in two obligations; an offer as of former days, which promises less than it grants.
    refuses: bool = False
    in_parts: bool = False
    is_former: bool = False


def draw(rng: Random, weights: dict[T, int]) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def a_story(rng: Random, *, path: str) -> Story:
    """The usual mixture: most settle, some fall silent, some go on to the authority."""
    drawn: dict[str, Any] = {
        name: draw(rng, odds) if isinstance(odds, dict) else rng.random() < odds for name, odds in ODDS["story"].items()
    }
    drawn |= {"leaves": tuple(drawn["leaves"].split(",")), "rounds": int(drawn["rounds"]), "asks": int(drawn["asks"])}
    story = Story(path=path, **drawn)
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
    (29, {"path": "unverified"}),
    (28, {"refuses": True}),
    (4, {"refuses": True, "stays_at": Status.AWAITING_CONSUMER}),
    (27, {"in_parts": True}),
    (26, {"is_former": True}),
    (25, {"is_former": True}),
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
    #: Who has yet to prove the number of the case.
    unproven: Consumer | None = None
    facts: dict[str, int] = field(default_factory=dict)

    def times(self, what: str) -> int:
        return self.facts.get(what, 0)

    def did(self, what: str) -> None:
        self.facts[what] = self.times(what) + 1

    def first(self, what: str) -> bool:
        """True once."""
        self.did(what)
        return self.facts[what] == 1

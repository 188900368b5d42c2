"""Who complains about what on which day, hot spots included.

Everything is drawn from the seed, so the same seed gives the same complaints.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from authorities.models import Region
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest
from complaints.procedure.working_calendar import Calendar
from complaints.stations import posters
from demo import texts
from demo.people import Cast, Consumer
from demo.stories import WANTED, Case, Story, a_story, draw, wanted_story
from demo.texts import PROBLEMS, Problem
from enterprises.models import Branch, Brand, Enterprise

COUNTIES = {
    "350102": 20,
    "350104": 22,
    "350111": 16,
    "350103": 11,
    "350121": 12,
    "350181": 9,
    "350112": 7,
    "350105": 5,
    "350122": 4,
    "350123": 2,
    "350124": 2,
    "350125": 2,
    "350128": 3,
}
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
    return Plan(
        min(bisect_left(days, day), len(days) - 1),
        county="350102",
        enterprise=texts.MOBILE,
        problem=PROBLEMS[0],
        story=wanted_story(changes),
    )


def _hot_spots(rng: Random, days: Sequence[date], last: date, *, share: float) -> list[Plan]:
    """A week without broadband in one district, a gym chain that goes down, a day of wrong prices, a promotion of these
    days.
    """
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
        return replace(case, consumer=replace(consumer, actor=_through(cast, consumer, today))), replace(
            request, channel="phone", is_at_authority=True, contact_verified=True, consumer_id=consumer.user.pk
        )
    if story.path == "unverified":
        # The telephone was never proven: nobody can be reached, so nobody answers.
        case.consumer = replace(consumer, actor=replace(consumer.actor, user_id=None))
        case.story = replace(
            story,
            enterprise="answers",
            leaves=("", ""),
            answer="silent",
            asks=0,
            rounds=0,
            improves=False,
            authority="refuse",
            objects=False,
            publishes=False,
        )
    return case, request


def _through(cast: Cast, consumer: Consumer, today: date) -> Actor:
    """What this person says on the telephone, in the hand of the intake."""
    return replace(
        consumer.actor,
        channel="phone",
        recorded_by=cast.intake[0],
        recording={"how": "call", "proof": f"LY-{today:%Y}-00001"},
    )


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

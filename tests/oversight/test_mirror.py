"""An enterprise's own mirror: each number opens a list of that length, and nobody sees another's."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Engagement, RootCause
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from enterprises.models import Branch, Enterprise, PublishedFigure, Staff
from oversight import letters
from oversight.counters import making
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.mirror import mirror
from tests import found_in
from tests.cast import World
from tests.given import BECAUSE, a_complaint, a_request, an_offer, step
from tests.oversight.counters.test_rollups import WHOLE, patient, walk
from tests.oversight.slow_count import local
from tests.oversight.worlds import CHANNELS, PROBLEMS, Walk

pytestmark = pytest.mark.django_db
__all__ = ["patient", "walk"]
#: Three more than where nothing waits to be folded.
STATEMENTS = 26
PAGE = "/enterprise/performance/"
SignIn = Callable[[User], Client]
MONTH = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=timezone.get_fixed_timezone(480))


@pytest.fixture
def signed_in() -> SignIn:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return enter


def measure(world: World, *, now: datetime, branches: frozenset[int] | None = None) -> Any:
    return Measure(
        Scope(enterprise_id=world.mobile.pk, branch_ids=branches, is_own=True), MONTH, now, current_calendar()
    )


@pytest.fixture
def november(world: World) -> dict[str, Any]:
    """One settled with a promise kept, one failed on its last day, one open and late, one waiting, one come again."""
    cases = {}
    cases["settled"] = a_complaint(world, status=S.PERFORMING, now=at(3))
    step(cases["settled"], enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, at(5))
    step(cases["settled"], consumer.confirm_performed(obligations=[1]), world.consumer, at(6))
    cases["failed"] = a_complaint(world, status=S.NEGOTIATING, now=at(4))
    step(cases["failed"], enterprise.log_contact(channel="phone", reached=True, note="说不通"), world.handler, at(5))
    # Delivered on the 4th: the tenth working day is the 18th.
    move = enterprise.report_failure(reason="no_agreement", text="多次沟通，金额谈不拢。")
    step(cases["failed"], move, world.handler, at(18))
    cases["late"] = a_complaint(world, status=S.NEGOTIATING, now=at(5))
    cases["waiting"] = a_complaint(world, status=S.NEGOTIATING, now=at(25))
    step(cases["waiting"], an_offer(due_on=date(2026, 12, 20)), world.handler, at(25, 11))
    return cases


def test_the_numbers_are_those_of_the_rows(world: World, november: dict[str, Any]) -> None:
    was = mirror.reflected(measure(world, now=at(30, 12)))
    assert {name: n for name, n in was.counts.items() if n} == {
        "delivered": 4,
        "settled": 1,
        "failed": 1,
        "in_time": 2,
        "open_late": 1,
        "responded": 3,
        "unanswered": 1,
        "again": 3,
        "offered": 1,
        "ended": 2,
        "ended_last_day": 1,
        "promises_kept": 1,
        "untagged": 2,
    }
    assert (was.confirmed, was.upper, was.on_time) == (0.5, 0.5, 2 / 3)
    # Each length that the median is of has its case in the list.
    assert (was.kept.n, was.response.n) == (1, was.counts["responded"])
    # Counted again, slowly.
    ended = [e for e in Engagement.objects.all() if e.until_at and local(e.until_at).month == 11]
    assert was.counts["ended"] == len(ended)
    assert not any(mirror.reflected(mirror.before(measure(world, now=at(30, 12)))).counts.values())


def test_an_offer_on_the_last_day_is_seen(world: World) -> None:
    case = a_complaint(world, status=S.NEGOTIATING, now=at(4))
    step(case, an_offer(due_on=date(2026, 12, 20)), world.handler, at(18))
    step(case, consumer.accept_offer(), world.consumer, at(19))
    step(case, enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, at(19, 11))
    step(case, consumer.confirm_performed(obligations=[1]), world.consumer, at(20))
    counts = mirror.reflected(measure(world, now=at(27))).counts
    assert (counts["offered_last_day"], counts["offered"], counts["ended_last_day"]) == (1, 1, 0)


def test_linked_cases_and_long_ago_are_no_repetition(world: World) -> None:
    a_complaint(world, status=S.NEGOTIATING, now=at(1, month=8))
    first, second = (a_complaint(world, status=S.NEGOTIATING, now=at(4, hour)) for hour in (9, 10))
    assert mirror.reflected(measure(world, now=at(27))).counts["again"] == 1
    first.linked_group = second.linked_group = "7f1c2a34-0000-4000-8000-000000000001"
    for case in (first, second):
        case.save(update_fields=["linked_group"])
    assert mirror.reflected(measure(world, now=at(27))).counts["again"] == 0


def test_counters_say_what_the_lists_say(walk: Walk) -> None:
    """Of each enterprise, folded or not, of all of it and of one problem or channel; over a whole year and up to a day
    in the middle.
    """
    calendar, some = current_calendar(), 0
    for _is_folded in (False, True):
        for side in walk.sides:
            for which in ({}, {"category": PROBLEMS[0]}, {"channel": CHANNELS[1]}):
                for period in (WHOLE, Period(first=WHOLE.first, last=walk.now.date() - timedelta(days=5))):
                    asked = Measure(
                        Scope(enterprise_id=side.enterprise.pk, is_own=True, **which), period, walk.now, calendar
                    )
                    result = mirror.reflected(asked)
                    assert result.counts == mirror.counted(asked), (which, period)
                    assert result.kept == figures.kept_figure(asked)
                    spread = figures.lengths(asked, "first_contact_at")
                    assert result.response.n == spread.n
                    if spread.n:
                        assert result.response.spread["minutes_median"] == pytest.approx(
                            spread.values["minutes_median"], rel=0.049
                        )
                    some += sum(result.counts.values())
        making.rebuild(now=walk.now)
    assert some > 100


def test_every_number_opens_a_list_of_that_length(world: World, november: dict[str, Any], signed_in: SignIn) -> None:
    step(november["failed"], enterprise.tag_cause(cause="billing_error"), world.handler, timezone.now())
    browser = signed_in(world.lead)
    page = browser.get(f"{PAGE}?first=2026-11-01&last=2026-11-30").content.decode()
    # One press away: not folded up.
    open_to_see = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    links = re.findall(r'<a[^>]*href="(/enterprise/performance/cases/\?[^"]+)"[^>]*>\s*([\d,]+)', open_to_see)
    assert len(links) >= 10, page
    for address, n in links:
        shown = browser.get(address.replace("&amp;", "&")).content.decode()
        assert len(re.findall(r'<th role="rowheader"', shown)) == int(n), address
    assert "多收费" in page or "计费" in page
    assert "list=ended&amp;problem=" in page
    case = november["failed"]
    [tagged] = [a for a, _n in links if "cause=billing_error" in a]
    assert f"/enterprise/cases/{case.number}/" in browser.get(tagged.replace("&amp;", "&")).content.decode()


def test_what_went_to_another_enterprise_stays_counted_with_the_one_that_had_it(
    world: World, november: dict[str, Any], signed_in: SignIn
) -> None:
    """Before a fold has seen it move as well as after."""
    case = a_complaint(
        world,
        status=S.WITH_ENTERPRISE,
        now=at(25, 12),
        consents={**a_request(world).consents, "entities": [world.mobile.pk, world.telecom.pk]},
    )
    making.rebuild(now=timezone.now())
    step(case, enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk), world.handler, at(25, 14))
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=BECAUSE)
    step(case, move, world.intake, at(25, 16))
    query = "?first=2026-11-01&last=2026-11-30"
    for _is_folded in (False, True):
        for who in (world.lead, world.hua):
            browser = signed_in(who)
            page = re.sub(r"<details.*?</details>", "", browser.get(f"{PAGE}{query}").content.decode(), flags=re.DOTALL)
            links = re.findall(r'<a[^>]*href="(/enterprise/performance/cases/\?[^"]+)"[^>]*>\s*([\d,]+)', page)
            for address, n in links:
                shown = browser.get(address.replace("&amp;", "&")).content.decode()
                assert len(re.findall(r'<th role="rowheader"', shown)) == int(n), (who, address)
            assert any(
                ("list=returned" if who == world.lead else "list=delivered") in address for address, _n in links
            ), who
        making.rebuild(now=timezone.now())


def test_a_branch_sees_its_own_and_another_firm_nothing(
    world: World, november: dict[str, Any], signed_in: SignIn
) -> None:
    other = (
        Branch.objects.filter(enterprise=world.mobile)
        .exclude(pk=world.fuzhou.pk)
        .exclude(pk__in=[b.pk for b in Branch.objects.filter(parent=world.fuzhou)])
        .exclude(children__isnull=False)
        .first()
    )
    assert other is not None
    Engagement.objects.filter(complaint=november["late"]).update(branch=other)
    query = "?first=2026-11-01&last=2026-11-30&list=delivered"
    for who, n in ((world.ming, 3), (world.lead, 4), (world.hua, 0)):
        shown = signed_in(who).get(f"{PAGE}cases/{query}").content.decode()
        assert len(re.findall(r'<th role="rowheader"', shown)) == n, who
    assert signed_in(world.chen).get(PAGE).status_code == 404
    assert signed_in(world.rui).get(PAGE).status_code == 404
    assert signed_in(world.lead).get(f"{PAGE}cases/?list=everything").status_code == 404


def test_others_are_shown_as_a_median_and_never_one_by_one(world: World, signed_in: SignIn) -> None:
    day = timezone.localdate()
    enterprises = [world.mobile, *(Enterprise.objects.create(name=f"同行{n}") for n in range(3))]

    def published(enterprise: Enterprise, settled: int, **more: Any) -> None:
        PublishedFigure.objects.create(
            enterprise=enterprise,
            category="telecom.fees.unclear_rules",
            day=day,
            formula=1,
            ended=40,
            settled=settled,
            unconfirmed=0,
            median_days=5,
            promised=30,
            kept=15,
            **more,
        )

    for carrier, settled in zip(enterprises[:3], (20, 10, 30), strict=True):
        published(carrier, settled)
    [line] = mirror.compared(world.mobile.pk, on=day)
    assert (line.confirmed, line.others, line.confirmed_others) == (50.0, 2, None)
    assert "同行2家，不足3家，没有中位数" in signed_in(world.lead).get(PAGE).content.decode()
    published(enterprises[3], 36)
    [line] = mirror.compared(world.mobile.pk, on=day)
    assert (line.others, line.confirmed_others, line.days_others) == (3, 75.0, 5.0)
    page = signed_in(world.lead).get(PAGE).content.decode()
    assert "75.0%" in page
    assert not found_in(page, "没有中位数", "同行1")


def test_what_nobody_can_ask_names_the_field_and_each_page_costs_few_statements(
    world: World, signed_in: SignIn, november: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(world.lead)
    for query in (
        *("first=1999-01-01", "first=2026-12-31&last=2026-01-01", "first=x", "category=nothing"),
        *("channel=pigeon", "period=always"),
    ):
        answer = browser.get(f"{PAGE}?{query}")
        assert answer.status_code == 200
        assert 'class="error-summary"' in answer.content.decode(), query
    browser.get(PAGE)
    with django_assert_max_num_queries(70):
        browser.get(PAGE)
    with django_assert_max_num_queries(16):
        browser.get(f"{PAGE}cases/?list=delivered&first=2026-11-01&last=2026-11-30")
    browser.get(PAGE)
    with CaptureQueriesContext(connection) as seen:
        browser.get(PAGE)
    assert len(seen) <= STATEMENTS, [query["sql"][:90] for query in seen]


def test_the_summary_of_a_month_goes_to_each_head_once(world: World, november: dict[str, Any]) -> None:
    RootCause.objects.create(
        complaint=november["failed"],
        enterprise=world.mobile,
        cause="billing_error",
        at=at(19),
        engagement=Engagement.objects.get(complaint=november["failed"]),
    )
    Enterprise.objects.filter(~Q(pk=world.mobile.pk)).update(enrolment="not_enrolled")
    assert Staff.objects.filter(user=world.lead, branch=None).exists()
    first = datetime(2026, 12, 1, 7, 59, tzinfo=timezone.get_fixed_timezone(480))
    assert letters.sweep_summaries(now=first) == 0
    assert letters.sweep_summaries(now=first + timedelta(minutes=1)) == 1
    assert letters.sweep_summaries(now=first + timedelta(days=20)) == 0
    [letter] = OutgoingMessage.objects.all()
    assert letter.address == "lead@example.com"
    assert "收到4件，结束2件" in letter.body
    assert "/enterprise/performance/?first=2026-11-01&last=2026-11-30" in letter.body
    assert "陈试" not in letter.body
    assert letters.sweep_summaries(now=first + timedelta(days=32)) == 1


def test_a_firm_that_cannot_be_counted_keeps_nobody_from_a_summary(
    world: World, november: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = mirror.reflected
    first = Enterprise.objects.filter(enrolment="enrolled").exclude(pk=world.mobile.pk).order_by("pk").first()
    Enterprise.objects.exclude(pk__in=[first.pk, world.mobile.pk]).update(enrolment="not_enrolled")

    def counted(measure: Any) -> Any:
        if measure.scope.enterprise_id == first.pk:
            raise RuntimeError("too slow")
        return honest(measure)

    monkeypatch.setattr(mirror, "reflected", counted)
    now = at(1, 9, month=12)
    assert letters.sweep_summaries(now=now) == 1
    [letter] = OutgoingMessage.objects.all()
    assert letter.person_key == world.lead.person_key, "who is erased takes the letter along"
    monkeypatch.setattr(mirror, "reflected", honest)
    assert letters.sweep_summaries(now=now) == 1
    assert OutgoingMessage.objects.count() == 1

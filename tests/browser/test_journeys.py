"""The main journeys in a real browser, from the first screen of filing to the closed case.

Nobody calls a verb; people use pages, and the sweep stands for the worker.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from complaints.models import Complaint, HandlingStep
from complaints.pages.authority import urls
from complaints.pages.authority.pages import PAGES as AUTHORITY_PAGES
from complaints.pages.consumer import urls as urls_consumer
from complaints.pages.consumer.pages import PAGES as CONSUMER_PAGES
from complaints.pages.enterprise import urls as urls_enterprise
from complaints.pages.filing import urls as urls_filing
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from tests.browser.journey_stage import (
    Stage,
    accepted,
    answer_offer,
    offered,
    officer_of,
    opened,
    stage,
    status_of,
    stopped,
    talked,
    tells_all,
)

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status

KEPT = [
    "file",
    "forward",
    "accept_case",
    "log_contact",
    "ask_consumer",
    "add_statement",
    "make_offer",
    "ask_about_offer",
    "answer_question",
    "decline_offer",
    "make_offer",
    "accept_offer",
    "report_performed",
    "confirm_performed",
]
MISSING = "20260101-AAAAAAAAAAAA-A"


def settled(people: Stage) -> Complaint:
    """File, routed, accepted, question, offer, asked, declined, second offer, accepted, done, confirmed."""
    world, consumer = people.world, people.consumer
    case = people.filed()
    assert status_of(case) == S.WITH_ENTERPRISE
    consumer.page.reload()
    answering = world.fuzhou.name_en if people.language == "en" else world.fuzhou.name
    assert consumer.says(answering), "the receipt does not say to whom it went"
    consumer.look("receipt")
    consumer.follow(f"/cases/{case.number}/")
    assert consumer.says(answering)
    consumer.look("routed")

    staff = people.staff()
    assert staff.page.url.endswith("/enterprise/queue/")
    accepted(staff, case, world)

    talked(people, staff, case)
    staff.open(case.number)
    assert staff.says("9月3日，账单第二页有。")
    offered(staff, refund="80.00")
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "ask", text="另外一个月为什么不退？")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    staff.take("answer", lambda: staff.type("text", "那个月的扣费还在核对。"))
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "decline", text="三个月都是多扣的。", counter_demand="三个月一起退，共128.50元")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    assert staff.says("三个月一起退，共128.50元")
    offered(staff, refund="128.50", last_try=True)
    consumer.open(case.number)
    answer_offer(consumer, 2, "accept")
    assert consumer.page.url.endswith("/done/")
    assert consumer.says("128.50")
    assert status_of(case) == S.PERFORMING

    def performed() -> None:
        staff.page.locator("main input[name=obligations]").check()
        staff.type("channel", "原路退回")
        staff.type("proof", "退款流水 0001，今天 10:20")

    staff.open(case.number)
    staff.take("performed", performed)
    consumer.open(case.number)
    assert consumer.says("退款流水 0001，今天 10:20")
    consumer.take("performed", lambda: consumer.choose("answer-", "done"))
    consumer.look("confirmed")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.SETTLED)
    for person in (consumer, staff):
        opened(case, person)
        tells_all(person, case, KEPT)
    opened(case, consumer)

    def rated() -> None:
        for what in ("overall", "speed", "attitude"):
            consumer.choose(what, "5")

    consumer.take("rate", rated)
    consumer.look("rated")
    assert HandlingStep.objects.filter(complaint=case, step="rate").exists()
    return case


@pytest.mark.parametrize(
    ("width", "language"),
    [
        (360, "zh-hans"),
        pytest.param(360, "en", marks=pytest.mark.full),
        pytest.param(1280, "en", marks=pytest.mark.full),
    ],
)
def test_a_complaint_is_settled(stage: Callable[..., Stage], width: int, language: str) -> None:
    people = stage(width=width, language=language)
    case = settled(people)
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
    assert report.entries >= len(KEPT)
    if language == "zh-hans":
        nobody_else_sees(people, case)


@pytest.mark.full
def test_a_complaint_is_settled_without_javascript(stage: Callable[..., Stage]) -> None:
    settled(stage(javascript=False))


def addresses(case: Complaint) -> list[str]:
    """Every address of a case, with every name that may stand in it."""
    offers = [str(offer.number) for offer in case.offers.all()]
    files = [str(pk) for pk in case.evidence.values_list("pk", flat=True)]
    names = {
        "name": list(CONSUMER_PAGES),
        "slug": list(AUTHORITY_PAGES),
        "offer": offers,
        "pk": files,
        "clock": sorted({row.clock for row in case.deadlines.all()}),
    }
    results = []
    for pattern in (
        *urls_filing.urlpatterns,
        *urls_consumer.urlpatterns,
        *urls_enterprise.urlpatterns,
        *urls.urlpatterns,
    ):
        route = "/" + str(pattern.pattern)
        if "<str:number>" not in route:
            continue
        part = re.search(r"<(?:\w+:)?(name|slug|offer|pk|clock)>", route)
        for value in names[part[1]] if part else [""]:
            results.append(route.replace("<str:number>", case.number).replace(part[0] if part else "//", value))
    return results


def nobody_else_sees(people: Stage, case: Complaint) -> None:
    """Hua's enterprise, another consumer, an officer of another county: no address differs from a missing one."""
    world, paths = people.world, addresses(case)
    assert len(paths) > 70
    for user in (world.hua, world.otto, User.objects.with_email("far@example.com").get()):
        client = Client()
        client.force_login(user)
        areas = {path.partition(case.number)[0] for path in paths}
        nothing = {area: client.get(f"{area}{MISSING}/") for area in areas}
        for path in paths:
            missing = nothing[path.partition(case.number)[0]]
            for response in (client.get(path), client.post(path, {"idempotency_key": uuid.uuid4().hex})):
                if response.status_code == 405:
                    assert not response.content, path
                    continue
                assert response.status_code == 404, (user.name, path)
                numbers = [page["Incident-Number"].encode() for page in (response, missing)]
                pages = {
                    page.content.replace(number, b"") for page, number in zip((response, missing), numbers, strict=True)
                }
                assert len(pages) == 1, (user.name, path)
                assert set(response.headers) == set(missing.headers), (user.name, path)


def test_a_mistaken_yes_is_taken_back_once(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, world = people.consumer, people.world
    case = people.filed()
    staff = people.staff()
    accepted(staff, case, world)
    offered(staff, refund="80.00")
    before = clocks(case)
    consumer.open(case.number)
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    consumer.follow("/undo/")
    consumer.look("undo")
    consumer.press()
    consumer.look("undone")
    assert status_of(case) == S.AWAITING_CONSUMER
    assert clocks(case) == before
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    assert not consumer.page.locator('a[href$="/undo/"]').count()
    opened(case, consumer)
    assert not consumer.page.locator('a[href$="/undo/"]').count()
    opened(case, staff)
    for person in (consumer, staff):
        tells_all(
            person, case, ["file", "forward", "accept_case", "make_offer", "accept_offer", "undo", "accept_offer"]
        )


def clocks(case: Complaint) -> list[tuple[str, str, Any]]:
    rows = case.deadlines.filter(ended_at=None).order_by("clock", "due_at")
    return [(row.clock, row.state, row.due_at) for row in rows]


def test_stopping_leads_to_the_county_and_to_no_other(stage: Callable[..., Stage]) -> None:
    people = stage()
    case, _staff = stopped(people)
    far = officer_of(people, "far")
    for path in ("/authority/", "/authority/cases/?status=any", f"/authority/cases/{case.number}/"):
        far.visitor.go(path)
        assert not far.says(case.number), path
        assert not far.says("千兆宽带"), path
    officer = officer_of(people, "rui")
    officer.open(case.number)
    assert officer.page.locator('a[href$="/accept/"]').count()

"""Whatever is granted, and by whichever way: without a kind, a last day and a proof nothing goes out."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints import wording
from complaints.models import Complaint, Obligation, Offer
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from tests import given, missing_in
from tests.api.conftest import Making, program
from tests.cast import World
from tests.complaints.measures.conftest import decided, filled, lines, table, tried
from tests.complaints.measures.test_measures import drafted, place, why
from tests.complaints.pages.at_home import place as home
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in

__all__ = ["program"]
pytestmark = pytest.mark.django_db
DAY = "2099-12-07"
#: What is granted without a sum → what is owed for it.
KINDS = {"repair": "repair", "cancel_service": "service_change", "apology": "apology"}


@pytest.fixture(params=KINDS)
def granted(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def a_case(world: World, demand: str) -> Complaint:
    demands = (DemandRequest(kind=demand),)
    return given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now(), demands=demands)


def owed(case: Complaint) -> list[tuple[str, str, int]]:
    rows = Obligation.objects.filter(complaint=case).select_related("answers_demand")
    return [(row.kind, str(row.due_on), row.answers_demand.ordinal) for row in rows if row.answers_demand]


def read_by_the_consumer(world: World, case: Complaint, kind: str) -> None:
    """Way, last day and proof stand on her page."""
    page = shown(signed_in(world.chen).get(home(case, "offer/1")))
    proof = wording.label(kind, kind="obligation_proof")
    assert not missing_in(page, "接受后，须做到", "最后一天2099年12月7日", f"证明：{proof}")


def test_in_the_editor(world: World, granted: str) -> None:
    case, browser, kind = a_case(world, granted), signed_in(world.ming), KINDS[granted]
    bare: dict[str, Any] = {
        "rows": "0",
        "answer-1": "grant",
        "message": "按您说的办。",
        "send": "1",
        "anyway": "no_contact:",
    }
    answer = send(browser, address(case, "offer"), bare)
    assert (answer.status_code, Offer.objects.count()) == (422, 0)
    assert not missing_in(shown(answer), "请选怎样做到。", "请写明最后一天。")
    whole = bare | {"kind-1": kind, "what-1": "按约定办好", "due_on-1": DAY}
    for name in ("kind-1", "due_on-1"):
        assert send(browser, address(case, "offer"), whole | {name: ""}).status_code == 422, name
    assert not Offer.objects.exists()
    answer = send(browser, address(case, "offer"), whole)
    assert answer.status_code == 302, answer.context["form"].errors
    assert owed(case) == [(kind, DAY, 1)]
    read_by_the_consumer(world, case, kind)


def test_in_a_table(world: World, granted: str) -> None:
    case, browser, kind = a_case(world, granted), signed_in(world.ming), KINDS[granted]
    row = {"编号": case.number, "步骤": "提出方案", "答复1": "同意", "给消费者的话": "按您说的办。"}
    way = {"履行方式1": wording.label(kind, kind="obligation_kind"), "最后一天1": DAY}
    for missing, column in (("履行方式1", "by_1"), ("最后一天1", "due_1")):
        trip = tried(browser, table([row | way | {missing: ""}]))
        assert [line[1:3] for line in lines(trip)] == [("bad", column)], missing
    decided(browser, tried(browser, table([row | way])), "all")
    assert owed(case) == [(kind, DAY, 1)]
    read_by_the_consumer(world, case, kind)


def test_in_one_answer_for_many(world: World, granted: str) -> None:
    case, browser, kind = a_case(world, granted), signed_in(world.ming), KINDS[granted]
    rule = {f"verdict-{granted}": "grant", f"source-{granted}": "none", f"by-{granted}": kind, "due_on": DAY}
    for missing in (f"by-{granted}", "due_on"):
        measure = drafted(browser, lines=case.number)
        _sent(browser, measure, rule | {missing: ""})
        measure.refresh_from_db()
        assert (Offer.objects.count(), measure.sent or 0) == (0, 0), missing
    measure = drafted(browser, lines=case.number)
    assert _sent(browser, measure, rule) == 302
    assert why(measure) == {}
    assert owed(case) == [(kind, DAY, 1)]
    read_by_the_consumer(world, case, kind)


def _sent(browser: Client, measure: Any, rule: dict[str, str]) -> int:
    return browser.post(place(measure), filled(send="1", message="按您说的办。", **rule)).status_code


def test_by_program(world: World, granted: str, program: Making) -> None:
    case, kind = a_case(world, granted), KINDS[granted]
    body: dict[str, Any] = {"answers": [{"demand": 1, "verdict": "grant"}]}
    promise = {"kind": kind, "what": "按约定办好", "due_on": DAY}
    for promises, field in (([], "answer-1"), ([{**promise, "due_on": None}], "promise-1-due_on")):
        answer = program("ming").step(case, "make_offer", body | {"promises": promises})
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.content.decode()
    assert not Offer.objects.exists()
    assert program("ming").step(case, "make_offer", body | {"promises": [promise]}).status_code == 200
    assert owed(case) == [(kind, DAY, 1)]
    read_by_the_consumer(world, case, kind)

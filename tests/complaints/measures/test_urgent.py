"""Urgent cases: known when they are filed, due sooner, marked in the lists, answered one by one and never together."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints.listening.hearing import urgent_in
from complaints.models import Complaint, Deadline, Offer
from complaints.procedure.urgency import urgent_of
from complaints.procedure.workflow import Status as S
from tests import given, missing_in
from tests.cast import World
from tests.complaints.measures.conftest import cases, filled, lines, offer_row, table, tried
from tests.complaints.measures.test_measures import RULE, drafted, numbers, place, why
from tests.complaints.pages.at_the_desk import address, checked, send, signed_in

pytestmark = pytest.mark.django_db
DEAD = {"statement": "家里宽带断网四天了，报修三次没有人来。"}
ALONE = "急件：通信中断。不能成批答复，请打开这一件，单独答复。"
SETS = Path(__file__).parents[1] / "listening"


def first_due(case: Complaint) -> tuple[str, Any]:
    return Deadline.objects.values_list("policy_version", "last_day").get(complaint=case, clock="acceptance")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (DEAD, ["line_dead"]),
        ({"problem_category": "telecom.broadband.repair"}, ["line_dead"]),
        ({"problem_category": "safety", "need_help": ("elder",)}, ["safety", "care"]),
        ({"statement": "我爸每周三次透析，座机打不出电话，叫车都叫不了。"}, ["line_dead", "medical"]),
        ({"statement": "买的电热毯用了两天就冒烟，被子烧了一个洞。"}, ["safety"]),
        ({"statement": "网速断断续续，测速只有一半。"}, []),
        ({"statement": "客服电话一直打不通，套餐改不了。"}, []),
        ({}, []),
    ],
)
def test_what_is_urgent_is_due_a_working_day_sooner(world: World, told: dict[str, Any], expected: list[str]) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, **told)
    assert urgent_of(case.facts) == expected
    version, last_day = first_due(case)
    ordinary = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    assert version == ("acceptance_urgent@-.1" if expected else "acceptance@-.1")
    assert (last_day < first_due(ordinary)[1]) is bool(expected)


def test_an_authority_may_set_another_deadline_for_its_region(world: World) -> None:
    national = Policy.objects.get(name="acceptance_urgent")
    national.pk, national.region_id, national.number, national.version = None, world.region.pk, 2, 3
    national.save()
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, **DEAD)
    assert first_due(case)[0] == f"acceptance_urgent@{world.region.code}.3"


def test_of_texts_that_nobody_wrote_for_it_few_are_called_urgent() -> None:
    """Nine of these twelve are right, as read by whoever wrote the patterns; what they miss was not counted."""
    stories = [
        json.loads(line)["text"]
        for name in ("built", "held", "unseen-a", "unseen-b")
        for line in (SETS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    marked = [story for story in stories if urgent_in(story)]
    assert (len(stories), len(marked)) == (360, 12)


def test_a_set_a_table_and_a_batch_leave_it_out_with_the_way_out(world: World) -> None:
    browser, now = signed_in(world.ming), timezone.now()
    good, dead = cases(world, 2), given.a_complaint(world, status=S.NEGOTIATING, now=now, **DEAD)
    measure = drafted(browser, lines=numbers([*good, dead]))
    page = browser.post(place(measure), filled(preview="1", **RULE)).content.decode()
    assert not missing_in(page, "试办：2件可以发送", dead.number, ALONE)
    browser.post(place(measure), filled(send="1", **RULE))
    measure.refresh_from_db()
    assert (measure.sent, why(measure)) == (2, {dead.number: ALONE})
    trip = tried(browser, table([offer_row(dead)]))
    assert lines(trip) == [(2, "bad", "step", ALONE)]
    assert not Offer.objects.filter(complaint=dead).exists()
    # By itself it is answered as ever.
    given.step(dead, given.an_offer(), world.handler, now)
    assert Offer.objects.filter(complaint=dead).exists()


def test_lists_and_pages_of_both_desks_mark_it(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now(), **DEAD)
    ming, rui = signed_in(world.ming), signed_in(world.rui)
    mark = "急件：通信中断"
    checked(ming.get("/enterprise/mine/"), 200, mark)
    checked(ming.get("/enterprise/queue/?view=all"), 200, mark)
    checked(ming.get("/enterprise/queue/?view=all&split=1"), 200, mark)
    checked(ming.get(address(case)), 200, mark)
    checked(rui.get("/authority/cases/?lies=firm"), 200, mark)
    checked(rui.get(f"/authority/cases/{case.number}/"), 200, mark)
    assert send(ming, "/enterprise/queue/", {"do": "read", "case": case.number}).status_code == 200

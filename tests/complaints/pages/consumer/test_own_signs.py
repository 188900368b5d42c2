"""Who is shown to officers as unusual may read it in plain words and object; the enterprise learns nothing of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status as S
from complaints.triage import own_signs, signals
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, checked, send, shown, signed_in

pytestmark = pytest.mark.django_db
SAID = "电话是我家三口共用的，每一件都是真的。"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(WEDNESDAY + timedelta(hours=1), tick=False):
        yield


def often(world: World) -> Complaint:
    """The newest of as many cases of Chen against one firm as stand out."""
    for n in range(signals.OFTEN + 1):
        at = WEDNESDAY - timedelta(days=n + 1)
        given.a_complaint(world, status=S.NEGOTIATING, now=at, statement=f"第{n}次多扣费，账单第{n}页有一项没有开过。")
    return given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY)


def test_it_is_told_in_plain_words_without_a_case_or_person_and_read_by_officers_alone(world: World) -> None:
    case, chen = often(world), signed_in(world.chen)
    checked(chen.get(place(case)), 200, "监管部门看到的提示")
    page = checked(chen.get(place(case, "signs")), 200, "您投诉同一家有", "企业看不到", "没有订单号")
    others = Complaint.objects.exclude(pk=case.pk).values_list("number", flat=True)
    assert not [number for number in others if number in page]
    assert send(chen, place(case, "signs"), {"text": ""}).status_code == 422
    assert send(chen, place(case, "signs"), {"text": SAID}).status_code == 302
    checked(chen.get(place(case, "signs")), 200, "您在11月11日", "提出过异议")
    entry = HandlingStep.objects.get(complaint=case, step="object_to_signs")
    assert (entry.audience, entry.actor_role) == ("authority", "consumer")
    officer = signed_in(world.rui).get(f"/authority/cases/{case.number}/")
    checked(officer, 200, SAID, "消费者对提示有异议")
    ours = shown(signed_in(world.ming).get(address(case)))
    assert missing_in(ours, SAID, "异议", "signs") == [SAID, "异议", "signs"]


def test_who_does_not_stand_out_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY)
    monkeypatch.setattr(own_signs, "OWN_SIGNS", {})
    checked(signed_in(world.chen).get(place(case, "signs")), 200, "没有提示。")
    assert signed_in(world.ming).get(place(case, "signs")).status_code == 404

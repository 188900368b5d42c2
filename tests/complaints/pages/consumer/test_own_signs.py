"""Who is shown to officers as unusual may read it in plain words and object; the enterprise learns nothing of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.models import Complaint, HandlingStep
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status as S
from complaints.triage import own_signs, signals
from complaints.triage.signal_facts import signals_of
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, checked, send, shown, signed_in

pytestmark = pytest.mark.django_db
SAID = "电话是我家三口共用的，每一件都是真的。"
KEPT, GONE = "数目属实，只作提示，不影响受理。", "已核实，提示去掉。"


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


def test_an_officer_answers_the_objection_and_what_is_taken_away_is_shown_no_more(world: World) -> None:
    case, chen, officer = often(world), signed_in(world.chen), signed_in(world.rui)
    desk, answer = f"/authority/cases/{case.number}/", f"/authority/cases/{case.number}/signs/"
    assert "/signs/" not in shown(officer.get(desk))
    send(chen, place(case, "signs"), {"text": SAID})
    checked(officer.get(desk), 200, "/signs/")
    # The number of the day counts what its list holds.
    waiting = [n for group in officer.get("/authority/").context["groups"] for n in group["numbers"]]
    (number,) = [n for n in waiting if n["title"] == "对提示的异议"]
    listed = officer.get(number["url"])
    assert (number["text"], [row.complaint.number for row in listed.context["rows"]]) == ("1", [case.number])
    form = officer.get(answer).context["form"]
    kinds = [code for code, _words in form.fields["removed"].choices]
    assert "frequent_here" in kinds
    for wrong in ({"text": ""}, {"text": KEPT, "removed": ["burst"]}, {"text": KEPT, "removed": ["x"]}):
        assert send(officer, answer, wrong).status_code == 422
    # First all of it stays, with a reason.
    assert send(officer, answer, {"text": KEPT}).status_code == 302
    checked(chen.get(place(case, "signs")), 200, "您投诉同一家有", "工作人员在11月11日（周三）答复", KEPT)
    assert officer.get(number["url"]).context["rows"] == []
    # Nothing is open any more, until the person objects again; then one kind is taken away.
    assert send(officer, answer, {"text": KEPT}).status_code == 409
    send(chen, place(case, "signs"), {"text": "再说一次：都是真的。"})
    assert send(officer, answer, {"text": GONE, "removed": ["frequent_here"]}).status_code == 302
    page = checked(chen.get(place(case, "signs")), 200, KEPT, GONE)
    assert "您投诉同一家有" not in page
    back = signals.looked_back(Conditions.at(WEDNESDAY).policies, case.handling_region_id)
    case.refresh_from_db()
    found = signals_of([case], regions=[case.handling_authority.region], looked_back=back)[case.pk]
    assert "frequent_here" not in {one.code for one in found}
    others = HandlingStep.objects.filter(complaint=case, step="answer_signs")
    assert {entry.audience for entry in others} == {"authority"}
    for words in (GONE, KEPT, "signs"):
        assert words not in shown(signed_in(world.ming).get(address(case)))


def test_who_does_not_stand_out_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY)
    monkeypatch.setattr(own_signs, "OWN_SIGNS", {})
    checked(signed_in(world.chen).get(place(case, "signs")), 200, "没有提示。")
    assert signed_in(world.ming).get(place(case, "signs")).status_code == 404

"""A decision that two officers signed is corrected by two, after closing as well."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling.steps import authority, casework, documents, mediation, proposals
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Matter, OfficialDocument
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.documents.test_pages import opened, place
from tests.complaints.pages.at_the_desk import send, shown, signed_in

pytestmark = pytest.mark.django_db

S = Status
TEXT = "这里写明事实和理由，供核对。"
DECISIONS = {
    "refuse": (S.REVIEW, authority.refuse, {"ground": "outside_duty", "facts": TEXT, "body": "12300"}, 6),
    "terminate": (S.MEDIATING, mediation.terminate, {"ground": "other_law", "facts": TEXT}, 8),
    "agreement": (S.MEDIATING, mediation.record_agreement, {"promises": (), "text": TEXT}, 9),
}


def decided(world: World, step: str = "refuse") -> OfficialDocument:
    """The decision of a closed case, where from now on two persons are asked for."""
    now = timezone.now()
    status, verb, text, form = DECISIONS[step]
    case = given.step(given.a_complaint(world, status=status, now=now), verb(**text), world.officer, now)
    Policy.objects.filter(name__startswith="two_persons.").update(number=1)
    return OfficialDocument.objects.get(complaint=case, form=form)


def a_correction(document: OfficialDocument, *, before: str = "更正：") -> handling.Move:
    """Its last paragraph that may change begins otherwise."""
    lines = documents.correctable(document.versions.get(number=1).content["paper"])
    where, text = [(where, text) for where, label, text in lines if not label][-1]
    changes = {where: before + text}
    return casework.correct_clerical_error(document_id=document.pk, text="漏了字。", version=1, changes=changes)


def sign(case: Complaint, move: handling.Move, actor: Any) -> list[str]:
    done = handling.take_each([(case.pk, proposals.approve(), actor), (case.pk, move, actor)], now=timezone.now())
    return [taken.refusal.code if taken.refusal else "" for taken in done]


@pytest.mark.parametrize("step", sorted(DECISIONS))
def test_what_two_decided_one_alone_does_not_correct_and_a_second_signs_after_closing(world: World, step: str) -> None:
    document = decided(world, step)
    for who in ("officer", "head"):
        code = given.refused(document.complaint, a_correction(document), world.actor(who), timezone.now())
        assert code == "two_persons"
    assert document.versions.count() == 1
    case, move = document.complaint, a_correction(document)
    given.step(case, proposals.propose(move=move), world.officer, timezone.now())
    assert (document.versions.count(), sign(case, move, world.officer)) == (1, ["own_proposal", "two_persons"])
    assert (sign(case, move, world.actor("head")), document.versions.count()) == (["", ""], 2)
    entry = HandlingStep.objects.get(complaint=case, step="correct_clerical_error")
    assert entry.data["officers"] == [world.rui_officer.pk, world.head_officer.pk]
    case.refresh_from_db()
    assert case.status == S.CLOSED


def test_where_a_refusal_needs_the_head_so_does_its_correction(world: World) -> None:
    document = decided(world)
    Policy.objects.filter(name="head.refuse").update(number=1)
    move = a_correction(document)
    given.step(document.complaint, proposals.propose(move=move), world.actor("head"), timezone.now())
    assert sign(document.complaint, move, world.officer) == ["not_head", "two_persons"]


def test_a_paper_of_one_officer_is_corrected_by_one_and_an_enterprise_proposes_nothing(world: World) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=S.MEDIATING, now=now)
    Policy.objects.filter(name__startswith="two_persons.").update(number=1)
    document = OfficialDocument.objects.get(complaint=case, form=5)
    given.step(case, a_correction(document), world.officer, now)
    assert document.versions.count() == 2
    now = timezone.now()
    case = given.a_complaint(world, status=S.CLOSED, now=now)
    move = proposals.propose(move=handling.MOVES["reply_publicly"](text=TEXT))
    assert given.refused(case, move, world.handler, now) == "not_now"


def test_the_page_proposes_and_says_who_may_approve(world: World) -> None:
    document = decided(world)
    rui = signed_in(world.rui)
    page = shown(rui.get(place(document, "correct")))
    assert "提请批准" in page
    assert f"可以批准的人：{world.head_officer.user.name}" in page
    assert f"可以批准的人：{world.rui_officer.user.name}" not in page
    text, names = opened(rui, document)
    line = next(name for name in names.values() if "你于" in text[name])
    mine = text | {line: text[line].replace("你于", "您于")}
    assert send(rui, place(document, "correct"), mine).status_code == 302
    assert document.versions.count() == 1
    matter = Matter.objects.get(complaint=document.complaint, kind="proposal")
    url = f"/authority/approvals/{matter.pk}/"
    assert url in shown(rui.get(place(document))), "the paper says what waits"
    head = signed_in(world.head_officer.user)
    assert "更正笔误" in shown(head.get("/authority/approvals/"))
    page = shown(head.get(url))
    for label in ("您于", "原文：你于", document.reference, "写错。", "成为新的一版"):
        assert label in page, label
    assert send(head, url, {"decision": "grant"}).status_code == 302
    assert [v.number for v in document.versions.all()] == [1, 2]
    assert url not in shown(rui.get(place(document)))


def test_nobody_there_to_approve_is_said_before_anything_is_typed(world: World) -> None:
    document = decided(world)
    officers = Officer.objects.filter(authority=world.gulou)
    officers.exclude(pk=world.rui_officer.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    assert "现在没有另一名负责人" in shown(signed_in(world.rui).get(place(document, "correct")))


def test_a_mask_is_lifted_before_it_is_approved(world: World) -> None:
    document = decided(world)
    case, now = document.complaint, timezone.now()
    move = a_correction(document, before="陈试：")
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, now)
    given.step(case, proposals.propose(move=move), world.officer, now)
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    head = signed_in(world.head_officer.user)
    assert "陈试" not in shown(head.get(url))
    masked = send(head, url, {"decision": "grant"})
    assert masked.status_code == 422
    assert "先说明理由" in shown(masked)
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.actor("head"), timezone.now())
    assert "陈试：" in shown(head.get(url))
    assert send(head, url, {"decision": "grant"}).status_code == 302

"""Refusals that were "accepted" before there was a way to let them rest: nobody is told that they were settlements."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.dossier import building
from complaints.handling import Answer
from complaints.handling.steps import authority, consumer, enterprise, offers, platform
from complaints.models import Complaint, Dossier
from complaints.pages.authority.supervision import call_backs
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from tests import found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in

pytestmark = pytest.mark.usefixtures("clock")
WORDS, NOT = "全部拒绝，未再坚持", "和解成功"
Made = Callable[[World], Complaint]
BOTH = pytest.mark.parametrize("made", [given.an_old_refusal, given.an_old_late_yes])


@pytest.fixture(autouse=True)
def exports(settings: Any, tmp_path: Path) -> None:
    settings.EXPORT_ROOT = str(tmp_path / "exports")


@BOTH
def test_whoever_reads_the_case_reads_that_nothing_was_granted(world: World, made: Made) -> None:
    case = made(world)
    assert (case.outcome, case.accepted_refusal, case.engagements.get().result) == ("settled", True, "failed")
    for user, address in (
        (world.chen, place(case)),
        (world.ming, f"/enterprise/cases/{case.number}/"),
        (world.rui, f"/authority/cases/{case.number}/"),
    ):
        answer = signed_in(user).get(address)
        checked(answer, 200, WORDS)
        timeline = " ".join(event.detail for event in answer.context["page"].timeline)
        assert "一项也没有同意" in timeline
        assert NOT not in timeline
    assert given.stands(case)


@BOTH
def test_the_state_expected_on_the_platform_is_no_settlement(world: World, made: Made) -> None:
    case = made(world)
    assert platform.expected(case) == "withdrawn"
    for state, agrees in (("settled", False), ("withdrawn", True)):
        Complaint.objects.filter(pk=case.pk).update(platform_number="12315-2026-77", platform_state=state)
        condition = {"now": WEDNESDAY, "calendar": current_calendar(), "days": 1}
        same, differs = (
            Complaint.objects.filter(platform.condition(name, **condition), pk=case.pk).exists()
            for name in (platform.SAME, platform.DIFFERS)
        )
        assert (same, differs) == (agrees, not agrees)


def test_no_agreement_is_made_of_it_and_one_that_was_made_says_what_it_is(world: World) -> None:
    case, browser = given.an_old_refusal(world), signed_in(world.chen)
    send(browser, f"{place(case)}dossier/", {})
    building.sweep_dossiers(now=timezone.now() + timedelta(minutes=10))
    row = Dossier.objects.get()
    assert (row.state, set(row.files)) == ("ready", {"pdf", "zip"})
    Dossier.objects.update(files={**row.files, "agreement": ["0" * 64, 1000]})
    page = checked(browser.get(f"{place(case)}dossier/"), 200, "企业一项也没有同意，它不是和解协议")
    assert "供法院或司法确认" not in page


def test_a_call_back_does_not_ask_whether_there_was_an_agreement(world: World) -> None:
    settled = given.a_complaint(world, status=S.CLOSED)
    assert "agreed" in call_backs._questions(settled)
    assert "agreed" not in call_backs._questions(given.an_old_refusal(world))


def test_once_it_goes_on_its_demands_are_open_and_its_past_is_still_told_as_it_was(world: World) -> None:
    case = given.an_old_refusal(world)
    given.step(case, consumer.refer_to_regulator(), world.consumer, WEDNESDAY)
    assert not case.demands.filter(is_settled=True).exists()
    for user, address in ((world.chen, place(case)), (world.rui, f"/authority/cases/{case.number}/")):
        details = [event.detail for event in signed_in(user).get(address).context["page"].timeline]
        assert any(WORDS in detail for detail in details)
        assert not any(NOT in detail for detail in details)
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(case, forward, world.officer, WEDNESDAY)
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, WEDNESDAY)
    no = [Answer(demand=1, verdict="refuse", reason="系统记录显示由本人办理，不同意。")]
    assert given.refusal(case, offers.make_offer(answers=no), world.handler, WEDNESDAY).field == "answer-2"


def test_lists_say_that_a_refusal_waits_and_not_an_offer(world: World) -> None:
    case, other = given.refused_in_full(world), given.a_complaint(world, status=S.AWAITING_CONSUMER)
    pages = [
        (world.ming, "/enterprise/queue/", "一项也没有同意"),
        (world.rui, f"/authority/cases/?q={case.number}", ""),
        (world.chen, "/cases/", "轮到您了"),
    ]
    for user, address, also in pages:
        word = "全部拒绝，待您选择" if user == world.chen else "全部拒绝，待消费者选择"
        page = checked(signed_in(user).get(address), 200, word, also)
        assert page.count(word) == 1, address
        english = shown(signed_in(user).get(address, headers={"accept-language": "en"}))
        assert "Refused in full" in english
    assert "全部拒绝" not in shown(signed_in(world.rui).get(f"/authority/cases/?q={other.number}"))
    assert not missing_in(
        shown(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/")), "全部拒绝，待消费者选择"
    )
    assert not found_in(shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/")), "企业提出了方案")

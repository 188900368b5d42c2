"""An enterprise while it is enrolled: suspended, resumed, leaving; what it files; its history."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine

from accounts.models import OutgoingMessage
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from database import row_security
from enterprises.enrolment import enrolled
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models.enrolment import EnrolmentEntry
from routing.forwarding.forwarding import sweep_filed
from tests import given, reloaded
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.enterprises.enrolments import LATER, suspended


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


def test_a_suspended_firm_that_keeps_its_cases_goes_on_with_them_and_gets_no_new_one(world: World) -> None:
    case, new = given.a_complaint(world, status=Status.NEGOTIATING), given.filed(world)
    client = signed_in(world.ming)
    suspended(world.mobile, world.head_officer.user, keeps_cases=True)
    assert sweep_filed(now=LATER) == 1
    assert (reloaded(new).status, new.reason) == (Status.TRIAGE, "suspended")
    assert client.get(f"/enterprise/cases/{case.number}/").status_code == 200
    assert Complaint.objects.visible_to(world.ming).get() == case
    program = Program(token_for(world.ming, world=world, place="enterprise").secret)
    assert program.get(f"/complaints/{case.number}/").status_code == 200
    given.step(case, given.an_offer(), world.handler, LATER)
    assert case.status == Status.AWAITING_CONSUMER


def test_a_suspended_firm_that_does_not_keep_them_is_out_and_stays_out_when_its_enrolment_ends(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = signed_in(world.ming)
    head = world.head_officer.user
    enterprise = suspended(world.mobile, head, keeps_cases=False)
    assert client.get(f"/enterprise/cases/{case.number}/").status_code == 404
    enrolled.set_exit(enterprise, by=head, ground="licence", text="被吊销。", last_day=date(2026, 11, 11), now=LATER)
    assert enrolled.sweep_exits(now=LATER + timedelta(days=1)) == 1
    assert reloaded(enterprise).enrolment == "not_enrolled"
    assert client.get(f"/enterprise/cases/{case.number}/").status_code == 404
    assert not Complaint.objects.visible_to(world.ming).exists()
    # The second wall by itself.
    with row_security.seeing_as(world.ming, day=LATER.date(), is_at_job=True):
        assert row_security.caller() == "portal_consumer"
    # What lies there can still be taken back.
    assert "收回本辖区的未结案件" in shown(signed_in(world.rui).get(f"/authority/enterprises/{enterprise.code}/"))


def test_leaving_takes_notice_unless_the_licence_is_gone_and_open_cases_are_kept_to_their_end(world: World) -> None:
    head = world.head_officer.user
    enrolled.set_exit(world.mobile, by=head, ground="licence", text="被吊销。", last_day=date(2026, 11, 11), now=LATER)
    with pytest.raises(EnrolmentRefusal, match="长试 决定退出"):
        enrolled.set_exit(world.mobile, by=head, ground="licence", text="又来。", last_day=LATER.date(), now=LATER)
    enrolled.drop_exit(world.mobile, by=head, text="弄错了。", now=LATER)
    assert enrolled.sweep_exits(now=LATER + timedelta(days=2)) == 0
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    shown = {"ground": "own_request", "text": "业务调整。"}
    with pytest.raises(EnrolmentRefusal, match="2026-12-11"):
        enrolled.set_exit(world.mobile, by=head, last_day=date(2026, 12, 10), now=LATER, **shown)
    enrolled.set_exit(world.mobile, by=head, last_day=date(2026, 12, 11), now=LATER, **shown)
    last_evening = WEDNESDAY.replace(month=12, day=11, hour=15, minute=59)
    assert enrolled.sweep_exits(now=last_evening) == 0
    late = given.filed(world, now=LATER)
    assert sweep_filed(now=LATER) == 1
    assert reloaded(late).status == Status.WITH_ENTERPRISE
    assert enrolled.sweep_exits(now=last_evening + timedelta(minutes=1)) == 1
    world.mobile.refresh_from_db()
    assert (world.mobile.enrolment, world.mobile.leaves_on) == ("not_enrolled", None)
    assert EnrolmentEntry.objects.get(kind="exited").on_day == date(2026, 12, 11)
    assert enrolled.sweep_exits(now=last_evening + timedelta(days=9)) == 0
    assert signed_in(world.ming).get(f"/enterprise/cases/{case.number}/").status_code == 200
    after = given.filed(world, now=last_evening + timedelta(hours=12))
    sweep_filed(now=last_evening + timedelta(hours=12))
    assert reloaded(after).status == Status.TRIAGE


def test_the_history_tells_who_when_and_why_and_only_one_head_of_this_authority_suspends(world: World) -> None:
    head = world.head_officer.user
    enterprise = suspended(world.mobile, head, keeps_cases=True)
    with pytest.raises(EnrolmentRefusal, match="长试 暂停接收新投诉"):
        suspended(world.mobile, head, keeps_cases=False)
    enrolled.resume(enterprise, by=head, text="已改正。", now=LATER + timedelta(days=9))
    assert reloaded(enterprise).enrolment == "enrolled"
    assert [(row.kind, row.ground, row.by, row.on_day, row.authority) for row in enrolled.history(enterprise)] == [
        ("suspended", "misses", head, date(2026, 11, 11), world.gulou),
        ("resumed", "", head, date(2026, 11, 20), world.gulou),
    ]
    assert {letter.address for letter in OutgoingMessage.objects.all()} == {"lead@example.com"}
    for user in (world.rui, world.su, world.lead, world.far_officer.user):
        with pytest.raises(EnrolmentRefusal):
            suspended(world.mobile, user, keeps_cases=True)


def test_a_filing_asked_back_is_told_and_filed_anew_and_a_count_counts_once_noted(world: World) -> None:
    row = enrolled.file(world.mobile, "contact", {"name": "林新", "phone": "+8613800000022"}, by=world.lead, now=LATER)
    with pytest.raises(EnrolmentRefusal):
        enrolled.note_filing(row.pk, by=world.far_officer.user, now=LATER)
    enrolled.ask_back_filing(row.pk, by=world.rui, answer="请写明到岗日期。", now=LATER)
    assert "请写明到岗日期。" in OutgoingMessage.objects.get().body
    assert enrolled.file(world.mobile, "contact", {"name": "林新"}, by=world.lead, now=LATER).state == "filed"
    values = {"number": "1200000", "counted_on": "2026-06-30", "source": "半年度报告"}
    row = enrolled.file(world.mobile, "customers", values, by=world.lead, now=LATER)
    assert enrolled.customers_on([world.mobile.pk], date(2026, 11, 30)) == {}
    with pytest.raises(EnrolmentRefusal, match="还有一份"):
        enrolled.file(world.mobile, "customers", values, by=world.lead, now=LATER)
    enrolled.note_filing(row.pk, by=world.rui, now=LATER)
    newer = enrolled.file(world.mobile, "customers", values | {"number": "1300000"}, by=world.lead, now=LATER)
    enrolled.note_filing(newer.pk, by=world.rui, now=LATER)
    assert enrolled.customers_on([world.mobile.pk], date(2026, 11, 30))[world.mobile.pk].number == 1_300_000
    assert enrolled.customers_on([world.mobile.pk], date(2026, 6, 29)) == {}
    with pytest.raises(EnrolmentRefusal, match="已备案"):
        enrolled.ask_back_filing(row.pk, by=world.rui, answer="x", now=LATER)

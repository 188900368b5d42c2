"""Who gets a notice, over which channel, when, and folded into which letter."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from complaints import handling
from complaints.handling.steps import enterprise
from complaints.models import Complaint, Notice, Participant
from complaints.notices import delivery
from complaints.notices.digests import letter_of
from complaints.notices.recipients import in_own_language
from complaints.parties.conditions import current_calendar
from complaints.procedure import working_calendar
from complaints.procedure.filing_request import JOINT
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI as HERE
from enterprises.models import Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import Gateway, PostOffice
from tests.complaints.notices.test_delivery import queue, states

DIGEST = WEDNESDAY + timedelta(hours=4, minutes=2)


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=HERE)


def to_staff(case: Complaint, **changes: Any) -> dict[str, Any]:
    values = {"addressee": "enterprise", "user_id": None, "enterprise_id": case.enterprise_id, "form": "digest"}
    values |= {"subject": f"【12315】{case.number}：有消息", "body": f"看：/enterprise/cases/{case.number}/"}
    return values | changes


def to_authority(case: Complaint, **changes: Any) -> dict[str, Any]:
    return {"addressee": "authority", "user_id": None, "authority_id": case.handling_authority_id} | changes


def told(**condition: Any) -> set[tuple[str, str]]:
    rows = Notice.objects.filter(**condition).select_related("user")
    return {(row.user.name if row.user else "", row.form) for row in rows}


@pytest.fixture
def case(world: World) -> Complaint:
    result = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    Notice.objects.all().delete()
    return result


def test_what_rings_does_so_from_eight_to_nine() -> None:
    for moment, first in [
        (at(11, 7, 59, 59), at(11, 8)),
        (at(11, 8), at(11, 8)),
        (at(11, 20, 59, 59), at(11, 20, 59, 59)),
        (at(11, 21), at(12, 8)),
        (at(11, 23, 59), at(12, 8)),
        (at(12, 0), at(12, 8)),
    ]:
        assert working_calendar.not_before("sms", moment) == working_calendar.not_before("voice", moment) == first
        assert working_calendar.not_before("email", moment) == moment
        assert working_calendar.is_quiet(moment) == (first != moment)


def test_digests_are_told_on_working_days(directory: None, db: None) -> None:
    for moment, told_at in [
        (at(11, 0), at(11, 8, 32)),
        (at(11, 8, 31, 59), at(11, 8, 32)),
        (at(11, 8, 32), at(11, 14, 2)),
        (at(11, 14, 1), at(11, 14, 2)),
        (at(11, 14, 2), at(12, 8, 32)),
        # Friday afternoon; Saturday.
        (at(13, 15), at(16, 8, 32)),
        (at(14, 9), at(16, 8, 32)),
        # Before the National Day holidays, and a Saturday that is worked (10 October 2026).
        (datetime(2026, 9, 30, 15, tzinfo=HERE), datetime(2026, 10, 8, 8, 32, tzinfo=HERE)),
        (datetime(2026, 10, 9, 15, tzinfo=HERE), datetime(2026, 10, 10, 8, 32, tzinfo=HERE)),
    ]:
        assert working_calendar.next_digest(moment, current_calendar()) == told_at


def test_a_phone_gets_a_short_message_by_day_alone(case: Complaint, mail: PostOffice, sms: Gateway) -> None:
    queue(case, send_after=at(11, 21))
    assert delivery.sweep_notices(now=at(11, 21)) == 0
    assert set(Notice.objects.values_list("channel", "send_after")) == {("sms", at(12, 8))}
    assert delivery.sweep_notices(now=at(12, 7, 59, 59)) == 0
    assert delivery.sweep_notices(now=at(12, 8)) == 1
    assert sms.texts == ["short"]
    assert not mail.accepted
    Notice.objects.all().delete()
    queue(case, channel="sms", send_after=at(11, 20, 59))
    assert delivery.sweep_notices(now=at(11, 21)) == 0
    assert Notice.objects.get().send_after == at(12, 8)


def test_without_a_gateway_a_phone_is_no_way(case: Complaint, mail: PostOffice, world: World) -> None:
    queue(case)
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    assert set(Notice.objects.values_list("state", "last_error")) == {("set_aside", "no_address")}
    world.chen.email = "chen@example.com"
    world.chen.save()
    Notice.objects.update(state="queued")
    assert delivery.sweep_notices(now=WEDNESDAY) == 1
    assert [taken.to for taken in mail.accepted] == ["chen@example.com"]


def test_a_consumer_without_account_is_reached_as_the_case_says(world: World, mail: PostOffice, sms: Gateway) -> None:
    given.filed(world, consumer_id=None, contact_verified=False)
    assert delivery.sweep_notices(now=WEDNESDAY) == 1
    assert b"+8613800000001" in sms.posts[0][1]


def test_letters_lead_to_the_portal(world: World, mail: PostOffice, settings: Any) -> None:
    settings.SITE_URL = "https://odr.example.org"
    world.chen.email = "chen@example.com"
    world.chen.save()
    case = given.filed(world)
    delivery.sweep_notices(now=WEDNESDAY)
    assert f"：https://odr.example.org/cases/{case.number}/" in mail.accepted[0].message.get_content()


def test_the_handler_is_told_managers_of_what_is_late_or_an_officer(case: Complaint, world: World) -> None:
    queue(case, **to_staff(case))
    delivery.sweep_notices(now=DIGEST)
    assert told() == {("主管", "digest")}
    Notice.objects.all().delete()
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk))
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk, kind="remind", audience="x"))
    delivery.sweep_notices(now=DIGEST)
    assert told(kind="send_message") == {("明试", "digest")}
    assert told(kind="remind") == {("明试", "digest"), ("主管", "summary")}
    Notice.objects.all().delete()
    queue(case, **to_staff(case, enterprise_id=world.telecom.pk))
    world.hua_staff.delete()
    assert delivery.sweep_notices(now=DIGEST) == 0
    assert set(Notice.objects.values_list("state", "last_error", "channel")) == {("set_aside", "nobody", "")}
    Notice.objects.all().delete()
    world.ming_staff.ends_on = date(2026, 11, 10)
    world.ming_staff.save()
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk))
    delivery.sweep_notices(now=DIGEST)
    assert told() == {("主管", "digest")}


def test_a_digest_goes_to_whoever_handles_the_case_then_and_reminders_wait_for_none(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    other = User.objects.create_user("second@example.com", name="二试")
    second = Staff.objects.create(user=other, enterprise=world.mobile, branch=world.fuzhou, role=Role.HANDLER.post)
    given.step(case, handling.MOVES["add_statement"](text="补充说明一下情况，谢谢。"), world.consumer, WEDNESDAY)
    given.step(case, enterprise.assign(handler_id=second.pk), world.manager, WEDNESDAY + timedelta(minutes=5))
    delivery.sweep_notices(now=WEDNESDAY + timedelta(hours=5))
    shown = Notice.objects.filter(complaint=case, kind="add_statement", addressee="enterprise")
    assert {row.user_id for row in shown} == {other.pk}
    # Whatever the sweep writes late, after an outage for one, goes out with the next round.
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    late = WEDNESDAY.replace(hour=10) + timedelta(days=9)
    handling.sweep_clocks(now=late)
    reminders = Notice.objects.filter(complaint=case, kind="remind", form="digest")
    assert reminders
    assert {row.send_after <= late for row in reminders} == {True}


def test_intake_distributes_whoever_handles_the_case_is_told_alone_and_heads_get_a_line(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    given.step(case, handling.MOVES["assign_officer"](officer_id=world.rui_officer.pk), world.officer, WEDNESDAY)
    Notice.objects.all().delete()
    queue(case, **to_authority(case))
    delivery.sweep_notices(now=WEDNESDAY)
    assert told() == {("瑞试", "single")}
    triage = given.a_complaint(world, status=Status.TRIAGE)
    review = given.a_complaint(world, status=Status.REVIEW)
    Notice.objects.all().delete()
    queue(triage, **to_authority(triage))
    queue(review, **to_authority(review))
    queue(review, **to_authority(review, kind="lapse_review", audience="x"))
    queue(review, **to_authority(review, kind="refer_to_triage", audience="y", authority_id=world.city.pk))
    delivery.sweep_notices(now=WEDNESDAY)
    assert told(complaint=triage) == {("苏试", "single")}
    assert told(complaint=review, kind="send_message") == {("瑞试", "single")}
    assert told(kind="lapse_review") == {("瑞试", "single"), ("长试", "summary")}
    assert told(kind="refer_to_triage") == {("苏试", "single")}
    # The head is not disturbed by single ones.
    assert Notice.objects.get(form="summary").send_after == DIGEST


def test_a_digest_is_one_letter_a_person(case: Complaint, mail: PostOffice, world: World) -> None:
    other = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    Notice.objects.all().delete()
    queue(case, 2, **to_staff(case, staff_id=world.ming_staff.pk))
    queue(other, **to_staff(other, staff_id=world.ming_staff.pk))
    queue(other, **to_staff(other, audience="x", kind="remind"))
    assert delivery.sweep_notices(now=DIGEST) == 4
    letters = {taken.to: taken for taken in mail.accepted}
    assert sorted(letters) == ["lead@example.com", "ming@example.com"]
    mings = letters["ming@example.com"].message
    assert mings["Subject"] == "【12315】下午汇总：2件"
    body = mings.get_content()
    assert (body.count("有消息"), body.count(f"/enterprise/cases/{case.number}/")) == (3, 2)
    assert (Notice.objects.values("letter").distinct().count(), states()) == (2, {("email", "sent"): 4})


def test_a_head_reads_one_line_a_unit(case: Complaint, mail: PostOffice, world: World) -> None:
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk, kind="remind"))
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk, kind="lapse_acceptance", audience="x", form="single"))
    delivery.sweep_notices(now=DIGEST)
    heads = list(Notice.objects.filter(form="summary").select_related("user", "complaint__branch", "enterprise"))
    assert {row.user.name for row in heads if row.user} == {"主管"}
    delivery.sweep_notices(now=at(12, 8, 32))
    written = [taken.message for taken in mail.accepted if taken.to == "lead@example.com"]
    assert [message["Subject"] for message in written] == ["【12315】下午汇总：1件", "【12315】上午汇总：1件"]
    assert written[1].get_content().split() == ["各单位：", "·", "中国移动福州分公司：1件，其中1件已逾期"]


def test_a_digest_that_failed_goes_again_as_it_was(case: Complaint, mail: PostOffice, world: World) -> None:
    queue(case, 2, **to_staff(case, staff_id=world.ming_staff.pk))
    mail.mode = "dies"
    assert delivery.sweep_notices(now=DIGEST) == 0
    mail.mode = "accept"
    queue(case, **to_staff(case, staff_id=world.ming_staff.pk, audience="x"))
    assert delivery.sweep_notices(now=DIGEST + timedelta(minutes=1)) == 3
    assert len(mail.accepted) == 2
    again = next(taken for taken in mail.accepted if taken.key == mail.heard[0].key)
    assert again.message.get_content() == mail.heard[0].message.get_content()


def test_who_has_very_much_gets_several_letters_and_one_that_was_tried_before_is_never_cut(
    case: Complaint, mail: PostOffice, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ROWS", 4)
    queue(case, 10, **to_staff(case, staff_id=world.ming_staff.pk))
    queue(case, 3, **to_staff(case, audience="x"))
    assert delivery.sweep_notices(now=DIGEST) == 13
    assert sorted(taken.to for taken in mail.accepted) == ["lead@example.com"] + ["ming@example.com"] * 3
    assert sum(taken.message.get_content().count("有消息") for taken in mail.accepted) == 13
    Notice.objects.all().delete()
    mail.accepted.clear()
    rows = queue(case, 6, **to_staff(case, user_id=world.ming.pk, channel="email"))
    for first, part in ((rows[0], rows[:3]), (rows[3], rows[3:])):
        Notice.objects.filter(pk__in=[row.pk for row in part]).update(letter=first.pk, attempts=1)
    assert delivery.sweep_notices(now=DIGEST) == 6
    assert [taken.message.get_content().count("有消息") for taken in mail.accepted] == [3, 3]


def test_many_lines_are_a_number(case: Complaint, world: World) -> None:
    body = letter_of(queue(case, 103, **to_staff(case, user_id=world.ming.pk, channel="email")), now=DIGEST).body
    assert body.endswith("另有3条，请登录查看。")
    assert len(body.splitlines()) == 201


@pytest.fixture
def second_manager(world: World) -> User:
    user = User.objects.create_user("second@example.com", name="二试", language="en")
    Staff.objects.create(user=user, enterprise=world.mobile, role=Role.MANAGER.post)
    return user


def test_each_of_an_organisation_reads_the_own_language(world: World, second_manager: User, mail: PostOffice) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    delivery.sweep_notices(now=DIGEST)
    rows = Notice.objects.filter(addressee="enterprise", kind="forward")
    theirs, other = rows.get(user=second_manager), rows.get(user=world.lead)
    assert (theirs.language, other.language) == ("en", "zh-hans")
    assert theirs.subject == f"[12315] {case.number}: a complaint was delivered, please take it on"
    assert theirs.short == f"[12315] {case.number}: there is news"
    assert theirs.body.startswith("The portal forwarded it to the enterprise.\nYour turn: take the case on by ")
    assert theirs.body.endswith(f"\nSee the case: /enterprise/cases/{case.number}/")
    assert other.subject == f"【12315】{case.number}：收到一件投诉，请受理"
    subjects = {taken.to: taken.message["Subject"] for taken in mail.accepted}
    assert subjects["second@example.com"] == "[12315] Afternoon digest: 1"
    assert subjects["lead@example.com"] == "【12315】下午汇总：1件"


def test_a_past_status_tells_no_next_one_and_a_fellow_reads_the_own_language(world: World) -> None:
    User.objects.filter(pk=world.ming.pk).update(language="en")
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.manager, WEDNESDAY)
    delivery.sweep_notices(now=DIGEST)
    row = Notice.objects.get(addressee="enterprise", kind="forward", user=world.ming)
    assert row.body == f"The portal forwarded it to the enterprise.\nSee the case: /enterprise/cases/{case.number}/"
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    Complaint.objects.filter(pk=case.pk).update(on_behalf_kind=JOINT)
    other = User.objects.create_user("fellow@example.com", name="友试", language="en")
    Participant.objects.create(complaint=case, ordinal=1, kind=JOINT, person=other, state=Participant.JOINED)
    User.objects.filter(pk=world.chen.pk).update(language="en")
    Notice.objects.filter(addressee="consumer").update(send_after=WEDNESDAY)
    delivery.sweep_notices(now=DIGEST)
    rows = Notice.objects.filter(complaint=case, kind="forward", addressee="consumer")
    assert rows.get(user=other).subject == f"[12315] {case.number}: delivered to the enterprise"
    assert rows.get(user=world.chen).subject == f"【12315】{case.number}：已送达企业"


def test_nothing_is_read_for_readers_of_the_language_of_the_words(world: World, django_assert_num_queries: Any) -> None:
    given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    rows = list(Notice.objects.select_related("complaint"))
    for row in rows:
        row.user = world.lead
    with django_assert_num_queries(0):
        assert not in_own_language(rows, now=DIGEST)

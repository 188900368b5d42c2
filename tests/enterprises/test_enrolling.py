"""Applying to become an ODR enterprise, and what the authority answers."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import OutgoingMessage, User
from enterprises.directory.finding import find
from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Branch, Enterprise, ServiceArea, Staff
from enterprises.models.enrolment import CustomerCount, EnrolmentApplication, EnrolmentEntry
from enterprises.models.team import Invitation
from enterprises.team import team
from enterprises.team.team import TeamRefusal
from tests import missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.enterprises.enrolments import MAIL, PLACE, code, enrolled, submitted, wanted

LATER = WEDNESDAY + timedelta(hours=1)


def test_a_granted_application_makes_an_enterprise_whose_manager_comes_by_the_letter(world: World) -> None:
    enterprise = enrolled(world)
    assert (enterprise.enrolment, enterprise.enrolled_by, enterprise.uscc) == ("enrolled", world.gulou, code())
    branch = Branch.objects.get(enterprise=enterprise)
    assert [row.region for row in ServiceArea.objects.filter(branch=branch)] == [world.region]
    assert branch.authorities.get().authority == world.gulou
    assert CustomerCount.objects.get(enterprise=enterprise).number == 120_000
    hit = find("榕声通信", on=date(2026, 11, 11), region_id=world.region.pk)[0]
    assert (hit.enterprise, hit.branch, hit.is_enrolled) == (enterprise, branch, True)
    entries = EnrolmentEntry.objects.filter(enterprise=enterprise)
    assert [(row.kind, row.by, row.on_day) for row in entries] == [
        ("enrolled", world.head_officer.user, date(2026, 11, 11)),
        ("invited", world.head_officer.user, date(2026, 11, 11)),
    ]
    assert entries[0].digest
    decision, letter = OutgoingMessage.objects.order_by("pk")
    assert (decision.address, letter.address) == (MAIL, MAIL)
    assert "在线和解企业" in decision.body
    invitation = team.open_invitation(letter.body.split(PLACE)[1].split("/")[0], now=WEDNESDAY)
    assert invitation is not None
    user = User.objects.create_user(MAIL, "a long sentence that nobody guesses", name="林主管")
    row = team.accept(invitation, user, now=LATER)
    assert isinstance(row, Staff)
    assert (row.enterprise, row.branch, row.role) == (enterprise, None, "manager")


def test_the_authority_invites_nobody_where_somebody_leads(world: World) -> None:
    enterprise = enrolled(world)
    first = Invitation.objects.get()
    Staff.objects.create(user=world.otto, enterprise=enterprise, role="manager")
    with pytest.raises(TeamRefusal):
        enrolling.invite_manager(
            enterprise, "other@example.com", by=world.head_officer.user, place=PLACE, language="en", now=LATER
        )
    late = User.objects.create_user(MAIL, name="晚到")
    with pytest.raises(TeamRefusal):
        team.accept(first, late, now=LATER)


def test_a_refusal_is_told_with_its_reason_and_one_may_apply_again(world: World) -> None:
    application = submitted(world)
    enrolling.refuse(
        application.pk,
        by=world.head_officer.user,
        ground="conditions",
        text="没有专门的投诉电话。",
        version=application.version,
        now=LATER,
    )
    assert not missing_in(OutgoingMessage.objects.get().body, "不具备入驻条件", "没有专门的投诉电话。")
    again = enrolling.begin(MAIL, language="zh-hans", now=LATER)
    assert again.pk != application.pk
    assert enrolling.submit(again, wanted(world), now=LATER).state == "submitted"
    assert not Enterprise.objects.filter(uscc=code()).exists()


def test_who_decides_second_is_told_who_was_first_and_changes_nothing(world: World) -> None:
    application = submitted(world)
    enrolling.ask_back(
        application.pk, by=world.rui, text="请补营业执照。", version=application.version, place="x", now=LATER
    )
    with pytest.raises(EnrolmentRefusal, match="瑞试 要求补正"):
        enrolling.grant(
            application.pk,
            wanted(world),
            by=world.head_officer.user,
            version=application.version,
            place=PLACE,
            now=LATER,
        )
    assert not Enterprise.objects.filter(uscc=code()).exists()


@pytest.mark.parametrize("who", ["rui", "su", "chen", "far", "lead"])
def test_only_the_head_of_the_county_decides(world: World, who: str) -> None:
    application = submitted(world)
    user = world.far_officer.user if who == "far" else getattr(world, who)
    with pytest.raises(EnrolmentRefusal, match="负责人"):
        enrolling.refuse(application.pk, by=user, ground="conditions", text="x", version=application.version, now=LATER)


def test_a_firm_is_applied_for_once_at_a_time_and_not_while_it_is_enrolled(world: World) -> None:
    submitted(world)
    with pytest.raises(EnrolmentRefusal, match="正在审核"):
        submitted(world, mail="other@example.com")
    EnrolmentApplication.objects.filter(state="submitted").update(uscc=code(2))
    enrolled(world, mail="third@example.com", uscc=code(3))
    with pytest.raises(EnrolmentRefusal, match="已经是在线和解企业"):
        submitted(world, mail="fourth@example.com", uscc=code(3))
    with pytest.raises(EnrolmentRefusal, match="已经是在线和解企业"):
        submitted(world, mail="fifth@example.com", uscc=world.mobile.uscc)


def test_a_firm_that_the_directory_knows_keeps_its_row(world: World) -> None:
    known = Enterprise.objects.create(name="旧名公司", uscc=code(), enrolment="not_enrolled")
    assert enrolled(world).pk == known.pk
    assert (reloaded(known).name, known.enrolment) == ("榕声通信（福州）有限公司", "enrolled")


def test_what_lies_with_the_authority_cannot_be_changed_nor_decided_on_a_page_of_before(world: World) -> None:
    application = submitted(world)
    with pytest.raises(EnrolmentRefusal, match="已经提交"):
        enrolling.save(application, step="entity", typed={"name": ["x"]}, now=LATER)
    with pytest.raises(EnrolmentRefusal, match="已经提交"):
        enrolling.submit(application, wanted(world), now=LATER)
    read = application.version
    enrolling.ask_back(application.pk, by=world.rui, text="请补。", version=read, place="x", now=LATER)
    enrolling.submit(application, wanted(world, name="改了名字的公司"), now=LATER)
    with pytest.raises(EnrolmentRefusal, match="申请人 提交入驻申请"):
        enrolling.grant(application.pk, wanted(world), by=world.head_officer.user, version=read, place=PLACE, now=LATER)


def test_a_pause_of_a_week_loses_nothing_and_a_forgotten_draft_goes(world: World) -> None:
    application = enrolling.begin(MAIL, language="zh-hans", now=WEDNESDAY)
    enrolling.save(application, step="entity", typed={"name": ["榕声"]}, now=WEDNESDAY)
    week = WEDNESDAY + timedelta(days=7)
    assert enrolling.throw_away_old(now=week, limit=9) == []
    again = enrolling.begin("Office@example.com".lower(), language="zh-hans", now=week)
    assert (again.pk, again.data["entity"]) == (application.pk, {"name": ["榕声"]})
    enrolling.throw_away_old(now=WEDNESDAY + enrolling.KEPT_FOR + timedelta(days=1), limit=9)
    assert not EnrolmentApplication.objects.exists()


def test_nobody_changes_the_history_and_the_address_of_the_applicant_is_sealed(world: World) -> None:
    submitted(world)
    for change in ("update enterprises_enrolmententry set text = 'x'", "delete from enterprises_enrolmententry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(t)::text from enterprises_enrolmentapplication t")
        assert MAIL not in cursor.fetchone()[0]

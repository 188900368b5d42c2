"""Applying to become an ODR enterprise, and what the authority answers."""

from datetime import date, timedelta
from functools import partial

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
from tests import at_once, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.enterprises.enrolments import LATER, MAIL, PLACE, code, enrolled, grant, refuse, submitted, suspended, wanted


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
    enterprise, head = enrolled(world), world.head_officer.user
    Staff.objects.create(user=world.otto, enterprise=enterprise, role="manager")
    with pytest.raises(TeamRefusal):
        enrolling.invite_manager(enterprise, "other@example.com", by=head, place=PLACE, language="en", now=LATER)
    with pytest.raises(TeamRefusal):
        team.accept(Invitation.objects.get(), User.objects.create_user(MAIL, name="晚到"), now=LATER)


def test_a_refusal_is_told_with_its_reason_and_one_may_apply_again(world: World) -> None:
    application = submitted(world)
    refuse(application, world.head_officer.user)
    assert not missing_in(OutgoingMessage.objects.get().body, "不具备入驻条件", "没有专门的投诉电话。")
    again = enrolling.begin(MAIL, language="zh-hans", now=LATER)
    assert again.pk != application.pk
    assert enrolling.submit(again, wanted(world), now=LATER).state == "submitted"
    assert not Enterprise.objects.filter(uscc=code()).exists()


def test_only_the_head_of_the_county_decides_once_and_on_no_page_of_before(world: World) -> None:
    application = submitted(world)
    for user in (world.rui, world.su, world.chen, world.far_officer.user, world.lead):
        with pytest.raises(EnrolmentRefusal, match="负责人"):
            refuse(application, user)
    with pytest.raises(EnrolmentRefusal, match="已经提交"):
        enrolling.save(application, step="entity", typed={"name": ["x"]}, now=LATER)
    with pytest.raises(EnrolmentRefusal, match="已经提交"):
        enrolling.submit(application, wanted(world), now=LATER)
    read = application.version
    enrolling.ask_back(application.pk, by=world.rui, text="请补营业执照。", version=read, place="x", now=LATER)
    with pytest.raises(EnrolmentRefusal, match="瑞试 要求补正"):
        grant(world, application)
    assert not Enterprise.objects.filter(uscc=code()).exists()
    enrolling.submit(application, wanted(world, name="改了名字的公司"), now=LATER)
    application.version = read
    with pytest.raises(EnrolmentRefusal, match="申请人 提交入驻申请"):
        grant(world, application)


def test_a_firm_is_applied_for_once_at_a_time_and_not_while_it_is_enrolled(world: World) -> None:
    submitted(world)
    with pytest.raises(EnrolmentRefusal, match="正在审核"):
        submitted(world, mail="other@example.com")
    EnrolmentApplication.objects.filter(state="submitted").update(uscc=code(2))
    enrolled(world, mail="third@example.com", uscc=code(3))
    for number in (code(3), world.mobile.uscc):
        with pytest.raises(EnrolmentRefusal, match="已经是在线和解企业"):
            submitted(world, mail="fourth@example.com", uscc=number)


def test_a_firm_that_the_directory_knows_keeps_its_row(world: World) -> None:
    known = Enterprise.objects.create(name="旧名公司", uscc=code(), enrolment="not_enrolled")
    assert enrolled(world).pk == known.pk
    assert (reloaded(known).name, known.enrolment) == ("榕声通信（福州）有限公司", "enrolled")


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


def refusals(given: list[object]) -> list[str]:
    return [str(one) for one in given if isinstance(one, EnrolmentRefusal)]


@pytest.mark.django_db(transaction=True)
def test_of_two_heads_who_decide_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    held = submitted(world)

    def granting() -> object:
        return grant(world, held)

    def refusing() -> object:
        return refuse(held, world.head_officer.user)

    answers = at_once(granting, refusing, granting, refusing, refusal=EnrolmentRefusal)
    assert len(refusals(answers)) == 3
    assert all("长试" in text for text in refusals(answers))
    assert EnrolmentEntry.objects.filter(application=held, kind__in=["enrolled", "refused"]).count() == 1
    assert Enterprise.objects.filter(uscc=code()).exists() == (len(refusals(answers[::2])) == 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_suspend_at_once_or_with_one_credit_code_one_is_told(world: World) -> None:
    def suspend() -> None:
        suspended(world.mobile, world.head_officer.user, keeps_cases=True)

    assert len(refusals(at_once(suspend, suspend, suspend, refusal=EnrolmentRefusal))) == 2
    assert EnrolmentEntry.objects.filter(kind="suspended").count() == 1
    drafts = [enrolling.begin(f"m{number}@example.com", language="zh-hans", now=WEDNESDAY) for number in range(2)]
    ways = [partial(enrolling.submit, draft, wanted(world), now=LATER) for draft in drafts]
    assert len(refusals(at_once(*ways, refusal=EnrolmentRefusal))) == 1

"""Inside of one case: what each side is shown by PostgreSQL itself, with no code of ours in between."""

import re
from datetime import timedelta

import pytest

from accounts.models import User
from accounts.roles import Role
from complaints.handling.steps import enterprise
from complaints.handling.transition import settling
from complaints.models import Complaint, Engagement, HandlingStep, InternalNote, Matter
from complaints.procedure.workflow import Clock, Status
from enterprises.models import Branch, Staff
from tests import ROOT, given
from tests.cast import WEDNESDAY, World
from tests.walls.conftest import ask, seeing_as

pytestmark = pytest.mark.django_db
AT_WORK = "/enterprise/queue/"


def works_at(branch: Branch | None, world: World) -> User:
    user = User.objects.create_user(f"somebody{branch.pk if branch else 0}@example.com", name="某人")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role=Role.HANDLER.post)
    return user


def count(table: str) -> int:
    return int(ask(f"select count(*) from complaints_{table}")[0][0])


def test_a_branch_sees_its_own_and_what_is_below_it(world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    below = Branch.objects.create(enterprise=world.mobile, parent=world.fuzhou, name="台江营业厅")
    beside = Branch.objects.create(enterprise=world.mobile, parent=world.fuzhou.parent, name="另一家分公司")
    above = world.fuzhou.parent
    for branch, sees in ((None, 1), (world.fuzhou, 1), (below, 0), (beside, 0), *([(above, 1)] if above else [])):
        with seeing_as(works_at(branch, world), path=AT_WORK):
            assert [count("complaint"), count("engagement")] == [sees, sees], branch


def test_what_is_for_the_enterprise_or_the_authority_is_for_nobody_else(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, report="他们还在偷税。")
    given.step(
        case, enterprise.add_internal_note(text="内部：此客户按惯例处理"), world.handler, WEDNESDAY + timedelta(hours=5)
    )
    audiences = {}
    for name, user in (("consumer", world.chen), ("enterprise", world.ming), ("authority", world.rui)):
        with seeing_as(user, path=AT_WORK if name == "enterprise" else "/"):
            audiences[name] = {
                row
                for (row,) in ask(
                    "select audience from complaints_handlingstep union select audience from complaints_personaltext "
                    "union select audience from complaints_matter"
                )
            }
            assert count("internalnote") == (1 if name == "enterprise" else 0)
            assert count("forwardingdecision") == 0 or name == "authority"
            assert count("reminder") == count("sealedhead") == 0
    assert set(HandlingStep.objects.values_list("audience", flat=True)) >= {"parties", "authority"}
    assert audiences["consumer"] == {"parties"}
    assert "authority" not in audiences["enterprise"]
    assert "enterprise" not in audiences["authority"]
    assert "authority" in audiences["authority"]


def test_a_former_enterprise_keeps_its_own_time_and_learns_nothing_of_the_next(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    first = case.engagements.get()
    later = WEDNESDAY + timedelta(days=3)
    Engagement.objects.filter(pk=first.pk).update(until_at=later, odr_result="returned", ended_by="return")
    second = Engagement.objects.create(complaint=case, enterprise=world.telecom, from_at=later)
    Complaint.objects.filter(pk=case.pk).update(enterprise=world.telecom, branch=None)
    for engagement in (first, second):
        InternalNote.objects.create(
            complaint=case, enterprise_id=engagement.enterprise_id, engagement=engagement, at=later, text="x"
        )
        Matter.objects.create(
            complaint=case,
            kind="note",
            audience="enterprise",
            opened_by="enterprise",
            opened_at=engagement.from_at + timedelta(hours=1),
            state="done",
        )
    for user, own in ((world.ming, first), (world.lead, first), (world.hua, second)):
        with seeing_as(user, path=AT_WORK):
            assert ask("select id from complaints_complaint") == [(case.pk,)]
            assert ask("select id from complaints_engagement") == [(own.pk,)]
            assert ask("select engagement_id from complaints_internalnote") == [(own.pk,)]
            assert ask("select opened_at from complaints_matter where audience = 'enterprise'") == [
                (own.from_at + timedelta(hours=1),)
            ]
    # Files of the case went with it.
    assert "is_still_ours" in ask("select pg_get_viewdef('own_engagement'::regclass)")[0][0]


def test_staff_who_complain_themselves_see_their_own_case_as_anybody_does(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    Complaint.objects.filter(pk=case.pk).update(consumer=world.hua)
    with seeing_as(world.hua):
        assert [count("complaint"), count("engagement"), count("internalnote")] == [1, 1, 0]
        assert {row for (row,) in ask("select audience from complaints_handlingstep")} == {"parties"}


def test_clocks_that_only_the_authority_knows_are_not_there_for_the_parties(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    for clock in ("lead", "jurisdiction", "instruction"):
        copied = ask("select started_at, due_at, last_day from complaints_deadline limit 1")[0]
        ask(
            "insert into complaints_deadline (complaint_id, clock, owed_by, state, started_at, length, unit,"
            " policy_version, due_at, last_day, allowance_used, is_provisional, derivation, escalations) values (%s,"
            " %s, 'authority', 'running', %s, 1, 'WD', '', %s, %s, 0, false, '{}', 0)",
            case.pk,
            clock,
            *copied,
        )
    hidden = "select count(*) from complaints_deadline where clock in ('lead', 'jurisdiction', 'instruction')"
    for user, sees in ((world.rui, 3), (world.chen, 0)):
        with seeing_as(user):
            assert ask(hidden) == [(sees,)]


def test_a_clock_of_a_matter_of_the_authority_has_a_hidden_name() -> None:
    """The policy of clocks names them and does not ask the matter; whoever gives such a matter a new clock learns it
    here.
    """
    from complaints.reading.case_rows import _CLOCKS_OF_AUTHORITY

    root = ROOT / "complaints" / "handling"
    source = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    # The register opens its kinds by name.
    kinds = set(re.findall(r'open_matter\("(\w+)"[^)]*audience="authority"', source)) | set(settling.KINDS)
    assert kinds >= {"lead", "jurisdiction", "report", "concern"}
    assert kinds & {str(clock) for clock in Clock} == {str(clock) for clock in _CLOCKS_OF_AUTHORITY}

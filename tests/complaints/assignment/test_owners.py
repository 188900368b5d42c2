"""Nobody absent holds an open case, and none is without somebody for longer than a working day."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.assignment import assigning, owners
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Complaint, HandlingStep, Notice
from complaints.parties import actors
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from enterprises.models import Absence, Staff
from oversight.portal_state import signs
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.assignment.test_officer_handover import away, with_rui
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in
from tests.walls.forms import forms_of

DAY = timedelta(days=1)
#: WEDNESDAY is the day on which the cases come: Thursday is their working day, and Friday is later than that.
THURSDAY_NIGHT, FRIDAY = WEDNESDAY + timedelta(hours=37), WEDNESDAY + 2 * DAY


def on_leave(world: World, staff: Staff, days: int = 9) -> None:
    day = timezone.localdate(WEDNESDAY)
    Absence.objects.create(
        staff=staff, starts_on=day, ends_on=day + days * DAY, entered_by=world.lead, entered_at=WEDNESDAY
    )


@pytest.fixture(autouse=True)
def on_wednesday() -> Iterator[None]:
    with time_machine.travel(WEDNESDAY + timedelta(hours=1), tick=False):
        yield


def press(world: World, case: Complaint, who: User) -> Complaint:
    """Accept by the one button of the page, whatever it says."""
    client = signed_in(who)
    form = next(one for one in forms_of(shown(client.get(address(case)))) if one.action == address(case, "accept"))
    assert send(client, address(case, "accept"), form.values).status_code == 302
    return reloaded(case)


def test_whoever_accepts_a_case_of_somebody_who_is_gone_has_it(world: World) -> None:
    for leaves in ("leave", "left", "off"):
        case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
        Complaint.objects.filter(pk=case.pk).update(handler=world.ming_staff)
        row = Staff.objects.filter(pk=world.ming_staff.pk)
        if leaves == "leave":
            on_leave(world, world.ming_staff)
        elif leaves == "left":
            Absence.objects.all().delete()
            row.update(ends_on=timezone.localdate(WEDNESDAY) - DAY)
        else:
            row.update(ends_on=None)
            User.objects.filter(pk=world.ming.pk).update(is_active=False)
        page = shown(signed_in(world.lead).get(address(case)))
        assert ("受理，由我处理" in page, "由明试处理" in page) == (True, False), leaves
        assert press(world, case, world.lead).handler == world.lead_staff, leaves
    # In a list it is the same.
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    Complaint.objects.filter(pk=case.pk).update(handler=world.ming_staff)
    send(signed_in(world.lead), "/enterprise/queue/", {"do": "accept", "case": [case.number], "handler": ""})
    assert (reloaded(case).status, reloaded(case).handler) == (S.NEGOTIATING, world.lead_staff)


def test_on_leave_nobody_is_promised_the_case_and_a_program_that_names_nobody_has_it(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    on_leave(world, world.ming_staff)
    page = shown(signed_in(world.ming).get(address(case)))
    assert "由我处理" not in page
    assert f'href="{address(case, "accept")}"' in page
    Absence.objects.all().delete()
    given.step(case, enterprise.accept_case(), world.handler, WEDNESDAY)
    assert reloaded(case).handler == world.ming_staff


def test_an_officer_who_is_an_analyst_there_too_keeps_what_was_accepted(world: World) -> None:
    analyst = Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    officer = Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.OFFICER.post)
    case = given.a_complaint(world, status=S.REVIEW)
    actor = actors.officer([analyst, officer])
    given.step(case, authority.accept(), actor, WEDNESDAY)
    assert reloaded(case).officer == officer
    assert assigning.sweep_officers(now=WEDNESDAY) == 0
    User.objects.filter(pk=world.rui.pk).update(is_active=False)
    move = authority.assign_officer(officer_id=world.rui_officer.pk)
    assert given.refused(case, move, world.actor("head"), WEDNESDAY) == "bad_choice"


def test_a_case_without_a_handler_goes_to_the_head_after_a_working_day_and_to_nobody_before(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    assert owners.sweep_owners(now=THURSDAY_NIGHT) == 0
    with time_machine.travel(FRIDAY, tick=False):
        client = signed_in(world.lead)
        page = client.get("/enterprise/team/")
        assert page.context["unowned"] == len(client.get(page.context["unowned_url"]).context["rows"]) == 1
        assert case.number in shown(client.get("/enterprise/queue/?view=unowned"))
    assert owners.sweep_owners(now=FRIDAY) == 1
    assert reloaded(case).handler == world.lead_staff
    entry = HandlingStep.objects.filter(complaint=case, step="assign").latest("pk")
    assert (entry.reason, entry.data["because"], entry.actor_role) == (
        "assigned_by_unowned",
        {"why": "unowned"},
        "system",
    )
    assert Notice.objects.filter(complaint=case, kind="assign", addressee="enterprise").count() == 1
    assert (owners.sweep_owners(now=FRIDAY), owners.sweep_owners(now=FRIDAY + 9 * DAY)) == (0, 0)
    assert verify(number=case.number).is_unbroken


def test_a_case_without_an_officer_goes_to_the_head_after_a_working_day(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    assert case.officer is None
    assert owners.sweep_owners(now=THURSDAY_NIGHT) == 0
    with time_machine.travel(FRIDAY, tick=False):
        day = signed_in(world.head_officer.user).get("/authority/").context
        number = next(n for g in day["groups"] for n in g["numbers"] if n["title"] == "超1个工作日无人经办")
        listed = signed_in(world.head_officer.user).get(number["url"]).context["rows"]
        assert ([row.complaint for row in listed], number["value"]) == ([case], 1)
    assert owners.sweep_owners(now=FRIDAY) == 1
    assert reloaded(case).officer == world.head_officer
    entry = HandlingStep.objects.filter(complaint=case, step="assign_officer").latest("pk")
    assert entry.data["because"] == {"why": "unowned", "to": "head"}
    assert Notice.objects.filter(complaint=case, kind="assign_officer", addressee="authority").exists()
    assert owners.sweep_owners(now=FRIDAY) == 0


def test_a_weekend_is_no_working_day(world: World) -> None:
    friday = WEDNESDAY + 2 * DAY
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=friday)
    assert owners.sweep_owners(now=friday + 3 * DAY + timedelta(hours=13)) == 0, "Monday, 23:00"
    assert owners.sweep_owners(now=friday + 4 * DAY) == 1
    assert reloaded(case).handler == world.lead_staff


@pytest.mark.parametrize("side", ["enterprise", "authority"])
def test_what_nobody_can_take_is_shown_with_nobody_and_an_alarm_until_somebody_is_there(
    world: World, side: str
) -> None:
    if side == "enterprise":
        case = given.a_complaint(world, status=S.NEGOTIATING)
        on_leave(world, world.ming_staff, days=1)
        on_leave(world, world.lead_staff)
        sweep, step, holder = assigning.sweep_assignments, "assign", "handler"
        expected: Any = world.ming_staff
    else:
        case = with_rui(world)
        away(world.rui_officer, world.rui)
        away(world.head_officer, world.rui)
        sweep, step, holder = assigning.sweep_officers, "assign_officer", "officer"
        expected = Officer.objects.create(
            user=world.otto, authority=world.gulou, role="handler", starts_on="2026-11-13"
        )
    assert sweep(now=WEDNESDAY) == 1
    assert getattr(reloaded(case), holder) is None
    entry = HandlingStep.objects.filter(complaint=case, step=step).latest("pk")
    assert (entry.reason, entry.data[holder]) == ("nobody_there", None)
    assert Notice.objects.filter(complaint=case, kind=step, addressee=side, sequence=entry.sequence).exists()
    # Once: the next sweep finds nothing to do, and the alarm stays on.
    assert (sweep(now=WEDNESDAY), owners.sweep_owners(now=WEDNESDAY)) == (0, 0)
    assert HandlingStep.objects.filter(complaint=case, reason="nobody_there").count() == 1
    assert "unowned" in signs.read(now=WEDNESDAY + timedelta(hours=2)).alarms
    assert owners.sweep_owners(now=FRIDAY) == 1
    assert getattr(reloaded(case), holder) == expected
    assert "unowned" not in signs.read(now=FRIDAY + timedelta(hours=2)).alarms


def test_a_handler_who_left_is_named_by_no_row_of_the_queue(world: World) -> None:
    """What lies with an authority is handed to nobody at the enterprise, and its row names whoever is still there."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    rows = signed_in(world.lead).get("/enterprise/queue/").context["rows"]
    assert [row["handler"] for row in rows] == ["明试"]
    row = Absence.objects.create(
        staff=world.ming_staff,
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate(),
        entered_by=world.lead,
        entered_at=WEDNESDAY,
    )
    assert [row["handler"] for row in signed_in(world.lead).get("/enterprise/queue/").context["rows"]] == [None]
    row.delete()
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=timezone.localdate() - DAY)
    assert [row["handler"] for row in signed_in(world.lead).get("/enterprise/queue/").context["rows"]] == [None]

"""A change of a number: drafted, tried, decided by another person, in force from its day."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from authorities.models import Authority, Officer, Policy
from authorities.policies import Policies
from complaints.law import changing, working
from complaints.models import Deadline, LawChange
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World

NOW = WEDNESDAY
FROM = date(2026, 12, 1)


def draft(world: World, **changes: Any) -> LawChange:
    values = {"by": world.rui, "authority": world.gulou, "region": world.region, "name": "acceptance", "number": 1}
    values |= {"unit": "WD", "starts_on": FROM, "legal_basis": "鼓楼区规定第1号", "why": "更快受理", "now": NOW}
    return changing.draft_policy(**values | changes)


def tried(world: World, **changes: Any) -> LawChange:
    change = draft(world, **changes)
    working.work(change, now=NOW)
    return change


def head(world: World) -> dict[str, Any]:
    return {"by": world.head_officer.user, "heads": [world.gulou], "text": "", "now": NOW}


def test_a_number_and_a_switch_hold_from_their_day_and_touch_no_running_clock(world: World) -> None:
    before = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    change = changing.approve(tried(world).mark, **head(world))
    assert (change.state, change.result) == ("done", "acceptance@350102.1")
    assert Deadline.objects.get(complaint=before, clock="acceptance").last_day == date(2026, 11, 13)
    assert Policies.load(FROM - timedelta(days=1)).number("acceptance", world.region.pk).number == 2
    assert Policies.load(FROM).number("acceptance", world.region.pk)[:3] == (1, "WD", "acceptance@350102.1")
    after = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=NOW + timedelta(days=20))
    assert Deadline.objects.get(complaint=after, clock="acceptance").length == 1
    change = tried(world, name="two_persons.refuse", number=0, unit="flag")
    assert (change.state, change.looked_at) == ("tried", 0)
    changing.approve(change.mark, **head(world))
    assert Policies.load(FROM).flag("two_persons.refuse", world.region.pk) is False
    assert Policies.load(FROM).flag("two_persons.refuse", None) is True


def test_the_next_change_ends_the_one_before_it(world: World) -> None:
    changing.approve(tried(world).mark, **head(world))
    later = changing.approve(tried(world, number=3, unit="CD", starts_on=date(2027, 1, 1)).mark, **head(world))
    between = changing.approve(tried(world, number=4, unit="CD", starts_on=date(2026, 12, 15)).mark, **head(world))
    rows = Policy.objects.filter(name="acceptance", region=world.region).order_by("starts_on")
    shown = [f"{row.number} {row.starts_on} {row.ends_on}" for row in rows]
    assert shown == ["1 2026-12-01 2026-12-14", "4 2026-12-15 2026-12-31", "3 2027-01-01 None"]
    assert (later.result, between.result) == ("acceptance@350102.2", "acceptance@350102.3")


def test_what_cannot_be_is_refused_by_name(world: World) -> None:
    for changes, code in [
        ({"starts_on": NOW.date()}, "too_early"),
        ({"name": "no_such"}, "no_such_policy"),
        ({"name": "review", "number": 8}, "against_the_law"),
        ({"name": "review", "number": 7, "unit": "CD"}, "unit"),
        ({"name": "mediation", "number": 61, "unit": "CD"}, "against_the_law"),
        ({"number": 0}, "too_small"),
        ({"number": 9999}, "too_large"),
        ({"region": None}, "not_yours"),
        ({"region": "350103"}, "not_yours"),
        ({"name": "two_persons.refuse", "number": 2, "unit": "flag"}, "too_large"),
    ]:
        if isinstance(changes.get("region"), str):
            changes = {"region": Authority.objects.get(name="闽侯县市场监督管理局").region}
        assert given.raised(draft, world, **changes).code == code
        assert not LawChange.objects.exists()


def test_nothing_goes_live_without_a_preview_nor_by_one_person(world: World) -> None:
    change = draft(world)
    given.raised(changing.approve, change.mark, **head(world))
    working.work(change, now=NOW)
    own = Officer.objects.create(user=world.rui, authority=world.gulou, role=Role.APPROVER.post)
    far = world.far_officer
    for by, heads in ((own.user, [world.gulou]), (far.user, [far.authority]), (world.su, [])):
        assert given.raised(changing.approve, change.mark, by=by, heads=heads, text="", now=NOW).code == "not_yours"
    untried = {"decided_by": world.su, "tried_at": None}
    for columns in ({"decided_by": world.rui}, {}, untried):
        with pytest.raises(IntegrityError), transaction.atomic():
            LawChange.objects.filter(pk=change.pk).update(state="done", **columns)
    assert not Policy.objects.filter(name="acceptance", region=world.region).exists()


def test_what_was_tried_is_what_is_decided(world: World) -> None:
    first, second = tried(world), tried(world, number=1, unit="CD", starts_on=date(2026, 12, 20))
    changing.approve(first.mark, **head(world))
    assert given.raised(changing.approve, second.mark, **head(world)).code == "moved_on"
    assert given.raised(changing.approve, first.mark, **head(world)).code == "not_now"


def test_who_asked_takes_it_back_the_city_decides_too_and_who_waits_has_it_drafted_anew(world: World) -> None:
    change = tried(world)
    given.raised(changing.drop, change.mark, by=world.su, now=NOW)
    assert changing.drop(change.mark, by=world.rui, now=NOW).state == "dropped"
    given.raised(changing.approve, change.mark, **head(world))
    by = world.superior_officer.user
    change = changing.refuse(tried(world).mark, by=by, heads=[world.city], text="等全市统一", now=NOW)
    assert (change.state, change.decision) == ("refused", "等全市统一")
    assert not Policy.objects.filter(name="acceptance", region=world.region).exists()
    change = tried(world)
    code = given.raised(changing.approve, change.mark, **{**head(world), "now": NOW + timedelta(days=20)}).code
    assert code == "too_late"


@pytest.mark.django_db(transaction=True)
def test_of_two_heads_at_once_one_decides(world: World) -> None:
    second = Officer.objects.create(user=world.su, authority=world.gulou, role=Role.APPROVER.post)
    change = tried(world)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def decide(by: Any) -> None:
        together.wait()
        try:
            changing.approve(change.mark, by=by, heads=[world.gulou], text="", now=NOW)
            outcomes.append("done")
        except StepNotAllowed as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(by,)) for by in (world.head_officer.user, second.user)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "not_now"]
    assert Policy.objects.filter(name="acceptance", region=world.region).count() == 1

"""What a change of the rules needs, and what each refusal is called."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from authorities.models import Authority
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.models import Enterprise
from routing.models import RoutingRule, RuleChange
from routing.rule_desk import rule_changing
from routing.rules import directory
from tests.cast import WEDNESDAY, World
from tests.routing.rules_at_work import approved, columns, drafted, filed_change, head_of_city, reach, tried

TODAY = WEDNESDAY.date()
DAY = timedelta(days=1)

#: What is asked for → by which name it is refused.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "past_day": ({}, {"starts_on": TODAY - DAY}),
    "far_day": ({}, {"starts_on": TODAY + 367 * DAY}),
    "end_before_start": ({}, {"starts_on": TODAY + 3 * DAY, "ends_on": TODAY + 2 * DAY}),
    "too_wide": ({"named": ""}, {}),
    "two_respondents": ({"brand": 1}, {}),
    "one_target": ({"target_enterprise": None, "target_branch": None}, {}),
    "no_branch": ({"target_branch": 999_999}, {}),
    "sideways": ({"target_enterprise": None, "target_branch": None, "target_authority": "far"}, {}),
    "not_yours": ({"region": None}, {}),
    "not_enrolled": ({"target_enterprise": "suspended", "target_branch": None}, {}),
}


def draft(world: World, *, by: str = "su", at: Any = None, **said: Any) -> RuleChange:
    what = said.pop("what", {})
    return rule_changing.draft(
        kind="set",
        rule=None,
        what=columns(world, **what),
        starts_on=said.pop("starts_on", TODAY),
        ends_on=said.pop("ends_on", None),
        why="x",
        why_en="",
        by=getattr(world, by),
        reach=at or reach(world.gulou),
        now=WEDNESDAY,
        today=TODAY,
    )


@pytest.mark.parametrize("code", REFUSED)
def test_what_may_not_be_is_refused_by_its_name(world: World, code: str) -> None:
    what, days = REFUSED[code]
    if what.get("target_authority") == "far":
        what = what | {"target_authority": Authority.objects.get(name="闽侯县市场监督管理局").pk}
    if what.get("target_enterprise") == "suspended":
        Enterprise.objects.filter(pk=world.telecom.pk).update(enrolment="suspended")
        what = what | {"target_enterprise": world.telecom.pk}
    with pytest.raises(ChangeRefused) as refused:
        draft(world, what=what, **days)
    assert refused.value.code == code
    assert not RuleChange.objects.exists()


def test_no_rule_without_a_trial_of_just_this_rule(world: World) -> None:
    change = draft(world)
    options = {"by": world.su, "reach": reach(world.gulou), "today": TODAY}
    with pytest.raises(ChangeRefused, match="试运行"):
        rule_changing.file(change, now=WEDNESDAY, **options)
    tried(change, WEDNESDAY)
    # Changed after its trial: it has to be tried again. Another wording of the reason is no other rule.
    rule_changing.edit(
        change, what=columns(world, priority=40), starts_on=TODAY, ends_on=None, why="x", why_en="", **options
    )
    change.refresh_from_db()
    with pytest.raises(ChangeRefused) as refused:
        rule_changing.file(change, now=WEDNESDAY, **options)
    assert refused.value.code == "not_tried"
    tried(change, WEDNESDAY)
    rule_changing.edit(
        change, what=columns(world, priority=40), starts_on=TODAY, ends_on=None, why="y", why_en="", **options
    )
    rule_changing.file(change, now=WEDNESDAY, **options)
    with pytest.raises(ChangeRefused, match="只有起草人"):
        rule_changing.edit(change, what=columns(world), starts_on=TODAY, ends_on=None, why="z", why_en="", **options)


def decided(world: World, change: RuleChange, *, by: Any, at: Any, agrees: bool = True, days: int = 0) -> str:
    """The name of the refusal; empty if it was done."""
    try:
        rule_changing.decide(
            change,
            agrees=agrees,
            reason="不需要。",
            by=by,
            reach=at,
            now=WEDNESDAY + days * DAY,
            today=TODAY + days * DAY,
        )
    except ChangeRefused as refused:
        return refused.code
    return ""


def test_a_second_person_with_this_region_decides_once(world: World) -> None:
    head, above = world.head_officer.user, head_of_city(world)
    own = draft(world)
    own.made_by = head
    own.save()
    filed_change(world, own, WEDNESDAY)
    assert decided(world, own, by=head, at=reach(world.gulou)) == "own_change"
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleChange.objects.filter(pk=own.pk).update(decided_by=head, decided_at=WEDNESDAY)
    far = Authority.objects.get(name="闽侯县市场监督管理局")
    assert decided(world, own, by=above, at=reach(far)) == "not_yours"
    assert decided(world, own, by=above, at=reach(far), agrees=False) == "not_yours"
    assert decided(world, own, by=above, at=reach(world.city)) == ""
    assert decided(world, own, by=above, at=reach(world.city)) == "decided"
    # A draft that nobody filed, and one that was taken back, are decided by nobody.
    assert decided(world, draft(world), by=head, at=reach(world.gulou)) == "not_waiting"


def test_two_changes_of_one_version_and_the_second_is_told(world: World) -> None:
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    first, second = (drafted(world, WEDNESDAY, rule=rule, priority=n, starts_on=TODAY + 5 * DAY) for n in (40, 30))
    for change in (first, second):
        filed_change(world, change, WEDNESDAY)
    head = world.head_officer.user
    assert decided(world, first, by=head, at=reach(world.gulou)) == ""
    assert decided(world, second, by=head, at=reach(world.gulou)) == "moved_on"
    assert decided(world, second, by=head, at=reach(world.gulou), agrees=False) == ""


def versions(code: str) -> list[tuple[int, Any, Any, bool]]:
    return list(
        RoutingRule.objects.filter(code=code)
        .order_by("version")
        .values_list("version", "starts_on", "ends_on", "is_taken_back")
    )


def test_versions_follow_each_other_without_a_gap_and_never_overlap(world: World) -> None:
    first = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    code = first.code
    second = approved(world, drafted(world, WEDNESDAY, rule=first, priority=40, starts_on=TODAY + 10 * DAY), WEDNESDAY)
    assert versions(code) == [(1, TODAY, TODAY + 9 * DAY, False), (2, TODAY + 10 * DAY, None, False)]
    # A third one that begins before the second: that one never holds.
    approved(world, drafted(world, WEDNESDAY, rule=second, priority=30, starts_on=TODAY + 5 * DAY), WEDNESDAY)
    assert versions(code) == [
        (1, TODAY, TODAY + 4 * DAY, False),
        (2, TODAY + 10 * DAY, None, True),
        (3, TODAY + 5 * DAY, None, False),
    ]
    assert {(rule.code, rule.version) for rule in directory.rules() if rule.code == code} == {(code, 1), (code, 3)}
    # An end in between takes back what was still to come.
    approved(
        world,
        drafted(
            world, WEDNESDAY, rule=RoutingRule.objects.get(code=code, version=3), kind="end", ends_on=TODAY + 2 * DAY
        ),
        WEDNESDAY,
    )
    assert versions(code) == [
        (1, TODAY, TODAY + 2 * DAY, False),
        (2, TODAY + 10 * DAY, None, True),
        (3, TODAY + 5 * DAY, None, True),
    ]
    with pytest.raises(ChangeRefused) as refused:
        drafted(
            world, WEDNESDAY, rule=RoutingRule.objects.get(code=code, version=1), kind="end", ends_on=TODAY + 3 * DAY
        )
    assert refused.value.code == "ended"


def test_approved_late_it_begins_with_the_approval(world: World) -> None:
    change = filed_change(world, drafted(world, WEDNESDAY), WEDNESDAY)
    assert decided(world, change, by=world.head_officer.user, at=reach(world.gulou), days=3) == ""
    assert versions(change.final_code) == [(1, TODAY + 3 * DAY, None, False)]


def test_what_is_taken_back_or_changes_nothing(world: World) -> None:
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    with pytest.raises(ChangeRefused) as refused:
        drafted(world, WEDNESDAY, rule=rule)
    assert refused.value.code == "nothing_new"
    change = filed_change(world, drafted(world, WEDNESDAY, rule=rule, priority=1), WEDNESDAY)
    with pytest.raises(ChangeRefused):
        rule_changing.withdraw(change, by=world.rui, now=WEDNESDAY)
    rule_changing.withdraw(change, by=world.su, now=WEDNESDAY)
    change.refresh_from_db()
    assert decided(world, change, by=world.head_officer.user, at=reach(world.gulou)) == "not_waiting"
    with pytest.raises(ChangeRefused):
        rule_changing.withdraw(change, by=world.su, now=WEDNESDAY)
    assert versions(rule.code) == [(1, TODAY, None, False)]

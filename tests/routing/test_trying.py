"""A trial says what routing would have done: each case against the decision that is then really made; killed and
resumed.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import RespondentRequest
from enterprises.models import Brand
from routing.forwarding import forwarding
from routing.models import RoutingRule, RuleTrial
from routing.rule_desk import rule_changing, trying
from routing.rules.facts import Match
from tests import given
from tests.cast import WEDNESDAY, World
from tests.routing.rules_at_work import (
    WRITTEN,
    approved,
    columns,
    corrected,
    drafted,
    filed_change,
    head_of_city,
    reach,
    tried,
)

TODAY, DAY = WEDNESDAY.date(), timedelta(days=1)


def mixed(world: World) -> list[Complaint]:
    """A few of each kind, a day apart: picked, by brand, written, in two places."""
    brand = Brand.objects.get(name="动感地带")
    kinds = [
        RespondentRequest(enterprise_id=world.mobile.pk),
        RespondentRequest(brand_id=brand.pk),
        RespondentRequest(named=WRITTEN),
        RespondentRequest(enterprise_id=world.telecom.pk),
    ]
    minhou = world.far_officer.authority.region_id
    cases = [
        given.filed(world, now=WEDNESDAY - (n + 1) * DAY, respondents=(kind,), service_region_id=place)
        for n, (kind, place) in enumerate((kind, place) for kind in kinds for place in (world.region.pk, minhou))
    ]
    for case in cases:
        # Whoever agreed to one enterprise alone is asked before the case goes to another; here all agreed to both.
        case.consents = {**case.consents, "entities": [world.mobile.pk, world.telecom.pk]}
        case.save(update_fields=["consents"])
    return cases


def routed(cases: list[Complaint]) -> dict[int, Any]:
    made = forwarding.decide(cases, now=WEDNESDAY, conditions=Conditions.at(WEDNESDAY))
    return {pk: (one.enterprise_id, one.branch_id) if isinstance(one, Match) else None for pk, one in made.items()}


#: A change of the rules: what → which of the mixed cases it moves is for routing to say.
CHANGES: dict[str, dict[str, Any]] = {
    "a written name": {},
    "one firm's to another": {
        "named": "",
        "enterprise": "mobile",
        "target_enterprise": "telecom",
        "target_branch": None,
    },
    "a brand's": {"named": "", "brand": "动感地带", "target_enterprise": "telecom", "target_branch": None},
    "the whole city's": {"region": "city"},
    "to an office": {"target_enterprise": None, "target_branch": None, "target_authority": "gulou"},
}


def meant(world: World, values: dict[str, Any]) -> dict[str, Any]:
    result = dict(values)
    for name in ("enterprise", "target_enterprise", "target_authority"):
        if isinstance(result.get(name), str):
            result[name] = getattr(world, result[name]).pk
    if "brand" in result:
        result["brand"] = Brand.objects.get(name=result["brand"]).pk
    if result.get("region") == "city":
        result["region"] = world.city.region_id
    return result


@pytest.mark.parametrize("name", CHANGES)
def test_who_would_have_moved_is_who_then_moves(world: World, name: str) -> None:
    cases = mixed(world)
    before = routed(cases)
    change = drafted(world, WEDNESDAY, **meant(world, CHANGES[name]))
    trial = tried(change, WEDNESDAY)
    values = {pk: (was, then) for was, then, _n, ids in trying.ways_of(trial.found) for pk in ids}
    assert values, "there are cases that this change moves"
    assert trial.found["moved"] == len(values)
    rule_changing.file(change, by=world.su, reach=reach(world.city), now=WEDNESDAY, today=TODAY)
    change.refresh_from_db()
    rule_changing.decide(
        change, agrees=True, reason="", by=head_of_city(world), reach=reach(world.city), now=WEDNESDAY, today=TODAY
    )
    after = routed(cases)
    for case in cases:
        was, then = values.get(case.pk, (None, None))
        if was is None or then is None:
            assert before[case.pk] == after[case.pk], case.respondent_named
            continue
        assert before[case.pk] == (None if was.reason else (was.enterprise, was.branch))
        assert after[case.pk] == (None if then.reason else (then.enterprise, then.branch))


def test_precision_is_against_who_kept_the_case(world: World) -> None:
    corrected(world, WEDNESDAY)
    trial = tried(drafted(world, WEDNESDAY), WEDNESDAY)
    wrong = tried(drafted(world, WEDNESDAY, target_enterprise=world.telecom.pk, target_branch=None), WEDNESDAY)
    for result, right in ((trial.found, 3), (wrong.found, 0)):
        assert (result["matched"], result["newly"], result["known"]) == (3, 3, 3)
        assert (result["before_decided"], result["after_decided"], result["after_right"]) == (0, 3, right)


def test_who_agreed_to_another_firm_has_to_be_asked(world: World) -> None:
    given.filed(world, now=WEDNESDAY - DAY)
    result = tried(
        drafted(
            world,
            WEDNESDAY,
            named="",
            enterprise=world.mobile.pk,
            target_enterprise=world.telecom.pk,
            target_branch=None,
        ),
        WEDNESDAY,
    ).found
    assert (result["moved"], result["consent"]) == (1, 1)


def test_an_end_and_a_target_that_cannot_receive(world: World) -> None:
    mixed(world)
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    RoutingRule.objects.filter(pk=rule.pk).update(starts_on=None)
    result = tried(drafted(world, WEDNESDAY, rule=rule, kind="end", ends_on=TODAY), WEDNESDAY).found
    assert (result["moved"], result["unmatched"], result["newly"], result["matched"]) == (1, 1, 0, 0)


def test_killed_in_the_middle_it_goes_on_and_finds_the_same(world: World) -> None:
    cases = mixed(world)
    change = drafted(world, WEDNESDAY, region=world.city.region_id)
    whole = tried(change, WEDNESDAY)
    trial = rule_changing.start_trial(change, days=30, by=world.su, now=WEDNESDAY)
    looked = []
    while trial.state == RuleTrial.State.RUNNING:
        try:
            with transaction.atomic():
                trying.work(trial, now=WEDNESDAY, piece=2)
                if len(looked) in (1, 3):
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            # The worker is gone with what it had in hand; the row stands where it was.
            looked.append(-1)
        trial.refresh_from_db()
        looked.append(trial.looked_at)
    assert trial.looked_at == whole.looked_at == len(cases)
    assert (trial.found, max(looked)) == (whole.found, len(cases))


def test_it_is_bound_to_the_draft_and_to_the_rules_beside_it(world: World) -> None:
    mixed(world)
    other = filed_change(world, drafted(world, WEDNESDAY, named="别的名称"), WEDNESDAY)
    change = drafted(world, WEDNESDAY)
    trial = rule_changing.start_trial(change, days=30, by=world.su, now=WEDNESDAY)
    trying.work(trial, now=WEDNESDAY, piece=2)
    assert 0 < trial.looked_at < 8
    # Another rule is approved meanwhile: all cases are looked at with it.
    rule_changing.decide(
        other, agrees=True, reason="", by=world.head_officer.user, reach=reach(world.gulou), now=WEDNESDAY, today=TODAY
    )
    trying.sweep_trials(now=WEDNESDAY)
    trial.refresh_from_db()
    assert (trial.state, trial.found["moved"]) == ("done", 1)
    # The draft is changed while a trial runs: that one is no trial of it.
    again = rule_changing.start_trial(change, days=30, by=world.su, now=WEDNESDAY)
    rule_changing.edit(
        change,
        what=columns(world, priority=9),
        starts_on=TODAY,
        ends_on=None,
        why="x",
        why_en="",
        by=world.su,
        reach=reach(world.city),
        today=TODAY,
    )
    trying.sweep_trials(now=WEDNESDAY)
    again.refresh_from_db()
    assert again.state == "dropped"
    change.refresh_from_db()
    assert not rule_changing.is_tried(change)


def test_what_cannot_be_tried_is_given_up_after_three_times(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = rule_changing.start_trial(drafted(world, WEDNESDAY), days=30, by=world.su, now=WEDNESDAY)

    def broken(*_args: Any, **_options: Any) -> None:
        raise ValueError("x")

    monkeypatch.setattr(trying, "work", broken)
    for _turn in range(trying.MOST_TRIES):
        trial.refresh_from_db()
        assert trial.state == "running"
        assert trying.sweep_trials(now=WEDNESDAY) == 0
    trial.refresh_from_db()
    assert trial.state == "failed"


def test_old_cases_are_left_out_and_the_newest_of_too_many_taken(world: World) -> None:
    cases = mixed(world)
    Complaint.objects.filter(pk=cases[0].pk).update(received_at=WEDNESDAY - 31 * DAY)
    change = drafted(world, WEDNESDAY, region=world.city.region_id)
    assert tried(change, WEDNESDAY).looked_at == len(cases) - 1
    trial = rule_changing.start_trial(change, days=60, by=world.su, now=WEDNESDAY)
    trying.work(trial, now=WEDNESDAY, most=3)
    assert (trial.looked_at, trial.state, trial.found["is_cut"]) == (3, "done", True)

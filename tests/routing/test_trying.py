"""A trial says what routing would have done: each case against the decision that is then really made; killed and
resumed.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from authorities.models import Authority, Region
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import RespondentRequest
from enterprises.directory import changing
from enterprises.directory.spelling import fold_name
from enterprises.models import Alias, Branch, Brand, BrandHolding, DirectoryChange, Enterprise, SearchName, ServiceArea
from routing.directory_changes import previewing
from routing.directory_changes.previewing import place_of
from routing.forwarding import forwarding
from routing.forwarding.forwarding import facts_of
from routing.models import RoutingRule, RuleChange, RuleTrial
from routing.rule_desk import judging, rule_changing, trying
from routing.rules.directory import rules as all_rules
from routing.rules.directory import snapshot
from routing.rules.facts import Match
from routing.rules.matching import choose
from tests import given, reloaded, undone
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
from tests.unchanged import unchanged

TODAY, DAY = WEDNESDAY.date(), timedelta(days=1)


def mixed(world: World) -> list[Complaint]:
    """A few of each kind, a day apart: picked, by brand, written, in two places."""
    brand = Brand.objects.get(name="动感地带").pk
    picked = [{"enterprise_id": world.mobile.pk}, {"brand_id": brand}, {"named": WRITTEN}]
    kinds = [RespondentRequest(**columns) for columns in (*picked, {"enterprise_id": world.telecom.pk})]
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


def routed(cases: list[Complaint], now: datetime = WEDNESDAY) -> dict[int, Any]:
    made = forwarding.decide(cases, now=now, conditions=Conditions.at(now))
    return {pk: (one.enterprise_id, one.branch_id) if isinstance(one, Match) else None for pk, one in made.items()}


TO_TELECOM = {"named": "", "target_enterprise": "telecom", "target_branch": None}
#: A change of the rules: what → which of the mixed cases it moves is for routing to say.
CHANGES: dict[str, dict[str, Any]] = {
    "a written name": {},
    "one firm's to another": {"enterprise": "mobile"} | TO_TELECOM,
    "a brand's": {"brand": "动感地带"} | TO_TELECOM,
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


def test_who_would_have_moved_is_who_then_moves(world: World) -> None:
    cases, head = mixed(world), head_of_city(world)
    before = routed(cases)
    for values in CHANGES.values():
        with undone():
            change = drafted(world, WEDNESDAY, **meant(world, values))
            with unchanged():
                trial = tried(change, WEDNESDAY)
            moved = {pk: (was, then) for was, then, _n, ids in trying.ways_of(trial.found) for pk in ids}
            assert moved, "there are cases that this change moves"
            assert trial.found["moved"] == len(moved)
            rule_changing.file(change, by=world.su, reach=reach(world.city), now=WEDNESDAY, today=TODAY)
            agree(reloaded(change), head, world.city)
            after = routed(cases)
            for case in cases:
                was, then = moved.get(case.pk, (None, None))
                if was is None or then is None:
                    assert before[case.pk] == after[case.pk], case.respondent_named
                    continue
                assert before[case.pk] == (None if was.reason else (was.enterprise, was.branch))
                assert after[case.pk] == (None if then.reason else (then.enterprise, then.branch))


def agree(change: RuleChange, by: User, place: Authority) -> None:
    rule_changing.decide(change, agrees=True, reason="", by=by, reach=reach(place), now=WEDNESDAY, today=TODAY)


def test_precision_is_against_who_kept_the_case(world: World) -> None:
    corrected(world, WEDNESDAY)
    trial = tried(drafted(world, WEDNESDAY), WEDNESDAY)
    wrong = tried(drafted(world, WEDNESDAY, target_enterprise=world.telecom.pk, target_branch=None), WEDNESDAY)
    for result, right in ((trial.found, 3), (wrong.found, 0)):
        assert (result["matched"], result["newly"], result["known"]) == (3, 3, 3)
        assert (result["before_decided"], result["after_decided"], result["after_right"]) == (0, 3, right)


def test_who_agreed_to_another_firm_has_to_be_asked(world: World) -> None:
    given.filed(world, now=WEDNESDAY - DAY)
    result = tried(drafted(world, WEDNESDAY, **meant(world, CHANGES["one firm's to another"])), WEDNESDAY).found
    assert (result["moved"], result["consent"]) == (1, 1)


def test_an_end_and_a_target_that_cannot_receive(world: World) -> None:
    mixed(world)
    rule = approved(world, drafted(world, WEDNESDAY), WEDNESDAY)
    RoutingRule.objects.filter(pk=rule.pk).update(starts_on=None)
    result = tried(drafted(world, WEDNESDAY, rule=rule, kind="end", ends_on=TODAY), WEDNESDAY).found
    assert (result["moved"], result["unmatched"], result["newly"], result["matched"]) == (1, 1, 0, 0)


def test_killed_in_the_middle_it_finds_the_same_old_cases_are_left_out_and_the_newest_of_too_many_taken(
    world: World,
) -> None:
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
    Complaint.objects.filter(pk=cases[0].pk).update(received_at=WEDNESDAY - 31 * DAY)
    assert tried(change, WEDNESDAY).looked_at == len(cases) - 1
    trial = rule_changing.start_trial(change, days=60, by=world.su, now=WEDNESDAY)
    trying.work(trial, now=WEDNESDAY, most=3)
    assert (trial.looked_at, trial.state, trial.found["is_cut"]) == (3, "done", True)


def test_it_is_bound_to_the_draft_and_to_the_rules_beside_it(world: World) -> None:
    mixed(world)
    other = filed_change(world, drafted(world, WEDNESDAY, named="别的名称"), WEDNESDAY)
    change = drafted(world, WEDNESDAY)
    trial = rule_changing.start_trial(change, days=30, by=world.su, now=WEDNESDAY)
    trying.work(trial, now=WEDNESDAY, piece=2)
    assert 0 < trial.looked_at < 8
    # Another rule is approved meanwhile: all cases are looked at with it.
    agree(other, world.head_officer.user, world.gulou)
    trying.sweep_trials(now=WEDNESDAY)
    assert (reloaded(trial).state, trial.found["moved"]) == ("done", 1)
    # The draft is changed while a trial runs: that one is no trial of it.
    again = rule_changing.start_trial(change, days=30, by=world.su, now=WEDNESDAY)
    said = {"what": columns(world, priority=9), "starts_on": TODAY, "ends_on": None, "why": "x", "why_en": ""}
    rule_changing.edit(change, by=world.su, reach=reach(world.city), today=TODAY, **said)
    trying.sweep_trials(now=WEDNESDAY)
    assert reloaded(again).state == "dropped"
    assert not rule_changing.is_tried(reloaded(change))


def test_what_cannot_be_tried_or_counted_is_given_up_after_three_times(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_options: Any) -> None:
        raise ValueError("x")

    trial = rule_changing.start_trial(drafted(world, WEDNESDAY), days=30, by=world.su, now=WEDNESDAY)
    monkeypatch.setattr(trying, "work", broken)
    for _turn in range(trying.MOST_TRIES):
        assert reloaded(trial).state == "running"
        assert trying.sweep_trials(now=WEDNESDAY) == 0
    assert reloaded(trial).state == "failed"
    change = wished(world, "alias-add", name="榕城移动")
    monkeypatch.setattr(previewing, "previewed", broken)
    for turn in range(previewing.MOST_TRIES):
        assert previewing.sweep_previews(now=WEDNESDAY + timedelta(minutes=6 * turn)) == 0
        assert reloaded(change).preview_wanted_at is not None
    previewing.sweep_previews(now=WEDNESDAY + timedelta(minutes=60))
    assert (reloaded(change).preview, change.preview_wanted_at) == (None, None)


def wished(world: World, code: str, *, on: int = 0, **what: Any) -> DirectoryChange:
    said = {"enterprise": world.mobile, "branch_ids": None, "why": "因机构调整。", "by": world.lead}
    return changing.draft(code, what, on_day=TODAY + on * DAY, now=WEDNESDAY, today=TODAY, **said)


def counted(change: DirectoryChange) -> list[dict[str, Any]]:
    assert previewing.sweep_previews(now=WEDNESDAY) == 1
    assert reloaded(change).preview is not None
    ways: list[dict[str, Any]] = change.preview["ways"]
    return ways


def approve(world: World, change: DirectoryChange) -> None:
    changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY)
    said = {"agrees": True, "reason": "", "authority_ids": {world.gulou.pk}, "by": world.head_officer.user}
    changing.decide(change, now=WEDNESDAY, today=TODAY, **said)


def a_few(world: World) -> list[Complaint]:
    """What may come in on a morning: picked, by brand, by name, in the city and in Fuqing."""
    kinds = [{"enterprise_id": world.mobile.pk}, {"brand_id": Brand.objects.get(name="动感地带").pk}]
    kinds += [{"named": "中国移动福清分公司"}, {"named": "榕城移动"}, {"enterprise_id": world.telecom.pk}]
    cases = [
        given.filed(world, respondents=(RespondentRequest(**kind),), service_region_id=region)
        for kind in kinds
        for region in (world.region.pk, Region.objects.get(code="350181").pk)
    ]
    # Somebody who files ten cases a day goes to a person.
    for nth, case in enumerate(cases):
        Complaint.objects.filter(pk=case.pk).update(filed_at=WEDNESDAY - timedelta(days=2 * nth))
    return cases


def swept(cases: list[Complaint], *, days: int) -> dict[int, tuple[Any, Any]]:
    """Where the sweep takes them on that day."""
    forwarding.sweep_filed(now=WEDNESDAY + timedelta(days=days), only=[case.pk for case in cases])
    for case in cases:
        case.refresh_from_db()
    return {case.pk: (case.enterprise_id, case.branch_id) for case in cases}


def area(world: World, name: str) -> ServiceArea:
    return ServiceArea.objects.get(branch__name=name, branch__enterprise=world.mobile)


#: Kind → what is wished; on which day from today it first makes a difference.
KINDS: dict[str, Any] = {
    "area-end": (lambda w: {"area": area(w, "中国移动福清分公司").pk}, 0, 1),
    "branch-end": (lambda w: {"branch": Branch.objects.get(name="中国移动福清分公司").pk}, 0, 1),
    "area-add": (lambda w: {"branch": Branch.objects.get(name="中国移动平潭分公司").pk, "region": w.region.pk}, 0, 0),
    "brand-end": (lambda w: {"holding": BrandHolding.objects.get(brand__name="动感地带").pk}, 0, 1),
    "alias-add": (lambda w: {"name": "榕城移动"}, 1, 1),
    "successor-add": (lambda w: {"enterprise": w.telecom.pk}, 0, 0),
}


def test_the_preview_is_what_routing_then_does(world: World) -> None:
    cases = a_few(world)
    for code, (what, on, first) in KINDS.items():
        with undone():
            change = wished(world, code, on=on, **what(world))
            with unchanged():
                values = {pk: way for way in counted(change) for pk in way["cases"]}
            assert values, "the world has cases that this change moves"
            assert sum(way["n"] for way in change.preview["ways"]) == len(values)
            # Nothing of it was left in the directory.
            assert not Alias.objects.filter(name="榕城移动").exists()
            # Where routing would take them on that day, by the directory as it stands.
            without = {pk: place or (None, None) for pk, place in routed(cases, WEDNESDAY + first * DAY).items()}
            approve(world, change)
            with_it = swept(cases, days=first)
            for case in cases:
                expected = without[case.pk]
                if case.pk in values:
                    before, after = (values[case.pk][when] for when in ("before", "after"))
                    assert expected == ((None, None) if before["reason"] else (before["enterprise"], before["branch"]))
                    expected = (None, None) if after["reason"] else (after["enterprise"], after["branch"])
                assert with_it[case.pk] == expected, (code, case.respondent_named)
        for case in cases:
            case.refresh_from_db()


def test_where_failed_cases_go_is_a_way_too(world: World) -> None:
    given.filed(world, respondents=(RespondentRequest(enterprise_id=world.mobile.pk),))
    taijiang = Authority.objects.get(name="福州市台江区市场监督管理局")
    (way,) = counted(wished(world, "duty-set", branch=world.fuzhou.pk, authority=taijiang.pk))
    assert (way["before"]["authority"], way["after"]["authority"]) == (world.gulou.pk, taijiang.pk)
    assert way["before"]["branch"] == way["after"]["branch"] == world.fuzhou.pk


def test_old_cases_and_too_many_are_left_out_and_said(world: World) -> None:
    cases = a_few(world)
    Complaint.objects.filter(pk=cases[0].pk).update(received_at=WEDNESDAY - timedelta(days=91))
    change = wished(world, "successor-add", enterprise=world.telecom.pk)
    whole = previewing.previewed(change, now=WEDNESDAY)
    assert cases[0].pk not in {pk for way in whole["ways"] for pk in way["cases"]}
    cut = previewing.previewed(change, now=WEDNESDAY, most=2)
    assert (cut["looked_at"], cut["is_cut"], whole["is_cut"]) == (2, True, False)


def twins(world: World) -> list[Complaint]:
    """Two enterprises of one name, one of which sits where the consumer says; and cases that say it, another place, or
    nothing.
    """
    far = world.far_officer.authority.region
    for place in (world.region, far):
        columns = {"enrolment": "enrolled", "enrolled_by": world.city, "domicile": place}
        enterprise = Enterprise.objects.create(name=f"苍鹭{place.name}店", name_en="", **columns)
        SearchName.objects.create(kind="alias", text="苍鹭", folded=fold_name("苍鹭"), grams=[], enterprise=enterprise)
    return [
        given.filed(world, now=WEDNESDAY - DAY, respondents=(RespondentRequest(named="苍鹭", address=text),))
        for text in (world.region.name, world.region.name, f"某路1号，{far.name}", "别处", "")
    ]


def by_itself(case: Complaint, known: judging.TrialRules) -> judging.Decided:
    facts = facts_of(case, on=case.received_at.astimezone(judging.SHANGHAI).date())
    directory = snapshot([facts], (*known.before, *known.after), suggests=False)
    before, after = (choose(facts, rules, directory) for rules in (known.before, known.after))
    return judging.Decided(place_of(before), place_of(after), after.rule == known.code)


def test_each_case_is_decided_as_if_it_were_alone(world: World) -> None:
    """Piece by piece, and once for all that is alike."""
    respondents = (RespondentRequest(named=WRITTEN),)
    cases = [*mixed(world), *mixed(world), *twins(world), given.filed(world, now=WEDNESDAY, respondents=respondents)]
    fields = judging.Recorded._fields
    rows = [judging.Recorded(*row) for row in Complaint.objects.order_by("-received_at").values_list(*fields)]
    assert len(rows) == len(cases)
    for what in (*(meant(world, values) for values in CHANGES.values()), {"named": "苍鹭"}):
        change, rules = drafted(world, WEDNESDAY, **what), all_rules()
        known = judging.TrialRules(change.final_code, rules, trying.rules_with(change, rules))
        result = {}
        for start in range(0, len(rows), 5):
            result |= {one.pk: one.made for one in judging.judged(rows[start : start + 5], known, now=WEDNESDAY)}
        alone = {case.pk: by_itself(case, known) for case in Complaint.objects.all()}
        assert result == {pk: made for pk, made in alone.items() if made.is_by_rule or made.moves}
        assert result
        assert len(known.decided) < len(rows), "what is alike is decided once"

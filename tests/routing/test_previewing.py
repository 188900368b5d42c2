"""What a change would move is what it then moves: the preview of each kind against the sweep after its approval."""

from datetime import timedelta
from typing import Any

import pytest

from authorities.models import Authority, Region
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import RespondentRequest
from enterprises.directory import changing
from enterprises.models import Alias, Branch, Brand, BrandHolding, DirectoryChange, ServiceArea
from routing.directory_changes import previewing
from routing.forwarding import forwarding
from routing.rules.facts import Match
from tests import given
from tests.cast import WEDNESDAY, World

TODAY = WEDNESDAY.date()


def wished(world: World, code: str, *, on: int = 0, branch_ids: Any = None, **what: Any) -> DirectoryChange:
    return changing.draft(
        code,
        what,
        enterprise=world.mobile,
        branch_ids=branch_ids,
        on_day=TODAY + timedelta(days=on),
        why="因机构调整。",
        by=world.lead,
        now=WEDNESDAY,
        today=TODAY,
    )


def counted(change: DirectoryChange) -> list[dict[str, Any]]:
    assert previewing.sweep_previews(now=WEDNESDAY) == 1
    change.refresh_from_db()
    assert change.preview is not None
    ways: list[dict[str, Any]] = change.preview["ways"]
    return ways


def approve(world: World, change: DirectoryChange) -> None:
    changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY)
    changing.decide(
        change,
        agrees=True,
        reason="",
        authority_ids={world.gulou.pk},
        by=world.head_officer.user,
        now=WEDNESDAY,
        today=TODAY,
    )


def a_few(world: World) -> list[Complaint]:
    """What may come in on a morning: picked, by brand, by name, in the city and in Fuqing."""
    brand = Brand.objects.get(name="动感地带")
    fuqing = Region.objects.get(code="350181").pk
    people = [
        RespondentRequest(enterprise_id=world.mobile.pk),
        RespondentRequest(brand_id=brand.pk),
        RespondentRequest(named="中国移动福清分公司"),
        RespondentRequest(named="榕城移动"),
        RespondentRequest(enterprise_id=world.telecom.pk),
    ]
    cases = [
        given.filed(world, respondents=(one,), service_region_id=region)
        for one in people
        for region in (world.region.pk, fuqing)
    ]
    # Somebody who files ten cases a day goes to a person.
    for nth, case in enumerate(cases):
        Complaint.objects.filter(pk=case.pk).update(filed_at=WEDNESDAY - timedelta(days=2 * nth))
    return cases


def routed(cases: list[Complaint], *, days: int) -> dict[int, tuple[Any, Any]]:
    """Where routing would take them on that day, by the directory as it stands."""
    now = WEDNESDAY + timedelta(days=days)
    made = forwarding.decide(cases, now=now, conditions=Conditions.at(now))
    return {
        pk: (one.enterprise_id, one.branch_id) if isinstance(one, Match) else (None, None) for pk, one in made.items()
    }


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


@pytest.mark.parametrize("code", KINDS)
def test_the_preview_is_what_routing_then_does(world: World, code: str) -> None:
    what, on, first = KINDS[code]
    cases = a_few(world)
    change = wished(world, code, on=on, **what(world))
    values = {pk: way for way in counted(change) for pk in way["cases"]}
    assert values, "the world has cases that this change moves"
    assert sum(way["n"] for way in change.preview["ways"]) == len(values)
    # Nothing of it was left in the directory.
    assert not Alias.objects.filter(name="榕城移动").exists()
    without = routed(cases, days=first)
    approve(world, change)
    with_it = swept(cases, days=first)
    for case in cases:
        expected = without[case.pk]
        if case.pk in values:
            before, after = values[case.pk]["before"], values[case.pk]["after"]
            assert expected == ((None, None) if before["reason"] else (before["enterprise"], before["branch"]))
            expected = (None, None) if after["reason"] else (after["enterprise"], after["branch"])
        assert with_it[case.pk] == expected, case.respondent_named


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


def test_what_cannot_be_counted_is_tried_thrice_and_then_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change = wished(world, "alias-add", name="榕城移动")

    def broken(*_args: Any, **_options: Any) -> None:
        raise ValueError("x")

    monkeypatch.setattr(previewing, "previewed", broken)
    for turn in range(previewing.MOST_TRIES):
        assert previewing.sweep_previews(now=WEDNESDAY + timedelta(minutes=6 * turn)) == 0
        change.refresh_from_db()
        assert change.preview_wanted_at is not None
    previewing.sweep_previews(now=WEDNESDAY + timedelta(minutes=60))
    change.refresh_from_db()
    assert (change.preview, change.preview_wanted_at) == (None, None)

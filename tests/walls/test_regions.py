"""An officer sees the region of the office and what lies in it, by the parents of regions; each side its own."""

import re
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.handling.steps import enterprise
from complaints.handling.transition import settling
from complaints.models import Complaint, Engagement, HandlingStep, InternalNote, Matter
from complaints.parties.actors import offices_of
from complaints.procedure.workflow import Clock, Status
from enterprises.models import Branch, Staff
from tests import ROOT, given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import signed_in
from tests.given import a_complaint
from tests.walls.conftest import ask, seeing_as
from tests.walls.sweeping import seed

pytestmark = pytest.mark.django_db


def within(region: Region, other: Region, parents: dict[int, int | None]) -> bool:
    """Whether ``region`` is ``other`` or lies in it, by its parents."""
    here: int | None = region.pk
    while here is not None:
        if here == other.pk:
            return True
        here = parents[here]
    return False


@pytest.fixture
def pairs() -> list[tuple[Region, Region]]:
    """Offices and cases at all levels: half of them near each other, or nearly all pairs would be strangers."""
    random, regions = Random(seed()), {region.pk: region for region in Region.objects.filter(country="CN")}
    results = []
    for _ in range(14):
        case = random.choice(list(regions.values()))
        office = random.choice(list(regions.values()))
        if random.random() < 0.7:
            around = [case, *(r for r in regions.values() if r.parent_id in (case.pk, case.parent_id))]
            around += [regions[case.parent_id]] if case.parent_id else []
            office = random.choice(around)
        results.append((office, case))
    # Whatever the commit draws, one pair is near.
    return [*results, (case, case)]


def test_T10_a_case_is_seen_from_its_region_and_those_around_it_only(
    world: World, pairs: list[tuple[Region, Region]]
) -> None:
    case = a_complaint(world, now=timezone.now())
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    authority = Authority.objects.create(
        name="随处可设的局", region=world.region, parent=world.city, level=Authority.Level.OFFICE
    )
    world.rui.offices.all().delete()
    Officer.objects.create(user=world.rui, authority=authority, role=Role.OFFICER.post)
    client, seen = Client(), set()
    client.force_login(world.rui)
    for office, place in pairs:
        Authority.objects.filter(pk=authority.pk).update(region=office)
        Complaint.objects.filter(pk=case.pk).update(handling_region=place)
        lies_there = within(place, office, parents)
        seen.add(lies_there)
        text = f"{office.code} looks at {place.code}"
        assert Complaint.objects.visible_to(world.rui).filter(pk=case.pk).exists() is lies_there, text
        seen_by = Complaint.objects.of_offices(offices_of(world.rui, on=timezone.localdate()))
        assert seen_by.filter(pk=case.pk).exists() is lies_there
        page = client.get(f"/authority/cases/{case.number}/")
        assert page.status_code == (200 if lies_there else 404), text
    assert seen == {True, False}


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


def test_what_is_for_one_side_is_for_nobody_else_and_staff_who_complain_see_their_own_as_anybody(world: World) -> None:
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
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    Complaint.objects.filter(pk=case.pk).update(consumer=world.hua)
    with seeing_as(world.hua):
        assert [count("complaint"), count("engagement"), count("internalnote")] == [1, 1, 0]
        assert {row for (row,) in ask("select audience from complaints_handlingstep")} == {"parties"}


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
    """The policy of clocks names them: whoever gives such a matter a new clock learns it here."""
    from complaints.reading.case_rows import _CLOCKS_OF_AUTHORITY

    root = ROOT / "complaints" / "handling"
    source = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    # The register opens its kinds by name.
    kinds = set(re.findall(r'open_matter\("(\w+)"[^)]*audience="authority"', source)) | set(settling.KINDS)
    assert kinds >= {"lead", "jurisdiction", "report", "concern"}
    assert kinds & {str(clock) for clock in Clock} == {str(clock) for clock in _CLOCKS_OF_AUTHORITY}


CANARY = "金丝雀宽带"
ONE_WALL = pytest.mark.parametrize("wall", ["first_wall_off", "second_wall_off"])
#: Who, what the person asks for; {number} is a case that belongs to others.
LISTS = {
    "otto": ["/cases/", "/cases/?q={number}"],
    "hua": [
        "/enterprise/queue/",
        "/enterprise/queue/?view=all",
        "/enterprise/queue/?q={number}",
        f"/enterprise/queue/?q={CANARY}",
        "/enterprise/queue/?view=closed",
    ],
    "far": [
        "/authority/",
        "/authority/cases/",
        "/authority/cases/?q={number}",
        f"/authority/cases/?q={CANARY}",
        "/authority/cases/?state=closed",
        "/authority/notices/",
        "/oversight/",
    ],
}
PAGES = {
    "otto": ["/cases/{number}/", "/cases/{number}/receipt/"],
    "hua": ["/enterprise/cases/{number}/", "/enterprise/cases/{number}/accept/", "/cases/{number}/"],
    "far": ["/authority/cases/{number}/", "/cases/{number}/", "/cases/{number}/why/negotiation/"],
}


def person(world: World, name: str) -> User:
    user = world.far_officer.user if name == "far" else getattr(world, name)
    assert isinstance(user, User)
    return user


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    """Chen's, with China Mobile and the authority in Gulou: nobody of the three strangers has to do with them."""
    wanted = (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.REVIEW)
    return [given.a_complaint(world, status=status, item_name=CANARY) for status in wanted]


@ONE_WALL
def test_T04_lists_and_searches_show_no_strangers_case_and_pages_of_it_do_not_exist(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    request.getfixturevalue(wall)
    results = []
    for who, paths in LISTS.items():
        client = signed_in(person(world, who))
        for path in paths:
            response = client.get(path.format(number=cases[0].number))
            assert response.status_code == 200, path
            page = response.content.decode()
            results += [(who, path, case.number) for case in cases if f"/{case.number}/" in page]
            results += [(who, path, CANARY)] if "q=" not in path and CANARY in page else []
    assert results == []
    answers = {
        (who, path): client.get(path.format(number=case.number)).status_code
        for who, paths in PAGES.items()
        for client in [signed_in(person(world, who))]
        for path in paths
        for case in cases
    }
    assert {key: status for key, status in answers.items() if status != 404} == {}


@ONE_WALL
def test_T04_with_one_wall_people_still_see_their_own(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    """Else the tests above would pass with an empty portal."""
    request.getfixturevalue(wall)
    number = cases[1].number
    for who, side, cases_of in (
        (world.chen, "", "/cases/"),
        (world.ming, "/enterprise", "/enterprise/queue/"),
        (world.rui, "/authority", "/authority/cases/"),
    ):
        assert signed_in(who).get(f"{side}/cases/{number}/").status_code == 200
        assert number in signed_in(who).get(cases_of).content.decode()


def test_T04_with_no_wall_a_stranger_does_see(
    world: World, cases: list[Complaint], first_wall_off: None, second_wall_off: None
) -> None:
    """The switches switch: what the tests above find is found because of the wall that stood."""
    case = cases[1]
    assert case.number in signed_in(world.hua).get("/enterprise/queue/").content.decode()
    far = signed_in(world.far_officer.user)
    assert case.number in far.get("/authority/cases/").content.decode()
    assert far.get(f"/authority/cases/{case.number}/").status_code == 200


def test_T04_every_table_of_a_case_is_empty_for_strangers(world: World, cases: list[Complaint]) -> None:
    tables = [name for (name,) in ask("select relname from pg_class where relrowsecurity order by 1")]
    assert len(tables) > 20
    there = {name for name in tables if ask(f'select 1 from "{name}" limit 1')}
    wanted = ("complaint", "engagement", "handlingstep", "personaltext", "deadline", "notice", "demand")
    assert {f"complaints_{name}" for name in wanted} <= there
    for name in ("otto", "hua", "far"):
        with seeing_as(person(world, name)):
            assert [table for table in there if ask(f'select 1 from "{table}" limit 1')] == [], name
    with seeing_as(None):
        assert [table for table in there if ask(f'select 1 from "{table}" limit 1')] == []

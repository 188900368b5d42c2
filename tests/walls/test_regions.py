"""An officer sees the region of the office and what lies in it, each side its own: rows, pages, lists, words of cases.

Words are found past row-level security, by one function that looks no farther than its caller may.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.handling.steps import enterprise
from complaints.handling.transition import settling
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, InternalNote, Matter
from complaints.parties.actors import offices_of
from complaints.procedure.workflow import Clock, Status
from enterprises.models import Branch, Staff
from tests import ROOT, by_commit, given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import signed_in
from tests.walls.conftest import ask, seeing_as, told_alone

pytestmark = pytest.mark.django_db


def within(region: Region, other: Region, parents: dict[int, int | None]) -> bool:
    """Whether ``region`` is ``other`` or lies in it, by its parents."""
    here: int | None = region.pk
    while here not in (None, other.pk):
        here = parents[here]
    return here is not None


def pairs() -> Iterator[tuple[Region, Region]]:
    """Offices and cases at all levels: most of them near each other, or nearly all pairs would be strangers."""
    random, regions = by_commit(), list(Region.objects.filter(country="CN"))
    for _ in range(14):
        case, office = random.choice(regions), random.choice(regions)
        if random.random() < 0.7:
            near = {case.pk, case.parent_id}
            office = random.choice([region for region in regions if near & {region.pk, region.parent_id}])
        yield office, case
    # Whatever the commit draws, one pair is near.
    yield case, case


def test_T10_a_case_is_seen_from_its_region_and_those_around_it_only(world: World) -> None:
    case = given.a_complaint(world, now=timezone.now())
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    level = Authority.Level.OFFICE
    authority = Authority.objects.create(name="随处可设的局", region=world.region, parent=world.city, level=level)
    world.rui.offices.all().delete()
    Officer.objects.create(user=world.rui, authority=authority, role=Role.OFFICER.post)
    client, seen = Client(), set()
    client.force_login(world.rui)
    for office, place in pairs():
        Authority.objects.filter(pk=authority.pk).update(region=office)
        Complaint.objects.filter(pk=case.pk).update(handling_region=place)
        lies_there = within(place, office, parents)
        seen.add(lies_there)
        text = f"{office.code} looks at {place.code}"
        of_offices = Complaint.objects.of_offices(offices_of(world.rui, on=timezone.localdate()))
        for shown in (Complaint.objects.visible_to(world.rui), of_offices):
            assert shown.filter(pk=case.pk).exists() is lies_there, text
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
    note = enterprise.add_internal_note(text="内部：此客户按惯例处理")
    given.step(case, note, world.handler, WEDNESDAY + timedelta(hours=5))
    audiences, tables = {}, ("handlingstep", "personaltext", "matter")
    for name, user in (("consumer", world.chen), ("enterprise", world.ming), ("authority", world.rui)):
        with seeing_as(user, path=AT_WORK if name == "enterprise" else "/"):
            shown = ask(" union ".join(f"select audience from complaints_{table}" for table in tables))
            audiences[name] = {row for (row,) in shown}
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
        firm, noted = engagement.enterprise_id, engagement.from_at + timedelta(hours=1)
        InternalNote.objects.create(complaint=case, enterprise_id=firm, engagement=engagement, at=later, text="x")
        matter = Matter(complaint=case, kind="note", audience="enterprise", opened_at=noted, state="done")
        matter.opened_by = "enterprise"
        matter.save()
    for user, own in ((world.ming, first), (world.lead, first), (world.hua, second)):
        with seeing_as(user, path=AT_WORK):
            assert ask("select id from complaints_complaint") == [(case.pk,)]
            assert ask("select id from complaints_engagement") == [(own.pk,)]
            assert ask("select engagement_id from complaints_internalnote") == [(own.pk,)]
            noted = ask("select opened_at from complaints_matter where audience = 'enterprise'")
            assert noted == [(own.from_at + timedelta(hours=1),)]
    # Files of the case went with it.
    assert "is_still_ours" in ask("select pg_get_viewdef('own_engagement'::regclass)")[0][0]


def test_clocks_that_only_the_authority_knows_are_not_there_for_the_parties(world: World) -> None:
    given.a_complaint(world, status=Status.REVIEW)
    row, hidden = Deadline.objects.all()[0], ("lead", "jurisdiction", "instruction")
    for clock in hidden:
        row.pk, row.clock, row.owed_by, row.state = None, clock, "authority", "running"
        row.save(force_insert=True)
    for user, sees in ((world.rui, 3), (world.chen, 0)):
        with seeing_as(user):
            assert ask("select count(*) from complaints_deadline where clock = any(%s)", [*hidden]) == [(sees,)]


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
QUEUE, OF_OFFICE = "/enterprise/queue/", "/authority/cases/"
#: Who, what the person asks for; {number} is a case that belongs to others.
LISTS = {
    "otto": ["/cases/", "/cases/?q={number}"],
    "hua": [QUEUE, *(f"{QUEUE}?{query}" for query in ("view=all", "q={number}", f"q={CANARY}", "view=closed"))],
    "far": [OF_OFFICE, *(f"{OF_OFFICE}?{query}" for query in ("q={number}", f"q={CANARY}", "state=closed"))],
}
LISTS["far"] += ["/authority/", "/authority/notices/", "/oversight/"]
PAGES = {
    "otto": "/cases/{number}/ /cases/{number}/receipt/",
    "hua": "/enterprise/cases/{number}/ /enterprise/cases/{number}/accept/ /cases/{number}/",
    "far": "/authority/cases/{number}/ /cases/{number}/ /cases/{number}/why/negotiation/",
}


def person(world: World, name: str) -> User:
    return world.far_officer.user if name == "far" else getattr(world, name)


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    """Chen's, with China Mobile and the authority in Gulou: nobody of the three strangers has to do with them."""
    wanted = (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.REVIEW)
    return [given.a_complaint(world, status=status, item_name=CANARY) for status in wanted]


@pytest.mark.parametrize("wall", ["first_wall_off", "second_wall_off"])
def test_T04_lists_and_searches_show_no_strangers_case_pages_of_it_do_not_exist_and_people_still_see_their_own(
    world: World, cases: list[Complaint], request: Any, wall: str
) -> None:
    request.getfixturevalue(wall)
    for who, paths in LISTS.items():
        client = signed_in(person(world, who))
        for path in paths:
            response = client.get(path.format(number=cases[0].number))
            assert response.status_code == 200, path
            page = response.content.decode()
            assert [case.number for case in cases if f"/{case.number}/" in page] == [], (who, path)
            assert "q=" in path or CANARY not in page, (who, path)
        for path, case in product(PAGES[who].split(), cases):
            assert client.get(path.format(number=case.number)).status_code == 404, (who, path)
    # Else this would pass with an empty portal.
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
    tables = {name for (name,) in ask("select relname from pg_class where relrowsecurity")} - told_alone()
    assert len(tables) > 20

    def filled() -> set[str]:
        return {table for table in tables if ask(f'select 1 from "{table}" limit 1')}

    wanted = ("complaint", "engagement", "handlingstep", "personaltext", "deadline", "notice", "demand")
    assert {f"complaints_{name}" for name in wanted} <= filled()
    for user in (*(person(world, name) for name in ("otto", "hua", "far")), None):
        with seeing_as(user):
            assert filled() == set(), user


def a_case(world: World, status: Status = Status.NEGOTIATING) -> Complaint:
    return given.a_complaint(world, status=status, item_name="琉璃灯 Lamp 15")


def found(user: User, text: str = "琉璃", *, most: int = 100, path: str = "/") -> list[int] | None:
    with seeing_as(user, path=path):
        shown: list[int] | None = ask("select cases_with_words(%s, %s)", text, most)[0][0]
    return shown


def test_an_enterprise_finds_what_it_holds_or_held_and_nothing_else(world: World) -> None:
    case = a_case(world)
    beside = Branch.objects.create(enterprise=world.mobile, parent=world.fuzhou.parent, name="另一家分公司")
    for user in (world.ming, world.lead, works_at(world.fuzhou, world)):
        assert found(user, path=AT_WORK) == [case.pk], user
    for user in (works_at(beside, world), world.hua):
        assert found(user, path=AT_WORK) == [], user
    Engagement.objects.filter(complaint=case).update(until_at=WEDNESDAY, odr_result="returned", ended_by="return")
    Engagement.objects.create(complaint=case, enterprise=world.telecom, from_at=WEDNESDAY)
    Complaint.objects.filter(pk=case.pk).update(enterprise=world.telecom, branch=None)
    # A case that was given up is found among those that have ended.
    assert found(world.hua, path=AT_WORK) == found(world.ming, path=AT_WORK) == [case.pk]


def test_an_authority_finds_what_lies_in_its_region_and_nothing_where_that_is_no_single_one(world: World) -> None:
    case = a_case(world, Status.REVIEW)
    assert found(world.rui) == found(world.su) == [case.pk]
    assert found(world.far_officer.user) == []
    # Where a case is handled changes: its words go with it.
    away = Authority.objects.get(name="闽侯县市场监督管理局").region
    Complaint.objects.filter(pk=case.pk).update(handling_region=away)
    assert found(world.rui) == []
    assert found(world.su) == found(world.far_officer.user) == [case.pk]
    Officer.objects.create(user=world.far_officer.user, authority=world.gulou, role=Role.OFFICER.post)
    assert found(world.far_officer.user) is None
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        found(world.chen)
    for user, path in ((world.chen, "/"), (world.ming, AT_WORK), (world.rui, "/")):
        with seeing_as(user, path=path):
            assert ask("select complaint_id from complaints_casewords") == []


def test_words_are_found_as_they_are_now_whatever_their_spaces_and_letters_and_too_many_are_said_to_be_so(
    world: World,
) -> None:
    case = a_case(world)
    for words, result in (
        (("琉璃灯", "lamp15", "LAMP 15", "灯 lamp", "灯-Lamp", "ｌａｍｐ"), [case.pk]),
        (("琉灯", "璃琉", "lamp51", "琉璃瓦"), []),
        (("%%", "琉", "", "  "), None),
    ):
        for text in words:
            assert found(world.ming, text, path=AT_WORK) == result, text
    Complaint.objects.filter(pk=case.pk).update(item_name="青瓷瓶")
    assert (found(world.ming, path=AT_WORK), found(world.ming, "青瓷", path=AT_WORK)) == ([], [case.pk])
    cases = [a_case(world) for _ in range(3)]
    assert found(world.ming, most=2, path=AT_WORK) is None
    assert sorted(found(world.ming, most=3, path=AT_WORK) or []) == [case.pk for case in cases]

"""Words of cases are found past row-level security, by one function that looks no farther than its caller may."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints.models import Complaint, Engagement
from complaints.procedure.workflow import Status
from enterprises.models import Branch
from tests import given
from tests.cast import WEDNESDAY, World
from tests.walls.conftest import ask, seeing_as
from tests.walls.test_regions import AT_WORK, works_at

pytestmark = pytest.mark.django_db


def a_case(world: World, item: str = "琉璃灯 Lamp 15", status: Status = Status.NEGOTIATING) -> Complaint:
    case = given.a_complaint(world, status=status)
    Complaint.objects.filter(pk=case.pk).update(item_name=item)
    return case


def found(user: User, text: str = "琉璃", *, most: int = 100, path: str = "/") -> list[int] | None:
    with seeing_as(user, path=path):
        shown: list[int] | None = ask("select cases_with_words(%s, %s)", text, most)[0][0]
    return shown


def test_an_enterprise_finds_what_it_holds_or_held_and_nothing_else(world: World) -> None:
    case = a_case(world)
    beside = Branch.objects.create(enterprise=world.mobile, parent=world.fuzhou.parent, name="另一家分公司")
    of_the_branch, of_the_other = works_at(world.fuzhou, world), works_at(beside, world)
    for user, seen in (
        (world.ming, [case.pk]),
        (world.lead, [case.pk]),
        (of_the_branch, [case.pk]),
        (of_the_other, []),
        (world.hua, []),
    ):
        assert found(user, path=AT_WORK) == seen, user
    Engagement.objects.filter(complaint=case).update(until_at=WEDNESDAY, odr_result="returned", ended_by="return")
    Engagement.objects.create(complaint=case, enterprise=world.telecom, from_at=WEDNESDAY)
    Complaint.objects.filter(pk=case.pk).update(enterprise=world.telecom, branch=None)
    assert found(world.hua, path=AT_WORK) == [case.pk]
    # A case that was given up is found among those that have ended.
    assert found(world.ming, path=AT_WORK) == [case.pk]


def test_an_authority_finds_what_lies_in_its_region(world: World) -> None:
    case = a_case(world, status=Status.REVIEW)
    assert found(world.rui) == found(world.su) == [case.pk]
    assert found(world.far_officer.user) == []
    # Where a case is handled changes: its words go with it.
    away = Authority.objects.get(name="闽侯县市场监督管理局").region
    Complaint.objects.filter(pk=case.pk).update(handling_region=away)
    assert found(world.rui) == []
    assert found(world.su) == found(world.far_officer.user) == [case.pk]


def test_whose_sight_is_no_single_region_is_told_nothing(world: World) -> None:
    a_case(world, status=Status.REVIEW)
    Officer.objects.create(user=world.far_officer.user, authority=world.gulou, role=Role.OFFICER.post)
    assert found(world.far_officer.user) is None
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        found(world.chen)
    for user, path in ((world.chen, "/"), (world.ming, AT_WORK), (world.rui, "/")):
        with seeing_as(user, path=path):
            assert ask("select complaint_id from complaints_casewords") == []


def test_words_are_found_whatever_their_spaces_and_letters(world: World) -> None:
    case = a_case(world)
    for words, result in (
        (("琉璃灯", "lamp15", "LAMP 15", "灯 lamp", "灯-Lamp", "ｌａｍｐ"), [case.pk]),
        (("琉灯", "璃琉", "lamp51", "琉璃瓦"), []),
        (("%%", "琉", "", "  "), None),
    ):
        for text in words:
            assert found(world.ming, text, path=AT_WORK) == result, text


def test_what_was_bought_is_put_right_and_words_of_too_many_are_said_to_be_so(world: World) -> None:
    case = a_case(world)
    Complaint.objects.filter(pk=case.pk).update(item_name="青瓷瓶")
    assert (found(world.ming, path=AT_WORK), found(world.ming, "青瓷", path=AT_WORK)) == ([], [case.pk])
    cases = [a_case(world) for _ in range(3)]
    assert found(world.ming, most=2, path=AT_WORK) is None
    assert sorted(found(world.ming, most=3, path=AT_WORK) or []) == [case.pk for case in cases]

"""Posters and counter cards: what their codes lead to, what is printed, and which poster brought how many."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from complaints.stations import posters
from complaints.stations.posters import Poster
from enterprises.models import Branch, Staff, Station, StationStaff
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import workspace


@pytest.fixture
def station(world: World) -> Station:
    return Station.objects.create(
        code="SD-01", name="三坊七巷服务站", kind=Station.Kind.SCENIC, address="南后街1号", authority=world.gulou
    )


@pytest.fixture
def clerk(world: World, station: Station) -> User:
    user = User.objects.create_user(phone="+8613800000077", name="站试")
    StationStaff.objects.create(user=user, station=station)
    return user


def filed(world: World, source: str, **changes: object) -> Complaint:
    return given.filed(world, now=timezone.now(), source=source, **changes)


def test_a_code_says_whose_it_is_and_where_it_hangs() -> None:
    for code, said in [
        ("SD-01", Poster("SD-01")),
        ("SD-01.a4", Poster("SD-01", "a4")),
        ("X.a6b12", Poster("X", "a6", 12)),
        ("X.A6B12", Poster("X", "a6", 12)),
        ("X.a5", Poster("X")),
        ("X.a4b0", Poster("X")),
        ("X.a4b1234567890", Poster("X")),
        ("X.a4.a4", Poster("X")),
        ("", Poster("")),
    ]:
        assert posters.read(code) == said


def test_each_code_leads_to_a_prefilled_complaint_that_keeps_it(world: World, station: Station) -> None:
    passer_by, uscc = Client(), world.mobile.uscc
    to = passer_by.get(f"/go/{uscc}.a6b{world.fuzhou.pk}/").headers["Location"]
    assert f"source=go-{uscc}.a6b{world.fuzhou.pk}" in to
    assert f"pick={world.mobile.pk}-{world.fuzhou.pk}-" in to
    assert passer_by.get(to).status_code == 200
    # Somebody else's branch, and a mark that nobody printed: the owner's bare code.
    far = Branch.objects.exclude(enterprise=world.mobile).order_by("pk")[0]
    assert f"source=go-{uscc}.a6&" in passer_by.get(f"/go/{uscc}.a6b{far.pk}/").headers["Location"]
    assert f"source=go-{uscc}&" in passer_by.get(f"/go/{uscc}.zz/").headers["Location"]
    assert "source=go-SD-01.a4" in passer_by.get("/go/sd-01.a4/").headers["Location"]
    assert "source" not in passer_by.get("/go/nobody.a4/").headers["Location"]


def test_an_enterprise_prints_its_own_a_branch_for_itself_and_sees_what_they_brought(world: World) -> None:
    uscc, branch = world.mobile.uscc, world.fuzhou.pk
    for source in (
        f"go-{uscc}.a6b{branch}",
        f"go-{uscc}.a6b{branch}",
        f"go-{uscc}.a4",
        f"go-{uscc}",
        "go-SD-01.a4",
        "",
    ):
        given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now(), source=source)
    page = workspace(world.lead).get("/enterprise/posters/")
    seen = {form["url"]: form["n"] for row in page.context["rows"] for form in row["forms"]}
    assert (seen[f"/enterprise/posters/a6.pdf?branch={branch}"], seen["/enterprise/posters/a4.pdf"]) == (2, 1)
    assert (page.context["total"], page.context["bare"]) == (4, 1)
    made = workspace(world.lead).get(f"/enterprise/posters/a6.pdf?branch={branch}")
    assert made["Content-Type"] == "application/pdf"
    assert made.content.startswith(b"%PDF")
    assert made.content == workspace(world.lead).get(f"/enterprise/posters/a6.pdf?branch={branch}").content, (
        "the same bytes again"
    )
    far = Branch.objects.exclude(enterprise=world.mobile).order_by("pk")[0]
    for address in (f"a6.pdf?branch={far.pk}", "a6.pdf?branch=x", "a5.pdf"):
        assert workspace(world.lead).get(f"/enterprise/posters/{address}").status_code == 404
    assert workspace(world.hua).get("/enterprise/posters/").context["total"] == 0, "another enterprise sees none of it"
    names = {row["name"] for row in workspace(world.ming).get("/enterprise/posters/").context["rows"]} - {
        world.mobile.name
    }
    assert Staff.objects.get(user=world.ming).branch.name in names
    assert len(names) < Branch.objects.filter(enterprise=world.mobile).count()


def test_a_station_sees_numbers_of_its_own_poster_alone(world: World, station: Station, clerk: User) -> None:
    filed(world, "go-SD-01.a4")
    filed(world, "go-SD-01")
    filed(world, "go-SD-012.a4")
    page = workspace(clerk).get("/station/poster/")
    assert ([form["n"] for form in page.context["forms"]], page.context["bare"]) == ([1, 0], 1)
    assert workspace(clerk).get("/station/poster/a4.pdf").content.startswith(b"%PDF")
    assert workspace(clerk).get("/station/poster/a5.pdf").status_code == 404


def test_the_authority_sees_what_came_in_its_region(world: World, station: Station) -> None:
    filed(world, "go-SD-01.a4")
    filed(world, f"go-{world.mobile.uscc}.a6b{world.fuzhou.pk}")
    filed(world, f"go-{world.mobile.uscc}.a6b{world.fuzhou.pk}")
    old = filed(world, "go-SD-01.a4")
    Complaint.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=400))
    page = workspace(world.rui).get("/authority/posters/")
    assert [(row["name"], row["n"]) for row in page.context["rows"]] == [(world.mobile.name, 2), ("三坊七巷服务站", 1)]
    assert world.fuzhou.name in page.content.decode()
    assert workspace(world.far_officer.user).get("/authority/posters/").context["rows"] == []

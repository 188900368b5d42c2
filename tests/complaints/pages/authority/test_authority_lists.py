"""The authority's lists: numbers that open them, filters, pages, masks, queries, strangers."""

from typing import Any

from django.test import Client

from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import DAYS, S, asked_return, case_at, now, officer_of, workspace
from tests.server import A_REQUEST


def test_lists_are_for_officers_and_show_only_their_region(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    for path in ("/authority/", "/authority/cases/", "/authority/triage/", "/authority/approvals/"):
        for person in (world.chen, world.ming, world.hua, world.otto):
            assert workspace(person).get(path).status_code == 404
        assert Client().get(path).status_code == 302
        far = workspace(officer_of(world, "far")).get(path)
        assert far.status_code == 200
        assert case.number not in far.content.decode()
        assert workspace(world.su).get(path).status_code == 200


# --- lists --------------------------------------------------------------------------------
def test_every_number_of_my_day_opens_a_list_of_that_length(world: World) -> None:
    for status in (S.TRIAGE, S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING):
        case_at(world, status)
    given.a_complaint(world, status=S.NEGOTIATING, now=now() - 40 * DAYS)
    returned = case_at(world, S.NEGOTIATING)
    asked_return(world, returned)
    client = workspace(world.su)
    day = client.get("/authority/")
    numbers = {
        str(n["title"]): n for group in (day.context["burning"], *day.context["groups"]) for n in group["numbers"]
    }
    assert numbers["待分送"]["value"] == 2
    assert numbers["已逾期"]["value"] == 1
    assert numbers["申请退回"]["value"] == 1
    for number in numbers.values():
        listed = client.get(number["url"])
        shown = listed.context["rows"] if "rows" in listed.context else listed.context["proposals"]
        assert len(shown) == number["value"], number


def test_filters_narrow_and_odd_ones_are_left_out(world: World) -> None:
    review, mediating = case_at(world, S.REVIEW), case_at(world, S.MEDIATING)
    client = workspace(world.rui)

    def numbers(query: str) -> set[str]:
        answer = client.get(f"/authority/cases/{query}")
        assert answer.status_code == 200
        return {row.complaint.number for row in answer.context["rows"]}

    assert numbers("") == {review.number, mediating.number}
    assert numbers("?status=review") == {review.number}
    assert numbers(f"?enterprise={world.mobile.pk}") == set()
    assert numbers(f"?q={mediating.number}") == {mediating.number}
    assert numbers("?officer=me") == {mediating.number}
    assert client.get("/authority/cases/%00/").status_code == 404
    assert client.get("/authority/cases/%F0%9F%99%82/accept/").status_code == 404
    for odd in (
        "?q=%01",
        "?enterprise=%01",
        "?status=odd",
        "?overdue=%01",
        "?after=x",
        "?after=9.9.9",
        "?before=99999999999999999.1",
        "?enterprise=99999999999999999999",
        "?waiting=%F0%9F%99%82",
    ):
        numbers(odd)
    # Names are masked in lists.
    page = client.get("/authority/cases/").content.decode()
    assert "陈**" in page
    assert "陈试" not in page
    assert "13800000001" not in page


#: Before its rows every page asks who is there, what they are (the gate) and which offices are held; a list then what
#: its filters offer, its counts in one, its rows, their names and clocks. The goal is 10, with who calls the database.
#: What waits asks in two what it shows: decisions and signals, then the directory and the texts of what lies near.
QUERIES = {"/authority/": 7, "/authority/cases/": 7, "/authority/triage/": 8, "/authority/approvals/": 5}
QUERIES = {path: number + A_REQUEST for path, number in QUERIES.items()}


def test_a_list_costs_the_same_however_long(world: World, django_assert_num_queries: Any) -> None:
    client = workspace(world.su)
    for more in (2, 4):
        for _ in range(more):
            case_at(world, S.TRIAGE), case_at(world, S.REVIEW)
        for path, number in QUERIES.items():
            if more == 2:
                client.get(path)
            with django_assert_num_queries(number):
                client.get(path)


def test_what_waits_to_be_distributed_waits_for_whoever_distributes(world: World) -> None:
    case_at(world, S.TRIAGE)
    for user, where in ((world.su, "here"), (world.rui, "others")):
        groups = workspace(user).get("/authority/").context["groups"]
        assert [group["name"] for group in groups for number in group["numbers"] if number["title"] == "待分送"] == [
            where
        ]

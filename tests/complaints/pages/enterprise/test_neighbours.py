"""The case before and after: what the browser keeps tells nobody anything, and leads on as the list stood."""

from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import RequestFactory

from complaints.desks import neighbours
from complaints.desks.enterprise_workspace import case_url
from complaints.handling.steps import supervision
from complaints.models import Complaint
from complaints.procedure import numbering
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, send, signed_in

QUEUE = "/enterprise/queue/"


def beside(client: Any, kept: str, case: Complaint, by: int) -> str:
    return str(client.get(f"{QUEUE}?{urlencode({'list': kept, 'from': case_url(case), 'by': by})}").headers["Location"])


def listed(client: Any, address: str) -> tuple[str, list[Complaint]]:
    """(what the browser keeps, the cases as listed)."""
    context = client.get(address).context
    return context["list"], [row["complaint"] for row in context["rows"]]


def test_from_case_to_case_as_the_list_stood(world: World) -> None:
    for n in range(3):
        given.a_complaint(world, status=S.NEGOTIATING, item_name=f"套餐降档{n}")
    client = signed_in(world.ming)
    kept, rows = listed(client, f"{QUEUE}?{urlencode({'q': '套餐'})}")
    # How many a search finds is not counted, so it has no place.
    assert [beside(client, kept, rows[1], by) for by in (1, -1)] == [case_url(rows[2]), case_url(rows[0])]
    for end in (beside(client, kept, rows[0], -1), beside(client, kept, rows[2], 1)):
        assert client.get(end).context["filter"].conditions["q"] == "套餐"


def test_a_case_says_its_place_in_the_list_that_one_came_from(world: World) -> None:
    for _ in range(3):
        given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    kept, rows = listed(client, QUEUE)
    places = [f"{case_url(row)}?at={place}.3" for place, row in enumerate(rows, start=1)]
    assert [beside(client, kept, rows[1], by) for by in (1, -1)] == [places[2], places[0]]
    assert all(place in client.get(QUEUE).content.decode() for place in places)
    assert "第3件，共3件" in client.get(places[2]).content.decode()
    for odd in ("", "?at=4.3", "?at=0.3", "?at=x", "?at=1.99999"):
        assert "件，共" not in client.get(f"{case_url(rows[0])}{odd}").content.decode()


def test_the_end_of_a_page_leads_to_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("complaints.desks.keyset.PAGE", 2)
    for _ in range(3):
        given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    kept, rows = listed(client, QUEUE)
    following = listed(client, beside(client, kept, rows[-1], 1))[1]
    assert not {row.pk for row in rows} & {row.pk for row in following}
    assert len(rows + following) == 3


def then(kept: str, case: Complaint) -> dict[str, str]:
    """What the script of the desk sends with a form of the case."""
    return {"then": f"{QUEUE}?{urlencode({'by': 1, 'from': case_url(case), 'list': kept})}"}


ASKED = {"text": "请问您是哪一天发现的？"}


def test_a_step_leads_on_in_the_list_and_an_answer_to_the_next_answer(world: World) -> None:
    for _ in range(4):
        given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    kept, rows = listed(client, QUEUE)
    given.step(rows[2], supervision.urge(text="请答复。", last_day="2026-11-20"), world.officer, WEDNESDAY)

    def sent(case: Complaint, name: str, values: dict[str, str]) -> str:
        answer = send(client, address(case, name), values | then(kept, case))
        return str(answer.headers["Location"]).partition("?at=")[0]

    # Where something is left to do one stays; a question waits for the consumer.
    assert sent(rows[0], "note", {"text": "已核对账单。"}) == case_url(rows[0])
    assert sent(rows[0], "ask", ASKED) == case_url(rows[1])
    # The answer of the next is written next, unless the office waits for a word there.
    assert sent(rows[0], "offer", OFFER) == f"{case_url(rows[1])}offer/"
    assert sent(rows[1], "offer", OFFER) == case_url(rows[2])
    # A call is logged where the answer is written, and one goes on writing it.
    quick = {"quick": "1", "channel": "phone", "reached": "yes", "back": "offer"}
    assert sent(rows[3], "contact", quick) == f"{case_url(rows[3])}offer/"
    # At the end of the list it begins anew; what cannot be read leads to the queue.
    assert sent(rows[3], "ask", ASKED) == QUEUE
    broken = send(client, address(rows[2], "ask"), ASKED | then("AA", rows[2]))
    assert broken.headers["Location"] == QUEUE
    elsewhere = send(client, address(rows[2], "ask"), ASKED | {"then": "https://example.com/enterprise/queue/?by=1&"})
    assert elsewhere.headers["Location"] == case_url(rows[2])


def test_beside_the_list_a_step_stays_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    page = client.get(f"{QUEUE}?view=work&split=1")
    kept, rows = page.context["list"], [row["complaint"] for row in page.context["rows"]]
    for case, name, values, shown_then in (
        (rows[0], "note", {"text": "已核对账单。"}, rows[0]),
        (rows[0], "ask", ASKED, rows[1]),
        (rows[1], "offer", OFFER, rows[2]),
        # At its end the list itself, with its first case.
        (rows[2], "ask", ASKED, rows[0]),
    ):
        answer = send(client, address(case, name), values | then(kept, case))
        there = client.get(answer.headers["Location"])
        assert there.context["shown_number"] == shown_then.number, (name, answer.headers["Location"])
        assert there.templates[0].name == "enterprise/split.html"
    # On a further page of the list the address of each row names the page.
    monkeypatch.setattr("complaints.pages.enterprise.queue.WORK_ROWS", 1)
    second = client.get(client.get(f"{QUEUE}?view=work&split=1").context["next_url"])
    assert second.templates[0].name == "enterprise/split.html"
    assert "after=1" in second.context["rows"][0]["split_url"]


def test_without_scripts_a_step_leads_back_beside_the_list_too(world: World) -> None:
    for _ in range(2):
        given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    place = f"{QUEUE}?view=work&split=1"
    first, last = (row["complaint"] for row in client.get(place).context["rows"])

    def taken(case: Complaint, name: str, values: dict[str, str]) -> str:
        """By the link or form of the page, as it stands there."""
        page = client.get(f"{place}&open={case.number}").context
        assert page["shown_number"] == case.number
        answer = send(client, page["may"][name], values)
        there = client.get(answer.headers["Location"])
        assert there.templates[0].name == "enterprise/split.html"
        return str(there.context["shown_number"])

    assert taken(first, "note", {"text": "已核对账单。"}) == first.number
    assert taken(first, "contact", {"quick": "1", "channel": "phone", "reached": "yes"}) == first.number
    # A call logged on the way to an answer leads back there, and a step that is given up beside the list.
    offer = client.get(f"{place}&open={first.number}").context["may"]["offer"]
    called = {"quick": "1", "channel": "phone", "reached": "yes", "back": "offer"}
    assert send(client, offer.replace("/offer/", "/contact/"), called).headers["Location"] == offer
    assert client.get(client.get(offer).context["home"]).context["shown_number"] == first.number
    assert taken(first, "ask", ASKED) == last.number
    # After the last one the list itself, with its first case.
    assert taken(last, "offer", OFFER) == first.number
    # Only the queue is led to, and only beside a case.
    for elsewhere in ("https://example.com/?split=1", "/enterprise/?split=1", f"{QUEUE}?view=work"):
        answer = send(
            client,
            f"{address(first, 'note')}?{urlencode({'then': elsewhere, 'beside': elsewhere})}",
            {"text": "已核对。"},
        )
        assert answer.headers["Location"] == case_url(first)


def test_what_is_kept_says_nothing_and_opens_for_nobody_else(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, item_name="套餐降档困难")
    client = signed_in(world.ming)
    page = client.get(f"{QUEUE}?{urlencode({'q': '套餐降档困难'})}")
    kept = page.context["list"]
    assert f'data-list="{kept}"' in page.content.decode()
    assert case.number.encode() not in urlsafe_b64decode(kept)
    other = signed_in(world.lead)
    for wrong in (kept[:-8], kept[::-1], "", "AA", "*", "x" * 3000):
        assert beside(client, wrong, case, 1) == QUEUE
    assert beside(other, kept, case, 1) == QUEUE


def test_a_full_page_fits_into_an_address(world: World) -> None:
    """Our servers take 4,094 bytes of a request's first line."""
    request: Any = RequestFactory().get(QUEUE, {"q": "套餐" * 20, "view": "overdue"})
    request.user = world.ming
    cases = [f"/enterprise/cases/{numbering.new_number(WEDNESDAY)}/" for _ in range(100)]
    kept = neighbours.sealed_list(request, cases, more=f"{QUEUE}?after={'x' * 200}")
    assert len(urlencode({"list": kept, "from": cases[0], "by": 1})) < 3_800

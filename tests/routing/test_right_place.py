"""Where a matter belongs: every path of answers ends in a next step, and none in a bar."""

import csv
import itertools
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client

from complaints.models import FilingDraft
from routing.right_place.right_place import BODIES, QUESTIONS, Verdict, walk

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("right_place.csv")
ROWS = list(csv.DictReader(TABLE.open(encoding="utf-8")))
NAMES = [question.code for question in QUESTIONS]
ENGLISH = {"headers": {"accept-language": "en"}}


def _asked(row: dict[str, str]) -> dict[str, str]:
    return {name: row[name] for name in NAMES if row[name]}


def test_the_table_knows_every_path_and_no_other() -> None:
    ends = set()
    for codes in itertools.product(*[[answer.code for answer in question.answers] for question in QUESTIONS]):
        path = walk(dict(zip(NAMES, codes, strict=True)))
        assert path.question is None
        ends.add(tuple(path.asked.items()))
    assert ends == {tuple(_asked(row).items()) for row in ROWS}
    assert len(QUESTIONS) <= 4


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(_asked(row).values()))
def test_every_path_ends_in_its_verdict_its_bodies_and_a_next_step(row: dict[str, str], client: Client) -> None:
    path = walk(_asked(row))
    assert path.verdict is Verdict[row["verdict"].upper()]
    assert path.bodies == tuple(BODIES[code] for code in row["bodies"].split())
    page = client.get("/check/", _asked(row)).content.decode()
    labels = {"yes": "可以在这里投诉</h1>", "but": "可以在这里投诉，但请先知道", "elsewhere": "这件事请找别的部门"}
    assert labels[row["verdict"]] in re.sub(r"\s+</", "</", page)
    assert re.search(r'href="/file/(\?object_category=[a-z_.]+)?"', page), "nothing bars filing"
    for body in path.bodies:
        assert str(body.name) in page
        assert f'href="tel:{body.phone}"' in page
        assert not body.web or f'href="{body.web}"' in page
    for finding in path.findings:
        assert str(finding.law) in page
        assert str(finding.next_step) in page
    # Who has to know something is told why, by which law, and what to do.
    assert bool(path.findings) == (row["verdict"] != "yes")
    assert ("仍要提交" in page) == (row["verdict"] == "elsewhere")


def test_every_answer_that_advises_names_law_body_and_next_step() -> None:
    for answer in (answer for question in QUESTIONS for answer in question.answers if answer.verdict):
        assert all((answer.reason, answer.law, answer.next_step, answer.bodies)), answer.code
        assert set(answer.bodies) <= set(BODIES)
    assert all(body.phone for body in BODIES.values())


def test_one_question_a_page_until_there_are_enough(client: Client) -> None:
    first = client.get("/check/").content.decode()
    assert str(QUESTIONS[0].text) in first
    assert first.count('type="radio"') == len(QUESTIONS[0].answers)
    second = client.get("/check/", {"matter": "purchase"}).content.decode()
    assert "第2问，最多4问" in second
    assert '<input type="hidden" name="matter" value="purchase">' in second
    assert "checked" not in second


def test_the_limit_of_three_years_is_told_and_bars_nothing(client: Client) -> None:
    page = client.get(
        "/check/", {"matter": "purchase", "trade": "general", "since": "over", "elsewhere": "no"}
    ).content.decode()
    assert "第十六条第四项" in page
    assert "开始投诉" in page


@pytest.mark.parametrize(
    ("asked", "question", "status"),
    [
        ({"asked": "matter"}, "matter", 422),
        ({"asked": "matter", "matter": ""}, "matter", 422),
        ({"asked": "matter", "matter": "PURCHASE"}, "matter", 422),
        ({"asked": "trade", "matter": "purchase", "trade": "<script>"}, "trade", 422),
        ({"asked": "since", "matter": "purchase", "trade": "general", "since": "x" * 5000}, "since", 422),
        (
            {"asked": "elsewhere", "matter": "purchase", "trade": "general", "since": "over", "elsewhere": "ｎｏ"},
            "elsewhere",
            422,
        ),
        # An address that was shortened or mixed up begins where it still makes sense.
        ({"elsewhere": "no"}, "matter", 200),
        ({"matter": "purchase", "since": "over", "elsewhere": "no"}, "trade", 200),
        ({"asked": "nothing", "matter": "purchase"}, "trade", 200),
    ],
)
def test_what_is_no_answer_asks_again(asked: dict[str, str], question: str, status: int, client: Client) -> None:
    answer = client.get("/check/", asked)
    page = answer.content.decode()
    assert answer.status_code == status
    assert f'id="id_{question}_0"' in page
    assert ("请选一项" in page, f'href="#id_{question}_0"' in page) == (status == 422, status == 422)
    assert "<script>" not in page


@pytest.mark.parametrize("query", ["matter=\0", "matter=%00", "matter=%ff%fe", "matter=purchase&matter=business"])
def test_odd_addresses_are_no_failure(query: str, client: Client) -> None:
    assert client.get(f"/check/?{query}").status_code in (200, 400)


def test_the_kind_of_purchase_goes_along_into_the_draft(client: Client) -> None:
    page = client.get(
        "/check/", {"matter": "purchase", "trade": "telecom", "since": "within", "elsewhere": "no"}
    ).content.decode()
    assert 'href="/file/?object_category=service.telecom"' in page
    client.post("/file/?object_category=service.telecom", {"respondent": "authority", "later": "1"})
    draft = FilingDraft.objects.get()
    shown = client.get(f"/file/{draft.pk}/purchase/").content.decode()
    assert re.search(r'<option value="service.telecom" selected', shown)
    # Past an unfinished one too.
    resume = client.get("/file/?object_category=service.delivery").content.decode()
    assert 'href="/file/?new=1&amp;object_category=service.delivery"' in resume
    assert (
        "<b>"
        not in client.get("/file/?object_category=%3Cb%3E")
        .content.decode()
        .partition("<main")[2]
        .partition("new=1")[2][:60]
    )


@pytest.mark.parametrize("category", ["", "service", "goods.nothing", "<b>", "x" * 3000])
def test_what_is_no_category_is_left_out(category: str, client: Client) -> None:
    client.post("/file/?" + urlencode({"object_category": category}), {"respondent": "authority", "later": "1"})
    assert "purchase" not in FilingDraft.objects.get().data


def test_it_is_told_in_english_too() -> None:
    page = Client(**ENGLISH).get("/check/", {"matter": "labour"}).content.decode()
    assert "12333" in page
    assert "Another body takes this matter" in page
    assert not re.search(r"<h1>[^<]*[一-鿿]", page)

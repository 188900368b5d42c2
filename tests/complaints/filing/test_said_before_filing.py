"""What the first page says of the effort, counted by doing it."""

import random
import re

import pytest
from django.test import Client

from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, heard_with, send, url

pytestmark = pytest.mark.django_db


def words(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_one_goes_through_as_many_steps_as_the_first_page_tells(client: Client, town: Town) -> None:
    told = re.search(r"分(\d+)步填写", words(client, "/"))
    assert told is not None
    assert "分钟" not in words(client, "/"), "nobody measured how long it takes"
    draft = begin(client, town)
    given = {"heard": heard_with(), "you": answers.YOU}
    gone_through, at = ["story"], url(draft, "heard")
    while not at.endswith("/check/"):
        screen = at.rstrip("/").rpartition("/")[2]
        gone_through.append(screen)
        at = send(client, at, given[screen]).headers["Location"]
    assert len({*gone_through, "check"}) == int(told[1])


@pytest.mark.parametrize("address", ["/", "/how/"])
def test_nobody_is_asked_more_questions_than_is_told(client: Client, address: str) -> None:
    told = re.search(r"答(\d)个问题", words(client, address))
    assert told is not None
    dice, asked = random.Random(4), []
    for _ in range(30):
        number, query, page = 0, "", words(client, "/check/")
        while choices := re.findall(r'<input\s+type="radio"[^>]*name="(\w+)"\s+value="(\w+)"', page):
            number += 1
            name, value = dice.choice(choices)
            query += f"&{name}={value}"
            page = words(client, f"/check/?{query[1:]}")
            assert number <= 9, query
        # Every way ends with somewhere to go.
        main = page.partition("<main")[2]
        assert re.search(r'href="(/file/|tel:|https?:)', main), query
        asked.append(number)
    assert max(asked) == int(told[1])

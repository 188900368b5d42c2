"""The page that says who answers, as a stranger sees it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]
GULOU = 350102000


def _page(query: dict[str, Any] | None = None, *, path: str = "/find/", language: str = "zh-hans") -> str:
    client = Client(headers={"accept-language": language})
    answer = client.get(path, query or {})
    assert answer.status_code == 200
    return answer.content.decode()


def _titles(page: str) -> list[str]:
    return re.findall(r"<h3>(.*?)</h3>", page)


def test_without_a_question_it_is_a_form() -> None:
    page = _page()
    assert 'name="q"' in page
    assert 'id="hits"' not in page


def test_two_characters_and_a_district_give_the_city_branch_first_with_why() -> None:
    page = _page({"q": "移动", "region": GULOU})
    assert _titles(page)[0] == "中国移动福州分公司"
    assert "鼓楼区由中国移动福州分公司答复" in page
    assert re.search(r'href="/file/\?query=[^"]+&amp;service_region=350102000&amp;pick=\d+-\d+-"', page)


def test_the_part_is_only_the_list() -> None:
    page = _page({"q": "移动", "region": GULOU}, path="/find/hits/")
    assert "<html" not in page
    assert _titles(page)[0] == "中国移动福州分公司"


def test_an_ended_firm_leads_to_its_successor() -> None:
    page = _page({"q": "力行健身"})
    assert _titles(page)[0] == "燃动体育发展（福州）有限公司"
    assert "已由燃动体育发展（福州）有限公司承继" in page


def test_nobody_found_leaves_two_ways_on() -> None:
    page = _page({"q": "火星烧烤摊<script>"})
    assert "没有找到“火星烧烤摊&lt;script&gt;”" in page
    assert "pick=named" in page
    assert "pick=authority" in page


@pytest.mark.parametrize("region", ["", "0", "-1", "999999999999", "abc", "３５", "350000000"])
def test_an_odd_region_is_as_if_none_was_given(region: str) -> None:
    assert _titles(_page({"q": "移动", "region": region}))


@pytest.mark.parametrize("query", ["😀", "(", "a" * 5000, "%"])
def test_odd_questions_break_nothing(query: str) -> None:
    assert "/file/?" in _page({"q": query, "region": GULOU})


@pytest.mark.parametrize("query", ["\0", "移动\0"])
def test_a_question_that_nobody_can_type_is_refused(query: str) -> None:
    assert Client().get("/find/", {"q": query, "region": GULOU}).status_code == 400


def test_only_reading_is_possible() -> None:
    assert Client().post("/find/").status_code == 405

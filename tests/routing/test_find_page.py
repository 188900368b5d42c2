"""The page that says who answers, as a stranger sees it."""

import re
from typing import Any

import pytest
from django.test import Client

from tests import missing_in

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]
GULOU = 350102000


def _page(query: dict[str, Any] | None = None, *, path: str = "/find/", language: str = "zh-hans") -> str:
    answer = Client(headers={"accept-language": language}).get(path, query or {})
    assert answer.status_code == 200
    return answer.content.decode()


def _titles(page: str) -> list[str]:
    return re.findall(r"<h3>(.*?)</h3>", page)


def test_a_question_shows_a_form_the_best_hit_with_why_and_only_the_list_as_part() -> None:
    page = _page()
    assert 'name="q"' in page
    assert 'id="hits"' not in page
    page = _page({"q": "移动", "region": GULOU})
    assert _titles(page)[0] == "中国移动福州分公司"
    assert "鼓楼区由中国移动福州分公司答复" in page
    assert re.search(r'href="/file/\?query=[^"]+&amp;service_region=350102000&amp;pick=\d+-\d+-"', page)
    page = _page({"q": "移动", "region": GULOU}, path="/find/hits/")
    assert "<html" not in page
    assert _titles(page)[0] == "中国移动福州分公司"
    page = _page({"q": "力行健身"})
    assert _titles(page)[0] == "燃动体育发展（福州）有限公司"
    assert "已由燃动体育发展（福州）有限公司承继" in page
    page = _page({"q": "火星烧烤摊<script>"})
    for text in ("没有找到“火星烧烤摊&lt;script&gt;”", "pick=named", "pick=authority"):
        assert text in page
    assert Client().post("/find/").status_code == 405


@pytest.mark.parametrize("region", ["", "0", "-1", "999999999999", "abc", "３５", "350000000"])
def test_an_odd_region_is_as_if_none_was_given(region: str) -> None:
    assert _titles(_page({"q": "移动", "region": region}))


@pytest.mark.parametrize("query", ["😀", "(", "a" * 5000, "%"])
def test_odd_questions_break_nothing(query: str) -> None:
    assert "/file/?" in _page({"q": query, "region": GULOU})


@pytest.mark.parametrize("query", ["\0", "移动\0"])
def test_a_question_that_nobody_can_type_is_refused(query: str) -> None:
    assert Client().get("/find/", {"q": query, "region": GULOU}).status_code == 400


def test_suggestions_are_a_list_to_choose_from_with_what_matched() -> None:
    part = _page({"q": "移动"}, path="/find/suggest/")
    assert "<html" not in part
    assert part.count('role="option"') == len(re.findall(r'aria-selected="false"', part)) > 0
    assert not missing_in(part, 'data-value="中国移动通信集团福建有限公司"', "移动 · 在线和解企业")
    assert _page({"q": "囧囧囧"}, path="/find/suggest/").strip() == ""
    assert "名称相近" in _page({"q": "中国移懂"}, path="/find/suggest/")
    english = _page({"q": "移动"}, path="/find/suggest/", language="en")
    assert not missing_in(english, "China Mobile Fujian", "choose with the arrow keys")


@pytest.mark.parametrize("query", ["", "😀", "(", "a" * 5000, "%", '"><script>alert(1)</script>'])
def test_odd_letters_suggest_no_markup(query: str) -> None:
    assert "<script>" not in _page({"q": query}, path="/find/suggest/")


def test_a_search_costs_no_more_statements_than_other_pages_of_a_consumer(django_assert_max_num_queries: Any) -> None:
    """Ten of its own, whatever is found; session and person come to it for who is signed in."""
    _page({"q": "移动"})
    with django_assert_max_num_queries(10 + 1):
        assert _titles(_page({"q": "移动"}))

"""The page that says who answers, as a stranger sees it; and a letter to the enterprise before anything is filed."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints.models import FilingDraft
from tests import found_in, missing_in

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
    assert ('name="q"' in page, 'id="hits"' in page) == (True, False)
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
    assert not missing_in(page, "没有找到“火星烧烤摊&lt;script&gt;”", "pick=named", "pick=authority")
    assert Client().post("/find/").status_code == 405


def test_odd_questions_break_nothing_and_what_nobody_can_type_is_refused() -> None:
    for region in ("", "0", "-1", "999999999999", "abc", "３５", "350000000"):
        assert _titles(_page({"q": "移动", "region": region}))
    for query in ("😀", "(", "a" * 5000, "%"):
        assert "/file/?" in _page({"q": query, "region": GULOU})
    for query in ("", "😀", "(", "a" * 5000, "%", '"><script>alert(1)</script>'):
        assert "<script>" not in _page({"q": query}, path="/find/suggest/")
    for query in ("\0", "移动\0"):
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


def test_a_search_costs_no_more_statements_than_other_pages_of_a_consumer(django_assert_max_num_queries: Any) -> None:
    """Ten of its own, whatever is found; session and person come to it for who is signed in."""
    _page({"q": "移动"})
    with django_assert_max_num_queries(10 + 1):
        assert _titles(_page({"q": "移动"}))


SAID = {"firm": "福州好邻里便利店", "item": "烤箱", "happened_on": "2026-11-01", "order_no": "DD-2026-7"}
SAID |= {"happened": "用了三天就不加热。\n店员说过了退货期。", "wanted": "退货退款", "amount": "399", "name": "陈晓"}
SAID |= {"phone": "13800000000"}
URL = "/check/letter/"


@time_machine.travel("2026-11-27 10:00+08:00", tick=False)
def test_a_few_fields_make_a_whole_letter(client: Client) -> None:
    page = client.post(URL, SAID).content.decode()
    assert not missing_in(page, "致：福州好邻里便利店", "烤箱", "DD-2026-7", "2026年11月1日", "退货退款", "¥399.00")
    assert not missing_in(page, "陈晓", "用了三天就不加热。<br>店员说过了退货期。", "请在2026年12月7日前书面答复")
    assert not missing_in(page, "电话：138 0000 0000", "这不是投诉的条件", 'href="/file/"')
    assert not FilingDraft.objects.exists()


def test_only_three_things_have_to_be_said_numbers_keep_their_code_and_marks_stay_letters(client: Client) -> None:
    page = client.post(URL, {name: SAID[name] for name in ("firm", "item", "happened", "wanted")}).content.decode()
    assert (missing_in(page, "信写好了"), found_in(page, "涉及金额", "None")) == ([], [])
    assert "电话：+44 7700 900123" in client.post(URL, SAID | {"phone": "+447700900123"}).content.decode()
    page = client.post(URL, SAID | {"happened": "<script>alert(1)</script> & 𠮷 \u202e"}).content.decode()
    assert ("<script>alert" in page, "&lt;script&gt;alert(1)" in page) == (False, True)
    english = client.post(URL, SAID, headers={"accept-language": "en"}).content.decode()
    assert not missing_in(english, "致：福州好邻里便利店", "To: 福州好邻里便利店"), "Chinese, its meaning beside it"


def test_bad_input_is_told_and_kept(client: Client) -> None:
    for field, refusals in {
        "firm": {"": "请写企业或店铺的名称", "店" * 121: "最多120字"},
        "item": {" ": "请写商品或服务的名称", "物" * 101: "最多100字"},
        "happened_on": {"昨天": "日期请按年-月-日填写", "2026-02-30": "没有这一天", "2999-01-01": "这一天还没有到"}
        | {"1899-01-01": "日期太早"},
        "order_no": {"1" * 61: "最多60字"},
        "happened": {"": "请写明发生了什么", "事" * 601: "最多600字"},
        "wanted": {"\u0000 \n": "请写希望怎么解决", "要" * 201: "最多200字"},
        "amount": {"很多": "金额请填数字", "-5": "金额不能是负数", "1e9": "金额请填数字", "9" * 30: "金额太大"},
        "name": {"名" * 61: "最多60字"},
        "phone": {"abc": "电话请填手机号", "1" * 50: "电话请填手机号"},
    }.items():
        for typed, told in refusals.items():
            answer = client.post(URL, SAID | {field: typed})
            page = answer.content.decode()
            # A zero byte is no letter: the portal refuses it before any page.
            if "\0" in typed:
                assert answer.status_code in (400, 422)
                continue
            assert (answer.status_code, missing_in(page, told, f'href="#id_{field}"')) == (422, [])
            assert "信写好了" not in page
            assert not typed.strip() or typed in page


def test_an_unfinished_complaint_fills_it_in(client: Client) -> None:
    client.post("/file/?pick=named&query=海风照相馆", {"story": "照片一直没有给我。"})
    assert not missing_in(client.get(URL).content.decode(), 'value="海风照相馆"', "照片一直没有给我。")
    # Another browser knows nothing of it.
    assert "海风照相馆" not in Client().get(URL).content.decode()

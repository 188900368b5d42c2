"""A letter to the enterprise before anything is filed: what it says, and what it never does."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints.models import FilingDraft
from tests import found_in, missing_in

pytestmark = pytest.mark.django_db
SAID = {"firm": "福州好邻里便利店", "item": "烤箱", "happened_on": "2026-11-01", "order_no": "DD-2026-7"}
SAID |= {"happened": "用了三天就不加热。\n店员说过了退货期。", "wanted": "退货退款", "amount": "399", "name": "陈晓"}
SAID |= {"phone": "13800000000"}
URL = "/check/letter/"


@time_machine.travel("2026-11-27 10:00+08:00", tick=False)
def test_a_few_fields_make_a_whole_letter(client: Client) -> None:
    page = client.post(URL, SAID).content.decode()
    for text in (
        *("致：福州好邻里便利店", "烤箱", "DD-2026-7", "2026年11月1日"),
        *("用了三天就不加热。<br>店员说过了退货期。", "退货退款", "¥399.00", "请在2026年12月7日前书面答复"),
        *("陈晓", "电话：138 0000 0000"),
    ):
        assert text in page
    assert not missing_in(page, "这不是投诉的条件", 'href="/file/"')
    assert not FilingDraft.objects.exists()


def test_only_three_things_have_to_be_said_numbers_keep_their_code_and_marks_stay_letters(client: Client) -> None:
    few = {name: SAID[name] for name in ("firm", "item", "happened", "wanted")}
    page = client.post(URL, few).content.decode()
    assert "信写好了" in page
    assert not found_in(page, "涉及金额", "None")
    assert "电话：+44 7700 900123" in client.post(URL, SAID | {"phone": "+447700900123"}).content.decode()
    page = client.post(URL, SAID | {"happened": "<script>alert(1)</script> & 𠮷 \u202e"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("firm", "", "请写企业或店铺的名称"),
        ("firm", "店" * 121, "最多120字"),
        ("item", " ", "请写商品或服务的名称"),
        ("item", "物" * 101, "最多100字"),
        ("happened_on", "昨天", "日期请按年-月-日填写"),
        ("happened_on", "2026-02-30", "没有这一天"),
        ("happened_on", "2999-01-01", "这一天还没有到"),
        ("happened_on", "1899-01-01", "日期太早"),
        ("order_no", "1" * 61, "最多60字"),
        ("happened", "", "请写明发生了什么"),
        ("happened", "事" * 601, "最多600字"),
        ("wanted", "\u0000 \n", "请写希望怎么解决"),
        ("wanted", "要" * 201, "最多200字"),
        ("amount", "很多", "金额请填数字"),
        ("amount", "-5", "金额不能是负数"),
        ("amount", "1e9", "金额请填数字"),
        ("amount", "9" * 30, "金额太大"),
        ("name", "名" * 61, "最多60字"),
        ("phone", "abc", "电话请填手机号"),
        ("phone", "1" * 50, "电话请填手机号"),
    ],
)
def test_bad_input_is_told_and_kept(client: Client, field: str, typed: str, told: str) -> None:
    answer = client.post(URL, SAID | {field: typed})
    page = answer.content.decode()
    # A zero byte is no letter: the portal refuses it before any page.
    if "\0" in typed:
        assert answer.status_code in (400, 422)
        return
    assert answer.status_code == 422
    assert not missing_in(page, told, f'href="#id_{field}"')
    assert "信写好了" not in page
    assert not typed.strip() or typed in page


def test_an_unfinished_complaint_fills_it_in(client: Client) -> None:
    client.post("/file/", {"respondent": "named", "named": "海风照相馆", "later": "1"})
    draft = FilingDraft.objects.get()
    client.post(f"/file/{draft.pk}/problem/", {"statement": "照片一直没有给我。", "later": "1"})
    assert not missing_in(client.get(URL).content.decode(), 'value="海风照相馆"', "照片一直没有给我。")
    # Another browser knows nothing of it.
    assert "海风照相馆" not in Client().get(URL).content.decode()


def test_in_english_the_letter_is_chinese_and_its_meaning_stands_beside_it() -> None:
    english: dict[str, Any] = {"accept-language": "en"}
    page = Client(headers=english).post(URL, SAID).content.decode()
    assert not missing_in(page, "致：福州好邻里便利店", "To: 福州好邻里便利店")

"""An expired form, a session that ended, a second window, a page of former days: what was typed stays, in words."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.filing.held import COOKIE
from complaints.models import Complaint, FilingDraft
from tests import found_in, missing_in, reloaded
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import PNG, begin, fill, heard_with, screen, send, url
from tests.complaints.filing.test_submit import AGREED, file, ready, signed_in, submitted

HAN = re.compile("[\u3400-\u9fff]")


def named(page: str) -> dict[str, str]:
    """What a page shows again: label → text."""
    rows = re.findall(r'for="kept-\d+"\s*>([^<]*)</label><textarea[^>]*>([^<]*)<', page)
    return {unescape(label).strip(): unescape(text).strip() for label, text in rows}


def expired(client: Client, address: str, values: dict[str, Any], **headers: str) -> str:
    """The same browser with a form that is too old: its cookies are there, the form's own word is not."""
    old = Client(enforce_csrf_checks=True, headers=headers)
    old.cookies[COOKIE] = client.cookies[COOKIE].value
    answer = send(old, address, values)
    assert answer.status_code == 403
    return str(answer.content.decode())


def test_an_expired_form_names_each_field_by_its_label(client: Client, town: Town) -> None:
    draft = begin(client, town)
    page = expired(client, url(draft, "you"), answers.YOU)
    you = {"您的姓名": "陈雨桐", "手机号码": "19900000001", "联系地址": answers.YOU["address"]}
    assert named(page) == you
    heard = named(expired(client, url(draft, "heard"), heard_with() | {"note": "退到原来的卡", "query": "街角小店"}))
    assert heard["补充说明"] == "退到原来的卡"
    assert heard["企业或品牌名称"] == "街角小店"
    told = named(expired(client, url(draft, "story"), {"story": answers.STATEMENT}))
    assert told == {"发生了什么事？想要什么结果？": answers.STATEMENT}
    english = named(expired(client, url(draft, "you"), answers.YOU, **{"accept-language": "en"}))
    assert list(english.values()) == list(you.values())
    assert not HAN.search("".join(english))


def test_a_session_that_ends_while_filing_loses_nothing(town: Town) -> None:
    client = signed_in()
    draft = ready(client, town)
    # Held by its owner alone, as on a second device.
    send(client, url(draft, "you"), answers.YOU | {"is_unverified": None})
    assert reloaded(draft).owner is not None
    client.cookies.pop(COOKIE)
    page = screen(client, draft, "you")
    client.logout()
    along = re.search(r'name="along" value="([^"]+)"', page)
    assert along
    answer = send(client, url(draft, "you"), answers.YOU | {"along": unescape(along[1]), "address": "改过的地址1号"})
    new = FilingDraft.objects.latest("created_at")
    assert (answer.status_code, answer.headers["Location"]) == (302, url(new, "check"))
    shown = screen(client, new)
    assert not missing_in(shown, "您填的都保存在新的草稿里了", "改过的地址1号", answers.STATEMENT, "测试移动福州分公司")


def test_two_windows_the_last_word_stands_and_the_other_is_told(client: Client, town: Town) -> None:
    draft = begin(client, town)
    fill(client, draft)
    seen = [re.search(r'name="seen" value="(\w+)"', screen(client, draft, code)) for code in ("heard", "you")]
    assert all(seen)
    heard_seen, you_seen = (found[1] for found in seen if found)
    # The other window.
    send(client, url(draft, "you"), answers.YOU | {"address": "那边填的地址2号"})
    send(client, url(draft, "heard"), heard_with(demands={"amount_refund": "99", "note": "那边写的"}))
    # This one, as it was opened before.
    send(client, url(draft, "you"), answers.YOU | {"address": "这边填的地址3号", "seen": you_seen})
    page = unescape(screen(client, draft))
    assert not missing_in(page, "这一页在别的窗口里也填过", "联系地址“那边填的地址2号”", "这边填的地址3号")
    assert "您的姓名“" not in page, "what is the same in both is not told"
    send(client, url(draft, "heard"), heard_with() | {"seen": heard_seen})
    page = unescape(screen(client, draft, "you"))
    assert not missing_in(page, "补充说明“那边写的”", "金额（元）“99”")
    # One window alone, forth and back, is told nothing.
    again = re.search(r'name="seen" value="(\w+)"', screen(client, draft, "you"))
    assert again
    send(client, url(draft, "you"), answers.YOU | {"address": "又改了", "seen": again[1]})
    assert "别的窗口" not in screen(client, draft)


def test_nobody_files_what_another_window_has_changed_before_it_was_looked_over(client: Client, town: Town) -> None:
    draft = ready(client, town)
    seen = re.search(r'name="seen" value="(\w+)"', screen(client, draft))
    assert seen
    send(client, url(draft, "heard"), heard_with(demands={"amount_refund": "1"}))
    answer = send(client, url(draft, "check"), AGREED | {"seen": seen[1]})
    page = answer.content.decode()
    assert (answer.status_code, Complaint.objects.count()) == (422, 0)
    assert not missing_in(page, "您在别的窗口里改过这件投诉", "¥1.00")
    assert re.search(r'name="share_with_enterprise" value="yes"[^>]*checked', page), "the answers are kept"
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    assert "/receipt/" in send(client, url(draft, "check"), AGREED | {"seen": seen[1]}).headers["Location"]


FORMER = {
    "enterprise": ({"query": "街角小店", "respondent": "named"}, "heard", "街角小店"),
    "purchase": ({"order_no": "D-77"}, "heard", "D-77"),
    "problem": ({"service_number": "059112345678"}, "heard", "059112345678"),
    "demands": ({"demand": ["apology"], "note": "写一封信"}, "heard", "写一封信"),
    "consents": ({"pass_to_regulator": "yes"}, "check", "还有没填好的"),
}


@pytest.mark.parametrize("part", FORMER)
def test_what_is_sent_from_a_screen_of_former_days_is_kept_and_leads_on(client: Client, town: Town, part: str) -> None:
    given, leads_to, shown = FORMER[part]
    draft = begin(client, town)
    answer = send(client, f"/file/{draft.pk}/{part}/", given)
    assert (answer.status_code, answer.headers["Location"]) == (302, url(draft, leads_to))
    page = screen(client, draft, leads_to)
    assert not missing_in(page, shown, "您刚才填的已经存下")
    kept = reloaded(draft).data[part]
    assert {name: kept[name] for name in given} == {
        name: value if isinstance(value, list) else [value] for name, value in given.items()
    }
    assert client.get(f"/file/{draft.pk}/{part}/").headers["Location"] == url(draft, leads_to)
    assert client.get(f"/file/{draft.pk}/nowhere/").status_code == 404


def test_a_file_and_a_statement_of_former_days_are_there(client: Client, town: Town) -> None:
    draft = begin(client, town)
    send(client, f"/file/{draft.pk}/evidence/", {"upload": "1"}, files=SimpleUploadedFile("账单.png", PNG))
    assert "账单.png" in screen(client, draft, "you")
    # A draft that was begun when nobody told a story first.
    draft = reloaded(draft)
    draft.data = {"problem": {"statement": ["以前写的经过"]}}
    draft.save()
    assert client.get(url(draft, "heard")).headers["Location"] == url(draft, "story")
    assert "以前写的经过" in screen(client, draft, "story")


def test_who_is_signed_in_finds_name_phone_and_address_there(client: Client, town: Town) -> None:
    submitted(client, town)
    again = signed_in()
    draft = begin(again, town)
    send(again, url(draft, "heard"), heard_with())
    page = screen(again, draft, "you")
    for name, value in (("name", "陈雨桐"), ("phone", "+8619900000001"), ("address", answers.YOU["address"])):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*value="{re.escape(value)}"', page), name
    assert not found_in(page, 'name="code"', 'name="is_unverified"')
    # A stranger's page holds none of it.
    other = Client()
    assert answers.YOU["address"] not in screen(other, begin(other, town), "you")


def test_after_filing_every_screen_and_every_button_of_it_leads_to_the_receipt(client: Client, town: Town) -> None:
    draft = ready(client, town)
    address = file(client, draft).headers["Location"]
    for code, sent in (("story", {"story": "又写"}), ("heard", heard_with()), ("you", answers.YOU), ("check", AGREED)):
        assert send(client, url(draft, code), sent).headers["Location"] == address, code
        assert client.get(url(draft, code)).headers["Location"] == address, code
    assert Complaint.objects.count() == 1


def test_a_draft_that_is_over_says_so_in_words(client: Client, town: Town) -> None:
    draft = begin(client, town)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert client.get(url(draft, "you")).headers["Location"] == "/file/?lost=1"
        page = client.get("/file/?lost=1").content.decode()
    assert not missing_in(page, "找不到这份草稿", "它已经过期", 'name="story"')

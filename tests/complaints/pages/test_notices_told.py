"""Notices on the pages: who sees which, what was set aside, send again once, told otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from authorities.models import Officer
from complaints.desks.keyset import PAGE
from complaints.models import Complaint, Notice, NoticeOrder
from complaints.notices import delivery
from complaints.reading.sent_notices import error_text
from tests import found_in, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, case_at, key, now, officer_of, workspace

LIST = "/authority/notices/"


def url(notice: Notice) -> str:
    return f"{LIST}{notice.pk}/"


def new(case: Complaint) -> dict[str, Any]:
    return {"complaint": case, "body": "b", "created_at": now(), "send_after": now()}


@pytest.fixture
def case(world: World) -> Complaint:
    return case_at(world, S.REVIEW)


@pytest.fixture
def aside(case: Complaint) -> Notice:
    Notice.objects.filter(addressee="consumer").update(
        state="set_aside", channel="email", last_error="smtp_550", attempts=3
    )
    return Notice.objects.filter(addressee="consumer").latest("pk")


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the list -----------------------------------------------------------------------------------
def test_the_list_says_what_was_set_aside_and_takes_no_odd_order(world: World, case: Complaint, aside: Notice) -> None:
    page = page_of(workspace(world.rui), LIST)
    assert not missing_in(page, case.number, "没有送到", "邮件服务器拒收（550）。")
    assert not found_in(page, "smtp_", "13800000001", "example.com")
    assert page.count('name="what" value="told"') == Notice.objects.filter(state="set_aside").count()
    for what in ("", "x", "sent"):
        assert workspace(world.rui).post(url(aside), {"what": what} | key()).status_code == 404


def test_another_region_finds_nothing_and_an_analyst_only_reads(world: World, case: Complaint, aside: Notice) -> None:
    far = workspace(officer_of(world, "far"))
    assert "本辖区的通知都送到了。" in page_of(far, LIST)
    assert far.post(url(aside), {"what": "again"} | key()).status_code == 404
    for person in (world.chen, world.ming, world.hua, world.otto):
        assert workspace(person).get(LIST).status_code == 404
        assert workspace(person).post(url(aside), {"what": "again"} | key()).status_code == 404
    assert Client().get(LIST).status_code == 302
    assert (reloaded(aside).state, NoticeOrder.objects.count()) == ("set_aside", 0)
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    client = workspace(world.otto)
    page = page_of(client, LIST)
    assert case.number in page
    assert 'name="what"' not in page
    assert client.post(url(aside), {"what": "again"} | key()).status_code == 409
    assert not NoticeOrder.objects.exists()


def test_filters(world: World, case: Complaint, aside: Notice) -> None:
    client = workspace(world.rui)
    Notice.objects.filter(pk=aside.pk).update(state="sent", sent_at=now())
    waits = Notice.objects.filter(addressee="authority").latest("pk")
    Notice.objects.filter(pk=waits.pk).update(state="queued")
    sent = page_of(client, f"{LIST}?state=sent")
    assert f'action="{url(aside)}"' in sent
    assert "已另行告知</button>" not in sent
    waiting = page_of(client, f"{LIST}?state=waiting")
    assert case.number in waiting
    assert '<button class="btn is-2 is-inline" name=' not in waiting
    assert case.number in page_of(client, f"{LIST}?q={case.number[-8:]}")
    assert "没有符合条件的通知。" in page_of(client, f"{LIST}?q=20200101-AAAA")
    for odd in ("?state=x", "?after=-1", "?before=x", f"?after={'9' * 30}", "?q=%25_"):
        assert client.get(LIST + odd).status_code == 200


def test_pages_of_twenty_five_there_and_back(
    world: World, case: Complaint, aside: Notice, django_assert_num_queries: Any
) -> None:
    client = workspace(world.rui)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    queries = len(few)
    same = {"kind": "send_message", "addressee": "consumer", "user": world.chen, "state": "set_aside", **new(case)}
    Notice.objects.bulk_create(Notice(sequence=100 + n, subject=f"s{n}s", **same) for n in range(PAGE * 2))
    first = client.get(LIST)
    assert [row.what for row in first.context["rows"]][:2] == [f"s{PAGE * 2 - 1}s", f"s{PAGE * 2 - 2}s"]
    assert (len(first.context["rows"]), first.context["previous_url"]) == (PAGE, "")
    second = client.get(first.context["next_url"])
    third = client.get(second.context["next_url"])
    assert (len(second.context["rows"]), third.context["next_url"]) == (PAGE, "")
    assert third.context["rows"][0].pk < second.context["rows"][-1].pk
    back = client.get(second.context["previous_url"])
    assert [row.pk for row in back.context["rows"]] == [row.pk for row in first.context["rows"]]
    assert back.context["previous_url"] == ""
    with django_assert_num_queries(queries):
        client.get(LIST)


# --- orders ---------------------------------------------------------------------------------------
def test_send_again_takes_effect_once_and_is_written_down(world: World, case: Complaint, aside: Notice) -> None:
    client, form = workspace(world.rui), {"what": "again"} | key()
    for _ in range(2):
        assert client.post(url(aside), form)["Location"] == LIST
    assert (reloaded(aside).state, aside.again, aside.attempts, aside.last_error) == ("queued", 1, 0, "")
    order = NoticeOrder.objects.get()
    assert (order.by, order.what, order.notice_id) == (world.rui, "again", aside.pk)
    # It waits: a second order is refused, with the reason.
    answer = client.post(url(aside), {"what": "again"} | key())
    assert (answer.status_code, "请刷新页面再看" in answer.content.decode()) == (409, True)
    assert NoticeOrder.objects.count() == 1
    world.chen.email = "chen@example.com"
    world.chen.save()
    delivery.sweep_notices(now=now() + timedelta(days=1))
    assert reloaded(aside).state == "sent"
    assert "瑞试要求再次发送" in page_of(client, f"/authority/cases/{case.number}/")


def test_told_otherwise_takes_it_off_the_list(world: World, case: Complaint, aside: Notice) -> None:
    client = workspace(world.rui)
    answer = client.post(url(aside), {"what": "told", "from": "case"} | key())
    assert answer["Location"] == f"/authority/cases/{case.number}/#notices"
    assert reloaded(aside).state == "told"
    assert f'action="{url(aside)}"' not in page_of(client, LIST)
    assert client.post(url(aside), {"what": "told"} | key()).status_code == 409


# --- on the pages of a case --------------------------------------------------------------------------
def test_each_side_sees_what_it_was_told_and_what_only_the_authority_reads_is_shown_to_it_alone(world: World) -> None:
    case = case_at(world, S.AWAITING_CONSUMER)
    delivery.sweep_notices(now=now() + timedelta(days=10))
    officers = page_of(workspace(world.rui), f"/authority/cases/{case.number}/")
    assert not missing_in(officers, "消费者 · ", "中国移动通信集团福建有限公司 ")
    theirs = page_of(workspace(world.ming), f"/enterprise/cases/{case.number}/")
    assert "收到一件投诉，请受理" in theirs
    assert not found_in(theirs, "已收到您的投诉", 'name="what"')
    mine = page_of(workspace(world.chen), f"/cases/{case.number}/")
    assert "已收到您的投诉" in mine
    assert "收到一件投诉，请受理" not in mine
    assert workspace(world.hua).get(f"/enterprise/cases/{case.number}/").status_code == 404
    case = case_at(world, S.NEGOTIATING)
    same = {"audience": "authority", "sequence": 900, "kind": "remind", "user": world.rui, "enterprise": world.mobile}
    for addressee in ("authority", "consumer", "enterprise"):
        Notice.objects.create(addressee=addressee, subject="只给机关", **same, **new(case))
    assert "只给机关" in page_of(workspace(world.rui), f"/authority/cases/{case.number}/")
    assert "只给机关" not in page_of(workspace(world.ming), f"/enterprise/cases/{case.number}/")
    assert "只给机关" not in page_of(workspace(world.chen), f"/cases/{case.number}/")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", ""),
        ("smtp_451", "邮件服务器暂时不收（451）。"),
        ("http_410", "短信平台拒收（410）。"),
        ("nobody", "这个单位没有可以通知的人员。"),
        ("fault_ValueError", "程序出错，已记入日志。"),
    ],
)
def test_codes_in_words(code: str, words: str) -> None:
    assert error_text(code) == words

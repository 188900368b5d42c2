"""Notices on the pages: who sees which, what was set aside, send again once, told otherwise."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.desks import keyset
from complaints.handling import sweep_clocks
from complaints.models import Complaint, Notice, NoticeChoice, NoticeOrder
from complaints.notices import delivery, notice_choices
from complaints.privacy import my_data
from complaints.procedure.workflow import TABLE, Role
from complaints.reading.sent_notices import error_text
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import Gateway, PostOffice, gateway, mail, post_office, sms
from tests.complaints.notices.test_delivery import case, queue
from tests.complaints.pages.at_the_authority import S, case_at, now
from tests.complaints.pages.at_the_desk import checked, key, officer_of, send, shown, signed_in
from tests.complaints.pages.step_walks import an_analyst

LIST = "/authority/notices/"


def url(notice: Notice) -> str:
    return f"{LIST}{notice.pk}/"


def new(case: Complaint) -> dict[str, Any]:
    return {"complaint": case, "body": "b", "created_at": now(), "send_after": now()}


@pytest.fixture
def aside(world: World) -> Notice:
    """Of a case in review."""
    case_at(world, S.REVIEW)
    own, how = Notice.objects.filter(addressee="consumer"), {"state": "set_aside", "channel": "email"}
    own.update(last_error="smtp_550", attempts=3, **how)
    return own.latest("pk")


def test_the_list_says_what_was_set_aside_filters_and_takes_no_odd_order(world: World, aside: Notice) -> None:
    page = checked(signed_in(world.rui).get(LIST), 200)
    assert not missing_in(page, aside.complaint.number, "没有送到", "邮件服务器拒收（550）。")
    assert not found_in(page, "smtp_", "13800000001", "example.com")
    assert page.count('name="what" value="told"') == Notice.objects.filter(state="set_aside").count()
    for what in ("", "x", "sent"):
        assert signed_in(world.rui).post(url(aside), {"what": what} | key()).status_code == 404
    client = signed_in(world.rui)
    Notice.objects.filter(pk=aside.pk).update(state="sent", sent_at=now())
    Notice.objects.filter(pk=Notice.objects.filter(addressee="authority").latest("pk").pk).update(state="queued")
    sent = checked(client.get(f"{LIST}?state=sent"), 200)
    assert f'action="{url(aside)}"' in sent
    assert "已另行告知</button>" not in sent
    waiting = checked(client.get(f"{LIST}?state=waiting"), 200)
    assert aside.complaint.number in waiting
    assert '<button class="btn is-2 is-inline" name=' not in waiting
    assert aside.complaint.number in checked(client.get(f"{LIST}?q={aside.complaint.number[-8:]}"), 200)
    assert "没有符合条件的通知。" in checked(client.get(f"{LIST}?q=20200101-AAAA"), 200)
    for odd in ("?state=x", "?after=-1", "?before=x", f"?after={'9' * 30}", "?q=%25_"):
        assert client.get(LIST + odd).status_code == 200


def test_another_region_finds_nothing_and_an_analyst_only_reads(world: World, aside: Notice) -> None:
    far = signed_in(officer_of(world, "far"))
    assert "本辖区的通知都送到了。" in checked(far.get(LIST), 200)
    assert far.post(url(aside), {"what": "again"} | key()).status_code == 404
    for person in (world.chen, world.ming, world.hua, world.otto):
        assert signed_in(person).get(LIST).status_code == 404
        assert signed_in(person).post(url(aside), {"what": "again"} | key()).status_code == 404
    assert Client().get(LIST).status_code == 302
    assert (reloaded(aside).state, NoticeOrder.objects.count()) == ("set_aside", 0)
    client = signed_in(an_analyst(world))
    page = checked(client.get(LIST), 200)
    assert aside.complaint.number in page
    assert 'name="what"' not in page
    assert client.post(url(aside), {"what": "again"} | key()).status_code == 409
    assert not NoticeOrder.objects.exists()


def test_pages_of_twenty_five_there_and_back(world: World, aside: Notice, django_assert_num_queries: Any) -> None:
    client = signed_in(world.rui)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    queries = len(few)
    same = {
        "kind": "send_message",
        "addressee": "consumer",
        "user": world.chen,
        "state": "set_aside",
        **new(aside.complaint),
    }
    Notice.objects.bulk_create(Notice(sequence=100 + n, subject=f"s{n}s", **same) for n in range(keyset.PAGE * 2))
    first = client.get(LIST)
    assert [row.what for row in first.context["rows"]][:2] == [f"s{keyset.PAGE * 2 - 1}s", f"s{keyset.PAGE * 2 - 2}s"]
    assert (len(first.context["rows"]), first.context["previous_url"]) == (keyset.PAGE, "")
    second = client.get(first.context["next_url"])
    third = client.get(second.context["next_url"])
    assert (len(second.context["rows"]), third.context["next_url"]) == (keyset.PAGE, "")
    assert third.context["rows"][0].pk < second.context["rows"][-1].pk
    back = client.get(second.context["previous_url"])
    assert [row.pk for row in back.context["rows"]] == [row.pk for row in first.context["rows"]]
    assert back.context["previous_url"] == ""
    with django_assert_num_queries(queries):
        client.get(LIST)


def test_an_order_takes_effect_once_is_written_down_and_takes_it_off_the_list(world: World, aside: Notice) -> None:
    client, form = signed_in(world.rui), {"what": "again"} | key()
    for _ in range(2):
        assert client.post(url(aside), form)["Location"] == LIST
    assert (reloaded(aside).state, aside.again, aside.attempts, aside.last_error) == ("queued", 1, 0, "")
    order = NoticeOrder.objects.get()
    assert (order.by, order.what, order.notice_id) == (world.rui, "again", aside.pk)
    # It waits: a second order is refused, with the reason.
    checked(client.post(url(aside), {"what": "again"} | key()), 409, "请刷新页面再看")
    assert NoticeOrder.objects.count() == 1
    world.chen.email = "chen@example.com"
    world.chen.save()
    delivery.sweep_notices(now=now() + timedelta(days=1))
    assert reloaded(aside).state == "sent"
    assert "瑞试要求再次发送" in checked(client.get(f"/authority/cases/{aside.complaint.number}/"), 200)
    Notice.objects.filter(pk=aside.pk).update(state="set_aside")
    answer = client.post(url(aside), {"what": "told", "from": "case"} | key())
    assert answer["Location"] == f"/authority/cases/{aside.complaint.number}/#notices"
    assert reloaded(aside).state == "told"
    assert f'action="{url(aside)}"' not in checked(client.get(LIST), 200)
    assert client.post(url(aside), {"what": "told"} | key()).status_code == 409


def test_each_side_sees_what_it_was_told_and_what_only_the_authority_reads_is_shown_to_it_alone(world: World) -> None:
    case = case_at(world, S.AWAITING_CONSUMER)
    delivery.sweep_notices(now=now() + timedelta(days=10))
    officers = checked(signed_in(world.rui).get(f"/authority/cases/{case.number}/"), 200)
    assert not missing_in(officers, "消费者 · ", "中国移动通信集团福建有限公司 ")
    theirs = checked(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"), 200, "收到一件投诉，请受理")
    assert not found_in(theirs, "已收到您的投诉", 'name="what"')
    mine = checked(signed_in(world.chen).get(f"/cases/{case.number}/"), 200, "已收到您的投诉")
    assert "收到一件投诉，请受理" not in mine
    assert signed_in(world.hua).get(f"/enterprise/cases/{case.number}/").status_code == 404
    case = case_at(world, S.NEGOTIATING)
    same = {"audience": "authority", "sequence": 900, "kind": "remind", "user": world.rui, "enterprise": world.mobile}
    for addressee in ("authority", "consumer", "enterprise"):
        Notice.objects.create(addressee=addressee, subject="只给机关", **same, **new(case))
    assert "只给机关" in checked(signed_in(world.rui).get(f"/authority/cases/{case.number}/"), 200)
    assert "只给机关" not in checked(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"), 200)
    assert "只给机关" not in checked(signed_in(world.chen).get(f"/cases/{case.number}/"), 200)


def test_codes_in_words() -> None:
    texts = {"": "", "smtp_451": "邮件服务器暂时不收（451）。", "http_410": "短信平台拒收（410）。"}
    texts |= {"nobody": "这个单位没有可以通知的人员。", "fault_ValueError": "程序出错，已记入日志。"}
    for code, words in texts.items():
        assert error_text(code) == words


__all__ = ["case", "gateway", "mail", "post_office", "sms"]
PAGE = "/account/notices/"
SAID = {"first": "email", "language": "en", "reminders": "none", "progress": "digest"}


def sweep(now: datetime = WEDNESDAY) -> None:
    delivery.sweep_notices(now=now)


def test_a_choice_is_kept_and_shown_and_an_odd_one_changes_nothing(case: Complaint, world: World, clock: Any) -> None:
    wrong = ({"first": "voice"}, {"language": "xx"}, {"reminders": ""}, {"progress": "never"}, {"reminders": "x" * 500})
    for said in ({}, *(SAID | changed for changed in wrong)):
        page = checked(send(signed_in(world.chen), PAGE, said), 422)
        assert found_in(page, "error-summary", 'role="alert"')
        assert not NoticeChoice.objects.exists()
    chen = signed_in(world.chen)
    assert "这些不能关闭" in shown(chen.get(PAGE))
    answer = send(chen, PAGE, SAID)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    wish = NoticeChoice.objects.get(user=world.chen)
    assert (wish.first, wish.reminders, wish.progress) == ("email", "none", "digest")
    assert (reloaded(world.chen).language, reloaded(case).language) == ("en", "en")
    again = shown(chen.get(PAGE))
    assert "How we tell you" in again
    assert re.findall(r'value="(\w+)"[^>]*checked', again) == ["email", "en", "none", "digest"]
    # Nobody else's.
    assert NoticeChoice.objects.count() == 1


def test_who_has_one_way_is_not_asked_and_choices_go_with_them(world: World, clock: Any, case: Complaint) -> None:
    otto = signed_in(world.otto)
    assert 'name="first"' not in shown(otto.get(PAGE))
    assert send(otto, PAGE, {k: v for k, v in SAID.items() if k != "first"}).status_code == 302
    world.otto.refresh_from_db()
    expected = {"first": "", "reminders": "none", "progress": "digest"}
    assert my_data.copy_of(world.otto, now=WEDNESDAY)["notices"] == expected
    my_data.close_account(world.otto, now=WEDNESDAY)
    assert not NoticeChoice.objects.filter(pk=world.otto.pk).exists()


def test_the_way_that_was_chosen_is_tried_first_and_progress_comes_in_one_letter(
    case: Complaint, world: World, sms: Gateway, mail: PostOffice
) -> None:
    queue(case, kind="make_offer")
    sweep()
    assert (len(sms.posts), len(mail.accepted)) == (1, 0)
    NoticeChoice.objects.create(user=world.chen, first="email", changed_at=WEDNESDAY)
    Notice.objects.all().delete()
    queue(case, kind="make_offer")
    sweep()
    assert (len(sms.posts), len(mail.accepted)) == (1, 1)
    NoticeChoice.objects.update(progress="digest")
    Notice.objects.all().delete()
    mail.accepted.clear()
    queue(case, 1, kind="accept_case", subject="【12315】1：已受理")
    queue(given.filed(world), 1, kind="send_message", subject="【12315】2：有消息")
    Notice.objects.filter(kind="file").delete()
    sweep()
    assert not mail.accepted
    sweep(WEDNESDAY + timedelta(hours=5))
    assert len(mail.accepted) == 1
    assert not missing_in(mail.accepted[0].message.get_content(), "已受理", "有消息")


def test_what_may_be_turned_off_and_what_not(case: Complaint, world: World) -> None:
    # What asks for an answer, decides or closes goes out whatever was chosen.
    always = ("make_offer", "request_material", "refuse", "lapse_confirmation", "report_performed", "undo")
    for kind, how, state in (
        ("remind", "none", "in_portal"),
        ("remind", "each", "sent"),
        ("accept_case", "none", "in_portal"),
        ("remind_last", "none", "sent"),
        ("remind_last", "digest", "sent"),
        *((kind, "none", "sent") for kind in always),
    ):
        wish = {"reminders": how, "progress": how, "changed_at": WEDNESDAY}
        NoticeChoice.objects.update_or_create(user=world.chen, defaults=wish)
        Notice.objects.all().delete()
        row = queue(case, kind=kind)[0]
        sweep()
        assert reloaded(row).state == state, kind


def test_the_reminder_of_the_last_day_rings_whatever_was_chosen(world: World, sms: Gateway) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    NoticeChoice.objects.create(user=world.chen, reminders="none", changed_at=WEDNESDAY)
    sms.posts.clear()
    for day in range(1, 8):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
        sweep(WEDNESDAY + timedelta(days=day))
    told = Notice.objects.filter(complaint=case, addressee="consumer", kind__startswith="remind").order_by("pk")
    # The last day; and once more when it had passed.
    expected = [("remind", "in_portal"), ("remind_last", "sent")]
    assert [(row.kind, row.state) for row in told] == expected, [row.subject for row in told]
    assert "今天24:00前" in told[1].subject
    assert notice_choices.group_of("remind_last") == ""
    assert "最后一天的提醒仍然会发" in shown(signed_in(world.chen).get(PAGE))


def test_what_was_not_sent_stands_on_the_case(case: Complaint, world: World, clock: Any) -> None:
    NoticeChoice.objects.create(user=world.chen, reminders="none", changed_at=WEDNESDAY)
    queue(case, kind="remind")
    sweep()
    page = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert not missing_in(page, "按您的选择没有发送", f'href="{PAGE}"')


def test_a_letter_that_may_be_turned_off_says_how_in_one_click_and_one_that_stays_on_does_not(
    case: Complaint, world: World, mail: PostOffice, settings: Any, clock: Any
) -> None:
    settings.SITE_URL = "https://odr.example.org"
    NoticeChoice.objects.create(user=world.chen, first="email", changed_at=WEDNESDAY)
    queue(case, kind="remind")
    sweep()
    letter = mail.accepted[0].message
    address = letter["List-Unsubscribe"].strip().strip("<>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.startswith("https://odr.example.org/account/notices/off/")
    assert address in letter.get_content()
    path, anybody = address.removeprefix("https://odr.example.org"), Client(enforce_csrf_checks=True)
    # Looking changes nothing: programs follow links in letters.
    checked(anybody.get(path), 200, "不再发送“到期提醒”？")
    assert NoticeChoice.objects.get().reminders == "each"
    for _time in range(2):
        checked(anybody.post(path, {"List-Unsubscribe": "One-Click"}), 200, "不再发送")
    wish = NoticeChoice.objects.get()
    assert (wish.reminders, wish.progress, wish.first) == ("none", "each", "email")
    Notice.objects.all().delete()
    queue(case, kind="make_offer")
    sweep()
    letter = mail.accepted[-1].message
    assert letter["List-Unsubscribe"] is None
    assert "/off/" not in letter.get_content()


def test_a_token_not_ours_a_group_not_there_and_a_person_gone_are_no_address(world: World) -> None:
    for token in ("x", "WzEsImFsbCJd:1abc:AAAA", "0" * 400, "WzEsIngiXQ:1w:x"):
        for answer in (Client().get(f"{PAGE}off/{token}/"), Client().post(f"{PAGE}off/{token}/")):
            assert answer.status_code == 404
        assert not NoticeChoice.objects.exists()
    row = Notice(user_id=world.chen.pk, addressee="consumer")
    assert Client().post(notice_choices.off_address(row, group="offers", site="http://testserver")).status_code == 404
    path = notice_choices.off_address(row, group="all", site="http://testserver")
    world.chen.is_active = False
    world.chen.save()
    assert Client().post(path).status_code == 404


def test_nothing_that_can_be_turned_off_is_a_decision() -> None:
    """A step that closes a case, or that the consumer must answer, is in no group."""
    for kinds in notice_choices.GROUPS.values():
        for kind in kinds:
            row = TABLE[kind]
            assert all(outcome is None for _status, outcome in row.to), kind
            assert not any(status in (S.AWAITING_CONSUMER, S.AWAITING_MATERIAL) for status, _outcome in row.to), kind
            assert Role.CONSUMER not in row.by, kind


def test_the_page_of_notices_says_how_many_of_a_case_can_be_read_there(world: World) -> None:
    case, browser = case_at(world, S.NEGOTIATING), signed_in(world.chen)
    said = re.search(r"案件页里有最近(\d+)条通知", checked(browser.get(PAGE), 200))
    assert said
    most = int(said.group(1))
    Notice.objects.bulk_create(
        Notice(**new(case), subject=f"第{n}条", addressee="consumer", user=world.chen, kind="remind", sequence=1000 + n)
        for n in range(most + 1)
    )
    page = checked(browser.get(f"/cases/{case.number}/"), 200)
    assert [f"第{n}条" in page for n in (0, 1, most)] == [False, True, True]

"""How a person chooses to be told: which way, which language, what not; and the one click out of a letter."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from complaints.handling import sweep_clocks
from complaints.models import Complaint, Notice, NoticeChoice
from complaints.notices import delivery, notice_choices
from complaints.privacy import my_data
from complaints.procedure.workflow import TABLE, Role, Status
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import Gateway, PostOffice, gateway, mail, post_office, sms
from tests.complaints.notices.test_delivery import case, queue
from tests.complaints.pages.at_home import clock
from tests.complaints.pages.at_the_desk import send, shown, signed_in

__all__ = ["case", "clock", "gateway", "mail", "post_office", "sms"]

PAGE = "/account/notices/"
SAID = {"first": "email", "language": "en", "reminders": "none", "progress": "digest"}


def sweep(now: datetime = WEDNESDAY) -> int:
    return delivery.sweep_notices(now=now)


def test_a_choice_is_kept_and_shown_and_an_odd_one_changes_nothing(case: Complaint, world: World, clock: Any) -> None:
    for said in (
        {},
        SAID | {"first": "voice"},
        SAID | {"language": "xx"},
        SAID | {"reminders": ""},
        SAID | {"progress": "never"},
        SAID | {"reminders": "x" * 500},
    ):
        answer = send(signed_in(world.chen), PAGE, said)
        assert answer.status_code == 422
        assert "error-summary" in shown(answer) or 'role="alert"' in shown(answer)
        assert not NoticeChoice.objects.exists()
    chen = signed_in(world.chen)
    assert "这些一定会通知" in shown(chen.get(PAGE))
    answer = send(chen, PAGE, SAID)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    wish = NoticeChoice.objects.get(user=world.chen)
    assert (wish.first, wish.reminders, wish.progress) == ("email", "none", "digest")
    world.chen.refresh_from_db()
    assert (world.chen.language, reloaded(case).language) == ("en", "en")
    again = shown(chen.get(PAGE))
    assert "How we tell you" in again
    assert re.findall(r'value="(\w+)"[^>]*checked', again) == ["email", "en", "none", "digest"]
    # Nobody else's.
    assert NoticeChoice.objects.count() == 1


def test_who_has_one_way_is_not_asked_and_choices_go_with_the_account(
    world: World, clock: Any, case: Complaint
) -> None:
    otto = signed_in(world.otto)
    assert 'name="first"' not in shown(otto.get(PAGE))
    assert send(otto, PAGE, {k: v for k, v in SAID.items() if k != "first"}).status_code == 302
    world.otto.refresh_from_db()
    expected = {"first": "", "reminders": "none", "progress": "digest"}
    assert my_data.copy_of(world.otto, now=WEDNESDAY)["notices"] == expected
    my_data.close_account(world.otto, now=WEDNESDAY)
    assert not NoticeChoice.objects.filter(pk=world.otto.pk).exists()


def test_the_way_that_was_chosen_is_tried_first(case: Complaint, world: World, sms: Gateway, mail: PostOffice) -> None:
    queue(case, kind="make_offer")
    sweep()
    assert (len(sms.posts), len(mail.accepted)) == (1, 0)
    NoticeChoice.objects.create(user=world.chen, first="email", changed_at=WEDNESDAY)
    Notice.objects.all().delete()
    queue(case, kind="make_offer")
    sweep()
    assert (len(sms.posts), len(mail.accepted)) == (1, 1)


def test_what_may_be_turned_off_and_what_not(case: Complaint, world: World) -> None:
    for kind, how, state in (
        ("remind", "none", "in_portal"),
        ("remind", "each", "sent"),
        ("accept_case", "none", "in_portal"),
        ("remind_last", "none", "sent"),
        ("remind_last", "digest", "sent"),
        # What asks for an answer, decides or closes goes out whatever was chosen.
        ("make_offer", "none", "sent"),
        ("request_material", "none", "sent"),
        ("refuse", "none", "sent"),
        ("lapse_confirmation", "none", "sent"),
        ("report_performed", "none", "sent"),
        ("undo", "none", "sent"),
    ):
        wish = {"reminders": how, "progress": how, "changed_at": WEDNESDAY}
        NoticeChoice.objects.update_or_create(user=world.chen, defaults=wish)
        Notice.objects.all().delete()
        row = queue(case, kind=kind)[0]
        sweep()
        assert reloaded(row).state == state, kind


def test_the_reminder_of_the_last_day_rings_whatever_was_chosen(world: World, sms: Gateway) -> None:
    case = given.a_complaint(world, status=Status.AWAITING_CONSUMER)
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


def test_progress_comes_folded_into_one_letter(case: Complaint, world: World, mail: PostOffice) -> None:
    NoticeChoice.objects.create(user=world.chen, first="email", progress="digest", changed_at=WEDNESDAY)
    queue(case, 1, kind="accept_case", subject="【12315】1：已受理")
    queue(given.filed(world), 1, kind="send_message", subject="【12315】2：有消息")
    Notice.objects.filter(kind="file").delete()
    sweep()
    assert not mail.accepted
    sweep(WEDNESDAY + timedelta(hours=5))
    assert len(mail.accepted) == 1
    assert not missing_in(mail.accepted[0].message.get_content(), "已受理", "有消息")


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
    path = address.removeprefix("https://odr.example.org")
    anybody = Client(enforce_csrf_checks=True)
    # Looking changes nothing: programs follow links in letters.
    page = anybody.get(path)
    assert (page.status_code, "不再发送“到期提醒”？" in shown(page)) == (200, True)
    assert NoticeChoice.objects.get().reminders == "each"
    for _time in range(2):
        answer = anybody.post(path, {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "不再发送" in shown(answer)) == (200, True)
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
            assert not any(
                status in (Status.AWAITING_CONSUMER, Status.AWAITING_MATERIAL) for status, _outcome in row.to
            ), kind
            assert Role.CONSUMER not in row.by, kind

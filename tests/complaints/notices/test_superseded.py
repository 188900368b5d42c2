"""One message an event and day: what is old news when it could go out is not sent, and stands on the case alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from complaints import handling
from complaints.handling import sweep_clocks
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Complaint, Notice
from complaints.notices import delivery, digests, superseded
from complaints.notices.digests import letter_of, shortened
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record.verification import verify
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import Gateway
from tests.complaints.pages.at_the_desk import shown, signed_in

NIGHT = datetime(2026, 11, 11, 22, tzinfo=SHANGHAI)
MORNING = datetime(2026, 11, 12, 8, 1, tzinfo=SHANGHAI)
SITE = "https://odr.example.cn"


@pytest.fixture(autouse=True)
def noon(sms: Gateway) -> Iterator[None]:
    """Pages are opened at noon of the next day; what the cases told when they were made is out of the way."""
    with time_machine.travel(datetime(2026, 11, 12, 12, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.fixture
def site(settings: Any) -> str:
    settings.SITE_URL = SITE
    return SITE


def at_night(world: World, status: S = S.NEGOTIATING, sms: Gateway | None = None) -> Complaint:
    """A case whose news of before went out."""
    case = given.a_complaint(world, status=status)
    swept(WEDNESDAY)
    if sms is not None:
        sms.posts.clear()
    return case


def swept(*moments: datetime) -> None:
    for moment in moments:
        delivery.sweep_notices(now=moment)


def told(case: Complaint) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(complaint=case, addressee="consumer", created_at__gt=WEDNESDAY).order_by("sequence")
    return [(row.kind, "old" if row.last_error == superseded.CODE else row.state) for row in rows]


def test_of_a_night_only_the_newest_of_a_kind_goes_out(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    for minute in range(3):
        text = f"第{minute}条消息"
        given.step(case, enterprise.send_message(text=text), world.handler, NIGHT + timedelta(minutes=minute))
    swept(NIGHT + timedelta(minutes=5), MORNING)
    assert told(case) == [("send_message", "old"), ("send_message", "old"), ("send_message", "sent")]
    assert len(sms.posts) == 1


def test_progress_of_one_kind_is_told_once_a_day_and_the_rest_waits_for_the_next(world: World, sms: Gateway) -> None:
    case, noon = at_night(world, sms=sms), datetime(2026, 11, 11, 12, tzinfo=SHANGHAI)
    for hour in range(3):
        at = noon + timedelta(hours=hour)
        given.step(case, enterprise.send_message(text=f"第{hour}条消息"), world.handler, at)
        swept(at)
    assert [state for _kind, state in told(case)] == ["sent", "queued", "queued"]
    swept(noon + timedelta(hours=20), noon + timedelta(hours=21))
    assert ([state for _kind, state in told(case)], len(sms.posts)) == (["sent", "old", "sent"], 2)


def test_an_offer_that_was_answered_in_the_night_is_no_news_in_the_morning(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    given.step(case, given.an_offer(), world.handler, NIGHT)
    given.step(case, consumer.ask_about_offer(text="怎么退？"), world.consumer, NIGHT + timedelta(hours=1))
    swept(NIGHT + timedelta(hours=2), MORNING)
    assert told(case) == [("make_offer", "old")]
    assert not sms.posts


def test_a_case_that_closed_sends_the_end_alone(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    given.step(case, enterprise.send_message(text="我们在查。"), world.handler, NIGHT)
    given.step(case, given.a_refusal(), world.handler, NIGHT + timedelta(minutes=1))
    given.step(case, consumer.let_rest(), world.consumer, NIGHT + timedelta(minutes=2))
    swept(NIGHT + timedelta(hours=1), MORNING)
    assert told(case) == [("send_message", "old"), ("make_offer", "old"), ("let_rest", "sent")]
    assert len(sms.posts) == 1
    assert verify(number=case.number).is_unbroken


def test_an_end_that_was_taken_back_is_old_news_too(world: World, sms: Gateway) -> None:
    case = given.refused_in_full(world)
    swept(WEDNESDAY)
    sms.posts.clear()
    given.step(case, consumer.let_rest(), world.consumer, NIGHT)
    given.step(case, handling.undoing.undo(), world.consumer, NIGHT + timedelta(minutes=5))
    swept(NIGHT + timedelta(hours=1), MORNING)
    assert told(case) == [("let_rest", "old"), ("undo", "sent")]


def test_a_reminder_of_a_clock_that_ended_is_not_sent(world: World, sms: Gateway) -> None:
    case = at_night(world, S.AWAITING_CONSUMER, sms)
    last_day = datetime(2026, 11, 18, 0, 5, tzinfo=SHANGHAI)
    sweep_clocks(now=last_day)
    assert told(case)[-1][0] == "remind_last"
    given.step(case, consumer.decline_offer(reason="other"), world.consumer, last_day + timedelta(hours=1))
    swept(last_day + timedelta(hours=2), last_day + timedelta(hours=9))
    assert ("remind_last", "old") in told(case)
    assert ("decline_offer", "sent") in told(case)


def test_an_official_document_and_what_protects_the_account_always_go_out(world: World, sms: Gateway) -> None:
    case = at_night(world, S.REVIEW, sms)
    given.step(case, authority.accept(), world.officer, NIGHT)
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, NIGHT + timedelta(minutes=1))
    swept(NIGHT + timedelta(hours=1), MORNING)
    assert told(case) == [("accept", "sent"), ("withdraw", "sent")]


def test_who_missed_nothing_is_told_everything(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    noon = datetime(2026, 11, 12, 10, tzinfo=SHANGHAI)
    given.step(case, enterprise.send_message(text="我们在查。"), world.handler, noon)
    given.step(case, given.an_offer(), world.handler, noon + timedelta(minutes=1))
    swept(noon + timedelta(minutes=2))
    assert told(case) == [("send_message", "sent"), ("make_offer", "sent")]


def test_what_an_officer_had_sent_again_goes_whatever_happened_since(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    given.step(case, given.an_offer(), world.handler, NIGHT)
    given.step(case, consumer.ask_about_offer(text="怎么退？"), world.consumer, NIGHT)
    Notice.objects.filter(complaint=case, kind="make_offer").update(again=1)
    swept(NIGHT + timedelta(hours=1), MORNING)
    assert told(case) == [("make_offer", "sent")]


def test_old_news_stands_on_the_page_of_the_case(world: World, sms: Gateway) -> None:
    case = at_night(world, sms=sms)
    given.step(case, given.an_offer(), world.handler, NIGHT)
    given.step(case, consumer.ask_about_offer(text="怎么退？"), world.consumer, NIGHT)
    swept(NIGHT + timedelta(hours=1), MORNING)
    assert "已有更新的消息，没有再发" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_killed_while_it_judges_nothing_is_lost_or_sent_twice(
    world: World, sms: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Like a signal."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    case = at_night(world, sms=sms)
    given.step(case, given.an_offer(), world.handler, NIGHT)
    with monkeypatch.context() as patched:
        patched.setattr(superseded, "judge", killed)
        with pytest.raises(Killed):
            swept(NIGHT, MORNING)
    assert told(case) == [("make_offer", "queued")]
    swept(MORNING, MORNING)
    assert (told(case), len(sms.posts)) == ([("make_offer", "sent")], 1)


# --- what a message says -----------------------------------------------------------------------------------------


def test_a_short_message_names_firm_and_case_and_has_a_short_link(world: World, sms: Gateway, site: str) -> None:
    case = at_night(world, sms=sms)
    given.step(case, given.an_offer(), world.handler, MORNING)
    swept(MORNING)
    (text,) = sms.texts
    assert text.startswith("【12315】中国移动福州分公司：有新方案，请在")
    assert text.endswith(f" odr.example.cn/c/{digests.code_of(case.number)}")
    assert len(text) <= 70


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_name_and_no_address_is_too_long(world: World, language: str) -> None:
    case = at_night(world)
    case.branch.name = case.branch.name_en = (
        "某某某某某某某某某某某某某某某某某某某某某某某某某某某某股份有限公司福州分公司"
    )
    row = Notice(
        complaint=case, short=f"【12315】{case.number}有新方案，请在12月7日（周一）24:00前答复", language=language
    )
    for site in ("", SITE, f"https://{'a' * 30}.example.gov.cn"):
        text = shortened(row, site)
        assert len(text) <= 70
        assert digests.code_of(case.number) in text or case.number in text
    assert "某某某某…：" in shortened(row, SITE) or "…：" in shortened(row, SITE)


def test_a_letter_begins_with_case_and_firm(world: World) -> None:
    case = at_night(world)
    given.step(case, given.an_offer(), world.handler, MORNING)
    row = Notice.objects.select_related("complaint__branch", "complaint__enterprise").get(kind="make_offer")
    assert letter_of([row]).body.startswith(f"投诉{case.number}，被投诉的是中国移动福州分公司。\n")
    row.language = "en"
    assert letter_of([row]).body.startswith(f"Complaint {case.number} against ")


@pytest.mark.parametrize(
    ("who", "at"), [("chen", "/cases/{}/"), ("ming", "/enterprise/cases/{}/"), ("lan", "/cases/{}/")]
)
def test_the_short_link_leads_each_to_the_own_page(world: World, who: str, at: str) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    user: User | None = getattr(world, who, None)
    if who == "lan":
        user = User.objects.create_user(name="别人", phone="+8613800009999")
        assert signed_in(user).get(f"/c/{digests.code_of(case.number)}").status_code == 404
        return
    answer = signed_in(user).get(f"/c/{digests.code_of(case.number).lower()}")
    assert (answer.status_code, answer.headers["location"]) == (302, at.format(case.number))


def test_a_short_link_of_nothing_is_nothing_and_asks_strangers_to_sign_in(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for code in ("20261111-7K3", "20261111-%%%%", case.number, "x" * 13, "20261111-\u4f60\u597d\u4f60\u597d"):
        assert signed_in(world.chen).get(f"/c/{code}").status_code == 404
    answer = signed_in(None).get(f"/c/{digests.code_of(case.number)}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/account/sign-in/")
    assert reloaded(case).status == S.NEGOTIATING

"""Following a case with number and token: what is shown, to whom, and how often one may be wrong."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from time import thread_time
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import CountedTry, OutgoingMessage, User
from complaints.filing import drafts
from complaints.handling.steps import consumer
from complaints.models import Complaint, Evidence, HandlingStep, Notice, Obligation
from complaints.pages.consumer.pages import PAGES
from complaints.procedure import numbering
from complaints.procedure.workflow import Status
from complaints.reading.case import CONSUMER, find_case, page_of
from enterprises.models import Station, StationStaff
from tests import found_in, missing_in, reloaded
from tests.cast import World
from tests.complaints.filing.test_drafts import PNG
from tests.complaints.pages.at_the_desk import checked, shown
from tests.given import a_complaint, step
from tests.server import A_REQUEST
from web.dates import moment

TOKEN = "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA7-0"
MISMATCH = "编号和查询口令对不上"
WAIT = "填错的次数太多了"


def with_token(case: Complaint, token: str = TOKEN) -> Complaint:
    Complaint.objects.filter(pk=case.pk).update(tracking_digest=drafts.tracking_digest(token))
    case.refresh_from_db()
    return case


@pytest.fixture
def case(world: World) -> Complaint:
    now = timezone.now() - timedelta(minutes=5)
    return with_token(a_complaint(world, status=Status.AWAITING_CONSUMER, now=now))


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime.now().astimezone(), tick=False) as traveller:
        yield traveller


def ask(client: Client, number: str, token: str = TOKEN, **headers: str) -> Any:
    return client.post("/track/", {"number": number, "token": token}, headers=headers or None)


def opened(client: Client, case: Complaint) -> str:
    answer = ask(client, case.number)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/track/{case.number}/")
    return shown(client.get(answer.headers["Location"]))


def test_a_token_opens_as_people_write_it_and_none_opens_none(client: Client, case: Complaint, world: World) -> None:
    for typed in (
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: f"  {text.replace('-', ' ')} ",
        lambda text: text.replace("0", "O").replace("1", "I"),
    ):
        assert ask(client, typed(case.number), typed(TOKEN)).status_code == 302
    case = a_complaint(world, now=timezone.now())
    for token in ("x", "0" * 64, " - "):
        assert ask(client, case.number, token).status_code == 422


def test_the_page_says_who_what_by_when_and_names_nobody(client: Client, case: Complaint, world: World) -> None:
    text = opened(client, case)
    assert not missing_in(text, case.number, "谁在办", "24:00前", "第1份方案", "退还多扣费用", "经过", "答复方案")
    # What happened, newest first.
    assert not missing_in(text, "提出方案（第1份方案）", "提交投诉")
    for path in ("/track/", f"/track/{case.number}/"):
        answer = client.get(path)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert TOKEN not in shown(answer)
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/track/{case.number}/")
    assert len(seen) <= 11 + A_REQUEST, [query["sql"][:90] for query in seen]
    for promise in Obligation.objects.filter(complaint=case):
        promise.payee_last4 = "4321"
        promise.save()
    picture = {"name": "账单截图.png", "size": 1, "media_type": "image/png", "sha256": "0" * 64, "path": "x"}
    Evidence.objects.create(complaint=case, uploaded_at=timezone.now(), **picture)
    more = consumer.add_statement(text="请打我另一个电话13900001111")
    step(case, more, world.consumer, timezone.now() - timedelta(minutes=1))
    text = opened(client, case)
    people = (world.chen.name, world.ming.name, "陈试", "明试", "13800000001", "13900001111", "ming@example.com")
    hidden = (*people, "4321", "账单截图", "某路1号", "/files/")
    assert [label for label in hidden if label in text] == []


def test_it_opens_in_every_status(world: World) -> None:
    for status in (status for status in Status if status != Status.DRAFT):
        case = with_token(a_complaint(world, status=status, now=timezone.now() - timedelta(minutes=5)))
        for language in ("zh-hans", "en"):
            assert case.number in opened(Client(headers={"accept-language": language}), case)


def test_every_mismatch_has_the_same_words_and_an_empty_form_is_no_try(client: Client, case: Complaint) -> None:
    assert 'href="/track/"' in shown(client.get("/nothing-here/"))
    checked(ask(client, "", ""), 422, "请填投诉编号")
    assert not CountedTry.objects.exists()

    def words(number: str, token: str) -> str:
        answer = ask(client, number, token)
        assert answer.status_code == 422
        text = shown(answer)
        assert not missing_in(text, MISMATCH, number)
        return re.sub(r'value="[^"]*"', "", text)

    pages = {words(number, TOKEN) for number in ("20261118-7K3Q9M2PT4RA-5", "no number")}
    assert len(pages | {words(case.number, "A" * 26), words("20261118-000000000000-0", "x")}) == 1


def test_T21_the_sixth_try_waits_even_with_the_right_token(client: Client, case: Complaint, clock: Any) -> None:
    for _ in range(5):
        assert ask(client, case.number, "wrong").status_code == 422
        clock.shift(60)
    answer = ask(client, case.number)
    assert (answer.status_code, int(answer["Retry-After"])) == (429, 3600 - 5 * 60)
    assert WAIT in shown(answer)
    assert CountedTry.objects.filter(kind="wrong_tracking_line").count() == 5
    clock.shift(3600 - 5 * 60 - 1)
    assert ask(client, case.number).status_code == 429
    clock.shift(2)
    assert ask(client, case.number).status_code == 302


def test_another_browser_at_the_address_goes_on_until_the_address_is_full(client: Client, case: Complaint) -> None:
    for number in range(12):
        for _ in range(5):
            assert ask(client, case.number, "wrong", user_agent=f"b{number}").status_code == 422
    assert ask(client, case.number, user_agent="new").status_code == 429


def test_T21_wrong_tries_of_others_shut_out_no_browser_that_opened_the_case_before_and_64_bits_are_one_line(
    client: Client, case: Complaint, clock: Any
) -> None:
    """The attack: somebody behind the same address types sixty wrong tokens."""
    assert ask(client, case.number).status_code == 302
    for number in range(60):
        ask(Client(), case.number, "wrong", user_agent=f"thief {number}")
    assert ask(Client(), case.number, user_agent="another").status_code == 429
    assert ask(client, case.number).status_code == 302
    # It has its own budget, and is known for this case alone.
    assert [ask(client, case.number, "wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    assert ask(client, "20261111-AAAAAAAAAAAA-A").status_code == 429
    clock.shift(timedelta(hours=1))
    for number in range(60):
        there = Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
        ask(there, case.number, "wrong", user_agent=f"thief {number}")
    assert ask(Client(REMOTE_ADDR="2001:db8:1:2:ffff::1"), case.number).status_code == 429
    assert ask(Client(REMOTE_ADDR="2001:db8:1:3::1"), case.number).status_code == 302


def test_who_tried_is_kept_unreadable_by_the_proxys_address(client: Client, case: Complaint, settings: Any) -> None:
    ask(client, case.number, "wrong", user_agent="Firefox")
    assert not found_in(str(CountedTry.objects.values()), "127.0.0.1", "Firefox", case.number)
    settings.TRUSTED_PROXIES = 1
    ask(client, case.number, "wrong", x_forwarded_for="6.6.6.6, 192.0.2.1")
    ask(client, case.number, "wrong", x_forwarded_for="7.7.7.7, 192.0.2.1")
    ask(client, case.number, "wrong", x_forwarded_for="192.0.2.2")
    # The first one came without a proxy.
    assert CountedTry.objects.filter(kind="wrong_tracking_line").values("who_digest").distinct().count() == 1 + 2


def test_it_opens_one_case_in_one_browser_a_while(client: Client, case: Complaint, clock: Any, world: World) -> None:
    opened(client, case)
    clock.shift(29 * 60)
    assert client.get(f"/track/{case.number}/").status_code == 200
    clock.shift(61)
    assert client.get(f"/track/{case.number}/").headers["Location"] == "/track/"
    opened(client, case)
    client.post("/track/", {"leave": "1"})
    assert client.get(f"/track/{case.number}/").headers["Location"] == "/track/"
    other = with_token(a_complaint(world, now=timezone.now()), "another")
    opened(client, case)
    assert client.get(f"/track/{other.number}/").status_code == 302
    assert Client().get(f"/track/{case.number}/").status_code == 302
    assert "/account/sign-in/" in client.get(f"/cases/{case.number}/").headers["Location"]
    assert client.post(f"/track/{case.number}/").status_code == 405
    with_token(case, "made anew")
    assert client.get(f"/track/{case.number}/").status_code == 302


KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}
ACCEPT = {"answer": "accept", "rest": "give_up", "idempotency_key": "accept-accept-accept"}


def prove_phone(client: Client, number: str, target: str) -> Any:
    page = f"/track/{number}/code/?next={target}"
    assert client.post(page, {"send": "1", **KEY}).status_code == 302
    code = re.search(r"\d{6}", OutgoingMessage.objects.latest("id").body.replace("12315", ""))
    assert code
    return client.post(page, {"code": code.group(), **KEY})


def test_an_offer_is_accepted_with_token_and_code(client: Client, world: World, case: Complaint) -> None:
    offer = re.search(rf'href="(/track/{case.number}/offer/\d+/)"', opened(client, case))
    assert offer
    first = client.get(offer[1])
    assert first["Location"].startswith(f"/track/{case.number}/code/?next=")
    assert "138****0001" in shown(client.get(first["Location"]))
    assert prove_phone(client, case.number, offer[1])["Location"] == offer[1]
    assert "/cases/" not in shown(client.get(offer[1])).split("</main>")[0].split("<main")[1]
    assert client.post(offer[1], ACCEPT)["Location"] == f"/track/{case.number}/"
    assert reloaded(case).status == Status.PERFORMING
    taken = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert taken.name is not None
    assert '"channel":"tracking"' in taken.body.replace(" ", "")
    # A double click is one decision; and it may be taken back from here.
    assert client.post(offer[1], ACCEPT)["Location"] == f"/track/{case.number}/"
    assert f"/track/{case.number}/undo/" in shown(client.get(f"/track/{case.number}/"))


def test_a_page_that_closes_says_when_and_shows_what_was_written(client: Client, case: Complaint, clock: Any) -> None:
    page, until = f"/track/{case.number}/statement/", moment(timezone.now() + timedelta(minutes=30))
    assert f"开到{until}" in opened(client, case)
    assert f"这一页开到{until}" in shown(client.get(page))
    clock.shift(timedelta(minutes=31))
    checked(client.post(page, {"text": "我有一张照片。", **KEY}), 403, "我有一张照片。")


def test_at_a_stations_desk_the_record_names_who_wrote_it_down(client: Client, world: World, case: Complaint) -> None:
    clerk = User.objects.create_user("clerk@example.com", name="站试")
    station = Station.objects.create(code="SD-01", name="东街口服务站", kind="mall", authority=world.gulou)
    StationStaff.objects.create(user=clerk, station=station)
    client.force_login(clerk)
    assert "由您代为记录" in opened(client, case)
    assert client.get(f"/track/{case.number}/offer/1/")["Location"].startswith(f"/track/{case.number}/code/")
    prove_phone(client, case.number, f"/track/{case.number}/offer/1/")
    assert client.post(f"/track/{case.number}/offer/1/", ACCEPT)["Location"] == f"/track/{case.number}/"
    taken = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert (taken.name.name, taken.recorded_by.name, taken.actor_role) == ("陈试", "站试", "consumer")
    assert taken.data["recorded"] == {"how": "station", "proof": "SD-01"}
    notice = Notice.objects.get(complaint=case, kind="accept_offer", addressee="consumer")
    assert notice.body.startswith("工作人员按您说的记下：您接受方案。")
    Station.objects.update(enterprise=world.mobile)
    answer = client.post(f"/track/{case.number}/statement/", {"text": "都解决了。", **KEY})
    assert (answer.status_code, "本站设在被投诉企业的场所" in shown(answer)) == (409, True)
    assert not HandlingStep.objects.filter(complaint=case, step="add_statement").exists()


def test_a_statement_takes_the_token_and_a_decision_the_code(client: Client, case: Complaint, world: World) -> None:
    assert client.get(f"/track/{case.number}/code/")["Location"] == "/track/"
    assert not OutgoingMessage.objects.exists()
    opened(client, case)
    answer = client.post(f"/track/{case.number}/withdraw/", {"reason": "企业已经电话联系我，说下周退款。", **KEY})
    assert (answer.status_code, "企业已经电话联系我，说下周退款。" in shown(answer)) == (403, True)
    assert reloaded(case).status == Status.AWAITING_CONSUMER
    typed = {"text": "我又找到一张账单。", "uploads": SimpleUploadedFile("账单.png", PNG, "image/png"), **KEY}
    assert client.post(f"/track/{case.number}/statement/", typed)["Location"] == f"/track/{case.number}/"
    assert HandlingStep.objects.filter(complaint=case, step="add_statement").count() == 1
    assert Evidence.objects.filter(complaint=case).count() == 1
    page = shown(client.get(f"/track/{case.number}/"))
    assert "已交的材料" in page
    assert "账单.png" not in page
    then = timezone.now() - timedelta(minutes=5)
    other = with_token(a_complaint(world, status=Status.AWAITING_CONSUMER, now=then), "B" * 26)
    opened(client, case)
    prove_phone(client, case.number, "/track/")
    assert client.get(f"/track/{other.number}/withdraw/")["Location"] == "/track/"
    # Whoever also has the other's token has not proven its phone.
    ask(client, other.number, "B" * 26)
    assert "/code/" in client.get(f"/track/{other.number}/withdraw/")["Location"]


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_the_page_offers_each_step_that_the_account_offers(client: Client, world: World, status: Status) -> None:
    case = with_token(a_complaint(world, status=status, now=timezone.now() - timedelta(minutes=5)))
    steps = page_of(find_case(world.chen, case.number, side=CONSUMER, now=timezone.now()), now=timezone.now()).steps
    there = {name for name, page in PAGES.items() if page.is_open(steps)}
    links = re.findall(rf'href="/track/{case.number}/([a-z-]+)/', opened(client, case))
    assert set(links) - {"why"} == there
    for name in there - {"offer"}:
        answer = client.get(f"/track/{case.number}/{name}/")
        first = "" if name in ("statement", "correct", "material") else f"/track/{case.number}/code/"
        assert answer.headers.get("Location", "").partition("?")[0] == first, name


def test_T20_a_number_is_sixty_random_bits() -> None:
    day = timezone.localdate()
    results = [numbering.new_number(day) for _ in range(20_000)]
    assert len(set(results)) == len(results)
    # Each of the twelve letters takes each of the 32 values about equally often.
    for place in range(12, 24):
        counts = [sum(number[place] == letter for number in results) for letter in numbering.ALPHABET]
        assert min(counts) > 450
        assert max(counts) < 800


def test_T20_a_number_that_exists_is_answered_like_one_that_does_not(case: Complaint) -> None:
    unknown = numbering.new_number(timezone.localdate())
    times: dict[str, list[float]] = {case.number: [], unknown: []}
    bodies, statements = set(), set()
    for nth in range(25):
        for number, spent in times.items():
            client = Client(REMOTE_ADDR=f"192.0.2.{nth}")
            with CaptureQueriesContext(connection) as given:
                begun, answer = thread_time(), ask(client, number, "A" * 26)
                spent.append(thread_time() - begun)
            statements.add(len(given))
            text = re.sub(r'(value|data-task)="[^"]*"', "", shown(answer))
            bodies.add((answer.status_code, text.replace(number, "")))
    assert (len(bodies), len(statements)) == (1, 1)
    known, never = (median(spent) for spent in times.values())
    assert abs(known - never) < 0.02

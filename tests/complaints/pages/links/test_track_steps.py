"""Acting on a case by its token: saying more takes the token, deciding a code to the phone of the case as well."""

from __future__ import annotations

import re
from datetime import timedelta
from statistics import median
from time import thread_time
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from complaints.models import Complaint, Evidence, HandlingStep, Notice
from complaints.procedure import numbering
from complaints.procedure.workflow import Status
from enterprises.models import Station, StationStaff
from tests.cast import World
from tests.complaints.filing.test_drafts import PNG
from tests.complaints.pages.links.test_track import TOKEN, ask, case, clock, opened, with_token  # noqa: F401
from tests.given import a_complaint
from web.dates import moment

KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}
ACCEPT = {"answer": "accept", "idempotency_key": "accept-accept-accept"}


def code_sent() -> str:
    result = re.search(r"\d{6}", OutgoingMessage.objects.latest("id").body.replace("12315", ""))
    assert result
    return result.group()


def prove_phone(client: Client, number: str, target: str) -> Any:
    page = f"/track/{number}/code/?next={target}"
    assert client.post(page, {"send": "1", **KEY}).status_code == 302
    return client.post(page, {"code": code_sent(), **KEY})


def test_an_offer_is_accepted_with_token_and_code(client: Client, world: World, case: Complaint) -> None:  # noqa: F811
    page = opened(client, case)
    offer = re.search(rf'href="(/track/{case.number}/offer/\d+/)"', page)
    assert offer
    first = client.get(offer[1])
    assert first["Location"].startswith(f"/track/{case.number}/code/?next=")
    assert "138****0001" in client.get(first["Location"]).content.decode()
    assert prove_phone(client, case.number, offer[1])["Location"] == offer[1]
    shown = client.get(offer[1]).content.decode()
    assert "/cases/" not in shown.split("</main>")[0].split("<main")[1]
    assert client.post(offer[1], ACCEPT)["Location"] == f"/track/{case.number}/"
    case.refresh_from_db()
    assert case.status == Status.PERFORMING
    taken = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert taken.name is not None
    assert '"channel":"tracking"' in taken.body.replace(" ", "")
    # A double click is one decision; and it may be taken back from here.
    assert client.post(offer[1], ACCEPT)["Location"] == f"/track/{case.number}/"
    undo = client.get(f"/track/{case.number}/").content.decode()
    assert f"/track/{case.number}/undo/" in undo


def test_a_page_that_closes_says_when_and_shows_again_what_was_written(
    client: Client,
    case: Complaint,  # noqa: F811
    clock: Any,  # noqa: F811
) -> None:
    page = f"/track/{case.number}/statement/"
    until = moment(timezone.now() + timedelta(minutes=30))
    assert f"开到{until}" in opened(client, case)
    assert f"这一页开到{until}" in client.get(page).content.decode()
    clock.shift(timedelta(minutes=31))
    late = client.post(page, {"text": "我有一张照片。", **KEY})
    assert (late.status_code, "我有一张照片。" in late.content.decode()) == (403, True)


def at_a_station(client: Client, world: World, **columns: Any) -> None:
    clerk = User.objects.create_user("clerk@example.com", name="站试")
    station = Station.objects.create(code="SD-01", name="东街口服务站", kind="mall", authority=world.gulou, **columns)
    StationStaff.objects.create(user=clerk, station=station)
    client.force_login(clerk)


def test_at_a_stations_desk_the_record_names_who_wrote_it_down(client: Client, world: World, case: Complaint) -> None:  # noqa: F811
    at_a_station(client, world)
    assert "由您代为记录" in opened(client, case)
    assert client.get(f"/track/{case.number}/offer/1/")["Location"].startswith(f"/track/{case.number}/code/")
    prove_phone(client, case.number, f"/track/{case.number}/offer/1/")
    assert client.post(f"/track/{case.number}/offer/1/", ACCEPT)["Location"] == f"/track/{case.number}/"
    taken = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert taken.name is not None
    assert taken.recorded_by is not None
    assert (taken.name.name, taken.recorded_by.name, taken.actor_role) == ("陈试", "站试", "consumer")
    assert taken.data["recorded"] == {"how": "station", "proof": "SD-01"}
    shown = Notice.objects.get(complaint=case, kind="accept_offer", addressee="consumer")
    assert shown.body.startswith("工作人员按您说的记下：您接受方案。")


def test_a_station_of_the_respondent_writes_nothing_down(client: Client, world: World, case: Complaint) -> None:  # noqa: F811
    at_a_station(client, world, enterprise=world.mobile)
    opened(client, case)
    answer = client.post(f"/track/{case.number}/statement/", {"text": "都解决了。", **KEY})
    assert answer.status_code == 409
    assert "本站设在被投诉企业的场所" in answer.content.decode()
    assert not HandlingStep.objects.filter(complaint=case, step="add_statement").exists()


def test_a_statement_takes_the_token_and_a_decision_the_code(client: Client, case: Complaint) -> None:  # noqa: F811
    assert client.get(f"/track/{case.number}/code/")["Location"] == "/track/"
    assert not OutgoingMessage.objects.exists()
    opened(client, case)
    answer = client.post(f"/track/{case.number}/withdraw/", {"reason": "企业已经电话联系我，说下周退款。", **KEY})
    assert answer.status_code == 403
    assert "企业已经电话联系我，说下周退款。" in answer.content.decode()
    case.refresh_from_db()
    assert case.status == Status.AWAITING_CONSUMER
    typed = {"text": "我又找到一张账单。", "uploads": SimpleUploadedFile("账单.png", PNG, "image/png"), **KEY}
    answer = client.post(f"/track/{case.number}/statement/", typed)
    assert answer["Location"] == f"/track/{case.number}/"
    assert HandlingStep.objects.filter(complaint=case, step="add_statement").count() == 1
    assert Evidence.objects.filter(complaint=case).count() == 1
    page = client.get(f"/track/{case.number}/").content.decode()
    assert "已交的材料" in page
    assert "账单.png" not in page


def test_the_token_of_one_case_opens_no_step_of_another(client: Client, world: World, case: Complaint) -> None:  # noqa: F811
    other = with_token(
        a_complaint(world, status=Status.AWAITING_CONSUMER, now=timezone.now() - timedelta(minutes=5)), "B" * 26
    )
    opened(client, case)
    prove_phone(client, case.number, "/track/")
    assert client.get(f"/track/{other.number}/withdraw/")["Location"] == "/track/"
    # Whoever also has the other's token has not proven its phone.
    ask(client, other.number, "B" * 26)
    assert "/code/" in client.get(f"/track/{other.number}/withdraw/")["Location"]


def test_T20_a_number_is_sixty_random_bits() -> None:
    day = timezone.localdate()
    results = [numbering.new_number(day) for _ in range(20_000)]
    assert len(set(results)) == len(results)
    # Each of the twelve letters takes each of the 32 values about equally often.
    for place in range(9, 21):
        counts = [sum(number[place] == letter for number in results) for letter in numbering.ALPHABET]
        assert min(counts) > 450
        assert max(counts) < 800


def test_T20_a_number_that_exists_is_answered_like_one_that_does_not(case: Complaint) -> None:  # noqa: F811
    unknown = numbering.new_number(timezone.localdate())
    times: dict[str, list[float]] = {case.number: [], unknown: []}
    bodies, statements = set(), set()
    for nth in range(25):
        for number, spent in times.items():
            client = Client(REMOTE_ADDR=f"192.0.2.{nth}")
            with CaptureQueriesContext(connection) as given:
                begun = thread_time()
                answer = ask(client, number, "A" * 26)
                spent.append(thread_time() - begun)
            statements.add(len(given))
            text = re.sub(r'(value|data-task)="[^"]*"', "", answer.content.decode())
            bodies.add((answer.status_code, text.replace(number, "")))
    assert len(bodies) == 1
    assert len(statements) == 1
    known, never = (median(spent) for spent in times.values())
    assert abs(known - never) < 0.02

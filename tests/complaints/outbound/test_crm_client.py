"""The reference client of docs/how-to and webhooks after each commit: nothing is lost or doubled, whatever is cut."""

import base64
import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from complaints import handling
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, Engagement, HandlingStep, WebhookDelivery
from complaints.procedure.workflow import Status as S
from complaints.webhooks import deliveries, endpoints
from tests.api.conftest import token_for
from tests.cast import World
from tests.complaints.outbound.cutting import Line, cut_line
from tests.complaints.outbound.receivers import Receiver, receiver
from tests.given import a_complaint, step

__all__ = ["receiver"]
pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
NOT_NEEDED = "这项业务上月已经退订，不用再办。"
ANSWERS = [
    {"demand": 1, "verdict": "grant", "amount": "128.50"},
    {"demand": 2, "verdict": "refuse", "reason": NOT_NEEDED},
]
OFFER = {"answers": ANSWERS, "message": "多扣的费用全部退还。"}


@pytest.fixture(scope="module")
def crm() -> ModuleType:
    path = Path(settings.ROOT) / "docs" / "how-to" / "crm_client.py"
    spec = importlib.util.spec_from_file_location("crm_client", path)
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look themselves up there.
    sys.modules["crm_client"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def line(live_server: Any) -> Iterator[Line]:
    with cut_line(live_server.url, share=0.4, seed=5) as made:
        yield made


def mirror_at(crm: ModuleType, world: World, url: str, path: Path, **options: Any) -> Any:
    token = token_for(world.lead, world=world, place="enterprise").secret
    portal = crm.Portal(url, token, timeout=20, pauses=(0.0,) * 12, wait=lambda _seconds: None)
    return crm.Mirror(portal, crm.Store(str(path / "crm.sqlite3")), **options)


def steps_of(case: Complaint) -> Counter[str]:
    return Counter(HandlingStep.objects.filter(complaint=case).values_list("step", flat=True))


def test_through_a_bad_network_each_case_is_accepted_offered_and_performed_once(
    crm: ModuleType, world: World, line: Line, tmp_path: Path
) -> None:
    now = timezone.now()
    cases = [a_complaint(world, status=S.WITH_ENTERPRISE, now=now) for _ in range(6)]
    mirror = mirror_at(crm, world, line.url, tmp_path, ticket_for=lambda number: f"INC-{number[-6:]}")
    mirror.sync()
    known = mirror.store.all("select * from cases")
    assert {row["number"] for row in known} == {case.number for case in cases}
    for case in cases:
        mirror.mean(case.number, "accept_case", {"handler_id": world.ming_staff.pk})
        refund = {"kind": "original_channel", "what": "退还多扣费用", "amount": "128.50", "demand": 1}
        refund["due_on"] = (timezone.localdate() + timedelta(days=5)).isoformat()
        mirror.mean(case.number, "make_offer", {**OFFER, "promises": [refund]})
    mirror.sync()
    for case in cases:
        step(case, consumer.accept_offer(), world.consumer, timezone.now())
        mirror.mean(case.number, "report_performed", {"obligations": [1], "proof": "退款流水尾号0042"})
    mirror.sync()

    assert {"before", "asked", "answered", "half"} <= set(line.cuts), line.cuts
    for case in cases:
        taken = steps_of(case)
        assert [taken[name] for name in ("accept_case", "make_offer", "report_performed")] == [1, 1, 1], taken
        assert Engagement.objects.get(complaint=case).external_ref == f"INC-{case.number[-6:]}"
    assert not mirror.store.all("select * from outbox where state <> 'done'")
    # What the mirror shows is what the portal says now.
    mirror.portal.root = line.url
    for row in mirror.store.all("select * from cases"):
        assert json.loads(row["body"]) == mirror.portal.get(f"/complaints/{row['number']}/").body


def test_who_is_cut_off_goes_on_and_is_refused(crm: ModuleType, world: World, live_server: Any, tmp_path: Path) -> None:
    """The program dies after the portal did it and before it was written down; another start says it again."""
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    with cut_line(live_server.url, share=0.0, seed=1) as line:
        mirror = mirror_at(crm, world, line.url, tmp_path)
        mirror.mean(case.number, "accept_case", {"handler_id": world.ming_staff.pk})
        mirror.mean(case.number, "accept_case", {"handler_id": world.ming_staff.pk})
        line.share, line.KINDS = 1.0, ("answered",)
        with pytest.raises(crm.Unreachable):
            mirror.push()
        assert steps_of(case)["accept_case"] == 1
        line.share = 0.0
        again = mirror_at(crm, world, line.url, tmp_path)
        # The second was meant apart: the procedure refuses it, and the reason is kept for a person.
        assert again.push() == (1, 1)
        [refused] = again.store.all("select * from outbox where state = 'refused'")
        assert "allowed_steps" in json.loads(refused["answer"])
    assert steps_of(case)["accept_case"] == 1


def test_a_message_that_comes_three_times_is_one_and_a_forged_one_none(
    crm: ModuleType, world: World, live_server: Any, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.webhooks.endpoints.checked_url", lambda url: url)
    now = timezone.now()
    actor = world.manager
    made, secret = endpoints.make(user=world.lead, actor=actor, url=receiver.url, description="", steps=[], now=now)
    mirror = mirror_at(crm, world, live_server.url, tmp_path, secrets=(secret,))
    mirror.sync()
    case = a_complaint(world, status=S.NEGOTIATING, now=now)
    # Twice the receiver does its work and its answer is an error: the portal says it again.
    receiver.status = 500
    for minute in (0, 5, 10):
        receiver.status = 204 if minute == 10 else 500
        deliveries.sweep_webhooks(now=now + timedelta(minutes=minute), rule=receiver.rule())
    heard = [mirror.receive(head, body, now=float(head["webhook-timestamp"])) for head, body in receiver.posts]
    assert set(heard) == {204}
    assert len(receiver.posts) > WebhookDelivery.objects.count() == len(mirror.store.all("select * from messages")) > 0
    assert [row["number"] for row in mirror.store.all("select * from cases where touched > seen")] == [case.number]
    mirror.sync()
    [row] = mirror.store.all("select * from cases")
    assert json.loads(row["body"])["status"] == "negotiating"
    head, body = receiver.posts[0]
    at = float(head["webhook-timestamp"])
    assert mirror.receive(head, body.replace(b"forward", b"urge"), now=at) == 401
    assert mirror.receive(head, body, now=at + 301) == 401
    assert crm.is_from_the_portal(head, body, (SECRET, secret), now=at), "while secrets change both open it"
    assert made.enterprise_id == world.mobile.pk


def test_three_days_without_a_receiver_lose_nothing(
    crm: ModuleType, world: World, live_server: Any, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.webhooks.endpoints.checked_url", lambda url: url)
    now = timezone.now()
    actor = world.manager
    endpoint, secret = endpoints.make(user=world.lead, actor=actor, url=receiver.url, description="", steps=[], now=now)
    cases = [a_complaint(world, status=S.NEGOTIATING, now=now) for _ in range(5)]
    receiver.status = 503
    for hour in range(0, 72, 3):
        deliveries.sweep_webhooks(now=now + timedelta(hours=hour), rule=receiver.rule())
    endpoint.refresh_from_db()
    tried = len(receiver.posts)
    assert endpoint.state == "broken"
    assert tried < 60, "it rests for growing times instead of being called for each message"
    mirror = mirror_at(crm, world, live_server.url, tmp_path, secrets=(secret,))
    receiver.status = 204
    for minute in range(0, 40 * 60, 30):
        deliveries.sweep_webhooks(now=now + timedelta(hours=72, minutes=minute), rule=receiver.rule())
        if not WebhookDelivery.objects.exclude(state="sent").exists():
            break
    assert not WebhookDelivery.objects.exclude(state="sent").exists()
    for head, body in receiver.posts[tried:]:
        assert mirror.receive(head, body, now=float(head["webhook-timestamp"])) == 204
    assert len(mirror.store.all("select * from messages")) == WebhookDelivery.objects.count() >= 2 * len(cases)
    mirror.sync()
    assert {row["number"] for row in mirror.store.all("select * from cases")} == {case.number for case in cases}


def test_what_another_firm_has_never_comes(crm: ModuleType, world: World, live_server: Any, tmp_path: Path) -> None:
    case = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    token = token_for(world.hua, world=world, place="enterprise").secret
    mirror = crm.Mirror(crm.Portal(live_server.url, token, pauses=()), crm.Store(str(tmp_path / "hua.sqlite3")))
    mirror.mean(case.number, "send_message", {"text": "您好"})
    mirror.sync()
    [line] = mirror.store.all("select * from outbox")
    assert (line["state"], json.loads(line["answer"])["status"]) == ("refused", 404)
    assert [row["is_gone"] for row in mirror.store.all("select * from cases")] == [1]
    assert handling.allowed_steps(case, world.handler)


def test_by_hand_it_says_what_came_of_it(
    crm: ModuleType, world: World, live_server: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    monkeypatch.setenv("ODR_TOKEN", token_for(world.lead, world=world, place="enterprise").secret)
    here = ["--portal", live_server.url, "--store", str(tmp_path / "crm.sqlite3")]
    crm.main([*here, "mean", case.number, "accept_case", json.dumps({"handler_id": world.ming_staff.pk})])
    crm.main([*here, "mean", case.number, "accept_case"])
    crm.main([*here, "sync"])
    # The case was read after what was meant for it; a ticket is given to none unless that was asked for.
    assert capsys.readouterr().out == "1 done, 1 refused (see show), 1 cases read\n"
    crm.main([*here, "show"])
    assert f"refused: {case.number} accept_case" in capsys.readouterr().out
    monkeypatch.setenv("ODR_TOKEN", "odr_nobody")
    with pytest.raises(SystemExit, match="Not reached"):
        crm.main([*here, "sync"])
    for odd in (["mean", case.number], ["mean", case.number, "assign", "{"], ["listen"]):
        with pytest.raises(SystemExit, match="2"):
            crm.main([*here, *odd])


def test_T62_what_happens_later_is_told_once(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("complaints.webhooks.endpoints.checked_url", lambda url: url)
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    endpoints.make(user=world.lead, actor=world.manager, url=receiver.url, description="", steps=[], now=timezone.now())

    def sweep() -> list[str]:
        before = len(receiver.posts)
        deliveries.sweep_webhooks(now=timezone.now(), rule=receiver.rule())
        return [json.loads(body)["type"] for _, body in receiver.posts[before:]]

    assert sweep() == []
    case = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    assert sweep() == ["forward", "accept_case"]
    assert sweep() == []
    step(case, enterprise.send_message(text="已在查。"), world.handler, timezone.now())
    assert sweep() == ["send_message"]


def test_only_the_cases_that_were_asked_for_are_touched_and_another_program_is_followed(
    crm: ModuleType, world: World, live_server: Any, tmp_path: Path
) -> None:
    now, told = timezone.now(), []
    first, second = (a_complaint(world, status=S.WITH_ENTERPRISE, now=now) for _ in range(2))
    mirror = mirror_at(crm, world, live_server.url, tmp_path, only=frozenset({first.number}), tell=told.append)
    mirror.mean(second.number, "accept_case", {"handler_id": world.ming_staff.pk})
    assert mirror.sync() == (0, 0, 1)
    assert [row["number"] for row in mirror.store.all("select * from cases")] == [first.number]
    assert steps_of(second)["accept_case"] == 0, "what was meant for another case waits"
    assert not Engagement.objects.exclude(external_ref="").exists(), "nobody asked for tickets"
    assert told[-1] == "1 of 1 cases read"
    mirror.only = frozenset()
    assert mirror.sync()[0] == 1
    cursor = mirror.store.all("select cursor from position")[0]["cursor"]
    with pytest.raises(ValueError, match="cursor of its own"):
        mirror.take_over(cursor)
    (tmp_path / "next").mkdir()
    other = mirror_at(crm, world, live_server.url, tmp_path / "next")
    other.take_over(cursor)
    other.sync()
    numbers = {row["number"] for row in other.store.all("select * from cases")}
    assert first.number not in numbers, "what the other program has seen is not read again"

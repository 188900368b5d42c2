"""T62 to T64: what a receiver is told, how it knows that it is from us, and who waits for whom."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.models import SecurityEvent, User
from accounts.roles import Role
from complaints.handling.steps import authority, enterprise
from complaints.models import HandlingStep, WebhookDelivery
from complaints.procedure.workflow import Status as S
from complaints.record import events
from complaints.webhooks import deliveries, endpoints
from enterprises.models import Enterprise, Staff, WebhookEndpoint
from tests import found_in, missing_in, reloaded
from tests.cast import World, a_new_phone
from tests.complaints.outbound.conftest import filled
from tests.complaints.outbound.receivers import Receiver, listening, receiver
from tests.complaints.pages.at_the_desk import signed_in
from tests.given import BECAUSE, a_complaint, step

__all__ = ["receiver"]
pytestmark = pytest.mark.django_db
PAGE = "/enterprise/webhooks/"
MINUTE = timedelta(minutes=1)
URL = "https://crm.example.com/hook"
#: What a message may say of a case.
ALLOWED = {"id", "case", "sequence", "from_status", "to_status", "outcome", "external_ref"}


@pytest.fixture(autouse=True)
def everything_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is one transaction, whose entries no cursor would tell before its end: here they are told by their ids.
    That no entry is skipped whatever the order of commits is tested with the events themselves."""

    def after(cursor: str, *, visible: Any, limit: int) -> tuple[list[HandlingStep], str]:
        rows = list(visible.filter(pk__gt=cursor.split(".")[2]).select_related("complaint").order_by("pk")[:limit])
        return rows, f"1.1.{rows[-1].pk}" if rows else cursor

    monkeypatch.setattr(deliveries, "events_after", after)
    pks = HandlingStep.objects.values_list("pk", flat=True)
    monkeypatch.setattr(events, "cursor_now", lambda: f"1.1.{max(pks.all(), default=0)}")


def endpoint_at(world: World, receiver: Receiver, *, of: Enterprise | None = None, **changes: Any) -> WebhookEndpoint:
    made = {"enterprise": of or world.mobile, "url": receiver.url, "secret": secret_of(b"k")}
    made |= {"cursor": events.cursor_now(), "created_at": timezone.now(), "created_by": world.lead}
    return WebhookEndpoint.objects.create(**made | changes)


def secret_of(letter: bytes) -> str:
    return "whsec_" + base64.b64encode(letter * 32).decode()


def sweep(receiver: Receiver, *, now: datetime | None = None) -> int:
    return deliveries.sweep_webhooks(now=now or timezone.now(), rule=receiver.rule())


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.posts]


def test_T62_a_message_is_what_a_receiver_expects_and_an_old_one_refused(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    assert sweep(receiver) == 1
    head, body = receiver.posts[0]
    given = Webhook(secret_of(b"k")).verify(body, head)
    expected = ("forward", case.number, "with_enterprise")
    assert (given["type"], given["data"]["case"], given["data"]["to_status"]) == expected
    assert head["webhook-id"] == WebhookDelivery.objects.get().webhook_id
    for changed in (body + b" ", body.replace(b"forward", b"recall!")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret_of(b"k")).verify(changed, head)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(b"o")).verify(body, head)
    # An old message played again is refused.
    delivery, now = WebhookDelivery.objects.select_related("endpoint").get(), timezone.now()
    keys = deliveries.keys_of(delivery.endpoint, now=now)
    deliveries._send(delivery, keys, receiver.rule(), now - timedelta(minutes=6), {})
    head, body = receiver.posts[1]
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret_of(b"k")).verify(body, head)


def test_T62_two_secrets_sign_while_they_change(world: World, receiver: Receiver) -> None:
    now = timezone.now()
    endpoint_at(world, receiver, secret=secret_of(b"n"), previous_secret=secret_of(b"k"), rotated_at=now)
    a_complaint(world, status=S.NEGOTIATING, now=now)
    assert sweep(receiver) == 2
    head, body = receiver.posts[0]
    for letter in (b"n", b"k"):
        Webhook(secret_of(letter)).verify(body, head)
    assert len(deliveries.keys_of(WebhookEndpoint.objects.get(), now=now + timedelta(hours=25))) == 1


def test_T62_what_was_not_taken_comes_again_under_its_id(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    receiver.status = 503
    assert sweep(receiver) == 0
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("queued", 1, "http_503")
    receiver.status = 200
    assert sweep(receiver) == 0
    assert sweep(receiver, now=timezone.now() + timedelta(seconds=11)) == 1
    (first, body), (second, again) = receiver.posts
    assert (first["webhook-id"], body) == (second["webhook-id"], again)


def test_T63_a_message_tells_ids_and_states_only(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    now = timezone.now()
    case = a_complaint(world, status=S.PERFORMING, now=now)
    step(case, enterprise.add_internal_note(text="客户陈试很急"), world.handler, now)
    # What stands in the authority's own chain is never told.
    step(case, enterprise.flag_concern(text="疑似职业索赔"), world.handler, now)
    assert "flag_concern" not in endpoints.STEPS
    case.engagements.update(external_ref="T-77")
    sweep(receiver)
    types = " ".join(one["type"] for one in told(receiver))
    assert types == "forward accept_case make_offer accept_offer add_internal_note"
    for one in told(receiver):
        assert (set(one), set(one["data"])) == ({"type", "timestamp", "data"}, ALLOWED)
        assert one["data"]["external_ref"] == "T-77"
    whole = b"".join(body for _, body in receiver.posts).decode()
    assert not found_in(whole, "陈试", "13800000001", "鼓楼", "智家", "128.50", "退还", "明试")


def test_T63_who_gave_a_case_up_is_told_that_and_no_more(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    now = timezone.now()
    with listening() as other:
        endpoint_at(world, other, of=world.telecom)
        case = a_complaint(world, status=S.WITH_ENTERPRISE, now=now)
        case.engagements.update(external_ref="T-77")
        case.consents = {**case.consents, "entities": [world.telecom.pk]}
        case.save(update_fields=["consents"])
        step(case, enterprise.return_case(reason="wrong_entity", text="不是我们的用户"), world.handler, now + MINUTE)
        move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=BECAUSE)
        step(case, move, world.intake, now + 2 * MINUTE)
        rule = receiver.rule(ports=(receiver.port, other.port))
        deliveries.sweep_webhooks(now=now, rule=rule)
        (passed,) = told(receiver)
        data = {"case": case.number, "external_ref": "T-77"}
        assert passed == {"type": "case.transferred", "timestamp": passed["timestamp"], "data": data}
        assert [(one["type"], one["data"]["external_ref"]) for one in told(other)] == [("forward", "")]
        step(case, enterprise.accept_case(handler_id=world.hua_staff.pk), world.stranger, now + 3 * MINUTE)
        deliveries.sweep_webhooks(now=now, rule=rule)
        assert len(receiver.posts) == 1
        assert [one["type"] for one in told(other)] == ["forward", "accept_case"]


def test_only_the_chosen_steps_are_told(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver, events=["accept_offer"])
    a_complaint(world, status=S.PERFORMING, now=timezone.now())
    sweep(receiver)
    assert [one["type"] for one in told(receiver)] == ["accept_offer"]


def test_an_event_is_told_once(world: World, receiver: Receiver) -> None:
    before = endpoint_at(world, receiver).cursor
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    assert sweep(receiver) == 2
    WebhookEndpoint.objects.update(cursor=before)
    assert sweep(receiver) == 0
    assert WebhookDelivery.objects.count() == 2


def test_messages_of_one_case_keep_their_order_and_others_go_on(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    now = timezone.now()
    first = a_complaint(world, status=S.NEGOTIATING, now=now)
    second = a_complaint(world, status=S.NEGOTIATING, now=now)
    deliveries.make_deliveries(now=now, is_over=lambda: False)
    head = WebhookDelivery.objects.filter(complaint=first).order_by("pk")[0]
    WebhookDelivery.objects.filter(pk=head.pk).update(next_try_at=now + timedelta(hours=1), attempts=1)
    sweep(receiver)
    assert [one["data"]["case"] for one in told(receiver)] == [second.number] * 2
    sweep(receiver, now=now + timedelta(hours=2))
    assert [one["type"] for one in told(receiver)][2:] == ["forward", "accept_case"]


def test_a_receiver_that_was_down_for_days_gets_everything(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    start = timezone.now()
    a_complaint(world, status=S.AWAITING_CONSUMER, now=start)
    receiver.status = 500
    for hours in range(0, 72, 4):
        sweep(receiver, now=start + timedelta(hours=hours))
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.state, endpoint.last_error) == ("broken", "http_500")
    assert not WebhookDelivery.objects.filter(state="dead").exists()
    assert len(receiver.posts) < 40
    receiver.status = 200
    for hours in (80, 80.1):
        sweep(receiver, now=start + timedelta(hours=hours))
    assert [one["type"] for one in told(receiver)][-3:] == ["forward", "accept_case", "make_offer"]
    assert (reloaded(endpoint).state, endpoint.failures, endpoint.paused_until) == ("on", 0, None)


def test_after_a_week_it_is_a_dead_letter_that_can_be_sent_again(world: World, receiver: Receiver) -> None:
    endpoint = endpoint_at(world, receiver)
    start = timezone.now()
    a_complaint(world, status=S.AWAITING_CONSUMER, now=start)
    receiver.status = 500
    sweep(receiver, now=start)
    sweep(receiver, now=start + timedelta(days=8))
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"dead"}
    browser, address = signed_in(world.lead), f"{PAGE}{endpoint.public_id}/"
    assert "重发没有送到的3条" in browser.get(address).content.decode()
    one = WebhookDelivery.objects.order_by("pk")[0]
    assert browser.post(address, filled(what="replay", message=one.webhook_id)).status_code == 302
    assert WebhookDelivery.objects.filter(state="queued").get() == one
    assert browser.post(address, filled(what="replay")).status_code == 302
    receiver.status, receiver.posts = 200, []
    WebhookEndpoint.objects.update(failures=0, state="on", paused_until=None)
    assert sweep(receiver, now=timezone.now() + timedelta(seconds=1)) == 3
    assert receiver.posts[0][0]["webhook-id"] == one.webhook_id


def test_a_message_that_is_not_wanted_does_not_stop_the_case(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    now = timezone.now()
    a_complaint(world, status=S.NEGOTIATING, now=now)
    receiver.status = 422
    for minutes in (0, 1, 3, 10, 40):
        sweep(receiver, now=now + timedelta(minutes=minutes))
    first, second = WebhookDelivery.objects.order_by("pk")
    assert (first.state, first.last_error, second.attempts >= 1) == ("dead", "http_422", True)
    assert WebhookEndpoint.objects.get().state == "on"


def test_who_says_gone_is_switched_off(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    receiver.status = 410
    sweep(receiver)
    assert WebhookEndpoint.objects.get().state == "off"
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("enrolment", ["suspended", "not_enrolled"])
def test_a_suspended_firm_is_told_nothing(world: World, receiver: Receiver, enrolment: str) -> None:
    endpoint_at(world, receiver)
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    Enterprise.objects.filter(pk=world.mobile.pk).update(enrolment=enrolment)
    assert sweep(receiver) == (0 if enrolment == "suspended" else 2)


def test_T64_a_dead_endpoint_delays_nobody(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    with listening(mode="silent") as dead:
        monkeypatch.setattr("web.safe_http.WITHIN", 2.0)
        post = deliveries.safe_http.post
        monkeypatch.setattr(deliveries.safe_http, "post", lambda *a, **k: post(*a, **k | {"within": 2.0}))
        stuck = endpoint_at(world, dead)
        good = endpoint_at(world, receiver, of=world.telecom)
        WebhookDelivery.objects.bulk_create(_messages(stuck, 10_000, now))
        WebhookDelivery.objects.bulk_create(_messages(good, 50, now))
        # Of each message that arrives: how often the dead one had been called by then.
        calls: list[int] = []
        receiver.on_post = lambda: calls.append(dead.connections)
        assert deliveries.sweep_webhooks(now=now, rule=receiver.rule(ports=(receiver.port, dead.port))) == 50
        assert len(calls) == 50
        assert max(calls) <= 2, "nobody waits for a third call to the dead one"
        assert dead.connections <= 2
        assert WebhookDelivery.objects.filter(endpoint=stuck, state="queued").count() == 10_000


def _messages(endpoint: WebhookEndpoint, count: int, now: datetime) -> Iterator[WebhookDelivery]:
    make = deliveries.delivery_of
    return (make(endpoint, f"test:{n}", "test", now, {}, complaint_id=None, now=now) for n in range(count))


def test_T64_one_call_at_a_time_to_an_endpoint(world: World, receiver: Receiver) -> None:
    endpoint = endpoint_at(world, receiver)
    now = timezone.now()
    WebhookDelivery.objects.bulk_create(_messages(endpoint, 20, now))
    assert sweep(receiver) == 20
    assert receiver.most_at_once == 1
    # A sweep that was killed left one behind: until its lease ends nobody calls beside it.
    WebhookDelivery.objects.bulk_create(
        [deliveries.delivery_of(endpoint, f"more:{n}", "test", now, {}, complaint_id=None, now=now) for n in range(2)]
    )
    WebhookDelivery.objects.filter(event_key="more:0").update(state="leased", leased_until=now + timedelta(seconds=60))
    assert sweep(receiver) == 0
    assert sweep(receiver, now=now + timedelta(seconds=61)) == 2


def test_T60_a_message_goes_to_no_address_of_our_own_network(world: World, receiver: Receiver) -> None:
    endpoint_at(world, receiver)
    a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    deliveries.sweep_webhooks(now=timezone.now(), rule=receiver.rule(allows=deliveries.safe_http.is_public))
    assert (receiver.connections, WebhookDelivery.objects.get().last_error) == (0, "not_public")


def test_the_pages_do_not_exist_for_others_and_the_secret_is_not_to_be_read_in_the_database(
    world: World, receiver: Receiver
) -> None:
    endpoint = endpoint_at(world, receiver)
    with connection.cursor() as cursor:
        cursor.execute("select w::text from enterprises_webhookendpoint w")
        row = cursor.fetchone()[0]
    clear = endpoint.secret.removeprefix("whsec_")
    assert not found_in(row, clear, clear.encode().hex(), base64.b64decode(clear).hex())
    assert WebhookEndpoint.objects.get().secret == endpoint.secret
    of_branch = User.objects.create(email="b@example.com", name="支试", own_phone=a_new_phone())
    Staff.objects.create(user=of_branch, enterprise=world.mobile, branch=world.fuzhou, role=Role.MANAGER.post)
    of_other = User.objects.create(email="o@example.com", name="他试", own_phone=a_new_phone())
    Staff.objects.create(user=of_other, enterprise=world.telecom, role=Role.MANAGER.post)
    for user in (world.ming, of_branch, world.rui, world.chen):
        for address in (PAGE, f"{PAGE}new/", f"{PAGE}{endpoint.public_id}/"):
            assert signed_in(user).get(address).status_code == 404, (user.name, address)
    assert signed_in(of_other).get(f"{PAGE}{endpoint.public_id}/").status_code == 404
    assert signed_in(of_other).post(f"{PAGE}{endpoint.public_id}/", filled(what="rotate")).status_code == 404


def test_a_manager_adds_an_address_and_sees_its_secret_once(world: World) -> None:
    browser = signed_in(world.lead)
    assert browser.get(PAGE).status_code == 200
    # A hundred steps stand folded until one is chosen.
    assert re.search(r"<details\s*>\s*<summary>", browser.get(f"{PAGE}new/").content.decode())
    form = filled(url=URL, description="客服系统", events=["accept_offer"])
    page = browser.post(f"{PAGE}new/", form).content.decode()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.enterprise, endpoint.url, endpoint.events) == (world.mobile, URL, ["accept_offer"])
    assert endpoint.secret in page
    again = browser.post(f"{PAGE}new/", form)
    assert (again.status_code, again["Location"]) == (302, f"{PAGE}{endpoint.public_id}/")
    for address in (PAGE, again["Location"]):
        assert endpoint.secret not in browser.get(address).content.decode()
    assert [e.kind for e in SecurityEvent.objects.filter(subject=str(endpoint.public_id))] == ["webhook_made"]


def test_the_steps_of_its_page(world: World, receiver: Receiver) -> None:
    endpoint = endpoint_at(world, receiver)
    browser, address = signed_in(world.lead), f"{PAGE}{endpoint.public_id}/"
    assert browser.post(address, filled(what="test")).status_code == 302
    assert sweep(receiver) == 1
    assert (told(receiver)[0]["type"], told(receiver)[0]["data"]) == ("test", {})
    assert "已送达" in browser.get(address).content.decode()
    old = endpoint.secret
    page = browser.post(address, filled(what="rotate")).content.decode()
    assert reloaded(endpoint).secret != old == endpoint.previous_secret
    assert endpoint.secret in page
    assert browser.post(address, filled(what="off")).status_code == 302
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    assert sweep(receiver) == 0
    assert browser.post(address, filled(what="test")).status_code == 409
    assert browser.post(address, filled(what="on")).status_code == 302
    # What happened meanwhile is read by the API.
    assert sweep(receiver) == 0
    assert browser.post(address, filled(what="explode")).status_code == 404


def test_each_message_shows_what_was_sent_and_answered_and_goes_out_again(world: World, receiver: Receiver) -> None:
    endpoint = endpoint_at(world, receiver)
    start = timezone.now()
    case = a_complaint(world, status=S.WITH_ENTERPRISE, now=start)
    receiver.status = 503
    sweep(receiver, now=start)
    receiver.status = 204
    sweep(receiver, now=start + MINUTE)
    one = WebhookDelivery.objects.get()
    browser, address = signed_in(world.lead), f"{PAGE}{endpoint.public_id}/"
    listed = browser.get(address).content.decode()
    mine = f"{address}messages/{one.webhook_id}/"
    assert mine in listed
    page = browser.get(mine).content.decode()
    assert not missing_in(page, case.number, one.webhook_id, "ms", "再发一次")
    # In the column of the answers: a number or a moment may happen to have these digits.
    answers = re.findall(r'<td role="cell" class="o2">(.*?)</td>', page, re.DOTALL)
    assert [code for answer in answers for code in ("204", "503") if code in answer] == ["204", "503"]
    assert browser.post(address, filled(what="replay", message=one.webhook_id)).status_code == 302
    assert sweep(receiver, now=timezone.now() + 2 * MINUTE) == 1
    assert [head["webhook-id"] for head, _ in receiver.posts] == [one.webhook_id] * 3
    for stranger in (world.ming, world.hua):
        assert signed_in(stranger).get(mine).status_code == 404
    assert browser.get(f"{address}messages/msg_0/").status_code == 404


def test_T60_an_odd_address_is_refused_on_the_page(world: World) -> None:
    hosts = ("127.0.0.1", "localhost", "100.100.100.200", "①②⑦.0.0.1", "2130706433", "a:b@crm.example.com")
    odd = ("http://crm.example.com/", "https://crm.example.com:8443/", "javascript:alert(1)", "x" * 600, "")
    for url in (*odd, *(f"https://{host}/" for host in hosts)):
        answer = signed_in(world.lead).post(f"{PAGE}new/", filled(url=url, events=["make_offer"]))
        assert answer.status_code == 422
        assert re.search(r"<details\s+open\s*>\s*<summary>", answer.content.decode())
        assert not WebhookEndpoint.objects.exists()
        assert 'href="#id_url"' in answer.content.decode()

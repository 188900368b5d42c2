"""Delivering a notice: leased, sent, stamped; tried again; another channel; set aside in the end."""

import re
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from accounts.models import OutgoingMessage
from accounts.retention import throw_away_done
from accounts.sign_in import codes
from accounts.sign_in.contacts import Contact
from complaints.models import Complaint, Lease, Notice
from complaints.notices import delivery, lines
from complaints.notices.channels import Channels, open_channels
from complaints.notices.channels.letter import SEND_WITHIN, Bounced, Letter, ServerAway
from tests import PATIENCE, at_once, given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import Gateway, PostOffice

pytestmark = pytest.mark.django_db
LATER = WEDNESDAY + timedelta(hours=5)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def notices(world: World) -> list[Notice]:
    for _ in range(4):
        given.filed(world)
    results = list(Notice.objects.filter(state="queued"))
    assert results
    return results


@pytest.fixture
def case(world: World, mail: PostOffice) -> Complaint:
    """A case whose consumer reads e-mail; what it told so far is out of the way."""
    world.chen.email = "chen@example.com"
    world.chen.save()
    case = given.filed(world)
    Notice.objects.all().delete()
    return case


def queue(case: Complaint, number: int = 1, **changes: Any) -> list[Notice]:
    values = {"kind": "send_message", "addressee": "consumer", "user_id": case.consumer_id, "short": "short"}
    values |= {"subject": "s", "body": "b", "created_at": WEDNESDAY, "send_after": WEDNESDAY} | changes
    return Notice.objects.bulk_create(Notice(complaint=case, sequence=1000 + n, **values) for n in range(number))


def states() -> Counter[tuple[str, str]]:
    return Counter(Notice.objects.values_list("channel", "state"))


def test_what_is_due_is_delivered_once_and_the_rest_waits(notices: list[Notice]) -> None:
    assert delivery.sweep_notices(now=WEDNESDAY - timedelta(days=1)) == 0
    assert delivery.sweep_notices(now=LATER) == len(notices)
    assert set(Notice.objects.values_list("state", "sent_at")) == {("sent", LATER)}
    assert delivery.sweep_notices(now=LATER) == 0


def test_a_failure_is_tried_again_later_and_set_aside_in_the_end(case: Complaint, mail: PostOffice) -> None:
    mail.answers["chen@example.com"] = 451
    queue(case)
    now = WEDNESDAY
    for tried, minutes in enumerate(delivery.TRY_AGAIN_AFTER, start=1):
        assert delivery.sweep_notices(now=now) == 0
        assert set(Notice.objects.values_list("state", "attempts", "last_error")) == {("queued", tried, "smtp_451")}
        # Not a moment sooner.
        assert delivery.sweep_notices(now=now + minutes * MINUTE - timedelta(seconds=1)) == 0
        assert Notice.objects.get().attempts == tried
        now += minutes * MINUTE
    delivery.sweep_notices(now=now)
    assert set(Notice.objects.values_list("state", "last_error", "leased_until")) == {("set_aside", "smtp_451", None)}
    assert now - WEDNESDAY > timedelta(days=3)


def test_what_a_dead_sender_held_is_sent_by_another(case: Complaint, mail: PostOffice) -> None:
    queue(case, channel="email", state="leased", leased_until=WEDNESDAY + delivery.LEASE, attempts=1)
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    assert delivery.sweep_notices(now=WEDNESDAY + delivery.LEASE) == 1
    ask()
    OutgoingMessage.objects.update(state="leased", leased_until=WEDNESDAY + delivery.CODES_LEASE)
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    assert delivery.sweep_notices(now=WEDNESDAY + delivery.CODES_LEASE) == 1


def test_killed_before_stamping_it_goes_again(
    case: Complaint, mail: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Like a signal: nothing of ours runs after it."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    queue(case)
    with monkeypatch.context() as patched:
        patched.setattr(delivery._Sweep, "_stamp", killed)
        with pytest.raises(Killed):
            delivery.sweep_notices(now=WEDNESDAY)
    assert (len(mail.accepted), Notice.objects.get().state) == (1, "leased")
    assert delivery.sweep_notices(now=WEDNESDAY + MINUTE) == 1
    first, second = mail.keys
    assert first == second


def test_a_server_that_accepts_and_dies_has_accepted_nothing(case: Complaint, mail: PostOffice) -> None:
    mail.mode = "dies"
    queue(case, 40)
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    # The rest was not tried: it waits as if nothing had been.
    assert len(mail.heard) == lines.AWAY_AFTER
    assert Counter(Notice.objects.values_list("state", "attempts")) == {("queued", 0): 37, ("queued", 1): 3}
    mail.mode = "accept"
    assert delivery.sweep_notices(now=WEDNESDAY + MINUTE) == 40
    assert (Counter(mail.keys), len(mail.accepted)) == (dict.fromkeys(mail.keys, 1), 40)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_letters_and_a_server_that_accepts_and_dies(
    world: World, case: Complaint, mail: PostOffice
) -> None:
    cases = [case, *(given.filed(world) for _ in range(99))]
    Notice.objects.all().delete()
    for one in cases:
        # Of a kind that is told however often it happens on one day.
        queue(one, 100, kind="make_offer")
    mail.mode = "dies"
    now = WEDNESDAY
    for _ in range(5):
        assert delivery.sweep_notices(now=now) == 0
        now += timedelta(seconds=5)
    assert not Notice.objects.exclude(state="queued").exists()
    mail.mode = "accept"
    sent, sweeps = 0, 0
    while sent < 10_000 and sweeps < 60:
        now += MINUTE
        sent += delivery.sweep_notices(now=now)
        sweeps += 1
    assert states() == {("email", "sent"): 10_000}
    assert len(set(mail.keys)) == len(mail.accepted) == 10_000


def test_a_slow_server_holds_no_lease_long(case: Complaint, mail: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(case, 30)
    mail.takes = 0.2
    monkeypatch.setattr(delivery, "SECONDS", 1)
    sent = delivery.sweep_notices(now=WEDNESDAY)
    assert 0 < sent < 30
    assert states() == {("email", "sent"): sent, ("email", "queued"): 30 - sent}
    # Handed back as they were.
    assert set(Notice.objects.filter(state="queued").values_list("attempts", "leased_until")) == {(0, None)}


def test_a_task_ends_before_its_limit_and_its_lease() -> None:
    from odr_portal.celery import app

    longest = delivery.SECONDS + SEND_WITHIN + 1
    assert longest < app.conf.task_soft_time_limit < delivery.LEASE.total_seconds()


def test_one_odd_letter_does_not_stop_the_others(
    case: Complaint, mail: PostOffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queue(case, 3)
    odd = Notice.objects.order_by("id")[1]
    write = delivery.letter_of

    def broken(rows: list[Notice], **options: Any) -> Any:
        if rows[0].pk == odd.pk:
            raise ValueError("chen@example.com 13800000001")
        return write(rows, **options)

    monkeypatch.setattr(delivery, "letter_of", broken)
    assert delivery.sweep_notices(now=WEDNESDAY) == 2
    assert (reloaded(odd).state, odd.last_error) == ("queued", "fault_ValueError")
    assert "ValueError" in caplog.text
    assert "chen@" not in caplog.text


def test_a_dead_number_leads_to_the_mailbox_and_a_dead_mailbox_to_an_officer(
    case: Complaint, mail: PostOffice, sms: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    queue(case)
    sms.status = 410
    assert delivery.sweep_notices(now=WEDNESDAY) == 1
    assert (states(), sms.texts) == ({("sms", "bounced"): 1, ("email", "sent"): 1}, ["short"])
    assert [taken.to for taken in mail.accepted] == ["chen@example.com"]
    mail.answers["chen@example.com"] = 550
    queue(case, kind="forward", audience="x")
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    assert set(Notice.objects.filter(audience="x").values_list("channel", "state", "last_error")) == {
        ("sms", "bounced", "http_410"),
        ("email", "set_aside", "smtp_550"),
    }
    assert "chen@" not in caplog.text + "".join(Notice.objects.values_list("last_error", flat=True))
    # Nothing more happens by itself.
    assert delivery.sweep_notices(now=LATER + timedelta(days=30)) == 0


def test_a_bounce_at_night_by_mail_rings_nobody(case: Complaint, mail: PostOffice, sms: Gateway, world: World) -> None:
    world.ming.phone = "+8613800000002"
    world.ming.save()
    mail.answers["ming@example.com"] = 550
    night = WEDNESDAY + timedelta(hours=13)
    queue(case, addressee="enterprise", user_id=world.ming.pk, enterprise_id=world.mobile.pk, send_after=night)
    delivery.sweep_notices(now=night)
    assert states() == {("email", "bounced"): 1, ("sms", "queued"): 1}
    assert Notice.objects.get(channel="sms").send_after == WEDNESDAY.replace(day=12, hour=0)
    assert not sms.posts


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_send_each_letter_once_and_a_server_holds_one_worker(case: Complaint, mail: PostOffice) -> None:
    """The leases alone see to it: both are past the page or the API at once."""
    queue(case, 60, channel="email")

    def sweep() -> int:
        with open_channels(now=WEDNESDAY) as channels:
            return delivery._Sweep(channels, begun=time.monotonic(), now=WEDNESDAY).run()

    assert sum(at_once(sweep, sweep)) == 60
    assert len(set(mail.keys)) == len(mail.accepted) == 60
    Notice.objects.all().delete()
    queue(case, channel="email")
    with Lease.objects.alone(delivery.SENDER) as held:
        assert held
        assert at_once(lambda: delivery.sweep_notices(now=WEDNESDAY)) == [0]
    assert at_once(lambda: delivery.sweep_notices(now=WEDNESDAY)) == [1]


def test_a_channel_that_holds_us_does_not_hold_the_other(
    case: Complaint, mail: PostOffice, sms: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.notices.channels.mail.SEND_WITHIN", 0.5)
    mail.mode = "silent"
    queue(case, 5, channel="email", send_after=WEDNESDAY - MINUTE)
    queue(case, 5, channel="sms", audience="x")
    assert delivery.sweep_notices(now=WEDNESDAY) == 5
    assert (states(), mail.connections) == ({("email", "queued"): 5, ("sms", "sent"): 5}, 1)


def test_many_letters_are_on_their_way_at_once_those_of_a_case_one_after_the_other(world: World, sms: Gateway) -> None:
    """The first goes alone: a server that is away is not asked eight times. Then all lines wait for each other here."""
    Notice.objects.all().delete()
    per_case, at_once_there, seen = 3, threading.Barrier(lines.LINES, timeout=PATIENCE), []
    cases = [given.filed(world) for _ in range(lines.LINES)]
    Notice.objects.all().delete()
    queue(cases[0], short="0 first", send_after=WEDNESDAY - MINUTE)
    for nth in range(per_case):
        for case in cases:
            queue(case, short=f"{case.pk} {nth}", audience=f"x{nth}", send_after=WEDNESDAY + nth * SECOND)

    def over(text: str) -> None:
        seen.append(text)
        if text != "0 first":
            at_once_there.wait()

    sms.over = over
    assert delivery.sweep_notices(now=WEDNESDAY + MINUTE) == 1 + per_case * lines.LINES
    assert seen[0] == "0 first"
    for case in cases:
        assert [text for text in seen if text.startswith(f"{case.pk} ")] == [f"{case.pk} {n}" for n in range(per_case)]
    assert len(set(seen)) == len(seen) == len({headers["webhook-id"] for headers, _body in sms.posts})


class Scripted:
    """A gateway that answers as it is told, letter by letter."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)

    def send(self, letter: Letter, address: str) -> None:
        if answer := self.answers.pop(0):
            raise answer

    def close(self) -> None:
        """Nothing is open."""


def waiting(number: int, ended: list[Any], back: list[int]) -> list[lines.Waiting]:
    return [
        lines.Waiting(
            "sms", Letter(key="k", subject="", body="b"), "a", frozenset(), ended.append, partial(back.append, n)
        )
        for n in range(number)
    ]


def test_a_dead_number_is_an_answer_of_the_server_that_is_not_away(monkeypatch: pytest.MonkeyPatch) -> None:
    # One line, so that all letters go by it and end in their order.
    monkeypatch.setattr(lines, "LINES", 1)
    away, ended, back = [ServerAway("hung_up") for _ in range(4)], list[Any](), list[int]()
    gateway = Scripted(away[0], away[1], Bounced("http_410"), away[2], away[3], None)
    with lines.Lines(Channels({"sms": gateway}), now=WEDNESDAY) as open_lines:
        open_lines.add(waiting(6, ended, back))
        open_lines.begin()
        while open_lines.wait():
            open_lines.begin()
    assert (len(ended), ended[-1], back) == (6, None, [])


def test_whoever_is_broken_off_hears_of_what_is_on_its_way_and_gives_back_the_rest() -> None:
    ended, back = list[Any](), list[int]()

    def broken_off() -> None:
        with lines.Lines(Channels({"sms": Scripted(None)}), now=WEDNESDAY) as open_lines:
            open_lines.add(waiting(3, ended, back))
            open_lines.begin()
            raise TimeoutError

    with pytest.raises(TimeoutError):
        broken_off()
    assert (ended, back) == ([None], [1, 2])


SECOND = timedelta(seconds=1)


def ask(address: str = "chen@example.com", *, now: Any = WEDNESDAY) -> OutgoingMessage:
    channel = "email" if "@" in address else "sms"
    asker = codes.Asker(flow="x", address="192.0.2.1")
    codes.send_code(contact=Contact(channel, address), purpose="filing", language="zh-hans", asker=asker, now=now)
    return OutgoingMessage.objects.latest("id")


def test_a_code_goes_out_also_at_night_and_is_forgotten(mail: PostOffice, sms: Gateway) -> None:
    ask()
    ask("+8613800000001")
    assert delivery.sweep_notices(now=WEDNESDAY) == 2
    assert re.search(r"验证码\d{6}", mail.accepted[0].message.get_content())
    assert re.search(r"验证码\d{6}", sms.texts[0])
    assert {(row.state, row.body, row.sent_at) for row in OutgoingMessage.objects.all()} == {("sent", "", WEDNESDAY)}
    assert delivery.sweep_notices(now=WEDNESDAY) == 0
    night = WEDNESDAY + timedelta(hours=14)
    ask("+8613800000001", now=night)
    assert delivery.sweep_notices(now=night) == 1


def test_in_the_own_mailbox_it_is_read_for_ten_minutes() -> None:
    message = ask()
    assert delivery.sweep_notices(now=WEDNESDAY) == 1
    assert (reloaded(message).state, bool(message.body)) == ("sent", True)
    delivery.sweep_notices(now=WEDNESDAY + codes.VALID_FOR - SECOND)
    assert reloaded(message).body
    delivery.sweep_notices(now=WEDNESDAY + codes.VALID_FOR)
    assert (reloaded(message).state, message.body) == ("sent", "")


def test_it_is_tried_again_soon_and_given_up_when_nobody_can_use_it(mail: PostOffice) -> None:
    mail.mode = "dies"
    message = ask()
    tried = []
    for second in range(0, 640, 5):
        delivery.sweep_notices(now=WEDNESDAY + second * SECOND)
        tried.append(len(mail.heard))
    assert (reloaded(message).state, message.body, message.last_error) == ("given_up", "", "hung_up")
    assert tried[:9] == [1, 1, 2, 2, 2, 2, 2, 2, 3]
    assert 8 <= tried[-1] <= 14
    assert len({taken.key for taken in mail.heard}) == 1
    assert not mail.accepted


def test_a_dead_address_is_given_up_an_old_message_dropped(mail: PostOffice, caplog: pytest.LogCaptureFixture) -> None:
    ask()
    throw_away_done(now=WEDNESDAY + timedelta(days=6), limit=10)
    assert OutgoingMessage.objects.count() == 1
    throw_away_done(now=WEDNESDAY + timedelta(days=7), limit=10)
    assert not OutgoingMessage.objects.exists()
    mail.answers["chen@example.com"] = 550
    message = ask()
    delivery.sweep_notices(now=WEDNESDAY)
    assert (reloaded(message).state, message.body, message.last_error) == ("given_up", "", "smtp_550")
    assert "chen@" not in caplog.text

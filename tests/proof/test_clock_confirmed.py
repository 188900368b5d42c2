"""What takes the doubt of a clock: a person who read another one, an authority for time stamps, a witness."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.handling.transition import brake
from complaints.models import Checkpoint, Complaint, HandlingStep, HouseEntry
from complaints.record import checkpoints, clock, house, log, notes
from complaints.record.clock import Process, Verdict
from complaints.record.notes import Witnesses
from tests import given
from tests.cast import World, somebody
from tests.proof.answering import answering
from tests.proof.authority import Authority
from tests.proof.test_clock import (
    DAY,
    GO,
    HOLD,
    LONG_AGO,
    MINUTE,
    WRONG,
    _clocks_are_compared,
    _database_clock,
    case,
    host_clock,
    key,
    set_database_clock,
)
from tests.proof.witnesses import WITNESS, witness

__all__ = ["_clocks_are_compared", "_database_clock", "case", "key"]
pytestmark = pytest.mark.usefixtures("_clocks_are_compared", "_database_clock")


def test_a_person_confirms_only_what_the_clock_says_and_only_for_five_minutes(case: Complaint) -> None:
    for error, at, words in (
        (WRONG, timedelta(), "set the machine's clock right first"),
        (WRONG, WRONG + 5 * MINUTE, "set the machine's clock right first"),
    ):
        set_database_clock(error)
        with host_clock(error), pytest.raises(CommandError, match=words):
            call_command("confirm_clock", timezone.localtime(timezone.now() - error + at).strftime("%Y-%m-%d %H:%M"))
    with host_clock(WRONG), pytest.raises(CommandError, match="is no time: write it like"):
        call_command("confirm_clock", "tomorrow")
    set_database_clock(timedelta())
    with host_clock(WRONG), pytest.raises(CommandError, match="differ by more than 30 seconds"):
        call_command("confirm_clock", timezone.localtime().strftime("%Y-%m-%d %H:%M"))
    assert not house.entries("clock_confirmed").exists()
    set_database_clock(WRONG)
    with host_clock(WRONG):
        call_command("confirm_clock", timezone.localtime().strftime("%Y-%m-%d %H:%M"))
        assert clock.look(process=Process()) == Verdict(GO, "confirmed")
    for later, must in ((4 * MINUTE, GO), (6 * MINUTE, HOLD), (3 * DAY, HOLD)):
        set_database_clock(WRONG + later)
        with host_clock(WRONG + later):
            assert clock.look(process=Process()).answer is must, later


def test_a_checkpoint_dated_ahead_stops_nothing_once_the_clock_is_right(
    case: Complaint, key: Ed25519PrivateKey, world: World
) -> None:
    """A new portal began with a wrong clock: nothing was sealed that could have shown it."""
    ahead = timezone.now() + WRONG
    checkpoints.seal(now=ahead, key=key)
    given.step(case, consumer.add_statement(text="请尽快处理。"), world.consumer, timezone.now())
    entry = HandlingStep.objects.get(complaint=case, step="add_statement")
    assert clock.look() == Verdict(HOLD, "before_the_seal")
    with pytest.raises(checkpoints.CannotSeal, match="after this clock"):
        checkpoints.seal(now=timezone.now(), key=key)
    call_command("confirm_clock", timezone.localtime().strftime("%Y-%m-%d %H:%M"))
    call_command("watch", "--once")
    newest = log.newest_checkpoint()
    assert newest is not None
    assert timezone.now() - MINUTE < newest.at <= timezone.now()
    assert log.place_of(entry) is not None
    assert list(log.verify_log()) == []
    # That holds for good, and excuses no clock that goes back later.
    with pytest.raises(checkpoints.CannotSeal, match="after this clock"):
        checkpoints.seal(now=newest.at - MINUTE, key=key)
    set_database_clock(6 * MINUTE)
    with host_clock(6 * MINUTE):
        assert clock.look(process=Process()).answer is GO


def test_whoever_has_the_database_alone_confirms_nothing(case: Complaint) -> None:
    now = timezone.now()
    at = (now + WRONG).isoformat()
    with transaction.atomic():
        body = house.write("clock_confirmed", dict.fromkeys(("read", "here"), at), by="command", now=now + WRONG).body
        transaction.set_rollback(True)
    HouseEntry.objects.create(
        **{"sequence": 99, "step": "clock_confirmed", "at": now + WRONG, "body": body},
        **{"previous_hash": b"", "hash": b"x", "tag": b"\x01" * 33},
    )
    set_database_clock(WRONG)
    with host_clock(WRONG):
        assert clock.look().answer is HOLD
        call_command("confirm_clock", timezone.localtime().strftime("%Y-%m-%d %H:%M"))
        # What comes after it hides nothing: lapses that were agreed to, or a planted row.
        brake.agree(brake.Brake(99, 1, frozenset()), by=somebody(), now=timezone.now())
        HouseEntry.objects.create(
            **{"sequence": 199, "step": "clock_confirmed", "at": now + WRONG, "body": body},
            **{"previous_hash": b"", "hash": b"y", "tag": b"\x01" * 33},
        )
        assert clock.look(process=Process()) == Verdict(GO, "confirmed")


def test_an_authority_for_time_stamps_agrees_or_not_and_rubbish_says_nothing(
    case: Complaint, tmp_path: Path, settings: Any
) -> None:
    """Asked by what sweeps; the others read what it said."""
    authority = Authority(tmp_path / "authority")
    settings.TSA_ROOT = (authority.root,)
    with answering(lambda method, path, body: (200, b"rubbish")) as settings.TSA_URL:
        set_database_clock(WRONG)
        with host_clock(WRONG):
            assert clock.look(asks_outside=True, process=Process()) == Verdict(HOLD, "long_since_the_seal")
    with answering(lambda method, path, body: (200, authority.answer(body))) as settings.TSA_URL:
        with host_clock(WRONG):
            assert clock.look(asks_outside=True, process=Process()) == Verdict(HOLD, "outside_differs")
        for error, must in ((-10 * MINUTE, HOLD), (timedelta(), GO)):
            # The seal says too little of ten minutes: who just started asks.
            set_database_clock(error)
            with host_clock(error):
                assert clock.look(asks_outside=True, process=Process()).answer is must
        assert not house.entries("clock_confirmed").exists()
        process = Process()
        set_database_clock(10 * MINUTE)
        with host_clock(10 * MINUTE):
            for _ in range(2):
                assert clock.look(asks_outside=True, process=process) == Verdict(HOLD, "outside_differs")
    with answering(lambda method, path, body: (200, b"rubbish")) as settings.TSA_URL:
        process.asked = 0.0
        with host_clock(10 * MINUTE):
            assert clock.look(asks_outside=True, process=process).answer is HOLD, (
                "what it said stands as long as need be"
            )
        set_database_clock(timedelta())
        assert clock.look(asks_outside=True, process=process).answer is GO, "the clock was set right"
    with answering(lambda method, path, body: (200, authority.answer(body))) as settings.TSA_URL:
        Checkpoint.objects.create(number=2, at=timezone.now() - DAY, **LONG_AGO)
        assert clock.look(process=Process()).answer is HOLD
        assert clock.look(asks_outside=True, process=Process()).answer is GO
        assert clock.look(process=Process()) == Verdict(GO, "confirmed"), "it was written down for the others"


def test_a_witness_that_agrees_is_enough_and_one_that_does_not_says_nothing(
    case: Complaint, key: Ed25519PrivateKey, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, now = log.newest_checkpoint(), timezone.now()
    assert newest is not None
    with witness(tmp_path, key, origin=notes.parse(newest.note).origin) as one:
        settings.WITNESSES = Witnesses(1, (one,))
        for error, off, must in ((WRONG, timedelta(), Verdict(HOLD, "long_since_the_seal")), (DAY, DAY, Verdict(GO))):
            at = (now + off).timestamp()
            monkeypatch.setattr(WITNESS, "time", SimpleNamespace(time=lambda at=at: at))
            set_database_clock(error)
            with host_clock(error):
                assert clock.look(process=Process()) == Verdict(HOLD, "long_since_the_seal")
                assert clock.look(asks_outside=True, process=Process()) == must
        with host_clock(DAY):
            assert clock.look(process=Process()) == Verdict(GO, "confirmed"), "it was written down for the others"

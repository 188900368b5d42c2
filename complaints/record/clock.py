"""Whether this process may trust its clock. A deadline that lapsed cannot be taken back, so what time alone does waits
while nothing agrees with the clock; what people do goes on.

Compared are the clock of this machine, that of the database, the machine's counter of seconds since it was started
(CLOCK_BOOTTIME, which nobody sets and which runs on while the machine sleeps), the newest seal of the record, the time
of a witness outside where there is one, and what a person read from another clock (``manage.py confirm_clock``).
"""

import logging
import secrets
import socket
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from complaints.models import Checkpoint, Heartbeat, HouseEntry, Seal
from complaints.models.notices import CLOCKS_DIFFER
from complaints.record import house, log, stamps, witnessing
from web.errors import Refusal

#: Host and database may differ by so much without a word, and by so much at all; the same holds of a jump.
WARN, OFF = timedelta(seconds=2), CLOCKS_DIFFER
#: A process that just started believes its clock alone for so long after the newest seal.
GAP = timedelta(minutes=15)
#: A witness or a person agrees with the clock within this; what a person read counts for so long.
AGREES, CONFIRMED_FOR = timedelta(minutes=2), timedelta(minutes=5)
#: Among so many of the newest entries a confirmation is looked for.
LOOKED_AT = 20
#: A verdict is used so long before the clocks are compared again.
EVERY = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class Answer(StrEnum):
    """``go``; ``hold``: what time alone does waits; ``refuse``: this process serves nothing and sweeps nothing."""

    GO = "go"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the clocks say. ``by_monotonic``: what the host's clock should say by the seconds counted since it was
    first agreed with; None in a process that just started. ``confirmed``: what a person read, moved on to now."""

    host: datetime
    database: datetime
    by_monotonic: datetime | None = None
    newest_seal: datetime | None = None
    outside: datetime | None = None
    confirmed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why``: differ, outside_differs, before_the_seal, jumped, long_since_the_seal, confirmed, skew, or nothing."""

    answer: Answer
    why: str = ""


def judge(seen: Seen) -> Verdict:
    """The order is the rule."""
    if abs(seen.host - seen.database) > OFF:
        return Verdict(Answer.REFUSE, "differ")
    if seen.outside is not None:
        agrees = abs(seen.host - seen.outside) <= AGREES
        return Verdict(Answer.GO) if agrees else Verdict(Answer.HOLD, "outside_differs")
    doubt = ""
    if seen.newest_seal is not None and seen.host < seen.newest_seal - OFF:
        doubt = "before_the_seal"
    elif seen.by_monotonic is not None:
        doubt = "jumped" if abs(seen.host - seen.by_monotonic) > OFF else ""
    elif seen.newest_seal is not None and seen.host - seen.newest_seal > GAP:
        doubt = "long_since_the_seal"
    if doubt:
        confirmed = seen.confirmed is not None and abs(seen.host - seen.confirmed) <= AGREES
        return Verdict(Answer.GO, "confirmed") if confirmed else Verdict(Answer.HOLD, doubt)
    return Verdict(Answer.GO, "skew" if abs(seen.host - seen.database) > WARN else "")


def newest_sealed_at() -> datetime | None:
    """When the newest checkpoint of the record was signed, or the newest seal of the older form."""
    if (checkpoint := log.newest_checkpoint()) is not None:
        return checkpoint.at
    return Seal.objects.order_by("-number").values_list("at", flat=True).first()


@dataclass(slots=True)
class Process:
    """What a process remembers. ``agreed``: the host's time and the counter when it first agreed with its clock;
    ``outside``: what somebody outside said against this clock, and the counter then; it stands until the clock agrees
    with it; ``looked`` and ``asked``: the counter when it last compared, and asked outside; ``verdict``: what came of
    it."""

    agreed: tuple[datetime, float] | None = None
    outside: tuple[datetime, float] | None = None
    looked: float = 0.0
    asked: float = 0.0
    verdict: Verdict | None = None


PROCESS = Process()


def _counted() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def look(*, process: Process = PROCESS, asks_outside: bool = False) -> Verdict:
    """Compare the clocks now and remember the verdict. Raises what the database raises.

    ``asks_outside``: a process that just started, or is in doubt, asks the authority for time stamps, which may take
    ten seconds, or else the witnesses, five each; what takes its doubt is written down for the other processes as a
    person's word is. A new verdict is logged; what is no ``go`` is marked in the database by its own clock, so that
    others tell it."""
    before, counted = timezone.now(), _counted()  # noqa: TID251
    process.looked = counted
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        database: datetime = cursor.fetchone()[0]
    # The database read its clock somewhere between the two: an answer that came slowly is no wrong clock.
    at = min(max(database, before), timezone.now())  # noqa: TID251
    by_monotonic = None
    if process.agreed is not None:
        by_monotonic = process.agreed[0] + timedelta(seconds=counted - process.agreed[1]) + (at - before)
    elif settings.DEMO:
        # Nobody's rights hang on the cases of a demonstration, which is off for days and started by one person.
        by_monotonic = at
    seen = Seen(
        host=at,
        database=database,
        by_monotonic=by_monotonic,
        newest_seal=newest_sealed_at(),
        outside=process.outside and process.outside[0] + timedelta(seconds=counted - process.outside[1]),
    )
    verdict = judge(seen)
    if verdict.answer is Answer.HOLD and (confirmation := _newest_confirmation()) is not None:
        seen = replace(seen, confirmed=_moved_on(confirmation, database))
        verdict = judge(seen)
    in_doubt = verdict.answer is Answer.HOLD or (process.agreed is None and verdict.answer is Answer.GO)
    if asks_outside and in_doubt and (outside := _time_outside(process, counted, at)) is not None:
        seen = replace(seen, outside=outside)
        held, verdict = verdict, judge(seen)
        if verdict.answer is Answer.GO and held.answer is Answer.HOLD:
            confirm(outside, now=at, by="outside")
    if verdict.answer is Answer.GO and (process.agreed is None or seen.outside or verdict.why == "confirmed"):
        process.agreed = (before, counted)
    process.outside = (seen.outside, counted) if seen.outside and verdict.answer is not Answer.GO else None
    before_this, process.verdict = process.verdict, verdict
    if verdict != before_this and (verdict.why or before_this is not None):
        level = logging.INFO if verdict.answer is Answer.GO else logging.ERROR
        logger.log(level, "the clock of this machine: %s %s; %s", verdict.answer, verdict.why, seen)
    if verdict.answer is not Answer.GO:
        Heartbeat.objects.update_or_create(name=mark_of(verdict.answer), defaults={"at": database})
    return verdict


@dataclass(frozen=True, slots=True)
class Confirmation:
    """``read``: what was read from another clock; ``at``: what this machine's clock said then; ``entry``: where that
    stands."""

    read: datetime
    at: datetime
    entry: HouseEntry


def _time_outside(process: Process, counted: float, at: datetime) -> datetime | None:
    """What the authority for time stamps says now, or a witness that agrees with ``at``; None where neither is set or
    answers. Asked once a minute."""
    if process.asked and counted - process.asked < EVERY.total_seconds():
        return None
    process.asked = counted
    if stamps.is_on():
        question = secrets.token_bytes(32)
        try:
            return stamps.stamped_at(stamps.stamp(question), question)
        except stamps.NoStamp as problem:
            logger.warning("no time from outside: %s", problem.code)
    # A witness may answer with what it signed before, so it never speaks against a clock.
    return next((said for said in witnessing.times() if abs(at - said) <= AGREES), None)


def confirm(read: datetime, *, now: datetime, by: UUID | str) -> None:
    """Write down that somebody read ``read`` from another clock when this machine's clock said ``now``.

    Raises Refusal when the two differ by more than two minutes: then this clock is wrong, or was misread."""
    off = now - read
    if abs(off) > AGREES:
        raise Refusal(
            "clock_differs",
            f"This machine's clock says {timezone.localtime(now):%Y-%m-%d %H:%M:%S}, you read "
            f"{timezone.localtime(read):%Y-%m-%d %H:%M}: set the machine's clock right first, then confirm it.",
        )
    data = {"read": read.isoformat(), "here": now.isoformat()}
    house.write("clock_confirmed", data, by=by, now=now)


def _newest_confirmation() -> Confirmation | None:
    for entry in house.entries("clock_confirmed").reverse()[:LOOKED_AT]:
        # Whoever has the database alone confirms nothing; who lets cases lapse (the brake) says nothing of the time.
        if house.is_ours(entry) and "read" in (said := entry.data):
            return Confirmation(datetime.fromisoformat(said["read"]), datetime.fromisoformat(said["here"]), entry)
    return None


def was_set_right(checkpoint: Checkpoint, *, now: datetime) -> bool:
    """Whether this clock was confirmed since ``checkpoint`` was signed, which is dated after ``now``: then another one
    was wrong, or this one before. The confirmation stands in the log, under the next checkpoint."""
    newest = _newest_confirmation()
    if newest is None or newest.at > now + OFF:
        return False
    place = log.place_of(newest.entry)
    return place is None or place >= checkpoint.size


def _moved_on(confirmation: Confirmation, database: datetime) -> datetime | None:
    """What the other clock says now; None when it was read too long ago, or at a later time than now."""
    passed = database - confirmation.at
    return confirmation.read + passed if -OFF <= passed <= CONFIRMED_FOR else None


#: The names of the rows that say whose clock is not trusted: ``clock hold web-1``.
MARK = "clock "


def mark_of(answer: Answer) -> str:
    return f"{MARK}{answer} {socket.gethostname()}"[:40]


def not_trusted() -> list[tuple[str, str]]:
    """(answer, name) of the machines whose clocks were not trusted within the last three minutes of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from complaints_heartbeat where name like %s and at > clock_timestamp() - %s::interval"
            " order by name",
            [f"{MARK}%", f"{3 * EVERY.total_seconds()} seconds"],
        )
        names = [name.removeprefix(MARK) for (name,) in cursor.fetchall()]
    return [(answer, machine) for answer, _space, machine in (name.partition(" ") for name in names)]


def standing(*, process: Process = PROCESS) -> Verdict:
    """The last verdict of this process; the clocks are compared again after ``EVERY``."""
    if process.verdict is not None and _counted() - process.looked < EVERY.total_seconds():
        return process.verdict
    return look(process=process)


def time_may_act() -> bool:
    """Whether what time alone does may be done now: lapses, erasure, publication, seals."""
    return standing().answer is Answer.GO

"""What works beside a running portal while it is attacked: who files, whose clocks fall due, sweepers of our own."""

import ctypes
import logging
import os
import re
import signal
import sys
import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.sign_in.contacts import Contact, user_for
from authorities.models import Region
from complaints import handling
from complaints.handling.steps.authority import forward
from complaints.handling.transition.writing import open_files, write
from complaints.models import Complaint, RoundTrip
from complaints.parties.actors import SYSTEM, consumer, staff_member
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import FilingRequest
from enterprises.models import Branch, Enterprise, Staff
from tests.cast import MOBILE, a_new_phone
from tests.given import BECAUSE, a_request

BATCH = 50
PATIENCE = 300


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def chens(now: datetime) -> FilingRequest:
    """What Chen files, of an enterprise and a branch that the directory has."""
    there: Any = SimpleNamespace(
        chen=user_for(Contact("sms", "+8613800000001"), name="陈试"),
        mobile=Enterprise.objects.get(name=MOBILE),
        fuzhou=Branch.objects.get(name="中国移动福州分公司"),
        region=Region.objects.get(code="350102"),
    )
    return a_request(there, now=now)


def filed(asked: FilingRequest, size: int, now: datetime) -> list[Complaint]:
    return handling.file([asked] * size, actor=consumer(User.objects.get(pk=asked.consumer_id)), now=now)


def forwarded(asked: FilingRequest, size: int, now: datetime) -> list[Complaint]:
    cases = filed(asked, size, now)
    to = forward(enterprise_id=asked.respondents[0].enterprise_id, branch_id=None, because=BECAUSE)
    handling.take_each([(case.pk, to, SYSTEM) for case in cases], now=now)
    return cases


def file() -> None:
    """Files complaints by the verb until it is killed."""
    while True:
        now = timezone.now()
        filed(chens(now), 1, now)


def clocks(count: str, begins: str, ends: str) -> None:
    """So many cases, filed and forwarded a minute ago: the sealer admits no entry that is dated far back. Their two
    clocks fall due one after the other in these seconds from now, spread evenly. Set in the same transaction, so that
    no sweep sees them before.
    """
    now, made, span = timezone.now(), 0, (float(ends) - float(begins)) / 2
    asked = chens(now - timedelta(minutes=1))
    while made < int(count):
        size = min(BATCH, int(count) - made)
        with transaction.atomic():
            cases = [case.pk for case in forwarded(asked, size, asked.received_at)]
            files = open_files(cases, now=now, conditions=Conditions.at(now))
            for number, file in enumerate(files, start=made):
                first = now + timedelta(seconds=float(begins) + span * number / int(count))
                due = {"acceptance": first, "negotiation": first + timedelta(seconds=span)}
                for clock in file.clocks:
                    if clock.clock in due:
                        # Looked at from now on: a reminder comes first, the lapse when it is due.
                        file.change(clock, due_at=due[clock.clock], chase_at=now)
            write(files)
        made += size
    say(made)


def table(count: str) -> None:
    """A filled-in table of so many lines, one case each, tried out by the portal's own worker."""
    from complaints.tables.round_trip import asking  # The others begin sooner without it.

    now, numbers = timezone.now(), list[str]()
    asked = chens(now)
    ming = User.objects.create(email=f"ming.{now.timestamp()}@example.com", name="明试", own_phone=a_new_phone())
    enterprise_id = asked.respondents[0].enterprise_id
    actor = staff_member(Staff.objects.create(user=ming, enterprise_id=enterprise_id, role=Role.HANDLER.post))
    while len(numbers) < int(count):
        with transaction.atomic():
            cases = forwarded(asked, min(BATCH, int(count) - len(numbers)), now)
        numbers += [case.number for case in cases]
    lines = [f"{number},log_contact,phone,yes,已告知退费办法" for number in numbers]
    raw = "\n".join(["number,step,contact_channel,contact_reached,contact_note", *lines]).encode()
    trip = asking.take_in([raw], name="table.csv", user=ming, actor=actor, language="zh-hans", now=now)
    end = time.monotonic() + PATIENCE
    while RoundTrip.objects.get(pk=trip.pk).state != "checked":
        if time.monotonic() > end:
            raise SystemExit(f"the portal's worker has not read the table within {PATIENCE} seconds")
        time.sleep(0.1)  # The portal's worker is at it.
    with transaction.atomic():
        asking.decide(RoundTrip.objects.select_for_update().get(pk=trip.pk), "good", now=timezone.now())
    assert Complaint.objects.filter(number__in=numbers).count() == int(count)
    say(trip.pk)


def storm(count: str) -> None:
    """So many sweepers at once, for ever. Forked, so that for a killed one a new one is there at once."""
    connection.close()
    living: set[int] = set()
    while True:
        while len(living) < int(count):
            child = os.fork()
            if child == 0:
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
                sweep_for_ever()
            living.add(child)
        living.discard(os.wait()[0])


def sweep_for_ever() -> None:
    logging.disable(logging.CRITICAL)
    while True:
        try:
            handling.sweep_clocks(now=timezone.now())
        except Exception:
            close_old_connections()
        time.sleep(0.05)  # The tick of this sweeper.


def freeze(pattern: str) -> None:
    """One sweep that stops itself before the first statement like the pattern."""
    wanted, frozen = re.compile(pattern, re.I), []

    def stop(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if not frozen and wanted.search(sql):
            frozen.append(sql)
            say("frozen")
            os.kill(os.getpid(), signal.SIGSTOP)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(stop):
        try:
            say(f"swept {handling.sweep_clocks(now=timezone.now())}")
        except Exception as error:
            say(f"failed {type(error).__name__}")

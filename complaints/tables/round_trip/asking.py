"""Sending a filled-in table in, and deciding what is done with it.

Nothing of a table is carried out before whoever sent it has seen what would come of each line and said
so; ``all`` or nothing only where all of it fits into one transaction.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.retention import delete_some
from complaints.models import RoundTrip, RoundTripRow
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.tables.exporting import files
from complaints.tables.sheets import MOST_BYTES, SheetRefused, form_of

MOST_ROWS = 10_000
#: So many lines are locked and written together at most.
MOST_AT_ONCE = 500
#: Of one person at a time, until they are decided and done.
MOST_AT_A_TIME = 5
UNDERWAY = ("reading", "checking", "checked", "applying")
WORKING = ("reading", "checking", "applying")
#: Nobody decides for so long, and the table is dropped; so long one may look at what came of it.
DECIDED_WITHIN, KEPT_FOR = timedelta(days=7), timedelta(days=30)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def take_in(chunks: Iterable[bytes], *, name: str, user: User, actor: Actor, language: str, now: datetime) -> RoundTrip:
    """Keep the file and the row that a sweep will find. Raises WrongInput for what is no table, or too large."""
    if actor.enterprise_id is None:
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    if RoundTrip.objects.filter(asked_by=user, state__in=UNDERWAY).count() >= MOST_AT_A_TIME:
        raise StepNotAllowed(
            "too_many_tables", _("您已有%(n)s份表格没有办完，请先办完或者放弃其中一份。") % {"n": MOST_AT_A_TIME}
        )
    mark = f"T{timezone.localdate(now):%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _n in range(8))
    path = files.upload_of(mark)
    digest, size, first = hashlib.sha256(), 0, b""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in chunks:
                first = first or chunk[:8]
                size += len(chunk)
                if size > MOST_BYTES:
                    raise WrongInput(
                        "too_large", _("文件太大，最多%(n)s MB。请分成几份。") % {"n": MOST_BYTES >> 20}, field="file"
                    )
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise WrongInput("empty", _("这份文件是空的。"), field="file")
        return RoundTrip.objects.create(
            mark=mark,
            asked_by=user,
            enterprise_id=actor.enterprise_id,
            file_name=name[-120:],
            form=form_of(first),
            digest=digest.hexdigest(),
            language=language,
            asked_at=now,
        )
    except SheetRefused as refused:
        path.unlink(missing_ok=True)
        raise WrongInput("not_a_table", str(refused), field="file") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def own(user: User, enterprise_ids: Iterable[int | None]) -> QuerySet[RoundTrip]:
    """Tables that this person sent in for an enterprise where he works today."""
    return RoundTrip.objects.filter(asked_by=user, enterprise_id__in=[pk for pk in enterprise_ids if pk is not None])


def counts_of(trip: RoundTrip) -> dict[str, int]:
    """How many lines are in each state."""
    found = dict.fromkeys(RoundTripRow.STATES, 0)
    found |= dict(RoundTripRow.objects.filter(trip=trip).order_by().values_list("state").annotate(n=Count("pk")))
    return found


def why_not_all(counts: dict[str, int]) -> str:
    """Why "all or nothing" is not offered; empty where it is."""
    if counts["bad"]:
        return _("有%(n)s行有问题，所以不能整份办理。改好后重新上传，或者只办理没有问题的行。") % {"n": counts["bad"]}
    return ""


def is_long(counts: dict[str, int]) -> bool:
    """Whether "all" cannot be one transaction: every line is tried once more, and then it is carried out piece by
    piece.
    """
    return counts["good"] > MOST_AT_ONCE or bool(counts["done"] or counts["refused"])


def decide(trip: RoundTrip, choice: str, *, now: datetime) -> None:
    """``all``, ``good`` or ``drop``. ``trip`` is locked by the caller."""
    if trip.state != "checked":
        raise StepNotAllowed("already_decided", _("这份表格已经不在等您决定。"))
    if choice == "drop":
        _end(trip, "dropped", now=now)
        return
    counts = counts_of(trip)
    if choice not in RoundTrip.MODES or not counts["good"]:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="decision")
    if choice == "all" and (why := why_not_all(counts)):
        raise StepNotAllowed("not_all", why)
    trip.state, trip.mode, trip.decided_at, trip.attempts, trip.leased_until = "applying", choice, now, 0, None
    if choice == "all" and is_long(counts):
        trip.state = "checking"
        RoundTripRow.objects.filter(trip=trip, state="good").update(state="read")
    trip.save(update_fields=["state", "mode", "decided_at", "attempts", "leased_until"])


def _end(trip: RoundTrip, state: str, *, now: datetime) -> None:
    """What was filled in is not needed any more; what came of it stays for a while."""
    trip.state, trip.ended_at, trip.leased_until = state, now, None
    trip.save(update_fields=["state", "ended_at", "leased_until"])
    RoundTripRow.objects.filter(trip=trip).update(said="")


def ended(trip: RoundTrip, *, now: datetime) -> None:
    _end(trip, "done", now=now)


def fail(trip: RoundTrip, code: str, words: str = "", *, now: datetime) -> None:
    """Given up as a whole: no line of it is carried out (any more)."""
    trip.failure, trip.failure_words = code, words[:300]
    trip.save(update_fields=["failure", "failure_words"])
    _end(trip, "failed", now=now)
    files.upload_of(trip.mark).unlink(missing_ok=True)


def forget(*, now: datetime, limit: int) -> int:
    """Tables that nobody decided are dropped; what is old is deleted with its lines. How many rows went."""
    waiting = RoundTrip.objects.filter(state="checked", asked_at__lte=now - DECIDED_WITHIN).order_by("id")
    for _n in range(limit):
        with transaction.atomic():
            # Whoever decides at this moment holds the row.
            trip = waiting.select_for_update(skip_locked=True).first()
            if trip is None:
                break
            _end(trip, "dropped", now=now)
    old = RoundTrip.objects.filter(ended_at__lte=now - KEPT_FOR)
    lines = delete_some(RoundTripRow.objects.filter(trip__in=old), limit=limit * 10)
    return lines or delete_some(old, limit=limit)

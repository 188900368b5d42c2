"""Sending a filled-in table in, and deciding what is done with it.

Nothing of a table is carried out before whoever sent it has seen what would come of each line and said
so; ``all`` or nothing only where all of it fits into one transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.letters import tell_of_the_end
from accounts.models import User
from complaints.evidence import outgoing
from complaints.models import RoundTrip, RoundTripRow
from complaints.parties.actors import Actor
from complaints.procedure.numbering import new_mark
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.tables import uploads
from complaints.tables.exporting import files
from complaints.tables.uploads import MOST_AT_A_TIME

MOST_ROWS = 10_000
#: So many lines are locked and written together at most.
MOST_AT_ONCE = 500
UNDERWAY = ("reading", "checking", "checked", "applying")
WORKING = ("reading", "checking", "applying")
#: So long one may look at what came of a table.
KEPT_FOR = timedelta(days=30)


def take_in(chunks: Iterable[bytes], *, name: str, user: User, actor: Actor, language: str, now: datetime) -> RoundTrip:
    """Keep the file and the row that a sweep will find. Raises WrongInput for what is no table, or too large."""
    if actor.enterprise_id is None:
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    if RoundTrip.objects.filter(asked_by=user, state__in=UNDERWAY).count() >= MOST_AT_A_TIME:
        raise StepNotAllowed(
            "too_many_tables", _("您已有%(n)s份表格没有办完，请先办完或者放弃其中一份。") % {"n": MOST_AT_A_TIME}
        )
    mark = new_mark("T", timezone.localdate(now))
    with uploads.kept(chunks, mark) as (form, digest):
        return RoundTrip.objects.create(
            mark=mark,
            asked_by=user,
            enterprise_id=actor.enterprise_id,
            file_name=name[-120:],
            form=form,
            digest=digest,
            language=language,
            asked_at=now,
        )


def own(user: User, enterprise_ids: Iterable[int | None]) -> QuerySet[RoundTrip]:
    """Tables that this person sent in for an enterprise where he works today."""
    return RoundTrip.objects.filter(asked_by=user, enterprise_id__in=[pk for pk in enterprise_ids if pk is not None])


def counts_of(trip: RoundTrip) -> dict[str, int]:
    return uploads.counts_of(RoundTripRow.objects.filter(trip=trip), RoundTripRow.STATES)


def why_not_all(counts: dict[str, int]) -> str:
    """Why "all or nothing" is not offered; empty where it is."""
    if counts["bad"]:
        return _("有%(n)s行有问题，所以不能整份办理。改好后重新上传，或者只办理没有问题的行。") % {"n": counts["bad"]}
    return ""


def is_long(counts: dict[str, int]) -> bool:
    """Whether "all" cannot be one transaction: then every line is tried once more, and carried out piece by piece."""
    return counts["good"] > MOST_AT_ONCE or bool(counts["done"] or counts["refused"])


def decide(trip: RoundTrip, choice: str, *, now: datetime) -> None:
    """``all``, ``good`` or ``drop``. ``trip`` is locked by the caller."""
    if trip.state != "checked":
        raise StepNotAllowed("already_decided", _("这份表格已经不在等您决定。"))
    if choice == "drop":
        return end(trip, "dropped", now=now)
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


def end(trip: RoundTrip, state: str, *, now: datetime) -> None:
    """Done, dropped or failed: what was filled in is not needed any more; what came of it stays for a while."""
    trip.state, trip.ended_at, trip.leased_until = state, now, None
    with transaction.atomic():
        trip.save(update_fields=["state", "ended_at", "leased_until"])
        RoundTripRow.objects.filter(trip=trip).update(said="")
        if state != "dropped":
            tell(trip, now=now)


def tell(trip: RoundTrip, *, now: datetime) -> None:
    """That it was tried, carried out or given up."""
    path, what = (
        reverse("complaints:enterprise-round-trip", args=[trip.mark]),
        format_lazy("{} {}", gettext_lazy("表格"), trip.mark),
    )
    since = trip.decided_at or trip.asked_at
    tell_of_the_end(trip.asked_by, what, path, since=since, now=now, is_failed=trip.state == "failed")


def fail(trip: RoundTrip, code: str, text: str = "", *, now: datetime) -> None:
    """Given up as a whole: no line of it is carried out (any more)."""
    trip.failure, trip.failure_words = code, text[:300]
    trip.save(update_fields=["failure", "failure_words"])
    end(trip, "failed", now=now)
    outgoing.remove(files.upload_of(trip.mark))


def forget(*, now: datetime, limit: int) -> int:
    """Tables that nobody decided are dropped; what is old is deleted with its lines. How many rows went."""
    return uploads.forget(
        RoundTrip,
        lambda old: RoundTripRow.objects.filter(trip__in=old),
        lambda trip: end(trip, "dropped", now=now),
        kept_for=KEPT_FOR,
        now=now,
        limit=limit,
    )

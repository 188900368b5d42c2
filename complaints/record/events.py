"""What happened since a program last looked: entries of the record in the order in which they were committed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.utils import timezone

from accounts.keys import row_tags
from accounts.models import User
from authorities.models import Officer
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.models.complaint import lies_in
from complaints.procedure.workflow import Audience, Status
from enterprises.team.staffing import at_work, branch_ids_seen_by

#: The most that one look gives.
MOST = 500
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})")


class OddCursor(ValueError):
    """What was given is no cursor of ours."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Behind which entry somebody stands; ``era`` names the life of the database (a restore begins one)."""

    era: int
    transaction: int
    entry: int

    def __str__(self) -> str:
        return f"{self.era}.{self.transaction}.{self.entry}"


def events_after(cursor: str, *, visible: QuerySet[HandlingStep], limit: int = 100) -> tuple[list[HandlingStep], str]:
    """At most ``limit`` entries of ``visible`` behind ``cursor`` ("" = from the first), and the next cursor.

    Entries come with their ``complaint``. The next cursor is never empty: come back with it, also when nothing was new.
    An entry that is not committed long enough comes with a later look. Raises OddCursor."""
    limit = max(1, min(limit, MOST))
    now = _horizon()
    after = _read(cursor, now)
    place = Func(F("transaction"), F("pk"), function="ROW")
    beyond = Func(
        place,
        Func(Value(after.transaction), Value(after.entry), function="ROW"),
        template="%(expressions)s",
        arg_joiner=" > ",
        output_field=BooleanField(),
    )
    rows = list(
        visible.filter(beyond, transaction__lt=now.transaction)
        .select_related("complaint")
        .order_by("transaction", "pk")[:limit]
    )
    if len(rows) == limit:
        return rows, str(Position(now.era, rows[-1].transaction, rows[-1].pk))
    # All that is older than the horizon was looked through, also what is not for this reader.
    return rows, str(max(after, Position(now.era, now.transaction, 0)))


def cursor_now() -> str:
    """The cursor of somebody who wants only what comes from now on."""
    return str(_horizon())


def _horizon() -> Position:
    """Below this transaction everything is decided. Asked in a statement of its own, before the rows:
    what was decided then is seen by the statement after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint from complaints_event_era"
        )
        era, transaction = cursor.fetchone()
    return Position(era, transaction, 0)


def _read(text: str, now: Position) -> Position:
    if not text:
        return Position(now.era, 0, 0)
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise OddCursor(text)
    era, transaction, entry = (int(part) for part in match.groups())
    if era != now.era:
        # The database was restored since: its entries begin anew with transaction 0, by their ids.
        return Position(now.era, 0, entry)
    return Position(era, transaction, entry)


def of_enterprise(enterprise_id: int, *, branch_ids: Iterable[int] | None = None) -> QuerySet[HandlingStep]:
    """What an enterprise (of it: these branches) may know: from the day it got a case until it gave it up."""
    return of_jobs([(enterprise_id, branch_ids)])


def of_jobs(jobs: Iterable[tuple[int, Iterable[int] | None]]) -> QuerySet[HandlingStep]:
    """The same for several jobs: (enterprise, its branches or None for all of it)."""
    return HandlingStep.objects.filter(_of_jobs(jobs))


def known_to(user: User, *, on: date | None = None) -> QuerySet[HandlingStep]:
    """What ``user`` may know in every capacity held on that day; they add up."""
    day = on or timezone.localdate()
    if not user.is_active:
        return HandlingStep.objects.none()
    seen = Q(audience=Audience.PARTIES, complaint__consumer_id=user.pk)
    jobs = row_tags.standing(at_work(day).filter(user_id=user.pk))
    seen |= _of_jobs((job.enterprise_id, branch_ids_seen_by(job)) for job in jobs)
    offices = Officer.objects.on(day).filter(user_id=user.pk).select_related("authority__region__parent")
    for region in {office.authority.region for office in row_tags.standing(offices)}:
        seen |= Q(lies_in(region, "complaint__"), audience__in=[Audience.PARTIES, Audience.AUTHORITY])
    return HandlingStep.objects.filter(seen).exclude(complaint__status=Status.DRAFT)


def _of_jobs(jobs: Iterable[tuple[int, Iterable[int] | None]]) -> Q:
    """The same rule as on a case's page: as long as the case is against it an enterprise stays a party."""
    seen = Q(pk__in=[])
    for enterprise_id, branch_ids in jobs:
        held = Engagement.objects.filter(
            complaint=OuterRef("complaint"), enterprise_id=enterprise_id, from_at__lte=OuterRef("written_at")
        )
        if branch_ids is not None:
            held = held.filter(branch_id__in=list(branch_ids))
        held = held.filter(
            Q(until_at=None)
            | Q(until_at__gte=OuterRef("happened_at"))
            | Q(complaint__enterprise_id=enterprise_id) & ~Q(odr_result="returned")
        )
        seen |= Q(Exists(held), audience__in=[Audience.PARTIES, Audience.ENTERPRISE])
    return seen


def external_refs(entries: Iterable[HandlingStep], *, enterprise_id: int) -> dict[int, str]:
    """Case id → the enterprise's own ticket, of those that have one."""
    cases = {row.complaint_id for row in entries}
    rows = Engagement.objects.filter(enterprise_id=enterprise_id, complaint_id__in=cases).exclude(external_ref="")
    return dict(rows.order_by("pk").values_list("complaint_id", "external_ref"))


def event_body(row: HandlingStep, *, external_ref: str = "") -> dict[str, Any]:
    """An event as it goes out: ids and states, nothing of a person."""
    return {
        "id": row.pk,
        "type": row.step,
        "case": row.complaint.number,
        "sequence": row.sequence,
        "audience": row.audience,
        "happened_at": row.happened_at.isoformat(),
        "written_at": row.written_at.isoformat(),
        "from_status": row.from_status,
        "to_status": row.to_status,
        "outcome": row.outcome,
        "external_ref": external_ref,
    }


_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def version_of(complaint: Complaint) -> str:
    """As an ETag writes it, in quotes; another one with another handler too."""
    return f'"{plain_version(complaint)}"'


def plain_version(complaint: Complaint) -> str:
    """The same without quotes, for a cell."""
    return f"{(complaint.last_event_at - _EPOCH) // _TICK:x}-{complaint.handler_id or 0:x}"

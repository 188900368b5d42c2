"""Which notices are old news when they could be sent: judged when a letter is taken up, so that what happened over a
quiet night counts.

Not sent is, of one case and one person, what a newer notice of the same kind and day says again, what tells of a status
that has passed and was followed by news of the next, a reminder of a clock that ended, and what lies before the end of
a closed case. The page of the case shows it all the same. An official document, a word written down in somebody's name
and what protects an account are always sent, and so is what an officer had sent again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from complaints.models import Deadline, HandlingStep, Notice
from complaints.notices.notice_choices import group_of
from complaints.procedure.workflow import Role, Status
from complaints.procedure.working_calendar import SHANGHAI

#: ``last_error`` of what was not sent because it was old news (state ``in_portal``).
CODE = "superseded"
#: Told whatever has happened since: they protect somebody's account or case.
_ALWAYS = frozenset({"change_contact", "prove_contact", "end_power", "correct_clerical_error", "recompute_clock"})
_REMINDERS = frozenset({"remind", "remind_last"})
#: Progress of one kind and day is told once; what comes after waits for this hour of the next day.
_NEXT_DAY = time(8, 30)


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that are not sent, and rows that wait (until when)."""

    old: list[Notice]
    waiting: list[tuple[Notice, datetime]]


def judge(rows: Sequence[Notice], *, now: datetime) -> Judged:
    """Of ``rows``, which are about to be sent. Three queries, a fourth with reminders among them."""
    if not rows:
        return Judged([], [])
    cases = {row.complaint_id for row in rows}
    since = min(row.created_at for row in rows)
    entries: dict[tuple[int, str], list[HandlingStep]] = defaultdict(list)
    steps = HandlingStep.objects.filter(complaint_id__in=cases, written_at__gte=since).order_by("sequence")
    for step in steps.only(
        "complaint_id", "audience", "sequence", "step", "written_at", "actor_role", "from_status", "to_status", "data"
    ):
        entries[step.complaint_id, step.audience].append(step)
    told: dict[tuple[int, str, int | None], list[Notice]] = defaultdict(list)
    for other in Notice.objects.filter(complaint_id__in=cases, created_at__gte=since - timedelta(days=1)):
        told[_reader(other)].append(other)
    clocks = _live_clocks(rows)
    old, waiting = [], []
    for row in rows:
        beside = [other for other in told[_reader(row)] if other.pk != row.pk and other.audience == row.audience]
        if _is_old(row, entries[row.complaint_id, row.audience], beside, clocks):
            old.append(row)
        elif _was_told_today(row, beside, now):
            tomorrow = now.astimezone(SHANGHAI).date() + timedelta(days=1)
            waiting.append((row, datetime.combine(tomorrow, _NEXT_DAY, SHANGHAI)))
    return Judged(old, waiting)


def _reader(row: Notice) -> tuple[int, str, int | None]:
    return row.complaint_id, row.addressee, row.user_id


def _live_clocks(rows: Iterable[Notice]) -> set[tuple[int, str]]:
    cases = {row.complaint_id for row in rows if row.kind in _REMINDERS}
    live = Deadline.objects.filter(complaint_id__in=cases, ended_at=None, state__in=("running", "lapsed"))
    return set(live.values_list("complaint_id", "clock")) if cases else set()


def _is_old(
    row: Notice, entries: Sequence[HandlingStep], beside: Sequence[Notice], clocks: set[tuple[int, str]]
) -> bool:
    own = next((one for one in entries if one.sequence == row.sequence), None)
    if own is None or row.again or row.kind in _ALWAYS or own.data.get("documents") or own.data.get("recorded"):
        return False
    later = [one for one in entries if one.sequence > row.sequence]
    newer = [other for other in beside if other.sequence > row.sequence]
    status = row.complaint.status
    if row.kind in _REMINDERS:
        clock = str(own.data.get("clock", ""))
        again = {other.sequence for other in newer if other.kind in _REMINDERS}
        is_again = any(one.sequence in again and one.data.get("clock") == clock for one in later)
        return is_again or status != own.to_status or (row.complaint_id, clock) not in clocks
    if any(other.kind == row.kind and _day(other) == _day(row) for other in newer):
        return True
    moved = [one for one in later if one.from_status != one.to_status]
    if status == Status.CLOSED and any(one.to_status == Status.CLOSED for one in moved):
        return True
    if own.from_status == own.to_status or status == own.to_status:
        return False
    # Who moved it on knows; who did not was told.
    return bool(newer) or any(Role(one.actor_role).side == row.addressee for one in moved)


def _was_told_today(row: Notice, beside: Sequence[Notice], now: datetime) -> bool:
    """Progress of this kind went to the same person today, alone; a letter that folds many goes on its day anyway."""
    if row.form != "single" or row.addressee != "consumer" or row.again or group_of(row.kind) != "progress":
        return False
    today = now.astimezone(SHANGHAI).date()
    return any(
        other.kind == row.kind and other.sent_at is not None and other.sent_at.astimezone(SHANGHAI).date() == today
        for other in beside
    )


def _day(row: Notice) -> object:
    return row.created_at.astimezone(SHANGHAI).date()

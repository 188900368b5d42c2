"""take(): the one place that writes a status. Lock, let overdue clocks lapse, judge by the table, carry out, write in
one flush: status, clocks, record and notices commit together or not at all."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, transaction

from complaints.casefile.case_file import CaseFile
from complaints.evidence.handing_out import HELD, verdict_of
from complaints.handling.transition import clocks, contact_access, lapses, settling, two_persons, undoing
from complaints.handling.transition.effect import Effect, Move
from complaints.handling.transition.writing import open_files, write
from complaints.models import Complaint, Deadline
from complaints.parties import powers
from complaints.parties.actors import SYSTEM, Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import FOR_ANOTHER
from complaints.procedure.refusals import StepNotAllowed, not_now, not_yours
from complaints.procedure.workflow import CLOCKS, ENTERPRISE_SIDE, TABLE, Audience, Clock, Role, Status, StepRule
from complaints.record.clock import time_may_act
from complaints.record.record import Entry
from complaints.wording import label
from database.row_security import caller, working_as_steps

#: So many cases are locked at once; locks should be held for less than 150 ms (docs/performance.md).
BATCH = 90
#: A sweep ends after so many batches; the next tick goes on.
MOST_BATCHES = 60
#: When a case that cannot be chased is tried again.
PUT_OFF = timedelta(minutes=10)

log = logging.getLogger(__name__)
#: Undo, a withdrawn case: the clocks that it ends were not met.
_NOT_MET = frozenset({"undo", "withdraw", "recall", "return_case", "stop_negotiating", "let_rest"})


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of it for one case: done, or refused with the reason."""

    complaint: Complaint
    refusal: StepNotAllowed | None = None

    @property
    def is_done(self) -> bool:
        return self.refusal is None


def take(
    move: Move,
    ids: Sequence[int],
    *,
    actor: Actor,
    now: datetime,
    conditions: Conditions | None = None,
    skip_locked: bool = False,
) -> list[StepResult]:
    """Take ``move`` on the cases ``ids`` (at most 500) as ``actor`` at ``now``.

    A single case raises its refusal (StepNotAllowed); a batch returns it with its case. An id that does not exist, or
    is locked under ``skip_locked``, is missing from the answer."""
    return take_each([(case, move, actor) for case in ids], now=now, conditions=conditions, skip_locked=skip_locked)


def take_each(
    moves: Sequence[tuple[int, Move, Actor]],
    *,
    now: datetime,
    conditions: Conditions | None = None,
    skip_locked: bool = False,
    whole: bool = False,
) -> list[StepResult]:
    """Take a move of its own on each case, in one transaction and one flush.

    The same case may stand there several times: its moves follow each other, and with ``whole`` all of them are taken
    or none, each told with the refusal of the one that failed. While a request is answered, cases that its caller
    cannot see are missing, whoever asked for them."""
    ids = sorted({case for case, _move, _actor in moves})
    if caller() is not None:
        # To whom a case is hidden, it does not exist.
        ids = list(Complaint.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    with working_as_steps(), transaction.atomic():
        conditions = conditions or Conditions.at(now)
        opened = open_files(ids, now=now, conditions=conditions, skip_locked=skip_locked)
        files = {file.complaint.pk: file for file in opened}
        for file in opened:
            lapse_overdue(file)
        if whole:
            by_case: dict[int, list[tuple[Move, Actor]]] = defaultdict(list)
            for case, move, actor in moves:
                by_case[case].append((move, actor))
            results = [one for case, own in by_case.items() if case in files for one in _take_whole(files[case], own)]
        else:
            results = [_take_one(files[case], move, actor) for case, move, actor in moves if case in files]
        write(files.values())
        contact_access.note_contact_access(files.values())
    if len(moves) == 1 and results and results[0].refusal is not None:
        raise results[0].refusal
    return results


def _take_one(file: CaseFile, move: Move, actor: Actor) -> StepResult:
    row = TABLE[move.step]
    back = file.mark()
    try:
        judge(row, file, actor)
        two_persons.check(file, move, actor)
        before = undoing.snapshot(file) if row.undo and actor.role == Role.CONSUMER else None
        apply_effect(row, file, actor, two_persons.noted(move.carry(file, actor), move, actor))
        if before is not None:
            undoing.keep(file, row.step, before)
    except StepNotAllowed as refusal:
        back()
        return StepResult(file.complaint, refusal)
    return StepResult(file.complaint)


def _take_whole(file: CaseFile, moves: Sequence[tuple[Move, Actor]]) -> list[StepResult]:
    """All of these moves on one case, or none of them."""
    back = file.mark()
    results: list[StepResult] = []
    for move, actor in moves:
        results.append(_take_one(file, move, actor))
        if (refusal := results[-1].refusal) is not None:
            back()
            return [StepResult(file.complaint, refusal)] * len(moves)
    return results


def take_new(cases: Iterable[tuple[CaseFile, Actor, Effect]]) -> list[Complaint]:
    """``file`` for cases that are not in the database yet; inside the caller's transaction."""
    files = []
    for file, actor, effect in cases:
        apply_effect(TABLE["file"], file, actor, effect)
        for row in file.files:
            if row.state in HELD:
                # The scanner judged it while the complaint was still a draft.
                file.enter("hold_back_file", SYSTEM, Audience.PARTIES, verdict_of(row))
        files.append(file)
    write(files)
    return [file.complaint for file in files]


def judge(row: StepRule, file: CaseFile, actor: Actor) -> None:
    """Raise StepNotAllowed unless the table lets ``actor`` take this step now."""
    complaint, status = file.complaint, file.status
    may = actor.has(row.by) or two_persons.is_open_to(file, row.step, actor)
    if not may or not stands_to(actor, complaint):
        raise not_yours()
    if status not in row.at:
        raise not_now(label(status))
    if powers.is_representative(actor, complaint):
        if complaint.represented_until is not None and complaint.represented_until < file.today:
            raise not_yours()
        if powers.lacks(row.step, complaint):
            raise StepNotAllowed("no_power", powers.why_not(complaint))
    if actor.role == Role.MEDIATION_BODY and not any(
        m.pk == actor.delegation and m.state == "open" for m in file.matters
    ):
        # It was taken back while the body was writing.
        raise not_yours()
    if powers.bars(row.step, actor, complaint):
        raise powers.recusal_refusal()
    if status == Status.CLOSED and row.closed_as and complaint.outcome not in row.closed_as:
        raise not_now(label(complaint.outcome))
    if _is_another_authoritys(row, complaint, actor):
        raise not_yours()


def _is_another_authoritys(row: StepRule, complaint: Complaint, actor: Actor) -> bool:
    """An officer acts where the case is handled; from above only by what superiors do."""
    return (
        actor.authority_id is not None
        and not row.superior
        and complaint.status not in ENTERPRISE_SIDE
        and complaint.handling_authority_id not in actor.authority_ids
    )


def apply_effect(row: StepRule, file: CaseFile, actor: Actor, effect: Effect) -> None:
    """Move the case, follow with the clocks, append the entry."""
    complaint = file.complaint
    old = file.status
    happened = effect.happened_at or file.now
    new = effect.to or old
    if effect.to is not None and (effect.to, effect.outcome) not in row.to:
        raise AssertionError(f"{row.step}: the table knows no {old} → {effect.to} ({effect.outcome})")
    if effect.to is not None:
        if new != old:
            two_persons.fall(file)
        complaint.status = new
        complaint.status_since = happened
        complaint.outcome = effect.outcome or ""
        complaint.reason = effect.reason
        complaint.closed_at = happened if new == Status.CLOSED else None
        complaint.accepted_refusal = False
        settling.receive(file, old, new)
        if not effect.keeps_clocks:
            clocks.follow(file, old, happened, file.now, met=row.step not in _NOT_MET)
    settling.readdress(file)
    if new == Status.CLOSED:
        settling.take_back_offer(file, happened)
    audience = effect.audience or Audience(row.audience)
    if actor.role != Role.SYSTEM or row.step == "pass_to_successor":
        undoing.void(file, row.step, audience)
    if actor.role == Role.CONSUMER:
        settling.heard_from_consumer(file, actor)
    # What others write in a case lies under the key of the case and goes with its last consumer.
    key = (actor.side == "consumer" and actor.person_key) or complaint.case_key
    data = effect.data
    if actor.role == Role.CONSUMER and actor.party is None and complaint.on_behalf_kind in FOR_ANOTHER:
        # Who acted in whose name is a fact of the step, not of today's case.
        data = {**data, "acts_for": complaint.on_behalf_kind}
    if actor.recording is not None:
        data = {**data, "recorded": dict(actor.recording)}
    file.entries.append(
        Entry(
            complaint=complaint,
            step=row.step,
            actor=actor,
            happened_at=happened,
            written_at=file.now,
            from_status=old,
            to_status=new,
            outcome=complaint.outcome,
            reason=effect.reason,
            audience=audience,
            data=data,
            tells=row.tells if effect.tells is None else effect.tells,
            # What the consumer says of himself lies under his key, whoever wrote it down.
            texts=[
                (kind, text, complaint.consumer_key if kind.startswith("consumer_") else key)
                for kind, text in effect.texts.items()
                if text
            ],
            files=list(effect.files),
        )
    )


def lapse_overdue(file: CaseFile) -> None:
    """Every overdue clock lapses, in order of due_at (ties: the table's order). Each is judged anew after the other: a
    clock whose status was left has ended. Superiors are told after that. Nothing lapses while the clock of this machine
    is not trusted."""
    if not time_may_act():
        return
    while (clock := _next_overdue(file)) is not None:
        due = clock.due_at
        clock.lapsed_at, clock.lapse_written_at, clock.state = due, file.now, "lapsed"
        clock.remaining = clock.paused_on = None
        file.change(clock)
        effect = lapses.LAPSES[Clock(clock.clock)](file, clock)
        apply_effect(TABLE[lapses.step_of(clock)], file, SYSTEM, effect)
        lapses.begin_escalation(file, clock)
        if clock.ended_at is None:
            clocks.chase_again(file, clock, file.now)
    for effect in lapses.due_escalations(file):
        apply_effect(TABLE["escalate"], file, SYSTEM, effect)


def _next_overdue(file: CaseFile) -> Deadline | None:
    order = list(CLOCKS)
    overdue = [
        clock
        for clock in file.clocks
        if clock.ended_at is None
        and clock.lapsed_at is None
        and clock.due_at <= file.now
        and (clock.state == "running" or clock.chase_at is not None)
    ]
    return min(overdue, key=lambda c: (c.due_at, order.index(Clock(c.clock)), c.pk or 0), default=None)


def sweep_clocks(*, now: datetime, conditions: Conditions | None = None) -> int:
    """Chase everything that is due: lapses first, then reminders. Returns how many cases. Each batch has a transaction
    of its own, and any number of sweepers share the work: what one of them holds is not among the next one's."""
    conditions = conditions or Conditions.at(now)
    chased = 0
    for _round in range(MOST_BATCHES):
        done = _sweep_batch(now, conditions)
        if done == 0:
            break
        chased += done
    return chased


def _sweep_batch(now: datetime, conditions: Conditions) -> int:
    ids: list[int] = []
    try:
        with transaction.atomic():
            ids += _held(now, conditions)
            return _chase(ids, now, conditions) if ids else 0
    except OperationalError:
        raise
    except Exception:
        log.exception("a batch of %s cases could not be chased; now one by one", len(ids))
    return sum(_chase_alone(case, now, conditions) for case in ids)


def _held(now: datetime, conditions: Conditions) -> list[int]:
    """The next cases that are due and nobody else holds, locked."""
    due = Deadline.objects.filter(chase_at__lte=now)
    if not conditions.reminds:
        due = due.filter(due_at__lte=now, lapsed_at=None)
    due = due.select_related("complaint").only("complaint__id").order_by("chase_at", "pk")
    rows = due.select_for_update(skip_locked=True, of=("complaint",))[:BATCH]
    return list(dict.fromkeys(row.complaint_id for row in rows))


def _chase(ids: Sequence[int], now: datetime, conditions: Conditions) -> int:
    files = open_files(ids, now=now, conditions=conditions, skip_locked=True)
    for file in files:
        lapse_overdue(file)
    if conditions.reminds:
        clocks.remind(files)
    write(files)
    return len(files)


def _chase_alone(case: int, now: datetime, conditions: Conditions) -> int:
    """One case that cannot be chased must not stop the clocks of all others: it is put off
    and logged by its id, and the next round finds it again."""
    try:
        with transaction.atomic():
            return _chase([case], now, conditions)
    except OperationalError:
        raise
    except Exception:
        log.exception("case %s could not be chased", case)
        Deadline.objects.filter(complaint_id=case, chase_at__lte=now).update(chase_at=now + PUT_OFF)
        return 0


def one(results: Sequence[StepResult]) -> Complaint:
    """The case of a batch of one; an id that does not exist is a stranger's: LookupError."""
    if not results:
        raise Complaint.DoesNotExist
    return results[0].complaint


def allowed_steps(complaint: Complaint, actor: Actor) -> tuple[str, ...]:
    """The steps that the table offers to ``actor`` now: the buttons of a page."""
    if not stands_to(actor, complaint):
        return ()
    status = Status(complaint.status)
    results = []
    for row in TABLE.values():
        if row.by == frozenset({Role.SYSTEM}) or not actor.has(row.by) or status not in row.at:
            continue
        if status == Status.CLOSED and row.closed_as and complaint.outcome not in row.closed_as:
            continue
        if status == Status.CLOSED and row.step in two_persons.PROPOSING and actor.side != "authority":
            continue
        if (powers.is_representative(actor, complaint) and powers.lacks(row.step, complaint)) or powers.bars(
            row.step, actor, complaint
        ):
            continue
        if _is_another_authoritys(row, complaint, actor):
            continue
        results.append(row.step)
    return tuple(results)

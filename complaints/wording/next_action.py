"""The next action of a case as data: who holds the case, since when, by when, and what if it is missed. Nothing is
asked of the database: a related row that was not loaded is called by its general name ("企业"), never fetched."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from authorities.models import Authority
from complaints import wording
from complaints.models import Complaint, Deadline
from complaints.procedure.workflow import ENTERPRISE_SIDE, HIDDEN_CLOCKS, MUST_ACT, Clock, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.wording import clock as texts
from complaints.wording.case import REFUSAL_WAITS_FOR_YOU, WAITS_FOR_YOU
from complaints.wording.standing import Standing, standing
from web.dates import before, day_text
from web.languages import named, reads_chinese

S = Status
SIDES = ("consumer", "enterprise", "authority")
_LIVE = ("running", "paused", "lapsed")
#: The clocks that speak for a status, the most telling first; the earliest of one group wins.
_SPEAKING: dict[Status, tuple[tuple[Clock, ...], ...]] = {
    S.FILED: ((Clock.FORWARDING,),),
    S.TRIAGE: ((Clock.CONSENT,), (Clock.FORWARDING,), (Clock.REVIEW,)),
    S.WITH_ENTERPRISE: ((Clock.ACCEPTANCE,), (Clock.NEGOTIATION,)),
    S.NEGOTIATING: ((Clock.NEGOTIATION, Clock.ANSWER),),
    S.AWAITING_CONSUMER: ((Clock.CONFIRMATION,),),
    S.PERFORMING: ((Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.CONFIRMATION),),
    S.REVIEW: ((Clock.REVIEW,),),
    S.AWAITING_MATERIAL: ((Clock.MATERIAL,), (Clock.REVIEW,)),
    S.MEDIATING: ((Clock.MEDIATION,),),
    S.MEDIATION_SUSPENDED: ((Clock.SUSPENSION,), (Clock.MEDIATION,)),
    S.CLOSED: ((Clock.OBJECTION,), (Clock.NOTICE,)),
}
#: Whoever owes what the clock asks must act, not whom the status names.
_BY_CLOCK = (S.TRIAGE, S.NEGOTIATING, S.PERFORMING, S.CLOSED)
_OF_OBLIGATION = frozenset({Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAction:
    """Four facts and one sentence. The names at the end are those of components/duty.html."""

    side: str
    holder: str
    holder_detail: str
    since: datetime | None
    deadline: Deadline | None
    if_missed: str
    sentence: str
    is_your_turn: bool
    is_overdue: bool
    tone: str
    status: str
    status_icon: str
    clock: dict[str, Any] | None = None

    @property
    def due_at(self) -> datetime | None:
        return self.deadline.due_at if self.deadline else None


def next_action_of(
    *,
    complaint: Complaint,
    clocks: Iterable[Deadline],
    viewer_side: str,
    now: datetime,
    calendar: Calendar | None = None,
    authority: Authority | None = None,
    names: bool = True,
    is_refused: bool = False,
) -> NextAction:
    """Where the case stands, for somebody of ``viewer_side`` ("" = anybody; sees no person). ``authority`` saves
    loading it with the case; ``names`` off calls everybody in general. ``is_refused``: the open offer grants
    nothing."""
    status = Status(complaint.status)
    deadline = speaking_clock(status, clocks)
    is_refused = is_refused and status == S.AWAITING_CONSUMER
    situation = "refused_in_full" if is_refused else _situation(complaint, status, deadline)
    side = MUST_ACT[status]
    if deadline is not None and deadline.owed_by in SIDES and status in _BY_CLOCK:
        side = deadline.owed_by
    cast = _Cast(complaint, viewer_side, authority, names)
    late = deadline is not None and texts.is_late(deadline, now)
    is_your_turn = bool(side) and side == viewer_side
    stands = standing(complaint, is_refused=is_refused)
    who, detail = cast.holder(side)
    return NextAction(
        side=side,
        holder=who,
        holder_detail=detail,
        since=complaint.status_since,
        deadline=deadline,
        if_missed=what_if_missed(complaint, deadline, authority=authority, is_refused=is_refused),
        sentence=_sentence(situation, side, deadline, cast, now, late),
        is_your_turn=is_your_turn,
        is_overdue=late,
        tone="bad" if late else "warn" if is_your_turn else stands.tone,
        status=_named(complaint, viewer_side, stands, is_refused),
        status_icon=stands.icon,
        clock=(
            None
            if calendar is None or deadline is None
            else texts.clock_facts(deadline=deadline, now=now, calendar=calendar, status=status)
        ),
    )


def with_own_first(
    action: NextAction, complaint: Complaint, clocks: Iterable[Deadline], *, now: datetime
) -> NextAction:
    """``action`` as the enterprise reads it: first why its lists have the case, where the sentence is about another
    clock than the earliest that it owes itself, or nothing is owed but an answer to what the consumer wrote last."""
    own = [
        clock
        for clock in clocks
        if clock.ended_at is None
        and clock.state in ("running", "lapsed")
        and clock.owed_by == "enterprise"
        and clock.clock not in HIDDEN_CLOCKS
    ]
    first = min(own, key=lambda clock: (clock.due_at, clock.pk), default=None)
    is_late = first is not None and texts.is_late(first, now)
    if first is None:
        is_answer = complaint.status in ENTERPRISE_SIDE and complaint.last_word == "consumer"
        said = str(texts.OWN_WORD) if is_answer and not action.is_your_turn else ""
    elif action.deadline is not None and first.due_at == action.deadline.due_at:
        said = ""
    else:
        today = now.astimezone(SHANGHAI).date()
        day = day_text(first.last_day, today=today, weekday=False) if is_late else before(first.last_day, today=today)
        text = texts.OWN_LATE if is_late else texts.OWN_DUE
        said = wording.sentence(text, clock=wording.label(first.clock, kind="clock"), day=day)
    if not said:
        return action
    sentence = f"{said}{'' if reads_chinese() else ' '}{action.sentence}"
    return replace(action, sentence=sentence, tone="bad" if is_late else action.tone)


def _named(complaint: Complaint, viewer_side: str, stands: Standing, is_refused: bool) -> str:
    """The status in the words of the procedure; before the consumer, whose turn it is, as a word to them."""
    if viewer_side == "consumer" and is_refused:
        return str(REFUSAL_WAITS_FOR_YOU)
    if viewer_side == "consumer" and complaint.status in WAITS_FOR_YOU:
        return str(WAITS_FOR_YOU[complaint.status])
    return stands.text


def speaking_clock(status: Status, clocks: Iterable[Deadline]) -> Deadline | None:
    """The one live clock that the strip shows; a paused one only when no other runs."""
    live = [c for c in clocks if c.ended_at is None and c.state in _LIVE]
    for group in _SPEAKING.get(status, ()):
        # A promise's confirmation says nothing about an offer, and the other way round.
        results = [
            c
            for c in live
            if c.clock in group and (c.clock != Clock.CONFIRMATION or _has_obligation(c) == (status == S.PERFORMING))
        ]
        if results:
            return min(results, key=lambda c: (c.state == "paused", c.due_at))
    return None


def listed_clock(complaint: Complaint, clocks: Iterable[Deadline]) -> tuple[Deadline | None, bool]:
    """(the clock by whose date lists sort this case, whether it must be named as another than the strip's)."""
    rows = list(clocks)
    status = Status(complaint.status)
    speaking = speaking_clock(status, rows)
    if speaking is not None and speaking.state != "paused" and speaking.due_at == complaint.next_due_at:
        return speaking, False
    # What a superior asks of a lower authority sorts no list: where such a clock stands alone at this date, the
    # enterprise asked.
    results = [
        c
        for c in rows
        if c.ended_at is None
        and c.state in ("running", "lapsed")
        and c.due_at == complaint.next_due_at
        and c.clock not in HIDDEN_CLOCKS
    ]
    first = min(results, key=_is_asked_of_authority, default=None)
    return (speaking, False) if first is None else (first, True)


def _is_asked_of_authority(clock: Deadline) -> bool:
    return clock.clock == Clock.INSTRUCTION and clock.owed_by == "authority"


def listed_name(clock: Deadline) -> str:
    """What a clock is called in a list."""
    return str(texts.OFFICE_ANSWER) if _is_asked_of_authority(clock) else wording.label(clock.clock, kind="clock")


def listed_facts(
    complaint: Complaint, clocks: Iterable[Deadline], *, now: datetime, calendar: Calendar
) -> tuple[Deadline | None, dict[str, Any] | None]:
    """The clock of a row of a list, and what its chip shows; named where the status is about another one."""
    deadline, is_named = listed_clock(complaint, clocks)
    if deadline is None:
        return None, None
    facts = texts.clock_facts(deadline=deadline, now=now, calendar=calendar, status=Status(complaint.status))
    return deadline, facts | ({"listed_as": listed_name(deadline)} if is_named else {})


def inside_facts(
    complaint: Complaint, clocks: Iterable[Deadline], *, now: datetime, calendar: Calendar
) -> tuple[Deadline | None, dict[str, Any] | None]:
    """The first clock that is late of those that only authorities know of, and what its chip shows; asked where none
    that parties know of is late, so an instruction to the authority is a superior's."""
    rows = [
        clock
        for clock in clocks
        if (clock.clock in HIDDEN_CLOCKS or _is_asked_of_authority(clock)) and texts.is_late(clock, now)
    ]
    first = min(rows, key=lambda clock: (clock.due_at, clock.pk), default=None)
    if first is None:
        return None, None
    facts = texts.clock_facts(deadline=first, now=now, calendar=calendar, status=Status(complaint.status))
    return first, facts | {"listed_as": wording.label(first.clock, kind="clock")}


def _has_obligation(clock: Deadline) -> bool:
    return clock.obligation_id is not None or _loaded(clock, "obligation") is not None


def _loaded(row: Any, name: str) -> Any:
    """A related row if it came with this one; never a query."""
    return row._state.fields_cache.get(name)


def _situation(complaint: Complaint, status: Status, deadline: Deadline | None) -> str:
    kind = deadline.clock if deadline else ""
    if status == S.CLOSED:
        if kind == Clock.OBJECTION:
            return "objection"
        if complaint.outcome == Outcome.MEDIATED and complaint.is_not_kept:
            return "not_kept"
        return "let_rest" if complaint.was_refused_in_full else complaint.outcome
    if status == S.TRIAGE and kind == Clock.CONSENT:
        return "consent"
    if status == S.NEGOTIATING and kind == Clock.ANSWER and deadline is not None:
        return "unreachable" if deadline.owed_by == "consumer" else "question"
    if status == S.PERFORMING and deadline is not None:
        if kind == Clock.CONFIRMATION:
            return "performing_confirm"
        if kind == Clock.PERFORMANCE_ANSWER:
            return "performing_answer"
        return "performing_by_consumer" if deadline.owed_by == "consumer" else "performing"
    if status == S.MEDIATION_SUSPENDED and deadline is not None:
        appraisal = complaint.reason == "appraisal" or deadline.state == "paused"
        return "mediation_paused" if appraisal else "mediation_suspended"
    return status


class _Cast:
    """What each side is called before this viewer."""

    def __init__(self, complaint: Complaint, viewer: str, authority: Authority | None, names: bool) -> None:
        self.complaint, self.viewer, self.names = complaint, viewer, names
        self._authority = authority

    def enterprise(self) -> str:
        row = _loaded(self.complaint, "branch") or _loaded(self.complaint, "enterprise")
        return named(row) if row is not None and self.names else wording.label("enterprise", kind="side")

    def authority(self) -> str:
        row = self._authority or _loaded(self.complaint, "handling_authority")
        return named(row) if row is not None else wording.label("authority", kind="side")

    def person(self, side: str) -> str:
        """The named handler or officer; a stranger and a mailbox are told no names."""
        field = {"enterprise": "handler", "authority": "officer"}.get(side)
        if field is None or not self.viewer or not self.names:
            return ""
        row = _loaded(self.complaint, field)
        user = _loaded(row, "user") if row is not None else None
        return str(user.name) if user is not None else ""

    def holder(self, side: str) -> tuple[str, str]:
        if side == "consumer":
            return (str(texts.YOU) if self.viewer == "consumer" else wording.label("consumer", kind="side")), ""
        if side == "enterprise":
            return self.enterprise(), self.person(side)
        if side == "authority":
            return self.authority(), self.person(side)
        return str(texts.NOBODY), ""

    def full(self, side: str) -> str:
        """Organisation and person in one: 移动福州分公司的李敏 / Li Min at …"""
        organisation, person = self.holder(side)
        if not person:
            return organisation
        return _("%(organisation)s的%(person)s") % {"organisation": organisation, "person": person}


def _sentence(situation: str, side: str, deadline: Deadline | None, cast: _Cast, now: datetime, late: bool) -> str:
    who = cast.full(side)
    today = now.astimezone(SHANGHAI).date()
    if late and deadline is not None:
        day = day_text(deadline.last_day, today=today, weekday=False)
        return wording.sentence(texts.OVERDUE, who=who, day=day)
    variants = texts.SENTENCES.get(situation, {"": texts.NO_CLOCK})
    text = str(variants.get(cast.viewer, variants[""]))
    if deadline is None and "{day}" in text:
        return wording.sentence(texts.NO_CLOCK, who=who)
    day = before(deadline.last_day, today=today) if deadline else ""
    why = cast.complaint.reason
    return wording.sentence(
        text,
        who=who,
        day=day,
        enterprise=cast.enterprise(),
        authority=cast.authority(),
        what=_what(deadline, cast),
        reason=(wording.label(why, kind="reason") if why else wording.label("mediation_suspended", kind="status")),
    )


def _what(deadline: Deadline | None, cast: _Cast) -> str:
    """What is owed, in the words of the promise; before a stranger only that it is one."""
    if deadline is None or deadline.clock not in _OF_OBLIGATION:
        return ""
    if deadline.owed_by == "consumer":
        return str(texts.KEEP_YOURS if cast.viewer == "consumer" else texts.PERFORM_OWN)
    obligation = _loaded(deadline, "obligation")
    if obligation is None or not cast.names or not cast.viewer or not reads_chinese():
        return str(texts.PERFORM_YOURS if cast.viewer == "enterprise" else texts.PERFORM)
    return _("做到：%(what)s") % {"what": obligation.what}


def what_if_missed(
    complaint: Complaint, deadline: Deadline | None, *, authority: Authority | None = None, is_refused: bool = False
) -> str:
    """What happens by itself when this clock runs out. ``is_refused``: the open offer grants nothing."""
    if deadline is None:
        return ""
    key = _missed_key(complaint, Status(complaint.status), deadline, is_refused)
    return wording.sentence(texts.IF_MISSED[key], authority=_Cast(complaint, "", authority, True).authority())


def _missed_key(complaint: Complaint, status: Status, deadline: Deadline, is_refused: bool) -> str:
    kind = Clock(deadline.clock)
    received = complaint.authority_received_at is not None
    goes_on = received or (complaint.consents or {}).get("pass_to_regulator") is not False
    obligation = _loaded(deadline, "obligation")
    mediated = obligation is not None and obligation.source == "mediation"
    if kind == Clock.FORWARDING and status == S.FILED:
        return "forwarding_filed"
    if kind == Clock.NEGOTIATION and not goes_on:
        return "negotiation_ends"
    if kind == Clock.CONFIRMATION:
        if _has_obligation(deadline):
            return "confirmation_of_performance"
        if is_refused:
            return "refusal_goes_on" if goes_on else "refusal_ends"
        return "confirmation_goes_on" if received or (complaint.is_overdue and goes_on) else kind
    if kind in _OF_OBLIGATION and deadline.owed_by == "consumer":
        return "performance_by_consumer"
    if kind in _OF_OBLIGATION and mediated:
        return f"{kind}_mediated"
    if kind == Clock.ANSWER and deadline.owed_by == "consumer":
        return "answer_by_consumer"
    return kind

"""One case, loaded once for one reader (``open_case``): what every case page of the three sides shows. What the side
may not read is left out before a template sees it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import pgettext

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.sign_in.backend import may_work
from authorities.models import Authority
from authorities.policies import Limits
from complaints import wording
from complaints.handling.transition import contact_access
from complaints.models import Complaint, Deadline, Demand, Engagement, HandlingStep, Matter, Participant
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.workflow import LOOK, Audience
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.reading import case_people, case_record, case_rows, case_settlement
from complaints.reading.case_people import FULL, MASKED, NONE, Fact, Person, demand_text
from complaints.reading.case_record import ContactAccess, Event, Message
from complaints.reading.case_settlement import ObligationView, OfferView
from complaints.reading.case_steps import Around, open_steps
from complaints.reading.file_view import FileView, files_of
from complaints.settlement.offer_terms import Missing
from complaints.wording.clock import chip, clock_facts
from complaints.wording.next_action import NextAction, next_action_of
from enterprises.models import Branch, Enterprise
from web.languages import named, reads_chinese
from web.listing import joined, remarked

#: The body is whom the mediation was handed to: it reads what both parties read, and has no side.
CONSUMER, ENTERPRISE, AUTHORITY, BODY = case_rows.SIDES
#: The channel of a consumer who came with number and token instead of an account.
TRACKING = "tracking"
#: So many messages stay open on a page; older ones are folded.
_RECENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccess:
    """A case and in which capacity the person stands to it; ``actor`` None reads only."""

    complaint: Complaint
    side: str
    viewer: Actor
    actor: Actor | None
    #: The enterprise's own times with the case, where the page or the API has read them already.
    engagements: tuple[Engagement, ...] | None = None
    #: What hangs on the case, where the page or the API has read it already.
    rows: case_rows.CaseRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """One live clock: ``text`` or ``facts`` for {% chip %}, ``url`` of its derivation."""

    row: Deadline
    name: str
    text: str
    facts: dict[str, Any]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Everything that a case page may show to this reader. Lists may be empty, never None."""

    complaint: Complaint
    side: str
    viewer: Actor
    actor: Actor | None
    is_former: bool
    now: datetime
    today: date
    conditions: Conditions
    steps: tuple[str, ...]
    next_action: NextAction
    clocks: list[ClockView]
    demands: list[Demand]
    engagement: Engagement | None
    engagements: list[Engagement]
    offers: list[OfferView]
    obligations: list[ObligationView]
    matters: dict[str, Matter]
    thread: list[Message]
    #: Reports split off, concerns and whatever else is for the authority alone; for others empty.
    confidential: list[Message]
    timeline: list[Event]
    files: list[FileView]
    person: Person
    #: May ask to see the person in full; until when that lasts; who looked so far, the newest first.
    may_reveal: bool
    shown_until: datetime | None
    contact_accesses: list[ContactAccess]
    statement: str
    spoken: str
    demand_note: str
    facts: list[Fact]
    head: str
    entries: int

    @property
    def calendar(self) -> Calendar:
        return self.conditions.calendar

    @property
    def limits(self) -> Limits:
        """The numbers in force for this case, for sentences."""
        return self.conditions.limits(self.complaint.handling_region_id)

    @property
    def title(self) -> str:
        return self.complaint.title

    @property
    def events(self) -> list[tuple[Event, list[Event]]]:
        return case_record.folded(self.timeline)

    @property
    def home(self) -> str:
        """The page of the case that this reader came from."""
        if self.viewer.channel == TRACKING:
            return reverse("complaints:tracked", args=[self.complaint.number])
        return case_url(self.complaint, self.side)

    @property
    def respondent(self) -> str:
        return case_people.respondent_of(self.complaint)

    @property
    def open_offer(self) -> OfferView | None:
        return next((o for o in self.offers if o.is_open), None)

    @property
    def promises(self) -> list[ObligationView]:
        """The ledger: what was agreed and how it stands."""
        return case_settlement.in_force(self.obligations)

    @property
    def unpromised(self) -> Missing:
        """What was granted in this case and is nowhere promised."""
        sums = [offer.unpromised.amount for offer in self.offers if offer.unpromised.amount is not None]
        acts = tuple(demand for offer in reversed(self.offers) for demand in offer.unpromised.acts)
        return Missing(sum(sums, Decimal(0)) if sums else None, acts)

    @property
    def unpromised_acts(self) -> str:
        return joined(map(demand_text, self.unpromised.acts))

    @property
    def demand_lines(self) -> list[str]:
        return [
            remarked(case_settlement.demand_with_amount(d), pgettext("demand", "不再要求") if d.is_given_up else "")
            for d in self.demands
        ]

    @property
    def recent_thread(self) -> list[Message]:
        return self.thread[-_RECENT:]

    @property
    def older_thread(self) -> list[Message]:
        return self.thread[:-_RECENT]

    @property
    def is_closed(self) -> bool:
        return self.complaint.closed_at is not None

    def may(self, step: str) -> bool:
        return step in self.steps

    def offer(self, number: int) -> OfferView | None:
        return next((o for o in self.offers if o.number == number), None)


def find_case(user: User | Any, number: str, *, side: str, now: datetime) -> CaseAccess:
    """The case ``number`` for somebody of ``side``; Http404 for everybody else."""
    day = now.astimezone(SHANGHAI).date()
    if isinstance(user, User) and user.is_active and not may_work(user):
        complaint = case_rows.own_case.first(number, user.pk, day)
    else:
        complaint = (
            Complaint.objects.visible_to(user, on=day).filter(number=number).select_related(*case_rows.RELATED).first()
        )
    if complaint is None:
        raise Http404
    if side == CONSUMER:
        # A representative who filed stands there until the power ends.
        until = complaint.represented_until
        if complaint.consumer_id == user.pk and (until is None or until >= day):
            actor = actors.consumer(user)
        else:
            row = Participant.objects.filter(complaint=complaint, person_id=user.pk, state=Participant.JOINED).first()
            if row is None:
                raise Http404
            actor = actors.participant(user, row)
        return CaseAccess(complaint=complaint, side=side, viewer=actor, actor=actor)
    mine = [a for a in actors.actors_of(user, on=day) if a.side == side and (side != AUTHORITY or a.region is not None)]
    for actor in mine:
        if actors.stands_to(actor, complaint):
            return CaseAccess(complaint=complaint, side=side, viewer=actor, actor=actor)
    for actor in mine:
        if side == ENTERPRISE and _engagements_of(complaint, actor):
            return CaseAccess(complaint=complaint, side=side, viewer=actor, actor=None)
    raise Http404


def open_case(user: User | Any, number: str, *, side: str, now: datetime) -> CasePage:
    """Load the case for the page of ``side``; the number of queries does not grow with it."""
    return page_of(find_case(user, number, side=side, now=now), now=now)


def page_of(
    result: CaseAccess, *, now: datetime, visibility: str = "", files_at: str = "complaints:case-file{}"
) -> CasePage:
    """``visibility``: how much of the person; ``files_at``: where files are handed out; for pages that decide that."""
    complaint, viewer, actor, side = result.complaint, result.viewer, result.actor, result.side
    is_former = actor is None
    conditions = Conditions.at(now)
    calendar = conditions.calendar
    known = result.rows or rows_of(result)
    engagements = (
        list(result.engagements)
        if result.engagements is not None
        else _within_branches(known.engagements, viewer if side == ENTERPRISE else None)
    )
    seen = {e.pk for e in engagements}
    clocks = [] if is_former else known.clocks
    answers = known.answers
    # An offer answers every demand, so none is missing here; one statement for both.
    offers = [
        o for o in {a.offer_id: a.offer for a in answers}.values() if side != ENTERPRISE or o.engagement_id in seen
    ]
    obligations = [
        o for o in known.obligations if side != ENTERPRISE or o.engagement_id is None or o.engagement_id in seen
    ]
    if is_former:
        obligations = [o for o in obligations if o.engagement_id is not None]
    matters = {} if is_former else matters_of(complaint, side, known.matters)
    steps = _seen_by(side, known.steps, engagements, is_former)
    last = [step for step in steps if step.audience == Audience.PARTIES][-1]
    texts = known.texts
    sealed_fields.load_for([*texts, *(name for step in steps for name in (step.name, step.recorded_by) if name)])
    filed = {t.kind: t.text for t in texts if t.audience == Audience.PARTIES and t.kind.startswith("consumer_")}
    files = (
        [] if is_former else files_of(complaint, side=side, user_id=viewer.user_id, address=files_at, known=known.files)
    )
    by_digest = {f.sha256: f for f in files}
    may_look = actor is not None and contact_access.may_see_contact(complaint, actor, engagements)
    until = contact_access.shown_until(steps, viewer, now=now) if may_look else None
    if not visibility:
        # A fellow complainant knows who the filer is, not where to reach them. At work everybody reads a mask, or all
        # of it for a while after saying why (handling/transition/contact_access.py), a former enterprise nothing.
        is_full = viewer.party is None and (side == CONSUMER or until is not None)
        visibility = FULL if is_full else NONE if is_former else MASKED
    reader = case_record.Reader(
        side=side,
        knows_consumer=side == CONSUMER or visibility == FULL,
        names=_names(complaint, steps),
        person_key=viewer.person_key if complaint.on_behalf_kind in (JOINT, AGENT) else None,
        accepted_refusals=frozenset(e.until_at for e in engagements if e.accepted_refusal and e.until_at),
    )
    today = calendar.local_day(now)
    promises = case_settlement.obligations_of(obligations, clocks, side=side, today=today, offers=offers)
    open_engagement = next((e for e in engagements if e.until_at is None), None)
    around = Around(
        complaint=complaint,
        side=side,
        now=now,
        matters=matters,
        offers=tuple(offers),
        engagement_id=open_engagement.pk if open_engagement else None,
        obligations=tuple(obligations),
    )
    confidential: list[Message] = []
    if side == AUTHORITY:
        confidential = case_record.thread_of(steps, texts, by_digest, reader=reader, audience=Audience.AUTHORITY)
    next_action = next_action_of(
        complaint=complaint,
        clocks=clocks,
        # Whoever gave the case up is told nobody's turn as his own, nor who has it now.
        viewer_side="" if is_former and side == ENTERPRISE else side,
        now=now,
        calendar=calendar,
        is_refused=any(o.is_open_refusal for o in offers),
    )
    if next_action.clock is not None and next_action.deadline is not None and viewer.channel != TRACKING:
        next_action.clock["url"] = why_url(complaint, next_action.deadline)
    return CasePage(
        complaint=complaint,
        side=side,
        viewer=viewer,
        actor=actor,
        is_former=is_former,
        now=now,
        today=today,
        conditions=conditions,
        steps=tuple(s for s in open_steps(actor, around) if s != LOOK or may_look),
        next_action=next_action,
        clocks=[_clock_view(c, complaint, now, calendar) for c in clocks if c.ended_at is None],
        demands=known.demands,
        engagement=open_engagement or (engagements[-1] if engagements else None),
        engagements=engagements,
        offers=case_settlement.offers_of(offers, answers, promises),
        obligations=promises,
        matters=matters,
        thread=case_record.thread_of(steps, texts, by_digest, reader=reader),
        confidential=[m for m in confidential if m.side != ENTERPRISE or m.step == "flag_concern"],
        timeline=case_record.timeline_of(steps, by_digest, reader=reader, texts=texts),
        files=files,
        person=case_people.person_of(filed, visibility=visibility),
        may_reveal=may_look,
        shown_until=until,
        contact_accesses=case_record.contact_accesses_of(steps, texts, reader=reader),
        statement=filed.get("consumer_statement", ""),
        spoken=case_people.spoken(complaint, filed),
        demand_note=filed.get("consumer_demand_note", ""),
        facts=case_people.facts_of(complaint, filed, visibility=NONE if is_former else visibility)
        + ([] if side == CONSUMER or is_former else case_people.party_facts(complaint)),
        head=bytes(last.hash).hex(),
        entries=last.sequence,
    )


def steps_of(result: CaseAccess) -> list[HandlingStep]:
    """The entries of the record that this reader may know, by audience and sequence."""
    engagements = _engagements_of(result.complaint, result.viewer if result.side == ENTERPRISE else None)
    return _seen_by(result.side, case_rows.steps[result.side](result.complaint.pk), engagements, result.actor is None)


def rows_of(result: CaseAccess) -> case_rows.CaseRows:
    """What every page of a case is made of; one statement."""
    if result.side == ENTERPRISE:
        return case_rows.of_case[ENTERPRISE](result.complaint.pk, result.viewer.enterprise_id or 0)
    return case_rows.of_case[result.side](result.complaint.pk)


def case_url(complaint: Complaint, side: str = CONSUMER) -> str:
    """The case page of a side."""
    if side == ENTERPRISE:
        return f"/enterprise/cases/{complaint.number}/"
    if side == AUTHORITY:
        return f"/authority/cases/{complaint.number}/"
    return reverse("complaints:case", args=[complaint.number])


def why_url(complaint: Complaint, clock: Deadline) -> str:
    """The page that derives this date; promises and matters are told apart by number."""
    return reverse("complaints:case-why", args=[complaint.number, clock_name(clock)])


def clock_name(clock: Deadline) -> str:
    """negotiation, or performance-2 for the promise number 2."""
    if clock.obligation_id and clock.obligation is not None:
        return f"{clock.clock}-{clock.obligation.ordinal}"
    return str(clock.clock)


def visible_clocks(complaint: Complaint, side: str) -> list[Deadline]:
    """All clocks of the case that this side may know, ended ones too, oldest first."""
    return case_rows.clocks[side](complaint.pk)


def _engagements_of(complaint: Complaint, viewer: Actor | None) -> list[Engagement]:
    """Oldest first; for an enterprise its own only, within its branches."""
    if viewer is None:
        return case_rows.engagements(complaint.pk)
    return _within_branches(case_rows.engagements_of(complaint.pk, viewer.enterprise_id or 0), viewer)


def _within_branches(results: list[Engagement], viewer: Actor | None) -> list[Engagement]:
    """Those of the branches for which ``viewer`` works; all of them where that is nobody of an enterprise."""
    if viewer is None or viewer.branch_ids is None:
        return results
    return [e for e in results if e.branch_id in viewer.branch_ids]


def matters_of(complaint: Complaint, side: str, known: Iterable[Matter] | None = None) -> dict[str, Matter]:
    """Open ones by kind, of each the newest. ``known``: all of them, where they were read."""
    return {
        m.kind: m
        for m in (case_rows.open_matters(complaint.pk) if known is None else known)
        if m.audience == Audience.PARTIES or m.audience == side
    }


def _seen_by(
    side: str, results: list[HandlingStep], engagements: Sequence[Engagement], is_former: bool
) -> list[HandlingStep]:
    if side != ENTERPRISE:
        return results
    return [row for row in results if row.step == "file" or any(_within(row, e, is_former) for e in engagements)]


def _within(row: HandlingStep, engagement: Engagement, is_former: bool) -> bool:
    """An enterprise reads from the day it got the case; a former one until it gave it up. While the case is still
    against it, it stays a party: what the authority does is shown."""
    if row.written_at < engagement.from_at:
        return False
    ends = engagement.until_at
    if ends is None:
        return True
    if not is_former and engagement.odr_result != "returned":
        return True
    return row.happened_at <= ends


def _names(complaint: Complaint, steps: Iterable[HandlingStep]) -> dict[str, str]:
    """Organisations in the reader's language; those that only took a step are read for English."""
    known = [complaint.enterprise, complaint.branch, complaint.picked_enterprise, complaint.picked_branch]
    result = {row.name: named(row) for row in (*known, complaint.handling_authority) if row is not None}
    others = {name for step in steps for name in (step.organisation, step.data.get("escalated_to", ""))} - {"", *result}
    return result | names_of(others)


def names_of(organisations: set[str]) -> dict[str, str]:
    """Names as they stand in records, in the reader's language; nothing is read for Chinese, in which they stand."""
    if not organisations or reads_chinese():
        return {}
    return {
        row.name: named(row)
        for model in (Authority, Branch, Enterprise)
        for row in model.objects.filter(name__in=organisations)
    }


def _clock_view(clock: Deadline, complaint: Complaint, now: datetime, calendar: Calendar) -> ClockView:
    url = why_url(complaint, clock)
    facts = clock_facts(deadline=clock, now=now, calendar=calendar, status=complaint.status)
    text = chip(deadline=clock, now=now, calendar=calendar, status=complaint.status)
    return ClockView(
        row=clock, name=wording.label(clock.clock, kind="clock"), text=text.text, facts=facts | {"url": url}, url=url
    )

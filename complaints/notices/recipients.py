"""Who gets a notice, over which channel and in which language: chosen when it is due, not when it was written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.keys import row_tags, sealed_fields
from accounts.models import User
from accounts.roles import Right, posts_of
from accounts.sign_in.contacts import parse_contact
from authorities.models import Officer
from complaints.casefile.case_file import CaseFile
from complaints.models import (
    Complaint,
    Deadline,
    HandlingStep,
    Matter,
    Notice,
    NoticeChoice,
    Offer,
    Participant,
    PersonalText,
)
from complaints.notices.channels import MAIL, SMS, Channels
from complaints.notices.notice_choices import how, wishes_of
from complaints.notices.writing import is_breach, write
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure import working_calendar
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.workflow import TABLE, Audience, Role, Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.record import bulk
from complaints.record.record import Entry
from enterprises.models import Staff

BATCH = 500
#: Of one organisation at most so many people are told of one entry.
MOST = 20
#: In this order (procedure, section 4: portal and short message, then e-mail; a letter is an officer's task).
ORDER = {"consumer": (SMS, MAIL), "enterprise": (MAIL, SMS), "authority": (MAIL, SMS)}
_SUMMARISED = {"remind"}
#: What those who distribute must know, wherever the case lies when it is told.
_FOR_INTAKE = {
    *("refer_to_triage", "lapse_forwarding", "give_consent", "decline_consent", "return_to_intake"),
    *("return_case", "request_return", "lapse_return"),
}


@dataclass(slots=True)
class _Batch:
    """What settling a batch of notices needs, asked for once: the people of its organisations, how everybody wishes to
    be told, where consumers without an account are reached."""

    channels: Channels
    now: datetime
    next_digest: datetime
    staff: dict[int, list[Staff]] = field(default_factory=lambda: defaultdict(list))
    officers: dict[int, list[Officer]] = field(default_factory=lambda: defaultdict(list))
    wishes: dict[int, NoticeChoice] = field(default_factory=dict)
    contacts: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)

    def ids(self) -> Iterator[int]:
        yield from (job.user_id for jobs in self.staff.values() for job in jobs)
        yield from (office.user_id for offices in self.officers.values() for office in offices)


def settle(*, now: datetime, channels: Channels, calendar: Calendar) -> int:
    """Give each due notice its person and channel; how many were settled."""
    with transaction.atomic():
        due_ones = unsettled().filter(send_after__lte=now).select_for_update(of=("self",), skip_locked=True)
        rows = list(due_ones.order_by("send_after", "id").select_related("complaint__officer", "user")[:BATCH])
        if not rows:
            return 0
        today = now.astimezone(SHANGHAI).date()
        more = with_participants(rows, today)
        batch = _Batch(channels, now, working_calendar.next_digest(now, calendar))
        _ask_for_people(batch, rows, today)
        batch.contacts = contacts_of(rows)
        batch.wishes = wishes_of([*(row.user_id for row in (*rows, *more)), *batch.ids()])
        for row in more:
            _choose(row, batch)
        for row in rows:
            more += _settle(row, batch)
        fields = ["user", "channel", "form", "state", "send_after", "last_error", "tag"]
        if in_own_language((row for row in [*rows, *more] if row.channel), now=now):
            fields += ["language", "subject", "body", "short"]
        bulk.update(rows, fields)
        # Somebody may have been told of it by an earlier order to send again.
        Notice.objects.bulk_create(more, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def with_participants(rows: Sequence[Notice], today: date) -> list[Notice]:
    """Copies for each fellow complainant who joined; what a representative would get after the term goes to the
    principal (``user`` of the row is changed). One query where there are such cases, none where there are not."""
    own = [row for row in rows if row.addressee == "consumer" and row.complaint.on_behalf_kind in (JOINT, AGENT)]
    joined: dict[int, list[Participant]] = defaultdict(list)
    if own:
        cases = {row.complaint_id for row in own}
        people = Participant.objects.filter(complaint_id__in=cases, state=Participant.JOINED).select_related("person")
        for person in people.order_by("ordinal"):
            joined[person.complaint_id].append(person)
    more: list[Notice] = []
    for row in own:
        until = row.complaint.represented_until
        others = [person.person for person in joined[row.complaint_id] if person.person_id != row.user_id]
        if until is not None and until < today:
            row.user = others.pop(0) if others else None
        for user in others:
            copy = copy_of(row)
            copy.user = user
            more.append(copy)
    return more


def unsettled() -> QuerySet[Notice]:
    return Notice.objects.filter(state="queued", channel="")


def _settle(row: Notice, batch: _Batch) -> list[Notice]:
    """Changes the row in memory; returns rows for further people."""
    if row.user_id is not None or row.addressee == "consumer":
        wanted = how(row, batch.wishes.get(row.user_id or 0))
        if wanted == "none":
            row.state = "in_portal"
            return []
        _choose(row, batch)
        if wanted == "digest" and row.state == "queued":
            row.form, row.send_after = "digest", batch.next_digest
        return []
    main, heads = _persons(row, batch)
    if not main and not heads:
        row.state, row.last_error = "set_aside", "nobody"
        return []
    rows = [row] + [copy_of(row) for _ in range(len(main) + len(heads) - 1)]
    for each, user in zip(rows, [*main, *heads], strict=True):
        each.user = user
        if user in heads:
            each.form = "summary"
        _choose(each, batch)
        if each.form == "summary" and row.form == "single" and each.state == "queued":
            each.send_after = batch.next_digest
    return rows[1:]


def copy_of(row: Notice) -> Notice:
    values = {f.attname: getattr(row, f.attname) for f in Notice._meta.concrete_fields if not f.primary_key}
    copy = Notice(**values)
    copy.complaint = row.complaint
    return copy


def _choose(row: Notice, batch: _Batch) -> None:
    contact, wish = batch.contacts.get(contact_key(row), {}), batch.wishes.get(row.user_id or 0)
    first = wish.first if wish is not None else ""
    usable = usable_channels(row.addressee, row.user, contact, batch.channels, first=first)
    if usable:
        row.channel = usable[0]
        if (later := working_calendar.not_before(usable[0], batch.now)) > batch.now:
            row.send_after = later
    else:
        row.state, row.last_error = "set_aside", "no_address"


def usable_channels(
    addressee: str, user: User | None, contact: dict[str, str], channels: Channels, *, first: str = ""
) -> list[str]:
    """The channels on which this person can be reached, the first choice first: the person's own, else the usual."""
    order = sorted(ORDER[addressee], key=lambda name: name != first)
    return [name for name in order if channels.takes(name) and address_of(name, user, contact)]


def address_of(channel: str, user: User | None, contact: dict[str, str]) -> str:
    if user is None:
        return contact.get(channel, "")
    if not user.is_active:
        return ""
    return (user.phone if channel == SMS else user.email) or ""


#: Told to where the consumer was reached before it, so that nobody takes a case over unnoticed.
TELLS_BEFORE = "change_contact"


def contact_key(row: Notice) -> tuple[int, int]:
    """Under which key ``contacts_of`` has where this notice goes: (case, entry before which, 0 for now)."""
    return row.complaint_id, row.sequence if row.kind == TELLS_BEFORE else 0


def contacts_of(rows: Iterable[Notice]) -> dict[tuple[int, int], dict[str, str]]:
    """Where consumers without an account can be reached: what the case says of them."""
    wanted = {contact_key(row) for row in rows if row.addressee == "consumer" and row.user_id is None}
    result: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    if wanted:
        kinds = {"consumer_phone": SMS, "consumer_email": MAIL}
        texts = PersonalText.objects.filter(
            complaint_id__in={case for case, _before in wanted}, audience="parties", kind__in=kinds
        )
        contacts = list(texts.order_by("sequence", "id"))
        sealed_fields.load_for(contacts)
        for text in contacts:
            contact = parse_contact(text.text)
            if contact is None or contact.channel != kinds[text.kind]:
                continue
            for case, before in wanted:
                if case == text.complaint_id and (not before or text.sequence < before):
                    result[case, before][contact.channel] = contact.address
    return result


# --- the people of an organisation ------------------------------------------------------------


def _ask_for_people(batch: _Batch, rows: Sequence[Notice], today: date) -> None:
    alone = [row for row in rows if row.user_id is None]
    enterprises = {row.enterprise_id for row in alone if row.addressee == "enterprise"}
    if enterprises:
        jobs = Staff.objects.on(today).filter(enterprise_id__in=enterprises, user__is_active=True)
        for job in jobs.select_related("user").order_by("id"):
            if not row_tags.stands(job):
                continue
            batch.staff[job.enterprise_id].append(job)
    bodies = {row.authority_id for row in alone if row.addressee == "authority"}
    if bodies:
        offices = Officer.objects.on(today).filter(authority_id__in=bodies, user__is_active=True)
        for office in offices.select_related("user").order_by("id"):
            if not row_tags.stands(office):
                continue
            batch.officers[office.authority_id].append(office)


def _persons(row: Notice, batch: _Batch) -> tuple[list[User], list[User]]:
    """Who is told, and which heads get a line; nobody stands in both."""
    if row.addressee == "enterprise":
        main, heads = _of_enterprise(row, batch.staff.get(row.enterprise_id or 0, []))
    else:
        main, heads = _of_authority(row, batch.officers.get(row.authority_id or 0, []))
    if row.kind not in _SUMMARISED and not is_breach(row.kind):
        heads = []
    shown = list(dict.fromkeys(main))[:MOST]
    return shown, [user for user in dict.fromkeys(heads) if user not in shown][:MOST]


def _of_enterprise(row: Notice, staff: list[Staff]) -> tuple[list[User], list[User]]:
    branch = row.complaint.branch_id
    near = [job for job in staff if job.branch_id in (None, branch)]
    leads = Right.LEAD_ENTERPRISE.posts
    managers = [job.user for job in near if job.role in leads] or [job.user for job in staff if job.role in leads]
    # Whoever handles it when the notice is due; a former enterprise has only who handled it then.
    present = (row.complaint.handler_id if row.complaint.enterprise_id == row.enterprise_id else None) or row.staff_id
    if row.kind == "propose":
        # Whoever handles the case is asking.
        approvers = posts_of(TABLE["approve"].by, "enterprise")
        return [job.user for job in near if job.role in approvers and job.role not in leads] + managers, managers
    handler = [job.user for job in staff if present is not None and job.pk == present]
    others = [job.user for job in near or staff if job.role in Right.ANSWER_CASE.posts]
    return handler or managers or others, managers


def _of_authority(row: Notice, officers: list[Officer]) -> tuple[list[User], list[User]]:
    complaint = row.complaint
    distributes = complaint.status in (Status.FILED, Status.TRIAGE) or row.kind in _FOR_INTAKE
    heads = [o.user for o in officers if o.role in Right.LEAD_AUTHORITY.posts]
    own = [o.user for o in officers if complaint.officer is not None and o.user_id == complaint.officer.user_id]
    intake = [o.user for o in officers if o.role in Right.DISTRIBUTE.posts]
    deciding = set(Right.DECIDE_CASE.posts) - set(Right.LEAD_AUTHORITY.posts)
    handlers = [o.user for o in officers if o.role in deciding]
    if row.kind == "escalate":
        return heads or handlers or intake, []
    first, second = (intake, handlers) if distributes else (handlers, intake)
    return (own if not distributes else []) or first or heads or second, heads


def due(*, now: datetime) -> QuerySet[Notice]:
    """Settled notices that may go out now: waiting, or held by a sender that did not come back."""
    rows = Notice.objects.exclude(channel="").filter(
        Q(state="queued") | Q(state="leased", leased_until__lte=now), send_after__lte=now
    )
    return rows.exclude(channel__in=working_calendar.LOUD) if working_calendar.is_quiet(now) else rows


def wait_for_morning(*, now: datetime) -> int:
    """What became loud during a quiet hour waits, and is no backlog."""
    if not working_calendar.is_quiet(now):
        return 0
    loud = Notice.objects.filter(channel__in=working_calendar.LOUD, state="queued", send_after__lte=now)
    return loud.update(send_after=working_calendar.not_before(SMS, now))


def in_own_language(rows: Iterable[Notice], *, now: datetime) -> bool:
    """Write anew what was written in another language than its reader's; whether there was any such row.

    Whoever filed a case reads it in the language chosen with it. A notice of a status that has passed meanwhile no
    longer says what comes next."""
    results = [
        (row, row.user.language)
        for row in rows
        if row.user is not None and row.user.language != row.language and row.user_id != row.complaint.consumer_id
    ]
    if not results:
        return False
    cases, conditions = {row.complaint_id for row, _language in results}, Conditions.at(now)
    steps = HandlingStep.objects.filter(complaint__in=cases, sequence__in={row.sequence for row, _language in results})
    entries = {(one.complaint_id, one.audience, one.sequence): one for one in steps}
    clocks, matters, offers = defaultdict(list), defaultdict(list), defaultdict(list)
    for clock in Deadline.objects.filter(complaint__in=cases).select_related("obligation"):
        clocks[clock.complaint_id].append(clock)
    for matter in Matter.objects.filter(complaint__in=cases, kind="undo", state="open"):
        matters[matter.complaint_id].append(matter)
    for offer in Offer.objects.filter(complaint__in=cases, state="open"):
        offers[offer.complaint_id].append(offer)
    for row, language in results:
        case, one = row.complaint, entries[row.complaint_id, row.audience, row.sequence]
        file = CaseFile(case, row.created_at, conditions, clocks=clocks[case.pk], matters=matters[case.pk])
        file.offers = offers[case.pk]
        write(row, file, _entry_of(one, case), language=language)
    return True


def _entry_of(row: HandlingStep, complaint: Complaint) -> Entry:
    return Entry(
        complaint=complaint,
        step=row.step,
        actor=Actor(role=Role(row.actor_role)),
        happened_at=row.happened_at,
        written_at=row.written_at,
        from_status=row.from_status,
        to_status=row.to_status,
        outcome=row.outcome,
        reason=row.reason,
        audience=Audience(row.audience),
        data=row.data,
        sequence=row.sequence,
    )

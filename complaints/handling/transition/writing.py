"""The open file of one locked case: its rows in memory, and what will be written. Nothing here touches the database but
``open_files`` (reads) and ``write`` (one flush for the whole batch); ``take`` decides what happens in between."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import models

from complaints.casefile import case_file
from complaints.casefile.case_file import CaseFile, is_internal
from complaints.documents import issuing
from complaints.models import (
    AnswerLink,
    CallBack,
    Complaint,
    ConsentRecord,
    Contact,
    Deadline,
    Demand,
    DocumentVersion,
    Engagement,
    Evidence,
    ForwardingDecision,
    InternalNote,
    Matter,
    Obligation,
    Offer,
    OfferAnswer,
    OfficialDocument,
    Participant,
    Reminder,
    RootCause,
)
from complaints.notices import answer_notices, writing
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import HAS_RESPONDENT, LOOK, Audience
from complaints.record import bulk, columns, record, state, words
from complaints.record.moved import named
from database.prepared import CombinedQuery, PreparedQuery

#: Parents before children.
_ORDER: tuple[type[models.Model], ...] = (
    *(Engagement, Demand, Offer, OfferAnswer, Obligation, Contact, InternalNote, Matter, Deadline, Reminder),
    *(ForwardingDecision, Participant, RootCause, OfficialDocument, DocumentVersion, AnswerLink, ConsentRecord),
)
#: What a step may change on a row that already stands.
CHANGES: dict[type[models.Model], tuple[str, ...]] = {
    Complaint: (
        *("status", "outcome", "reason", "is_in_part", "is_not_kept", "is_late", "is_overdue", "status_since"),
        "accepted_refusal",
        *("enterprise", "branch", "handler", "picked_enterprise", "picked_branch", "picked_brand", "returns"),
        *("handling_region", "handling_authority", "officer", "authority_received_at", "represented_until"),
        *("consumer", "consents", "publication_consent", "contact_verified", "linked_group", "facts"),
        *("platform_number", "platform_received_at", "platform_state"),
        *("delivered_at", "closed_at", "next_due_at", "enterprise_due_at"),
        *("last_word", "last_event_at", "last_sequence", "last_hash"),
    ),
    Engagement: (
        *("branch", "until_at", "is_supervised", "is_overdue", "accepted_at", "first_contact_at"),
        *("odr_result", "ended_by", "accepted_refusal", "is_past"),
    ),
    Demand: ("is_settled", "is_given_up"),
    Participant: (
        *("person", "person_key", "name", "phone", "state", "consents"),
        *("agreed_offer", "refused_offer", "answered_at"),
    ),
    Offer: ("state", "answered_at", "questions", "counter_demand", "counter_sums", "decline_reason"),
    Obligation: (
        *("state", "reported_at", "reported_proof", "payment_channel", "confirmed_at", "disputed_at"),
        *("is_late", "due_on", "payee_last4"),
    ),
    Matter: ("subject", "state", "closed_at", "data", "until_at", "to_authority"),
    RootCause: ("cause", "at"),
    OfficialDocument: ("state", "served_consumer_at", "served_enterprise_at"),
    DocumentVersion: ("sha256", "size", "path", "leased_until"),
    AnswerLink: ("revoked_at",),
    CallBack: ("state", "attempts", "officer", "overall", "disagrees", "finding", "ended_at"),
    Deadline: (
        *("state", "due_at", "last_day", "chase_at", "is_provisional", "derivation", "length"),
        *("remaining", "paused_on", "allowance_used", "lapsed_at", "lapse_written_at", "ended_at"),
        *("escalated_to", "escalated_at", "escalate_at", "escalations"),
    ),
}


def _cases(**lock: Any) -> PreparedQuery[Complaint]:
    rows = Complaint.objects.select_for_update(of=("self",), **lock) if lock else Complaint.objects.all()
    return PreparedQuery(lambda ids: rows.filter(pk__any_of=ids).order_by("pk"), list)


_LOOKED_AT, _LOCKED, _FREE = _cases(), _cases(skip_locked=False), _cases(skip_locked=True)
_OWN = (Demand, Engagement, Offer, Obligation)


def _rows_of(model: type[models.Model]) -> PreparedQuery[Any]:
    return PreparedQuery(lambda ids: model._default_manager.filter(complaint_id__any_of=ids).order_by("pk"), list)


#: By the ids of cases: their own rows, open matters, live clocks.
_BELONGING = CombinedQuery(
    *map(_rows_of, _OWN),
    PreparedQuery(lambda ids: Matter.objects.filter(complaint_id__any_of=ids, state="open").order_by("pk"), list),
    PreparedQuery(
        lambda ids: Deadline.objects.filter(
            complaint_id__any_of=ids, state__in=["running", "paused", "lapsed"], ended_at=None
        ).order_by("pk"),
        list,
    ),
)


def open_files(
    ids: Sequence[int], *, now: datetime, conditions: Conditions, skip_locked: bool = False, is_looking: bool = False
) -> list[CaseFile]:
    """Lock the cases (in id order) and read what belongs to them; two statements a batch. ``is_looking``: without the
    lock, for whoever writes nothing."""
    cases = (_LOOKED_AT if is_looking else _FREE if skip_locked else _LOCKED)(list(ids))
    files = {c.pk: CaseFile(complaint=c, now=now, conditions=conditions) for c in cases}
    for file in files.values():
        file.consents_before = case_file.given_consents(file.complaint)
        file.keep_loaded(file.complaint)
    if not files:
        return []
    # Cases of this age alone may be moved: of no other it is asked.
    old = [pk for pk, file in files.items() if (ended := file.complaint.closed_at) and ended < now - named.OLD]
    if old and not is_looking:
        named.bring_back(old, now=now)
    *own, open_matters, live = _BELONGING(list(files))
    for model, rows in zip(_OWN, own, strict=True):
        for row in rows:
            # Whose key its texts lie under is asked of its case.
            row.complaint = files[row.complaint_id].complaint
            files[row.complaint_id].rows[model].append(row)
            files[row.complaint_id].keep_loaded(row)
    for matter in open_matters:
        matter.complaint = files[matter.complaint_id].complaint
        files[matter.complaint_id].matters.append(matter)
        files[matter.complaint_id].keep_loaded(matter)
    matters = {matter.pk: matter for file in files.values() for matter in file.matters}
    for clock in live:
        if clock.matter_id in matters:
            clock.matter = matters[clock.matter_id]
        files[clock.complaint_id].clocks.append(clock)
        files[clock.complaint_id].keep_loaded(clock)
    return list(files.values())


def write(files: Iterable[CaseFile]) -> None:
    """Everything that happened in these files, in one flush; parents first."""
    files = [f for f in files if f.entries or f.added or f.touched]
    if not files:
        return
    issuing.issue(files)
    _read_named(files)
    keys = _keys_of_words(files)
    for file in files:
        file.added[ConsentRecord] += case_file.consent_records(file)
        _carry_state(file, keys)
        if file.conditions.tells:
            for entry in file.entries:
                entry.told = writing.told(file, entry)
    # Before the cases are inserted: they go in once, with the head of their record and their next date.
    entries = record.compose([entry for f in files for entry in f.entries])
    issuing.number_versions(files)
    for file in files:
        _look_ahead(file)
    existing = [f.complaint for f in files if f.complaint.pk is not None]
    opened = [f.complaint for f in files if f.complaint.pk is None]
    added = [[row for f in files for row in f.added.get(model, [])] for model in _ORDER]
    bulk.number([*opened, *chain.from_iterable(added)])
    notices = [notice for f in files if f.conditions.tells for notice in writing.for_file(f)]
    bulk.run_together(
        [
            *bulk.insertion(opened),
            # Rows that stand are changed before new ones come: an old offer makes room first.
            *_changes(files),
            *chain.from_iterable(map(bulk.insertion, added)),
            *entries.insertion(),
            *bulk.change(existing, CHANGES[Complaint]),
            *bulk.insertion(notices),
        ]
    )
    answer_notices.write(files)


def _read_named(files: Sequence[CaseFile]) -> None:
    """The rows of the files that the entries name; whoever files has them already."""
    naming = {
        f.complaint.pk: f for f in files if f.complaint.pk is not None and any(entry.files for entry in f.entries)
    }
    if not naming:
        return
    digests = {digest for file in naming.values() for entry in file.entries for digest in entry.files}
    for row in Evidence.objects.filter(complaint__in=naming, sha256__in=digests).order_by("pk"):
        naming[row.complaint_id or 0].files.append(row)


def _keys_of_words(files: Iterable[CaseFile]) -> dict[UUID, bytes]:
    """The keys of what the flush writes in words."""
    rows = (row for file in files for row in (*_new_rows(file), *_standing_rows(file).values()))
    return words.fetch_keys((columns.BY_MODEL[type(row)], row) for row in rows)


def _standing_rows(file: CaseFile) -> dict[tuple[type[models.Model], int], models.Model]:
    """Rows that the flush may change."""
    return ({} if file.complaint.pk is None else {(Complaint, file.complaint.pk): file.complaint}) | file.touched


def _carry_state(file: CaseFile, keys: Mapping[UUID, bytes]) -> None:
    """What the flush changes of the case's state goes into its last entry of the parties' chain, else its last one: the
    only place where a state is put into the record."""
    new = [[state.base(row, file.base_of), state.whole(row, file.base_of, keys)] for row in _new_rows(file)]
    changed = {}
    for place, row in _standing_rows(file).items():
        columns = state.difference(row, file.loaded[place], file.base_of, keys)
        if columns:
            changed[file.name_of(row)] = columns
    # Said each time that an entry names the file: of one digest there is one.
    changed |= {state.base(row, file.base_of): state.whole(row, file.base_of, keys) for row in file.files}
    delta: dict[str, Any] = {"new": new, "set": changed}
    if file.complaint.pk is None:
        delta["whole"] = True
    if file.stood is not None:
        delta |= {"whole": True, "new": [*file.stood, *new]}
    if not file.entries:
        if not new and not changed:
            return
        # Nothing happened that has a step of its own, as when a new calendar leaves the last day where it was.
        file.enter("keep_state", SYSTEM, Audience.AUTHORITY, {})
    shown = [entry for entry in file.entries if entry.audience == Audience.PARTIES]
    (shown or file.entries)[-1].state = delta


def _new_rows(file: CaseFile) -> Iterable[models.Model]:
    """In the order in which they are inserted."""
    if file.complaint.pk is None:
        yield file.complaint
    for model in _ORDER:
        yield from file.added.get(model, ())


def _changes(files: Iterable[CaseFile]) -> bulk.Writes:
    changed: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for file in files:
        for (model, _), row in file.touched.items():
            if model is not Complaint:
                changed[model].append(row)
    return [call for model, rows in changed.items() for call in bulk.change(rows, CHANGES[model])]


def _look_ahead(file: CaseFile) -> None:
    """For lists: the earliest running clock, the earliest that the enterprise owes, who spoke last, what is overdue."""
    running = [c for c in file.clocks if c.ended_at is None and not is_internal(c) and c.state in ("running", "lapsed")]
    file.complaint.next_due_at = min((c.due_at for c in running), default=None)
    file.complaint.enterprise_due_at = min((c.due_at for c in running if c.owed_by == "enterprise"), default=None)
    file.complaint.is_overdue = any(c.state == "lapsed" for c in running)
    # What only one side knows (a report, a concern, a note) must not show in a date or a version that others read.
    shown = [entry for entry in file.entries if entry.step != LOOK and entry.audience == Audience.PARTIES]
    if shown:
        file.complaint.last_event_at = shown[-1].written_at
    # A filing and what the system wrote are no words to answer.
    spoken = [entry for entry in shown if entry.actor.role != "system" and entry.step != "file"]
    if spoken:
        file.complaint.last_word = spoken[-1].actor.role
    latest = {(time.enterprise_id, time.branch_id): time for time in file.engagements}
    for time in file.engagements:
        is_here = file.status in HAS_RESPONDENT and (time.enterprise_id, time.branch_id) == (
            file.complaint.enterprise_id,
            file.complaint.branch_id,
        )
        is_past = time.until_at is not None and not is_here and latest[time.enterprise_id, time.branch_id] is time
        if time.is_past != is_past:
            file.change(time, is_past=is_past)

"""The state of a case as its entries carry it: which columns are proved, by which names rows are known, and how what
changed is put into an entry and read from it again.

The flush compares each row with what was loaded and hands the difference (a *delta*) to the last entry that it writes
into the parties' chain, else to its last entry. The entry's ``state`` holds the delta sealed with an entry key, and its
hashed text the digest of that, so whoever reads an entry learns nothing of a state that he may not know (an officer, a
report, a proposal). Replay is: open them in order, and the last word on a column wins (complaints/record/comparing.py).

A delta is ``{"at": n, "new": [[base, columns], …], "set": {name: columns}}``; with ``"whole": true`` it begins the
state of a case: what it does not name is empty. ``at`` is the last entry of the parties' chain by then. A row is known
by its ``base``, made of columns that never change (``demand/1``, ``clock/review/2026-11-25T02:00:00.000000Z``). Of
several with one base, in the order in which they were written, the second is ``base#2``; a delta counts from the newest
back, ``base``, ``base~1``. An empty column of a new row is left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db import models as fields
from django.db.models import Model

from complaints import models
from complaints.record.record import canonical, stamp

State = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one table of a case, by what verification does with them.

    ``proved``: entries carry them. ``derived``: recomputed from proved ones and from entries. ``text``: words of a
    person, by their digests in entries, and copies of those words. ``working``: nothing of the case follows from them
    (leases, tries, how somebody is told). ``base``: how a row is known. ``digested``: proved by the digest of their
    JSON. ``begins``: what a row is before a flush first touches it, of those that are made elsewhere."""

    model: type[Model]
    name: str
    base: tuple[str, ...]
    proved: tuple[str, ...]
    derived: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    digested: frozenset[str] = frozenset()
    case: str = "complaint_id"
    begins: tuple[tuple[str, Any], ...] = ()


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TABLES: tuple[Table, ...] = (
    Table(
        models.Complaint,
        "case",
        (),
        _columns(
            "status outcome reason is_in_part is_not_kept is_late accepted_refusal status_since consumer consumer_key"
            " contact_verified enterprise branch picked_enterprise picked_branch picked_brand respondent_named handler"
            " service_region handling_region handling_authority officer authority_received_at returns object_kind"
            " object_category problem_category item_name brand_named amount currency bought_on is_online disputed_on"
            " disputed_on_is_approximate learned_on facts consents consent_version on_behalf_kind represented_until"
            " station station_sees publication_consent platform_number platform_received_at platform_state channel"
            " source external_source external_id absent tracking_digest linked_group received_at filed_at delivered_at"
            " closed_at"
        ),
        derived=_columns(
            "is_overdue next_due_at enterprise_due_at last_word last_event_at last_sequence last_hash"
            " handling_province handling_city handling_county"
        ),
        text=("respondent_details",),
        working=("language",),
        case="id",
    ),
    Table(
        models.Engagement,
        "engagement",
        ("from_at",),
        _columns(
            "enterprise branch until_at is_supervised is_overdue accepted_at first_contact_at odr_result ended_by"
            " accepted_refusal"
        ),
        derived=("is_past",),
        working=("external_ref",),
    ),
    Table(models.Demand, "demand", ("ordinal",), _columns("kind amount party is_settled is_given_up"), text=("note",)),
    Table(
        models.Offer,
        "offer",
        ("number",),
        _columns(
            "enterprise engagement state made_by made_at answered_at measure_id template_version questions"
            " is_replacement grants_nothing decline_reason"
        ),
        text=_columns("message made_by_name counter_demand"),
    ),
    Table(
        models.OfferAnswer,
        "answer",
        ("offer", "demand"),
        _columns("verdict amount is_separable"),
        text=("reason",),
        case="offer__complaint_id",
    ),
    Table(
        models.Obligation,
        "obligation",
        ("ordinal",),
        _columns(
            "enterprise engagement offer answers_demand source settlement kind owed_by amount due_on days_after"
            " after_ordinal state reported_at confirmed_at disputed_at is_late"
        ),
        text=_columns("what payee_last4 proof reported_proof payment_channel"),
    ),
    Table(
        models.Contact,
        "contact",
        ("at",),
        _columns("enterprise engagement channel by reached"),
        text=("by_name", "note"),
    ),
    Table(models.InternalNote, "note", ("at",), _columns("enterprise engagement by"), text=("by_name", "text")),
    Table(
        models.Matter,
        "matter",
        ("kind", "opened_at"),
        _columns(
            "enterprise engagement authority to_authority subject audience state opened_by opened_by_key until_at"
            " closed_at measure_id"
        ),
        text=("data",),
    ),
    Table(
        models.Deadline,
        "clock",
        ("clock", "started_at", "obligation"),
        _columns(
            "matter owed_by state length unit policy_version due_at last_day remaining paused_on allowance_used"
            " lapsed_at lapse_written_at ended_at escalated_to escalated_at escalate_at escalations is_provisional"
            " derivation"
        ),
        working=("chase_at",),
        digested=frozenset({"derivation"}),
    ),
    Table(models.Reminder, "reminder", ("deadline", "mark"), ("at",), case="deadline__complaint_id"),
    Table(
        models.ForwardingDecision,
        "decision",
        ("at",),
        _columns("verdict rule rule_version confidence explanation"),
        text=("note",),
        digested=frozenset({"explanation"}),
    ),
    Table(
        models.Participant,
        "party",
        ("ordinal",),
        _columns("kind person person_key is_representative state consents agreed_offer refused_offer answered_at"),
        text=("name", "phone"),
        # Somebody who is asked gets another link without a step.
        working=("token_digest", "expires_at"),
    ),
    Table(models.RootCause, "cause", ("engagement",), _columns("enterprise cause at")),
    Table(
        models.OfficialDocument,
        "document",
        ("reference",),
        _columns(
            "authority year form number audience to_consumer to_enterprise enterprise engagement issued_at issued_by"
            " second_by state served_consumer_at served_enterprise_at"
        ),
        derived=("sequence",),
    ),
    Table(
        models.DocumentVersion,
        "version",
        ("document", "number"),
        _columns("public_id at digest sha256 size"),
        derived=("sequence",),
        text=("content",),
        working=_columns("path attempts leased_until"),
    ),
    Table(
        models.AnswerLink,
        "link",
        ("made_at",),
        _columns("token_digest delegation channel person_key made_by expires_at revoked_at"),
        text=("phone",),
    ),
    Table(
        models.CallBack,
        "call_back",
        ("month",),
        _columns("state attempts overall disagrees finding ended_at"),
        # The draw is counted again from its seed (complaints/assignment/call_backs.py).
        derived=("authority", "why", "share"),
        working=("officer",),
        begins=(("state", "open"),),
    ),
    Table(
        models.ConsentRecord,
        "consent",
        ("purpose", "enterprise", "at"),
        _columns("person_key is_given text_version channel"),
    ),
)
#: Other tables that hang on a case or on its rows, by their label, and why no column of theirs is replayed.
BESIDE: dict[str, str] = {
    "complaints.HandlingStep": "the entries themselves",
    "complaints.SealedHead": "heads of chains, verified with the seals",
    "complaints.PersonalText": "text: by the digests in entries",
    "complaints.PersonDigest": "derived from texts, by a key; by what somebody is looked for",
    "complaints.CaseWords": "derived by the database from the name of the thing and from who had the case",
    "complaints.Evidence": "text: files, by the digests in entries",
    "complaints.Upload": "working: files on their way",
    "complaints.Notice": "working: letters about entries, and how they went",
    "complaints.NoticeOrder": "working: who had a letter sent again",
    "complaints.WebhookDelivery": "working: messages about entries",
    "complaints.Dossier": "working: copies for somebody, made of entries",
    "complaints.Reading": "working: up to where somebody has read",
    "complaints.OfferDraft": "working: what somebody has typed and not sent",
    "complaints.LawEffect": "working: trials of a change of the law",
    "oversight.Tally": "derived: counted from entries",
}
BY_MODEL: dict[type[Model], Table] = {table.model: table for table in TABLES}


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    """As the database gives it back."""
    return json.loads(json.dumps(value))


def _json_digest(value: Any) -> str:
    return hashlib.sha256(canonical(_json(value)).encode()).hexdigest()


def _plain(column: fields.Field[Any, Any], *, digested: bool) -> Callable[[Any], Any]:
    """How a value of this column, which is not empty, stands in a delta."""
    match column:
        case fields.DateTimeField():
            return stamp
        case fields.DateField():
            return date.isoformat
        case fields.DecimalField():
            return lambda value: f"{Decimal(value):.{column.decimal_places}f}"
        case fields.UUIDField():
            return lambda value: str(value if isinstance(value, UUID) else UUID(value))
        case fields.BinaryField():
            return lambda value: bytes(value).hex()
        case fields.JSONField():
            return _json_digest if digested else _json
        case fields.CharField() | fields.TextField():
            return str
    return _same


@dataclass(frozen=True, slots=True)
class Column:
    """One proved column: ``attribute`` of the row, what an empty one holds, and how another value is written. ``to``:
    the table of a row of the same case that it points at."""

    attribute: str
    empty: Any
    plain: Callable[[Any], Any]
    to: Table | None
    name: str


@cache
def columns_of(table: Table) -> tuple[Column, ...]:
    return tuple(_column(table, name) for name in table.proved)


@cache
def base_of(table: Table) -> tuple[Column, ...]:
    return tuple(_column(table, name) for name in table.base)


def _column(table: Table, name: str) -> Column:
    given: Any = table.model._meta.get_field(name)
    to = BY_MODEL.get(given.related_model) if given.is_relation else None
    if given.null:
        empty: Any = None
    elif isinstance(given, fields.JSONField):
        empty = [] if given.default is list else {}
    elif isinstance(given, fields.BooleanField):
        empty = False
    elif isinstance(given, fields.CharField | fields.TextField):
        empty = ""
    elif isinstance(given, fields.IntegerField):
        empty = 0
    else:
        # Always said: a moment, a day.
        empty = None
    plain = _same if given.is_relation else _plain(given, digested=name in table.digested)
    return Column(given.attname, empty, plain, to, name)


#: The base of a row of the same case, by its table and id.
Names = Callable[[Table, int], str]


def base(row: Model, names: Names) -> str:
    """By what a row is known, but for its place among equals."""
    table = BY_MODEL[type(row)]
    return written_base(table, [_value(row, column, names) for column in base_of(table)])


def written_base(table: Table, values: Iterable[Any]) -> str:
    return "/".join([table.name, *("" if value is None else str(value) for value in values)])


def _value(row: Model, column: Column, names: Names) -> Any:
    """The value of one column as a delta says it."""
    if column.to is not None:
        # A row made in this flush has no id yet.
        pointed: Model | None = row._state.fields_cache.get(column.name)
        if pointed is not None:
            return base(pointed, names)
        pk = row.__dict__.get(column.attribute)
        return None if pk is None else names(column.to, pk)
    value = row.__dict__.get(column.attribute)
    return value if value is None or value == column.empty else column.plain(value)


def whole(row: Model, names: Names) -> dict[str, Any]:
    """Every proved column of a row that is not empty."""
    result = {}
    for column in columns_of(BY_MODEL[type(row)]):
        value = _value(row, column, names)
        if value != column.empty:
            result[column.attribute] = value
    return result


def difference(row: Model, before: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The proved columns that are other than they were loaded."""
    now, result = row.__dict__, {}
    for column in columns_of(BY_MODEL[type(row)]):
        attribute = column.attribute
        if attribute in now and now[attribute] != before.get(attribute):
            result[attribute] = _value(row, column, names)
    return result


@dataclass(slots=True)
class Replay:
    """The state of one case while its deltas are read in order. ``is_whole``: it was said from the beginning on."""

    rows: State = field(default_factory=dict)
    is_whole: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    def fold(self, delta: Mapping[str, Any]) -> None:
        """The last word wins."""
        if delta.get("whole"):
            self.rows, self._counts, self.is_whole = {}, {}, True
        for known, columns in delta.get("new", ()):
            self._counts[known] = self._counts.get(known, 0) + 1
            self.rows[nth(known, self._counts[known])] = dict(columns)
        for name, columns in delta.get("set", {}).items():
            known, _mark, back = name.partition(_BACK)
            number = self._counts.get(known, 1) - int(back or 0)
            self.rows.setdefault(nth(known, number), {}).update(columns)


_BACK = "~"


def counted_back(known: str, newer: int) -> str:
    """The name of a row in a delta: so many are newer and known by the same."""
    return f"{known}{_BACK}{newer}" if newer else known


def nth(known: str, number: int) -> str:
    """The name of the ``number``-th row of this base."""
    return known if number == 1 else f"{known}#{number}"

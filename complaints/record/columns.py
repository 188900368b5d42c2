"""Every column of a case by its class: what verification does with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from complaints import models


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of one table of a case, by what verification does with them.

    ``proved``: entries carry them. ``derived``: recomputed from proved ones and from entries (deriving.py; heads of
    chains: verification.py). ``text``: words of a person beside the record, by the marks in deltas (words.py); what
    somebody called a file: sealed for its path alone (commitments.py). ``tagged``: said by a tag in the row, which
    nobody with the database alone can make (commitments.py). ``working``: nothing that was said or decided follows from
    them (leases, tries, how somebody is told). ``base``: how a row is known. ``digested``: proved by the digest of
    their JSON. ``begins``: what a row is before a flush first touches it, of those that are made elsewhere."""

    model: type[Model]
    name: str
    base: tuple[str, ...]
    proved: tuple[str, ...]
    derived: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    tagged: tuple[str, ...] = ()
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
            " is_replacement grants_nothing decline_reason counter_sums"
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
        # Who is called back is drawn, not decided: the house chain says who was (draws.py). Who is to ring changes
        # with who is at work; who rang stands in the entry.
        derived=("authority", "why", "share"),
        working=("officer",),
        begins=(("state", "open"),),
    ),
    Table(
        models.Evidence,
        "file",
        ("sha256", "audience"),
        _columns(
            "kind size media_type copy_type copy_size copy_sha256 thumbnail_sha256 seconds uploaded_at by_body"
            " uploaded_by"
        ),
        text=("name",),
        tagged=_columns("state tag"),
        # A scanner judges the bytes, which the digests prove, and may judge them again.
        working=_columns("draft path copy_path thumbnail_path scan_after scan_tries scanned_at finding"),
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
    "complaints.ArchivedCase": "which cases are moved: by the house chain (moved/named.py)",
    "complaints.HandlingStep": "the entries themselves",
    "complaints.SealedHead": "heads of chains, verified with the seals",
    "complaints.PersonalText": "text: by the digests in entries",
    "complaints.PersonDigest": "working: by what somebody is looked for",
    "complaints.CaseWords": "working: by what a case is looked for, filled by the database",
    "complaints.Upload": "working: files on their way",
    "complaints.Notice": "working: letters about entries; whether they are there, and sent: beside/notices.py",
    "complaints.NoticeOrder": "working: who had a letter sent again",
    "complaints.WebhookDelivery": "working: messages about entries",
    "complaints.Dossier": "working: copies for somebody, made of entries",
    "complaints.Reading": "working: up to where somebody has read",
    "complaints.OfferDraft": "working: what somebody has typed and not sent",
    "complaints.LawEffect": "working: trials of a change of the law",
    "oversight.Tally": "derived: counted from cases and entries, and compared with them each night",
}
BY_MODEL: dict[type[Model], Table] = {table.model: table for table in TABLES}
#: Name of a table → columns of it, as a delta writes them (``officer_id``), that are proved or marked only since an
#: update. Entries of before say nothing of them; from then on each new row is written with them, also where they are
#: empty. So they are compared where an entry speaks of them, and only there.
LATER: dict[str, frozenset[str]] = {"offer": frozenset({"counter_sums"})}

"""What a complaint says when it is filed: one frozen value for every entry point.

The browser, the counter, the importer and the API all hand the same value to the verb `file`; it holds what was said
and nothing that the system decides. A field that was not said is None (or empty), never a guess; a foreign source names
in `absent` the fields that it does not have at all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SELF, GUARDIAN, AGENT, JOINT, HEIR = "self", "guardian", "agent", "joint", "heir"

#: Whoever files by these acts in somebody else's name.
FOR_ANOTHER = (GUARDIAN, AGENT, HEIR)

# The five separate consents; True, False, or not asked (missing key).
SHARE_WITH_ENTERPRISE = "share_with_enterprise"
PASS_TO_REGULATOR = "pass_to_regulator"  # noqa: S105
PUBLISH_MASKED = "publish_masked"
DELEGATED_MEDIATION = "delegated_mediation"
PAUSE_FOR_SETTLEMENT = "pause_for_settlement"
CONSENTS = (SHARE_WITH_ENTERPRISE, PASS_TO_REGULATOR, PUBLISH_MASKED, DELEGATED_MEDIATION, PAUSE_FOR_SETTLEMENT)


@dataclass(frozen=True, kw_only=True)
class DemandRequest:
    """One thing the consumer asks for; `amount` is yuan (or the currency of the case)."""

    kind: str
    amount: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RespondentRequest:
    """Against whom: a pick from the directory, a business in the consumer's own words, or (all empty) left to the
    authority. Every respondent becomes a case."""

    enterprise_id: int | None = None
    branch_id: int | None = None
    brand_id: int | None = None
    named: str = ""
    address: str = ""
    phone: str = ""
    link: str = ""

    @property
    def is_left_to_authority(self) -> bool:
        return self.enterprise_id is None and self.brand_id is None and not self.named


@dataclass(frozen=True, kw_only=True)
class JointParty:
    """One of several complainants besides the one who files (art. 12)."""

    name: str
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class OnBehalf:
    """For whom the person who files speaks, and on what ground. guardian, agent, heir: `principal_*` is the child, the
    client, the deceased. joint: `parties` besides the filer, `representatives` at most two names."""

    kind: str = SELF
    principal_name: str = ""
    principal_phone: str = ""
    relation: str = ""
    powers: str = ""
    valid_until: date | None = None
    #: Whether the power of attorney covers settling, giving up and taking back; None where that was not asked.
    may_settle: bool | None = None
    parties: tuple[JointParty, ...] = ()
    representatives: tuple[str, ...] = ()
    is_declared: bool = False


@dataclass(frozen=True, kw_only=True)
class FilingRequest:
    """The official complaint form (投诉登记表), as said by whoever files. Amounts are exact; dates are local days;
    `received_at` is the moment the complaint reached us by its channel, not the moment it was typed in."""

    received_at: datetime
    #: An officer writes it down: the authority has it from ``received_at`` on, whoever answers first.
    is_at_authority: bool = False
    channel: str = "web"
    language: str = "zh-hans"
    source: str = ""
    #: In which display a person filled in the pages: accounts/display.py; "" where nobody did.
    display: str = ""

    respondents: tuple[RespondentRequest, ...] = (RespondentRequest(),)
    service_region_id: int | None = None

    object_kind: str = ""
    object_category: str = ""
    item_name: str = ""
    brand: str = ""
    amount: Decimal | None = None
    currency: str = "CNY"
    bought_on: date | None = None
    is_online: bool | None = None
    order_no: str = ""
    #: What the sectors' own questions got (sector_files.Question), by code: a text, an ISO day, the code of a choice.
    answers: Mapping[str, str] = field(default_factory=dict)

    problem_category: str = ""
    disputed_on: date | None = None
    disputed_on_is_approximate: bool = False
    learned_on: date | None = None
    place: str = ""
    statement: str = ""
    voice_id: int | None = None
    has_contacted: bool | None = None
    contacted_on: date | None = None
    their_reference: str = ""
    report: str = ""

    demands: tuple[DemandRequest, ...] = ()
    demand_note: str = ""
    evidence_ids: tuple[int, ...] = ()

    consumer_id: int | None = None
    consumer_name: str = ""
    consumer_phone: str = ""
    consumer_email: str = ""
    consumer_address: str = ""
    contact_verified: bool = False
    reply_by: str = ""
    need_help: tuple[str, ...] = ()
    on_behalf: OnBehalf = field(default_factory=OnBehalf)
    #: The station where it was written down, and whether that one still sees how it goes on.
    station_id: int | None = None
    station_sees: bool = False

    consents: Mapping[str, bool] = field(default_factory=dict)
    consent_version: str = ""

    tracking_digest: str = ""
    external_source: str = ""
    external_id: str = ""
    absent: tuple[str, ...] = ()

    def consents_to(self, code: str) -> bool:
        """Silence is no consent."""
        return self.consents.get(code) is True

    def as_json(self) -> dict[str, Any]:
        """JSON primitives only: amounts and moments as text, tuples as lists."""
        plain: dict[str, Any] = _primitive(asdict(self))
        return plain


#: Names that a sector's own question may not have: the form, its screens and a case's facts have them already.
NOT_FOR_QUESTIONS = frozenset(one.name for one in fields(FilingRequest)) | {
    *("name", "phone", "email", "address", "principal", "parties", "representatives", "transcript", "voice"),
    *("voice_only", "voice_written", "is_approximate", "noticed_on", "respondent", "service_region", "consumer"),
    *("is_true", "may_settle", "power_check", "power_confirmed", "published", "rating", "returned_to_intake"),
    *("recused", "pauses", "extended", "has_key", "contact", "delegated", "measure", "urgent", "signs_objected"),
}


def _primitive(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _primitive(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_primitive(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value

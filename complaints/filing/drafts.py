"""The draft: begin, find again, save step by step, throw away. What was typed is saved as it was typed, right or wrong;
judging it is the business of the forms. The key in the cookie never reaches the database, only its digest."""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from accounts.keys import keyring, sealed_fields
from accounts.models import User
from accounts.sign_in.contacts import parse_contact
from complaints.evidence import keeping, limits, storing
from complaints.evidence.keeping import Incoming, StoredFile
from complaints.filing import places
from complaints.filing.demands import DemandsStep
from complaints.filing.forms import EnterpriseStep, Pick, ProblemStep, Step, read_pick
from complaints.filing.people import ConsentsStep
from complaints.filing.steps import STEP_BY_CODE
from complaints.models.evidence import Evidence, EvidenceKind, FilingDraft
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import OBJECT_LABELS
from complaints.procedure.typed_values import KEPT_CHARACTERS, money, visible
from complaints.record import bulk
from database.prepared import PreparedQuery, PreparedValues
from database.row_security import show
from enterprises.directory.answering import Area, BranchFacts, Period, answering_branches
from enterprises.models import Branch, Brand, Enterprise, ServiceArea

#: So long a filed draft leads a second submit to its receipt.
FILED_KEPT_FOR = timedelta(days=7)
RECEIPT_FOR = timedelta(minutes=30)
VALUES_PER_FIELD = 40
#: Fields that take several values.
MANY = {"demand", "need_help"}
OPEN_SHOWN = 5
#: So long before a draft goes, its pages say so.
WARNED_BEFORE = timedelta(days=1)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


_READ, _LOCKED = FilingDraft.objects.all, FilingDraft.objects.select_for_update
_KEPT = {
    to_file: PreparedQuery(lambda pk, now, rows=rows: rows().filter(pk=pk, expires_at__gt=now), uuid.UUID, datetime)
    for to_file, rows in ((False, _READ), (True, _LOCKED))
}
_OWN = {
    to_file: PreparedQuery(
        lambda owner, pk, now, rows=rows: rows().filter(owner_id=owner, pk=pk, expires_at__gt=now),
        *(int, uuid.UUID, datetime),
    )
    for to_file, rows in ((False, _READ), (True, _LOCKED))
}
_OPEN = PreparedQuery(
    lambda owner, now: FilingDraft.objects.open_at(now).filter(owner_id=owner).order_by("-saved_at")[:OPEN_SHOWN],
    *(int, datetime),
)
_ENTITY = PreparedQuery(lambda pk: Enterprise.objects.filter(pk=pk), int)
_BRANCH_OF = PreparedValues(
    lambda pk, enterprise: Branch.objects.filter(pk=pk, enterprise_id=enterprise).values_list("pk"), int, int
)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def kept_for(now: datetime, *, is_owned: bool = False) -> timedelta:
    """How long a draft is kept after it was last saved, by the number in force."""
    name = "draft_days_signed_in" if is_owned else "draft_days"
    return timedelta(days=Conditions.at(now).policies.number(name, None).number)


def begin(*, now: datetime, source: str = "", category: str = "") -> tuple[FilingDraft, str]:
    """A new draft and the key that opens it (for the cookie). `category`: the kind of purchase that was told before the
    draft began; what is none is left out."""
    key = secrets.token_urlsafe(32)
    show(digest_of(key))
    draft = FilingDraft.objects.create(
        key_digest=digest_of(key),
        source=source[:80],
        step="story",
        data={"purchase": {"object_category": [category]}} if category in OBJECT_LABELS else {},
        created_at=now,
        saved_at=now,
        expires_at=now + kept_for(now),
    )
    return draft, key


def of_key(key: str, *, now: datetime, to_file: bool = False) -> FilingDraft | None:
    """The draft that this key opens, filed ones included while they are kept. ``to_file``: locked to the end of the
    transaction, so of two at once the second finds what the first one made of it."""
    if not key or len(key) > 100:
        return None
    draft = show(digest_of(key)).draft
    return _KEPT[to_file].first(draft, now) if draft is not None else None


def of_owner(user_id: int, draft_id: uuid.UUID, *, now: datetime, to_file: bool = False) -> FilingDraft | None:
    """The person's own draft, begun on another device; filed ones and ``to_file`` as above."""
    return _OWN[to_file].first(user_id, draft_id, now)


def open_ones_of(user_id: int, *, now: datetime) -> list[FilingDraft]:
    """What this person has begun and not filed, the last one first."""
    return _OPEN(user_id, now)


def typed_in(posted: Mapping[str, Any], fields: Sequence[str]) -> dict[str, list[str]]:
    """The raw values of these fields, cut only where no form could ever take them."""
    kept: dict[str, list[str]] = {}
    for name in fields:
        values = posted.getlist(name) if hasattr(posted, "getlist") else [posted[name]] if name in posted else []
        shown = [visible(str(value))[:KEPT_CHARACTERS] for value in values[:VALUES_PER_FIELD]]
        if shown:
            kept[name] = shown
    return kept


def save(draft: FilingDraft, *, step: str, typed: Mapping[str, list[str]], now: datetime) -> None:
    """Keeps what was typed at one step and moves the draft's last day on."""
    draft.data[step], draft.step = dict(typed), step
    touch(draft, now=now, fields=["data", "step"])


def touch(draft: FilingDraft, *, now: datetime, fields: Sequence[str] = ()) -> None:
    draft.saved_at = now
    draft.expires_at = now + kept_for(now, is_owned=draft.owner_id is not None)
    draft.save(update_fields=[*fields, "saved_at", "expires_at"])


def own(draft: FilingDraft, *, user_id: int, address: str, now: datetime) -> None:
    """The proven phone (or mailbox) becomes the owner of the draft."""
    draft.owner_id = user_id
    draft.data["proven"] = {"address": [address]}
    touch(draft, now=now, fields=["data", "owner"])


def at_station(draft: FilingDraft, *, station_id: int, clerk_id: int, sees: str, now: datetime) -> None:
    """The draft is written down at a station. Only the station's own page says so; no form field can."""
    draft.data["station"] = {"id": [str(station_id)], "clerk": [str(clerk_id)], "sees": [sees]}
    touch(draft, now=now, fields=["data"])


def station_of(draft: FilingDraft) -> tuple[int, int, bool] | None:
    """(station, its clerk, whether it may follow the case even where it is the respondent's own)."""
    kept = draft.data.get("station")
    return (int(kept["id"][0]), int(kept["clerk"][0]), kept["sees"][0] == "yes") if kept else None


def is_proven(draft: FilingDraft, *addresses: str) -> bool:
    """Whether one of these very addresses was proven; a changed phone is not."""
    proven = draft.data.get("proven", {}).get("address", [])
    return draft.owner_id is not None and any(address and address.lower() in proven for address in addresses)


def values(draft: FilingDraft, step: str) -> MultiValueDict[str, str]:
    return MultiValueDict({name: list(result) for name, result in draft.data.get(step, {}).items()})


def first(draft: FilingDraft, step: str, name: str) -> str:
    result = draft.data.get(step, {}).get(name) or [""]
    return str(result[0])


@dataclass(frozen=True)
class Picked:
    """Whom the draft names from the directory, and who would answer for the region."""

    enterprise: Enterprise
    branch: Branch | None

    @property
    def is_enrolled(self) -> bool:
        return self.enterprise.enrolment == Enterprise.Enrolment.ENROLLED

    @property
    def name(self) -> str:
        return str(self.branch or self.enterprise)


def picked(draft: FilingDraft, *, today: date) -> Picked | None:
    """The pick with its answering branch on this day; routing decides in the end."""
    pick = read_pick(first(draft, "enterprise", "respondent"))
    enterprise = entity_of(draft, pick) if pick else None
    if pick is None or enterprise is None:
        return None
    region = first(draft, "enterprise", "service_region")
    region_id = int(region) if re.fullmatch(r"[0-9]{1,9}", region) else None
    codes = (first(draft, "purchase", "object_category"), first(draft, "problem", "problem_category"))
    categories = tuple(filter(None, codes))
    return Picked(enterprise, answering_branch(pick, today=today, region_id=region_id, categories=categories))


def answering_branch(
    pick: Pick, *, today: date, region_id: int | None, categories: tuple[str, ...] = ()
) -> Branch | None:
    """The one branch that serves the region; without a region, the one that was picked."""
    if region_id is None:
        own = Branch.objects.filter(enterprise_id=pick.enterprise_id)
        return own.filter(pk=pick.branch_id).first() if pick.branch_id else None
    rows = ServiceArea.objects.filter(
        branch__enterprise_id=pick.enterprise_id, region__id__lte=region_id, region__last__gte=region_id
    ).select_related("branch", "region")
    branches = {row.branch_id: row.branch for row in rows}
    facts = {
        key: BranchFacts(key, row.enterprise_id, row.parent_id, Period(row.starts_on, row.ends_on), row.place_id)
        for key, row in branches.items()
    }
    areas = [
        Area(row.branch_id, row.region.pk, row.region.last, row.category, Period(row.starts_on, row.ends_on))
        for row in rows
    ]
    result = answering_branches(areas, facts, region_id=region_id, categories=categories, on=today)
    return branches[result[0]] if len(result) == 1 else None


def entity_of(draft: FilingDraft, pick: Pick) -> Enterprise | None:
    """The entity that was picked, read once for all screens that judge this draft."""
    known: dict[int, Enterprise | None] = draft.__dict__.setdefault("entities", {})
    if pick.enterprise_id not in known:
        known[pick.enterprise_id] = _ENTITY.first(pick.enterprise_id)
    return known[pick.enterprise_id]


def is_known_pick(pick: Pick, *, draft: FilingDraft) -> bool:
    """Whether the directory has this entity, and this branch and brand of it."""
    if entity_of(draft, pick) is None:
        return False
    if pick.branch_id and not _BRANCH_OF(pick.branch_id, pick.enterprise_id):
        return False
    return not pick.brand_id or Brand.objects.filter(pk=pick.brand_id).exists()


def enrolled_name(draft: FilingDraft) -> str:
    """The name to put into the consent (all of them, where there are several respondents); empty when no enrolled
    entity was picked."""
    chosen = [first(draft, "enterprise", "respondent"), *draft.data.get("others", {}).get("respondent", [])]
    entities = [entity_of(draft, pick) for value in chosen if (pick := read_pick(value))]
    return "、".join(str(one) for one in entities if one and one.enrolment == Enterprise.Enrolment.ENROLLED)


def form_of(
    draft: FilingDraft,
    step: str,
    *,
    today: date,
    data: MultiValueDict[str, str] | None = None,
    judged: bool = False,
    **options: Any,
) -> Step:
    """The form of a step with what the draft holds; `judged` shows its errors."""
    kept = values(draft, step)
    if data is None and judged:
        data = kept
    if data is None:
        options["initial"] = {name: kept.getlist(name) if name in MANY else kept.get(name) for name in kept}
    if step == EnterpriseStep.step:
        options.update(place_is_known=places.is_choosable, pick_is_known=partial(is_known_pick, draft=draft))
    if step == ConsentsStep.step:
        options["enterprise_name"] = enrolled_name(draft)
    if step == ProblemStep.step and "voice" in draft.data:
        options["has_voice"] = voice_of(draft) is not None
    if step == DemandsStep.step:
        options["disputed"] = disputed_amount(draft)
    options.setdefault("category", first(draft, "purchase", "object_category"))
    return STEP_BY_CODE[step](data, today=today, **options)


def voice_of(draft: FilingDraft) -> Evidence | None:
    """The statement by voice, while its file lies with the draft."""
    typed = first(draft, "voice", "file")
    return Evidence.objects.filter(draft=draft, pk=int(typed)).first() if typed.isdecimal() else None


def examined_voice(upload: Incoming) -> StoredFile:
    """A recording of at most 3 minutes, bound to nothing yet. Raises EvidenceRefused; then nothing is kept."""
    kept = keeping.examined(upload, longest=limits.VOICE_SECONDS + limits.VOICE_SLACK)
    if not _is_sound(kept):
        kept.drop()
        raise limits.refused("no_sound", upload.name)
    return kept


def _is_sound(file: StoredFile | Evidence) -> bool:
    return file.media_type.startswith("audio/") or (file.media_type == "video/mp4" and not file.thumbnail_path)


def take_voice(draft: FilingDraft, upload: Incoming, *, uploaded_by: int | None, now: datetime) -> Evidence:
    """Keeps a recording of at most 3 minutes as the statement, in place of an earlier one. Raises EvidenceRefused."""
    longest, kind = limits.VOICE_SECONDS + limits.VOICE_SLACK, EvidenceKind.RECORDING
    row = keeping.receive(upload, draft=draft, kind=kind, uploaded_by=uploaded_by, now=now, longest=longest)
    if not _is_sound(row):
        keeping.remove(row)
        raise limits.refused("no_sound", upload.name)
    drop_voice(draft, now=now)
    draft.data["voice"] = {"file": [str(row.pk)]}
    touch(draft, now=now, fields=["data"])
    return row


def drop_voice(draft: FilingDraft, *, now: datetime) -> None:
    earlier = voice_of(draft)
    if earlier is not None:
        keeping.remove(earlier)
    if draft.data.pop("voice", None):
        touch(draft, now=now, fields=["data"])


def disputed_amount(draft: FilingDraft) -> Decimal | None:
    """The amount in dispute, if it is one; an amount of 0 says that the dispute is not about money paid."""
    try:
        return money(first(draft, "purchase", "amount"))
    except ValidationError:
        return None


def tracking_token(draft: FilingDraft, key: str) -> str:
    """128 bits, the same again for whoever holds the draft's key; kept nowhere. 26 characters of Crockford's alphabet,
    in groups of five for reading aloud."""
    secret = hmac.new(settings.SECRET_KEY.encode(), f"tracking:{draft.pk}:{key}".encode(), "sha256").digest()
    number = int.from_bytes(secret[:16], "big")
    letters = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(26)))
    return "-".join(letters[start : start + 5] for start in range(0, 26, 5))


def tracking_digest(token: str) -> str:
    """What the case keeps of the token; reads O as 0 and I, L as 1."""
    plain = "".join(letter for letter in token.upper() if letter.isalnum())
    return hashlib.sha256(plain.translate(str.maketrans("OIL", "011")).encode()).hexdigest()


def mark_filed(draft: FilingDraft, *, numbers: Sequence[str], now: datetime) -> None:
    """The draft's text is gone and its key too; what stays leads a second submit to the same receipt."""
    draft.data, draft.filed_as, draft.filed_at = {}, list(numbers), now
    draft.saved_at, draft.expires_at = now, now + FILED_KEPT_FOR
    bulk.update([draft], ["data", "filed_at", "filed_as", "saved_at", "expires_at"])
    keyring.forget([draft.pk])


def throw_away_expired(*, now: datetime, limit: int = 500) -> int:
    """Deletes drafts past their day, with their files. Returns how many."""
    return _throw_away(FilingDraft.objects.expired_at(now).order_by("expires_at")[:limit])


def throw_away_of(user: User | None, addresses: Collection[str]) -> int:
    """Deletes the drafts of this account, and those that are nobody's and name one of these phones or mailboxes; with
    their files. Returns how many. Reads every draft that is nobody's: they are few, and gone within days."""
    nobodys = list(FilingDraft.objects.filter(owner=None, filed_at=None))
    sealed_fields.load_for(nobodys)
    named = [draft for draft in nobodys if not addresses_in(draft).isdisjoint(addresses)]
    return _throw_away([*named, *(FilingDraft.objects.filter(owner=user) if user is not None else ())])


def addresses_in(draft: FilingDraft) -> set[str]:
    """Phones and mailboxes typed in it, as typed and in the one written form."""
    typed = {value for step in draft.data.values() for field in step.values() for value in field}
    return typed | {contact.address for one in typed if (contact := parse_contact(one)) is not None}


def _throw_away(rows: Iterable[FilingDraft]) -> int:
    expired = list(rows)
    for draft in expired:
        paths = [path for row in draft.evidence.all() for path in row.paths]
        keyring.forget([draft.pk])
        draft.delete()
        storing.drop(*paths)
    return len(expired)

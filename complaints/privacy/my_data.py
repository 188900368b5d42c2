"""What the portal holds about one person, for that person: to read, to take along, to be rid of. It answers for the
person asked about and touches no other; what the law makes us keep is kept and said (PIPL arts 44 to 50)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import retention
from accounts.models import User
from complaints import models
from complaints.casefile import case_file
from complaints.privacy import erasing, people, terms
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import LOOK, Status
from complaints.wording import label

COPIED_CASES = 2000


@dataclass(frozen=True, slots=True)
class ConsentHeld:
    """One consent as it stands: the newest row of its purpose and entity in one case."""

    record: models.ConsentRecord
    text: Any
    may_be_taken_back: bool


def cases_of(user: User) -> Iterable[models.Complaint]:
    return models.Complaint.objects.filter(consumer_id=user.pk).exclude(status=Status.DRAFT).order_by("-filed_at")


def consents_of(user: User) -> QuerySet[models.ConsentRecord]:
    """Given under the own key, or in a case that found this account later."""
    found = Q(complaint__consumer=user, person_key=F("complaint__consumer_key"))
    return models.ConsentRecord.objects.filter(Q(person_key=user.person_key) | found)


def current_consents(user: User, *, limit: int = 200) -> list[ConsentHeld]:
    """What holds now, newest case first."""
    subject = ("complaint_id", "purpose", "enterprise_id")
    given = consents_of(user).order_by(*subject, "-id")
    rows = models.ConsentRecord.objects.filter(pk__in=given.distinct(*subject).values("pk"))
    newest = rows.select_related("complaint", "enterprise").order_by("-complaint__filed_at", "complaint_id", "id")
    return [
        ConsentHeld(
            record,
            case_file.CONSENT_LABELS.get(record.purpose, record.purpose),
            record.is_given and record.purpose in case_file.REVOCABLE and record.complaint.status != Status.CLOSED,
        )
        for record in newest[:limit]
    ]


def contact_accesses_of(user: User, *, limit: int = 100) -> list[models.HandlingStep]:
    """Who had the contact data shown, newest first."""
    accesses = models.HandlingStep.objects.filter(complaint__consumer_id=user.pk, step=LOOK)
    return list(accesses.select_related("complaint").order_by("-written_at", "-id")[:limit])


def copy_of(user: User, *, now: datetime) -> dict[str, Any]:
    """Everything that this person gave us or that stands under their key, as plain values for JSON."""
    cases = list(cases_of(user)[:COPIED_CASES])  # type: ignore[index]
    ids = [case.pk for case in cases]
    texts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    mine = Q(key_id=user.person_key) | Q(key_id=F("complaint__consumer_key"))
    for text in models.PersonalText.objects.filter(mine, complaint_id__in=ids, audience="parties"):
        texts[text.complaint_id].append({"kind": text.kind, "text": text.text})
    demands: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for demand in models.Demand.objects.filter(complaint_id__in=ids):
        amount = str(demand.amount) if demand.amount is not None else None
        demands[demand.complaint_id].append({"kind": demand.kind, "amount": amount})
    files: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for file in models.Evidence.objects.filter(complaint_id__in=ids, uploaded_by_id=user.pk):
        files[file.complaint_id or 0].append({"name": file.name, "size": file.size, "sha256": file.sha256})
    account = {"name": user.name, "phone": user.phone, "email": user.email, "language": user.language}
    account |= {name: number for name in ("second_phone", "own_phone") if (number := getattr(user, name))}
    consents = consents_of(user)
    return {
        "made_at": now.isoformat(),
        "account": account | {"since": user.created_at.isoformat()},
        "notices": models.NoticeChoice.objects.filter(pk=user.pk).values("first", "reminders", "progress").first(),
        "complaints": [
            {
                "number": case.number,
                "status": label(case.status),
                "filed_at": case.filed_at.isoformat(),
                "closed_at": case.closed_at.isoformat() if case.closed_at else None,
                "about": case.item_name,
                "against": case.respondent_named,
                "amount": str(case.amount or ""),
                "you_said": texts.get(case.pk, []),
                "you_asked_for": demands.get(case.pk, []),
                "your_files": files.get(case.pk, []),
            }
            for case in cases
        ],
        "consents": [
            {
                "complaint": row.complaint.number,
                "purpose": row.purpose,
                "given": row.is_given,
                "to": row.enterprise.name if row.enterprise else None,
                "text": row.text_version,
                "at": row.at.isoformat(),
            }
            for row in consents.select_related("complaint", "enterprise")
        ],
        "drafts": [draft.data for draft in models.FilingDraft.objects.filter(owner_id=user.pk, filed_at=None)],
        "who_looked": [
            {
                "complaint": access.complaint.number,
                "at": access.written_at.isoformat(),
                "organisation": access.organisation,
            }
            for access in contact_accesses_of(user)
        ],
    }


def kept_until(user: User, *, now: datetime) -> datetime:
    """When the last duty to keep ends; now for somebody without a case."""
    return erasing.kept_until(people.find(user.person_key), now=now)


def kept_unasked_until(user: User, *, now: datetime) -> datetime | None:
    """When this person is erased without asking, if he never signs in again; None while a case is open and for who has
    none."""
    found = people.find(user.person_key)
    return now + terms.kept_for(now) if found.cases and not found.open_cases.exists() else None


def has_joint_cases(user: User) -> bool:
    """Whether something that others wrote stays after this person, for another consumer of the same case."""
    return erasing.joint_cases(people.find(user.person_key)) > 0


def close_account(user: User, *, now: datetime) -> datetime:
    """Close it: what no duty keeps goes at once, the rest is restricted. Raises StepNotAllowed while a case is open.

    Returns until when data are kept."""
    found = people.find(user.person_key)
    if found.open_cases.exists():
        raise StepNotAllowed("open_cases", "open cases")
    until = erasing.kept_until(found, now=now)
    with transaction.atomic():
        erasing.restrict(found, until=until, now=now)
        retention.close(user, now=now)
    return until

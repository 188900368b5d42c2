"""Erasing a person, and throwing away once a day what was only needed for a while.

The key is destroyed and what it closed is emptied; the record still verifies. Nothing is erased while somebody has a
duty to keep it (accounts/retention.py), and it is gone from old archives too: none holds a key (odr_portal/backup). The
entries stay with their digests, whose salts are gone; files of evidence have a term of their own.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts import retention, security_log
from accounts.keys import keyring
from accounts.models import AccountClosing, OutgoingMessage, User
from accounts.retention import delete_some, throw_away_done
from complaints import models
from complaints.documents import printing
from complaints.dossier import asking
from complaints.evidence import storing
from complaints.filing import drafts
from complaints.links.tracking import WITHIN
from complaints.procedure.refusals import StepNotAllowed
from complaints.settlement import offer_terms
from complaints.stations import stations
from complaints.tables.platform import platform_files
from complaints.tables.round_trip import asking as round_trip
from complaints.webhooks import deliveries
from enterprises.enrolment import enrolling

#: Opens to nothing and is not empty: a refusal must have a reason, also when its words are gone.
_WORDLESS = b"\x00"


def erase_due(*, now: datetime, limit: int) -> int:
    """Everybody whose account was closed and whose term is over. How many were erased."""
    erased = 0
    for user in retention.due(now=now, limit=limit):
        if not _open_cases(user.person_key).exists():
            erase(user.person_key, now=now)
            erased += 1
    return erased


def erase(person: UUID, *, now: datetime, reason: str = "term_over") -> None:
    """Raises StepNotAllowed while a case is open or a term runs. ``reason``: a code, for the security log."""
    user = User.objects.filter(person_key=person).first()
    running = AccountClosing.objects.filter(user=user, destroy_after__gt=now).first() if user else None
    if running is not None:
        raise StepNotAllowed("kept", f"kept until {running.destroy_after:%Y-%m-%d}")
    if _open_cases(person).exists():
        raise StepNotAllowed("open_cases", "a case is open")
    with transaction.atomic():
        keys = [person, *_found_keys(user)]
        for key in keys:
            _empty_cases(key)
        models.RecordedName.objects.filter(person_key__in=keys).exclude(sealed=b"").update(sealed=b"")
        OutgoingMessage.objects.filter(person_key__in=keys).delete()
        if user is not None:
            _empty_user(user, now=now)
        keyring.destroy(keys, now=now)
        security_log.note("person_erased", now=now, subject=str(person), reason=reason)


def _open_cases(person: UUID) -> Any:
    return models.Complaint.objects.filter(Q(consumer_key=person) | Q(consumer__person_key=person)).open()


def _found_keys(user: User | None) -> list[UUID]:
    """Of cases that were filed without this account and found it by their number: their words lie under own keys."""
    if user is None:
        return []
    cases = models.Complaint.objects.filter(consumer=user).exclude(consumer_key=user.person_key)
    return sorted(set(cases.values_list("consumer_key", flat=True)))


def _empty_cases(person: UUID) -> None:
    models.PersonalText.objects.filter(key_id=person).exclude(sealed=b"").update(sealed=b"")
    cases = list(models.Complaint.objects.filter(consumer_key=person).values_list("pk", flat=True))
    models.Complaint.objects.filter(pk__in=cases).update(respondent_details=b"")
    models.Demand.objects.filter(complaint_id__in=cases).update(note=b"")
    models.Offer.objects.filter(complaint_id__in=cases).update(message=b"", counter_demand=b"")
    models.OfferAnswer.objects.filter(offer__complaint_id__in=cases).exclude(reason=b"").update(reason=_WORDLESS)
    models.OfferDraft.objects.filter(complaint_id__in=cases).delete()
    models.Obligation.objects.filter(complaint_id__in=cases).update(
        what=b"", payee_last4=b"", proof=b"", reported_proof=b"", payment_channel=b""
    )
    models.Contact.objects.filter(complaint_id__in=cases).update(note=b"")
    models.InternalNote.objects.filter(complaint_id__in=cases).update(text=b"")
    models.Matter.objects.filter(complaint_id__in=cases).update(data=b"")
    models.ForwardingDecision.objects.filter(complaint_id__in=cases).exclude(note=b"").update(note=b"")
    models.Evidence.objects.filter(complaint_id__in=cases).update(name=b"")
    models.PersonDigest.objects.filter(complaint_id__in=cases).delete()
    asking.destroy(list(models.Dossier.objects.filter(complaint_id__in=cases)))
    printing.destroy_prints(models.DocumentVersion.objects.filter(complaint_id__in=cases))
    models.AnswerLink.objects.filter(complaint_id__in=cases).update(phone=b"")
    models.Participant.objects.filter(Q(complaint_id__in=cases) | Q(person_key=person)).update(name=b"", phone=b"")
    models.StationEntry.objects.filter(person_key=person).update(problem=b"", phone=b"")


def _empty_user(user: User, *, now: datetime) -> None:
    models.FilingDraft.objects.filter(owner=user, filed_at=None).delete()
    models.SavedView.objects.filter(user=user).delete()
    models.OfferDraft.objects.filter(user=user).delete()
    asking.destroy(list(models.Dossier.objects.filter(asked_by=user)))
    models.Offer.objects.filter(made_by__user=user).update(made_by_name=b"")
    models.Contact.objects.filter(by__user=user).update(by_name=b"")
    models.InternalNote.objects.filter(by=user).update(by_name=b"")
    for rows in (user.browser_sessions, user.second_factors, user.recovery_codes):
        rows.all().delete()
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(
        is_active=False, name=b"", email=None, phone=None, email_index=None, phone_index=None, password=user.password
    )
    AccountClosing.objects.filter(user=user).update(destroyed_at=now)


EVERY = timedelta(days=1)
BATCH = 500
#: Messages that a program of an enterprise has taken.
SENT_KEPT_FOR = timedelta(days=30)
#: Up to where somebody has read a case, after it was closed.
READ_KEPT_FOR = timedelta(days=90)
#: The row that says when a day's work was finished.
MARK = "retention"


def sweep_expired(*, now: datetime) -> int:
    """How many rows went; 0 when it was done within the last day, and when nothing is left."""
    if models.Heartbeat.objects.filter(name=MARK, at__gt=now - EVERY).exists():
        return 0
    thrown = drafts.throw_away_expired(now=now, limit=BATCH)
    thrown += throw_away_done(now=now, limit=BATCH)
    thrown += delete_some(models.TrackingTry.objects.filter(at__lte=now - WITHIN), limit=BATCH)
    thrown += erase_due(now=now, limit=BATCH // 10)
    old = enrolling.throw_away_old(now=now, limit=BATCH)
    storing.drop(*(path for paths in old for path in paths))
    thrown += len(old)
    thrown += stations.forget(now=now, limit=BATCH)
    thrown += offer_terms.throw_away_old_drafts(now=now, limit=BATCH)
    thrown += round_trip.forget(now=now, limit=BATCH)
    thrown += platform_files.forget(now=now, limit=BATCH)
    thrown += delete_some(models.Reading.objects.filter(complaint__closed_at__lte=now - READ_KEPT_FOR), limit=BATCH)
    thrown += deliveries.throw_away_sent(before=now - SENT_KEPT_FOR, limit=BATCH)
    if thrown == 0:
        models.Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return thrown

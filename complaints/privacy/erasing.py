"""Erasing a person, and throwing away once a day what was only needed for a while.

The key is destroyed and what it closed is emptied; the record still verifies, and its house chain says which key ended
and what went with it. Nothing is erased while somebody has a duty to keep it: it is restricted until then. It is gone
from old archives too: none holds a key (odr_portal/backup). The entries stay with their digests, whose salts are gone.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts import security_log
from accounts.keys import keyring, sealed_fields
from accounts.models import PHONES_AND_EMAIL, OutgoingMessage, PersonKey, User
from accounts.retention import delete_some, throw_away_done
from accounts.sign_in import codes, limits
from accounts.sign_in.contacts import parse_contact
from complaints import models
from complaints.documents import printing
from complaints.dossier import asking
from complaints.evidence import storing
from complaints.filing import drafts, heard_counts
from complaints.privacy import holds, terms
from complaints.privacy.people import Found, find, last_cases
from complaints.procedure.refusals import StepNotAllowed
from complaints.record import clock, erasures, house
from complaints.record.moved import named
from complaints.record.moved.rows import ArchiveAway
from complaints.settlement import offer_terms
from complaints.stations import stations
from complaints.tables.platform import platform_files
from complaints.tables.round_trip import asking as round_trip
from complaints.webhooks import deliveries
from database.row_security import working_as_steps
from enterprises.enrolment import enrolling

#: Opens to nothing and is not empty: a refusal must have a reason, also when its words are gone.
_WORDLESS = b"\x00"
#: For so long the sweep looks for files of erased people that still lie there.
FILES_LOOKED_FOR = timedelta(days=30)
_BY = {"by_command": "command"}


def joint_cases(found: Found) -> int:
    """In how many cases another consumer stands, so that what others wrote there stays for now."""
    return len(found.cases) - len(last_cases(found))


def kept_until(found: Found, *, now: datetime) -> datetime:
    """When the last duty to keep ends: three years (terms.kept_for) after the last case was closed."""
    last: datetime | None = models.Complaint.objects.filter(pk__in=found.cases).aggregate(last=Max("closed_at"))["last"]
    promised = PersonKey.objects.filter(person__in=found.keys).aggregate(last=Max("destroy_after"))["last"]
    if last is None:
        return max(now, promised or now)
    return max(now, last + terms.kept_for(now), promised or now)


def erase_due(*, now: datetime, limit: int) -> int:
    """Everybody whose term is over, asked for or not; nobody while they are unusually many (terms.may_erase). How many
    were erased; each is a transaction of its own, so whoever is killed in between goes on with the next."""
    erased = 0
    if not terms.may_erase(now=now):
        return erased
    for person in terms.over(now=now):
        if erased == limit:
            break
        # A case may have been opened again, or be held; another machine may have been faster; the archive may be away.
        with suppress(StepNotAllowed, ArchiveAway):
            erase(person, now=now, is_asked=False)
            erased += 1
    return erased


def erase(person: UUID, *, now: datetime, reason: str = "term_over", is_asked: bool = True) -> None:
    """Destroy this person's keys and empty what they closed. ``reason``: a code, for the record and the security log;
    ``is_asked``: off where nobody asked for it.

    Raises StepNotAllowed for an unknown key (``unknown_person``), while a case is open (``open_cases``) or may still be
    opened by an undo (``undo_window``), under a hold (``held``), while a term runs (``kept``), while the account is in
    use and nobody asked (``in_use``), and while the clock of this machine is not trusted (``clock``)."""
    found = find(person)
    _refuse(found, now=now)
    until = kept_until(found, now=now)
    if not clock.time_may_act():
        raise StepNotAllowed("clock", "the clock of this machine is not trusted; see manage.py confirm_clock")
    if until > now:
        raise StepNotAllowed("kept", f"kept until {until:%Y-%m-%d}")
    with transaction.atomic():
        _lock(found)
        if not is_asked and not terms.is_unused(found.user, now=now):
            raise StepNotAllowed("in_use", "the account is in use")
        # What lies in the archive is emptied too: here, and there when it is moved again.
        named.bring_back(list(found.cases), now=now)
        last = last_cases(found)
        keys, files = [*found.keys, *(case.case_key for case in last)], _files_that_go(found, last)
        _empty(found, last)
        keyring.destroy(keys, now=now)
        erasures.note(keys, reason=reason, by=_BY.get(reason, "system"), now=now, files=files)
        security_log.note("person_erased", now=now, subject=str(person), reason=reason)


def _lock(found: Found) -> None:
    """Two machines that erase the same person at once: the second finds nobody any more."""
    rows = PersonKey.objects.select_for_update().filter(person__in=found.keys).order_by("pk")
    if any(row.destroyed_at for row in rows if row.pk == found.keys[0]):
        raise StepNotAllowed("unknown_person", "this person was erased just now")


def ask(person: UUID, *, now: datetime, reason: str) -> datetime:
    """Erase as soon as no term runs: now, or restricted now and destroyed when it is over. When that is.

    Raises StepNotAllowed as ``erase`` does, but for a running term."""
    found = find(person)
    _refuse(found, now=now)
    until = kept_until(found, now=now)
    if until <= now:
        erase(person, now=now, reason=reason)
    else:
        restrict(found, until=until, now=now)
        security_log.note("person_restricted", now=now, subject=str(person), reason=reason)
    return until


@working_as_steps()
def restrict(found: Found, *, until: datetime, now: datetime) -> None:
    """What is kept by a duty is shown to nobody from now on; what no duty keeps goes at once."""
    with transaction.atomic():
        _forget_what_waits(found)
        keys = [*found.keys, *(case.case_key for case in last_cases(found, restricts=True))]
        keyring.restrict(keys, until=until, now=now)
        keyring.lift(holds.shown(now=now).intersection(keys))


def _refuse(found: Found, *, now: datetime) -> None:
    hold = holds.of(found, now=now)
    if hold is not None:
        raise StepNotAllowed("held", f"a hold ({hold.ground}) stands until {hold.until}: see /administration/holds/")
    if found.open_cases.exists():
        raise StepNotAllowed("open_cases", "a case is open")
    undo = models.Matter.objects.filter(complaint__in=found.cases, kind="undo", state="open", until_at__gt=now)
    last = undo.aggregate(last=Max("until_at"))["last"]
    if last is not None:
        raise StepNotAllowed("undo_window", f"a step may be undone until {last:%Y-%m-%d %H:%M} (UTC)")


def _files_that_go(found: Found, last: list[models.Complaint]) -> dict[UUID, erasures.Files]:
    """By the key with which they go: those that he sent himself, and all of cases without another consumer."""
    own = models.Evidence.objects.none()
    if found.user is not None:
        own = models.Evidence.objects.filter(uploaded_by=found.user, complaint__in=found.cases)
        own = own.exclude(complaint__in=last).select_related("complaint").order_by("pk")
    his = [[row.complaint.number, row.sha256] for row in own if row.complaint is not None]
    return {found.keys[0]: his} | erasures.files_of(last)


def drop_files(*, now: datetime) -> int:
    """Delete the stored files of what was erased in the last month, as the record names them. How many rows.

    After the erasure was committed, and again with each daily sweep: whoever is killed in between leaves none."""
    gone = 0
    for entry in house.entries("erased").filter(at__gte=now - FILES_LOOKED_FOR):
        for number, sha256 in entry.data.get("files", ()):
            rows = models.Evidence.objects.filter(complaint__number=number, sha256=sha256).exclude(path="")
            for row in rows:
                # The cases of one filing share its files.
                others = models.Evidence.objects.exclude(pk=row.pk)
                if not others.filter(path=row.path).exists():
                    storing.drop(*row.paths)
                models.Evidence.objects.filter(pk=row.pk).update(path="", copy_path="", thumbnail_path="")
                gone += 1
    return gone


def _empty(found: Found, last: list[models.Complaint]) -> None:
    _forget_what_waits(found)
    models.PersonalText.objects.filter(key_id__in=found.keys).exclude(sealed=b"").update(sealed=b"")
    models.RecordedName.objects.filter(person_key__in=found.keys).exclude(sealed=b"").update(sealed=b"")
    own = models.Complaint.objects.filter(consumer_key__in=found.keys)
    own.update(respondent_details=b"")
    models.Demand.objects.filter(complaint__in=own).update(note=b"")
    models.Offer.objects.filter(complaint__in=own).update(counter_demand=b"")
    models.Obligation.objects.filter(complaint__in=own).update(payee_last4=b"", payment_channel=b"")
    models.Evidence.objects.filter(complaint__in=own).update(name=b"")
    _empty_cases(last)
    asking.destroy(list(models.Dossier.objects.filter(complaint_id__in=found.cases)))
    models.Participant.objects.filter(person_key__in=found.keys).update(name=b"", phone=b"")
    models.StationEntry.objects.filter(person_key__in=found.keys).update(problem=b"", phone=b"")
    if found.user is not None:
        _empty_user(found.user)


def _empty_cases(last: list[models.Complaint]) -> None:
    """What others wrote in cases that have no consumer any more."""
    cases = [case.pk for case in last]
    own = [case.case_key for case in last]
    models.PersonalText.objects.filter(key_id__in=own).exclude(sealed=b"").update(sealed=b"")
    models.Offer.objects.filter(complaint_id__in=cases).update(message=b"")
    models.OfferAnswer.objects.filter(offer__complaint_id__in=cases).exclude(reason=b"").update(reason=_WORDLESS)
    models.OfferDraft.objects.filter(complaint_id__in=cases).delete()
    models.Obligation.objects.filter(complaint_id__in=cases).update(what=b"", proof=b"", reported_proof=b"")
    models.Contact.objects.filter(complaint_id__in=cases).update(note=b"")
    models.InternalNote.objects.filter(complaint_id__in=cases).update(text=b"")
    models.Matter.objects.filter(complaint_id__in=cases).update(data=b"")
    models.ForwardingDecision.objects.filter(complaint_id__in=cases).exclude(note=b"").update(note=b"")
    models.Evidence.objects.filter(complaint_id__in=cases).update(name=b"")
    printing.destroy_prints(models.DocumentVersion.objects.filter(complaint_id__in=cases))
    models.AnswerLink.objects.filter(complaint_id__in=cases).update(phone=b"")
    models.Participant.objects.filter(complaint_id__in=cases).update(name=b"", phone=b"")


def _forget_what_waits(found: Found) -> None:
    """What no duty keeps: drafts, codes, waiting messages, counted tries, sessions, and by what he is found."""
    addresses = _addresses(found)
    models.PersonDigest.objects.filter(complaint_id__in=found.cases).delete()
    OutgoingMessage.objects.filter(person_key__in=found.keys).delete()
    nobodys = OutgoingMessage.objects.filter(person_key=None)
    sealed_fields.load_for(nobodys)
    OutgoingMessage.objects.filter(pk__in=[row.pk for row in nobodys if row.address in addresses]).delete()
    codes.forget(addresses)
    limits.forget([*addresses, *([str(found.user.pk)] if found.user else [])])
    models.RoundTripRow.objects.filter(case_id__in=found.cases).update(said=b"")
    drafts.throw_away_of(found.user, addresses)
    if found.user is None:
        return
    user = found.user
    models.NoticeChoice.objects.filter(pk=user.pk).delete()
    models.SavedView.objects.filter(user=user).delete()
    models.OfferDraft.objects.filter(user=user).delete()
    asking.destroy(list(models.Dossier.objects.filter(asked_by=user)))
    for rows in (user.browser_sessions, user.second_factors, user.recovery_codes, user.account_changes):
        rows.all().delete()
    user.house_phones.all().delete()
    user.decision_parts.all().delete()


def _addresses(found: Found) -> set[str]:
    """Phones and mailboxes of this person, as typed and in the one written form."""
    said = list(
        models.PersonalText.objects.filter(key_id__in=found.keys, kind__in=("consumer_phone", "consumer_email"))
    )
    named = list(models.Participant.objects.filter(person_key__in=found.keys))
    sealed_fields.load_for([*said, *named])
    typed = {text.text for text in said} | {row.phone for row in named}
    if found.user is not None:
        typed |= {getattr(found.user, name) or "" for name in PHONES_AND_EMAIL}
    written = {contact.address for one in typed if (contact := parse_contact(one)) is not None}
    return (typed | written) - {""}


def _empty_user(user: User) -> None:
    models.Offer.objects.filter(made_by__user=user).update(made_by_name=b"")
    models.Contact.objects.filter(by__user=user).update(by_name=b"")
    models.InternalNote.objects.filter(by=user).update(by_name=b"")
    user.set_unusable_password()
    addresses = dict.fromkeys(f"{name}{part}" for name in PHONES_AND_EMAIL for part in ("", "_index"))
    User.objects.filter(pk=user.pk).update(is_active=False, name=b"", password=user.password, **addresses)


EVERY = timedelta(days=1)
BATCH = 500
#: Messages that a program of an enterprise has taken.
SENT_KEPT_FOR = timedelta(days=30)
#: Up to where somebody has read a case, after it was closed.
READ_KEPT_FOR = timedelta(days=90)
#: The row that says when a day's work was finished.
MARK = "retention"


def look_again() -> None:
    """The day's work is not done: what waited for two persons is looked at with the next sweep."""
    models.Heartbeat.objects.filter(name=MARK).delete()


def sweep_expired(*, now: datetime) -> int:
    """How many rows went; 0 when it was done within the last day, and when nothing is left."""
    if models.Heartbeat.objects.since(now - EVERY, now=now).filter(name=MARK).exists():
        return 0
    thrown = drafts.throw_away_expired(now=now, limit=BATCH)
    thrown += throw_away_done(now=now, limit=BATCH)
    thrown += erase_due(now=now, limit=BATCH // 10)
    thrown += drop_files(now=now)
    thrown += holds.restrict_again(now=now)
    old = enrolling.throw_away_old(now=now, limit=BATCH)
    storing.drop(*(path for paths in old for path in paths))
    thrown += len(old)
    thrown += heard_counts.forget(limit=BATCH)
    thrown += stations.forget(now=now, limit=BATCH)
    thrown += offer_terms.throw_away_old_drafts(now=now, limit=BATCH)
    thrown += round_trip.forget(now=now, limit=BATCH)
    thrown += platform_files.forget(now=now, limit=BATCH)
    thrown += delete_some(models.Reading.objects.filter(complaint__closed_at__lte=now - READ_KEPT_FOR), limit=BATCH)
    thrown += deliveries.throw_away_sent(before=now - SENT_KEPT_FOR, limit=BATCH)
    if thrown == 0:
        models.Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return thrown

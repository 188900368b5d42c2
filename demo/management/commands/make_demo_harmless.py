"""manage.py make_demo_harmless: nobody of a demo can sign in any more, in a database that becomes a real portal."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import security_log
from accounts.keys import row_tags
from accounts.models import (
    PHONES_AND_EMAIL,
    Administrator,
    BrowserSession,
    HousePhone,
    RecoveryCode,
    SecondFactor,
    User,
)
from authorities.models import Officer
from complaints.models import Complaint
from enterprises.models import ApiToken, Invitation, Staff, StationStaff, WebhookEndpoint

STAYS = (
    "Their rows stay, switched off and without password, phone and mailbox: the record of {cases} cases names them. "
    "These cases, the enterprises of the demo and their figures stay too, and deadlines of open cases run on. "
    "A portal for real people is better begun in an empty database."
)


class Command(BaseCommand):
    help = "End every account of a demo: switched off, no password, factor, session, token, job, office or duty left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="without this nothing is done")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        if settings.DEMO:
            raise CommandError("This is a demo (DEMO is on), whose people are meant to sign in: unset DEMO first.")
        people = list(User.objects.filter(is_demo=True).order_by("pk"))
        if not people:
            self.stdout.write("Nobody of a demo is in this database.")
            return
        if not yes:
            raise CommandError(f"This ends {len(people)} accounts and cannot be undone: say --yes.")
        with transaction.atomic():
            ended = _end(people)
        self.stdout.write(
            f"Ended {len(people)} accounts of a demo: " + ", ".join(f"{count} {what}" for what, count in ended.items())
        )
        self.stdout.write(STAYS.format(cases=Complaint.objects.filter(consumer__is_demo=True).count()))


def _end(people: list[User]) -> dict[str, int]:
    """How many of each kind were ended; one transaction."""
    now = timezone.now()
    last_day = timezone.localdate(now) - timedelta(days=1)
    whose = {"user__is_demo": True}
    ended = {
        "sessions": BrowserSession.objects.filter(**whose).delete()[0],
        "second factors": SecondFactor.objects.filter(**whose).delete()[0],
        "recovery codes": RecoveryCode.objects.filter(**whose).delete()[0],
        "tokens": ApiToken.objects.filter(**whose, revoked_at=None).update(revoked_at=now),
        "webhooks": WebhookEndpoint.objects.filter(created_by__is_demo=True)
        .exclude(state="off")
        .update(state="off", paused_until=None),
        "invitations": Invitation.objects.filter(
            invited_by__is_demo=True, used_at=None, revoked_at=None, expires_at__gt=now
        ).update(revoked_at=now),
        "duties": Administrator.objects.filter(**whose).delete()[0],
        "jobs and offices": sum(_end_jobs(model, last_day) for model in (Staff, Officer, StationStaff)),
    }
    addresses = dict.fromkeys(f"{name}{part}" for name in PHONES_AND_EMAIL for part in ("", "_index"))
    User.objects.filter(is_demo=True).update(is_active=False, password=make_password(None), **addresses)
    HousePhone.objects.filter(user__is_demo=True).delete()
    row_tags.write(list(User.objects.filter(is_demo=True)))
    for user in people:
        if user.is_active:
            security_log.note("account_off", now=now, subject=str(user.person_key), reason="make_demo_harmless")
    return ended


def _end_jobs(model: Any, last_day: Any) -> int:
    rows = model.objects.filter(user__is_demo=True).exclude(ends_on__lte=last_day)
    rows.filter(starts_on__gt=last_day).update(starts_on=last_day)
    return int(rows.update(ends_on=last_day))

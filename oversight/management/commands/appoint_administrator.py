"""manage.py appoint_administrator EMAIL KIND [--name NAME]: the first holder of each of the three duties."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import security_log
from accounts.models import BrowserSession, User
from accounts.sign_in.contacts import known_user, parse_contact
from enterprises.team.team import TeamRefusal
from oversight.administration.duties import AT, KINDS
from oversight.administration.duty_changes import appoint_first


class Command(BaseCommand):
    help = (
        "Appoint the first system, security or audit administrator, once for each duty; further ones are proposed by a"
        " security administrator, agreed to by one of another duty, and in office a day later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("kind", choices=KINDS, nargs="?", default=None)
        parser.add_argument("--name", default="", help="for a new account")
        parser.add_argument(
            "--only-account",
            action="store_true",
            help="appoint nobody: make the account of a further administrator, or give it a password if it has none",
        )

    def handle(
        self, *args: Any, email: str, kind: str | None, name: str, only_account: bool = False, **options: Any
    ) -> None:
        contact = parse_contact(email)
        if contact is None or contact.channel != "email":
            raise CommandError("Write an e-mail address.")
        if only_account == bool(kind):
            raise CommandError(f"Write one of {', '.join(KINDS)}, or --only-account.")
        now = timezone.now()
        with transaction.atomic():
            user = known_user(contact)
            if user is None:
                user = User.objects.create_user(contact.address, name=name or contact.address)
            password = "" if user.has_usable_password() else secrets.token_urlsafe(18)
            if password:
                # Who came in by a code alone until now proves more from now on.
                user.set_password(password)
                user.save(update_fields=["password"])
                BrowserSession.objects.filter(user=user).delete()
                security_log.note(
                    "password_changed", now=now, organisation=AT, subject=str(user.person_key), reason="command"
                )
            if kind:
                try:
                    appoint_first(user, kind, now=now)
                except TeamRefusal as refusal:
                    raise CommandError(f"{refusal}: a security administrator proposes others.") from None
        self.stdout.write(
            f"{contact.address} is {kind} administrator." if kind else f"{contact.address} has an account."
        )
        if password:
            self.stdout.write(f"Password, shown once, to be changed after the first sign-in: {password}")

"""manage.py appoint_administrator EMAIL KIND [--name NAME]: the first holder of each of the three duties."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Administrator, User
from accounts.sign_in.contacts import known_user, parse_contact
from enterprises.team.team import TeamRefusal
from oversight.administration.duties import KINDS, appoint


class Command(BaseCommand):
    help = "Appoint the first system, security or audit administrator; those after are appointed on the pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("--name", default="", help="for a new account")

    def handle(self, *args: Any, email: str, kind: str, name: str, **options: Any) -> None:
        contact = parse_contact(email)
        if contact is None or contact.channel != "email":
            raise CommandError("Write an e-mail address.")
        now = timezone.now()
        with transaction.atomic():
            if Administrator.objects.filter(kind=kind, user__is_active=True).exists():
                raise CommandError(
                    f"There is a {kind} administrator already: a security administrator appoints others."
                )
            user, password = known_user(contact), ""
            if user is None:
                password = secrets.token_urlsafe(18)
                user = User.objects.create_user(contact.address, password, name=name or contact.address)
            try:
                appoint(user, kind, by=None, now=now)
            except TeamRefusal as refusal:
                raise CommandError(str(refusal)) from None
        self.stdout.write(f"{contact.address} is {kind} administrator.")
        if password:
            self.stdout.write(f"Password, shown once, to be changed after the first sign-in: {password}")

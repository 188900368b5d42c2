"""manage.py issue_token EMAIL --scopes …: a token for a program of this person, printed once.

The secret goes to standard output and nowhere else.
"""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import security_log
from accounts.models import User
from authorities.models import Officer
from enterprises.programs.tokens import SCOPES, issue
from enterprises.team.staffing import at_work


class Command(BaseCommand):
    help = "Print a new API token of a person (by e-mail or phone)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="EMAIL", help="e-mail (or phone, as +86…) of the person")
        parser.add_argument("--scopes", required=True, help=f"joined by commas: {', '.join(SCOPES)}")
        parser.add_argument(
            "--as",
            dest="place",
            choices=["enterprise", "authority", "own"],
            default="",
            help="for which of the person's places; without it the one that there is",
        )
        parser.add_argument("--name", default="issue_token", help="what it is for")
        parser.add_argument("--days", type=int, default=90, help="how long it opens (at most 366)")
        parser.add_argument("--addresses", default="", help="networks it may come from, joined by commas")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        user = person(options["address"])
        enterprise, authority = _place(user, options["place"])
        try:
            issued = issue(
                user,
                name=options["name"],
                scopes=_list(options["scopes"]),
                now=now,
                expires_at=now + timedelta(days=options["days"]),
                enterprise_id=enterprise,
                authority_id=authority,
                addresses=_list(options["addresses"]),
            )
        except ValueError as odd:
            raise CommandError(str(odd)) from None
        organisation = str(issued.token.enterprise or issued.token.authority or "")
        security_log.note(
            "token_made", now=now, user=user, subject=issued.token.shown, reason="command", organisation=organisation
        )
        self.stderr.write(
            f"{issued.token.shown}… for {', '.join(issued.token.scopes)} until "
            f"{issued.token.expires_at:%Y-%m-%d}; it is shown only now:"
        )
        self.stdout.write(issued.secret)


def person(address: str) -> User:
    """Raises CommandError when nobody signs in with it."""
    everybody = User.objects.with_email(address) if "@" in address else User.objects.with_phone(address)
    user = next((one for one in everybody if one.may_sign_in), None)
    if user is None:
        raise CommandError("nobody who may sign in has this address")
    return user


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _place(user: User, wanted: str) -> tuple[int | None, int | None]:
    today = timezone.localdate()
    job = at_work(today).filter(user=user).order_by("pk").first()
    office = Officer.objects.on(today).filter(user=user).order_by("pk").first()
    if wanted == "enterprise" or (not wanted and job is not None and office is None):
        if job is None:
            raise CommandError("this person works for no enterprise")
        return job.enterprise_id, None
    if wanted == "authority" or (not wanted and office is not None and job is None):
        if office is None:
            raise CommandError("this person holds no office")
        return None, office.authority_id
    if not wanted and job is not None:
        raise CommandError("this person has two places: say --as enterprise or --as authority")
    return None, None

"""manage.py demo_sign_ins: who may sign in as what in the demonstration."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.demo import DEMO_DOMAIN, demo_people, work_of
from demo.people import CAST, PASSWORD


class Command(BaseCommand):
    help = "Print the sign-ins of the demo data; prints nothing where there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            return
        addresses = {f"{part.address}@{DEMO_DOMAIN}": part for part in CAST}
        people = [person for person in demo_people() if person.email in addresses]
        lines = []
        for person in people:
            part = addresses[person.email or ""]
            way = f"password {PASSWORD}" if part.role else f"code to {person.email}, read at /demo/mail/"
            what = f"{part.role}, {work_of(person)}" if part.role else "consumer"
            lines.append(f"{person.email:<24} {way:<52} {what}")
        if lines:
            self.stdout.write("Demo sign-ins (or one click at /account/sign-in/):")
            self.stdout.write("\n".join(f"  {line}" for line in lines))

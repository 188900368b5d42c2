"""manage.py erase_person PERSON: destroy the key of somebody whose data nobody has to keep any longer."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.privacy import erasing, people
from complaints.procedure.refusals import StepNotAllowed


class Command(BaseCommand):
    help = "Erase a person by the person key that stands in the record and in the security log. It cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", type=UUID, help="the person key")
        parser.add_argument("--yes", action="store_true", help="without this nothing is done")

    def handle(self, *args: Any, person: UUID, yes: bool, **options: Any) -> None:
        if not yes:
            raise CommandError("What is erased is gone, from every backup too: say --yes.")
        now = timezone.now()
        try:
            joint = erasing.joint_cases(people.find(person))
            until = erasing.ask(person, now=now, reason="by_command")
        except StepNotAllowed as refused:
            raise CommandError(f"Nothing was erased: {refused}.") from None
        if until > now:
            self.stdout.write(
                f"Restricted on {timezone.localdate(now)}: shown to nobody from now on. A duty to keep runs: "
                f"destroyed on {timezone.localdate(until)}, by the daily sweep."
            )
        else:
            erasing.drop_files(now=now)
            self.stdout.write("Erased. The record still verifies: manage.py verify_record")
        if joint:
            self.stdout.write(
                f"Joint cases: {joint}. What others wrote there stays until the last consumer is erased: "
                "tell the person."
            )

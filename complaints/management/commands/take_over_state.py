"""manage.py take_over_state, once after an update: prove the state of cases from before entries carried it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.handling import taking_over
from complaints.models import Complaint
from complaints.record import house
from complaints.record.beside import directory
from complaints.record.verification import verify

#: Exit code: whatever is whole was taken over, other cases were named and left out.
LEFT_OUT = 3


class Command(BaseCommand):
    help = (
        "Verify the record; then give each case of before an entry that carries its whole state. Cases in which"
        " something was found are named and left out (exit code 3). May be stopped, and begun again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify()
        if report.more:
            raise CommandError("Too many findings to leave out the cases that have them: look at verify_record first.")
        found = list(report.findings)
        taken = after = 0
        while ids := taking_over.left(after):
            after = ids[-1]
            found += taking_over.told_otherwise(ids)
            broken = {finding.case for finding in found}
            numbers = dict(Complaint.objects.filter(pk__in=ids).values_list("pk", "number"))
            whole = [pk for pk in ids if numbers[pk] not in broken]
            taken += taking_over.take_over(whole, now=timezone.now()) if whole else 0
            self.stderr.write(f"{taken} cases")
        if taken:
            # Since when the state of old cases is proved.
            house.write("state_taken_over", {"cases": taken}, by="command", now=timezone.now())
        named = directory.take_over(now=timezone.now())
        for finding in found:
            self.stdout.write(f"LEFT OUT {finding}")
        self.stdout.write(f"The state of {taken} cases was taken over.")
        if named:
            self.stdout.write(f"The names of {named} rows of the directory were taken over as they stand.")
        if found:
            raise SystemExit(LEFT_OUT)

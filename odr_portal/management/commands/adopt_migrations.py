"""manage.py adopt_migrations: takes over a database that was made by the migrations before these.

Django_migrations is changed only when the whole record is unbroken and every line of the schema is as
expected, all in one transaction.
"""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from complaints.management.commands.verify_record import FOUND
from database import old_series


class Command(BaseCommand):
    help = "Verify the record of an older database, compare its schema, mark the new series of migrations as applied."

    def handle(self, *args: Any, **options: Any) -> None:
        if not old_series.stands(connection):
            self.stdout.write("There is nothing to do: this database is not of the old series.")
            return
        if left_out := old_series.left_out(connection):
            raise CommandError(
                f"This database has not reached {', '.join(left_out)}: migrate it to the end of the old series first, "
                "with the portal that made it. Nothing was changed."
            )
        try:
            call_command("verify_record", alone=True, stdout=self.stdout)
        except SystemExit as ended:
            if ended.code == FOUND:
                raise CommandError("The record is broken, as said above. Nothing was changed.") from None
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("lock table django_migrations in exclusive mode")
            if differences := old_series.differences(connection):
                self.stdout.write("\n".join(differences))
                raise CommandError(
                    f"The schema differs in {len(differences)} lines: - is missing, + is too many. Nothing was changed."
                )
            gone, come = old_series.rename(connection)
        self.stdout.write(
            f"The schema is as expected: {gone} old migrations were replaced by {come} that make the same tables. "
            "Go on with `manage.py migrate`."
        )

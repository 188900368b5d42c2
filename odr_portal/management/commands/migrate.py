"""manage.py migrate, as Django's, but it stops before a database of the series before (database/old_series.py)."""

from typing import Any

from django.core.management.base import CommandError, no_translations
from django.core.management.commands import migrate
from django.db import connections

from database import old_series


class Command(migrate.Command):
    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if old_series.stands(connections[options["database"]]):
            raise CommandError(old_series.WHAT_TO_DO)
        super().handle(*args, **options)

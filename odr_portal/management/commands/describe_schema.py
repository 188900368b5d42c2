"""manage.py describe_schema: what stands in the database, a line an object, to be compared with that of another one."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from database import schema


class Command(BaseCommand):
    help = "Print tables, columns, constraints, indexes, triggers, functions, policies and grants as sorted lines."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(schema.described(connection)))

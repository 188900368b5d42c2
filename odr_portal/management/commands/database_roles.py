"""Prints the SQL with which an administrator prepares a real server. Runs nothing itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from database import roles


class Command(BaseCommand):
    help = "Print the SQL that makes the database and its users on a real PostgreSQL server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="portal")
        parser.add_argument(
            "--no-passwords", action="store_true", help="ask for none: the users come in by the socket (peer)"
        )

    def handle(self, *args: Any, database: str, no_passwords: bool, **options: Any) -> None:
        prepare = [*roles.cluster_statements(), roles.create_database_statement(database)]
        self.stdout.write("-- As an administrator, in any database (psql):")
        self.stdout.write("".join(f"{line};\n" for line in prepare))
        if not no_passwords:
            self.stdout.write(f"-- Then give both a password:\n\\password {roles.OWNER}\n\\password {roles.WEB}\n")
        self.stdout.write(f"-- Then in the database itself:\n\\connect {database}")
        self.stdout.write("".join(f"{line};\n" for line in roles.database_statements(database)))
        self.stdout.write(
            f"-- Then set DATABASE_OWNER_URL=postgresql://{roles.OWNER}:…@host/{database}\n"
            f"--      and DATABASE_URL=postgresql://{roles.WEB}:…@host/{database}"
        )

"""Prints the SQL with which administrators let the counters of a province flow to the nation. Runs nothing itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from oversight.counters import nation
from web import environment


class Command(BaseCommand):
    help = "Print the SQL for a province's database and for the nation's (docs/operations.md, “A portal a province”)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("province", help="two digits (GB/T 2260)")
        parser.add_argument("address", help="of its database as libpq reads it, several hosts with commas")
        parser.add_argument("--database", default="portal", help="its name there")

    def handle(self, *args: Any, province: str, address: str, database: str, **options: Any) -> None:
        environment.province("province", province)
        self.stdout.write(f"-- As an administrator in the database {database} of province {province}:")
        self.stdout.write("".join(f"{line};\n" for line in nation.cell_statements(database)))
        self.stdout.write(f"\\password {nation.LOGIN}\n")
        self.stdout.write(f"-- As an administrator of the nation's server, once:\ncreate database {nation.DATABASE};")
        self.stdout.write(f"\\connect {nation.DATABASE}\n" + "".join(f"{one};\n" for one in nation.table_statements()))
        self.stdout.write("-- And for this province:")
        self.stdout.write(nation.subscription_statement(province, address) + ";")

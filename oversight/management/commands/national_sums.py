"""manage.py national_sums: the counters of each province in the nation's database, beside what its portal says."""

from contextlib import closing
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from oversight.counters import nation
from web import cells


class Command(BaseCommand):
    help = (
        "What the nation counts of each province (CELLS), compared with what that province's portal counts at this"
        " moment. Exit 1: one differs (what was folded a second ago may be on its way); 3: all that answered agree, and"
        " one did not answer."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NATION_URL or not settings.CELLS:
            raise CommandError("NATION_URL (the nation's database) and CELLS (the portals) must be set.")
        differ, away = [], []
        with closing(psycopg2.connect(settings.NATION_URL, connect_timeout=5)) as session, session.cursor() as cursor:
            total = 0
            for province in sorted(settings.CELLS):
                here = nation.sums(cursor, province)
                total += here["received"]
                told = f"{province}: {here['received']} received, {here['closed']} closed, {here['rows']} rows"
                try:
                    there = cells.tell(province, reverse("oversight:cell-sums"), {})
                except cells.Away:
                    away.append(province)
                    self.stdout.write(f"{told}; its portal does not answer")
                    continue
                wrong = list(nation.differences(here, there))
                differ += [province] * bool(wrong)
                self.stdout.write(f"{told}; " + (f"DIFFERS: {'; '.join(wrong)}" if wrong else "as its portal says"))
        self.stdout.write(f"country: {total} received")
        if differ or away:
            raise SystemExit(1 if differ else 3)

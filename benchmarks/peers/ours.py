"""The portal, told what to do by `benchmarks.peers`: its own pages through all middleware, without a network.

Arguments: folder of the server and name of the database.
"""

import importlib
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.peers import serving

ZONE = ZoneInfo("Asia/Shanghai")
NATION = 100000000
#: How far away a clock is put that is not due.
FAR = "interval '1000 days'"
RARE_WORD = urlencode({"q": "琉璃"})
PAGES = {
    "list": "/authority/cases/",
    "search": f"/authority/cases/?status=any&{RARE_WORD}",
    "dashboard": "/oversight/",
    "report": "/oversight/compare/?period=year",
}


class Portal:
    def __init__(self, base: ground.Ground) -> None:
        ground.set_up(base)
        self.base = base
        self.now = datetime.now(ZONE)
        self.count = 0
        self.pages: dict[str, Any] = {}

    def fill(self, count: int) -> None:
        from benchmarks.world import watchers
        from benchmarks.world.cases import fill
        from benchmarks.world.patterns import Pattern
        from oversight.counters import making

        if not self.count:
            pattern = Pattern(self.now)
            case = pattern.file()
            pattern.settle(case)
            self.number = case.number
            self.officer = watchers.officer(NATION)
        fill(count - self.count)
        self.count = count
        with ground.as_owner():
            making.rebuild(now=datetime.now(ZONE))
        self.base.settle()
        case = f"/authority/cases/{self.number}/"
        self.pages = {
            job: watchers.page_for(self.officer, path) for job, path in {**PAGES, "open a case": case}.items()
        }

    def ready(self, job: str, calls: int) -> Any:
        from django.conf import settings
        from django.test import Client

        from benchmarks.world.people import ready_to_file

        if job != "file":
            # As the worker does once a minute.
            _count_ahead()
            return self.pages[job]
        from accounts.models import User

        people = ready_to_file(calls, now=datetime.now(ZONE), first=User.objects.count())
        browsers = []
        for one in people:
            client = Client(SERVER_NAME="localhost")
            client.cookies[settings.SESSION_COOKIE_NAME] = one.session
            browsers.append((client, one.draft))
        return browsers

    def work(self, job: str, given: Any) -> None:
        if job != "file":
            answer = given()
            if job in ("list", "search") and "试验商品".encode() not in answer.content:
                raise SystemExit(f"{job} shows nothing")
            return
        client, draft = given.pop()
        agreed = {"share_with_enterprise": "yes", "pass_to_regulator": "yes", "delegated_mediation": "yes"}
        key = {"idempotency_key": f"benchmark-{draft}", "file": "1", "publish_masked": "no"}
        answer = client.post(f"/file/{draft}/check/", agreed | key)
        if answer.status_code != 302 or not answer["Location"].endswith("/receipt/"):
            raise SystemExit(f"the portal answers {answer.status_code} to a filing")

    def backend(self) -> int:
        from django.db import connection

        connection.ensure_connection()
        return int(connection.connection.info.backend_pid)

    def prepare_due(self, count: int) -> None:
        """So many cases whose ten working days of negotiation are over, looked at far from now only."""
        from benchmarks.world.copies import multiply
        from benchmarks.world.patterns import Pattern

        pattern = Pattern(self.now - timedelta(days=60))
        pattern.negotiate(pattern.file())
        multiply(self.base, count)
        self._aside(f"update complaints_deadline set chase_at = chase_at + {FAR} where chase_at is not null")
        self.base.settle()

    def made_due(self, count: int) -> None:
        due = self._aside(
            f"update complaints_deadline set chase_at = chase_at - {FAR} where complaint_id in (select complaint_id"
            f" from complaints_deadline where chase_at > now() + {FAR} / 2 and complaint_id > 1000"
            f" order by complaint_id limit {count}) and chase_at > now() + {FAR} / 2 returning complaint_id"
        )
        self.due = self._entries([pk for (pk,) in due])
        self.base.run("vacuum analyze complaints_deadline")

    def _aside(self, statement: str) -> list[tuple[int]]:
        """Past the triggers that guard the record."""
        with self.base.administrator() as connection, connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            cursor.execute(statement)
            rows = cursor.fetchall() if "returning" in statement else []
        connection.close()
        return rows

    def _entries(self, cases: list[int]) -> dict[int, int]:
        """How many entries the record of each case has."""
        with self.base.administrator() as connection, connection.cursor() as cursor:
            cursor.execute(
                "select complaint_id, count(*) from complaints_handlingstep where complaint_id = any(%s) group by 1",
                [cases],
            )
            rows = dict(cursor.fetchall())
        connection.close()
        return rows

    def escalate(self, part: str) -> None:
        """Two workers share by themselves: what one holds the other skips."""
        importlib.import_module("complaints.handling.transition.take").sweep_clocks(now=datetime.now(ZONE))

    def escalated(self) -> list[int]:
        after = self._entries(list(self.due))
        return [after[case] - before for case, before in self.due.items()]


def _count_ahead() -> None:
    from django.utils import timezone

    from oversight.presenting import ahead

    ahead.sweep(now=timezone.now())


if __name__ == "__main__":
    serving.serve(Portal(ground.Ground(Path(sys.argv[1]), sys.argv[2])))

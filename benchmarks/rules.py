"""What it costs to try a routing rule on 100,000 recorded cases in a worker, beside reading the same rows plainly.

`python -m benchmarks.rules`: half of the cases picked the enterprise, half wrote a name; the rule touches them all, so
each is routed twice. The sweep works piece by piece as the worker runs it. Floor: the same rows and who kept each case,
read in pieces of the same size by plain SQL. Also how far the memory of the process rises, which must not grow with the
cases.
"""

import resource
import sys
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import multiply
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
NAMED = "青禾营业点"
_PLAIN = """
select c.*, e.enterprise_id, e.branch_id, e.accepted_at from complaints_complaint c
left join lateral (select * from complaints_engagement e where e.complaint_id = c.id order by id desc limit 1) e on true
where c.id > %s order by c.id limit 1000
"""


def measure(*, quick: bool) -> list[Figure]:
    count, rounds = (4_000, 2) if quick else (100_000, 3)
    with ground.standing(), ground.database("benchmark_rules") as base:
        ground.set_up(base)
        pattern = Pattern(datetime.now(ZONE) - timedelta(hours=1))
        pattern.negotiate(pattern.file())
        written = pattern.file()
        _write_name(written)
        tell(f"rules: making {count} cases")
        multiply(base, count // 2)
        base.settle()
        change = _change()
        product, floor = [], []
        _try(change, 1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(rounds):
            floor.append(count / timed(_plainly))
            product.append(count / timed(lambda: _try(change, 90)))
            tell(f"rules: round {number + 1}: {count / product[-1]:.1f} s, plainly {count / floor[-1]:.1f} s")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        best = max(product)
        return [
            compared(
                product,
                floor,
                benchmark="rules",
                what=f"a rule tried on {count} cases",
                unit="cases/s",
                floor_is="cases/s, the same rows read plainly",
            ),
            Figure(benchmark="rules", what="seconds for 100,000", value=100_000 / best, unit="s", goal=("≤", 20)),
            Figure(
                benchmark="rules",
                what=f"memory above the first piece after {rounds} × {count}",
                value=grown,
                unit="MiB",
                goal=("≤", 100),
            ),
        ]


def _write_name(case: Any) -> None:
    from complaints.models import Complaint

    Complaint.objects.filter(pk=case.pk).update(picked_enterprise=None, picked_branch=None, respondent_named=NAMED)


def _change() -> Any:
    """A rule of the whole city for all of telecom: every case is touched."""
    from accounts.models import User
    from authorities.models import Region
    from enterprises.models import Enterprise
    from routing.rule_desk import rule_changing

    now = datetime.now(ZONE)
    city = Region.objects.get(code="350100")
    enterprise = Enterprise.objects.get(name="中国电信股份有限公司福建分公司")
    what = dict.fromkeys(rule_changing.COLUMNS) | {
        "priority": 50,
        "named": "",
        "channel": "",
        "category": "service.telecom",
        "region": city.pk,
        "target_enterprise": enterprise.pk,
    }
    return rule_changing.draft(
        kind="set",
        rule=None,
        what=what,
        starts_on=now.date(),
        ends_on=None,
        why="x",
        why_en="",
        by=User.objects.earliest("pk"),
        reach=rule_changing.Reach(((city.pk, city.last),)),
        now=now,
        today=now.date(),
    )


def _try(change: Any, days: int) -> None:
    from routing.rule_desk import rule_changing, trying

    trial = rule_changing.start_trial(change, days=days, by=change.made_by, now=datetime.now(ZONE))
    if days == 1:
        # One piece, so that what is read once is read before memory is looked at.
        trying.work(trial, now=datetime.now(ZONE))
        return
    while trial.state == "running":
        trying.sweep_trials(now=datetime.now(ZONE))
        trial.refresh_from_db()
    if trial.state != "done":
        raise SystemExit(f"the trial {trial.state}")
    if trial.found["touched"] + trial.found["moved"] == 0:
        raise SystemExit("the rule touched nothing")


def _plainly() -> None:
    from django.db import connection

    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_PLAIN, [last])
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]


if __name__ == "__main__":
    sys.exit(publish("rules", measure(quick=arguments(__doc__ or "").quick)))

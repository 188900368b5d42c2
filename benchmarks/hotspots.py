"""What one pass over all cells costs: 3,000 enterprises, all counties, 60 problems, three years of counted complaints.

`python -m benchmarks.hotspots [--quick] [--cases 10000000]`: writes the rows of the tally that a fold would leave (what
was received, and what ended beside it), then looks at a day as the sweep does, beside one scan of the tally; and
finds what ten campaigns did that called 200 enterprises together, each beside 200 others of the country.
"""

import argparse
import statistics
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, publish, tell, timed

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 26)
ENTERPRISES, PROBLEMS, DAYS = 3_000, 60, 3 * 365
CAMPAIGNS, CALLED, CONTROLS = 10, 20, 200
#: Some enterprises and counties have far more than others: the square of a random number chooses.
_FILL = """
with county as (select array_agg(id order by id) as ids from authorities_region where level = 'county')
insert into oversight_tally (complaint_id, kind, ref, day, region, enterprise, problem, object, channel, received,
    ended_settled)
select s.n, k.kind, 0, %(today)s::date - ((%(cases)s - s.n)::bigint * %(days)s / %(cases)s)::int - k.late,
    c.ids[1 + (x.region * x.region * cardinality(c.ids))::int %% cardinality(c.ids)],
       1 + (x.firm * x.firm * %(firms)s)::int %% %(firms)s, 'p'
           || (x.problem * x.problem * %(problems)s)::int %% %(problems)s,
       'o' || (x.object * 30)::int, 'web', k.received, k.ended
from generate_series(1, %(cases)s) s (n)
cross join lateral (select random() as region, random() as firm, random() as problem, random() as object, s.n) x
cross join (values ('received', 0, 1, null::int), ('ended', -8, null, 1)) k (kind, late, received, ended)
cross join county c
"""
#: Campaigns that nobody opened, 14 weeks ago, with the enterprises that they called and those beside them.
_CAMPAIGNS = """
set session_replication_role = replica;
insert into oversight_campaign (id, authority_id, region_id, title, why, sector, problem, chose_first, chose_last,
    figures, state, opened_by_id, opened_at, called_on, "where", attended, minutes, history, controls_of, verdict,
    judgement, publicity, withdrawn_why)
select n, 0, (select id from authorities_region where level = 'country' and country = 'CN'), 't', 'w', '', 'p' || n,
    %(called)s::date - 56, %(called)s::date - 1, '[]', 'called', 0, now(), %(called)s, '', '', '', %(weeks)s,
    'region', '', '', 'none', ''
from generate_series(1, %(campaigns)s) n;
insert into oversight_campaignfirm (campaign_id, enterprise_id, reply)
select n, (n - 1) * %(firms)s + m, '' from generate_series(1, %(campaigns)s) n, generate_series(1, %(firms)s) m;
insert into oversight_campaigncontrol (campaign_id, enterprise_id)
select n, %(campaigns)s * %(firms)s + m from generate_series(1, %(campaigns)s) n, generate_series(1, %(controls)s) m;
"""


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller, to see that all of it works")
    parser.add_argument(
        "--cases", type=int, default=0, help="how many in all; 1,000,000 unless told (50,000 with --quick)"
    )
    return parser.parse_args()


def measure(*, quick: bool, cases: int = 0) -> list[Figure]:
    size = cases or (50_000 if quick else 1_000_000)
    with ground.database("benchmark_hotspots") as base:
        ground.set_up(base)
        from django.db import connection

        from oversight.hot_spots import cells, hotspots
        from oversight.models import HotSpot

        tell(f"hotspots: writing the tally of {size:,} cases")
        with connection.cursor() as cursor:
            for name in ("statement_timeout", "transaction_timeout"):
                cursor.execute(f"set {name} = 0")
            cursor.execute(
                _FILL, {"today": TODAY, "cases": size, "days": DAYS, "firms": ENTERPRISES, "problems": PROBLEMS}
            )
        base.run("vacuum (analyze) oversight_tally")
        now = datetime(TODAY.year, TODAY.month, TODAY.day, 20, tzinfo=ZONE)
        scans = [_scan(connection) for _ in range(3)]
        number = cells.counted(TODAY).number(cells.WEEK)
        counting = timed(lambda: cells.counted(TODAY))
        first = timed(lambda: hotspots.look(TODAY, now=now))
        result = HotSpot.objects.count()
        passes = [timed(lambda: hotspots.look(TODAY, now=now)) for _ in range(3)]
        effects = _effects(base, now)
        return [
            Figure(
                benchmark="hotspots",
                what=f"one pass, {size:,} cases",
                value=statistics.median(passes),
                unit="s",
                goal=("≤", 60),
                floor=statistics.median(scans),
                floor_is="s, one scan of the tally",
                more={"first_s": first, "counting_s": counting, "cells": number, "found": result},
            ),
            Figure(
                benchmark="hotspots",
                what=f"effects of {CAMPAIGNS * CALLED} firms in {CAMPAIGNS} campaigns, {size:,} cases",
                value=effects,
                unit="s",
                goal=("≤", 60),
            ),
        ]


def _effects(base: ground.Ground, now: datetime) -> float:
    """Seconds for both looks at all campaigns, as one sweep does it."""
    from oversight.hot_spots import campaign_effects
    from oversight.models import CampaignEffect

    values = {"called": TODAY - timedelta(weeks=14), "weeks": DAYS // 7 - 14, "campaigns": CAMPAIGNS}
    with base.administrator() as administrator, administrator.cursor() as cursor:
        cursor.execute(_CAMPAIGNS, values | {"firms": CALLED, "controls": CONTROLS})
    seconds = timed(lambda: campaign_effects.sweep(now=now))
    kept = CampaignEffect.objects.count()
    if kept != CAMPAIGNS * len(campaign_effects.LOOKS) * 3:
        raise SystemExit(f"{kept} effects were found")
    return seconds


def _scan(connection: Any) -> float:
    with connection.cursor() as cursor:
        return timed(lambda: cursor.execute("select count(*), sum(received) from oversight_tally"))


if __name__ == "__main__":
    options = asked()
    sys.exit(publish("hotspots", measure(quick=options.quick, cases=options.cases)))

"""What it costs to run recorded clocks under another policy, beside a bare read of the same rows.

`python -m benchmarks.replay`: settled cases, copied (100,000; 10,000 with --quick); the negotiation of each is replayed
with eight working days instead of ten, as the worker does it, effects and progress written. Floor: the same columns of
the same rows streamed in pieces of the same size. Goal: all of them in 60 s (issue 7).
"""

import sys
import tracemalloc
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import multiply
from benchmarks.world.patterns import Pattern

MOST_SECONDS, MOST_MB = 60, 60


def measure(*, quick: bool) -> list[Figure]:
    cases, rounds = (10_000, 3) if quick else (100_000, 5)
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    with ground.database("benchmark_replay") as base:
        ground.set_up(base)
        from complaints.law import changing, working
        from complaints.law.replaying import FIELDS
        from complaints.models import LawChange

        pattern = Pattern(now - timedelta(days=20))
        pattern.settle(pattern.file())
        tell(f"replay: copying {cases} settled cases")
        multiply(base, cases)
        base.settle()

        def asked() -> LawChange:
            return changing.ask_replay(
                by=None,
                authority=None,
                region=None,
                since=now.date() - timedelta(days=365),
                until=now.date(),
                now=now,
                name="negotiation",
                number=1,
            )

        def floor(change: LawChange) -> None:
            after = 0
            while rows := list(working.recorded(change).filter(pk__gt=after).values_list(*FIELDS)[: working.PIECE]):
                after = rows[-1][0]

        whole, floors, seconds = [], [], []
        for _ in range(rounds):
            change = asked()
            seconds.append(timed(lambda change=change: working.work(change, now=now)))  # type: ignore[misc]
            whole.append(change.looked_at / seconds[-1])
            floors.append(change.looked_at / timed(lambda change=change: floor(change)))  # type: ignore[misc]
        if change.looked_at < cases or sum(change.counts.values()) != change.looked_at:
            raise SystemExit(f"not all clocks were replayed: {change.looked_at} of {cases}, {change.counts}")
        tracemalloc.start()
        working.work(asked(), now=now)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return [
        compared(
            whole,
            floors,
            benchmark="replay",
            what=f"recorded clocks under another policy, {change.looked_at:,}",
            unit="/s",
            floor_is="/s, reading them",
            goal=("≥", 0.1),
        ),
        Figure(
            benchmark="replay",
            what=f"all {change.looked_at:,}, the slowest round",
            value=max(seconds),
            unit="s",
            goal=("≤", MOST_SECONDS),
            more={"counts": change.counts},
        ),
        Figure(benchmark="replay", what="memory of one replay", value=peak, unit="MB", goal=("≤", MOST_MB)),
    ]


if __name__ == "__main__":
    sys.exit(publish("replay", measure(quick=arguments(__doc__).quick)))

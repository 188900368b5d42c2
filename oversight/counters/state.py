"""How far the counters are folded, and who may work on them: the row that says it and the lock that everybody takes.

Only one at a time changes counters; whoever comes second waits or leaves it to the first.
"""

from __future__ import annotations

from typing import Any

from complaints.parties.conditions import current_calendar
from oversight.models import RollupState

#: Only one folds; who comes second leaves it to the first.
_LOCK = 0x0F1652


def read_state(*, lock: bool = False) -> RollupState:
    """Whoever only looks writes nothing, before the first fold either."""
    if not lock:
        return RollupState.objects.filter(pk=1).first() or RollupState(pk=1)
    RollupState.objects.bulk_create([RollupState(pk=1)], ignore_conflicts=True)
    return RollupState.objects.select_for_update().get(pk=1)


def calendar_name() -> str:
    """What names the calendar: working days of past spans are counted by it."""
    return current_calendar().version[:200]


def is_alone(cursor: Any) -> bool:
    cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
    return bool(cursor.fetchone()[0])


def wait_alone(cursor: Any) -> None:
    cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def take_time(cursor: Any) -> None:
    """Adding up ten million cases takes longer than a step may."""
    for name in ("transaction_timeout", "statement_timeout"):
        cursor.execute(f"set local {name} = 0")


def take_memory(cursor: Any, *, by_page: bool = False) -> None:
    """Groups and joins of many rows in memory; ``by_page``: rows of many days are read page by page, not each by its
    place.
    """
    for said in ("work_mem = '64MB'", f"enable_indexscan = {'off' if by_page else 'on'}"):
        cursor.execute(f"set local {said}")


def certain_below(cursor: Any) -> tuple[int, int]:
    """(life of the database, transaction below which everything is decided); asked before the entries."""
    cursor.execute("select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint from complaints_event_era")
    era, below = cursor.fetchone()
    return era, below

"""What a word costs in the lists of cases, under the database role of whoever types it, at 1,000,000 cases.

`python -m benchmarks.words`: the ids that a word finds, for an enterprise with a twentieth of the cases, a county and a
province, beside one case by its primary key and beside reading all texts without the index; then the page of the queue
that shows them beside the page of the same rows by their ids. A rare word stands in one case of 2,999 (some twenty of
that enterprise), a frequent one in all.
"""

import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import ground
from benchmarks.lists import _alternating, _bare
from benchmarks.measuring import Figure, arguments, compared, publish, spread, tell
from benchmarks.world import watchers

RARE, FREQUENT = "琉璃", "试验"
COUNTY = 350102000


def measure(*, quick: bool) -> list[Figure]:
    size, rounds = (20_000, 5) if quick else (1_000_000, 11)
    with ground.database("benchmark_words") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill

        tell(f"words: filling {size} cases")
        filled = fill(size)
        base.settle()
        figures = _in_sight(size, filled.large, rounds)
        figures += _queue(size, filled.large, rounds)
        return [*figures, _size()]


def _in_sight(size: int, enterprise: int, rounds: int) -> list[Figure]:
    from django.utils import timezone

    from complaints.models import Complaint
    from database import row_security

    figures = []
    people = {
        "enterprise": (watchers.manager(enterprise), True),
        "county": (watchers.officer(COUNTY), False),
        "province": (watchers.officer(), False),
    }
    for who, (user, is_at_job) in people.items():
        with row_security.seeing_as(user, day=timezone.localdate(), is_at_job=is_at_job):
            pk = Complaint.objects.order_by("pk").values_list("pk", flat=True)[0]
            by_key = partial(_one, "select id, number, status from complaints_complaint where id = %s", pk)

            for word, kind, goal in ((RARE, "a rare word", ("≤", 8.0)), (FREQUENT, "a word that all have", None)):
                by_words = partial(_one, "select cases_with_words(%s, 2000)", word)
                result = by_words()[0]
                product, floors = _alternating(by_words, by_key, rounds)
                figures.append(
                    compared(
                        product,
                        floors,
                        benchmark="words",
                        unit="ms",
                        floor_is="ms, by key",
                        goal=goal,
                        what=f"{who}, {kind}, {'too many' if result is None else len(result)} of {size:,}",
                    )
                )
                figures.append(
                    Figure(
                        benchmark="words",
                        what=f"{who}, {kind}, at the most",
                        value=max(product),
                        unit="ms",
                        goal=("≤", 60),
                        rounds=rounds,
                    )
                )
    whole, indexed = _alternating(
        partial(_one, "select array_agg(complaint_id) from complaints_casewords where strpos(folded, %s) > 0", RARE),
        partial(
            _one,
            "select array_agg(complaint_id) from complaints_casewords where marks @> array[%s, %s]",
            RARE,
            f"e:{enterprise}",
        ),
        3,
    )
    figures.append(
        compared(
            whole,
            indexed,
            benchmark="words",
            what="no index, all texts read",
            unit="ms",
            floor_is="ms, an enterprise's by the index",
            goal=("≥", 200),
        )
    )
    return figures


def _queue(size: int, enterprise: int, rounds: int) -> list[Figure]:
    """The page of the queue with these words, whole, beside the same page by the ids of its rows."""
    from django.utils import timezone

    from complaints.desks import enterprise_workspace as enterprise_workspace
    from complaints.desks import queue_lists
    from complaints.pages.enterprise import queue as enterprise_queue
    from database import row_security

    user, figures = watchers.manager(enterprise), []
    staff = enterprise_workspace.workspace_of(watchers.request_of(user))

    def page(rows: Callable[[], Any], form: Any) -> Callable[[], Any]:
        return lambda: enterprise_queue._open_page(rows(), staff, form, {})

    with row_security.seeing_as(user, day=timezone.localdate(), is_at_job=True):
        everything = queue_lists.asked_for(staff, {})
        for word, kind in ((RARE, "a rare word"), (FREQUENT, "a word that all have"), ("璃", "one character")):
            form = queue_lists.asked_for(staff, {"q": word})
            text = page(partial(queue_lists.open_cases, staff), form)
            shown = [row["complaint"].pk for row in text()[2]]
            keyed = page(partial(_with_ids, staff, shown), everything)
            product, floors = _alternating(text, keyed, rounds)
            sql, sql_floor = _alternating(_bare(text), _bare(keyed), rounds)
            more = {
                "sql_ms": statistics.median(sql),
                "sql_ratio": spread([a / b for a, b in zip(sql, sql_floor, strict=True)]),
            }
            figures.append(
                compared(
                    product,
                    floors,
                    benchmark="words",
                    unit="ms",
                    floor_is="ms, the same rows by key",
                    goal=("≤", 2.5),
                    more=more,
                    what=f"queue by {kind}, {len(shown)} shown, {size:,} cases",
                )
            )
            figures.append(
                compared(
                    sql,
                    sql_floor,
                    benchmark="words",
                    what=f"queue by {kind}, as SQL",
                    unit="ms",
                    floor_is="ms, the same rows by key",
                )
            )
    return figures


def _with_ids(staff: Any, ids: list[int]) -> Any:
    from complaints.desks import queue_lists

    return queue_lists.open_cases(staff).filter(pk__any_of=ids)


def _size() -> Figure:
    """The index beside the table with its key."""
    index, table = _one(
        "select pg_relation_size('cases_by_words'), pg_relation_size('complaints_casewords')"
        " + pg_relation_size('complaints_casewords_pkey')"
    )
    return Figure(
        benchmark="words",
        what="index of words beside its table",
        value=index / 1e6,
        floor=table / 1e6,
        floor_is="MB",
        unit="MB",
        ratio=(index / table, index / table, index / table),
        goal=("≤", 0.7),
    )


def _one(statement: str, *values: Any) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


if __name__ == "__main__":
    sys.exit(publish("words", measure(quick=arguments(__doc__).quick)))

"""What a page of a list costs beside a page of the same rows by primary key, at 10,000 and at 1,000,000 cases.

`python -m benchmarks.lists`: the lists as the views read them (authority: open, closed, overdue; enterprise: open, each
view of the queue, ended), with the rows that they show; the enterprise has a twentieth of all cases, and some lists are
read for one that has half of them besides. Floor: the same rows of 25 cases that a range of ids finds, read by the same
ORM, in slices that alternate. Beside each ratio the same two as bare SQL, without Django around them. The whole page
through the views follows with its number of statements, and how it grows from the small table to the large one.
"""

import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, spread, tell, timed
from benchmarks.world import watchers

CALLS = 10
Look = Callable[[], Any]


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 11
    figures: list[Figure] = []
    with ground.database("benchmark_lists") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill

        whole: dict[int, dict[str, float]] = {}
        done = 0
        for size in (2_000, 20_000) if quick else (10_000, 1_000_000):
            tell(f"lists: filling up to {size} cases")
            filled = fill(size - done)
            done = size
            base.run("checkpoint")
            figures += _lists(size, filled, rounds)
            whole[size] = _whole_pages(size, filled.large, rounds, figures)
        small, large = whole.values()
        for what, milliseconds in large.items():
            times = milliseconds / small[what]
            figures.append(
                Figure(
                    benchmark="lists", what=f"{what}: {done:,} ÷ {min(whole):,}", value=times, unit="×", goal=("≤", 2)
                )
            )
    return figures


def _looks(enterprise: int, middle: int) -> dict[str, tuple[Look, Look]]:
    """The lists of the views, each with the same rows shown of cases that were found by their ids."""
    from complaints.desks import authority_lists, keyset, queue_lists
    from complaints.desks import authority_workspace as authority_workspace
    from complaints.desks import enterprise_workspace as enterprise_workspace
    from complaints.desks.case_query import CaseFilter, narrowed
    from complaints.models import Complaint
    from complaints.pages.enterprise import queue as enterprise_queue

    officer = authority_workspace.workspace_of(watchers.request_of(watchers.officer()))
    staff = enterprise_workspace.workspace_of(watchers.request_of(watchers.manager(enterprise)))

    def by_key(*related: str) -> list[Complaint]:
        return list(Complaint.objects.select_related(*related).filter(pk__gt=middle).order_by("pk")[: keyset.PAGE])

    def page(order: Any, **asked: str) -> Any:
        after = {"after": asked.pop("after")} if "after" in asked else {}
        given = CaseFilter(asked, officers=[], regions=[]).conditions
        cases = narrowed(officer.cases(), given, officer)
        return keyset.page_of(cases, after, order, related=authority_lists.RELATED)

    def authority(order: Any, **asked: str) -> tuple[Look, Look]:
        return (
            lambda: authority_lists.rows_of(page(order, **asked).rows, officer),
            lambda: authority_lists.rows_of(by_key(*authority_lists.RELATED), officer),
        )

    everything = queue_lists.asked_for(staff, {})

    def queue(code: str = "all") -> Look:
        view = queue_lists.VIEWS[code]
        return lambda: enterprise_queue._open_page(view.of(queue_lists.open_cases(staff), staff), staff, everything, {})

    def ours() -> Any:
        return enterprise_queue.rows_of(by_key("handler__user", "branch"), staff)

    return {
        "authority, open": authority(keyset.BY_DUE),
        "authority, open, second page": authority(keyset.BY_DUE, after=page(keyset.BY_DUE).after),
        "authority, overdue": authority(keyset.BY_DUE, overdue="1"),
        "authority, closed": authority(keyset.BY_RECEIPT, status="closed"),
        "enterprise, open": (queue(), ours),
        **{f"enterprise, view {code}": (queue(code), ours) for code in queue_lists.VIEWS if code != "all"},
        "enterprise, ended": (lambda: enterprise_queue._past_page(staff, everything, {}), ours),
    }


#: What is read for the enterprise with half of all cases, too.
OF_THE_BUSIEST = ("open", "view today", "view replied", "ended")


def _lists(size: int, filled: Any, rounds: int) -> list[Figure]:
    from complaints.models import Complaint

    middle = Complaint.objects.order_by("pk")[Complaint.objects.count() // 2].pk
    figures = []
    busiest = {
        f"busiest {what}": looks
        for what, looks in _looks(filled.busiest, middle).items()
        if what.removeprefix("enterprise, ") in OF_THE_BUSIEST
    }
    for what, (look, floor) in {**_looks(filled.large, middle), **busiest}.items():
        product, floors = _alternating(look, floor, rounds)
        sql, sql_floor = _alternating(_bare(look), _bare(floor), rounds)
        ratios = spread([one / other for one, other in zip(sql, sql_floor, strict=True)])
        more = {"sql_ms": statistics.median(sql), "sql_floor_ms": statistics.median(sql_floor), "sql_ratio": ratios}
        name = f"{what}, {size:,} cases"
        figures.append(
            compared(
                product,
                floors,
                benchmark="lists",
                what=name,
                unit="ms",
                floor_is="ms, by key",
                goal=("≤", 2.5),
                more=more,
            )
        )
        figures.append(
            compared(sql, sql_floor, benchmark="lists", what=f"{name}, as SQL", unit="ms", floor_is="ms, by key")
        )
    return figures


def _alternating(one: Look, other: Look, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds a call of both, taken in turn; each median of a few calls."""
    one(), other()
    results: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for look, times in zip((one, other), results, strict=True):
            times.append(statistics.median(timed(look) * 1000 for _ in range(CALLS)))
    return results


def _bare(look: Look) -> Look:
    """The statements of a look without Django around them: sent and fetched."""
    from django.db import connection

    statements: list[tuple[Any, Any]] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        look()
    connection.ensure_connection()
    raw = connection.connection

    def send() -> None:
        with raw.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)
                cursor.fetchall()

    return send


def _whole_pages(size: int, enterprise: int, rounds: int, figures: list[Figure]) -> dict[str, float]:
    pages = {
        "authority's list": watchers.page_for(watchers.officer(), "/authority/cases/"),
        "enterprise's queue": watchers.page_for(watchers.manager(enterprise), "/enterprise/queue/"),
        "enterprise's queue, 100 rows": watchers.page_for(watchers.manager(enterprise), "/enterprise/queue/?size=100"),
        "authority's day": watchers.page_for(watchers.officer(), "/authority/"),
    }
    result = {}
    for what, ask in pages.items():
        statements = watchers.queries_of(ask)
        times = [statistics.median(timed(ask) * 1000 for _ in range(3)) for _ in range(rounds)]
        result[f"{what}, whole page"] = statistics.median(times)
        figures.append(
            Figure(
                benchmark="lists",
                what=f"{what}, whole page, {size:,} cases, {statements} statements",
                value=statistics.median(times),
                unit="ms",
                more={"min_max": [min(times), max(times)]},
                rounds=rounds,
            )
        )
    return result


if __name__ == "__main__":
    sys.exit(publish("lists", measure(quick=arguments(__doc__).quick)))

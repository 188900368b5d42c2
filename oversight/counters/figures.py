"""The figures of a region from the counters: the formulas of oversight/figures/figures.py, put together from sums.

A figure from here is the figure from there. Medians are of buckets: whole days up to 120 and minutes up to 50 are
exact, above that they are wrong by 1 % at the most and said to be about so much. What only single cases can answer is
looked up, and only where there is such a case.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import connection

from database.sql_files import read_sql
from oversight.counters.reads import Counters, Sums, steadily
from oversight.counters.statements import HAPPENED, narrowed
from oversight.counters.sums import TALLY, is_about, quantile, within
from oversight.figures import figures
from oversight.figures.figures import Figure, Measure
from oversight.models import SPREAD

_SQL = read_sql(__file__, tally=TALLY)
PROMISES = tuple(f"promise_{name}" for name in ("due", "kept", "late", "silent", "broken", "waiting"))
#: What must be looked up case by case, where it was counted at all.
_LOOK_UP = ("mended_waiting", "foreign_n", "ended_again")


def flow(measure: Measure) -> dict[str, Figure] | None:
    """What happened in the period, as ``figures.flow_figures`` says it; about six statements, however many cases.

    None where the counters cannot say it: nothing was ever folded, or what must be looked up case by case is not folded
    yet.
    """
    return steadily(lambda counters: _flow(measure, counters), now=measure.now, calendar=measure.calendar)


def flow_of(measure: Measure) -> dict[str, Figure]:
    """The same, else counted from the cases."""
    result = flow(measure)
    return figures.flow_figures(measure) if result is None else result


def _flow(measure: Measure, counters: Counters) -> dict[str, Figure] | None:
    if not counters.is_complete:
        return None
    sums = counters.sums(measure.scope, measure.period, names=_NAMES)
    buckets = counters.buckets(measure.scope, measure.period)
    if sums is None or buckets is None:
        return None
    counts = sums[""]
    if any(row[name] for row in counters.unfolded for name in _LOOK_UP):
        return None
    looked_up = _looked_up(measure) if any(counts[name] for name in _LOOK_UP) else {}
    return {
        **_arrivals(counts),
        **_stages(counts, looked_up),
        **_lengths(counts, buckets),
        **_authority(counts),
        "kept": kept(counts),
        "recovered": _recovered(counts, looked_up),
        **_misroutes(counts, looked_up),
    }


#: What the first page of a director is made of.
HEADLINES = (
    *HAPPENED,
    *("ran_out", "ran_out_taken", "ran_out_ended", "waiting", "responded", "response_minutes"),
    *("recovered_n", "foreign_n", "recovered", "vouchers", "unconfirmed"),
)
_NAMES = tuple(
    dict.fromkeys(
        (
            *HEADLINES,
            *("ended_again", "accepted", "handled", "closed_mediated", "closed_not_kept"),
            *("closed_mediation_terminated", "review_met", "review_late", "routed", "misrouted"),
            *("mended", "mended_late", "mended_waiting", *PROMISES, *SPREAD),
        )
    )
)


def headlines(counts: Sums, buckets: Mapping[int, int] | None = None) -> dict[str, Figure]:
    """The few figures of a first page, of a place and a period: ``counts`` of HEADLINES, ``buckets`` of first
    responses.

    Cases behind a result are not told apart from its stages; money of other countries is only counted.
    """
    result = {**_arrivals(counts), **_stages(counts, {}), "recovered": _recovered(counts, {})}
    if buckets is not None:
        result["first_response"] = first_response(counts, buckets)
    return result


#: What counts on the day on which it happened; what is left out counts for days far from its own.
BY_DAY = tuple(
    dict.fromkeys(
        (
            *HAPPENED,
            *("closed_mediated", "closed_not_kept", "closed_mediation_terminated", "review_met", "review_late"),
            *("routed", "misrouted", "mended", "mended_late", *PROMISES),
        )
    )
)


def of_days(counts: Sums) -> dict[str, Figure]:
    """The figures that the sums of days alone say, to compare earlier days with each other: without stages that had run
    out and were still open, which stand as they stood at the end of a period.
    """
    every = Counter(counts)
    return {**of_first_days(every), **_authority(every), "kept": kept(every), **_misroutes(every, {})}


def of_first_days(counts: Sums) -> dict[str, Figure]:
    """The same of a first page: those that HAPPENED alone says."""
    every = Counter({name: counts.get(name, 0) for name in HAPPENED})
    return {**_arrivals(every), **_stages(every, {})}


def open_overdue(counts: Sums) -> int:
    """Of RAN: how many ran out and had not ended."""
    return counts["ran_out"] + counts["ran_out_taken"] - counts["ran_out_ended"]


def kept(counts: Sums) -> Figure:
    """Of PROMISES."""
    beside = {name: counts[f"promise_{name}"] for name in ("late", "silent", "broken", "waiting")}
    return figures.part_of("kept", counts["promise_kept"], counts["promise_due"], **beside)


def first_response(counts: Sums, buckets: Mapping[int, int]) -> Figure:
    """Of "responded" and "waiting", with median and p90 of minutes."""
    n, what = counts["responded"], "response_minutes"
    values = {"minutes_median": quantile(what, buckets, 0.5), "minutes_p90": within(what, buckets, 0.9)} if n else {}
    return Figure(
        code="first_response",
        n=n,
        spread={name: value or 0.0 for name, value in values.items()},
        beside={"unanswered": counts["waiting"]},
        is_about=is_about(what, *values.values()),
    )


def _arrivals(counts: Sums) -> dict[str, Figure]:
    return {name: Figure(code=name, n=counts[name]) for name in ("received", "closed")}


def _stages(counts: Sums, looked_up: Mapping[str, Any]) -> dict[str, Figure]:
    ended = {f"result_{result}": counts[f"ended_{result}"] for result in figures.RESULTS}
    cases = {result: counts[f"ended_{result}"] - looked_up.get(f"again_{result}", 0) for result in figures.RESULTS}
    success = figures.settled(
        {**ended, "let_rest": counts["ended_let_rest"], "in_part": counts["in_part"], "cases_settled": cases["settled"]}
    )
    return {
        "settled": replace(success, beside={**success.beside, **{f"cases_{result}": n for result, n in cases.items()}}),
        "on_time": figures.on_time({**counts, "open_overdue": open_overdue(counts)}),
    }


def _lengths(counts: Sums, buckets: Mapping[str, Mapping[int, int]]) -> dict[str, Figure]:
    def spread(n: int, name: str, *units: str) -> dict[str, Any]:
        result: dict[str, float] = {}
        about = False
        for unit in units if n else ():
            what = f"{name}_{unit}"
            median, nine = quantile(what, buckets[what], 0.5), within(what, buckets[what], 0.9)
            result |= {f"{unit}_mean": counts[what] / n, f"{unit}_median": median or 0.0, f"{unit}_p90": nine or 0.0}
            about = about or is_about(what, median, nine)
        return {"n": n, "spread": result, "is_about": about}

    responded, accepted, handled = counts["responded"], counts["accepted"], counts["handled"]
    return {
        "first_response": Figure(
            code="first_response",
            beside={"unanswered": counts["waiting"]},
            **spread(responded, "response", "minutes", "wd"),
        ),
        "acceptance": Figure(code="acceptance", **spread(accepted, "accept", "minutes")),
        "handling_time": Figure(code="handling_time", **spread(handled, "handled", "wd", "cd")),
    }


def _authority(counts: Sums) -> dict[str, Figure]:
    met, late = counts["review_met"], counts["review_late"]
    mediated, ended = counts["closed_mediated"], counts["closed_mediation_terminated"]
    not_kept = counts["closed_not_kept"]
    return {
        "review_on_time": figures.part_of("review_on_time", met, met + late, late=late),
        "mediated": figures.part_of("mediated", mediated, mediated + ended, not_kept=not_kept, terminated=ended),
    }


def _recovered(counts: Sums, looked_up: Mapping[str, Any]) -> Figure:
    sums = {
        name: Decimal(counts[column]) / 100
        for name, column in (("confirmed", "recovered"), ("vouchers", "vouchers"), ("unconfirmed", "unconfirmed"))
    }
    money = {"CNY": sums} if any(sums.values()) else {}
    return Figure(code="recovered", n=counts["recovered_n"], money={**money, **looked_up.get("money", {})})


def _misroutes(counts: Sums, looked_up: Mapping[str, Any]) -> dict[str, Figure]:
    over = looked_up.get("too_late", 0)
    in_time, late, waiting = counts["mended"], counts["mended_late"] + over, counts["mended_waiting"] - over
    return {
        "misrouted": figures.part_of("misrouted", counts["misrouted"], counts["routed"]),
        "mended": figures.part_of("mended", in_time, in_time + late, late=late, waiting=waiting),
    }


def _looked_up(measure: Measure) -> dict[str, Any]:
    """Same ends that came twice in the period, returns that wait beyond their time, money of other countries."""
    first, last = measure.period.first, measure.period.last
    ours, params = narrowed(measure.scope, "t.")
    params |= {"first": first, "last": last, "now": measure.now}
    # Who has been asked for counts a case once, whatever others did with it.
    same = " and p.enterprise = t.enterprise" if measure.scope.enterprise_id else ""
    again = ", ".join(_SQL["again"].format(result=result, same=same) for result in figures.RESULTS)
    results: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SQL["looked_up"].format(again=again, ours=ours), params)
        results |= dict(zip((column.name for column in cursor.description or ()), cursor.fetchone(), strict=True))
        cursor.execute(_SQL["money"].format(ours=ours), params)
        results["money"] = {
            currency: dict(zip(("confirmed", "vouchers", "unconfirmed"), (n or Decimal(0) for n in sums), strict=True))
            for currency, *sums in cursor.fetchall()
        }
    return results

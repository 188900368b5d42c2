"""What stands out: each cell's week and day beside eight like it, and once a week its last weeks beside the 26 before
them (`runs`), from the counters, and a row for each that is found.

One pass over the counters looks at all cells at once, and looking again finds nothing twice: a cell has one row a day
for its day, one for its week in which no day was in the row before it, and one in eight weeks for a run of weeks. The
statistics stand in `unusual` and `oversight.figures.dispersion`, the counts in `cells`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache, partial
from math import sqrt

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Window

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.procedure.working_calendar import SHANGHAI
from database.prepared import PreparedQuery
from enterprises.models import Enterprise
from oversight.figures.dispersion import Dispersion, expected, moderated, q_values, tail, tail_t
from oversight.hot_spots import cells, folding, runs, unusual
from oversight.hot_spots.cells import FAR, Cell, Counts, Exposure, Looked, UnusualCell
from oversight.hot_spots.unusual import BELIEVED, DAY_LEVEL, DAYS, RATE, RUN_LEVEL, SILENT_WEEKS, USUAL, WEEK_LEVEL
from oversight.models import Guidance, HotSpot

#: Counted or judged differently from before gets the next number.
METHOD = 2
LEVELS = {cells.WEEK: WEEK_LEVEL, cells.DAY: DAY_LEVEL}
#: The rows that say when the day before, as a whole, today so far, and the runs of weeks were looked at last.
MARK, MARK_TODAY, MARK_RUNS = "hot spots", "hot spots of today", "hot spots of weeks"
#: One pass reads nine weeks; today is looked at no oftener than this, whoever asks.
EVERY = timedelta(minutes=25)
#: So many found at once are kept, the most unusual first: more would be a fault of the counters, or a day unlike all
#: others.
MOST = 5000
#: So many are shown of those that nobody judged, and those of these weeks about which somebody is guided.
MOST_SHOWN = 1000
DAY = timedelta(days=1)
#: Two who look at once wait for each other.
_LOCK = 0x0F1653
#: For a pass; and for the look at runs, which reads sixty-two weeks.
_PATIENCE, _PATIENCE_FOR_RUNS = "55s", "150s"


def sweep(*, now: datetime) -> int:
    """Look at today so far, once at yesterday as a whole, and once a week at the weeks that ended with Sunday; how many
    hot spots are new.
    """
    today = now.astimezone(SHANGHAI).date()
    midnight = datetime(today.year, today.month, today.day, tzinfo=SHANGHAI)
    monday = midnight - today.weekday() * DAY
    result = 0
    for name, since, looked in (
        (MARK, midnight, partial(look, today - DAY)),
        (MARK_TODAY, now - EVERY, partial(look, today)),
        # The dearest comes last, so that nothing waits for it.
        (MARK_RUNS, monday, partial(look_at_runs, monday.date() - DAY)),
    ):
        if not Heartbeat.objects.since(since, now=now).filter(name=name).exists():
            result += looked(now=now)
            Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
    return result


def look(day: date, *, now: datetime) -> int:
    """Find what stands out on ``day`` and in the seven days that end with it; how many rows are new.

    Counts of a day only grow, and while it runs at least a usual day is expected of it, so looking at it again and
    again finds hardly more by chance than one look at its end. A row of that day takes over the higher count.
    """
    with _looking():
        if not cells.has_past(day):
            return 0
        looked = cells.counted(day)
        is_running = day >= now.astimezone(SHANGHAI).date()
        cells.note_looked(looked, day)
        exposure = Exposure.read(day, is_running=is_running)
        found = unusual_cells(looked, exposure, partial(cells.series_of, day=day))
        results = sorted(found, key=lambda one: one.chance)[:MOST]
        return _kept(results, day, _around(looked.counts), looked.number(cells.WEEK), now=now)


def _around(counts: dict[Cell, Counts]) -> dict[tuple[str, int], list[float]]:
    """By kind and length: all complaints of the same days beside what is usual, of the widest region."""
    regions = [own for cell, own in counts.items() if cell.whose == "r" and not cell.facet]
    whole = max(regions, key=lambda own: own.usual_weeks + own.week, default=None)
    if whole is None:
        return {}
    return {(kind, 1): [count, usual / USUAL] for kind in LEVELS for count, usual in [whole.of(kind)]}


def look_at_runs(day: date, *, now: datetime) -> int:
    """Find the cells in which the weeks that end with ``day`` lie above those before them; how many rows are new.

    What a week or day that has a row explains is no news: without it the run must stand out as well.
    """
    with _looking(_PATIENCE_FOR_RUNS):
        exposure = Exposure.read(day, past_days=DAYS * cells.RUN_WEEKS)
        if exposure.weeks < runs.FEWEST_WEEKS:
            return 0
        counts, number = cells.counted_weeks(day, exposure)
        found = runs.unusual_runs(counts, exposure, number, _told_before(day))
        results = sorted(found, key=lambda one: one.chance)[:MOST]
        return _kept(results, day, runs.around(counts), number, now=now)


def _told_before(day: date) -> Mapping[Cell, set[int]]:
    """Of each cell the weeks, counted back from ``day``, with a day of a row of a week or day."""
    result: defaultdict[Cell, set[int]] = defaultdict(set)
    longest = day - DAYS * cells.OLDER * DAY
    rows = HotSpot.objects.filter(kind__in=LEVELS, last__gt=longest, last__lte=day)
    for enterprise, region, facet, first, last in rows.values_list("enterprise", "region", "facet", "first", "last"):
        cell = Cell("e", enterprise, facet) if enterprise else Cell("r", region, facet)
        result[cell].update(range((day - last).days // DAYS, (day - first).days // DAYS + 1))
    return result


@contextmanager
def _looking(patience: str = _PATIENCE) -> Iterator[None]:
    """One look at a time, and none without end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        for name in ("statement_timeout", "transaction_timeout"):
            cursor.execute(f"set local {name} = %s", [patience])
        yield


def unusual_cells(
    looked: Looked, exposure: Exposure, series_of: Callable[[Iterable[Cell]], Mapping[Cell, Sequence[int]]]
) -> Iterator[UnusualCell]:
    """The cells whose week or day is less probable than the promised rate. ``series_of``: the counts of cells by day,
    newest first (`cells.series_of`).
    """
    candidates: defaultdict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell, own in looked.counts.items():
        for kind, level in LEVELS.items():
            count, usual = own.of(kind)
            if count >= unusual.FEWEST:
                share = exposure.share(cell, kind, count, usual)
                mean = expected(usual, share)
                # However restless the cell is, its chance is no smaller than where it is not.
                if count - mean > FAR * sqrt(mean) and tail(count, usual, share, 1.0) < level:
                    candidates[kind, cell.kind].append(cell)
    kinds = {kind for _period, kind in candidates}
    beside: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in cells.sample(looked.counts, kinds):
        beside[cell.kind].append(cell)
    wanted = {cell for group in (*candidates.values(), *beside.values()) for cell in group}
    series = series_of(wanted)
    for kind, level in LEVELS.items():
        found: list[tuple[float, Cell, tuple[int, ...], float, Dispersion]] = []
        for (period, of), group in candidates.items():
            if period != kind:
                continue
            alike = list(dict.fromkeys([*group, *beside[of]]))
            restless = moderated([exposure.past(cell, kind, series[cell]) for cell in alike])
            for cell, dispersion in zip(group, restless, strict=False):
                days = series[cell]
                counts = tuple(
                    cells.by_week(days[: DAYS * (USUAL + 1)]) if kind == cells.WEEK else days[: DAYS * USUAL + 1 : DAYS]
                )
                share = exposure.share(cell, kind, counts[0], sum(counts[1:]))
                chance = tail_t(counts[0], sum(counts[1:]), share, dispersion)
                if chance < level:
                    found.append((chance, cell, counts, share, dispersion))
        qs = q_values([one[0] for one in found], looked.number(kind))
        for (chance, cell, counts, share, dispersion), q in zip(found, qs, strict=True):
            yield UnusualCell(cell, kind, counts, share, dispersion, chance, q)


def _kept(
    results: list[UnusualCell], day: date, around: dict[tuple[str, int], list[float]], looked: int, *, now: datetime
) -> int:
    """The rows; a week that has a day in common with the last row of its cell is that row's business, and so is a run
    that ends within eight weeks after the last one. All that the country receives has no like: if it rises all rise,
    and that is no event.
    """
    silent = Q(kind=HotSpot.Kind.RUN, last__gt=day - SILENT_WEEKS * DAYS * DAY) | Q(last__gt=day - DAYS * DAY)
    before = {
        (row.enterprise_id or 0, row.region_id or 0, row.facet, row.kind): row
        for row in HotSpot.objects.filter(silent, last__lte=day).order_by("last")
    }
    enterprises = Enterprise.objects.filter(pk__in={one.cell.of for one in results if one.cell.whose == "e"})
    places = dict(enterprises.values_list("pk", "domicile_id"))
    countries = set(Region.objects.filter(level=Region.Level.COUNTRY).values_list("pk", flat=True))
    new: list[HotSpot] = []
    for one in results:
        cell = one.cell
        whose = (cell.of, 0) if cell.whose == "e" else (0, cell.of)
        last = before.get((*whose, cell.facet, one.kind))
        judged = {
            "observed": one.observed,
            "expected": one.expected,
            "share": one.share,
            "restless": one.dispersion.phi,
            "df": one.dispersion.df,
            "chance": one.chance,
            "q": one.q,
            "around": around.get((one.kind, one.long), []),
        }
        if last is not None and (one.kind != HotSpot.Kind.DAY or last.last == day):
            if (
                one.kind != HotSpot.Kind.RUN
                and last.last == day
                and last.observed < one.observed
                and last.method == METHOD
            ):
                HotSpot.objects.filter(pk=last.pk).update(**judged)
            continue
        if cell.of not in places if cell.whose == "e" else cell.of in countries and not cell.facet:
            continue
        new.append(
            HotSpot(
                kind=one.kind,
                enterprise_id=whose[0] or None,
                region_id=whose[1] or None,
                facet=cell.facet,
                place=places[cell.of] if cell.whose == "e" else cell.of,
                first=day if one.kind == HotSpot.Kind.DAY else day - (DAYS * one.long - 1) * DAY,
                last=day,
                usual=list(reversed(one.counts[one.long :])),
                weeks=list(reversed(one.counts[: one.long])) if one.kind == HotSpot.Kind.RUN else [],
                detectable=unusual.detectable(one.usual, one.share, one.dispersion, LEVELS.get(one.kind, RUN_LEVEL)),
                rate=RATE,
                method=METHOD,
                found_at=now,
                **judged,
            )
        )
    made = HotSpot.objects.bulk_create(new)
    if made:
        folding.fold((row.pk for row in made), looked=looked)
    return len(made)


def believed(regions: Iterable[Region]) -> QuerySet[HotSpot]:
    """What is put before people unasked: hot spots in these regions that nobody judged yet, of which few are wrong. Of
    method 1 nobody counted how many are.
    """
    return _believed(regions, Q(state=HotSpot.State.OPEN))


def believed_since(regions: Sequence[Region], day: date) -> list[HotSpot]:
    """The same, and those since ``day`` about which somebody is guided, the surest first, MOST_SHOWN at the most;
    ``sent``: when guidance was sent. With each row stands how many wait for a judgement in all (``waiting``) and since
    when the oldest does.
    """
    ends = [end for region in regions for end in (region.pk, region.last)]
    return _since(len(regions))(day, *ends)


@cache
def _since(places: int) -> PreparedQuery[HotSpot]:
    """Of so many regions."""

    def build(day: date, *ends: int) -> QuerySet[HotSpot]:
        regions = [Region(pk=first, last=last) for first, last in zip(ends[::2], ends[1::2], strict=True)]
        is_open, guided = Q(state=HotSpot.State.OPEN), Q(state=HotSpot.State.GUIDED, last__gte=day)
        sent = Guidance.objects.filter(hot_spot=OuterRef("pk"), sent_at__isnull=False).values("sent_at")
        rows = _believed(regions, is_open | guided).annotate(
            sent=ArraySubquery(sent),
            waiting=Window(Count("pk", filter=is_open)),
            oldest=Window(Min("found_at", filter=is_open)),
        )
        return rows.order_by("q", "pk")[:MOST_SHOWN]

    return PreparedQuery(build, date, *[int] * (2 * places))


def _believed(regions: Iterable[Region], state: Q) -> QuerySet[HotSpot]:
    within = Q(pk__in=[])
    for region in regions:
        within |= Q(place__gte=region.pk, place__lte=region.last)
    rows = folding.shown(HotSpot.objects.filter(within).filter(state), within)
    return rows.filter(Q(q__lte=BELIEVED) | Q(method=1)).select_related("enterprise", "region")

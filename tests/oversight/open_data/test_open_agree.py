"""What is published is what the cases say: each number counted once more, one case after the other, in a random
world."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from authorities.models import Region
from complaints.models import Complaint, Engagement
from oversight.counters import making
from oversight.figures import suppression
from oversight.mirror import appraisals
from oversight.open_data import cells, quarters
from oversight.published import indicator_making
from tests.cast import World, standing
from tests.oversight import counting
from tests.oversight.worlds import Walk

LOCAL = ZoneInfo("Asia/Shanghai")
JUDGED = {"settled": "settled", "unconfirmed": "unconfirmed", "settled_elsewhere": "other", "failed": "other"}
JUDGED |= {"withdrawn": "apart", "returned": "apart"}


@pytest.fixture(scope="module", params=[2, 7])
def walked(directory: None, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[Walk]:
    def walk(world: World) -> Walk:
        result = Walk(world, seed=request.param, cases=24, ticks=30)
        making.rebuild(now=result.now)
        return result

    with standing(django_db_blocker, walk) as (_, result):
        yield result


@pytest.fixture
def walk(walked: Walk, db: None) -> Walk:
    return walked


#: All that happens in these worlds.
FIRST, LAST = date(2026, 9, 1), date(2026, 12, 31)


def test_a_quarter_counts_what_ended_by_its_local_day_and_the_months_make_the_whole(walk: Walk) -> None:
    slow: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for stage in Engagement.objects.all():
        same = Engagement.objects.filter(complaint=stage.complaint_id, until_at=stage.from_at, ended_by="succession")
        # A merger passes a stage on: nothing was delivered.
        slow[stage.enterprise_id]["delivered"] += not same.exists()
        if stage.until_at is not None and stage.ended_by != "succession":
            slow[stage.enterprise_id][JUDGED[stage.result]] += 1
    whole = quarters.read(FIRST, LAST, places())
    assert sum(counts["settled"] for counts in slow.values()) > 0
    assert whole.enterprises.keys() == slow.keys()
    for pk, of in whole.enterprises.items():
        result = (of["settled"], of["unconfirmed"], of["settled_elsewhere"] + of["failed"], of["delivered"])
        assert result == tuple(slow[pk][name] for name in ("settled", "unconfirmed", "other", "delivered"))
    lasts = {9: 30, 10: 31, 11: 30, 12: 31}
    months = [quarters.read(date(2026, m, 1), date(2026, m, last), places()) for m, last in lasts.items()]
    for side in ("enterprises", "regions"):
        for pk, counts in getattr(whole, side).items():
            parts = [getattr(month, side).get(pk, {}) for month in months]
            assert dict(counts) == {name: sum(part.get(name, 0) for part in parts) for name in counts}


def places() -> dict[int, Region]:
    return {region.pk: region for region in Region.objects.all()}


def test_indicators_show_what_was_received_where_and_withhold_the_rest(walk: Walk) -> None:
    counting.issued(*(date(2026, month, 1) for month in range(9, 13)), now=walk.now)
    rows = {row.region: row.data for row in indicator_making.made(now=walk.now)}
    regions = {row.pk: row for row in Region.objects.filter(pk__in=rows)}
    slow: defaultdict[int, Counter[str]] = defaultdict(Counter)
    outcomes: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for case in Complaint.objects.exclude(status="draft"):
        for pk, region in regions.items():
            if case.handling_region_id is not None and region.covers(case.handling_region_id):
                slow[pk]["received"] += 1
                slow[pk][f"{case.received_at.astimezone(LOCAL):%Y-%m}"] += 1
    for stage in Engagement.objects.exclude(until_at=None).exclude(ended_by="succession").select_related("complaint"):
        for pk, region in regions.items():
            if region.covers(stage.complaint.handling_region_id or 0) and JUDGED[stage.result] != "apart":
                outcomes[pk]["all"] += 1
                outcomes[pk]["settled"] += stage.result == "settled"
    shown = 0
    for pk, data in rows.items():
        for number, truth in [
            (data["received"], slow[pk]["received"]),
            (data["settled"][0], outcomes[pk]["settled"]),
            (data["settled"][-1], outcomes[pk]["all"]),
            *((n, slow[pk][month]) for month, n in data["months"]),
        ]:
            if isinstance(number, list):
                assert number[0] <= truth
                continue
            assert number == truth or (number is None and truth > 0)
            assert number not in range(1, 5)
            shown += number is not None
    assert shown, "a world in which all is withheld proves nothing"


def test_grades_are_made_of_the_same_counts(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appraisals, "ENOUGH", 1)
    monkeypatch.setattr(cells, "published", lambda counts, axes, already=(): suppression.with_sums(counts, axes))
    counting.issued(*(date(2026, month, 1) for month in (3, 6, 9, 12)), now=walk.now)
    result = appraisals.computed([side.enterprise for side in walk.sides], 2026)
    counted = quarters.read(date(2026, 1, 1), date(2026, 12, 31), places()).enterprises
    assert result
    for pk, figures in result.items():
        of = counted[pk]
        same = {name: of[name] for name in ("settled", "in_time", "again", "delivered")}
        same["judged"] = sum(of[name] for name in ("settled", "unconfirmed", "settled_elsewhere", "failed"))
        same |= {"timed": of["in_time"] + of["late"], "kept": of["promises_kept"]}
        same["promised"] = of["promises_kept"] + of["promises_not_kept"]
        assert of["answered"] >= of["last_day"]
        # What the last day is worth has a test of its own.
        apart = ("suspended", "answered", "last_day")
        assert {name: n for name, n in figures.items() if name not in apart} == same

"""Undertakings of a campaign that are figures: counted by the portal each day, done where the target is reached by the
last day, told to the public in tenths of the way as of whole quarters.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Least

from complaints.procedure.working_calendar import SHANGHAI
from oversight.hot_spots import campaign_counts, guiding
from oversight.hot_spots.campaign_counts import BASIS, DAY, LEAST, Cell
from oversight.models import Campaign, Figure, Guidance, GuidanceMeasure, HotSpotAction
from web.small_numbers import ENOUGH

#: Undertakings of one sweep.
BATCH = 200


def sweep(*, now: datetime) -> int:
    """Count those that were not counted up to yesterday; how many."""
    today = now.astimezone(SHANGHAI).date()
    rows = GuidanceMeasure.objects.exclude(figure="").filter(
        guidance__state=Guidance.State.SENT, guidance__campaign__state=Campaign.State.RUNNING
    )
    # After its last day a figure does not move any more.
    rows = rows.filter(Q(counted_to=None) | Q(counted_to__lt=Least(F("due_on"), Value(today - DAY))))
    waiting = rows.select_related("guidance__campaign").order_by("pk")[:BATCH]
    return sum(_count(measure, today=today, now=now) for measure in waiting)


def _count(measure: GuidanceMeasure, *, today: date, now: datetime) -> int:
    campaign = measure.guidance.campaign
    assert campaign is not None  # noqa: S101 - a campaign's alone has a figure
    assert campaign.called_on is not None  # noqa: S101 - it runs
    last = min(today - DAY, measure.due_on)
    value, n = _value(measure, campaign, last)
    fields: dict[str, Any] = {"counted": value, "counted_n": n, "counted_to": last}
    # The public is told of whole quarters, and of the last day.
    told_to = last if last == measure.due_on else _quarter_before(last)
    if told_to > campaign.called_on and told_to != measure.told_to:
        fields |= {"told": tenths(measure, *_value(measure, campaign, told_to)), "told_to": told_to}
    is_met = (
        last == measure.due_on
        and measure.target is not None
        and campaign_counts.reaches(measure.figure, value, measure.target)
    )
    if is_met:
        fields |= {"state": GuidanceMeasure.State.DONE, "done_on": last}
    with transaction.atomic():
        rows = GuidanceMeasure.objects.filter(pk=measure.pk, counted_to=measure.counted_to)
        changed = rows.update(**fields)
        if changed and is_met:
            kind = HotSpotAction.Kind.COUNTED
            guiding.note(measure.guidance, kind, by=None, now=now, measure=measure.number, text=measure.what)
    return changed


def _value(measure: GuidanceMeasure, campaign: Campaign, last: date) -> tuple[float | None, int]:
    """Of the thirteen weeks up to a day, without those before the call; None of fewer days than tell anything."""
    assert campaign.called_on is not None  # noqa: S101 - it runs
    first = max(last - (BASIS - 1) * DAY, campaign.called_on + DAY)
    if (last - first).days + 1 < LEAST:
        return None, 0
    return campaign_counts.value_between(Cell.of(campaign), measure.guidance.enterprise_id, measure.figure, first, last)


def tenths(measure: GuidanceMeasure, value: float | None, n: int) -> int | None:
    """How many tenths of the way from the baseline to the target are done, rounded down; None of under thirty cases."""
    if value is None or measure.baseline is None or measure.target is None or measure.baseline == measure.target:
        return None
    if (measure.baseline_n or 0) < ENOUGH or (measure.figure != Figure.RECEIVED and n < ENOUGH):
        return None
    way = (value - measure.baseline) / (measure.target - measure.baseline)
    return max(0, min(10, int(way * 10 + 1e-9)))


def _quarter_before(day: date) -> date:
    """The last day of the newest quarter that is over on the evening of this day."""
    after = day + DAY
    first = date(after.year, (after.month - 1) // 3 * 3 + 1, 1)
    return first - timedelta(days=1)

"""Whether a campaign had an effect: its control group, chosen at the call, and what a sweep finds 8 and 13 whole weeks
later. The method stands in `ancova`.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count

from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from database.row_security import working_as_steps
from oversight.hot_spots import ancova, campaign_counts
from oversight.hot_spots.ancova import BASE, CHOSE, FEWEST_CONTROLS, FURTHEST, LOOKS, METHOD, SHORTEST, Week
from oversight.hot_spots.campaign_counts import Cell, Sums
from oversight.models import Campaign, CampaignEffect, Figure

Verdict = CampaignEffect.Verdict
WEEK = timedelta(days=7)
#: An enterprise with fewer complaints in the usual weeks, one a week, tells nothing.
LEAST = BASE
#: Control enterprises of a campaign, those with the most complaints first; campaigns of one sweep.
MOST_CONTROLS, BATCH = 200, 20
#: Weeks before the call that are read.
READ = FURTHEST + CHOSE + BASE


def controls_of(campaign: Campaign, *, without: Collection[int]) -> tuple[str, list[int]]:
    """Where the other enterprises are counted ("region", "country", "" none) and which they are: by the usual weeks
    before those that chose, so that nothing that came afterwards chooses them.
    """
    assert campaign.called_on is not None  # noqa: S101 - it is being called
    last = campaign.called_on - CHOSE * WEEK - timedelta(days=1)
    first = campaign.called_on - (CHOSE + BASE) * WEEK
    country = Region.objects.filter(level=Region.Level.COUNTRY).order_by("pk").first()
    places = {"region": campaign.region_id} | ({"country": country.pk} if country else {})
    for name, region in places.items():
        sums = campaign_counts.between(Cell(region, campaign.sector, campaign.problem), first, last)
        counts = {firm: one[Figure.RECEIVED][0] for firm, one in sums.items() if firm not in without}
        firms = sorted((firm for firm, n in counts.items() if n >= LEAST), key=lambda firm: (-counts[firm], firm))
        if len(firms) >= FEWEST_CONTROLS:
            return name, firms[:MOST_CONTROLS]
    return "", []


def is_success(campaign: Campaign) -> bool:
    """Fewer complaints than without it, by the last look that was due."""
    newest = campaign.effects.filter(figure=Figure.RECEIVED).order_by("-weeks").first()
    return newest is not None and newest.verdict == Verdict.BETTER


def judged_on(campaign: Campaign, weeks: int) -> date:
    """The day on which so many whole weeks after the call are over."""
    assert campaign.called_on is not None  # noqa: S101 - it was called
    return campaign.called_on + weeks * WEEK + timedelta(days=1)


def sweep(*, now: datetime) -> int:
    """Find the effects that are due and were not found yet; how many campaigns."""
    today = now.astimezone(SHANGHAI).date()
    due = Campaign.objects.filter(called_on__lte=today - LOOKS[0] * WEEK - timedelta(days=1))
    rows = due.annotate(found=Count("effects")).filter(found__lt=len(LOOKS) * len(Figure.values)).order_by("pk")
    done = 0
    for campaign in rows.defer("printed"):
        looks = [weeks for weeks in LOOKS if judged_on(campaign, weeks) <= today]
        known = set(campaign.effects.values_list("weeks", flat=True))
        if all(weeks in known for weeks in looks):
            continue
        for weeks in looks:
            if weeks not in known:
                _keep(campaign, weeks, now=now)
        done += 1
        if done == BATCH:
            break
    return done


def _keep(campaign: Campaign, weeks: int, *, now: datetime) -> None:
    rows = found(campaign, weeks)
    for row in rows:
        row.made_at = now
    with transaction.atomic(), working_as_steps():
        # Two sweeps that find the same: the first stays.
        CampaignEffect.objects.bulk_create(rows, ignore_conflicts=True)


def found(campaign: Campaign, weeks: int) -> list[CampaignEffect]:
    """A row of each figure, not saved."""
    assert campaign.called_on is not None  # noqa: S101 - it was called
    called = sorted(campaign.firms.values_list("enterprise_id", flat=True))
    controls = sorted(campaign.controls.values_list("enterprise_id", flat=True))
    before = min(READ, campaign.history or 0)
    span = {"before": before, "after": weeks}
    own = campaign_counts.weekly(Cell.of(campaign), campaign.called_on, firms=called, **span)
    place = campaign.region_id
    if campaign.controls_of == "country":
        place = Region.objects.filter(level=Region.Level.COUNTRY).order_by("pk").values_list("pk", flat=True)[0]
    cell = Cell(place, campaign.sector, campaign.problem)
    beside = campaign_counts.weekly(cell, campaign.called_on, firms=controls, **span) if controls else {}
    rows = []
    for figure in Figure.values:
        mine = [_weeks(own[firm], figure, **span) for firm in called]
        theirs = [_weeks(beside[firm], figure, **span) for firm in controls]
        row = CampaignEffect(
            campaign=campaign,
            weeks=weeks,
            figure=figure,
            controls=len(controls),
            method=METHOD,
            counts=_counts(mine, before, weeks),
        )
        if len(controls) < FEWEST_CONTROLS:
            row.verdict = Verdict.FEW_CONTROLS
        elif (campaign.history or 0) < SHORTEST:
            row.verdict = Verdict.SHORT_HISTORY
        else:
            is_share = figure != Figure.RECEIVED
            result = None
            # Of nothing there is no share; complaints may have fallen to nothing.
            if any(row.counts["base"]) and (any(row.counts["after"]) or not is_share):
                result = ancova.effect(mine, theirs, call=before, after=weeks, is_share=is_share)
            row.verdict = Verdict.UNCLEAR
            if result is not None:
                row.ratio, row.low, row.high = result.ratio, result.low, result.high
                is_less, is_more = result.high < 1, result.low > 1
                if is_less or is_more:
                    row.verdict = Verdict.BETTER if is_less != is_share else Verdict.WORSE
        rows.append(row)
    return rows


def _weeks(by_week: dict[int, Sums], figure: str, *, before: int, after: int) -> list[Week]:
    return [by_week[week][figure] if week in by_week else (0, 0) for week in range(-before, after)]


def _counts(firms: list[list[Week]], call: int, after: int) -> dict[str, list[int]]:
    """Of all called together: in the usual weeks, in those that chose, and after the call."""
    spans = {"base": (call - CHOSE - BASE, call - CHOSE), "recent": (call - CHOSE, call), "after": (call, call + after)}
    return {
        name: [sum(week[part] for weeks in firms for week in weeks[max(0, first) : last]) for part in (0, 1)]
        for name, (first, last) in spans.items()
    }

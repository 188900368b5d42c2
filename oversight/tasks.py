"""What the worker does: each task reads the clock and calls one rule."""

from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.utils import timezone

from database.sweeping import drain
from oversight import letters
from oversight.administration import duty_changes
from oversight.counters import publishing, rollups
from oversight.hot_spots import campaign_effects, effects, guiding, hotspots, undertakings
from oversight.open_data import issuing
from oversight.portal_state import signs
from oversight.presenting import ahead
from oversight.published import indicator_making, league_making
from oversight.remedies import remedying


def _task(name: str, rule: Callable[..., int], *, drains: bool = False, seconds: int = 0) -> Any:
    """``drains``: again while there is something to do. ``seconds``: the soft limit; the hard one is 30 more."""

    def run() -> int:
        return drain(rule, now=timezone.now()) if drains else rule(now=timezone.now())

    task = f"oversight.tasks.{name}"
    if not seconds:
        return shared_task(name=task)(run)
    return shared_task(name=task, soft_time_limit=seconds, time_limit=seconds + 30)(run)


publish_figures = _task("publish_figures", publishing.publish)
publish_league = _task("publish_league", league_making.publish, seconds=240)
publish_indicators = _task("publish_indicators", indicator_making.publish, seconds=240)
sweep_summaries = _task("sweep_summaries", letters.sweep_summaries, drains=True)
sweep_counters = _task("sweep_counters", rollups.fold, drains=True)
sweep_ahead = _task("sweep_ahead", ahead.sweep, seconds=120)
sweep_comparison = _task("sweep_comparison", rollups.sweep_comparison, drains=True, seconds=240)
sweep_hot_spots = _task("sweep_hot_spots", hotspots.sweep, seconds=240)
sweep_effects = _task("sweep_effects", effects.sweep, drains=True, seconds=120)
sweep_campaigns = _task("sweep_campaigns", campaign_effects.sweep, drains=True, seconds=120)
sweep_undertakings = _task("sweep_undertakings", undertakings.sweep, drains=True, seconds=120)
sweep_remedies = _task("sweep_remedies", remedying.sweep, drains=True, seconds=120)
sweep_guidance = _task("sweep_guidance", guiding.sweep_reminders, drains=True)
sweep_open_data = _task("sweep_open_data", issuing.sweep_open_data, seconds=240)
sweep_director_letters = _task("sweep_director_letters", letters.sweep_director_letters)
sweep_alarms = _task("sweep_alarms", signs.sweep_alarms)
sweep_duties = _task("sweep_duties", duty_changes.sweep_duties)
sweep_posts = _task("sweep_posts", signs.sweep_posts, seconds=120)
sweep_record = _task("sweep_record", signs.sweep_record, seconds=240)

"""Doors for the worker: read the clock, call one rule."""

from celery import shared_task
from django.utils import timezone

from database.sweeping import drain
from oversight import letters
from oversight.counters import publishing, rollups
from oversight.hot_spots import effects, guiding, hotspots
from oversight.open_data import issuing
from oversight.portal_state import signs
from oversight.published import indicator_making, league_making


@shared_task
def publish_figures() -> int:
    return publishing.publish(now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def publish_league() -> int:
    return league_making.publish(now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def publish_indicators() -> int:
    return indicator_making.publish(now=timezone.now())


@shared_task
def sweep_summaries() -> int:
    return drain(letters.sweep_summaries, now=timezone.now())


@shared_task
def sweep_counters() -> int:
    return drain(rollups.fold, now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def sweep_comparison() -> int:
    return drain(rollups.sweep_comparison, now=timezone.now())


@shared_task(soft_time_limit=120, time_limit=150)
def sweep_hot_spots() -> int:
    return hotspots.sweep(now=timezone.now())


@shared_task(soft_time_limit=120, time_limit=150)
def sweep_effects() -> int:
    return drain(effects.sweep, now=timezone.now())


@shared_task
def sweep_guidance() -> int:
    return drain(guiding.sweep_reminders, now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def sweep_open_data() -> int:
    return issuing.sweep_open_data(now=timezone.now())


@shared_task
def sweep_director_letters() -> int:
    return letters.sweep_director_letters(now=timezone.now())


@shared_task
def sweep_alarms() -> int:
    return signs.sweep_alarms(now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def sweep_record() -> int:
    return signs.sweep_record(now=timezone.now())

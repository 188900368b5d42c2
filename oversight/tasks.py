"""Doors for the worker: read the clock, call one rule."""

from celery import shared_task
from django.utils import timezone

from odr_portal.sweeping import drain
from oversight import monthly, publishing, rollups


@shared_task
def publish_figures() -> int:
    return publishing.publish(now=timezone.now())


@shared_task
def sweep_summaries() -> int:
    return drain(monthly.sweep_summaries, now=timezone.now())


@shared_task
def sweep_counters() -> int:
    return drain(rollups.fold, now=timezone.now())


@shared_task(soft_time_limit=240, time_limit=270)
def sweep_comparison() -> int:
    return drain(rollups.sweep_comparison, now=timezone.now())

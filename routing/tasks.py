"""Doors for the worker: read the clock, forward what was filed, count what changes of the directory would move."""

from celery import shared_task
from django.utils import timezone

from odr_portal.sweeping import drain
from routing import forwarding, previewing


@shared_task
def sweep_filed() -> int:
    return drain(forwarding.sweep_filed, now=timezone.now())


# A change may touch a hundred thousand cases; the lease of its row is longer.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_previews() -> int:
    return previewing.sweep_previews(now=timezone.now())

"""Door for the worker: read the clock, forward what was filed."""

from celery import shared_task
from django.utils import timezone

from odr_portal.sweeping import drain
from routing import forwarding


@shared_task
def sweep_filed() -> int:
    return drain(forwarding.sweep_filed, now=timezone.now())

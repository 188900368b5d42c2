"""Door for the worker: read the clock, forward what was filed."""

from celery import shared_task
from django.utils import timezone

from routing import forwarding


@shared_task
def sweep_filed() -> int:
    return forwarding.sweep_filed(now=timezone.now())

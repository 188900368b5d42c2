"""What the worker does: forward what was filed, pass cases on to successors, learn."""

from celery import shared_task
from django.utils import timezone

from database.sweeping import drain
from routing.forwarding import forwarding
from routing.rule_desk import learning


@shared_task
def sweep_filed() -> int:
    return drain(forwarding.sweep_filed, now=timezone.now())


@shared_task
def sweep_successions() -> int:
    return drain(forwarding.sweep_successions, now=timezone.now())


# All choices of three months are counted at once.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_lessons() -> int:
    return learning.sweep_lessons(now=timezone.now())

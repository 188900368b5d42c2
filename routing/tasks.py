"""What the worker does: forward what was filed, pass cases on to successors, try changes out, learn."""

from celery import shared_task
from django.utils import timezone

from database.sweeping import drain
from routing.directory_changes import previewing
from routing.forwarding import forwarding
from routing.rule_desk import learning, trying


@shared_task
def sweep_filed() -> int:
    return drain(forwarding.sweep_filed, now=timezone.now())


@shared_task
def sweep_successions() -> int:
    return drain(forwarding.sweep_successions, now=timezone.now())


# A change may touch a hundred thousand cases; the lease of its row is longer.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_previews() -> int:
    return previewing.sweep_previews(now=timezone.now())


@shared_task(soft_time_limit=60, time_limit=90)
def sweep_trials() -> int:
    return trying.sweep_trials(now=timezone.now())


# All choices of three months are counted at once.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_lessons() -> int:
    return learning.sweep_lessons(now=timezone.now())

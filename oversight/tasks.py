"""Doors for the worker: read the clock, publish the figures of the day."""

from celery import shared_task
from django.utils import timezone

from oversight import publishing


@shared_task
def publish_figures() -> int:
    return publishing.publish(now=timezone.now())

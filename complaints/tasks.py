"""Entry points of the worker: read the clock, call one rule. The truth is in the rows; a lost task is swept again."""

from celery import shared_task
from django.utils import timezone

from complaints import handling
from complaints.assignment import assigning, call_backs, owners
from complaints.handling import asking_promises
from complaints.models import Heartbeat
from complaints.notices import delivery
from complaints.privacy import erasing
from complaints.record import witnessing
from complaints.stations import stations
from complaints.webhooks import deliveries
from database.sweeping import drain
from enterprises.enrolment import enrolled


@shared_task
def sweep_clocks() -> int:
    return drain(handling.sweep_clocks, now=timezone.now())


@shared_task
def sweep_assignments() -> int:
    now = timezone.now()
    sweeps = (assigning.sweep_assignments, assigning.sweep_officers, owners.sweep_owners)
    return sum(drain(sweep, now=now) for sweep in sweeps)


@shared_task
def sweep_notices() -> int:
    return delivery.sweep_notices(now=timezone.now())


@shared_task
def sweep_witnesses() -> int:
    return witnessing.sweep_witnesses(now=timezone.now())


@shared_task
def sweep_station_letters() -> int:
    return drain(stations.sweep_station_letters, now=timezone.now())


@shared_task
def sweep_webhooks() -> int:
    return deliveries.sweep_webhooks(now=timezone.now())


@shared_task
def sweep_promises() -> int:
    return asking_promises.sweep_promises(now=timezone.now())


@shared_task
def sweep_exits() -> int:
    return drain(enrolled.sweep_exits, now=timezone.now())


# A month of a whole country is drawn in one piece.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_call_backs() -> int:
    return call_backs.sweep_call_backs(now=timezone.now())


@shared_task
def sweep_expired() -> int:
    return drain(erasing.sweep_expired, now=timezone.now())


@shared_task
def heartbeat() -> None:
    """The canary: it came through beat, broker and worker, so all three are alive."""
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})

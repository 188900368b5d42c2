"""What /healthz and /readyz say while parts of the portal are away."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from complaints.models import Heartbeat


def beat(name: str, *, seconds_ago: int) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("beat_age", "watch_age", "status", "notes"),
    [
        (5, 5, "ok", []),
        (500, 5, "degraded", ["broker away, watch sweeps"]),
        (500, 500, "degraded", ["broker away, nobody sweeps"]),
        (5, 500, "degraded", ["watch away"]),
    ],
)
def test_healthz_tells_who_lives(client: Client, beat_age: int, watch_age: int, status: str, notes: list[str]) -> None:
    beat("beat", seconds_ago=beat_age)
    beat("watch", seconds_ago=watch_age)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["notes"]) == (status, notes)


@pytest.mark.django_db
def test_healthz_before_the_first_beat(client: Client) -> None:
    assert client.get("/healthz").json()["notes"] == ["broker away, nobody sweeps"]


@pytest.mark.django_db
def test_readyz_asks_the_database(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


def test_without_a_database_healthz_lives_and_readyz_does_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr("odr_portal.health.connection.cursor", away)
    monkeypatch.setattr(Heartbeat.objects, "values_list", away)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").json() == {"status": "degraded", "notes": ["database away"], "heartbeats": {}}

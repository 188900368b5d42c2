"""The watcher sweeps when nobody else does, and only then."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.utils import timezone

from complaints.models import Complaint, Heartbeat, Seal
from complaints.procedure.workflow import Status
from complaints.tasks import heartbeat
from odr_portal.celery import app, beats
from odr_portal.management.commands import watch as watching
from tests import given
from tests.cast import World


@pytest.fixture
def case(world: World) -> Complaint:
    return given.filed(world, now=timezone.now())


def watch(case: Complaint) -> Status:
    call_command("watch", "--once")
    case.refresh_from_db()
    assert Heartbeat.objects.filter(name="watch").exists()
    return Status(case.status)


def test_with_no_heartbeat_it_sweeps_itself(case: Complaint) -> None:
    assert watch(case) != Status.FILED


def test_with_a_stale_heartbeat_it_sweeps_itself(case: Complaint) -> None:
    Heartbeat.objects.create(name="beat", at=timezone.now() - timedelta(seconds=61))
    assert watch(case) != Status.FILED


def test_with_a_fresh_heartbeat_it_leaves_the_work_to_the_workers(case: Complaint) -> None:
    heartbeat()
    assert watch(case) == Status.FILED


def test_one_failing_sweep_stops_no_other(case: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> int:
        raise RuntimeError

    monkeypatch.setitem(watching.SWEEPS, "clocks", broken)
    assert watch(case) != Status.FILED


def test_it_seals_when_it_holds_the_key(case: Complaint, tmp_path: Path, settings: Any) -> None:
    assert watch(case) is not None
    assert not Seal.objects.exists()
    key = tmp_path / "key.pem"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    settings.SEAL_KEY_FILE = str(key)
    watch(case)
    assert Seal.objects.count() == 1


def test_whatever_beats_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in beats(5).values()} <= set(app.tasks)


def test_the_settings_of_the_worker_keep_their_order() -> None:
    """Time limit < lease < visibility: else a task runs twice while it still runs."""
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < 60
    assert app.conf.broker_transport_options["visibility_timeout"] > 60
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.result_backend is None

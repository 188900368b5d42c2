"""What /healthz and /readyz say while parts of the portal are away."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from complaints import handling
from complaints.models import Checkpoint, Complaint, Deadline, Heartbeat, Notice
from complaints.notices import delivery
from complaints.procedure.workflow import Status
from complaints.tasks import heartbeat
from odr_portal.celery import app
from odr_portal.processes import sweeping
from odr_portal.tasks import ASKED, sweep_asked
from odr_portal.ticks import Sleeper, beats
from odr_portal.ticks import app as ticking
from tests import ROOT, found_in
from tests import health as portal_health
from tests.cast import World
from tests.given import a_complaint, filed


def beat(name: str, *, seconds_ago: int) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


@pytest.mark.django_db
def test_healthz_tells_who_lives_and_readyz_asks_the_database(client: Client) -> None:
    assert portal_health().json()["notes"] == ["broker away, nobody sweeps"]
    for beat_age, watch_age, status, notes in (
        (5, 5, "ok", []),
        (500, 5, "degraded", ["broker away, watch sweeps"]),
        (500, 500, "degraded", ["broker away, nobody sweeps"]),
        (5, 500, "degraded", ["watch away"]),
    ):
        beat("beat", seconds_ago=beat_age)
        beat("watch", seconds_ago=watch_age)
        answer = portal_health()
        shown = answer.json()
        assert (answer.status_code, shown["status"], shown["notes"]) == (200, status, notes)
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_stranger_is_told_ok_or_degraded_and_nothing_else(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "degraded"}
    for name in ("beat", "watch"):
        beat(name, seconds_ago=0)
    assert client.get("/healthz", headers={"Authorization": "Bearer "}).json() == {"status": "ok"}


def test_without_a_database_healthz_lives_and_readyz_does_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr("odr_portal.health.connection.cursor", away)
    monkeypatch.setattr(Heartbeat.objects, "values_list", away)
    assert client.get("/readyz").status_code == 503
    assert portal_health().json() == {"status": "degraded", "notes": ["database away"], "heartbeats": {}}


QUEUES = {"filed cases", "due clocks", "notices", "files to scan", "dossiers", "documents to print", "reports to print"}


def health(client: Client) -> dict[str, Any]:
    for name in ("beat", "watch"):
        beat(name, seconds_ago=0)
    answer = portal_health()
    assert answer.status_code == 200
    return answer.json()


def ago(minutes: int) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def test_nothing_waits_and_it_tells_nothing_of_a_case(client: Client, world: World) -> None:
    given = health(client)
    assert (given["status"], given["notes"]) == ("ok", [])
    assert given["waiting"] == {name: {"count": 0, "age": 0} for name in QUEUES}
    case = filed(world, now=ago(20))
    text = portal_health().content.decode()
    assert found_in(text, case.number, case.item_name, "13800000001", "陈试") == []
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize(("minutes", "status"), [(14, "ok"), (16, "degraded")])
def test_a_filed_case_may_wait_as_long_as_the_policy_says(
    client: Client, world: World, minutes: int, status: str
) -> None:
    filed(world, now=ago(minutes))
    delivery.sweep_notices(now=timezone.now())
    given = health(client)
    assert (given["status"], given["waiting"]["filed cases"]["count"]) == (status, 1)
    assert given["notes"] == (["filed cases wait too long"] if status == "degraded" else [])
    assert minutes * 60 <= given["waiting"]["filed cases"]["age"] < minutes * 60 + 60


def test_so_may_a_clock_that_nobody_looked_at(client: Client, world: World) -> None:
    case = a_complaint(world, status=Status.NEGOTIATING, now=ago(30))
    delivery.sweep_notices(now=timezone.now())
    for minutes, notes in ((14, []), (16, ["due clocks wait too long"])):
        Deadline.objects.filter(complaint=case, clock="negotiation").update(chase_at=ago(minutes))
        assert health(client)["notes"] == notes
    handling.sweep_clocks(now=timezone.now())
    assert health(client)["waiting"]["due clocks"]["count"] == 0


def test_so_may_a_notice_but_not_one_for_tomorrow_and_what_was_set_aside_waits_for_a_person(
    client: Client, world: World
) -> None:
    a_complaint(world, status=Status.WITH_ENTERPRISE, now=ago(20))
    for state in ("queued", "leased", "sent", "set_aside"):
        number = Notice.objects.update(state=state)
        given = health(client)
        assert given["notes"] == (["notices wait too long"] if state in ("queued", "leased") else []), state
        assert given["notices set aside"] == (number if state == "set_aside" else 0)
        assert number > 0
    Notice.objects.update(state="queued", send_after=timezone.now() + timedelta(days=1))
    given = health(client)
    assert (given["waiting"]["notices"]["count"], given["notices set aside"]) == (0, 0)


@pytest.fixture
def case(world: World) -> Complaint:
    return filed(world, now=timezone.now())


def watch(case: Complaint) -> Status:
    call_command("watch", "--once")
    case.refresh_from_db()
    assert Heartbeat.objects.filter(name="watch").exists()
    return Status(case.status)


def test_with_a_fresh_heartbeat_the_watch_leaves_the_work_to_the_workers_and_with_a_stale_one_it_sweeps_itself(
    case: Complaint,
) -> None:
    heartbeat()
    assert watch(case) == Status.FILED
    beat("beat", seconds_ago=61)
    assert watch(case) != Status.FILED


def test_with_no_heartbeat_it_sweeps_itself_and_one_failing_sweep_stops_no_other(
    case: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> int:
        raise RuntimeError

    monkeypatch.setitem(sweeping.SWEEPS, "clocks", broken)
    assert watch(case) != Status.FILED


def noting(done: list[str], name: str, error: Exception | None = None) -> Callable[..., int]:
    """A sweep that says that it was done, or fails."""

    def sweep(**_: object) -> int:
        done.append(name)
        if error is not None:
            raise error
        return 0

    return sweep


@pytest.mark.django_db
def test_of_what_is_asked_for_one_that_fails_stops_no_other_and_a_database_that_is_away_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    for name in ASKED:
        monkeypatch.setitem(sweeping.SWEEPS, name, noting(done, name, ValueError() if name == "exports" else None))
    sweep_asked()
    assert sorted(done) == sorted(ASKED)
    assert [record.getMessage() for record in caplog.records] == ["sweep exports failed"]
    done.clear()
    monkeypatch.setitem(sweeping.SWEEPS, "exports", noting(done, "exports", OperationalError()))
    with pytest.raises(OperationalError):
        sweep_asked()
    assert done[-1] == "exports"


@pytest.mark.django_db
def test_where_one_kind_takes_all_the_time_of_a_message_each_kind_still_has_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    for name in ASKED:
        monkeypatch.setitem(sweeping.SWEEPS, name, noting(done, name))
    monkeypatch.setattr("odr_portal.tasks.SECONDS", -1)
    moment = timezone.now()
    for nth in range(len(ASKED)):
        monkeypatch.setattr("odr_portal.tasks.timezone.now", lambda nth=nth: moment + timedelta(seconds=5 * nth))
        sweep_asked()
    assert sorted(done) == sorted(ASKED)


def test_a_small_machine_is_woken_by_few_messages() -> None:
    """About three hundredths of a core went on three messages a second while nobody asked."""
    assert sum(60 / entry["schedule"] for entry in beats(5).values()) < 95


def test_it_seals_when_it_holds_the_key(case: Complaint, tmp_path: Path, settings: Any) -> None:
    assert watch(case) is not None
    assert not Checkpoint.objects.exists()
    key, how = tmp_path / "key.pem", (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(*how, serialization.NoEncryption()))
    settings.SEAL_KEY_FILE = str(key)
    watch(case)
    assert not Checkpoint.objects.exists(), "a key that others can read signs nothing"
    key.chmod(0o600)
    watch(case)
    assert Checkpoint.objects.count() == 1


def test_whatever_beats_is_a_task_that_a_worker_knows_and_the_settings_of_the_worker_keep_their_order() -> None:
    """Time limit < lease < visibility: else a task runs twice while it still runs."""
    app.loader.import_default_modules()
    assert {entry["task"] for entry in beats(5).values()} <= set(app.tasks)
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < 60
    assert app.conf.broker_transport_options["visibility_timeout"] > 60
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.result_backend is None


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_of_the_watch_goes_on_until_the_heartbeat_is_back(
    case: Complaint, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SWEEP_EVERY = 0
    rounds: list[datetime] = []

    def back_after_two(*, now: datetime) -> int:
        rounds.append(now)
        if len(rounds) == 2:
            heartbeat()
        return 0

    monkeypatch.setitem(sweeping.SWEEPS, "clocks", back_after_two)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        call_command("watch", "--sweep")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert len(rounds) == 2
    case.refresh_from_db()
    assert case.status != Status.FILED
    assert not Heartbeat.objects.filter(name="watch").exists(), "the watcher alone says that it lives"


def loaded(program: str) -> str:
    code = f"import gc, sys; {program}"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


def test_beat_loads_no_part_of_the_portal_and_the_watch_no_pages() -> None:
    beat = "from odr_portal.ticks import app; app.loader.init_worker(); app.finalize();"
    ours = "print([one for one in sys.modules if one in ('django.http', 'django.db.models', 'complaints.tasks')])"
    assert loaded(f"{beat} {ours}") == "[]"
    watch = "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'odr_portal.settings'; django.setup();"
    watch += "import odr_portal.management.commands.watch;"
    assert loaded(f"{watch} print([one for one in sys.modules if one.startswith('complaints.pages')])") == "[]"


def test_before_it_is_forked_the_web_process_has_all_pages_and_the_collector_looks_at_nothing_of_it() -> None:
    program = (
        "import odr_portal.wsgi; print('complaints.pages.consumer' in sys.modules, gc.get_freeze_count() > 100_000)"
    )
    assert loaded(program) == "True True"


@pytest.mark.django_db(transaction=True)
def test_a_worker_keeps_its_connection_from_task_to_task() -> None:
    kept = DjangoWorkerFixup(app)
    connection.ensure_connection()
    first = connection.connection
    for _ in range(3):
        kept.on_task_prerun(heartbeat)
        task_prerun.send(sender=heartbeat)
        heartbeat()
        kept.on_task_postrun(heartbeat)
    assert connection.connection is first
    # One that the server has ended is left at the next task.
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")
    task_prerun.send(sender=heartbeat)
    heartbeat()


def test_beat_sleeps_until_a_tick_is_due(tmp_path: Path) -> None:
    asked = Sleeper(app=ticking, schedule_filename=str(tmp_path / "schedule"))
    while (pause := asked.tick()) == 0:
        pass
    due = min(entry.is_due().next for entry in asked.schedule.values())
    assert pause == pytest.approx(due, abs=0.005)
    asked.close()

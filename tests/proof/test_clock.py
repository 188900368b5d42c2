"""A wrong clock lapses nothing, writes nothing and publishes nothing; a right one is never stopped for long."""

import random
import socket
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.models import Checkpoint, Complaint, Deadline, HandlingStep, Heartbeat, HouseEntry
from complaints.procedure.workflow import Status
from complaints.record import checkpoints, clock
from complaints.record.clock import Answer, Process, Seen, judge
from odr_portal.celery import app
from odr_portal.clock_guard import ANSWERS_PEOPLE
from odr_portal.processes.sweeping import SWEEPS
from odr_portal.tasks import ASKED
from odr_portal.ticks import beats
from oversight.counters import publishing
from oversight.models import DataSet
from oversight.portal_state import signs
from tests import given, health
from tests.cast import World

GO, HOLD, REFUSE = Answer.GO, Answer.HOLD, Answer.REFUSE
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
WRONG = 20 * DAY
T = datetime(2026, 11, 30, 12, tzinfo=timezone.get_fixed_timezone(480))
#: How long the tests of the table look back at the newest seal.
SEALED = T - MINUTE


def seen(host: datetime, database: datetime, running: datetime | None = None, **rest: Any) -> Seen:
    return Seen(host=host, database=database, by_monotonic=running, **{"newest_seal": SEALED} | rest)


#: What is so → what the clocks say, and what must come of it.
SITUATIONS: dict[str, tuple[Seen, Answer]] = {
    "all agree": (seen(T, T, T), GO),
    "three seconds of skew": (seen(T + 3 * SECOND, T, T + 3 * SECOND), GO),
    "one machine of several 20 days ahead": (seen(T + WRONG, T, T + WRONG), REFUSE),
    "one machine of several 20 days behind": (seen(T - WRONG, T), REFUSE),
    "one machine, its clock jumps while it runs": (seen(T + WRONG, T + WRONG, T), HOLD),
    "one machine, started with its clock ahead": (seen(T + WRONG, T + WRONG), HOLD),
    "the same with a witness": (seen(T + WRONG, T + WRONG, outside=T), HOLD),
    "one machine, its clock behind": (seen(T - WRONG, T - WRONG), HOLD),
    "off for a week, no witness": (seen(T + 7 * DAY, T + 7 * DAY), HOLD),
    "off for a week, a witness agrees": (seen(T + 7 * DAY, T + 7 * DAY, outside=T + 7 * DAY + 4 * SECOND), GO),
    "off for a week, a person confirms": (seen(T + 7 * DAY, T + 7 * DAY, confirmed=T + 7 * DAY + 40 * SECOND), GO),
    "a person read another time": (seen(T + WRONG, T + WRONG, confirmed=T), HOLD),
    "confirmed, and the witness says no": (seen(T + WRONG, T + WRONG, outside=T, confirmed=T + WRONG), HOLD),
    "a new portal, nothing sealed yet": (seen(T, T, newest_seal=None), GO),
    "a restored backup of yesterday": (seen(T, T, newest_seal=T - DAY), HOLD),
    "running, nothing sealed for two hours": (seen(T, T, T, newest_seal=T - 120 * MINUTE), GO),
    "confirmed, but host and database differ": (seen(T + WRONG, T, confirmed=T + WRONG), REFUSE),
    # A seal dated ahead by a wrong clock holds nobody back for 20 days.
    "set right after a seal was dated ahead": (seen(T, T, newest_seal=T + WRONG), HOLD),
    "the same, a person confirms": (seen(T, T, newest_seal=T + WRONG, confirmed=T), GO),
    "the same, a witness agrees": (seen(T, T, newest_seal=T + WRONG, outside=T), GO),
}


@pytest.mark.parametrize("what", SITUATIONS)
def test_each_situation_is_answered(what: str) -> None:
    given_now, must = SITUATIONS[what]
    assert judge(given_now).answer is must


def test_no_error_goes_on_that_is_larger_than_is_promised_and_a_right_clock_is_never_stopped() -> None:
    dice = random.Random(22)
    worst: dict[str, float] = {"two machines": 0, "one, running": 0, "one, just started": 0, "a witness": 0}
    for _ in range(20_000):
        error = dice.choice([0, dice.gauss(0, 5), dice.uniform(-3600, 3600), dice.uniform(-60, 60) * 86400])
        is_one, runs, has_witness = dice.random() < 0.5, dice.random() < 0.5, dice.random() < 0.5
        shown = Seen(
            host=T + error * SECOND,
            database=T + (error if is_one else dice.gauss(0, 0.3)) * SECOND,
            by_monotonic=T + dice.gauss(0, 0.5) * SECOND if runs else None,
            newest_seal=T - dice.uniform(0, 120) * SECOND,
            outside=T + dice.gauss(0, 1) * SECOND if has_witness else None,
        )
        where = "a witness" if has_witness else "one, running" if runs else "one, just started"
        where = where if is_one else "two machines"
        answer = judge(shown).answer
        if answer is GO:
            worst[where] = max(worst[where], abs(error))
        assert answer is GO or abs(error) > 2
    assert worst["two machines"] <= 32
    assert worst["one, running"] <= 33
    assert worst["one, just started"] <= 900
    assert worst["a witness"] <= 124
    assert min(worst.values()) > 10, "small errors go on: the test has seen them"


LOOK = clock.look


@pytest.fixture
def _clocks_are_compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What tests/conftest.py turns off, as in a process that just started."""
    process = clock.PROCESS
    app.loader.import_default_modules()
    monkeypatch.setattr(clock, "look", LOOK)
    before = asdict(process)
    for name, value in asdict(Process()).items():
        setattr(process, name, value)
    yield
    for name, value in before.items():
        setattr(process, name, value)


@pytest.fixture(scope="module")
def _database_clock(postgres_server: Any) -> Iterator[None]:
    """A function that stands before the database's own clock, where a session asks for that."""
    import psycopg2

    from tests.server import DATABASE

    administrator = psycopg2.connect(postgres_server.dsn(user="postgres", database=DATABASE))
    administrator.autocommit = True
    with administrator.cursor() as cursor:
        cursor.execute(
            "create schema wrong; grant usage on schema wrong to public; "
            "create function wrong.clock_timestamp() returns timestamptz language sql volatile as "
            "$$ select pg_catalog.clock_timestamp() + current_setting('wrong.by')::interval $$"
        )
    yield
    with administrator.cursor() as cursor:
        cursor.execute("drop schema wrong cascade")
    administrator.close()


def set_database_clock(error: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set search_path = wrong, pg_catalog, public")
        cursor.execute("select set_config('wrong.by', %s, false)", [f"{error.total_seconds()} seconds"])


def host_clock(error: timedelta) -> Any:
    return time_machine.travel(timezone.now() + error)


@pytest.fixture
def key(tmp_path: Path, settings: Any) -> Ed25519PrivateKey:
    made, file = Ed25519PrivateKey.generate(), tmp_path / "key.pem"
    file.touch(mode=0o600)
    file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.SEAL_KEY_FILE = str(file)
    return made


@pytest.fixture
def case(world: World, key: Ed25519PrivateKey) -> Complaint:
    """One case that waits for its enterprise, whose time is over in five days; all of it is sealed."""
    now = timezone.now()
    made = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now - MINUTE)
    due = now + 5 * DAY
    Deadline.objects.filter(complaint=made).exclude(chase_at=None).update(due_at=due, chase_at=due)
    checkpoints.seal(now=now, key=key)
    return made


def sweep_all() -> None:
    """Every task that beat ticks, and a round of the watcher that finds the broker away."""
    for task in sorted({entry["task"] for entry in beats(5).values()}):
        app.tasks[task]()
    Heartbeat.objects.filter(name="beat").delete()
    call_command("watch", "--once")


def state() -> tuple[int, int, int, int, int]:
    lapsed = Deadline.objects.exclude(lapsed_at=None).count()
    published = Heartbeat.objects.filter(name=publishing.MARK).count() + DataSet.objects.count()
    return lapsed, HandlingStep.objects.count(), HouseEntry.objects.count(), Checkpoint.objects.count(), published


def errors(number: int) -> list[timedelta]:
    """Errors of a clock, the promised ones first."""
    dice = random.Random(number)
    return [WRONG, -WRONG] + [dice.choice([-1, 1]) * dice.uniform(31, 20 * 86400) * SECOND for _ in range(number - 2)]


@pytest.mark.usefixtures("_clocks_are_compared")
def test_T95_one_host_with_a_wrong_clock_sweeps_nothing_and_serves_nothing(case: Complaint, client: Client) -> None:
    before = state()
    for error in (WRONG, -WRONG):
        with host_clock(error):
            sweep_all()
            assert client.get("/readyz").json() == {"ready": False, "reason": "clock not trusted"}
            assert client.get("/").status_code == 503
            assert "clock not trusted: differ" in health().json()["notes"]
        assert state() == before, error
    assert not Heartbeat.objects.filter(name__in=["beat", "watch"]).exists(), "it says nothing of its life"
    # Another machine tells of it.
    assert "clock_refused" in signs.read(now=timezone.now()).alarms


@pytest.mark.usefixtures("_clocks_are_compared", "_database_clock")
def test_T95_one_machine_with_a_wrong_clock_lets_people_work_and_does_nothing_by_itself(
    case: Complaint, client: Client, world: World
) -> None:
    before = state()
    for error in (WRONG, -WRONG):
        set_database_clock(error)
        clock.PROCESS.verdict = None
        with host_clock(error):
            sweep_all()
            assert client.get("/readyz").status_code == 200
            assert client.get("/").status_code == 200
            assert health().json()["clock"] == "hold"
            assert state() == before, list(HandlingStep.objects.values_list("step", "actor_role"))
            assert "clock_held" in signs.read(now=timezone.now()).alarms
    set_database_clock(WRONG)
    with host_clock(WRONG):
        given.filed(world, now=timezone.now())
        given.step(case, consumer.add_statement(text="请尽快处理。"), world.consumer, timezone.now())
        assert state()[:2] == (0, before[1] + 2), "people file and write; the deadline of that case waits all the same"
        # The clock was right after all: the machine was off so long.
        call_command("confirm_clock", timezone.localtime().strftime("%Y-%m-%d %H:%M"))
        sweep_all()
        assert Deadline.objects.filter(complaint=case).exclude(lapsed_at=None).exists()
        assert state()[3] == before[3] + 1


@pytest.mark.usefixtures("_clocks_are_compared", "_database_clock")
@pytest.mark.parametrize("number", [10, pytest.param(50, marks=pytest.mark.full)])
def test_T95_whatever_the_error_nothing_lapses_on_one_host_or_on_all(case: Complaint, number: int) -> None:
    before = state()
    for error in errors(number):
        for is_everywhere, must in ((False, REFUSE), (True, HOLD)):
            for runs in (True, False):
                set_database_clock(timedelta())
                clock.PROCESS.agreed = None
                if runs:
                    assert clock.look().answer is GO
                elif abs(error) < clock.GAP and is_everywhere:
                    # A machine that just started and has nobody to ask may be off by so much (docs/threats.md).
                    continue
                set_database_clock(error if is_everywhere else timedelta())
                with host_clock(error):
                    assert clock.look().answer is must, (error, is_everywhere, runs)
                    for name in ("sweep_clocks", "sweep_expired"):
                        app.tasks[f"complaints.tasks.{name}"]()
                    app.tasks["oversight.tasks.publish_figures"]()
    assert state() == before


@pytest.mark.usefixtures("_clocks_are_compared", "_database_clock")
def test_commands_erase_and_publish_nothing_by_a_wrong_clock(case: Complaint, world: World) -> None:
    person = world.su.person_key  # She has no case, so no term runs.
    for error in (WRONG, -WRONG):
        set_database_clock(error)
        with host_clock(error):
            clock.PROCESS.verdict = None
            with pytest.raises(CommandError, match="not trusted"):
                call_command("publish_figures")
            with pytest.raises(CommandError, match="not trusted"):
                call_command("check_open_data", withdraw=True)
            with pytest.raises(CommandError, match="Nothing was erased: the clock of this machine is not trusted"):
                call_command("erase_person", str(person), "--yes")


LONG_AGO: dict[str, Any] = {"size": 9, "root": b"x", "note": "x", "horizon": 0, "ceiling": 0, "era": 0}


@pytest.mark.usefixtures("_clocks_are_compared", "_database_clock")
def test_a_process_that_runs_needs_no_seal_and_a_demonstration_starts_by_itself(case: Complaint, settings: Any) -> None:
    set_database_clock(timedelta())
    assert clock.look().answer is GO
    Checkpoint.objects.create(number=2, at=timezone.now() - DAY, **LONG_AGO)
    assert clock.look().answer is GO, "its counter of seconds agrees with the clock"
    assert clock.look(process=Process()).answer is HOLD
    settings.DEMO = True
    assert clock.look(process=Process()).answer is GO


def test_what_goes_on_is_a_sweep_by_its_name() -> None:
    ticked = {entry["task"].rpartition(".")[2].partition("_")[2] for entry in beats(5).values()}
    assert ANSWERS_PEOPLE - {"heartbeat", "asked"} <= (ticked | set(ASKED)) & set(SWEEPS)
    assert "asked" in ticked
    assert {"clocks", "expired", "figures", "open_data", "league", "indicators"} <= ticked - ANSWERS_PEOPLE


@pytest.mark.django_db
def test_heartbeats_dated_ahead_stop_nothing(client: Client) -> None:
    now = timezone.now()
    for name in ("beat", "watch", "retention", publishing.MARK, "published league", "published indicators"):
        Heartbeat.objects.create(name=name, at=now + WRONG)
    assert health().json()["notes"] == ["broker away, nobody sweeps"]
    call_command("watch", "--once")
    at = dict(Heartbeat.objects.values_list("name", "at"))
    for name in ("watch", "retention", publishing.MARK):
        assert now <= at[name] <= now + MINUTE, name
    assert f"{clock.MARK}{HOLD} {socket.gethostname()}"[:40] == clock.mark_of(HOLD)

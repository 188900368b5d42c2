"""What was answered is kept, once: the web process, PostgreSQL and Valkey are killed while eight people file.

Valkey carries nudges only: killed, emptied or away for an hour, it costs time and never a case.
"""

import os
import threading

import pytest

from tests import PATIENCE
from tests.complaints.filing import answers
from tests.faults.clients import Answer, Browser, Person, pick_of
from tests.faults.history import Sent
from tests.faults.scenario import STALE, Scenario, valkey_away

pytestmark = pytest.mark.fault
AT_ONCE = 20
# `make soak` lets it be away for a real hour, and so may this.
AWAY = float(os.environ.get("FAULTS_VALKEY_AWAY", "60"))


def struck(scenario: Scenario, acks: int, *names: str) -> None:
    """Each is struck after so many more promises; all eight file on, and nothing that was promised is broken."""
    with scenario.filing() as work:
        for name in names:
            work.until_acks(acks)
            scenario.strike(name)
        work.until_acks(4)
    scenario.judge()


def test_f09_postgres_crashes_three_times(scenario: Scenario) -> None:
    """kill -9 of the server and all of its processes, right after promises were made."""
    struck(scenario, 8, *["postgres whole"] * 3)


@pytest.mark.full
def test_f04_the_web_process_is_killed(scenario: Scenario) -> None:
    struck(scenario, 3, *("web child", "web", "web child", "web whole") * 2)


@pytest.mark.full
def test_f09_one_backend_is_killed_again_and_again(scenario: Scenario) -> None:
    """PostgreSQL then restarts all of itself; pages find their connections cut."""
    struck(scenario, 3, *["postgres backend"] * 5)


@pytest.mark.full
def test_f16_f17_valkey_is_killed_and_comes_back_empty(scenario: Scenario) -> None:
    """Four times while tasks run, twice without what waited in it."""
    cases = 60
    scenario.clocks(cases, 2, 12)
    struck(scenario, 4, "valkey", "valkey", "valkey empty", "valkey", "valkey empty", "valkey")
    assert scenario.lapsed() == 2 * cases


@pytest.mark.full
def test_f18_valkey_is_away_for_long(scenario: Scenario) -> None:
    """All the while people file, clocks lapse and cases go on; afterwards nobody restarts anything by hand."""
    scenario.judge(late=valkey_away(scenario, AWAY))


def moved_on(scenario: Scenario, number: str) -> bool:
    asked = "select status from complaints_complaint where number = %s"
    return scenario.portal.query(asked, [number]) != [("filed",)]


def test_without_the_broker_cases_are_filed_and_swept(scenario: Scenario) -> None:
    portal, person = scenario.portal, Person(scenario.portal, scenario.history, 0)
    person.sign_in()
    pick = pick_of(portal)
    number = person.file(pick)
    scenario.until(lambda: moved_on(scenario, number), "the worker swept the case")

    beside_it = max(made.seconds for made in scenario.history.requests)
    portal.supervisor().stopProcess("valkey")
    number = person.file(pick)
    # Not one of the broker's time-outs (2 s to connect, 5 s to answer) is waited for, however slow the machine is.
    assert max(made.seconds for made in scenario.history.requests) < beside_it + 2
    assert {portal.get(page)[0] for page in ("/", "/file/", "/readyz")} == {200}
    scenario.until(lambda: portal.health()["notes"] == ["broker away, watch sweeps"], "health says so", STALE + 30)
    scenario.until(lambda: moved_on(scenario, number), "the watcher swept the case")

    portal.supervisor().startProcess("valkey")
    scenario.judge()


def at_once(person: Person, path: str, fields: dict[str, str]) -> list[Answer]:
    """The same form from twenty windows in the same moment, each pressed until it is answered."""
    gate, result = threading.Barrier(AT_ONCE), []

    def press() -> None:
        window = Browser(person.portal.port, person.history)
        window.cookies = dict(person.browser.cookies)
        gate.wait(PATIENCE)
        result.append(window.post(path, fields))

    threads = [threading.Thread(target=press) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(result) == AT_ONCE
    return result


def written(scenario: Scenario, sent: Sent, results: list[Answer]) -> None:
    for answer in results:
        assert answer.status == 302, (answer.status, answer.text[:300])
        scenario.history.acknowledged(sent, answer.location)


def test_f30_twenty_at_once_with_one_key(scenario: Scenario) -> None:
    """Twenty windows, one key: one case, one entry; the same key with other words is refused."""
    person = Person(scenario.portal, scenario.history, 0)
    person.sign_in()
    address, sent = person.fill(pick_of(scenario.portal))
    scenario.history.sending(sent)
    written(scenario, sent, at_once(person, address, {**answers.CONSENTS, "file": "1", "idempotency_key": sent.key}))
    number = sent.answers[0].split("/")[2]

    text = f"补充。件号{'f' * 16}。".replace("f" * 16, sent.marker[::-1])
    added = Sent("add", sent.marker[::-1], text, f"{sent.key}-added", number)
    path, fields = f"/cases/{number}/statement/", {"text": text, "idempotency_key": added.key}
    scenario.history.sending(added)
    written(scenario, added, at_once(person, path, fields))

    other = person.browser.once("POST", path, {**fields, "text": "同一个键，另一段话。"})
    # Asked for, so it is not held against the portal.
    scenario.history.requests.pop()
    if other is None or other.status != 422:
        scenario.history.violation(f"DOUBLED one key took two different texts: {other and other.status}")
    scenario.judge()

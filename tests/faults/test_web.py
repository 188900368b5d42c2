"""What was answered is kept, once: the web process and PostgreSQL are killed while eight people file."""

import threading

import pytest

from tests import PATIENCE
from tests.faults.browser import Answer, Browser
from tests.faults.clients import Person, pick_of
from tests.faults.history import Sent
from tests.faults.scenario import Scenario

pytestmark = pytest.mark.fault
AT_ONCE = 20


def test_f09_postgres_crashes_three_times(scenario: Scenario) -> None:
    """kill -9 of the server and all of its processes, right after promises were made."""
    with scenario.filing() as work:
        for _ in range(3):
            work.until_acks(8)
            scenario.strike("postgres whole")
        work.until_acks(4)
    scenario.judge()


@pytest.mark.full
def test_f04_the_web_process_is_killed(scenario: Scenario) -> None:
    with scenario.filing() as work:
        for name in ("web child", "web", "web child", "web whole", "web child", "web", "web child", "web whole"):
            work.until_acks(3)
            scenario.strike(name)
        work.until_acks(4)
    scenario.judge()


@pytest.mark.full
def test_f09_one_backend_is_killed_again_and_again(scenario: Scenario) -> None:
    """PostgreSQL then restarts all of itself; pages find their connections cut."""
    with scenario.filing() as work:
        for _ in range(5):
            work.until_acks(3)
            scenario.strike("postgres backend")
        work.until_acks(4)
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
    written(scenario, sent, at_once(person, address, {"truth": "on", "file": "1", "idempotency_key": sent.key}))
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

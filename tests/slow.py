"""Measures which tests `make test-fast` leaves out, and writes tests/slow.txt: `make list-slow`.

A test is slow when it takes more than `LIMIT` seconds of CPU time, those of its database server and its child processes
included: the mean of its parameters, with its share of what its module sets up for all who use it. CPU time hardly
depends on what else the machine does; a quiet machine is still the better one.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LIST = Path(__file__).with_suffix(".txt")
LIMIT = 0.03


def listed() -> set[str]:
    """Node ids without parameters."""
    return set(LIST.read_text().split())


def name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


class Costs:
    """Seconds of CPU time of each test, and of each fixture that is made for more than one."""

    def __init__(self) -> None:
        self.server = 0
        self.of_fixtures = 0.0
        self.own: dict[str, list[float]] = defaultdict(list)
        self.shared: Counter[tuple[str, str]] = Counter()
        self.used: dict[str, list[str]] = {}

    def spent(self) -> float:
        times = os.times()
        return time.process_time() + times.children_user + times.children_system + self._of_the_server()

    def _of_the_server(self) -> float:
        if not self.server:
            return 0.0
        texts = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()
        total = sum(map(int, texts[11:15])) / os.sysconf("SC_CLK_TCK")
        for child in Path(f"/proc/{self.server}/task/{self.server}/children").read_text().split():
            try:
                total += int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) / 1e9
            except OSError:
                continue  # It ended: from now on it is among its parent's.
        return total

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        begun, inner = self.spent(), self.of_fixtures
        made = yield
        if fixturedef.argname == "postgres_server":
            self.server = made.process.pid
        elif fixturedef.scope != "function":
            cost = self.spent() - begun - (self.of_fixtures - inner)
            self.of_fixtures += cost
            if fixturedef.scope != "session":
                self.shared[request.node.nodeid, fixturedef.argname] += cost
        return made

    def _measured(self, item: pytest.Item) -> Iterator[None]:
        begun, inner = self.spent(), self.of_fixtures
        try:
            return (yield)
        finally:
            self.own[item.nodeid].append(self.spent() - begun - (self.of_fixtures - inner))
            self.used[item.nodeid] = item.fixturenames  # type: ignore[attr-defined]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._measured(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._measured(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        if nextitem is None:  # The whole run is taken down with it.
            return (yield)
        return (yield from self._measured(item))

    def told(self) -> list[Any]:
        return [dict(self.own), [[*key, cost] for key, cost in self.shared.items()], self.used]


def slow(own: dict[str, float], shared: dict[tuple[str, str], float], used: dict[str, list[str]]) -> dict[str, float]:
    """Name to the mean of its seconds, for the slow ones.

    What a module sets up is shared among the tests that still run, so a test that leaves makes it dearer for the rest.
    """
    left: dict[str, float] = {}
    while True:
        runs = [test for test in own if test.partition("[")[0] not in left]
        users = Counter(key for key in shared for test in runs if test.startswith(key[0]) and key[1] in used[test])
        means: dict[str, list[float]] = defaultdict(list)
        for test in runs:
            share = sum(shared[key] / users[key] for key in users if test.startswith(key[0]) and key[1] in used[test])
            means[test.partition("[")[0]].append(own[test] + share)
        result = {test: sum(costs) / len(costs) for test, costs in means.items() if sum(costs) / len(costs) > LIMIT}
        if not result:
            return left
        left |= result


class Writer:
    """Where the run ends: takes what each process measured and writes the list."""

    def __init__(self) -> None:
        self.own: Counter[str] = Counter()
        self.shared: Counter[tuple[str, str]] = Counter()
        self.used: dict[str, list[str]] = {}

    def take(self, shown: list[Any]) -> None:
        own, shared, used = shown
        self.own.update({test: sum(costs) for test, costs in own.items()})
        for module, fixture, cost in shared:
            self.shared[module, fixture] = max(cost, self.shared[module, fixture])
        self.used |= used

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.take(node.workeroutput["costs"])

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        costs = config.pluginmanager.get_plugin("costs")
        if costs.own:
            self.take(costs.told())
        result = slow(self.own, self.shared, self.used)
        elsewhere = listed() - {test.partition("[")[0] for test in self.own}
        LIST.write_text("".join(f"{test}\n" for test in sorted(elsewhere | result.keys())))
        kept = sum(cost for test, cost in self.own.items() if test.partition("[")[0] not in result)
        print(f"{len(result)} slow tests are listed; the others take {kept:.0f} s of CPU time.")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Costs(), "costs")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(), "writer")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["costs"] = session.config.pluginmanager.get_plugin("costs").told()

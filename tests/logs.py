"""What all tests of a run write to the log, kept to be searched for people at its end.

One rule: lines are kept as the portal itself would write them, with its own filter, exceptions included.
"""

import logging
import tempfile
from pathlib import Path

import pytest

from odr_portal.errors import IncidentLines
from tests.canaries import CANARIES, OF_THE_CAST, seen

WORDS = [*CANARIES.items(), *((text, text) for text in OF_THE_CAST)]
_kept: list[Path] = []
_handlers: list[logging.Handler] = []


def kept() -> bytes:
    """Every line of this run until now."""
    return _kept[0].read_bytes() if _kept else b""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    with tempfile.NamedTemporaryFile(prefix="odr-test-log-", delete=False) as file:
        _kept.append(Path(file.name))
    handler = logging.FileHandler(_kept[0], encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name} {message}", style="{"))
    handler.addFilter(IncidentLines())
    logging.getLogger().addHandler(handler)
    _handlers.append(handler)


def pytest_runtest_teardown() -> None:
    """A test that sets the portal up anew (the worker's modules) sets up the log anew: ours goes back."""
    root = logging.getLogger()
    for handler in _handlers:
        if handler not in root.handlers:
            root.addHandler(handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A person in a log fails the run, whichever test wrote the line."""
    found = seen(kept(), WORDS)
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        lines = [line.decode(errors="replace")[:300] for line in kept().splitlines() if seen(line, WORDS)]
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("T52: the log of this run names people:\n" + "\n".join(lines[:20]), red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    while _kept:
        _kept.pop().unlink(missing_ok=True)

"""What all tests of a run write to the log, as the portal would write it; searched for people at its end."""

import logging
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.canaries import CANARIES, OF_THE_CAST, seen
from web.telemetry.lines import OwnWords

WORDS = [*CANARIES.items(), *((text, text) for text in OF_THE_CAST)]
#: Names the folder of the run to its workers, where tests run in several processes: each writes a file of its own.
FOLDER = "ODR_TEST_LOGS"
_handlers: list[logging.FileHandler] = []


def kept() -> bytes:
    """Every line of this process until now."""
    return b"".join(Path(handler.baseFilename).read_bytes() for handler in _handlers)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="odr-test-log-")
    file = Path(os.environ[FOLDER]) / f"odr-test-log-{os.getpid()}"
    handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name} {message}", style="{"))
    handler.addFilter(OwnWords())
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
    """A person in a log fails the run, whichever test of whichever process wrote the line."""
    if hasattr(session.config, "workerinput"):
        return
    lines = [line for file in Path(os.environ[FOLDER]).iterdir() for line in file.read_bytes().splitlines()]
    if seen(b"\n".join(lines), WORDS):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        named = [line.decode(errors="replace")[:300] for line in lines if seen(line, WORDS)]
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("T52: the log of this run names people:\n" + "\n".join(named[:20]), red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    _handlers.clear()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER, ""), ignore_errors=True)

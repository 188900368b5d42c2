"""`migrate` beside people who file: a long reader makes it wait, and nobody else."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings

from odr_portal.processes import embedded
from tests import PATIENCE, ROOT
from tests.cast import World
from tests.server import DATABASE

_READ = "select count(*) from complaints_lease"


def _migrate(said: Path, *words: str) -> "subprocess.Popen[str]":
    how: dict[str, Any] = {"text": True, "stdout": subprocess.DEVNULL, "stderr": said.open("w"), "cwd": ROOT}
    variables = {**os.environ, "MIGRATION_LOCK_TIMEOUT_MS": "300", "SECRET_KEY": settings.SECRET_KEY}
    return subprocess.Popen([sys.executable, "manage.py", "migrate", "complaints", *words], env=variables, **how)


@pytest.mark.django_db(transaction=True)
def test_a_long_reader_makes_a_migration_try_again_and_holds_up_nobody(
    world: World, postgres_server: embedded.ThrowAwayPostgres, tmp_path: Path
) -> None:
    address, said = postgres_server.dsn(user="postgres", database=DATABASE), tmp_path / "said"
    try:
        with closing(psycopg2.connect(address)) as reader, closing(psycopg2.connect(address)) as others:
            others.autocommit = True
            with reader.cursor() as reading, others.cursor() as asking:
                reading.execute(_READ)
                process, longest = _migrate(said, "0031"), 0.0
                end = time.monotonic() + PATIENCE
                while "trying again" not in said.read_text():
                    assert time.monotonic() < end, said.read_text()
                    assert process.poll() is None, said.read_text()
                    begun = time.monotonic()
                    asking.execute(_READ)
                    longest = max(longest, time.monotonic() - begun)
                assert longest < 2
                reader.rollback()
                assert process.wait(PATIENCE) == 0
                asking.execute("select to_regclass('complaints_lease')")
                assert asking.fetchone() == (None,)
    finally:
        assert _migrate(said).wait(PATIENCE) == 0


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_in_words_when_the_table_is_never_free(
    world: World, postgres_server: embedded.ThrowAwayPostgres, tmp_path: Path
) -> None:
    address = postgres_server.dsn(user="postgres", database=DATABASE)
    with closing(psycopg2.connect(address)) as reader, reader.cursor() as reading:
        reading.execute(_READ)
        assert _migrate(tmp_path / "said", "0031", "--wait", "0").wait(PATIENCE) == 1
    # Later ones were taken back before it.
    assert _migrate(tmp_path / "forward").wait(PATIENCE) == 0
    told = (tmp_path / "said").read_text()
    assert "Others held a table all the time" in told
    assert "run it again" in told
    assert "Traceback" not in told

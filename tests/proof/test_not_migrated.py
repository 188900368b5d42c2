"""Whoever verifies a database that is not migrated reads what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from odr_portal.processes import embedded

ROOT = Path(__file__).parents[2]


def test_a_database_that_is_not_migrated_is_told_in_a_sentence(postgres_server: embedded.ThrowAwayPostgres) -> None:
    address = postgres_server.dsn(user="postgres", database="postgres")
    variables = {**os.environ, "DATABASE_URL": address, "SECRET_KEY": "a-key-that-signs-nothing-anywhere-else"}
    for options in (["--alone"], ["--case", "20261118-7K3Q9M2PT4RA-5"], ["--chain-only"]):
        ran = subprocess.run(
            [sys.executable, "manage.py", "verify_record", *options],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 2
        assert ran.stderr.startswith("CommandError: The record could not be verified: ")
        [said] = ran.stderr.splitlines()
        assert said.endswith(
            " does not exist. This database is not migrated to this version of the portal, or it is another one:"
            " look at DATABASE_URL, verify with the version that made it, run `manage.py migrate`, then verify again."
        )

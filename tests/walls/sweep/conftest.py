"""The world of the sweep, built once for all tests of this folder and rolled back after them.

One rule: tests here ask for ``world`` and never for ``db``: they work inside the world's own transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from tests.walls.world import World, build


@pytest.fixture(scope="package")
def world(directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    from tests.cast import load_directory  # a plugin: imported early, its asserts go unread

    root: Path = tmp_path_factory.mktemp("evidence")
    with django_db_blocker.unblock(), override_settings(EVIDENCE_ROOT=str(root), API_CALLS_PER_MINUTE=10**9):
        load_directory()
        # The whole sweep is one transaction; the portal allows a request half a minute.
        _say("set transaction_timeout = 0", "set idle_in_transaction_session_timeout = 0")
        logging.disable(logging.ERROR)
        try:
            with transaction.atomic():
                yield build(now=timezone.now(), evidence_root=root)
                transaction.set_rollback(True)
        finally:
            logging.disable(logging.NOTSET)
            _say("reset transaction_timeout", "reset idle_in_transaction_session_timeout")


def _say(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

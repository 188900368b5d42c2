"""The public side, loaded once a module and rolled back after it.

Rule: a test writes inside its own savepoint, so it sees the directory fresh.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from authorities.loading import load_all
from enterprises.importing import import_enterprises
from routing.loading import DATA, load_rules
from routing.management.commands.load_directory import DEMO


@pytest.fixture(scope="module")
def public_side(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Regions, authorities, policies, calendars."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_all(now=timezone.now())
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def demo_directory(public_side: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo enterprises and rules on top of the public side."""
    with django_db_blocker.unblock(), transaction.atomic():
        for path in sorted(DEMO.glob("*.csv")):
            import_enterprises(path)
        load_rules(DATA / "rules.csv")
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)

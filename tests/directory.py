"""The real directory for tests that need no people, loaded once a run: no table is empty."""

import pytest
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def public_side(directory: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Regions, authorities, policies, calendars, demo enterprises and rules."""
    from tests.cast import load_directory  # a plugin: imported early, its asserts go unread

    with django_db_blocker.unblock():
        load_directory()


@pytest.fixture(scope="module")
def demo_directory(public_side: None) -> None:
    """The same, for tests that look at the demo enterprises."""

"""The enterprise's pages are opened some hours after a case was made."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from tests.cast import WEDNESDAY


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(WEDNESDAY + timedelta(hours=3), tick=False):
        yield

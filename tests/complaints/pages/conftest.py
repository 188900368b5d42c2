"""The clock of the pages, which stands an hour after the cases were made."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.complaints.pages.at_home import SOON


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(SOON, tick=False) as traveller:
        yield traveller

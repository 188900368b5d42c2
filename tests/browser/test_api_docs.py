"""The description of the interface: each call is there to read, under the policy of every other page."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_programmer_reads_what_a_call_takes_and_gives(visit: Callable[..., Any], world: World) -> None:
    visitor = visit(width=1280, language="en")
    page = visitor.go("/api/v1/docs/")
    page.locator("#operations-cases-file").wait_for()
    page.locator("#operations-tag-steps").wait_for()
    visitor.shot("api-docs", full_page=False)
    assert "unsafe" not in page.request.get(page.url).headers["content-security-policy"]

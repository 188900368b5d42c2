"""The dashboard as a director sees it: on a phone and at a desk, definitions open, before axe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.workflow import Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_the_dashboard_holds_before_axe_and_fits(world: World, visit: Any, width: int, language: str) -> None:
    now = timezone.now()
    for status in (S.REVIEW, S.NEGOTIATING, S.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=40))
    # Without JavaScript: a definition opens all the same.
    visitor = visit(width=width, language=language, user=world.su)
    page = visitor.go("/oversight/?first=2000-01-01")
    for summary in page.locator("details.formula summary").all()[2:5]:
        summary.click()
    assert page.locator("details.formula[open] dl a").count() >= 1
    visitor.check()
    visitor.shot(f"dashboard-{width}-{language}")
    counted = page.locator("#f-overdue a.stat-figure")
    number = int(counted.inner_text().split()[0])
    counted.click()
    assert page.locator("tbody tr").count() == number == 1
    visitor.go("/oversight/?first=2026-11-20&last=2026-11-01&enterprise=abc")
    assert page.locator(".error-summary a").count() == 2
    visitor.check()

"""The four pictures of the README, taken when SCREENSHOTS names a folder: SCREENSHOTS=docs/screens.

What they show was made by walking the pages, or the verbs, never by writing rows.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.enterprise.test_enterprise import cases
from tests.browser.journey_stage import Consumer, Filing, Stage, accepted, offered, opened, stage, taken_on, talked

__all__ = ["stage"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.full,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.environ.get("SCREENSHOTS"), reason="pictures are taken when SCREENSHOTS names a folder"),
]


def picture(page_of: Any, name: str, *, width: int, height: int, top: str = "") -> None:
    """What stands in the window, from ``top`` on."""
    visitor = page_of.visitor
    visitor.page.set_viewport_size({"width": width, "height": height})
    visitor.page.locator(top or "body").first.evaluate("row => window.scrollTo(0, row.offsetTop - 12)")
    visitor.shot(name, full_page=False)


def test_on_a_phone(stage: Callable[..., Stage]) -> None:
    people = stage(checked=False)
    newcomer = people.person(Consumer)
    filing = Filing(newcomer, people.world)
    filing.story()
    filing.find()
    picture(newcomer, "file-360", width=360, height=760, top="main h1")
    consumer, (case, staff) = people.consumer, taken_on(people)
    offered(staff, refund="80.00")
    consumer.open(case.number)
    picture(consumer, "case-360", width=360, height=760)


def test_on_a_desk(stage: Callable[..., Stage]) -> None:
    people = stage(width=1280, checked=False)
    case = people.filed()
    cases(people.world)
    staff = people.staff()
    staff.visitor.go("/enterprise/queue/")
    picture(staff, "queue-1280", width=1280, height=620)
    accepted(staff, case, people.world)
    talked(people, staff, case)
    opened(case, staff)
    picture(staff, "enterprise-1280", width=1280, height=900)

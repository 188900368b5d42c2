"""The enterprise's mirror before axe, in one look for each change."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import consumer, enterprise
from complaints.procedure.workflow import Status as S
from enterprises.models import Enterprise, PublishedFigure
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (360, "en"), (1280, "en")])
def test_the_mirror_reads_and_each_number_opens_its_list(world: World, visit: Any, width: int, language: str) -> None:
    now = timezone.now()
    for days in (3, 5, 20):
        done = given.a_complaint(world, status=S.PERFORMING, now=now - timedelta(days=days))
        given.step(
            done, enterprise.report_performed(obligations=[1], proof="流水0042"), world.handler, now - timedelta(days=2)
        )
        given.step(done, consumer.confirm_performed(obligations=[1]), world.consumer, now - timedelta(days=1))
    given.step(done, enterprise.tag_cause(cause="billing_error"), world.handler, now)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=22))
    for n, firm in enumerate([world.mobile, *(Enterprise.objects.create(name=f"同行{n}") for n in range(3))]):
        PublishedFigure.objects.create(
            enterprise=firm,
            category="quality",
            day=timezone.localdate(),
            formula=1,
            ended=60,
            settled=30 + n,
            unconfirmed=4,
            median_days=5 + n,
            promised=40,
            kept=35,
        )
    visitor = visit(width=width, language=language, user=world.lead)
    page = visitor.go("/enterprise/performance/")
    visitor.check()
    visitor.shot(f"performance-{width}-{language}")
    # Words and numbers of what it is made of need the whole of a phone.
    assert page.locator("#f-settled").evaluate("e => e.offsetWidth") > (300 if width == 360 else 200)
    number = page.locator("#f-settled dl a").first
    n = int(number.inner_text().split()[0].removesuffix("件").split("件")[0])
    number.click()
    assert page.locator("tbody tr").count() == n == 3
    visitor.check()
    visitor.shot(f"performance-cases-{width}-{language}")

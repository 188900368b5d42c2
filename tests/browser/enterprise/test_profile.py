"""An enterprise changes its entry and the authority approves: by hand, without a script, in both languages."""

from typing import Any

import pytest
from django.utils import timezone

from complaints.procedure.filing_request import RespondentRequest
from enterprises.models import ServiceArea
from routing.directory_changes import previewing
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language", "javascript"), [(360, "zh-hans", False), (1280, "en", True)])
def test_an_area_is_given_up_and_the_head_sees_where_its_cases_go(
    world: World, visit: Any, width: int, language: str, javascript: bool
) -> None:
    now, look = timezone.now(), f"{width}-{language}"
    fuqing = ServiceArea.objects.get(branch__name="中国移动福清分公司")
    given.filed(
        world,
        now=now,
        respondents=(RespondentRequest(enterprise_id=world.mobile.pk),),
        service_region_id=fuqing.region_id,
    )
    lead = visit(width=width, language=language, user=world.lead, javascript=javascript)
    head = visit(width=width, language=language, user=world.head_officer.user, javascript=javascript)

    def seen(visitor: Any, name: str) -> None:
        if javascript:
            visitor.check()
        visitor.shot(f"profile-{name}-{look}")

    page = lead.go("/enterprise/profile/")
    seen(lead, "1-entry")
    page.locator(f'a[href*="kind=area-end&row={fuqing.pk}"]').click()
    page.locator("[name=on_day]").fill("2020-01-01")
    page.locator("form.panel .btn").click()
    seen(lead, "2-refused")
    page.locator("[name=on_day]").fill(timezone.localdate(now).isoformat())
    page.locator("[name=why]").fill("福清分公司下月并入福州分公司。")
    page.locator("form.panel .btn").click()
    seen(lead, "3-counting")
    previewing.sweep_previews(now=now)
    page.reload()
    assert page.locator("#h-preview + p").inner_text().count("1") >= 1
    seen(lead, "4-counted")
    page.locator("[name=do][value=file]").click()
    seen(lead, "5-filed")
    theirs = head.go("/authority/changes/")
    seen(head, "6-waiting")
    theirs.locator("tbody a").first.click()
    seen(head, "7-decision")
    theirs.locator("[name=decision][value=agree]").check()
    theirs.locator("form.panel .btn").click()
    seen(head, "8-approved")
    fuqing.refresh_from_db()
    assert fuqing.ends_on == timezone.localdate(now)
    lead.go("/enterprise/profile/new/")
    seen(lead, "9-kinds")
    lead.go("/enterprise/profile/changes/")
    seen(lead, "10-history")
    lead.go("/enterprise/profile/new/?kind=brand-add")
    seen(lead, "11-brand")

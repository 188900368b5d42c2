"""An officer finds a hot spot, opens a guidance; the enterprise reports; the officer closes it; a warning is
published."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oversight.hot_spots import effects, hotspots
from oversight.models import ConsumerWarning, DayFacet, Guidance, HotSpot
from tests import given
from tests.cast import World
from tests.oversight.counting import DAY, received, weeks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHARGE = "telecom.fees.unexplained_charge"


def risen(world: World) -> HotSpot:
    """Charges of Mobile in the county rose this week; three people wrote nearly the same."""
    now, today = timezone.now(), timezone.localdate()
    text = "商家在直播间宣传充一千送一千，充值以后说活动已经结束，要求退款被拒绝。"
    for end in ("", "请处理。", "！"):
        given.a_complaint(world, now=now, problem_category=CHARGE, statement=text + end)
    received(
        weeks(today, [10, 12, 9, 11, 8, 10, 13, 9, 41]),
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=CHARGE,
        thing="service.telecom",
    )
    hotspots.look(today, now=now)
    return HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")


@pytest.mark.parametrize(("width", "language", "javascript"), [(360, "zh-hans", False), (1280, "en", True)])
def test_from_the_hot_spot_to_the_warning(
    world: World, visit: Any, width: int, language: str, javascript: bool
) -> None:
    spot = risen(world)
    officer = visit(width=width, user=world.rui, language=language, javascript=javascript)
    seen = 0

    def look(visitor: Any, name: str) -> None:
        nonlocal seen
        seen += 1
        if javascript:
            visitor.check()
        else:
            wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{visitor.page.url} is {wide} px wider than the screen"
        visitor.shot(f"hot-spots-{name}-{width}-{language[:2]}")

    # The officer finds the event once, goes from the enterprise to the county, looks at the numbers, and opens a
    # guidance.
    page = officer.go("/authority/hot-spots/")
    look(officer, "list")
    page.locator("main tbody a").click()
    look(officer, "narrowest")
    page.locator(f"main a[href='/authority/hot-spots/{spot.pk}/']").click()
    assert page.locator("svg.nine rect").count() == 9
    look(officer, "one")
    page.locator(f"main a[href='/authority/hot-spots/{spot.pk}/guidance/']").click()
    page.locator("main form button").last.click()
    assert page.locator(".error-summary a").count() >= 4
    look(officer, "guidance-errors")
    page.locator(f"[name=enterprise][value='{world.mobile.pk}']").check()
    page.locator("[name=causes]").fill("新套餐的叠加包没有在账单列明。")
    page.locator("[name=what]").fill("账单逐项列明叠加包，并短信告知。")
    page.locator("[name=responsible]").fill("客服部负责人")
    page.locator("[name=due_on]").fill((timezone.localdate() + timedelta(days=20)).isoformat())
    look(officer, "guidance-new")
    page.locator("main form button").last.click()
    guidance = Guidance.objects.get()
    look(officer, "guidance-draft")
    page.locator("form:has([name=do][value=send]) button").click()
    guidance.refresh_from_db()
    assert guidance.state == "sent"

    # The enterprise reads it and reports.
    enterprise = visit(width=width, user=world.lead, language=language, javascript=javascript)
    own = enterprise.go("/enterprise/guidance/")
    look(enterprise, "firm-list")
    own.locator(f"main a[href='/enterprise/guidance/{guidance.pk}/']").click()
    assert "客服部负责人" in own.inner_text("main")
    own.locator("main a[href*='?measure=1']").click()
    own.locator("[name=state][value=done]").check()
    own.locator("[name=text]").fill("本月账单起已列明，并发了短信。")
    look(enterprise, "firm-report")
    own.locator("form:has([name=measure]) button").click()
    assert "本月账单起已列明" in own.inner_text("main")

    # Weeks later: fewer at the enterprise, as many as before elsewhere.
    then = timezone.now() - 30 * DAY
    Guidance.objects.filter(pk=guidance.pk).update(sent_at=then)
    today = timezone.localdate()
    days = [today - back * DAY for back in range(1, 90)]
    DayFacet.objects.bulk_create(DayFacet(day=day, facet=f"p:{CHARGE}", received=50) for day in days)
    received(
        {day: 5 for day in days if day < today - 30 * DAY},
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=CHARGE,
    )
    effects.sweep(now=timezone.now())
    enterprise.go(f"/enterprise/guidance/{guidance.pk}/")
    look(enterprise, "firm-effect")
    page = officer.go(f"/authority/guidance/{guidance.pk}/")
    look(officer, "guidance-effect")
    page.locator("[name=verdict][value=effective]").check()
    page.locator("[name=why]").fill("与别处相比明显减少。")
    page.locator("form:has([name=do][value=close]) button").click()
    guidance.refresh_from_db()
    assert (guidance.state, guidance.verdict) == ("closed", "effective")
    officer.go("/authority/guidance/?view=closed")
    look(officer, "guidances")

    # A warning: drafted from the numbers, approved by the head, public.
    page = officer.go(f"/authority/hot-spots/{spot.pk}/")
    page.locator("form[action$='/warning/'] button").click()
    page.locator("[name=title]").fill("当心宽带叠加包")
    look(officer, "warning-draft")
    page.locator("form:has([name=do][value=edit]) button").click()
    page.locator("form:has([name=do][value=propose]) button").click()
    shown = ConsumerWarning.objects.get()
    assert (shown.state, shown.title) == ("proposed", "当心宽带叠加包")
    head = visit(width=width, user=world.head_officer.user, language=language, javascript=javascript)
    page = head.go("/authority/warnings/")
    look(head, "warnings")
    page.locator(f"main a[href='/authority/warnings/{shown.pk}/']").click()
    look(head, "warning-proposed")
    page.locator("form:has([name=do][value=approve]) button").click()
    shown.refresh_from_db()
    assert shown.state == "published"
    anybody = visit(width=width, language=language, javascript=javascript)
    page = anybody.go("/open/warnings/")
    look(anybody, "open-list")
    page.get_by_role("link", name="当心宽带叠加包").click()
    assert "投诉不等于违法" in page.inner_text("main")
    look(anybody, "open-one")
    assert seen == 16

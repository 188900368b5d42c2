"""A rule proposed from corrections to its effect: by hand, without a script, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from routing.models import RoutingRule
from routing.rule_desk import learning, trying
from tests.cast import World
from tests.routing.rules_at_work import WRITTEN, columns, corrected, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language", "javascript"), [(360, "zh-hans", False), (1280, "en", True)])
def test_a_rule_proposed_from_corrections_to_its_effect(
    world: World, visit: Any, width: int, language: str, javascript: bool
) -> None:
    now, look = timezone.now(), f"{width}-{language}"
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    corrected(world, now)
    learning.sweep_lessons(now=now)
    # Another rule for the same name leads elsewhere: a draft is told of it.
    given = columns(world) | {"target_branch": None, "target_enterprise": world.telecom.pk, "priority": 60}
    RoutingRule.objects.create(
        code="OLD",
        starts_on=tomorrow,
        reason="旧的约定。",
        **{
            f"{name}_id" if name in ("region", "target_enterprise") else name: value
            for name, value in given.items()
            if name not in ("brand", "enterprise", "target_branch", "target_authority")
        },
    )
    su = visit(width=width, language=language, user=world.su, javascript=javascript)
    head = visit(width=width, language=language, user=world.head_officer.user, javascript=javascript)

    def seen(visitor: Any, name: str) -> None:
        visitor.shot(f"routing-{name}-{look}")
        if javascript:
            visitor.check()

    page = su.go("/authority/routing/")
    seen(su, "1-rules")
    page.locator('nav.tabs a[href="/authority/routing/learned/"]').click()
    assert WRITTEN in page.locator("main").inner_text()
    seen(su, "2-learned")
    page.locator('a[href*="lesson="]').first.click()
    page.locator("[name=starts_on]").fill("2020-01-01")
    page.locator("form.panel .btn").click()
    seen(su, "3-refused")
    page.locator("[name=starts_on]").fill(tomorrow.isoformat())
    page.locator("[name=priority]").fill("60")
    page.locator("form.panel .btn").click()
    seen(su, "4-draft")
    page.locator('#h-try ~ p a[href$="/try/"]').click()
    page.locator("[name=days][value='90']").check()
    page.locator("form.panel .btn").click()
    seen(su, "5-running")
    trying.sweep_trials(now=now)
    page.reload()
    seen(su, "6-tried")
    page.locator("section.panel > p > a.btn").last.click()
    page.locator("[name=do][value=file]").click()
    seen(su, "7-filed")
    theirs = head.go("/authority/routing/changes/")
    seen(head, "8-waiting")
    theirs.locator("tbody a").first.click()
    seen(head, "9-decision")
    theirs.locator("[name=decision][value=agree]").check()
    theirs.locator("form.panel .btn").click()
    seen(head, "10-approved")
    # Its day has not come: today's case waits for a person, tomorrow's is routed by it.
    assert written(world, now).status == "triage"
    RoutingRule.objects.filter(code="OLD").update(ends_on=tomorrow)
    case = written(world, now + timedelta(days=2))
    assert (case.status, case.branch_id) == ("with_enterprise", world.fuzhou.pk)
    head.go("/authority/routing/?on=" + tomorrow.isoformat())
    seen(head, "11-tomorrow")
    rule = RoutingRule.objects.get(code__startswith="G")
    assert case.decisions.get().rule == rule.code
    head.go(f"/authority/routing/rules/{rule.code}/")
    seen(head, "12-rule")
    su.go(f"/authority/routing/new/?rule={rule.code}&do=end")
    seen(su, "13-end")

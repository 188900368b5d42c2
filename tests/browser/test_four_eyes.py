"""Four eyes: a handler proposes a refusal, a reviewer sends it back, the second one goes out; and the pages of the
team.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from complaints.handling.steps import enterprise
from complaints.models import Matter, Offer
from complaints.procedure.workflow import Status as S
from enterprises.models import Staff, TwoPersons
from enterprises.team import organising
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REASON = "合约期内不能单独退订这一项业务，期满后可以办理。"


def somebody(world: World, name: str, role: str) -> Staff:
    user = User.objects.create_user(email=f"{role}.{name}@example.com", password="x" * 20, name=name)
    return Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role=role)


@pytest.mark.parametrize(("width", "javascript"), [(360, False), (1280, True)])
def test_a_refusal_takes_two_persons(world: World, visit: Any, width: int, javascript: bool) -> None:
    now = timezone.now()
    TwoPersons.objects.create(enterprise=world.mobile, offers_above=100, refusals=True, set_by=world.lead, set_at=now)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, now)
    reviewer = somebody(world, "审试", "reviewer")
    handler = visit(width=width, user=world.ming, javascript=javascript)
    page = handler.go(f"/enterprise/cases/{case.number}/offer/")
    _fill(page)
    page.locator("button[name=send]").click()
    if page.locator("button[name=anyway]").count():
        page.locator("button[name=anyway]").click()
    assert "等第二人批准" in page.inner_text("main")
    assert "期限不停" in page.inner_text("main")
    if javascript:
        # Axe needs a page that may wait.
        handler.check()
    handler.shot(f"four-eyes-case-{width}")
    second = visit(width=width, user=reviewer.user, javascript=javascript)
    _decide(second, "refuse", "退订可以给一个日期，请写进去。", f"{width}", looks=javascript)
    page = handler.go(f"/enterprise/cases/{case.number}/")
    assert "退订可以给一个日期" in page.inner_text("main")
    page.goto(f"{handler.origin}/enterprise/cases/{case.number}/offer/")
    _fill(page)
    page.locator("button[name=send]").click()
    if page.locator("button[name=anyway]").count():
        page.locator("button[name=anyway]").click()
    assert Matter.objects.filter(complaint=case, kind="proposal", state="open").count() == 1
    _decide(second, "grant", "", f"{width}-again", looks=False)
    assert Offer.objects.get(complaint=case).state == "open"
    case.refresh_from_db()
    assert case.status == S.AWAITING_CONSUMER


def _fill(page: Any) -> None:
    page.locator("input[name=answer-1][value=grant]").check()
    page.locator("[name=amount-1]").fill("128.50")
    page.locator("input[name=answer-2][value=refuse]").check()
    page.locator("[name=reason-2]").fill(REASON)
    page.locator("[name=promise-1-kind]").select_option("original_channel")
    page.locator("[name=promise-1-what]").fill("退还多扣费用")
    page.locator("[name=promise-1-amount]").fill("128.50")
    page.locator("[name=promise-1-due_on]").fill((timezone.localdate() + timedelta(days=10)).isoformat())


def _decide(visitor: Any, decision: str, text: str, mark: str, *, looks: bool) -> None:
    page = visitor.go("/enterprise/approvals/")
    assert "1项等您批准" in page.inner_text("h1")
    if looks:
        visitor.check()
    visitor.shot(f"four-eyes-list-{mark}")
    page.locator("tbody th a").click()
    assert REASON in page.inner_text("main")
    if looks:
        visitor.check()
    visitor.shot(f"four-eyes-{mark}")
    page.locator(f"input[name=decision][value={decision}]").check()
    page.locator("[name=text]").fill(text)
    page.get_by_role("button", name="提交决定").click()
    assert "没有待批准的事项" in page.inner_text("main")


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (1280, "zh-hans")])
def test_the_pages_of_the_team(world: World, visit: Any, width: int, language: str) -> None:
    now = timezone.now()
    today = timezone.localdate(now)
    second = somebody(world, "李敏", "handler")
    by = TeamActor(user=world.lead, reach=enterprise_reach(world.lead.pk, on=today), now=now)
    organising.enter_leave(second, today, today + timedelta(days=3), deputy=world.ming_staff, by=by)
    whole = Post(enterprise=world.mobile)
    organising.add_rule(whole, category="price", handler=second, by=by)
    organising.add_rule(whole, category="", handler=None, by=by)
    organising.add_rule(
        Post(enterprise=world.mobile, branch=world.fuzhou), category="quality", handler=world.ming_staff, by=by
    )
    organising.set_number(world.ming_staff, "A-017", by=by)
    organising.set_two_persons(whole, offers_above=500, refusals=True, failures=False, returns=True, by=by)
    for days in (1, 9, 30):
        given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=days))
    given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now)
    visitor = visit(width=width, language=language, user=world.lead)
    for name in ("", "leave/", "rules/", "two-persons/", f"{world.ming_staff.pk}/"):
        page = visitor.go(f"/enterprise/team/{name}")
        visitor.check()
        visitor.shot(f"team-{name.strip('/') or 'people'}-{width}-{language}")
    page.goto(f"{visitor.origin}/enterprise/team/rules/")
    page.locator("button[value=try]").click()
    assert page.locator("#tried tbody tr").count() == 4
    visitor.check()
    visitor.shot(f"team-tried-{width}-{language}")

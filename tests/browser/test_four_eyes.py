"""Four eyes: a refusal that takes two persons; and the pages of teams and of administrators."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Administrator, OutgoingMessage, User
from accounts.sign_in.contacts import Contact
from complaints.handling.steps import enterprise
from complaints.models import Matter, Offer
from complaints.procedure.workflow import Status
from complaints.procedure.workflow import Status as S
from enterprises.models import Staff, TwoPersons
from enterprises.team import organising, team
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from tests import given
from tests.accounts.authenticator import newest_code
from tests.browser.looks import in_look
from tests.cast import World, a_new_phone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REASON = "合约期内不能单独退订这一项业务，期满后可以办理。"


def somebody(world: World, name: str, role: str) -> Staff:
    user = User.objects.create_user(
        email=f"{role}.{name}@example.com", password="x" * 20, name=name, own_phone=a_new_phone()
    )
    return Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role=role)


@pytest.mark.parametrize("look", [in_look(360, javascript=False, full=True), in_look(1280)])
def test_a_refusal_takes_two_persons(world: World, visit: Any) -> None:
    now = timezone.now()
    TwoPersons.objects.create(enterprise=world.mobile, offers_above=100, refusals=True, set_by=world.lead, set_at=now)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, now)
    reviewer = somebody(world, "审试", "reviewer")
    handler = visit(user=world.ming)
    page = handler.go(f"/enterprise/cases/{case.number}/offer/")
    _fill(page)
    page.locator("button[name=send]").click()
    if page.locator("button[name=anyway]").count():
        page.locator("button[name=anyway]").click()
    assert "等第二人批准" in page.inner_text("main")
    assert "期限不停" in page.inner_text("main")
    handler.look()
    second = visit(user=reviewer.user)
    _decide(second, "refuse", "退订可以给一个日期，请写进去。")
    page = handler.go(f"/enterprise/cases/{case.number}/")
    assert "退订可以给一个日期" in page.inner_text("main")
    page.goto(f"{handler.origin}/enterprise/cases/{case.number}/offer/")
    _fill(page)
    page.locator("button[name=send]").click()
    if page.locator("button[name=anyway]").count():
        page.locator("button[name=anyway]").click()
    assert Matter.objects.filter(complaint=case, kind="proposal", state="open").count() == 1
    _decide(second, "grant", "")
    assert Offer.objects.get(complaint=case).state == "open"
    case.refresh_from_db()
    assert case.status == S.AWAITING_CONSUMER


def _fill(page: Any) -> None:
    page.locator("input[name=answer-1][value=grant]").check()
    page.locator("[name=amount-1]").fill("128.50")
    page.locator("input[name=answer-2][value=refuse]").check()
    page.locator("[name=reason-2]").fill(REASON)


def _decide(visitor: Any, decision: str, text: str) -> None:
    page = visitor.go("/enterprise/approvals/")
    assert "1项等您批准" in page.inner_text("h1")
    visitor.look()
    page.locator("tbody th a").click()
    assert REASON in page.inner_text("main")
    visitor.look()
    page.locator(f"input[name=decision][value={decision}]").check()
    page.locator("[name=text]").fill(text)
    page.get_by_role("button", name="提交决定").click()
    assert "没有待批准的事项" in page.inner_text("main")


@pytest.mark.parametrize("look", [in_look(360, "en", full=True), in_look(1280)])
def test_the_pages_of_the_team(world: World, visit: Any) -> None:
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
    visitor = visit(user=world.lead)
    for name in ("", "leave/", "rules/", "two-persons/", f"{world.ming_staff.pk}/"):
        page = visitor.look(f"/enterprise/team/{name}")
    page.goto(f"{visitor.origin}/enterprise/team/rules/")
    page.locator("button[value=try]").click()
    assert page.locator("#tried tbody tr").count() == 4
    visitor.look()


def invited(world: World) -> str:
    """The path of a link to join."""
    now = timezone.now()
    team.invite(
        Contact("email", "newcomer@example.com"),
        Post(enterprise=world.mobile, branch=world.fuzhou),
        "handler",
        by=TeamActor(user=world.lead, reach=enterprise_reach(world.lead.pk, on=timezone.localdate(now)), now=now),
        place="/account/invitation/",
        language="zh-hans",
    )
    return next(line for line in OutgoingMessage.objects.get().body.splitlines() if line.startswith("/account/"))


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en", full=True)])
def test_pages_hold_before_axe_and_fit(world: World, visit: Any) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    team = ("team/", "team/invite/", f"team/{world.ming_staff.pk}/")
    own = [f"/enterprise/{path}" for path in (*team, f"cases/{case.number}/", f"cases/{case.number}/reveal/")]
    pages = [(world.lead, own), (world.head_officer.user, ["/authority/team/"]), (None, [invited(world)])]
    for kind, places in (
        ("system", ["system/"]),
        ("audit", ["audit/"]),
        ("security", ["log/", "people/", f"people/{world.ming.person_key}/"]),
    ):
        keeper = User.objects.create_user(
            email=f"{kind}@example.com", password="x" * 20, name=kind, own_phone=a_new_phone()
        )
        Administrator.objects.create(user=keeper, kind=kind, since=timezone.now())
        pages.append((keeper, [f"/administration/{path}" for path in places]))
    for user, paths in pages:
        visitor = visit(user=user)
        for path in paths:
            visitor.look(path)


def test_without_a_script_somebody_looks_at_a_number_and_the_consumer_sees_it(world: World, visit: Any) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    handler = visit(width=360, user=world.ming, javascript=False)
    page = handler.go(f"/enterprise/cases/{case.number}/")
    assert "13800000001" not in page.content()
    page.get_by_role("link", name="查看完整联系方式").click()
    page.locator("form.panel button.btn").click()
    assert page.get_by_role("link", name="13800000001").count() == 1
    own = visit(width=360, user=world.chen, javascript=False).go(f"/cases/{case.number}/")
    assert "明试" in own.locator("section", has=own.get_by_role("heading", name="谁看过我的联系方式")).inner_text()


@pytest.mark.parametrize("look", [in_look(360), in_look(360, "en")])
def test_who_has_proved_no_phone_proves_it_from_any_page_without_a_script(world: World, visit: Any) -> None:
    world.ming.own_phone = None
    world.ming.save(update_fields=["own_phone"])
    visitor = visit(user=world.ming, javascript=False)
    page = visitor.look("/enterprise/queue/")
    page.locator('a.btn[href="/account/change/own-phone/"]').click()
    visitor.look()
    page.locator("[name=address]").fill("13800007777")
    page.locator("form.panel button.btn").click()
    visitor.look()
    page.locator("[name=code]").fill(newest_code())
    page.locator("form.panel button.btn").click()
    assert "138****7777" in page.inner_text("main")
    assert page.locator('a.btn[href="/account/change/own-phone/"]').count() == 0
    visitor.look()

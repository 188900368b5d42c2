"""An instruction that nobody answers goes up twice; the superior takes the case up; what came late is answered after
all.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints import handling
from complaints.assignment import call_backs
from complaints.handling.steps import authority, casework
from complaints.models import CallBack, Deadline, HandlingStep, Matter
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def days_pass(matter: Matter, days: int) -> None:
    """As if the instruction had been sent so much earlier; then the sweep comes by."""
    clock, back = Deadline.objects.get(matter=matter), timedelta(days=days)
    Deadline.objects.filter(pk=clock.pk).update(
        started_at=clock.started_at - back,
        due_at=clock.due_at - back,
        last_day=clock.last_day - back,
        chase_at=timezone.now(),
        lapsed_at=clock.lapsed_at - back if clock.lapsed_at else None,
        escalate_at=clock.escalate_at - back if clock.escalate_at else None,
    )
    Matter.objects.filter(pk=matter.pk).update(until_at=clock.due_at - back)
    handling.sweep_clocks(now=timezone.now())


@pytest.mark.parametrize(("width", "javascript"), [(360, False), (1280, True)])
def test_an_instruction_escalated_twice(world: World, visit: Any, width: int, javascript: bool) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=2))
    officer = visit(width=width, user=world.rui, javascript=javascript)

    def look(visitor: Any, name: str) -> None:
        if javascript:
            # Axe needs a page that may wait.
            visitor.check()
        visitor.shot(f"supervision-{name}-{width}")

    # For two cases at once, from the list.
    page = officer.go("/authority/urges/new/?status=negotiating")
    page.locator("[name=text]").fill("消费者反映一直没有人联系。请三天内联系并提出方案，答复本局。")
    page.locator("[name=last_day]").fill((timezone.localdate() + timedelta(days=3)).isoformat())
    look(officer, "many")
    page.get_by_role("button", name="发出督办").click()
    assert "已对2件发出督办" in page.inner_text("h1")
    look(officer, "run")
    matter = Matter.objects.get(complaint=case, kind="urge")

    # The last day passes, then two working days more.
    days_pass(matter, 4)
    page = officer.go("/authority/urges/")
    assert "已报福州市市场监督管理局（第1次）" in page.inner_text("main")
    look(officer, "board")
    while Deadline.objects.get(matter=matter).escalations < 2:
        days_pass(matter, 1)
    page = officer.go(f"/authority/urges/{matter.pk}/")
    assert "第2次：报福建省市场监督管理局" in page.inner_text("main")
    look(officer, "one")
    page = officer.go("/authority/urges/?column=escalated")
    assert case.number in page.inner_text("table")
    look(officer, "table")

    # The superior sees it among what was reported, and sends one of its own.
    above = visit(width=width, user=world.superior_officer.user, javascript=javascript)
    page = above.go("/authority/urges/")
    assert "升级1件" in page.inner_text("h1")
    page.get_by_role("link", name=f"查看 {case.number}").click()
    page.get_by_role("link", name="再发督办").click()
    page.locator("[name=text]").fill("县局督办后仍无答复，请今天联系消费者，明天书面答复市局。")
    page.locator("[name=last_day]").fill((timezone.localdate() + timedelta(days=1)).isoformat())
    page.locator("main form button").last.click()
    assert Matter.objects.filter(complaint=case, kind="urge", state="open").count() == 2

    # The enterprise finds both, the late one marked, and answers it.
    handler = visit(width=width, user=world.ming, javascript=javascript)
    page = handler.go("/enterprise/urges/")
    assert "3件等您答复，逾期1件" in page.inner_text("h1")
    look(handler, "enterprise")
    page.locator(f"main a[href='/enterprise/urges/{matter.pk}/']").click()
    page.locator("[name=text]").fill("已联系消费者，今天提出退费方案。")
    look(handler, "answer")
    page.get_by_role("button", name="答复督办").click()
    assert "已回复" in page.inner_text("main")
    look(handler, "answered")
    times = list(HandlingStep.objects.filter(complaint=case, step="escalate").values_list("data__times", flat=True))
    assert times == [1, 2]


def test_what_a_head_looks_at(world: World, visit: Any) -> None:
    """Overdue with its reason, what was reported, the sample of call-backs and its script, the team and leave."""
    now = timezone.now()
    late = given.a_complaint(world, status=S.REVIEW, now=now - timedelta(days=20))
    given.step(late, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now - timedelta(days=20))
    handling.sweep_clocks(now=now)
    Policy.objects.filter(name="call_back_share").update(number=100)
    then = now.replace(day=1) - timedelta(days=3)
    closed = given.a_complaint(world, status=S.CLOSED, now=then)
    given.step(closed, casework.serve_notice(document="告知", channel="sms", is_served=True), world.officer, then)
    call_backs.sweep_call_backs(now=then)
    call_backs.sweep_call_backs(now=now)

    officer = visit(width=1280, user=world.rui)
    page = officer.go(f"/authority/cases/{late.number}/overdue/")
    page.locator("[name=reason][value=workload]").check()
    officer.shot("supervision-reason-1280")
    page.locator("main form button").last.click()

    for width, javascript in ((1280, True), (360, False)):
        head = visit(width=width, user=world.head_officer.user, javascript=javascript)

        def look(
            path: str, name: str, text: str, head: Any = head, width: int = width, javascript: bool = javascript
        ) -> Any:
            page = head.go(path)
            assert text in page.inner_text("main")
            if javascript:
                head.check()
            head.shot(f"supervision-{name}-{width}")
            return page

        look("/authority/urges/overdue/", "overdue", "件多人少")
        if javascript:
            # Names of units are longest in English.
            small = visit(width=360, language="en", user=world.head_officer.user)
            small.go("/authority/urges/overdue/")
            small.check()
        look("/authority/urges/escalated/", "escalated", "已报")
        look("/authority/urges/decisions/", "decisions", "没有等待决定的申请")
        look("/authority/team/", "team", "等对方办理")
        look(f"/authority/team/assign/?officer={world.rui_officer.pk}", "assign", late.number)
        look("/authority/team/leave/", "leave", "没有人请假")
        look("/authority/", "day", "逾期上报")
        look("/open/call-backs/", "public", "HMAC-SHA256")
        look(f"/authority/call-backs/?view={'mine' if javascript else 'ended'}", "call-backs", closed.number)
        call = CallBack.objects.get(complaint=closed)
        page = look(f"/authority/call-backs/{call.pk}/", "call-back", "打通了吗" if javascript else "消费者说没有和解")
        if javascript:
            for name, value in (
                ("reached", "yes"),
                ("contacted", "yes"),
                ("attitude", "fair"),
                ("agreed", "no"),
                ("accepted", "no"),
                ("overall", "1"),
            ):
                page.locator(f"[name={name}][value='{value}']").check()
            page.get_by_role("button", name="记录回访").click()
            assert page.get_by_role("link", name="重新办理").count() == 1

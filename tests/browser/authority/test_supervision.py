"""An instruction that nobody answers goes up twice; the superior takes up the case; what came late is answered."""

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
from tests.browser.looks import in_look
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


@pytest.mark.parametrize("look", [in_look(360, javascript=False, full=True), in_look(1280)])
def test_an_instruction_escalated_twice(world: World, visit: Any) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=2))
    officer = visit(user=world.rui)

    # For two cases at once, from the list.
    page = officer.go("/authority/urges/new/?status=negotiating")
    page.locator("[name=text]").fill("消费者反映一直没有人联系。请三天内联系并提出方案，答复本局。")
    page.locator("[name=last_day]").fill((timezone.localdate() + timedelta(days=3)).isoformat())
    assert page.locator("[name=case]:checked").count() == 0
    for box in page.locator("[name=case]").all():
        box.check()
    if officer.has_scripts:
        assert page.locator("[name=sure]").inner_text() == "向1家督办2件"
    officer.look()
    page.locator("[name=sure]").click()
    if not officer.has_scripts:
        assert page.locator("[name=sure]").inner_text() == "向1家督办2件"
        page.locator("[name=sure]").click()
    assert "已对2件发出督办" in page.inner_text("h1")
    officer.look()
    matter = Matter.objects.get(complaint=case, kind="urge")

    # The last day passes, then two working days more.
    days_pass(matter, 4)
    page = officer.go("/authority/urges/")
    assert "已报福州市市场监督管理局（第1次）" in page.inner_text("main")
    officer.look()
    while Deadline.objects.get(matter=matter).escalations < 2:
        days_pass(matter, 1)
    page = officer.go(f"/authority/urges/{matter.pk}/")
    assert "第2次：报福建省市场监督管理局" in page.inner_text("main")
    officer.look()
    page = officer.go("/authority/urges/?column=escalated")
    assert case.number in page.inner_text("table")
    officer.look()

    # The superior sees it among what was reported, and sends one of its own.
    above = visit(user=world.superior_officer.user)
    page = above.go("/authority/urges/")
    assert "升级1件" in page.inner_text("h1")
    page.get_by_role("link", name=f"查看 {case.number}").click()
    page.get_by_role("link", name="再发督办").click()
    page.locator("[name=text]").fill("县局督办后仍无答复，请今天联系消费者，明天书面答复市局。")
    page.locator("[name=last_day]").fill((timezone.localdate() + timedelta(days=1)).isoformat())
    page.locator("main form button").last.click()
    assert Matter.objects.filter(complaint=case, kind="urge", state="open").count() == 2

    # The enterprise finds both, the late one marked, and answers it.
    handler = visit(user=world.ming)
    page = handler.go("/enterprise/urges/")
    assert "3件等您答复，逾期1件" in page.inner_text("h1")
    handler.look()
    page.locator(f"main a[href='/enterprise/urges/{matter.pk}/']").click()
    page.locator("[name=text]").fill("已联系消费者，今天提出退费方案。")
    handler.look()
    page.get_by_role("button", name="答复督办").click()
    assert "已回复" in page.inner_text("main")
    handler.look()
    times = list(HandlingStep.objects.filter(complaint=case, step="escalate").values_list("data__times", flat=True))
    assert times == [1, 2]


def test_what_a_head_looks_at(world: World, visit: Any) -> None:
    """Overdue with its reason, what was reported, the sample of call-backs and its script, the team and leave."""
    now = timezone.localtime()
    late = given.a_complaint(world, status=S.REVIEW, now=now - timedelta(days=20))
    given.step(late, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now - timedelta(days=20))
    handling.sweep_clocks(now=now)
    Policy.objects.filter(name="call_back_share").update(number=100)
    then = timezone.localtime(now).replace(day=1) - timedelta(days=3)
    closed = given.a_complaint(world, status=S.CLOSED, now=then)
    given.step(closed, casework.serve_notice(document="告知", channel="sms", is_served=True), world.officer, then)
    call_backs.sweep_call_backs(now=then)
    call_backs.sweep_call_backs(now=now)

    officer = visit(width=1280, user=world.rui)
    page = officer.go(f"/authority/cases/{late.number}/overdue/")
    page.locator("[name=reason][value=workload]").check()
    page.locator("main form button").last.click()

    for width, javascript in ((1280, True), (360, False)):
        head = visit(width=width, user=world.head_officer.user, javascript=javascript)
        call = CallBack.objects.get(complaint=closed)
        for path, text in (
            ("/authority/urges/overdue/", "件多人少"),
            ("/authority/urges/escalated/", "已报"),
            ("/authority/urges/decisions/", "没有等待决定的申请"),
            ("/authority/team/", "等对方办理"),
            (f"/authority/team/assign/?officer={world.rui_officer.pk}", late.number),
            ("/authority/team/leave/", "没有人请假"),
            ("/authority/", "逾期上报"),
            ("/open/call-backs/", "HMAC-SHA256"),
            (f"/authority/call-backs/?view={'mine' if javascript else 'ended'}", closed.number),
            (f"/authority/call-backs/{call.pk}/", "打通了吗" if javascript else "消费者说没有和解"),
        ):
            page = head.look(path)
            assert text in page.inner_text("main")
        if javascript:
            answers = {"reached": "yes", "contacted": "yes", "attitude": "fair", "agreed": "no", "accepted": "no"}
            for name, value in (answers | {"performed": "yes", "overall": "1"}).items():
                page.locator(f"[name={name}][value='{value}']").check()
            page.get_by_role("button", name="记录回访").click()
            assert page.get_by_role("link", name="重新办理").count() == 1
    # Names of units are longest in English.
    visit(language="en", user=world.head_officer.user).look("/authority/urges/overdue/")

"""Working days, numbers and rules of routing in a real browser: proposed, tried, approved by a second person."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints.law import working
from complaints.models import Deadline, LawChange, Notice
from complaints.procedure.workflow import Status
from routing.models import RoutingRule
from routing.rule_desk import learning, trying
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World
from tests.routing.rules_at_work import WRITTEN, columns, corrected, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


def next_year() -> int:
    return timezone.localdate().year + 1


def as_table(days: list[date]) -> str:
    return "day,is_working,name,name_en\n" + "".join(f"{day},0,元旦,New Year's Day\n" for day in days)


@pytest.mark.parametrize("look", LOOKS)
def test_the_calendar_of_next_year_moves_what_hangs_on_it(world: World, visit: Any, tmp_path: Path) -> None:
    year, now = next_year(), timezone.now()
    # Delivered on 21 December: ten working days lead into a year without calendar.
    case = given.a_complaint(world, status=S.NEGOTIATING, now=datetime(year - 1, 12, 21, 2, tzinfo=now.tzinfo))
    before = Deadline.objects.get(complaint=case, clock="negotiation")
    assert before.is_provisional
    off = [day for n in range(8) if (day := date(year, 1, 1) + timedelta(days=n)).weekday() < 5][:5]
    file = tmp_path / f"cn_{year}.csv"
    file.write_text(as_table(off), encoding="utf-8")
    Officer.objects.create(
        user=world.su, authority=Authority.objects.get(level=Authority.Level.NATIONAL), role=Role.APPROVER.post
    )
    asks = visit(user=world.superior_officer.user)
    decides = visit(user=world.su)

    page = asks.look("/authority/calendar/")
    page.locator("#id_source").fill(f"国务院办公厅关于{year}年部分节假日安排的通知")
    page.locator("#id_published_on").fill((timezone.localdate() - timedelta(days=3)).isoformat())
    page.locator("#id_file").set_input_files(file)
    page.locator("form[enctype] button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    asks.look()
    working.sweep_law(now=now)
    page.reload()
    asks.look()
    assert case.number in page.locator("main").inner_text()
    assert page.locator("form[action$='/decide/']").count() == 0

    mark = LawChange.objects.get().mark
    page = decides.go(f"/authority/law/{mark}/")
    page.locator("input[name=decision][value=grant]").check()
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    working.sweep_law(now=timezone.now())
    page.reload()
    decides.look()
    after = Deadline.objects.get(complaint=case, clock="negotiation")
    assert (after.last_day > before.last_day, after.is_provisional) == (True, False)
    assert {"consumer", "enterprise"} <= set(
        Notice.objects.filter(complaint=case, kind="recompute_clock").values_list("addressee", flat=True)
    )

    consumer = visit(user=world.chen)
    page = consumer.look(f"/cases/{case.number}/why/negotiation/")
    text = page.locator("main").inner_text()
    assert str(after.last_day.day) in text
    assert ("按新公布的放假安排重算" if consumer.language != "en" else "counted again on") in text


@pytest.mark.parametrize("look", LOOKS)
def test_a_number_is_changed_by_two_persons(world: World, visit: Any) -> None:
    given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=8))
    officer = visit(user=world.rui)
    head = visit(user=world.head_officer.user)
    officer.look("/authority/policies/")
    page = officer.look("/authority/policies/new/?name=negotiation")
    page.locator("#id_number").fill("3")
    page.locator("#id_legal_basis").fill("鼓楼区市场监管局2026年第8号通知")
    page.locator("#id_why").fill("宽带纠纷三天内谈完。")
    page.locator("form.panel button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    working.sweep_law(now=timezone.now())
    page.reload()
    officer.look()
    page = head.go(f"/authority/law/{LawChange.objects.get().mark}/")
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    head.look()
    page = officer.go("/authority/policies/replay/")
    page.locator("#id_name").select_option("negotiation")
    page.locator("#id_number").fill("3")
    page.locator("main form button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    officer.look("/authority/policies/replay/")
    officer.look("/rules/")
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    page = officer.go(f"/authority/cases/{case.number}/refuse/")
    page.locator("main details summary").first.click()
    officer.look()


@pytest.mark.parametrize("look", [in_look(360, javascript=False, full=True), in_look(1280, "en")])
def test_a_rule_proposed_from_corrections_to_its_effect(world: World, visit: Any) -> None:
    now = timezone.now()
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
    su = visit(user=world.su)
    head = visit(user=world.head_officer.user)

    page = su.look("/authority/routing/")
    page.locator('nav.tabs a[href="/authority/routing/learned/"]').click()
    assert WRITTEN in page.locator("main").inner_text()
    su.look()
    page.locator('a[href*="lesson="]').first.click()
    page.locator("[name=starts_on]").fill("2020-01-01")
    page.locator("form.panel .btn").click()
    su.look()
    page.locator("[name=starts_on]").fill(tomorrow.isoformat())
    page.locator("[name=priority]").fill("60")
    page.locator("form.panel .btn").click()
    su.look()
    page.locator('#h-try ~ p a[href$="/try/"]').click()
    page.locator("[name=days][value='90']").check()
    page.locator("form.panel .btn").click()
    su.look()
    trying.sweep_trials(now=now)
    page.reload()
    su.look()
    page.locator("section.panel > p > a.btn").last.click()
    page.locator("[name=do][value=file]").click()
    su.look()
    head.agree("/authority/routing/changes/")
    # Its day has not come: today's case waits for a person, tomorrow's is routed by it.
    assert written(world, now).status == "triage"
    RoutingRule.objects.filter(code="OLD").update(ends_on=tomorrow)
    case = written(world, now + timedelta(days=2))
    assert (case.status, case.branch_id) == ("with_enterprise", world.fuzhou.pk)
    head.look("/authority/routing/?on=" + tomorrow.isoformat())
    rule = RoutingRule.objects.get(code__startswith="G")
    assert case.decisions.get().rule == rule.code
    head.look(f"/authority/routing/rules/{rule.code}/")
    su.look(f"/authority/routing/new/?rule={rule.code}&do=end")

"""The working days of 2027 in a real browser: read, previewed, approved by a second person, and the consumer's page
says the new date; and a number that is changed, tried and decided."""

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
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


def next_year() -> int:
    return timezone.localdate().year + 1


def as_table(days: list[date]) -> str:
    return "day,is_working,name,name_en\n" + "".join(f"{day},0,元旦,New Year's Day\n" for day in days)


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_the_calendar_of_next_year_moves_what_hangs_on_it(
    world: World, visit: Any, tmp_path: Path, width: int, language: str
) -> None:
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
    asks = visit(width=width, language=language, user=world.superior_officer.user)
    decides = visit(width=width, language=language, user=world.su)
    look = f"{width}-{language}"

    page = asks.go("/authority/calendar/")
    asks.check()
    asks.shot(f"calendar-{look}")
    page.locator("#id_source").fill(f"国务院办公厅关于{year}年部分节假日安排的通知")
    page.locator("#id_published_on").fill((timezone.localdate() - timedelta(days=3)).isoformat())
    page.locator("#id_file").set_input_files(file)
    page.locator("form[enctype] button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    asks.check()
    working.sweep_law(now=now)
    page.reload()
    asks.check()
    asks.shot(f"calendar-preview-{look}")
    assert case.number in page.locator("main").inner_text()
    assert page.locator("form[action$='/decide/']").count() == 0

    mark = LawChange.objects.get().mark
    page = decides.go(f"/authority/law/{mark}/")
    page.locator("input[name=decision][value=grant]").check()
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    working.sweep_law(now=timezone.now())
    page.reload()
    decides.check()
    decides.shot(f"calendar-done-{look}")
    after = Deadline.objects.get(complaint=case, clock="negotiation")
    assert (after.last_day > before.last_day, after.is_provisional) == (True, False)
    assert {"consumer", "enterprise"} <= set(
        Notice.objects.filter(complaint=case, kind="recompute_clock").values_list("addressee", flat=True)
    )

    consumer = visit(width=width, language=language, user=world.chen)
    page = consumer.go(f"/cases/{case.number}/why/negotiation/")
    consumer.check()
    consumer.shot(f"calendar-why-{look}")
    text = page.locator("main").inner_text()
    assert str(after.last_day.day) in text
    assert ("按新公布的放假安排重算" if language != "en" else "counted again on") in text


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_a_number_is_changed_by_two_persons(world: World, visit: Any, width: int, language: str) -> None:
    given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=8))
    look = f"{width}-{language}"
    officer = visit(width=width, language=language, user=world.rui)
    head = visit(width=width, language=language, user=world.head_officer.user)
    officer.go("/authority/policies/")
    officer.check()
    officer.shot(f"policies-{look}")
    page = officer.go("/authority/policies/new/?name=negotiation")
    officer.check()
    officer.shot(f"policy-{look}")
    page.locator("#id_number").fill("3")
    page.locator("#id_legal_basis").fill("鼓楼区市场监管局2026年第8号通知")
    page.locator("#id_why").fill("宽带纠纷三天内谈完。")
    page.locator("form.panel button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    working.sweep_law(now=timezone.now())
    page.reload()
    officer.check()
    officer.shot(f"policy-tried-{look}")
    page = head.go(f"/authority/law/{LawChange.objects.get().mark}/")
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    head.check()
    head.shot(f"policy-decide-{look}")
    page = officer.go("/authority/policies/replay/")
    page.locator("#id_name").select_option("negotiation")
    page.locator("#id_number").fill("3")
    page.locator("main form button.btn").click()
    page.wait_for_url("**/authority/law/L*/")
    officer.go("/authority/policies/replay/")
    officer.check()
    officer.shot(f"replay-{look}")
    officer.go("/rules/")
    officer.check()
    officer.shot(f"rules-{look}", full_page=False)
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    page = officer.go(f"/authority/cases/{case.number}/refuse/")
    page.locator("main details summary").first.click()
    officer.check()
    officer.shot(f"refuse-law-{look}")

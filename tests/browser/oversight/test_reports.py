"""A monthly report in a real browser: a director drafts it, a second person approves, everybody reads it and its CSV
adds up.
"""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.procedure.workflow import Status
from oversight.counters import making
from oversight.models import MonthlyReport
from oversight.open_data import issuing
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.test_reports import last_month, month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_from_the_draft_to_everybody(world: World, visit: Any, width: int, language: str) -> None:
    at = last_month()
    for number in range(12):
        case = given.a_complaint(
            world,
            status=S.NEGOTIATING,
            now=at + timedelta(minutes=number),
            problem_category="telecom.fees.unexplained_charge" if number < 7 else "telecom.broadband.repair",
        )
        if number < 7:
            given.step(case, consumer.withdraw(reason="mistake"), world.consumer, at + timedelta(days=1))
    making.rebuild(now=timezone.now())
    assert issuing.issue(month(), now=timezone.now()) is not None
    drafts = visit(width=width, language=language, user=world.rui)
    approves = visit(width=width, language=language, user=world.head_officer.user)
    reads = visit(width=width, language=language)
    look = f"{width}-{language}"

    page = drafts.go("/authority/reports/")
    drafts.check()
    page.locator("form.panel button.btn").click()
    page.wait_for_url("**/authority/reports/*/")
    drafts.check()
    drafts.shot(f"report-draft-{look}")
    page.locator("#id_cases").fill("一家营业厅多扣套餐费，核对账单后全额退还。")
    page.locator("button[value=save]").click()
    page.wait_for_load_state()
    assert "一家营业厅多扣套餐费" in page.locator("#id_cases").input_value()
    page.locator("button[value=submit]").click()
    page.wait_for_load_state()
    drafts.check()
    assert page.locator("form[action$='/decide/']").count() == 0

    pk = MonthlyReport.objects.get().pk
    page = approves.go(f"/authority/reports/{pk}/")
    approves.check()
    page.locator("input[name=decision][value=grant]").check()
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    page.locator("button[value=publish]").click()
    page.wait_for_load_state()
    assert MonthlyReport.objects.get().state == "published"

    page = reads.go("/open/reports/")
    reads.check()
    page.locator(f"a[href='/open/reports/{pk}/']").click()
    page.wait_for_url(f"**/open/reports/{pk}/")
    reads.check()
    reads.shot(f"report-open-{look}")
    assert "一家营业厅多扣套餐费" in page.locator("main").inner_text()
    shown = [
        int(text.replace(",", ""))
        for text in page.locator("section:has(#h-channels) tbody td:nth-child(2)").all_inner_texts()
    ]
    table = Client().get(page.locator("section:has(#h-channels) a").get_attribute("href")).content.decode("utf-8-sig")
    assert [int(row["received"]) for row in csv.DictReader(io.StringIO(table, newline=""))] == shown
    assert sum(shown) == 12
    for address in ("/open/data/", f"/open/data/{month():%Y-%m}.1/", "/open/data/dictionary/"):
        reads.go(address)
        reads.check()
    reads.shot(f"open-data-{look}")


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_posters_and_letters(world: World, visit: Any, width: int, language: str) -> None:
    given.filed(world, now=timezone.now(), source=f"go-{world.mobile.uscc}.a6b{world.fuzhou.pk}")
    manager = visit(width=width, language=language, user=world.lead)
    manager.go("/enterprise/posters/")
    manager.check()
    manager.shot(f"posters-{width}-{language}")
    officer = visit(width=width, language=language, user=world.rui)
    page = officer.go("/authority/posters/")
    officer.check()
    assert world.mobile.name in page.locator("main").inner_text() or language == "en"
    page = officer.go("/oversight/letters/")
    officer.check()
    page.locator("input[value=week]").check()
    page.locator("main form button.btn").click()
    page.wait_for_load_state()
    officer.check()
    assert page.locator("input[value=week]").is_checked()

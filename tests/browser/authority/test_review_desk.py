"""Work on cases in a browser: the review desk, the register of documents, and files of the national platform."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints.handling.steps import authority, both, violations
from complaints.models import Complaint, Matter, Notice, OfficialDocument, PlatformFile
from complaints.procedure.workflow import Outcome, Status
from complaints.tables.platform import platform_files
from enterprises.models import Station
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.complaints.documents.test_pages import mediated
from tests.complaints.tables.platform.conftest import answer, cases, complaint, table

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
WHY = "这是电信资费争议，由通信管理部门处理。"


@pytest.mark.parametrize("look", LOOKS)
def test_a_refusal_with_its_notice_and_late_material(world: World, visit: Any) -> None:
    """Without scripts, but for axe; nothing is sent before its words were read."""
    now = timezone.now()
    told = "物业收了两次电梯费，消协已经调解过，再次投诉。"
    case = given.a_complaint(world, status=S.REVIEW, now=now, statement=told)
    late = given.a_complaint(world, status=S.REVIEW, now=now, consumer_address="")
    given.step(late, violations.split_report(text="另外反映门店虚构优惠价格。"), world.officer, now)
    officer = visit(user=world.rui, javascript=False)
    page = officer.go("/authority/review/")
    page.get_by_role("link", name=case.number).click()
    officer.look()
    assert page.locator('input[name=ground][value="over_three_years"]').count() == 0
    assert page.locator("input[name=ground]:checked").count() == 0
    page.locator('input[name=ground][value="outside_duty"]').check()
    page.locator("#id_facts").fill(WHY)
    page.locator('button[name="look"]').click()
    assert page.locator(".error-summary").count() == 1, "ground 1 names the body"
    officer.look()
    page.locator("#id_body").select_option("12300")
    page.locator('button[name="look"]').click()
    officer.look()
    assert page.locator("section[aria-labelledby=h-letters]").inner_text().count("12300") >= 1
    assert page.locator("#id_facts").input_value() == WHY
    text = page.locator("section[aria-labelledby=h-letters]").inner_text()
    page.locator("form.panel button.btn").first.click()
    # The next case opens.
    assert page.url.partition("#")[0].endswith(f"/authority/review/{late.number}/")
    assert not Notice.objects.filter(complaint=case, kind="refuse").exists()
    head = visit(user=world.head_officer.user, javascript=False)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    page = head.look(f"/authority/approvals/{matter.pk}/")
    page.locator('input[name=decision][value="grant"]').check()
    page.locator("form.panel button.btn").click()
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.REFUSED)
    sent = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer")
    assert all(line in text for line in sent.body.split("\n") if "#documents" not in line)

    page = officer.look(f"/authority/review/{late.number}/")
    page.locator(".decide a[href^='#']").click()
    page.locator("details[data-key=s] button.btn").first.click()
    late.refresh_from_db()
    assert late.status == S.AWAITING_MATERIAL
    given.step(late, both.supply_material(text="地址：福州市鼓楼区某路1号"), world.consumer, timezone.now())
    page = officer.go(f"/authority/review/{late.number}/")
    page.locator(".decide form[action*='/accept/'] button").click()
    late.refresh_from_db()
    assert late.status == S.MEDIATING

    report = Matter.objects.get(complaint=late, kind="report")
    other = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(other, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now)
    seen = visit(user=world.rui)
    for path in (
        "review/",
        f"review/{other.number}/",
        "violations/",
        f"violations/{report.pk}/",
        f"cases/{late.number}/lead-close/?matter={report.pk}",
        "review/?view=late",
    ):
        seen.look(f"/authority/{path}")


@pytest.mark.parametrize("look", LOOKS)
def test_from_the_register_to_a_letter(world: World, visit: Any) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    now = timezone.now()
    case = given.a_complaint(world, status=Status.REVIEW, now=now)
    refusal = authority.refuse(ground="outside_duty", body="12300", facts="资费争议由电信主管部门处理。")
    given.step(case, refusal, world.officer, now)
    case.notices.filter(addressee="consumer").update(state="set_aside", last_error="no_address")
    document = OfficialDocument.objects.get(complaint=case, form=6)
    settled = mediated(world)
    officer = visit(user=world.rui)
    page = officer.look("/authority/documents/?state=to_serve")
    page.get_by_role("link", name=document.reference).click()
    officer.look()
    page.locator(f"a[href$='/documents/{document.pk}/serve/']").click()
    officer.look()
    for name, value in {"to": "consumer", "channel": "letter", "arrived": "yes", "received_by": "family"}.items():
        page.locator(f"input[name={name}][value={value}]").check()
    page.locator("input[name=reference]").fill("EMS1234")
    page.locator("main form button.btn").click()
    page.get_by_text("EMS1234").wait_for()
    document.refresh_from_db()
    assert document.served_consumer_at is not None
    officer.look(f"/authority/documents/{document.pk}/correct/")
    officer.look("/authority/documents/?q=999")
    officer.look(f"/authority/cases/{settled.number}/")
    consumer = visit(user=world.chen)
    consumer.look(f"/cases/{settled.number}/")
    consumer.look(f"/cases/{settled.number}/court/")
    visit(user=world.ming).look(f"/enterprise/cases/{settled.number}/")


@pytest.mark.parametrize("look", LOOKS)
def test_a_file_of_the_platform_comes_back(
    visit: Callable[..., Any], world: World, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path / "exports")
    ours, now = cases(world, 4), timezone.now()
    sheet = tmp_path / "回执.csv"
    sheet.write_bytes(
        table(
            [
                *(answer(case.number, f"12315-{n:06}") for n, case in enumerate(ours[:3])),
                answer("20260101-AAAAAAAAAAAA-0", "12315-900001"),
                complaint("12315-800001"),
            ]
        )
    )
    done = given.a_complaint(world, status=S.CLOSED, now=now)
    given.step(done, both.give_publication_consent(), world.consumer, now)
    Complaint.objects.filter(pk=done.pk).update(handling_authority=world.gulou)
    visitor = visit(user=world.rui)
    page = visitor.page

    visitor.send_table("/authority/platform/", sheet, lambda: platform_files.sweep_platform_files(now=now))
    page.goto(page.url.partition("?")[0] + "?show=all")
    visitor.look()
    assert PlatformFile.objects.get().state == "done"
    assert Complaint.objects.exclude(platform_number="").count() == 4

    visitor.look(f"/authority/cases/{ours[3].number}/platform/")
    page.locator("#id_platform_number").fill("12315-700001")
    page.locator("main form button.btn").first.click()
    page.wait_for_url(f"**/authority/cases/{ours[3].number}/")
    visitor.look()

    visitor.look("/authority/publication/")
    page.locator("th a").first.click()
    page.wait_for_url("**/publication/")
    visitor.look()
    page.locator("input[name=decision][value=publish]").check()
    page.locator("main form button.btn").first.click()
    page.wait_for_url(f"**/authority/cases/{done.number}/")
    done.refresh_from_db()
    assert done.facts["published"] is True

    station = Station.objects.create(
        code="SD-01", name="东街口消费维权服务站", kind="mall", authority=world.gulou, address="东街口1号"
    )
    visitor.look(f"/authority/stations/{station.pk}/")

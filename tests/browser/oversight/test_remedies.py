"""举一反三 in the browser: from the hot spot over the desk of the enterprise to the public page and the own check."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.procedure.workflow import Status
from oversight.models import Remedy, RemedySample
from oversight.remedies import affected
from tests import given, reloaded
from tests.accounts.authenticator import newest_code
from tests.browser.looks import in_look
from tests.cast import World
from tests.oversight.counting import DAY
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.test_remedies import PROPOSAL, REPORT, numbers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [
    in_look(360, javascript=False),
    *(in_look(*other, full=True) for other in ((1280, "zh-hans"), (360, "en"), (1280, "en"))),
]


def _sent(visitor: Any, do: str, **typed: str) -> None:
    """Type into the form that does this, and send it."""
    form = visitor.page.locator(f"form:has([name=do][value={do}])")
    for name, text in typed.items():
        form.locator(f"[name={name}]").fill(text)
    with visitor.page.expect_navigation():
        form.locator("button").last.click()
    visitor.look()


@pytest.mark.parametrize("look", LOOKS)
def test_from_the_hot_spot_to_the_own_check(world: World, visit: Any, tmp_path: Path) -> None:
    given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    spot = a_spot(world)
    officer, enterprise = visit(user=world.rui), visit(user=world.lead)
    page = officer.look(f"/authority/hot-spots/{spot.pk}/")
    page.locator(f"main a[href='/authority/remedies/new/?spot={spot.pk}']").click()
    # What is missing is named, what was typed stays.
    page.locator("[name=cause]").fill("账单没有列明收费")
    page.locator("[name=first]").fill("")
    page.locator("main form.panel button").click()
    assert page.locator(".error-summary a").count() == 1
    assert page.locator("[name=cause]").input_value() == "账单没有列明收费"
    officer.look()
    page.locator(f"[name=enterprise][value='{world.mobile.pk}']").check()
    page.locator("[name=first]").fill((timezone.localdate() - 60 * DAY).isoformat())
    page.locator("[name=last]").fill(timezone.localdate().isoformat())
    page.locator("main form.panel button").click()
    made = Remedy.objects.get()
    url, own = f"/authority/remedies/{made.pk}/", f"/enterprise/remedies/{made.pk}/"
    officer.look()

    enterprise.look("/enterprise/remedies/").locator(f"main a[href='{own}']").click()
    _sent(enterprise, "propose", **PROPOSAL, due_on=(timezone.localdate() + 20 * DAY).isoformat())
    officer.go(url)
    _sent(officer, "agree")

    # A list with garbage is refused whole, and its lines are named.
    garbage = tmp_path / "乱.csv"
    garbage.write_text("手机号,结果\n张三,已补救\n13800000001,好了\n", encoding="utf-8")
    page = enterprise.go(own)
    page.locator("[name=file]").set_input_files(garbage)
    _sent(enterprise, "list")
    assert page.locator(".error-summary a").count() == 1
    assert not reloaded(made).has_list
    good = tmp_path / "名单.csv"
    good.write_text(numbers(), encoding="utf-8")
    page.locator("[name=file]").set_input_files(good)
    _sent(enterprise, "list")
    _sent(enterprise, "report", **(REPORT | {"remedied": "71"}))
    assert page.locator(".error-summary a").count() == 1
    _sent(enterprise, "report", **REPORT)
    assert affected.sweep(now=timezone.now()) == 1

    page = officer.go(url)
    page.locator("[name=n][value='59']").check()
    _sent(officer, "draw")
    assert len(RemedySample.objects.get().lines) == 59
    enterprise.look(own)
    _sent(officer, "examine", how="逐行看了凭证")
    _sent(officer, "verify")
    assert reloaded(made).state == "verified"
    _sent(officer, "ask")
    head = visit(user=world.head_officer.user)
    head.look("/authority/remedies/?view=verified")
    head.go(url)
    _sent(head, "publish")

    anybody = visit()
    page = anybody.look("/open/remedies/")
    page.locator(f"main a[href='/open/remedies/{made.pk}/']").click()
    assert "70" in page.inner_text("main")
    anybody.look()
    page.locator(f"main a[href='/open/remedies/{made.pk}/check/']").click()
    anybody.look()
    for phone in ("13800000001", "13700000009"):
        page.locator("[name=phone]").fill(phone)
        page.locator("main form button").first.click()
        page.locator("[name=code]").fill(newest_code())
        anybody.look()
        page.locator("main form:has([name=code]) button").first.click()
        page.wait_for_url("**/check/")
        anybody.look()
    assert sorted(reloaded(made).checks.values_list("answer", flat=True)) == ["not", "remedied"]

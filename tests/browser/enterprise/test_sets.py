"""Many cases at once in a real browser: a table that comes back with bad lines, and one answer to equal cases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.models import Complaint, Offer, RoundTrip
from complaints.procedure.workflow import Status as S
from complaints.tables.round_trip import working
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.complaints.measures.conftest import cases, offer_row, table

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_a_table_with_bad_lines_and_a_set_of_offers(
    visit: Callable[..., Any], world: World, width: int, language: str, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path / "exports")
    now, ours = timezone.now(), cases(world, 10)
    sheet = tmp_path / "filled in.csv"
    rows = [offer_row(case) for case in ours[:6]]
    rows[2]["答复2"] = ""
    rows[4]["编号"] = "20260101-AAAAAAAAAAAA-0"
    sheet.write_bytes(table(rows))
    visitor = visit(width=width, language=language, user=world.ming)
    page, name = visitor.page, f"{width}-{language}"

    page = visitor.go("/enterprise/round-trip/")
    visitor.check()
    visitor.shot(f"round-trip-{name}")
    page.locator("#id_file").set_input_files(sheet)
    page.locator("form[enctype] button").click()
    page.wait_for_url("**/round-trip/T*/")
    visitor.check()
    working.sweep_round_trips(now=now)
    page.reload()
    visitor.check()
    visitor.shot(f"round-trip-checked-{name}")
    page.locator("input[name=decision][value=good]").check()
    page.locator("form[action$='/decide/'] button").click()
    page.wait_for_load_state()
    working.sweep_round_trips(now=now)
    page.reload()
    visitor.check()
    visitor.shot(f"round-trip-done-{name}")
    assert (RoundTrip.objects.get().state, Offer.objects.count()) == ("done", 4)

    visitor.go("/enterprise/measures/")
    visitor.check()
    page.locator("a[href$='/measures/new/']").first.click()
    page.wait_for_url("**/measures/new/")
    visitor.check()
    visitor.shot(f"measure-new-{name}")
    page.locator("#id_title").fill("8月多扣费统一退还")
    page.locator("#id_lines").fill("\n".join(case.number for case in ours[5:]))
    page.locator("main form button").click()
    page.wait_for_url("**/measures/*-*/")
    page.locator("input[name=verdict-refund][value=grant]").check()
    page.locator("#id_source-refund").select_option("asked")
    page.locator("#id_by-refund").select_option("original_channel")
    page.locator("input[name=verdict-cancel_service][value=grant]").check()
    page.locator("#id_due_on").fill("2099-12-07")
    page.locator("main form button.btn[name=preview]").click()
    page.wait_for_selector("#preview")
    visitor.check()
    visitor.shot(f"measure-preview-{name}")
    page.locator("button[name=send]").click()
    page.wait_for_selector("nav.tabs")
    assert Offer.objects.exclude(measure_id=None).count() == 4
    case = Complaint.objects.get(pk=ours[6].pk)
    assert case.status == S.AWAITING_CONSUMER
    given.step(case, consumer.accept_offer(), world.consumer, now)
    page.reload()
    visitor.check()
    visitor.shot(f"measure-sent-{name}")
    page.locator("a[href$='/performed/']").click()
    page.wait_for_url("**/performed/")
    visitor.check()
    visitor.shot(f"measure-performed-{name}")
    page.locator("#id_proof").fill("12月1日统一退回原支付账户。")
    page.locator("main form button").click()
    page.wait_for_selector("nav.tabs")
    visitor.go("/enterprise/measures/")
    visitor.check()
    visitor.shot(f"measures-{name}")

"""The national platform in a real browser: a file that comes back with a bad line, and a complaint the public may
read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import both
from complaints.models import Complaint, PlatformFile
from complaints.procedure.workflow import Status as S
from complaints.tables.platform import platform_files
from enterprises.models import Station
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.complaints.tables.platform.conftest import answer, cases, complaint, table

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_a_file_of_the_platform_comes_back(
    visit: Callable[..., Any], world: World, width: int, language: str, settings: Any, tmp_path: Path
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
    visitor = visit(width=width, language=language, user=world.rui)
    page, name = visitor.page, f"{width}-{language}"

    visitor.go("/authority/platform/")
    visitor.check()
    visitor.shot(f"platform-{name}")
    page.locator("#id_file").set_input_files(sheet)
    page.locator("form[enctype] button").click()
    page.wait_for_url("**/platform/P*/")
    visitor.check()
    platform_files.sweep_platform_files(now=now)
    page.reload()
    visitor.check()
    visitor.shot(f"platform-checked-{name}")
    page.locator("input[name=decision][value=good]").check()
    page.locator("form[action$='/decide/'] button").click()
    page.wait_for_load_state()
    platform_files.sweep_platform_files(now=now)
    page.goto(page.url.partition("?")[0] + "?show=all")
    visitor.check()
    visitor.shot(f"platform-done-{name}")
    assert PlatformFile.objects.get().state == "done"
    assert Complaint.objects.exclude(platform_number="").count() == 4

    visitor.go(f"/authority/cases/{ours[3].number}/platform/")
    visitor.check()
    page.locator("#id_platform_number").fill("12315-700001")
    page.locator("main form button.btn").first.click()
    page.wait_for_url(f"**/authority/cases/{ours[3].number}/")
    visitor.check()
    visitor.shot(f"platform-case-{name}")

    visitor.go("/authority/publication/")
    visitor.check()
    visitor.shot(f"publication-{name}")
    page.locator("th a").first.click()
    page.wait_for_url("**/publication/")
    visitor.check()
    visitor.shot(f"publication-case-{name}")
    page.locator("input[name=decision][value=publish]").check()
    page.locator("main form button.btn").first.click()
    page.wait_for_url(f"**/authority/cases/{done.number}/")
    done.refresh_from_db()
    assert done.facts["published"] is True

    station = Station.objects.create(
        code="SD-01", name="东街口消费维权服务站", kind="mall", authority=world.gulou, address="东街口1号"
    )
    visitor.go(f"/authority/stations/{station.pk}/")
    visitor.check()
    visitor.shot(f"station-{name}")

"""Exports and webhooks in a real browser: every page of both sides, at both widths and in both languages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Export, HandlingStep, WebhookDelivery
from complaints.procedure.workflow import Status as S
from complaints.record import events
from complaints.tables.exporting import lifecycle
from complaints.webhooks import deliveries, endpoints
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def exports(world: World) -> list[Export]:
    """One ready, one that waits for a second person, one that failed."""
    now = timezone.now()
    common = {
        "user": world.lead,
        "actor": world.manager,
        "query": "view=all",
        "form": "csv",
        "language": "zh-hans",
        "now": now,
    }
    ready = lifecycle.ask(wanted=["number", "item"], purpose="", **common)
    lifecycle.sweep_exports(now=now)
    waiting = lifecycle.ask(wanted=["number", "consumer_phone"], purpose="回访退款", **common)
    failed = lifecycle.ask(wanted=["number"], purpose="", **common)
    Export.objects.filter(pk=failed.pk).update(state="failed", failure="too_many_rows")
    return [ready, waiting, failed]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_reads_at_both_widths(
    visit: Callable[..., Any], world: World, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path)
    now = timezone.now()
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now)
    made = exports(world)
    endpoint, _secret = endpoints.make(
        user=world.lead,
        actor=world.manager,
        url="https://crm.example.com/hook?from=a-long-address-of-a-portal",
        description="",
        steps=["accept_offer"],
        now=now,
    )
    for number, state in enumerate(("queued", "sent", "dead")):
        row = deliveries.delivery_of(endpoint, f"step:{number}", "make_offer", now, {}, complaint_id=case.pk, now=now)
        row.state, row.last_error = state, "http_500" if state == "dead" else ""
        row.save()
    type(endpoint).objects.update(state="broken", failures=7, paused_until=now, last_error="timeout")
    visitor = visit(user=world.lead)
    for path in (
        "/enterprise/queue/",
        "/enterprise/exports/",
        "/enterprise/exports/new/?view=all",
        *(f"/enterprise/exports/{e.mark}/" for e in made),
        "/enterprise/webhooks/",
        "/enterprise/webhooks/new/",
        f"/enterprise/webhooks/{endpoint.public_id}/",
    ):
        visitor.look(path)
    visitor = visit(user=world.rui)
    for path in ("/authority/cases/", "/authority/exports/", "/authority/exports/new/?status=review"):
        visitor.look(path)
    assert WebhookDelivery.objects.count() == 3
    assert events.events_after(endpoint.cursor, visible=HandlingStep.objects.none())[0] == []


@pytest.mark.parametrize("look", [in_look(1280), in_look(360, "en", javascript=False)])
def test_a_file_that_is_being_made_shows_by_itself_that_it_is_there(
    visit: Callable[..., Any], world: World, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path)
    now, visitor = timezone.now(), visit(user=world.lead)
    export = lifecycle.ask(
        user=world.lead,
        actor=world.manager,
        query="view=all",
        form="csv",
        language="zh-hans",
        now=now,
        wanted=["number", "item"],
        purpose="",
    )
    page = visitor.look(f"/enterprise/exports/{export.mark}/")
    button = page.locator("form[action$='/link/'] button")
    assert not button.count()
    if not visitor.has_scripts:
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        return
    lifecycle.sweep_exports(now=now)
    button.wait_for()
    assert not page.locator("script[src*=moving]").count(), "it looks no more"

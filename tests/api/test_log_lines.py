"""What the log says of a request that was refused: when, which, where, and whose session or token it was."""

import logging
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from complaints.models import Complaint
from tests.api.conftest import Making
from tests.cast import World
from tests.given import a_complaint
from web.telemetry.lines import OwnWords

pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """As the portal writes them."""
    line = settings.LOGGING["formatters"]["line"]
    formatter = logging.Formatter(line["format"], line["datefmt"], style=line["style"])
    for record in caplog.records:
        OwnWords().filter(record)
    return [formatter.format(record) for record in caplog.records if record.name == "django.request"]


def test_T52_T83_who_is_refused_is_a_line_with_moment_zone_route_and_the_key_of_the_person(
    client: Client, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    case = a_complaint(world)
    client.force_login(world.otto)
    for path, status, route in (
        (f"/cases/{case.number}/", 404, "/cases/<str:number>/"),
        ("/authority/cases/", 404, "/authority/cases/"),
        (f"/enterprise/cases/{case.number}/", 404, "/enterprise/cases/<str:number>/"),
    ):
        caplog.clear()
        assert client.get(path).status_code == status
        (line,) = lines(caplog)
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARNING django.request incident \d{4}-\d{4}: ", line)
        assert line.endswith(f": {status} GET {route} by person {world.otto.person_key}"), line
        assert case.number not in line


def test_T52_T83_what_goes_round_a_rule_is_a_line_too(
    world: World, case: Complaint, program: Making, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    """A forged form, fields that are not asked for, a scope that a token has not, too many calls."""
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(world.chen)
    settings.API_CALLS_PER_MINUTE = 3
    reading = program("ming", scopes=["cases:read"])
    caplog.clear()
    assert forger.post("/cases/", {}).status_code == 403
    assert reading.step(case, "send_message", {"text": "x"}).status_code == 403
    assert reading.get("/complaints/?status=nonsense").status_code == 400
    assert reading.get("/me/").status_code == 200
    assert reading.get("/me/").status_code == 429
    told = "\n".join(lines(caplog))
    assert [status for status in ("403 POST", "400 GET", "429 GET") if status not in told] == []
    assert told.count(" by token odr_") == 3

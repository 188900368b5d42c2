"""Lines of the log as JSON: one object each, with what an operator looks for and nothing that people typed."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from logging.config import dictConfig
from typing import Any

import kombu.exceptions
import psycopg2
import pytest
from django.conf import settings
from django.test import Client

from tests import ROOT
from tests.canaries import CANARIES, seen
from tests.web.telemetry.test_ways_out import TYPED, break_it
from web.errors import INCIDENT_HEADER
from web.telemetry import lines

PEOPLE = [*CANARIES.items()]
pytestmark = pytest.mark.urls("tests.web.telemetry.test_ways_out")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    monkeypatch.setenv("LOG_FORMAT", "json")
    stream = StringIO()
    dictConfig(lines.log_settings())
    root = logging.getLogger()
    (handler,) = [one for one in root.handlers if isinstance(one.formatter, lines.JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    dictConfig(settings.LOGGING)


def read(stream: StringIO) -> list[dict[str, Any]]:
    assert seen(stream.getvalue().encode(), PEOPLE) == []
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.django_db
def test_an_error_answer_is_one_object_with_number_route_status_and_kind(log: StringIO) -> None:
    number = break_it()
    (line,) = [one for one in read(log) if one["part"] == "django.request"]
    assert {name: line[name] for name in ("level", "incident", "status", "method", "route", "kind")} == {
        **{"level": "ERROR", "incident": number, "status": 500, "method": "POST"},
        **{"route": "/case/<str:token>/", "kind": "RuntimeError"},
    }
    assert [one["kind"] for one in line["where"]] == ["RuntimeError", "DataError", "InvalidTextRepresentation"]
    assert line["where"][0]["places"][-1].endswith(":quoting")
    refused = Client().generic(CANARIES["email"], f"/nowhere/{CANARIES['phone']}/")
    said = [read(log)[-1][name] for name in ("incident", "method", "route")]
    assert said == [refused[INCIDENT_HEADER], "other", "(no page reached)"]


def test_what_other_programs_say_of_an_exception_comes_without_its_text(log: StringIO) -> None:
    """The worker's line about a task that failed, the web server's about a request, a library's that quotes one."""
    try:
        raise ValueError(TYPED)
    except ValueError as error:
        about = {"name": "complaints.tasks.sweep_clocks", "id": "7", "description": "raised unexpected"}
        words = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
        context = {**about, "exc": repr(error), "traceback": TYPED, "args": TYPED, "kwargs": TYPED}
        logging.getLogger("celery.app.trace").error(words, context, exc_info=True, extra={"data": context})
        logging.getLogger("gunicorn.error").exception("Error handling request %s %s", "GET", f"/answer/{TYPED}/")
        logging.getLogger("gunicorn.error").warning(f"Invalid request from ip=10.1.2.3: Invalid HTTP header: '{TYPED}'")
        logging.getLogger("a.library").error("could not do %s: %r", "it", error)
        logging.getLogger("a.library").error(error)
    told = read(log)
    assert [one["text"] for one in told] == [
        "Task complaints.tasks.sweep_clocks[7] raised unexpected: ValueError",
        *["a request could not be read or answered"] * 2,
        "could not do it: 'ValueError'",
        "ValueError",
    ]
    assert "10.1.2.3" not in log.getvalue()


def test_a_server_that_does_not_answer_is_told_in_its_words() -> None:
    with pytest.raises(psycopg2.OperationalError) as away:
        psycopg2.connect("host=127.0.0.1 port=9 user=nobody")
    assert "port 9" in lines.said(away.value)
    assert lines.said(ConnectionRefusedError(111, "Connection refused")) == "ConnectionRefusedError: Connection refused"
    assert lines.said(kombu.exceptions.OperationalError("no line")) == "OperationalError: no line"
    assert lines.said(psycopg2.IntegrityError(TYPED)) == "IntegrityError"


def test_nothing_of_it_is_loaded_where_nothing_is_set() -> None:
    code = (
        "import sys, odr_portal.wsgi, odr_portal.celery;"
        "print({one.split('.')[0] for one in sys.modules} & {'prometheus_client', 'opentelemetry', 'sentry_sdk'})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr

"""Traces and reports of errors say what the log may say, and nothing that people typed."""

import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from odr_portal.clock_guard import run
from tests import PATIENCE
from tests.canaries import CANARIES, seen
from tests.web.telemetry.conftest import Outside
from web.telemetry import lines, reports, traces

pytestmark = [pytest.mark.urls("tests.web.telemetry.test_ways_out"), pytest.mark.django_db]

PEOPLE = [*CANARIES.items()]
TYPED = " ".join(CANARIES.values())


def quoting(request: HttpRequest, token: str) -> HttpResponse:
    """As the database does: the text of the exception holds what somebody typed; so do variables and the statement."""
    statement = request.POST["statement"]
    try:
        with connection.cursor() as cursor:
            cursor.execute("select %s::int, 'and the code ' || 4711", [statement])
    except Exception as error:
        raise RuntimeError(f"could not keep {statement}") from error
    return HttpResponse()


urlpatterns = [
    path("case/<str:token>/", quoting, name="quoting"),
    path("", include("odr_portal.site.site_urls")),
    path("", include("accounts.urls")),
]
handler500 = "odr_portal.site.views.server_error"


def break_it() -> str:
    """Posts everything that people type to a page that breaks; the incident's number."""
    client = Client(raise_request_exception=False, headers={"referer": f"https://x/{CANARIES['email']}"})
    # Who traces its own browser is not followed.
    known = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    answer = client.post(
        f"/case/{CANARIES['id number']}/?phone={CANARIES['phone']}", {"statement": TYPED}, headers=known
    )
    assert answer.status_code == 500
    return str(answer["Incident-Number"])


@pytest.fixture
def reporting(outside: Outside) -> Any:
    handler = reports.Reports(f"http://key@127.0.0.1:{outside.port}/7")
    handler.addFilter(lines.OwnWords())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    handler.client().close()


def test_an_error_is_reported_by_its_kind_route_and_number_and_tells_of_nobody(
    outside: Outside, reporting: reports.Reports
) -> None:
    number = break_it()
    reporting.client().flush(timeout=PATIENCE)
    address, body = outside.posted.get(timeout=PATIENCE)
    assert address == "/api/7/envelope/"
    event = json.loads(body.splitlines()[2])
    assert event["tags"] == {"incident": number, "status": "500", "method": "POST", "route": "/case/<str:token>/"}
    kinds = [one["type"] for one in event["exception"]["values"]]
    assert kinds == ["InvalidTextRepresentation", "DataError", "RuntimeError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "quoting"
    assert {name for frame in frames for name in frame} <= {"filename", "lineno", "function", "in_app"}
    assert seen(body, PEOPLE) == []


def test_whatever_the_client_adds_does_not_go_out(outside: Outside, reporting: reports.Reports) -> None:
    """An integration, or a newer client, may put more into an event than our handler does."""
    event = reports.event_of(logging.LogRecord("a", logging.ERROR, "f", 1, "a line of ours", (), None))
    event |= {
        **{"request": {"url": TYPED, "data": TYPED}, "user": {"email": TYPED}, "breadcrumbs": {"values": [TYPED]}},
        **{"extra": {"form": TYPED}, "contexts": {"x": {"y": TYPED}}, "server_name": TYPED, "transaction": TYPED},
        "tags": {"route": "/", "whose": TYPED},
        "logentry": {"message": "a line of ours", "params": [TYPED], "formatted": TYPED},
        "exception": {"values": [{"type": "X", "value": TYPED, "stacktrace": {"frames": [{"vars": {"a": TYPED}}]}}]},
    }
    reporting.client().capture_event(event)
    reporting.client().flush(timeout=PATIENCE)
    _address, body = outside.posted.get(timeout=PATIENCE)
    sent = json.loads(body.splitlines()[2])
    assert (sent["logentry"], sent["tags"]) == ({"message": "a line of ours"}, {"route": "/"})
    assert seen(body, PEOPLE) == []


@pytest.fixture
def tracing(outside: Outside, settings: Any) -> Any:
    settings.OTLP_ENDPOINT, settings.TRACES_PERCENT = f"http://127.0.0.1:{outside.port}", 100
    traces.watch_statements(connection)
    yield outside
    connection.execute_wrappers.remove(traces._around_each)
    for provider in traces._providers.values():
        provider.shutdown()
    traces._providers.clear()


def spans(outside: Outside) -> list[Any]:
    assert traces._provider().force_flush(int(PATIENCE * 1000))
    results = []
    while not outside.posted.empty():
        address, body = outside.posted.get()
        assert (address, seen(body, PEOPLE)) == ("/v1/traces", [])
        read = ExportTraceServiceRequest.FromString(body)
        results += [one for whole in read.resource_spans for scope in whole.scope_spans for one in scope.spans]
    return results


def said(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_request_and_its_statements_are_one_trace_without_values(
    tracing: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(lines.OwnWords())
    break_it()
    found = spans(tracing)
    (whole,) = [one for one in found if not one.parent_span_id]
    assert whole.name == "POST /case/<str:token>/"
    assert said(whole) == {
        **{"http.request.method": "POST", "http.route": "/case/<str:token>/"},
        "http.response.status_code": 500,
    }
    assert whole.status.code == whole.status.STATUS_CODE_ERROR
    assert {one.trace_id for one in found} == {whole.trace_id}
    assert whole.trace_id != bytes.fromhex("ab" * 16)
    statements = {said(one).get("db.query.text"): one for one in found if one is not whole}
    broken = statements["select %s::int, ? || ?"]
    assert (broken.name, said(broken)["error.type"]) == ("select", "DataError")
    assert not any(one.events for one in found), "the text of an exception would stand there"
    (line,) = [one for one in caplog.records if one.name == "django.request"]
    assert lines.known(line)["trace"] == whole.trace_id.hex()


def test_a_tick_of_beat_its_task_and_the_statements_of_the_task_are_one_trace(tracing: Outside) -> None:
    headers: dict[str, Any] = {}
    traces.tick("complaints.tasks.sweep_clocks", headers)
    assert run("counters", lambda: connection.cursor().execute("select 1"), parent=headers) is None
    found = spans(tracing)
    assert len({one.trace_id for one in found}) == 1
    names = {one.name: one for one in found}
    task = names["task counters"]
    assert task.parent_span_id == names["tick complaints.tasks.sweep_clocks"].span_id
    assert "select ?" in {said(one).get("db.query.text") for one in found if one.parent_span_id == task.span_id}


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("select * from a where b = 'it''s 陈' and c in (1, 2.5)", "select * from a where b = ? and c in (?, ?)"),
        ("execute q_0a1(%s, %s)", "execute q_0a1(%s, %s)"),
        (r"select E'it\'s 陈'", ""),
        ("select $a$陈$a$", ""),
    ],
)
def test_a_statement_is_told_without_its_values(sql: str, text: str) -> None:
    assert traces.without_values(sql) == text

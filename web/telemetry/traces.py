"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: a request with its statements, and a tick of beat
with the task that it makes and that task's statements. A case is no link between the two: the web process leaves a row,
and no trace id stands in it.

No address, no value of a statement and no text of an exception goes into a span. What a stranger's browser says of a
trace of its own is not taken up.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind

#: Of each process its own: a thread sends what was gathered, and threads do not come along into a child.
_providers: dict[int, TracerProvider] = {}
#: The longest text of a statement that is told.
_LONGEST = 2000
_FIRST_WORD = re.compile(r"\s*(?:/\*.*?\*/\s*)?([a-zA-Z]+)", re.DOTALL)
_VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")


def is_on() -> bool:
    return bool(settings.OTLP_ENDPOINT)


def _provider() -> TracerProvider:
    if (own := _providers.get(os.getpid())) is not None:
        return own
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    whose: dict[str, str | int] = {
        "service.name": "odr-portal",
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
    }
    made = TracerProvider(
        resource=Resource.create({**whose}), sampler=ParentBased(TraceIdRatioBased(settings.TRACES_PERCENT / 100))
    )
    made.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(
                endpoint=f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces",
                headers=settings.OTLP_HEADERS,
                certificate_file=settings.OTLP_CERTIFICATE or None,
                timeout=3,
            )
        )
    )
    # Its parent's, where this process was made of another, has no thread here.
    _providers.clear()
    _providers[os.getpid()] = made
    return made


def current() -> str:
    """The id of the trace that is under way; empty where none is."""
    if os.getpid() not in _providers:
        return ""
    from opentelemetry.trace import get_current_span

    known = get_current_span().get_span_context()
    return f"{known.trace_id:032x}" if known.is_valid else ""


@contextmanager
def span(name: str, *, parent: Mapping[str, str] | None = None, serves: bool = False) -> Iterator[Span]:
    """A span of its own trace, or under ``parent`` (a traceparent in headers). ``serves``: of a request."""
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    under = TraceContextTextMapPropagator().extract(parent, Context()) if parent else Context()
    with _started(name, SpanKind.SERVER if serves else SpanKind.CONSUMER, under) as one:
        yield one


@contextmanager
def _started(name: str, kind: SpanKind, under: Any = None) -> Iterator[Span]:
    tracer = _provider().get_tracer("odr-portal")
    with tracer.start_as_current_span(
        name, context=under, kind=kind, record_exception=False, set_status_on_exception=False
    ) as one:
        try:
            yield one
        except BaseException as error:
            one.set_attribute("error.type", type(error).__name__)
            failed(one)
            raise


def failed(one: Span) -> None:
    from opentelemetry.trace import Status, StatusCode

    one.set_status(Status(StatusCode.ERROR))


def tick(name: str, headers: dict[str, Any]) -> None:
    """Beat makes a task: its trace begins here and goes along in the headers of the message."""
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    with _started(f"tick {name}", SpanKind.PRODUCER):
        TraceContextTextMapPropagator().inject(headers)


def watch_statements(connection: Any, **_: Any) -> None:
    """When a connection to the database is made: each statement within a trace is a span of it."""
    if _around_each not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _around_each)


def _around_each(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    if os.getpid() not in _providers:
        return execute(sql, params, many, context)
    from opentelemetry.trace import SpanKind, get_current_span

    if not get_current_span().is_recording():
        return execute(sql, params, many, context)

    text = without_values(sql) if isinstance(sql, str) else ""
    first = _FIRST_WORD.match(text)
    with _started(first[1].lower() if first else "statement", SpanKind.CLIENT) as one:
        one.set_attribute("db.system.name", "postgresql")
        if text:
            one.set_attribute("db.query.text", text)
        return execute(sql, params, many, context)


@lru_cache(maxsize=2000)
def without_values(sql: str) -> str:
    """The words of a statement with ? for each text and number in it; nothing where a text may be quoted otherwise."""
    if "\\" in sql or "$" in sql:
        return ""
    return _VALUES.sub("?", sql)[:_LONGEST]

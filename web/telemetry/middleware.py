"""Counts each answer, and makes a trace of it; is not there where neither is asked for."""

import time
from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from web.errors import method_of, route_of
from web.telemetry import counts, traces


class Observed:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not (counts.is_on() or traces.is_on()):
            raise MiddlewareNotUsed
        self.get_response = self._traced(get_response) if traces.is_on() else get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        counts.request(route_of(request), method_of(request), response.status_code, time.perf_counter() - began)
        return response

    @staticmethod
    def _traced(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        def traced(request: HttpRequest) -> HttpResponse:
            method = method_of(request)
            with traces.span(method, serves=True) as span:
                response = get_response(request)
                route = route_of(request)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": response.status_code,
                    }
                )
                if response.status_code >= 500:
                    traces.failed(span)
                return response

        return traced

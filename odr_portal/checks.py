"""Configuration mistakes found by `manage.py check`, before they are met by people.

The one rule: an address that permissions.csv does not know must not go live.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from odr_portal.permissions import OddPermissions, permission_rows


def routes(
    patterns: Sequence[Any] | None = None, namespace: str = "", path: str = "/"
) -> Iterator[tuple[str, str, Any]]:
    """(name with namespace, path pattern, view) of every address of the URLconf."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry.url_patterns, inner, path + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else ""), path + str(entry.pattern), entry.callback


def every_view_has_a_row(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each named address stands in permissions.csv and each row names an address that exists."""
    # Only where it is asked for: a missing row must stop a release, not the next migration.
    if getattr(settings, "COMMAND", "") != "check":
        return []
    try:
        known = {row.resource for row in permission_rows()}
    except OddPermissions as problem:
        return [Error(str(problem), id="odr_portal.E003")]
    found: list[CheckMessage] = []
    names: set[str] = set()
    for name, path, _view in routes():
        if not name:
            found.append(Error(f"{path} has no name.", id="odr_portal.E001"))
            continue
        names.add(name)
        if name not in known:
            found.append(
                Error(
                    f"{name} ({path}) does not stand in permissions.csv.",
                    hint="Add a row: who may call it, and what a stranger gets.",
                    id="odr_portal.E001",
                )
            )
    found += [
        Error(f"permissions.csv names {name}, which is no address.", id="odr_portal.E002")
        for name in sorted(known - names)
    ]
    return found


def register_all() -> None:
    """Called once, when the apps are ready."""
    register(every_view_has_a_row)

"""Private names of libraries that we use: each stands here, and is still there in the version that we pin."""

import ast
import smtplib
from typing import Any

import gunicorn.workers.gthread
import heroicons
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.db.models import Manager, QuerySet
from django.http import QueryDict
from django.test import RequestFactory
from rest_framework.request import Request

from accounts.roles import Role
from enterprises.models import Brand
from tests import APPS, ROOT

#: Name → where the library has it. `_meta` and `_default_manager` are documented by Django, `_value_` by enum.
OF_OTHERS: dict[str, Any] = {
    "_meta": Brand,
    "_default_manager": Brand,
    "_state": Brand(),
    "_value_": Role.CONSUMER,
    "_db": Manager(),
    "_fields": QuerySet(Brand),
    "_prefetch_related_lookups": QuerySet(Brand),
    "_mutable": QueryDict(),
    "_request": Request(RequestFactory().get("/")),
    "_get_or_create_session_key": SessionStore,
    "_js_module_import_aggregation_patterns": ManifestFilesMixin,
    "_DEFER": gunicorn.workers.gthread,
    "_render_icon": heroicons,
    # The name that a certificate is compared with; set, since we connect to an address that was checked.
    "_host": smtplib.SMTP(),
}
#: Our own marks on a request.
OURS = {"_caller", "_incident", "_incident_error", "_person_at_second_factor", "_request_transaction"}


def used() -> set[str]:
    """Names with one underscore that are reached through an object or imported, and defined by no code of ours."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    ]
    own, result = set(), set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                own.add(node.name)
            case ast.Name(ctx=ast.Store()):
                own.add(node.id)
            case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
                own.add(node.attr)
            case ast.ImportFrom() if (node.module or "").split(".")[0] not in APPS:
                result |= {alias.name for alias in node.names}
        if isinstance(node, ast.Attribute):
            result.add(node.attr)
    return {name for name in result - (own - OF_OTHERS.keys()) if name.startswith("_") and not name.startswith("__")}


def test_every_private_name_of_a_library_stands_here() -> None:
    assert used() - OURS == set(OF_OTHERS)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_the_library_still_has_it(name: str) -> None:
    assert hasattr(OF_OTHERS[name], name)

"""Every address stands in permissions.csv, and a stranger gets what stands there."""

import re

import pytest
from django.test import Client

from odr_portal.checks import every_view_has_a_row, routes
from odr_portal.permissions import is_public, permission_rows

WORDS = {"int": "1", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000000", "str": "x", "path": "x"}


def address(pattern: str) -> str:
    """A path that this pattern answers, with made-up values."""

    def value(found: re.Match[str]) -> str:
        return WORDS.get(found.group(1) or "str", "20261118-7K3Q9M-5")

    return re.sub(r"<(?:(\w+):)?\w+>", value, pattern)


def all_routes() -> list[tuple[str, str]]:
    return [(name, path) for name, path, _view in routes()]


def test_the_check_is_content(settings: object) -> None:
    settings.COMMAND = "check"  # type: ignore[attr-defined]
    assert [str(problem) for problem in every_view_has_a_row(None)] == []


def test_the_check_finds_a_missing_row(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.COMMAND = "check"  # type: ignore[attr-defined]
    rows = tuple(row for row in permission_rows() if row.resource != "home")
    monkeypatch.setattr("odr_portal.checks.permission_rows", lambda: rows)
    assert any(problem.id == "odr_portal.E001" and "home" in problem.msg for problem in every_view_has_a_row(None))


@pytest.mark.django_db
def test_a_stranger_walks_every_route() -> None:
    wrong, public, private = [], 0, 0
    for name, pattern in all_routes():
        path = address(pattern)
        for method in ("GET", "POST"):
            client = Client(raise_request_exception=False)
            answer = client.get(path) if method == "GET" else client.post(path, {"idempotency_key": "0f6c2a7e0f6c2a7e"})
            location = answer.headers.get("Location", "")
            to_sign_in = answer.status_code == 302 and location.startswith("/account/sign-in/")
            if answer.status_code >= 500 and name != "readyz":
                wrong.append(f"{method} {path} ({name}): {answer.status_code}")
            elif is_public(name, method):
                public += 1
            elif answer.status_code in {401, 404, 405} or to_sign_in:
                private += 1
            else:
                wrong.append(f"{method} {path} ({name}): {answer.status_code} {location}, but no row makes it public")
    assert not wrong, "\n".join(wrong)
    assert public
    assert private, "a walk that finds no closed door proves nothing"


@pytest.mark.django_db
def test_what_the_file_calls_public_asks_no_sign_in() -> None:
    for name, pattern in all_routes():
        if is_public(name, "GET") and "<" not in pattern:
            answer = Client(raise_request_exception=False).get(pattern)
            assert not (
                answer.status_code == 302
                and "/account/sign-in/" in answer.headers["Location"]
                and name != "accounts:sign-in-code"
            ), name

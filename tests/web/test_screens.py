"""docs/screens shows every page of the portal in both languages, and no page that is gone.

The one rule: pages come from the URLconf and permissions.csv; one without a picture stands in NOT_PICTURED with its
reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from access.permissions import permission_rows
from odr_portal.checks import routes
from tests.browser.pictures import FOLDER, LANGUAGES, NOT_PAGES, NOT_PICTURED, OTHER_PICTURES, named

#: What stands for a parameter in the name of a picture.
_SHOWN = {"number": "ref", "int": "n", "uuid": "key", "uscc": "uscc"}
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def kind_of(pattern: str) -> str:
    """The names of pictures of this address: /cases/<str:number>/<slug:name>/ → cases-ref-[^-]…"""
    fixed = _PARAMETER.sub(lambda found: _SHOWN.get(found[2]) or _SHOWN.get(found[1] or "") or "*", pattern)
    return re.escape(named(fixed)).replace(r"\*", r"(?!\d+$)[\w.-]+")


def pages() -> Iterator[tuple[str, str]]:
    """(name, kind) of each address that answers with a page."""
    read = {row.resource for row in permission_rows() if "GET" in row.actions and not row.is_refusal}
    for name, pattern, _view in routes():
        if name in read and not NOT_PAGES.search(_PARAMETER.sub("1", pattern)):
            yield name, kind_of(pattern)


def taken(language: str) -> set[str]:
    """What the pictures in this language show, without whose page it is and how manieth of its kind."""
    names = (re.fullmatch(rf"{language[:2]}-[a-z]+-(.+?)(?:-\d)?", file.stem) for file in FOLDER.glob("*.webp"))
    return {found[1] for found in names if found}


def test_every_page_has_its_picture_in_both_languages() -> None:
    missing = [
        f"{language}: {name}"
        for language in LANGUAGES
        for name, kind in pages()
        if name not in NOT_PICTURED and not any(re.fullmatch(kind, one) for one in taken(language))
    ]
    assert not missing, (
        "Take their pictures (docs/screens/README.md) or name them with a reason in NOT_PICTURED of "
        "tests/browser/pictures.py:\n" + "\n".join(missing)
    )


def test_no_picture_shows_a_page_that_is_gone() -> None:
    kinds = "|".join([*(kind for _name, kind in pages()), *OTHER_PICTURES])
    gone = [
        f"{language}: {one}"
        for language in LANGUAGES
        for one in sorted(taken(language))
        if not re.fullmatch(kinds, one)
    ]
    assert not gone, "\n".join(gone)


def test_reasons_are_given_for_pages_that_exist() -> None:
    assert NOT_PICTURED.keys() <= dict(pages()).keys(), sorted(NOT_PICTURED.keys() - dict(pages()).keys())

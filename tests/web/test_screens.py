"""docs/screens holds a dozen current pictures; tools/screens makes all of them."""

import re

from tests import ROOT
from tests.browser.pictures import NOT_PICTURED, OTHER_PICTURES, kind_of, pages

FOLDER = ROOT / "docs" / "screens"


def test_reasons_are_given_for_pages_that_exist() -> None:
    assert NOT_PICTURED.keys() <= dict(pages()).keys(), sorted(NOT_PICTURED.keys() - dict(pages()).keys())


def test_the_pictures_in_git_are_few_and_each_is_shown_somewhere() -> None:
    pictures = {path.name for path in FOLDER.iterdir() if path.suffix != ".md"}
    texts = "".join(path.read_text() for path in (ROOT / "README.md", FOLDER / "README.md"))
    assert 0 < len(pictures) <= 12
    assert pictures == set(re.findall(r"[\w-]+\.(?:png|webp)", texts))


def test_no_picture_shows_a_page_that_is_gone() -> None:
    kinds = "|".join([*(kind for _name, kind in pages()), *OTHER_PICTURES])
    names = {re.sub(r"^[a-z]+-[a-z]+-|(?<=ref)-\d$", "", path.stem) for path in FOLDER.glob("*.webp")}
    assert not [name for name in sorted(names) if not re.fullmatch(kinds, name)]


def test_an_address_has_the_name_that_its_picture_gets() -> None:
    assert re.fullmatch(kind_of("cases/<str:number>/offer/<int:pk>/"), "cases-ref-offer-n")

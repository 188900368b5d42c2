"""Names of a source: cut into legal, former and other names, and grouped into enterprises."""

from collections import Counter

import pytest

from complaints.tables.importing.directory import Mention, NamedEnterprise, Splitter, WrittenName, enterprises
from complaints.tables.importing.mapping import NameRules

NAMING = NameRules(
    former=("fka", "formerly"),
    alias=("dba", "aka"),
    split="/",
    legal_forms=("Inc", "LLC", "Corp"),
    nobody=frozenset({"unknown", "unknown - *"}),
)
SPLITTER = Splitter(NAMING)


@pytest.mark.parametrize(
    ("written", "head", "former", "alias"),
    [
        ("Gull Telephone", "Gull Telephone", (), ()),
        ("Blue Heron fka Gull", "Blue Heron", ("Gull",), ("Blue Heron fka Gull",)),
        ("Blue Heron FKA: Gull", "Blue Heron", ("Gull",), ("Blue Heron FKA: Gull",)),
        ("Larch dba Tamarack/Needle", "Larch", (), ("Tamarack", "Needle", "Larch dba Tamarack/Needle")),
        (
            "Larch formerly Birch, LLC dba Tamarack",
            "Larch",
            ("Birch, LLC",),
            ("Tamarack", "Larch formerly Birch, LLC dba Tamarack"),
        ),
        ("Larch/aka Tamarack", "Larch", (), ("Tamarack", "Larch/aka Tamarack")),
        ("Larch c/o Tamarack", "Larch c/o Tamarack", (), ()),
        ("Open 24/7 Repair", "Open 24/7 Repair", (), ()),
        ("Akamba Farms", "Akamba Farms", (), ()),
    ],
)
def test_a_name_is_cut_as_it_is_written(
    written: str, head: str, former: tuple[str, ...], alias: tuple[str, ...]
) -> None:
    assert SPLITTER.names(written) == WrittenName(head, former, alias)


@pytest.mark.parametrize(
    ("written", "is_nobody"),
    [
        ("", True),
        (" - ", True),
        ("Unknown", True),
        ("UNKNOWN - somebody on the phone", True),
        ("Unknown Worlds", False),
    ],
)
def test_some_words_mean_nobody(written: str, is_nobody: bool) -> None:
    assert SPLITTER.is_nobody(written) is is_nobody


def _mention(names: dict[str, int], *places: tuple[str, str]) -> Mention:
    return Mention(Counter(names), Counter(places or [("WA", "Everett")]))


def _enterprises(**mentions: Mention) -> list[NamedEnterprise]:
    return enterprises(mentions, [], SPLITTER)


def test_a_firm_is_one_by_its_number_or_by_name_and_town() -> None:
    result = _enterprises(a=_mention({"Blue Heron fka Gull": 2, "Gull": 9}))
    assert [(enterprise.legal, enterprise.former) for enterprise in result] == [("Blue Heron", ("Gull",))]
    result = _enterprises(a=_mention({"Larch Inc": 3}), b=_mention({"LARCH, LLC": 1}))
    assert [(enterprise.legal, enterprise.alias, enterprise.ids) for enterprise in result] == [
        ("Larch Inc", ("LARCH, LLC",), ("a", "b"))
    ]
    result = _enterprises(a=_mention({"Larch": 3}), b=_mention({"Larch": 1}, ("OR", "Salem")))
    assert [(enterprise.legal, enterprise.place, enterprise.ids) for enterprise in result] == [
        ("Larch", ("OR", "Salem"), ("b",)),
        ("Larch", ("WA", "Everett"), ("a",)),
    ]
    nameless = [("Larch Corp", "", "", 2), ("LARCH", "", "", 5), ("Birch", "", "", 1)]
    assert [enterprise.legal for enterprise in enterprises({}, nameless, SPLITTER)] == ["Birch", "LARCH"]

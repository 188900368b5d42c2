"""A name without its legal form, a name that holds several, a name that several bear: pure, on plain values."""

import datetime as dt

import pytest

from enterprises.directory.spelling import NamesInText, fold_name, names_in, spellings
from routing.rules.facts import Directory, EnterpriseFacts, Facts, Holding, Match, Name, NoMatch, Rule
from routing.rules.matching import choose

DAY = dt.date(2026, 9, 1)


def _directory(*enterprises: tuple[int, str, str]) -> Directory:
    names: dict[str, tuple[Name, ...]] = {}
    for pk, name, _town in enterprises:
        names[fold_name(name)] = (*names.get(fold_name(name), ()), Name("legal", pk))
    return Directory(
        names=names,
        enterprises={
            pk: EnterpriseFacts(pk, name, domicile_names=(town,) if town else ()) for pk, name, town in enterprises
        },
    )


def _route(named: str, *enterprises: tuple[int, str, str], address: str = "") -> int | str:
    result = choose(Facts(on=DAY, named=named, address=address), (), _directory(*enterprises))
    if isinstance(result, NoMatch):
        return result.reason
    assert isinstance(result, Match)
    return result.enterprise_id or 0


@pytest.mark.parametrize(
    ("named", "registered"),
    [
        ("Heron Bank", "Heron Bank, N.A."),
        ("HERON BANK NATIONAL ASSOCIATION", "Heron Bank N.A."),
        ("Heron Mortgage LLC", "Heron Mortgage"),
        ("Heron and Sons", "Heron & Sons Inc"),
        ("Heron & Sons, Inc.", "Heron and Sons"),
        ("福州苍鹭网络", "福州苍鹭网络有限公司"),
        ("福州苍鹭网络有限责任公司", "福州苍鹭网络有限公司"),
    ],
)
def test_a_legal_form_that_is_left_out_is_no_other_firm(named: str, registered: str) -> None:
    assert _route(named, (1, registered, "")) == 1


@pytest.mark.parametrize(
    ("named", "registered"),
    [
        ("Heron LLC", "Heron Inc"),
        ("福州苍鹭网络股份有限公司", "福州苍鹭网络有限公司"),
        ("The Heron Center", "Heron Center"),
        ("Heron Bank", "Heron Savings Bank"),
    ],
)
def test_another_form_or_another_word_is_left_to_a_person(named: str, registered: str) -> None:
    assert _route(named, (1, registered, "")) == "nothing_matched"


def test_two_forms_of_one_name_are_left_to_a_person() -> None:
    assert _route("Heron", (1, "Heron Inc", ""), (2, "Heron LLC", "")) == "ambiguous"
    assert _route("Heron LLC", (1, "Heron Inc", ""), (2, "Heron LLC", "")) == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Egret Fiber fka Gull Telephone", (("Egret Fiber",), (), ("Gull Telephone",))),
        ("Egret LLC d/b/a Egret Fiber/Egretnet", (("Egret LLC",), ("Egret Fiber", "Egretnet"), ())),
        ("福州苍鹭网络有限公司（原福州白鹭网络有限公司）", (("福州苍鹭网络有限公司",), (), ("福州白鹭网络有限公司",))),
        ("鼓楼白鹭数码店/福州苍鹭网络有限公司", (("鼓楼白鹭数码店", "福州苍鹭网络有限公司"), (), ())),
        ("24/7 Locks", NamesInText()),
        ("c/o Egret", NamesInText()),
        ("中原网络有限公司", NamesInText()),
        ("Egret Fiber", NamesInText()),
        ("/ fka /", NamesInText()),
    ],
)
def test_the_names_that_a_name_holds(text: str, names: tuple[tuple[str, ...], ...]) -> None:
    assert names_in(text) == names


def test_the_present_name_decides_before_the_former_one() -> None:
    enterprises = ((1, "Egret Fiber", ""), (2, "Gull Telephone", ""))
    assert _route("Egret Fiber fka Gull Telephone", *enterprises) == 1
    assert _route("Heron fka Gull Telephone", *enterprises) == 2
    assert _route("Egret Fiber / Gull Telephone", *enterprises) == "ambiguous"


FIRMS = ((1, "Egret Fiber", ""), (2, "Gull Telephone", ""), (3, "中国苍鹭集团福建有限公司", ""))


@pytest.mark.parametrize(
    ("named", "unknown", "suggested"),
    [
        ("鼓楼白鹭数码店/中国苍鹭集团福建有限公司", "鼓楼白鹭数码店", [3]),
        ("中国苍鹭集团福建有限公司/鼓楼白鹭数码店", "鼓楼白鹭数码店", [3]),
        ("Heron / Egret Fiber / Gull Telephone", "Heron", [1, 2]),
        ("Heron / Tern fka Egret Fiber", "Heron / Tern", [1]),
        ("Heron fka Egret Fiber/Tern", "Tern", [1]),
        ("Heron dba Egret Fiber", "Heron", [1]),
        ("Heron a/k/a Egret Fiber", "Heron", [1]),
        ("Heron dba Tern fka Egret Fiber", "Heron", [1]),
        ("Heron dba Tern/Egret Fiber", "Heron", [1]),
        ("鼓楼白鹭数码店（又名中国苍鹭集团福建有限公司）", "鼓楼白鹭数码店", [3]),
    ],
)
def test_who_stands_beside_an_unknown_name_is_only_suggested(named: str, unknown: str, suggested: list[int]) -> None:
    result = choose(Facts(on=DAY, named=named), (), _directory(*FIRMS))
    assert isinstance(result, NoMatch)
    assert (result.reason, result.why[-1].values["named"]) == ("nothing_matched", unknown)
    assert [one.enterprise_id for one in result.suggestions] == suggested


def test_names_that_are_all_known_need_nobody() -> None:
    assert _route("Egret Fiber/Egret Fiber Inc", *FIRMS) == 1
    assert _route("Egret Fiber dba Heron/Tern", *FIRMS) == 1
    assert _route("/ dba Egret Fiber aka Egret Fiber Inc", *FIRMS) == 1
    assert _route("福州白鹭网络有限公司（原中国苍鹭集团福建有限公司）", *FIRMS) == 3
    assert _route("Heron dba Tern/Auk", *FIRMS) == "nothing_matched"


def test_a_franchise_of_an_unknown_shop_is_left_to_a_person_with_the_holder_suggested() -> None:
    directory = Directory(
        names={fold_name("Planet Gym"): (Name("brand", 1, brand_id=7),)},
        holdings={7: (Holding(7, 1),)},
        enterprises={1: EnterpriseFacts(1, "Egret Fiber")},
    )
    by_brand = Rule("R1", 1, 1, "", brand_id=7, target_enterprise_id=1)
    result = choose(Facts(on=DAY, named="张三 dba Planet Gym"), (by_brand,), directory)
    assert isinstance(result, NoMatch)
    assert result.reason == "nothing_matched"
    assert [one.enterprise_id for one in result.suggestions] == [1]
    assert isinstance(choose(Facts(on=DAY, named="Planet Gym"), (by_brand,), directory), Match)


def test_no_rule_hands_a_firm_what_names_an_unknown_one_too_but_an_authority_may_get_it() -> None:
    named = "鼓楼白鹭数码店/中国苍鹭集团福建有限公司"
    to_enterprise = Rule("R1", 1, 1, "", target_enterprise_id=3)
    of_enterprise = Rule("R2", 1, 1, "", enterprise_id=3, target_enterprise_id=3)
    to_authority = Rule("R3", 1, 2, "", target_authority_id=5)
    facts = Facts(on=DAY, named=named)
    assert isinstance(choose(facts, (to_enterprise, of_enterprise), _directory(*FIRMS)), NoMatch)
    result = choose(facts, (to_enterprise, of_enterprise, to_authority), _directory(*FIRMS))
    assert isinstance(result, Match)
    assert (result.enterprise_id, result.authority_id, result.rule) == (None, 5, "R3")


def test_of_one_name_the_one_in_the_town_that_was_given() -> None:
    enterprises = ((1, "Heron Motors", "Tacoma"), (2, "Heron Motors", "Auburn"), (3, "Heron Motors", ""))
    assert _route("Heron Motors", *enterprises, address="Auburn, WA, 98001") == 2
    assert _route("Heron Motors", *enterprises, address="Auburndale, WA") == "ambiguous"
    assert _route("Heron Motors", *enterprises) == "ambiguous"


@pytest.mark.parametrize("text", ["", " ", "/", "((((", "fka", "Inc", "有限公司", "x" * 5000, "a/" * 500, "fka " * 500])
def test_rubbish_is_bounded(text: str) -> None:
    assert len(spellings(text)) < 100
    assert sum(len(level) for level in names_in(text)) <= 8
    assert _route(text, (1, "Heron", "")) in ("nothing_matched", "left_to_authority")

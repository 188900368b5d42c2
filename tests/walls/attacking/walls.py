"""Who may ask what: pages of a role asked by every other, and what belongs to somebody asked by everybody else.

What is whose is learnt from the pages that each person's own lists lead to; what a stranger must be answered from
permissions.csv and from OWNERS (tests/walls/things.py), which name positions as the world of the matrix does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from access.permissions import rows_of
from tests.walls.addresses import CHOOSE_A_PAGE, MISSING, NOT_THERE, PAGES, Address, Place
from tests.walls.attacking.people import Somebody
from tests.walls.attacking.run import Attack
from tests.walls.calling import Answer
from tests.walls.verdicts import PROGRAMS
from tests.walls.world import Person

ROLES, OWN, CASES, ROWS = "pages of a role", "own pages", "foreign cases", "foreign rows"
#: Reading them takes something from whoever asks, or gives a file that takes long to make; or they are not there: a
#: demonstration, which the attack runs on, is not to be found by machines.
NOT_OPENED = frozenset({"accounts:sign-out", "complaints:case-dossier-file", "readyz", "sitemap"})
#: Lists of an authority that also name what others around it made: whose it is cannot be told from here.
SHARED = frozenset(
    {
        *(
            f"complaints:authority-{name}"
            for name in ("enterprise", "law-change", "station", "policy", "station-table")
        ),
        *("oversight:hot-spot", "oversight:guidance", "oversight:warning", "oversight:authority-report"),
        *("routing:authority-change", "routing:authority-routing-rule", "routing:authority-routing-change"),
        "oversight:view",
    }
)
#: Read by everybody with this role, beside the page on which they land, however small the run is.
_LISTS = {
    "manager": ("/enterprise/team/", "/enterprise/tokens/"),
    "approver": ("/authority/team/", "/authority/exports/"),
}
#: What is on the way to everybody who holds the link, and opens nothing by being somebody.
_LINKS = re.compile(r"-link$|^accounts:undo$|^complaints:notice-off$|^complaints:go$")


def pages_of_roles(attack: Attack) -> None:
    """Each address that names nothing, by everybody; where they lead is what each person's own pages show."""
    attack.begin(ROLES)
    whole = [address for address in attack.addresses.values() if not address.parameters]
    asked = []
    for address in whole:
        for who in attack.everybody:
            for method in ("GET", "POST"):
                result = attack.verdict(address, method, who.person)
                if address.name in NOT_OPENED or address.name.startswith(PROGRAMS):
                    continue
                # What a person may do is not done: a demo stays as it was.
                if method == "POST" and result not in {"404", "405", "sign_in"}:
                    continue
                asked.append((address, who, method, result))
    shown = [one for one in asked if one[3] in {"allow", "steps"}]
    refused = [one for one in asked if one[3] not in {"allow", "steps"}]
    for address, who, method, _result in attack.some(shown, len(shown)) + attack.some(refused, 1800):
        place = Place(address, address.pattern, address.pattern, address.name not in NOT_THERE, ())
        answer = attack.by_permissions(ROLES, who, method, place, who.person)
        if answer.status == 200:
            attack.harvest(who, answer)


@dataclass(frozen=True)
class Target:
    """Something that ``owner`` was shown: its address and values."""

    owner: Somebody
    address: Address
    values: tuple[tuple[str, str], ...]
    path: str

    @property
    def number(self) -> str:
        return dict(self.values).get("number", "")


def own_pages(attack: Attack, *, of_each: int = 2) -> list[Target]:
    """What each person's lists led to opens for that person; each page leads on to what hangs on it."""
    attack.begin(OWN)
    for who in attack.people:
        for path in ("/account/sign-in/", *_LISTS.get(who.role, ())):
            attack.harvest(who, who.browser.follow(who.browser.get(path)))
    results: list[Target] = []
    for _depth in range(2):
        known = {(target.owner.name, target.path) for target in results}
        for who in attack.people:
            for name in attack.some(sorted(who.seen), len(who.seen)):
                paths = sorted(path for path in who.seen[name] if (who.name, path) not in known)
                if (
                    _LINKS.search(name)
                    or name in NOT_OPENED
                    or any(one.address.name == name for one in results if one.owner is who)
                ):
                    continue
                for path in attack.dice.sample(paths, min(of_each, len(paths))):
                    if found := attack.read(path):
                        results += _opened(attack, who, *found, path)
    return results


def _opened(attack: Attack, who: Somebody, address: Address, values: dict[str, str], path: str) -> list[Target]:
    """The target, if it can be looked at and its owner sees it; addresses of buttons are only named by their page."""
    target = Target(who, address, tuple(values.items()), path)
    if "GET" not in methods_of(address):
        return [target]

    def judged(answer: Answer) -> str:
        is_shown = answer.status in {200, 302, 409} and not answer.is_sign_in
        return "" if is_shown else f"{answer.status}, but their own page leads here"

    answer = attack.probe(OWN, who, "GET", path, judged)
    if answer.status == 200:
        attack.harvest(who, answer)
    return [target] if answer.status in {200, 302, 409} else []


def methods_of(address: Address) -> frozenset[str]:
    """What permissions.csv lets anybody do there."""
    return frozenset[str]().union(*(row.actions for row in rows_of(address.name)))


def foreign_cases(attack: Attack, targets: list[Target]) -> None:
    """Every address of a case, asked by everybody to whom this case is foreign."""
    attack.begin(CASES)
    numbers = {number for who in attack.people for number in _numbers(who)}
    of_a_case = [one for one in attack.addresses.values() if "number" in one.parameters]
    asked = []
    for number in attack.some(sorted(numbers), 90):
        known = {one.address.name: dict(one.values) for one in targets if one.number == number}
        for who in strangers_to(attack, number):
            for address in of_a_case:
                asked += [(who, number, known.get(address.name, {}), address, method) for method in ("GET", "POST")]
    for who, number, known, address, method in attack.some(asked, 2400):
        values = {name: known.get(name) or _chosen(attack, address, name) for name in address.parameters}
        values["number"] = number
        place = Place(address, address.path(values), address.missing(values), True, ())
        attack.by_permissions(CASES, who, method, place, _as_stranger(who, address))


def _numbers(who: Somebody) -> set[str]:
    """Of the cases that this person's own pages led to."""
    return {found[1] for paths in who.seen.values() for path in paths if (found := _CASE.search(path))}


def _as_stranger(who: Somebody, address: Address) -> Person:
    if address.name.startswith(PROGRAMS):
        # There a session is nobody: only a token says who asks.
        return _NO_SESSION
    return Person(f"{who.name} elsewhere", who.person.roles, is_out=who.is_out)


_NO_SESSION = Person("nobody", frozenset({"anyone"}), is_out=True)


def _chosen(attack: Attack, address: Address, name: str) -> str:
    """A value that exists where it chooses a page; else one of nothing."""
    if pages := PAGES.get((address.name, name)):
        return attack.dice.choice(sorted(pages))
    if name in CHOOSE_A_PAGE and address.parameters[name] != "int":
        return {"clock": "negotiation", "form": "zip", "kind": "contact"}.get(name, "statement")
    return MISSING.get(name, MISSING[address.parameters[name]])


def strangers_to(attack: Attack, number: str) -> list[Somebody]:
    """Everybody to whom this case is foreign: no own list shows it, and what an officer above everybody reads of it
    names neither their enterprise and its branches nor their county or office."""
    heads = [one for one in attack.people if one.name in ("su", "city.approver")]
    said = heads[-1].browser.get(f"/authority/cases/{number}/").text if heads else ""
    firms = set(_FIRM.findall(said))
    results = [attack.nobody]
    for who in attack.people:
        if any(f"/{number}/" in path for paths in who.seen.values() for path in paths):
            continue
        is_foreign = who.side in {"", "station", "platform"}
        if who.side == "enterprise" and firms:
            names = _profiles(attack).get(who.organisation, "")
            is_foreign = bool(names) and not any(firm in names for firm in firms)
        elif who.side == "authority" and said:
            place = _place_of(who)
            is_foreign = bool(place) and place not in said
        results += [who] if is_foreign else []
    return results


_CASE = re.compile(r"/cases/(\d{8}-(?:\d\d-)?[0-9A-Z]{12}-[0-9A-Z])/")
_FIRM = re.compile(r"[\u4e00-\u9fff（）]{3,}(?:公司|店|中心|部|厅)")


@cache
def _profiles(attack: Attack) -> dict[str, str]:
    """By name of the enterprise, what its manager reads of it: branches, brands, other names."""
    managers = [one for one in attack.people if one.role == "manager"]
    return {one.organisation: one.browser.get("/enterprise/profile/").text for one in managers}


def _place_of(who: Somebody) -> str:
    """By what a page would name this county or office; empty for those who see everything around."""
    name = who.organisation.removeprefix("福州市")
    found = re.fullmatch(r"(.*?[区县市])(.*?)市场监督管理[局所]", name)
    return (found[2] or found[1]) if found else ""


def foreign_rows(attack: Attack, targets: list[Target]) -> None:
    """What is no case and belongs to an organisation or a person, by everybody of another one."""
    attack.begin(ROWS)
    asked = []
    for target in targets:
        if target.number or target.address.name in SHARED or _LINKS.search(target.address.name):
            continue
        for who in attack.everybody:
            person = _position(target.owner, who)
            if person is None or target.path in who.seen.get(target.address.name, set()):
                continue
            asked += [(who, person, target, method) for method in ("GET", "POST")]
    for who, person, target, method in attack.some(asked, 1600):
        values = dict(target.values)
        place = Place(target.address, target.path, target.address.missing(values), True, ())
        if method == "POST" and attack.verdict(target.address, method, person) in {"allow", "steps"}:
            continue
        attack.by_permissions(ROWS, who, method, place, person)


def _position(owner: Somebody, who: Somebody) -> Person | None:
    """How ``who`` stands to what ``owner`` was shown, in the words of the world; None where it may be theirs too."""
    if who is owner:
        return None
    is_same_side = who.side == owner.side and bool(owner.side)
    if is_same_side and owner.side == "platform":
        return None
    if is_same_side and who.organisation == owner.organisation:
        return None
    name = f"{who.name} elsewhere"
    if is_same_side and owner.side == "enterprise":
        name = f"{who.role} of another enterprise"
    elif is_same_side and owner.side == "authority":
        if not (_place_of(owner) and _place_of(who)) or _county(owner) == _county(who):
            return None
        name = f"{who.role} at sibling"
    return Person(name, who.person.roles, is_out=who.is_out)


def _county(who: Somebody) -> str:
    return who.organisation.removeprefix("福州市")[:3]

"""Tokens of programs: what each may, whose cases it sees, and that one which ended opens nothing."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlencode

from access.permissions import actions_for
from enterprises.programs.tokens import SCOPES
from tests.walls.addresses import MISSING, PAGES, Address, Place
from tests.walls.attacking.browser import CSRF, Browser, random_word
from tests.walls.attacking.expected import is_sign_in, status
from tests.walls.attacking.people import Somebody
from tests.walls.attacking.run import Attack
from tests.walls.attacking.walls import strangers_to
from tests.walls.calling import Answer
from tests.walls.verdicts import PROGRAMS as API
from tests.walls.world import Person

PROGRAMS = "programs"
TOKENS = "/enterprise/tokens/"
#: What each call asks of a token (SCOPES), by address and method; a call that any token may make stands nowhere.
ASKS = {
    ("cases", "GET"): "cases:read",
    ("cases", "POST"): "cases:write",
    ("case", "GET"): "cases:read",
    ("record", "GET"): "cases:read",
    ("external-ref", "POST"): "cases:write",
    ("files", "GET"): "files:read",
    ("files", "POST"): "files:write",
    ("file", "GET"): "files:read",
    ("step", "POST"): "cases:write",
    ("batch", "POST"): "cases:write",
    ("events", "GET"): "events:read",
}
#: A second manager agrees to it first, and these tokens are nobody's but this run's.
_ALONE = [scope for scope in SCOPES if scope != "contact:read"]


def _token(attack: Attack, manager: Somebody, *scopes: str, addresses: str = "") -> tuple[Somebody | None, str]:
    """A program that acts as this manager, and the page of its token; None where it could not be made."""
    fields = {"name": "attack", "days": "30", "addresses": addresses, "scopes": list(scopes)}
    form = fields | {"idempotency_key": random_word(), "csrfmiddlewaretoken": manager.browser.cookies[CSRF]}
    body, kind = urlencode(form, doseq=True).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    answer = manager.browser.call("POST", f"{TOKENS}new/", body, kind)
    secret = re.search(r"odr_[\w-]{20,}", answer.text)
    page = re.search(rf"{TOKENS}(\d+)/", answer.text)
    if not secret or not page:
        attack.tally.left_out.append(f"{PROGRAMS}: {manager.name} could make no token ({answer.status})")
        return None, ""
    person = Person(f"{manager.name}'s program", manager.person.roles)
    return Somebody(
        f"a program of {manager.name} with {', '.join(scopes)}", person, Browser(attack.origin, secret=secret[0])
    ), page[0]


def programs(attack: Attack) -> None:
    attack.begin(PROGRAMS)
    managers = [one for one in attack.people if one.role == "manager"]
    by_firm = {one.organisation: one for one in managers}
    _without_a_token(attack)
    made = [(manager, *_token(attack, manager, *_ALONE)) for manager in list(by_firm.values())[:3]]
    ready = [(manager, program, page) for manager, program, page in made if program is not None]
    known = {program.name: _numbers(program) for _manager, program, _page in ready}
    for manager, program, page in ready:
        others = {number for name, numbers in known.items() if name != program.name for number in numbers}
        _foreign(attack, manager, program, sorted(others - known[program.name]))
        _scopes(attack, manager, known[program.name])
        _only_there(attack, program)
        _ended(attack, manager, program, page)


def _numbers(program: Somebody) -> set[str]:
    text = program.browser.get("/api/v1/complaints/").text
    return set(re.findall(r'"number": ?"([^"]+)"', text))


def _api(attack: Attack) -> list[Address]:
    return [
        one
        for one in attack.addresses.values()
        if one.name.startswith(API) and one.name not in ("api:schema", "api:docs")
    ]


def _paths(attack: Attack, address: Address, number: str) -> str:
    values = {name: MISSING.get(name, MISSING[kind]) for name, kind in address.parameters.items()}
    values |= {"number": number} if "number" in values else {}
    if "step" in values:
        values["step"] = attack.dice.choice(sorted(PAGES["api:step", "step"]))
    return address.path(values)


def _without_a_token(attack: Attack) -> None:
    """No call is open to whoever shows none, or one that was made up, or shows it elsewhere than in its header."""
    secret = f"odr_{random_word(43)}"
    heads = [
        "",
        "Bearer",
        f"Bearer {secret}",
        f"Basic {secret}",
        f"Token {secret}",
        f"bearer  {secret} x",
        "Bearer odr_",
        f"Bearer {secret}\t",
    ]
    for address in _api(attack):
        path = _paths(attack, address, MISSING["number"])
        for head in attack.some(heads, 4):
            who = attack.dice.choice(attack.everybody)
            for method in ("GET", "POST"):
                attack.probe(PROGRAMS, who, method, path, status(401), headers={"Authorization": head or None})
        for query in (f"?token={secret}", f"?x={secret}", f"?access_token={random_word()}"):
            attack.probe(PROGRAMS, attack.nobody, "GET", path + query, status(400))


def _foreign(attack: Attack, manager: Somebody, program: Somebody, numbers: list[str]) -> None:
    """Cases of other enterprises, which this one never had."""
    person = Person("a program of another enterprise", program.person.roles)
    never = [number for number in attack.some(numbers, 12) if manager in strangers_to(attack, number)]
    asked = [
        (number, address, method)
        for number in never
        for address in _api(attack)
        if "number" in address.parameters
        for method in ("GET", "POST")
    ]
    for number, address, method in attack.some(asked, 90):
        path = _paths(attack, address, number)
        missing = path.replace(number, MISSING["number"])
        attack.by_permissions(PROGRAMS, program, method, Place(address, path, missing, True, ()), person)


def _scopes(attack: Attack, manager: Somebody, numbers: set[str]) -> None:
    """Each scope alone: what it does not name is refused, of cases that the enterprise has."""
    number = min(numbers, default=MISSING["number"])
    for scope in attack.some(_ALONE, len(_ALONE)):
        program, page = _token(attack, manager, scope)
        if program is None:
            continue
        for address in _api(attack):
            for method in ("GET", "POST"):
                wanted = ASKS.get((address.name.removeprefix(API), method))
                if wanted in (None, scope) or method not in actions_for(address.name, program.person.program_roles):
                    continue
                attack.probe(PROGRAMS, program, method, _paths(attack, address, number), partial(_lacks, wanted))
        manager.browser.do(page)


def _lacks(scope: str | None, answer: Answer) -> str:
    return "" if answer.status == 403 and "scope" in answer.text else f"{answer.status}, but the token lacks {scope}"


def _only_there(attack: Attack, program: Somebody) -> None:
    """A token opens no page, and a session no call."""
    for path in ("/enterprise/queue/", "/account/", "/enterprise/tokens/", "/cases/", "/enterprise/exports/"):
        attack.probe(PROGRAMS, program, "GET", path, is_sign_in)


def _ended(attack: Attack, manager: Somebody, program: Somebody, page: str) -> None:
    """Taken away, or used from where it was not made for; others do not take it away."""
    attack.probe(PROGRAMS, program, "GET", "/api/v1/me/", status(200))
    for other in attack.people:
        if other.role == "manager" and other.organisation != manager.organisation:
            attack.probe(PROGRAMS, other, "POST", page, status(404))
    attack.probe(PROGRAMS, program, "GET", "/api/v1/me/", status(200))
    manager.browser.do(page)
    for address in _api(attack):
        for method in ("GET", "POST"):
            attack.probe(PROGRAMS, program, method, _paths(attack, address, MISSING["number"]), status(401))
    elsewhere, its_page = _token(attack, manager, "cases:read", addresses="203.0.113.7")
    if elsewhere is not None:
        for head in (
            {},
            {"X-Forwarded-For": "203.0.113.7"},
            {"X-Real-IP": "203.0.113.7"},
            {"Forwarded": "for=203.0.113.7"},
        ):
            attack.probe(PROGRAMS, elsewhere, "GET", "/api/v1/complaints/", status(403), headers=head)
        manager.browser.do(its_page)

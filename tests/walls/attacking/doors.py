"""What stands before every page: methods, host names, places to go on to, forms of another site."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from tests.walls.addresses import CHOOSE_A_PAGE, MISSING, PAGES, Address
from tests.walls.attacking.browser import CSRF, SESSION, Browser, random_word
from tests.walls.attacking.expected import EVIL, TAKES_NEXT, WITHOUT_CSRF, names_no_other_host, status, stays_here
from tests.walls.attacking.people import Somebody
from tests.walls.attacking.run import Attack
from tests.walls.attacking.walls import methods_of
from tests.walls.calling import Answer
from tests.walls.verdicts import PROGRAMS

METHODS, HOSTS, REDIRECTS, CSRF_KIND = "methods", "hosts", "redirects", "forms of another site"
#: Asked beside those that an address offers.
OTHER_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY")
_SOME_PAGES = (
    *("/", "/account/sign-in/", "/account/password/reset/", "/account/", "/cases/", "/file/", "/track/", "/find/"),
    *("/open/", "/open/verify/", "/enterprise/queue/", "/api/v1/schema/", "/api/v1/me/", "/healthz", "/no-such-page/"),
)
#: Places that browsers read as another host, or as a script.
ELSEWHERE = (
    f"//{EVIL}",
    f"///{EVIL}",
    f"////{EVIL}/%2e%2e",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"\\/{EVIL}",
    f"/\t/{EVIL}",
    f"\t//{EVIL}",
    f"/\n/{EVIL}",
    f" //{EVIL}",
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"http:///{EVIL}",
    f"https://{EVIL}/",
    f"HtTpS://{EVIL}/",
    f"//localhost@{EVIL}/",
    f"//{EVIL}:80#@localhost/",
    f"/.//{EVIL}",
    f"//{EVIL}%2f%2e%2e",
    f"//{EVIL}\\@localhost",
    f"/%5c{EVIL}",
    f"/%2f%2f{EVIL}",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    f"/%0d%0aLocation:%20https://{EVIL}",
    f"/\r\nSet-Cookie: {SESSION}=fixed",
)


def a_path(attack: Attack, address: Address) -> str:
    """Of nothing that exists, with a page chosen where one is to be."""
    values = {}
    for name, kind in address.parameters.items():
        if pages := PAGES.get((address.name, name)):
            values[name] = attack.dice.choice(sorted(pages))
        elif name in CHOOSE_A_PAGE and kind != "int":
            values[name] = "phone" if name == "kind" else "a-page"
        else:
            values[name] = MISSING.get(name, MISSING[kind])
    return address.path(values)


def _of_each_side(attack: Attack) -> list[Somebody]:
    sides = {who.side: who for who in attack.everybody if not who.is_out}
    return [attack.nobody, *sides.values()]


def methods(attack: Attack) -> None:
    """Each address with each method that it does not offer: never a page, never an effect, never an error."""
    attack.begin(METHODS)
    people, asked = _of_each_side(attack), []
    for address in attack.addresses.values():
        for method in OTHER_METHODS:
            if method not in methods_of(address):
                asked.append((attack.dice.choice(people), method, address))
    for who, method, address in attack.some(asked, 1300):
        attack.probe(METHODS, who, method, a_path(attack, address), partial(_no_effect, method=method))


def _no_effect(answer: Answer, *, method: str) -> str:
    if answer.status in {400, 401, 403, 404, 405, 501} or answer.is_sign_in:
        return ""
    return f"{answer.status} {answer.location}, wanted is a refusal of {method}"


def hosts(attack: Attack) -> None:
    """Another host name is refused, and what a proxy may say of one is believed by nobody here."""
    attack.begin(HOSTS)
    port = attack.nobody.browser.host.rpartition(":")[2]
    names = [EVIL, f"{EVIL}:{port}", f"localhost.{EVIL}", f"{EVIL}#@localhost", f"localhost:{port}@{EVIL}", ""]
    names += [f"localhost, {EVIL}", f"localhost/{EVIL}", f"[::1].{EVIL}", f"..localhost.{EVIL}", "localhost:1:2"]
    said = [
        {"X-Forwarded-Host": EVIL},
        {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"},
        {"Forwarded": f"host={EVIL};proto=https"},
        {"X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-HTTP-Host-Override": EVIL},
        {"X-Original-URL": f"//{EVIL}/", "X-Rewrite-URL": "/administration/"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT"},
    ]
    whos = _of_each_side(attack)
    asked: list[tuple[Somebody, str, dict[str, str], bool]] = []
    for path in _SOME_PAGES:
        asked += [(attack.dice.choice(whos), path, {"Host": name}, True) for name in names]
        asked += [(attack.dice.choice(whos), path, head, False) for head in said]
    for who, path, head, is_refused in attack.some(asked, 250):
        wanted: Callable[[Answer], str] = status(400)
        if not is_refused:
            plain = who.browser.get(path)
            wanted = partial(_as_without, plain=plain)
        attack.probe(HOSTS, who, "GET", path, wanted, headers=head)


def _as_without(answer: Answer, *, plain: Answer) -> str:
    same = answer.status == plain.status and answer.location == plain.location
    return names_no_other_host(answer) or (
        "" if same else f"{answer.status} {answer.location}, without it {plain.status}"
    )


def redirects(attack: Attack) -> None:
    """A place to go on to is one of ours, however another one is written; so is a path that looks like a host."""
    attack.begin(REDIRECTS)
    host = attack.nobody.browser.host
    wanted = partial(stays_here, host=host)
    people = _of_each_side(attack)
    asked: list[tuple[Somebody, str, str, dict[str, str] | None]] = []
    for place in ELSEWHERE:
        for method, path in TAKES_NEXT:
            for who in people[:3]:
                given = {"next": place, "display": "standard"}
                asked.append((who, method, path if method == "POST" else f"{path}?next={quote(place)}", given))
    for path in ("/account", "/cases", "/enterprise/queue", "/%2e%2e", "/open/../account", "/display"):
        for start in (f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"/%5c{EVIL}", f"/%2f{EVIL}", f"/.{EVIL}"):
            asked.append((attack.nobody, "GET", start + path, None))
    for who, method, path, data in attack.some(asked, 260):
        attack.probe(REDIRECTS, who, method, path, wanted, data if method == "POST" else None)
    # Signing in leads on to the same places.
    consumer = next((one for one in attack.people if not one.side), None)
    offered = attack.demo_key
    if consumer is None or not offered:
        return
    for place in attack.some(list(ELSEWHERE), len(ELSEWHERE)):
        newcomer = Somebody("newcomer", attack.nobody.person, Browser(attack.origin))
        data = {"person": offered, "next": place}
        attack.probe(REDIRECTS, newcomer, "POST", "/account/sign-in/demo/", wanted, data)


def _without_a_token(browser: Browser) -> dict[str, tuple[dict[str, str | None], dict[str, str]]]:
    """How a page of another site, or whoever has half of what is needed, sends our forms: (headers, fields)."""
    token = {"csrfmiddlewaretoken": browser.cookies[CSRF]}
    others = "; ".join(f"{name}={value}" for name, value in browser.cookies.items() if name != CSRF)
    return {
        "no token": ({}, {}),
        "the token of another browser": ({}, {"csrfmiddlewaretoken": random_word()}),
        "an empty token": ({"X-CSRFToken": ""}, {"csrfmiddlewaretoken": ""}),
        "the token, from another site": ({"Origin": f"https://{EVIL}"}, token),
        "the token, from a sandboxed page": ({"Origin": "null"}, token),
        "the token, from another port": ({"Origin": f"http://{browser.host.partition(':')[0]}:1"}, token),
        "a token, and no cookie for it": ({"Cookie": others}, {"csrfmiddlewaretoken": random_word()}),
    }


def forms_of_others(attack: Attack) -> None:
    """Each form, sent without what only our own page has: refused before anything is looked at."""
    attack.begin(CSRF_KIND)
    asked = []
    for address in attack.addresses.values():
        if "POST" not in methods_of(address) or address.name in WITHOUT_CSRF or address.name.startswith(PROGRAMS):
            continue
        may = [who for who in attack.people if attack.verdict(address, "POST", who.person) in {"allow", "steps"}]
        who = attack.dice.choice(may or attack.everybody)
        asked += [(who, address, words) for words in _without_a_token(who.browser)]
    for who, address, words in attack.some(asked, 700):
        head, fields = _without_a_token(who.browser)[words]

        def judged(answer: Answer, words: str = words) -> str:
            return "" if answer.status == 403 else f"{answer.status} {answer.location} with {words}, wanted is 403"

        how: dict[str, Any] = {"headers": head, "csrf": False, "keeps": False}
        attack.probe(CSRF_KIND, who, "POST", a_path(attack, address), judged, fields, **how)

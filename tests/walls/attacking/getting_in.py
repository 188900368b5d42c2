"""Sessions: one that somebody chose for another, one that ended, one whose factor was shown long ago."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django_otp.oath import TOTP

from accounts.sign_in.step_up import FRESH_FOR
from demo.people import PASSWORD, address_of
from tests.walls.attacking.browser import SESSION, Browser, random_word
from tests.walls.attacking.doors import a_path
from tests.walls.attacking.expected import CONFIRM, NEEDS_FRESH, asks_to_confirm, is_sign_in, status
from tests.walls.attacking.letters import newest_code, worked_for
from tests.walls.attacking.people import DEMO_SIGN_IN, Somebody
from tests.walls.attacking.run import Attack
from tests.walls.calling import Answer

SESSIONS, AGED = "sessions", "aged sessions"
SET_UP, RESET = "/account/second-factor/set-up/", "/account/password/reset/"
#: Who shows a factor at the beginning of the run, by name in the demo: each side that has something to protect.
TO_AGE = ("lead", "zhang", "system", "security", "audit")
#: Pages that only a session of one's own opens.
_MINE = ("/account/", "/account/sessions/", "/account/ways/", "/cases/", "/account/privacy/", "/account/notices/")


def _with_session(origin: str, key: str) -> Somebody:
    browser = Browser(origin)
    browser.cookies[SESSION] = key
    return Somebody("whoever holds the cookie", Attack.outsider, browser)


def _demo(attack: Attack, name: str) -> Somebody | None:
    return next((one for one in attack.people if one.name == name), None)


def _enter_again(attack: Attack, who: Somebody) -> Browser:
    browser = Browser(attack.origin)
    browser.post(DEMO_SIGN_IN, person=who.key)
    return browser


def sessions(attack: Attack) -> None:
    """A session key is made at signing in and is worth nothing after signing out, or when the owner ends it."""
    attack.begin(SESSIONS)
    who = next((one for one in attack.people if not one.side and one.key), None)
    if who is None:
        attack.tally.left_out.append(f"{SESSIONS}: the demo offers no consumer for one click")
        return
    _fixed_before(attack, who)
    _made_up(attack)
    _ended(attack, who, "signed out", lambda browser: browser.post("/account/sign-out/"))
    _ended(attack, who, "signed in anew", lambda browser: browser.post(DEMO_SIGN_IN, person=who.key))
    _ended_elsewhere(attack, who, "others")
    _ended_elsewhere(attack, who, "everything")
    who.browser = _enter_again(attack, who)
    _after_a_new_password(attack)


def _fixed_before(attack: Attack, who: Somebody) -> None:
    """Whoever gives somebody a session key before they sign in holds nothing afterwards."""
    for key in (random_word().lower(), "a" * 32, _anonymous_key(attack)):
        victim = Browser(attack.origin)
        victim.cookies[SESSION] = key
        newcomer = Somebody("newcomer with a given cookie", attack.outsider, victim)
        attack.probe(SESSIONS, newcomer, "POST", DEMO_SIGN_IN, partial(_is_new, victim, key), {"person": who.key})
        for path in _MINE:
            attack.probe(SESSIONS, _with_session(attack.origin, key), "GET", path, is_sign_in)


def _anonymous_key(attack: Attack) -> str:
    """Of a browser that the portal keeps something about, without anybody signed in."""
    browser = Browser(attack.origin)
    browser.post("/track/", number="20260101-AAAAAAAAAAAA-0", token=random_word(26))
    browser.post("/account/sign-in/", address=f"1990{attack.dice.randrange(10**7):07}")
    return browser.cookies.get(SESSION, random_word().lower())


def _is_new(browser: Browser, key: str, answer: Answer) -> str:
    given = next((line for line in browser.set_cookies if line.startswith(f"{SESSION}=")), "")
    if answer.status != 302 or not given:
        return f"{answer.status}, and no session was begun"
    if given.startswith(f"{SESSION}={key};"):
        return "the session key of before is kept"
    missing = [word for word in ("HttpOnly", "SameSite=Lax", "Path=/") if word not in given]
    return f"the cookie lacks {', '.join(missing)}" if missing else ""


def _made_up(attack: Attack) -> None:
    for key in (
        "",
        "0",
        "null",
        "a" * 40,
        "../../etc/passwd",
        "%00",
        "1' or '1'='1",
        random_word().lower(),
        "é".encode().hex(),
    ):
        for path in _MINE[:2]:
            attack.probe(SESSIONS, _with_session(attack.origin, key), "GET", path, is_sign_in)


def _ended(attack: Attack, who: Somebody, words: str, end: Callable[[Browser], object]) -> None:
    """The key of before opens nothing, in this browser or another."""
    browser = _enter_again(attack, who)
    key = browser.cookies[SESSION]
    attack.probe(
        SESSIONS, Somebody(f"{who.name} at another browser", who.person, browser), "GET", _MINE[0], status(200)
    )
    end(browser)
    for path in _MINE:
        thief = _with_session(attack.origin, key)
        thief.name = f"whoever holds the cookie of before {who.name} was {words}"
        attack.probe(SESSIONS, thief, "GET", path, is_sign_in)


def _ended_elsewhere(attack: Attack, who: Somebody, button: str) -> None:
    here, there = _enter_again(attack, who), _enter_again(attack, who)
    here.post("/account/sessions/", **{button: "1"})
    left = [there] if button == "others" else [there, here]
    for browser in left:
        one = Somebody(f"{who.name}, ended by {button}", attack.outsider, browser)
        for path in _MINE[:3]:
            attack.probe(SESSIONS, one, "GET", path, is_sign_in)
    if button == "others":
        attack.probe(SESSIONS, Somebody(who.name, who.person, here), "GET", _MINE[0], status(200))


def _after_a_new_password(attack: Attack) -> None:
    """The published password is set anew, so that the demo stays as it is; every other session ends all the same."""
    who = _demo(attack, "reviewer")
    if who is None or not who.key:
        return
    here, there = _enter_again(attack, who), _enter_again(attack, who)
    at_here = Somebody(f"{who.name} at a second browser", who.person, here)
    new = {"password": PASSWORD, "again": PASSWORD}
    for wrong in ("", "not-the-password-2026"):
        attack.probe(SESSIONS, at_here, "POST", "/account/password/", status(422), {"current": wrong, **new})
    attack.probe(SESSIONS, Somebody(who.name, who.person, there), "GET", _MINE[0], status(200))
    attack.probe(SESSIONS, at_here, "POST", "/account/password/", status(302), {"current": PASSWORD, **new})
    for path in _MINE[:3]:
        one = Somebody(f"{who.name}, before the new password", attack.outsider, there)
        attack.probe(SESSIONS, one, "GET", path, is_sign_in)
    who.browser = here


# Sessions that grow old while everything else is tried.


@dataclass
class Aged:
    """Somebody who came in as people do outside of a demo, and when the factor was shown (time.monotonic)."""

    who: Somebody
    at: float
    #: The key of the authenticator; empty for a consumer, who is sent codes.
    key: bytes = b""
    used: set[str] = field(default_factory=set)

    @property
    def seconds_left(self) -> float:
        return self.at + FRESH_FOR.total_seconds() + 5 - time.monotonic()


def come_in(attack: Attack) -> list[Aged]:
    """A consumer by a code; people at work and administrators by a lost password and an authenticator.

    Whoever comes in by the button of the demo or with its password counts as fresh for ever.
    """
    attack.begin(f"{AGED}: they come in")
    results = [_by_code(attack), *(_by_reset(attack, name) for name in TO_AGE)]
    return [one for one in results if one is not None]


def _by_code(attack: Attack) -> Aged | None:
    browser, address = Browser(attack.origin), f"attack.{random_word(12).lower()}@example.org"
    page = browser.get("/account/sign-in/")
    asked = browser.post("/account/sign-in/", address=address, **worked_for(page))
    code = newest_code(attack.origin, address) if asked.status == 302 else ""
    if not code or browser.post("/account/sign-in/code/", code=code).status != 302:
        attack.tally.left_out.append(f"{AGED}: a consumer could not come in by a code ({asked.status})")
        return None
    who = Somebody("a consumer by code", Attack.consumer, browser)
    return Aged(who, time.monotonic(), used={code})


def _by_reset(attack: Attack, name: str) -> Aged | None:
    who = _demo(attack, name)
    if who is None or not who.key:
        attack.tally.left_out.append(f"{AGED}: {name} is not offered for one click")
        return None
    key, code = _new_app(who.browser)
    browser, address = Browser(attack.origin), address_of(name)
    asked = browser.post(RESET, email=address, **worked_for(browser.get(RESET)))
    sent = newest_code(attack.origin, address) if key and asked.status == 302 else ""
    entered = browser.post(f"{RESET}code/", code=sent) if sent else asked
    # The authenticator has shown this half minute's number already: the next one is good a little early.
    shown = _number(key, ahead=1) if key else ""
    if not sent or browser.post(entered.location or "/", code=shown).status != 302:
        attack.tally.left_out.append(f"{AGED}: {name} could not come in ({asked.status}, {entered.status})")
        return None
    aged = Somebody(f"{name}, whose factor was shown long ago", who.person, browser, who.side, who.organisation)
    aged.seen = who.seen
    return Aged(aged, time.monotonic(), key, {code, shown, sent})


def _new_app(browser: Browser) -> tuple[bytes, str]:
    """An authenticator for whoever is signed in here, and the number that it was added with; empty where it failed."""
    found = re.search(r'id="app-key">([A-Z2-7 ]+)<', browser.get(SET_UP).text)
    if not found:
        return b"", ""
    text = found[1].replace(" ", "")
    key = base64.b32decode(text + "=" * (-len(text) % 8))
    code = _number(key)
    answer = browser.post(SET_UP, code=code, name="attack")
    return (key, code) if answer.status in (200, 302) else (b"", "")


def _number(key: bytes, *, ahead: int = 0) -> str:
    clock = TOTP(key)
    clock.time = time.time() + 30 * ahead
    return f"{clock.token():06}"


def aged_sessions(attack: Attack, aged: list[Aged], *, wait: Callable[[float], object] | None) -> None:
    """Each page that asks for freshness, by whoever may open it, ten minutes after the factor was shown.

    ``wait`` lets so many seconds pass; None: nobody waits.
    """
    if wait is None:
        attack.tally.left_out.append(f"{AGED}: they take ten minutes (--no-wait)")
        return
    left = max([0.0, *(one.seconds_left for one in aged)])
    attack.begin(AGED + (f", in {left:.0f} s" if left else ""))
    wait(left)
    for one in aged:
        who = one.who
        alive = attack.probe(AGED, who, "GET", _MINE[0], status(200))
        if alive.status != 200:
            continue
        for method, path, data in _what_matters(attack, who):
            attack.probe(AGED, who, method, path, asks_to_confirm, data)
        _does_not_become_fresh(attack, one)


def _what_matters(attack: Attack, who: Somebody) -> list[tuple[str, str, dict[str, str] | None]]:
    """With empty forms, and with those that would change something."""
    asked: list[tuple[str, str, dict[str, str] | None]] = []
    for name, methods in NEEDS_FRESH.items():
        address = attack.addresses[name]
        for method in methods:
            if attack.verdict(address, method, who.person) not in {"allow", "steps"}:
                continue
            shown = sorted(who.seen.get(name, ()))
            for path in dict.fromkeys([a_path(attack, address), *shown[:2]]):
                asked += [(method, path, None)]
    word = random_word(16)
    mine = {"password": word, "again": word, "current": PASSWORD}
    changes = [
        ("/account/change/email/", {"address": f"thief.{word.lower()}@example.org"}),
        ("/account/change/phone/", {"address": "19900000000"}),
        ("/account/password/", mine),
        (SET_UP, {"code": "123456", "name": "thief"}),
        (SET_UP, {"credential": "{}"}),
        ("/account/second-factor/recovery-codes/", {}),
        ("/account/privacy/close/", {"confirm": "on"}),
    ]
    for path, data in changes:
        found = attack.address_of(path)
        if found and attack.verdict(found, "POST", who.person) in {"allow", "steps"}:
            asked.append(("POST", path, dict(data)))
    return asked


def _does_not_become_fresh(attack: Attack, one: Aged) -> None:
    """Codes that are wrong or used up leave the session as old as it was; the right one does not."""
    who = one.who
    wrong = [*sorted(one.used), "000000", "", "12345", "１２３４５６７", random_word(10)]
    # Five wrong ones are free; more are answered with 429.
    for code in wrong[:4]:
        attack.probe(AGED, who, "POST", CONFIRM, status(422), {"code": code})
    for path in ("/account/password/", "/account/change/email/", SET_UP):
        if not (path == "/account/password/" and not one.key):
            attack.probe(AGED, who, "GET", path, asks_to_confirm)
    if one.key:
        confirmed = attack.probe(AGED, who, "POST", CONFIRM, status(302), {"code": _number(one.key)})
        if confirmed.status == 429:
            attack.tally.left_out.append(
                f"{AGED}: {who.name}: the right code, as a run within 15 minutes typed wrong ones"
            )
        else:
            attack.probe(AGED, who, "GET", "/account/password/", status(200))

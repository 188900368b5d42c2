"""Links of letters: looking at one writes nothing, it opens once, and a wrong one looks like one that is used up."""

from __future__ import annotations

import re
from functools import partial

from tests.walls.attacking.browser import Browser, links, random_word
from tests.walls.attacking.expected import status
from tests.walls.attacking.letters import links_to
from tests.walls.attacking.people import Somebody
from tests.walls.attacking.run import Attack
from tests.walls.calling import Answer

LINKS = "links of letters"
KINDS = ("/cases/join/", "/answer/", "/mediate/", "/station/confirm/", "/account/invitation/", "/account/undo/")
INVITE = "/enterprise/team/invite/"


def _new(attack: Attack, words: str) -> Somebody:
    return Somebody(words, attack.outsider, Browser(attack.origin))


def links_of_letters(attack: Attack) -> None:
    attack.begin(LINKS)
    _unknown(attack)
    if link := _invited(attack):
        _used_once(attack, link, "/account/invitation/")
        _taken_back(attack)
    if link := _written_down(attack):
        _used_once(attack, link, "/station/confirm/")
    _undo(attack)


def _unknown(attack: Attack) -> None:
    """Made-up keys of every kind: the same page as for any other, and nothing behind the button."""
    for kind in KINDS:
        who = _new(attack, "who made up a link")
        known: list[Answer] = []
        for key in (f"{random_word(21)}7", f"{random_word(21)}7", "a", "%00", "'--", "x" * 300, "%C3%A9"):
            for method in ("GET", "HEAD", "POST"):
                data = {"open": "1"} if method == "POST" else None
                # What is no key at all is no address of a link.
                wanted = status(404) if method == "POST" or "undo" in kind else status(200, 404)
                answer = attack.probe(LINKS, who, method, f"{kind}{key}/", wanted, data)
                if method == "GET" and key.endswith("7"):
                    known.append(answer)
        same = known[0].compared() == known[1].compared()
        attack.note(LINKS, "" if same else f"{who.name}: GET {known[1].path}: can be told from {known[0].path}")


def _invited(attack: Attack) -> str:
    """The link of an invitation that the manager of the cast sends now."""
    lead = next((one for one in attack.people if one.name == "lead"), None)
    if lead is None:
        return ""
    page = lead.browser.get(INVITE).text
    post = re.search(r'<select name="post".*?<option value="([^"]+)"', page, re.DOTALL)
    address = f"attack.{random_word(10).lower()}@example.org"
    sent = lead.browser.do(INVITE, email=address, post=post[1] if post else "", role="handler")
    found = [path for path in links_to(attack.origin, address) if path.startswith("/account/invitation/")]
    if sent.status != 302 or not found:
        attack.tally.left_out.append(f"{LINKS}: nobody could be invited ({sent.status})")
        return ""
    return found[0]


def _written_down(attack: Attack) -> str:
    """The link of a note that the station of the cast writes down now."""
    station = next((one for one in attack.people if one.name == "station"), None)
    if station is None:
        return ""
    phone = f"154{attack.dice.randrange(10**8):08}"
    note = {"category": "goods.clothing", "problem": "开胶", "how": "repair", "phone": phone}
    sent = station.browser.do("/station/log/new/", **note)
    found = [path for path in links_to(attack.origin, phone) if path.startswith("/station/confirm/")]
    if sent.status != 302 or not found:
        attack.tally.left_out.append(f"{LINKS}: no note of a station could be written ({sent.status})")
        return ""
    return found[0]


def _used_once(attack: Attack, link: str, page: str) -> None:
    """Looked at by a mail program and by its owner, opened once; then nobody else opens it."""
    preview, owner, thief = (
        _new(attack, words) for words in ("a mail program", "whose letter it is", "who found the link")
    )
    for _time in range(3):
        for method in ("HEAD", "GET"):
            attack.probe(LINKS, preview, method, link, status(200))
    attack.probe(LINKS, preview, "GET", page, status(404))
    attack.probe(LINKS, owner, "GET", link, status(200))
    before = dict(owner.browser.cookies)
    attack.probe(LINKS, owner, "POST", link, partial(_opens, owner.browser, before, link), {"open": "1"})
    attack.probe(LINKS, owner, "GET", page, status(200))
    for who in (thief, preview, *attack.some(attack.people, 6)):
        attack.probe(LINKS, who, "POST", link, partial(_is_used_up, link), {"open": "1"})
        if who in (thief, preview):
            attack.probe(LINKS, who, "GET", page, status(404))


def _opens(browser: Browser, before: dict[str, str], link: str, answer: Answer) -> str:
    key = link.rstrip("/").rpartition("/")[2]
    if answer.status != 302:
        return f"{answer.status}, but this is the first who opens it"
    if key in answer.location:
        return f"leads to {answer.location}, which names the key"
    return "" if browser.cookies.get("sessionid") != before.get("sessionid") else "the session key is that of before"


def _is_used_up(link: str, answer: Answer) -> str:
    is_so = answer.status == 404 or (answer.status == 302 and answer.location == f"{link}?again=1")
    return "" if is_so else f"{answer.status} {answer.location}, but it was opened before"


def _taken_back(attack: Attack) -> None:
    """An invitation that its sender takes back opens nothing, whether or not it was opened."""
    lead = next(one for one in attack.people if one.name == "lead")
    before = set(_revoked_at(lead))
    link = _invited(attack)
    if not link:
        return
    holder = _new(attack, "who was invited")
    attack.probe(LINKS, holder, "POST", link, status(302), {"open": "1"})
    for path in set(_revoked_at(lead)) - before:
        lead.browser.do(path)
    attack.probe(LINKS, holder, "GET", "/account/invitation/", status(404))
    for words in ("who was invited, at another browser", "who found the link"):
        attack.probe(LINKS, _new(attack, words), "POST", link, status(404), {"open": "1"})


def _revoked_at(manager: Somebody) -> list[str]:
    """The buttons that take back the invitations of this manager's team."""
    return [path for path in links(manager.browser.get("/enterprise/team/")) if path.endswith("/revoke/")]


def _undo(attack: Attack) -> None:
    """The link that undoes a change: looked at by others, it undoes nothing."""
    found = [path for path in links_to(attack.origin, "lead@demo.invalid") if path.startswith("/account/undo/")]
    lead = next((one for one in attack.people if one.name == "lead"), None)
    if not found or lead is None:
        attack.tally.left_out.append(f"{LINKS}: no letter about a change of an account is there")
        return
    for who in (_new(attack, "a mail program"), *attack.some(attack.people, 6)):
        for method in ("HEAD", "GET"):
            attack.probe(LINKS, who, method, found[0], status(200))
    attack.probe(
        LINKS, lead, "GET", "/account/ways/", lambda answer: "" if "attack" in answer.text else "it was undone"
    )

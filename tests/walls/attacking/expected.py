"""What must be answered: permissions.csv says who may ask what (tests/walls/verdicts.py), this file all the rest.

Each function takes an answer and returns what is wrong with it, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from tests.walls.calling import Answer

Wanted = Callable[[Answer], str]
#: A host that is not ours, in every probe that tries to smuggle one in.
EVIL = "evil.example"
#: Who signs in, step by step, ends here where something has to be shown once more.
CONFIRM, SIGN_IN = "/account/confirm/", "/account/sign-in/"
#: Programs of mail send the one click out of a letter without cookies (RFC 8058).
WITHOUT_CSRF = frozenset({"complaints:notice-off"})
#: Pages that only the holder of a link opens: permissions.csv calls them public, as the page itself looks for the link.
BEHIND_A_LINK = ("complaints:answer", "complaints:mediate")
#: Addresses that take a place to go on to, by GET and by POST.
TAKES_NEXT = (
    ("GET", "/account/sign-in/"),
    ("GET", "/account/sign-in/code/"),
    ("GET", "/account/confirm/"),
    ("GET", "/account/second-factor/"),
    ("GET", "/display/"),
    ("POST", "/display/"),
)
_BOTH = ("GET", "POST")
_POST = ("POST",)
#: What nobody does with a session whose factor was shown more than ten minutes ago: (name, methods).
NEEDS_FRESH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *(
                f"accounts:{name}"
                for name in ("factor-set-up", "contact", "contact-code", "recovery-codes", "password")
            ),
            *(f"complaints:enterprise-{name}" for name in ("token-new", "token", "webhook-new", "webhook")),
            *(f"complaints:{side}-export-new" for side in ("enterprise", "authority")),
            *(
                f"enterprises:{side}-team-{page}"
                for side in ("enterprise", "authority")
                for page in ("invite", "member")
            ),
            *(f"oversight:administration-{name}" for name in ("lapses", "changes", "holds", "not-admitted", "person")),
            "complaints:my-data-close",
            "complaints:authority-lost-device",
            "enterprises:enterprise-two-persons",
        ),
        _BOTH,
    ),
    **dict.fromkeys(("complaints:enterprise-tokens", "complaints:enterprise-webhooks"), ("GET",)),
    "complaints:enterprise-webhook-message": ("GET",),
    **dict.fromkeys(
        (
            *(
                f"complaints:{side}-export-{page}"
                for side in ("enterprise", "authority")
                for page in ("link", "decide")
            ),
            *(f"enterprises:{side}-team-revoke" for side in ("enterprise", "authority")),
            "accounts:factor-remove",
            "complaints:my-data-copy",
            "complaints:enterprise-round-trip-table",
            "complaints:authority-station-end",
            "complaints:authority-platform-outgoing",
            "complaints:authority-law-decide",
            "complaints:authority-enrolment-decide",
            "routing:authority-change-decide",
            "routing:authority-routing-decide",
            "oversight:authority-report-decide",
        ),
        _POST,
    ),
}

#: There the view itself asks, for what it is about to do.
FRESH_BY_CHOICE = frozenset({"accounts:factor-set-up"})


def status(*wanted: int) -> Wanted:
    return lambda answer: "" if answer.status in wanted else f"{answer.status}, wanted is {_either(wanted)}"


def _either(wanted: tuple[int, ...]) -> str:
    return " or ".join(map(str, wanted))


def is_refused(answer: Answer) -> str:
    """Anything but a page, a file or an effect."""
    is_so = answer.status >= 400 or answer.is_sign_in or answer.location.startswith(CONFIRM)
    return "" if is_so else f"{answer.status} {answer.location}, wanted is a refusal"


def is_sign_in(answer: Answer) -> str:
    return "" if answer.is_sign_in else f"{answer.status} {answer.location}, wanted is the sign-in page"


def asks_to_confirm(answer: Answer) -> str:
    """Of a session that is not fresh: GET leads to the confirm page, POST is not carried out."""
    is_so = answer.location.startswith(CONFIRM) or (answer.status == 403 and CONFIRM in answer.text)
    return "" if is_so else f"{answer.status} {answer.location}, wanted is the confirm page"


def stays_here(answer: Answer, host: str) -> str:
    """Wherever the answer leads a browser, it is this host."""
    if answer.status not in range(300, 400):
        return ""
    # As browsers read it: without tabs and line ends, a backslash is a slash, and blanks in front do not count.
    target = re.sub(r"[\t\r\n]", "", answer.location).strip().replace("\\", "/")
    there = urlsplit(urljoin(f"http://{host}/", target))
    is_here = there.scheme in ("http", "https") and there.netloc == host
    return "" if is_here else f"{answer.status} leads to {answer.location!r}"


def names_no_other_host(answer: Answer) -> str:
    for where, text in (("the page", answer.text), ("a header", str(dict(answer.headers)))):
        if EVIL in text:
            return f"{answer.status}, and {EVIL} stands in {where}"
    return ""

"""One-time codes: six digits, ten minutes, one use, for the browser that asked; and the work it does for one (ALTCHA).

Whether an address is known, new or blocked, the asker sees the same answer. Asking is counted per contact, line,
network and by everybody together; guesses are counted with the code. Whoever has signed in in this browser, or is
signed in, counts apart, so no stranger uses up what he may ask for. All of it lies in the database, so it counts when
the cache is away; call these functions outside of a transaction that may be rolled back. A browser that brings no work
(without scripts) is not turned away, only counted against a tighter limit, until strangers ask for many codes to one
contact.
"""

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from urllib.parse import parse_qs

from altcha.v1 import ChallengeOptions, create_challenge, verify_solution
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import localtime
from django.utils.translation import gettext, override

from accounts.keys.sealed_fields import digest_of, digests_of
from accounts.models import OutgoingMessage, SignInCode, User
from accounts.sign_in.contacts import Contact, known_user, may_sign_in_by_code
from accounts.sign_in.known_browsers import Browser, browser_of, person
from accounts.sign_in.limits import (
    EVERYBODY,
    Limit,
    TooManyTries,
    client_address,
    count,
    counted,
    line_of,
    waits_until,
    wide_network_of,
)
from database.row_security import working_as_steps

VALID_FOR = timedelta(minutes=10)
RESEND_AFTER = timedelta(seconds=60)
GUESSES = 5
# The same form sent twice by a double click is one use, for as long as a double click may take.
SAME_USE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: Codes that strangers ask for one phone or mailbox: all together, and from one line.
OF_CONTACT = Limit("code_to_contact", 30, DAY)
NEAR_CONTACT = Limit("code_to_contact_near", 5, DAY)
#: Codes that a browser asks for somebody who has signed in there.
KNOWN_CONTACT = Limit("code_to_contact_known", 10, DAY)
#: Codes that somebody signed in asks for to other numbers, whatever others behind the same line ask for.
OF_PERSON = Limit("code_of_person", 10, DAY)
#: So many codes to one contact need no work, and so many more double it.
EASY = 5
HARDEST_LEVEL = 6
FLOW = "code_flow"


def _of_strangers(asker: "Asker", contact: Contact) -> list[tuple[Limit, str]]:
    """What strangers may ask for: a contact, a line by the hour and the day, its network by the day, and all together.
    No line can use up what its network has, nor a network what all have."""
    line, most = line_of(asker.address), settings.CODES_PER_ADDRESS
    limits = [
        (OF_CONTACT, contact.address),
        (NEAR_CONTACT, f"{contact.address} {line}"),
        (Limit("code_of_line", most, HOUR), line),
        (Limit("code_of_line_a_day", 5 * most, DAY), line),
        (Limit("code_of_network_a_day", 20 * most, DAY), wide_network_of(asker.address)),
        (Limit("code_of_everybody", settings.CODES_PER_HOUR, HOUR), EVERYBODY),
    ]
    if not asker.work:
        # Browsers that did no work for it, mostly those without scripts.
        limits.append((Limit("code_of_line_unworked", settings.CODES_PER_ADDRESS_UNWORKED, HOUR), line))
    return limits


def _of_person(asker: "Asker", contact: Contact) -> list[tuple[Limit, str]]:
    """What somebody signed in may ask for to a number that is not the own one; of that number as a stranger."""
    return [
        (OF_CONTACT, contact.address),
        (OF_PERSON, asker.person),
        (Limit("code_of_everybody_known", settings.CODES_PER_HOUR, HOUR), EVERYBODY),
    ]


def _of_known(browser: Browser, contact: Contact) -> list[tuple[Limit, str]]:
    """What a known browser may ask for, apart from all strangers."""
    return [
        (KNOWN_CONTACT, f"{contact.address} {browser.mark}"),
        (Limit("code_of_everybody_known", settings.CODES_PER_HOUR, HOUR), EVERYBODY),
    ]


class MoreWork(TooManyTries):
    """Strangers asked for many codes to this contact today: first work of ``level``, or wait until ``until``."""

    def __init__(self, level: int, until: datetime) -> None:
        super().__init__(until)
        self.level = level

    def refuse(self, request: HttpRequest) -> int:
        """The page that is shown again carries the harder task."""
        request.work_level = self.level  # type: ignore[attr-defined]
        return super().refuse(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A browser that asks for a code: a random mark in its session, its network address, how hard it worked (0: not),
    for whom it is known, and who is signed in there ("": nobody)."""

    flow: str
    address: str
    work: int = 1
    browser: Browser | None = None
    person: str = ""

    @property
    def flow_digest(self) -> str:
        return flow_digest(self.flow)


def flow_digest(flow: str) -> str:
    """What a code keeps of the mark."""
    return salted_hmac("accounts.flow", flow, algorithm="sha256").hexdigest()


def asker_of(request: HttpRequest, *, now: datetime) -> Asker:
    """Who asks in this request; marks the session. Somebody signed in has done the first work."""
    flow = request.session.get(FLOW) or secrets.token_urlsafe(16)
    request.session[FLOW] = flow
    user = request.user if isinstance(request.user, User) else None
    work = max(int(user is not None), is_worked_for(request.POST.get("proof", ""), now=now))
    whose = str(user.pk) if user is not None else ""
    return Asker(flow=flow, address=client_address(request), work=work, browser=browser_of(request), person=whose)


def flow_of(request: HttpRequest) -> str:
    """The mark of the browser that types a code; empty if it never asked for one."""
    return str(request.session.get(FLOW, ""))


def _digest(code: str, contact: Contact, purpose: str) -> str:
    return salted_hmac("accounts.codes", f"{purpose}:{contact.address}:{code}", algorithm="sha256").hexdigest()


def _kind(contact: Contact) -> str:
    return "email" if contact.channel == "email" else "phone"


def _written(contact: Contact) -> bytes:
    return digest_of(_kind(contact), contact.address) or b""


def _known_as(contact: Contact) -> list[bytes]:
    return digests_of(_kind(contact), contact.address)


def _lock_address(contact: Contact) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"code:{_written(contact).hex()}"])


@working_as_steps()
def send_code(*, contact: Contact, purpose: str, language: str, asker: Asker, now: datetime) -> None:
    """Make a code and hand it to delivery; within a minute of the last one, nothing happens.

    Raises TooManyTries, for reasons that have nothing to do with whether the address is known. Returns nothing on
    purpose: the caller must not be able to answer differently.
    """
    user, browser = known_user(contact), asker.browser
    is_known = browser is not None and user is not None and browser.knows(person(user))
    if browser is not None and is_known:
        limits = _of_known(browser, contact)
    else:
        limits = _of_person(asker, contact) if asker.person else _of_strangers(asker, contact)
    with transaction.atomic():
        _lock_address(contact)
        before = SignInCode.objects.filter(address_digest__in=_known_as(contact), purpose=purpose)
        if is_known:
            # What a stranger asked for a moment ago does not hold up the owner.
            before = before.filter(flow_digest=asker.flow_digest)
        newest = before.order_by("-created_at").first()
        if newest is not None and now - newest.created_at < RESEND_AFTER and newest.used_at is None:
            return
        for limit, who in limits:
            until = waits_until(limit, who, now=now)
            if until is not None:
                raise TooManyTries(until)
        if not is_known:
            _ask_for_work(contact, asker, now=now)
        for limit, who in limits:
            count(limit.kind, who, now=now)
        code = f"{secrets.randbelow(1_000_000):06d}"
        SignInCode.objects.create(
            purpose=purpose,
            address_digest=_written(contact),
            flow_digest=asker.flow_digest,
            code_digest=_digest(code, contact, purpose),
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        _deliver(contact, code, language=language, is_withheld=not _reaches(user, purpose), now=now)


def _ask_for_work(contact: Contact, asker: Asker, *, now: datetime) -> None:
    """Raises MoreWork: the more strangers ask for one contact in a day, the dearer is the next code to it."""
    level = min(counted(OF_CONTACT, contact.address, now=now) // EASY, HARDEST_LEVEL)
    if asker.work < level:
        easy = Limit(OF_CONTACT.kind, EASY * (asker.work + 1), DAY)
        raise MoreWork(level, waits_until(easy, contact.address, now=now) or now + DAY)


def _reaches(user: User | None, purpose: str) -> bool:
    """Who signs in with a password gets no code to sign in with, and only they get one for a new password."""
    if purpose == SignInCode.Purpose.SIGN_IN:
        return may_sign_in_by_code(user)
    if purpose == SignInCode.Purpose.RESET:
        return user is not None and user.is_active and user.has_usable_password()
    return True


def _deliver(contact: Contact, code: str, *, language: str, is_withheld: bool, now: datetime) -> None:
    """Put the message with the code into the outbox, in the reader's language, below 70 characters.

    Withheld: written in the same way and never sent, so that the time of the answer says nothing. Sealed for nobody in
    particular, as the key of a person would be one more look.
    """
    with override(language):
        OutgoingMessage.objects.create(
            channel=contact.channel,
            address=contact.address,
            subject=gettext("验证码") if contact.channel == "email" else "",
            body=gettext("【12315】验证码%(code)s，10分钟内有效，请勿告诉他人。") % {"code": code},
            created_at=now,
            state="withheld" if is_withheld else "queued",
        )


class Use(IntEnum):
    """What a typed code is good for. AGAIN: the same form a second time; it is answered as before and opens nothing."""

    WRONG = 0
    RIGHT = 1
    AGAIN = 2


@working_as_steps()
def check_code(*, contact: Contact, purpose: str, code: str, flow: str, form_key: str, now: datetime) -> Use:
    """RIGHT, once, for the newest code that this browser (``flow``) asked for; it is then used up.

    `form_key` is the idempotency key of the form: where the same form arrives twice, also at once, the second is AGAIN.
    Only RIGHT may open a session. Five wrong guesses end a code.
    """
    typed = "".join(character for character in code if character.isdigit())
    digest = _digest(typed, contact, purpose)
    with transaction.atomic():
        row = (
            SignInCode.objects.select_for_update()
            .filter(address_digest__in=_known_as(contact), purpose=purpose, flow_digest=flow_digest(flow))
            .order_by("-created_at", "-id")
            .first()
        )
        if row is None:
            constant_time_compare(digest, digest)
            return Use.WRONG
        is_right = constant_time_compare(row.code_digest, digest)
        if row.used_at is not None:
            is_again = is_right and form_key and row.used_by_form == form_key and now - row.used_at < SAME_USE
            return Use.AGAIN if is_again else Use.WRONG
        if now >= row.expires_at or row.wrong_guesses >= GUESSES:
            return Use.WRONG
        if not is_right:
            SignInCode.objects.filter(pk=row.pk).update(wrong_guesses=F("wrong_guesses") + 1)
            return Use.WRONG
        SignInCode.objects.filter(pk=row.pk).update(used_at=now, used_by_form=form_key)
        return Use.RIGHT


def forget(addresses: Iterable[str]) -> int:
    """Delete the codes that were sent to these phones and mailboxes. How many."""
    known = [digest for one in addresses for digest in digests_of("email" if "@" in one else "phone", one)]
    return SignInCode.objects.filter(address_digest__in=known).delete()[0]


#: On average half of it is tried: a quarter of a second on a desk, a second or two on an old telephone, while people
#: type.
HARDEST = 20_000
PROOF_VALID_FOR = timedelta(hours=2)
_ONCE = Limit("proof", 1, PROOF_VALID_FOR)
_LONGEST = 2000


def _key() -> str:
    return salted_hmac("accounts.proof", "altcha", algorithm="sha256").hexdigest()


def new_task(*, now: datetime, level: int = 1) -> str:
    """A task as JSON for static/js/proof.js: algorithm, challenge, maxNumber, salt, signature.

    A level more doubles the work.
    """
    until, number = localtime(now + PROOF_VALID_FOR), HARDEST * 2 ** (level - 1)
    params = {"level": str(level)}
    made = create_challenge(
        ChallengeOptions("SHA-256", max_number=number, hmac_key=_key(), expires=until, params=params)
    )
    return json.dumps(made.to_dict())


def is_worked_for(solution: str, *, now: datetime) -> int:
    """The level of the task of ours that this solves, the first time; 0 for anything else."""
    if not solution or len(solution) > _LONGEST:
        return 0
    try:
        shown = json.loads(base64.b64decode(solution, validate=True))
        is_right, _why = verify_solution(shown, _key())
        # Counted by what was signed: the same answer written differently is the same answer.
        task = str(shown["challenge"])
        level = int(parse_qs(str(shown["salt"]).partition("?")[2])["level"][0])
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0
    if not is_right or waits_until(_ONCE, task, now=now) is not None:
        return 0
    count(_ONCE.kind, task, now=now)
    return level

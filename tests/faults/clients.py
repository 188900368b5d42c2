"""Eight people who file at once, each signed in by a code; every text carries a marker of its own."""

import http.client
import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from accounts.keys import keys, sealing
from accounts.models import OutgoingMessage
from tests.cast import MOBILE
from tests.complaints.filing import answers
from tests.faults.history import History, Sent
from tests.faults.portal import RunningPortal, crowded

CLIENTS = 8
MARK = "件号"
RECEIPT = re.compile(r"/cases/([^/]+)/receipt/")


# Above the promise (10 s), so that a request that hangs is seen and not cut off.
LONGEST = 20
# After so many seconds without an answer a person rings up.
LONGEST_WAIT = 90
PAUSE = 0.15


@dataclass(slots=True)
class Answer:
    status: int
    location: str
    text: str

    @property
    def is_running(self) -> bool:
        """The first try with this key is still being carried out."""
        return self.status == 409 and "同样的请求正在办理" in self.text

    def hidden(self, name: str) -> str:
        result = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return result[1] if result else ""


class GaveUp(Exception):
    """No answer for too long."""


class Browser:
    def __init__(self, port: int, history: History) -> None:
        self.port, self.history = port, history
        self.cookies: dict[str, str] = {}
        self._never = threading.Event()

    def once(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Answer | None:
        """One attempt; None when the connection broke before an answer was there."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        at = self.history.clock
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self.history.request(at=at, method=method, path=path, status=0, error=type(error).__name__)
            return None
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.history.request(at=at, method=method, path=path, status=response.status)
        return Answer(response.status, response.headers.get("Location", ""), text)

    def until_answered(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Answer:
        """The first answer that is neither an error of the server nor “it is being carried out”."""
        end = time.monotonic() + LONGEST_WAIT
        while True:
            answer = self.once(method, path, fields)
            if answer is not None and answer.status < 500 and not answer.is_running:
                return answer
            if time.monotonic() > end:
                raise GaveUp(f"{method} {path}")
            self._never.wait(PAUSE)

    def get(self, path: str) -> Answer:
        return self.until_answered("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self.until_answered("POST", path, fields)


_NEWEST = """
select channel, created_at, address, body, wrapped, person from accounts_outgoingmessage
join accounts_personkey on person = encode(substring(address from 2 for 16), 'hex')::uuid
where octet_length(body) > 0 order by id desc limit 60
"""


def code_sent_to(portal: RunningPortal, phone: str) -> str:
    """The newest code on its way to this number."""
    known = keys.read(portal.local / "vault" / "keys")
    fields: list[Any] = [OutgoingMessage._meta.get_field(name) for name in ("address", "body")]
    for channel, at, *sealed, wrapped, person in portal.query(_NEWEST):
        secret = sealing.unwrap(bytes(wrapped), person=UUID(str(person)), keys=known)
        address, body = (
            sealing.open_sealed(bytes(value), secret=secret, place=field.place_with([channel, at]))
            for field, value in zip(fields, sealed, strict=True)
        )
        code = re.search(r"\d{6}", body.replace("12315", ""))
        if address.endswith(phone) and code:
            return code[0]
    raise AssertionError(f"no code went to {phone}")


class SentAway(Exception):
    """An answer that no fault excuses: a lost draft, a lost session, a refusal."""


class Person:
    """One client with a browser, a phone and an account."""

    def __init__(self, portal: RunningPortal, history: History, number: int) -> None:
        self.portal, self.history = portal, history
        self.browser = Browser(portal.port, history)
        self.phone = f"1990{random.SystemRandom().randrange(10**7):07}"
        self.name = f"陈试{'甲乙丙丁戊己庚辛壬癸'[number % 10]}"

    def sign_in(self) -> None:
        self.browser.get("/account/sign-in/")
        key = {"idempotency_key": uuid.uuid4().hex}
        self.expect(self.browser.post("/account/sign-in/", {"address": self.phone, **key}), "/account/sign-in/code/")
        code = code_sent_to(self.portal, self.phone)
        self.expect(self.browser.post("/account/sign-in/code/", {"code": code, **key}), "/")

    def expect(self, answer: Answer, begins: str) -> Answer:
        if answer.status != 302 or not answer.location.startswith(begins) or "lost=" in answer.location:
            raise SentAway(f"wanted to go to {begins}, got {answer.status} {answer.location} {_words(answer)}")
        return answer

    def fill(self, pick: str) -> tuple[str, Sent]:
        """A draft up to the last page: its address, and what will be sent there."""
        marker = uuid.uuid4().hex[:16]
        text = f"{answers.STATEMENT}{MARK}{marker}。"
        self.browser.get("/file/?new=1")
        key = {"idempotency_key": uuid.uuid4().hex}
        form = {"story": text, **key}
        draft = self.expect(self.browser.post("/file/?new=1", form), "/file/").location.split("/")[2]
        heard = {**answers.ENTERPRISE, **answers.PURCHASE, **answers.PROBLEM, **answers.DEMANDS, "respondent": pick}
        heard |= {"problem": "none", "asked": "1"}
        you = {**answers.YOU, "phone": self.phone, "name": self.name}
        you.pop("is_unverified")
        for screen, values, then in (("heard", heard, "you"), ("you", you, "check")):
            self.expect(self.browser.post(f"/file/{draft}/{screen}/", {**values, **key}), f"/file/{draft}/{then}/")
        last = f"/file/{draft}/check/"
        page = self.browser.get(last)
        token = page.hidden("idempotency_key")
        if not token:
            raise SentAway(f"the last page has no button: {_words(page)}")
        return last, Sent("file", marker, text, token)

    def press(self, address: str, sent: Sent, fields: dict[str, str], begins: str) -> str:
        """Press the button until it is answered; then it is a promise."""
        self.history.sending(sent)
        answer = self.expect(self.browser.post(address, {**fields, "idempotency_key": sent.key}), begins)
        self.history.acknowledged(sent, answer.location)
        return answer.location

    def file(self, pick: str, *, again: bool = False) -> str:
        address, sent = self.fill(pick)
        where = self.press(address, sent, {**answers.CONSENTS, "pause_for_settlement": "yes", "file": "1"}, "/cases/")
        result = RECEIPT.match(where)
        if not result:
            raise SentAway(f"no receipt but {where}")
        sent.number = result[1]
        if again:
            # The same form once more, as after a double click whose first answer got lost.
            self.press(address, sent, {**answers.CONSENTS, "pause_for_settlement": "yes", "file": "1"}, "/cases/")
        page = self.browser.get(where)
        if page.status != 200 or sent.number not in page.text:
            raise SentAway(f"the receipt {where} answers {page.status}")
        return sent.number

    def add(self, number: str, *, again: bool = False) -> None:
        """A word added to one's case: nothing but the key keeps it single."""
        marker = uuid.uuid4().hex[:16]
        text = f"我再补充一点。{MARK}{marker}。"
        sent = Sent("add", marker, text, uuid.uuid4().hex, number)
        for _ in range(2 if again else 1):
            self.press(f"/cases/{number}/statement/", sent, {"text": text}, f"/cases/{number}/")


def _words(answer: Answer) -> str:
    main = answer.text.partition("<main")[2] or answer.text
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())[:300]


def pick_of(portal: RunningPortal) -> str:
    return f"{portal.query('select id from enterprises_enterprise where name = %s', [MOBILE])[0][0]}--"


def until(portal: RunningPortal, history: History, condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """What does not come is written down, so that the judge can say why; with something broken nobody waits."""
    try:
        return portal.until(lambda: history.broken or condition(), what, seconds * crowded())
    except AssertionError as error:
        history.violation(f"STUCK {str(error).partition(';')[0]}")
        return None


class Filing:
    """Clients who file for as long as the block lasts; each finishes what it has begun and may rest in between."""

    def __init__(
        self, portal: RunningPortal, history: History, *, seed: int, count: int = CLIENTS, rest: float = 0
    ) -> None:
        self.portal, self.history, self.rest = portal, history, rest
        self.pick, self.stopped = pick_of(portal), threading.Event()
        self.threads = []
        for number in range(count):
            person, dice = Person(portal, history, number), random.Random(f"{seed}:{number}")
            # Signed in while everything stands: a code is asked for once.
            person.sign_in()
            self.threads.append(threading.Thread(target=self._work, args=[person, dice], daemon=True))

    def _work(self, person: Person, dice: random.Random) -> None:
        while not self.stopped.is_set():
            try:
                number = person.file(self.pick, again=dice.random() < 0.25)
                if dice.random() < 0.5:
                    person.add(number, again=dice.random() < 0.5)
            except (SentAway, GaveUp) as error:
                # Who is sent away tells the judge, and goes.
                self.history.violation(f"{type(error).__name__}: {error}")
                return
            self.stopped.wait(self.rest)

    def until_acks(self, more: int, seconds: float = 60) -> None:
        """So many more promises: what is under load is really loaded."""
        wanted = self.history.acks() + more
        until(
            self.portal, self.history, lambda: self.history.acks() >= wanted, f"{more} more are acknowledged", seconds
        )

    def __enter__(self) -> "Filing":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        end = time.monotonic() + 120
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in self.threads):
            self.history.violation("a client still waits for its answer")

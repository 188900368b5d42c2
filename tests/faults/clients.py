"""Eight people who file at once, each signed in by a code; every text carries a marker of its own."""

import random
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.complaints.filing import answers
from tests.faults.browser import Answer, Browser, GaveUp
from tests.faults.history import History, Sent
from tests.faults.letters import code_sent_to
from tests.faults.portal import RunningPortal, crowded

CLIENTS = 8
FIRM = "中国移动通信集团福建有限公司"
MARK = "件号"
SCREENS = ("purchase", "problem", "demands", "evidence", "you", "consents")
RECEIPT = re.compile(r"/cases/([^/]+)/receipt/")


class SentAway(Exception):
    """An answer that no fault excuses: a lost draft, a lost session, a refusal."""


class Person:
    """One client with a browser, a phone and an account."""

    def __init__(self, portal: RunningPortal, history: History, number: int) -> None:
        self.portal, self.history = portal, history
        self.browser = Browser(portal.port, history)
        self.phone = f"1990{random.SystemRandom().randrange(10**7):07}"
        self.name = f"陈试{'甲乙丙丁戊己庚辛壬癸'[number % 10]}"
        self.own: list[str] = []

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
        form = {**answers.ENTERPRISE, "respondent": pick, **key}
        draft = self.expect(self.browser.post("/file/?new=1", form), "/file/").location.split("/")[2]
        for screen in SCREENS:
            values = {**answers.OF_STEP.get(screen, {}), **key}
            if screen == "problem":
                values["statement"] = text
            if screen == "you":
                values |= {"phone": self.phone, "name": self.name}
                values.pop("is_unverified")
            if screen == "consents":
                values["pause_for_settlement"] = "yes"
            self.expect(self.browser.post(f"/file/{draft}/{screen}/", values), f"/file/{draft}/")
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
        where = self.press(address, sent, {"truth": "on", "file": "1"}, "/cases/")
        result = RECEIPT.match(where)
        if not result:
            raise SentAway(f"no receipt but {where}")
        sent.number = result[1]
        self.own.append(sent.number)
        if again:
            # The same form once more, as after a double click whose first answer got lost.
            self.press(address, sent, {"truth": "on", "file": "1"}, "/cases/")
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


def pick_of(portal: RunningPortal, enterprise: str = FIRM) -> str:
    return f"{portal.query('select id from enterprises_enterprise where name = %s', [enterprise])[0][0]}--"


def people(portal: RunningPortal, history: History, count: int) -> list[Person]:
    """Signed in while everything stands: a code is asked for once."""
    results = [Person(portal, history, number) for number in range(count)]
    for person in results:
        person.sign_in()
    return results


class Filing:
    """Clients at work until they are told to stop; each finishes what it has begun."""

    def __init__(
        self, portal: RunningPortal, history: History, *, seed: int, count: int = CLIENTS, rest: float = 0
    ) -> None:
        self.portal, self.history, self.rest = portal, history, rest
        self.pick = pick_of(portal)
        self.people = people(portal, history, count)
        self.stopped = threading.Event()
        self.threads = [
            threading.Thread(target=self._work, args=[person, random.Random(f"{seed}:{number}")], daemon=True)
            for number, person in enumerate(self.people)
        ]

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
        """So many more promises: what is under load is really loaded. Broken or in vain: the judge shall say why."""
        wanted = self.history.acks() + more
        try:
            self.portal.until(
                lambda: self.history.broken or self.history.acks() >= wanted,
                f"{more} more are acknowledged",
                seconds * crowded(),
            )
        except AssertionError as error:
            self.history.violation(f"STUCK {str(error).partition(';')[0]}")

    def stop(self) -> None:
        self.stopped.set()
        end = time.monotonic() + 120
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in self.threads):
            self.history.violation("a client still waits for its answer")


@contextmanager
def filing(
    portal: RunningPortal, history: History, *, seed: int, count: int = CLIENTS, rest: float = 0
) -> Iterator[Filing]:
    """Eight people file for as long as the block lasts; each may rest between two complaints."""
    work = Filing(portal, history, seed=seed, count=count, rest=rest)
    for thread in work.threads:
        thread.start()
    try:
        yield work
    finally:
        work.stop()

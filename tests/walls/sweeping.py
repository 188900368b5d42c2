"""The sweep: everybody calls every address about the case of family A; each call is judged and undone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count

from django.db import connection

from access.permissions import actions_for, is_held_by_key, is_public
from accounts.models import User
from tests import by_commit, undone
from tests.walls.addresses import Address, Place, addresses, places
from tests.walls.calling import Answer, Caller
from tests.walls.cases import STATUSES
from tests.walls.verdicts import PROGRAMS, complaint, verdict
from tests.walls.world import CANARY, Person, World

METHODS = ("GET", "POST")
#: Tables in which the portal itself notes that somebody called.
NOTES = {"django_session", "enterprises_apitoken"} | {
    f"accounts_{name}" for name in ("securityevent", "idempotencykey", "browsersession")
}
#: Like pg_stat_xact_user_tables, of which each question costs more than most pages.
_WRITTEN = """
select name, n from (
    select name, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid) as n
    from unnest(%s::oid[], %s::text[]) t (oid, name) offset 0
) written
where n > 0
"""
#: What an address needs in order to be looked at at all.
DATA: dict[str, dict[str, str]] = {
    "complaints:authority-notice-order": {"what": "again"},
    "complaints:enterprise-webhook": {"what": "off"},
    "complaints:enterprise-template": {"what": "retire"},
    "oversight:guidance": {"do": "add"},
    "oversight:warning": {"do": "edit"},
    "oversight:campaign": {"do": "judge"},
    "oversight:remedy": {"do": "draw"},
    "oversight:enterprise-remedy": {"do": "report"},
    "oversight:enterprise-guidance": {"measure": "1"},
}
#: Of those whom their role alone shuts out of an address, so many try it in the short run: every address is tried by
#: several with every commit, and by all of them in the long run.
SHARE_OF_REFUSED = 0.1
#: Whose look at a public page stands for everybody's.
OF_EACH_KIND = (("anyone", ""), ("consumer", "own"), ("manager", "party"), ("approver", "jurisdiction"))
#: An address that the portal does not know.
NOWHERE = "/no-such-page/20260101-AAAAAAAAAAAA-0/"
_keys = count()
#: A mobile number or an identity number, as people and programs write them; in no key, address or amount.
NUMBER = re.compile(r"(?<![\w.+-])(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?![\w.-])|(?<![\w.-])\d{17}[\dXx](?![\w.-])")


#: Who opens a case at the desk has read it: the own row says how far (complaints/assignment/assigning.py), and nothing
#: else does.
LEFT_BY_LOOKING = {"complaints:enterprise-case": frozenset({"complaints_reading"})}


@dataclass
class Tally:
    """What was seen: so many checks, what was wrong, and signs that the sweep is not blind."""

    checks: int = 0
    wrong: list[str] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)

    def said(self) -> str:
        return f"{self.checks} checks; " + ", ".join(f"{n} {word}" for word, n in sorted(self.verdicts.items()))


class Sweep:
    """One run over one world."""

    def __init__(self, world: World, *, every_status: bool) -> None:
        self.world = world
        self.every_status = every_status
        self.random = by_commit()
        self.tally = Tally()
        self.callers = {person.name: Caller(person, world) for person in world.people}
        # Their sessions are open when they are switched off.
        off = world.person("manager switched off").user
        User.objects.filter(pk=off.pk if off else None).update(is_active=False)
        self._written = written()
        self._nowhere: dict[str, Answer] = {}
        self._places: dict[tuple[str, str], list[Place]] = {}

    def run(self, wanted: Iterable[Address] = (), people: Iterable[Person] = ()) -> Tally:
        for place, method, person, status in self.asked(wanted, people):
            self._check(place, method, person, status)
        return self.tally

    def asked(
        self, wanted: Iterable[Address] = (), people: Iterable[Person] = ()
    ) -> Iterator[tuple[Place, str, Person, str]]:
        """What a run asks: who calls which page by which method, the case in which status."""
        for address in wanted or addresses():
            for method in METHODS:
                for person in people or self._people(address, method):
                    if self._is_said_already(address, method, person):
                        continue
                    for place, status in self._looks(address, method, person):
                        yield place, method, person, status

    def _is_said_already(self, address: Address, method: str, person: Person) -> bool:
        """Whether somebody else's look stands for this person's: public pages, methods that a page does not have."""
        if not person.key and any(role in person.roles and person.relation == how for role, how in OF_EACH_KIND):
            return False
        if is_public(address.name, method):
            return True
        if self.every_status:
            return False
        if person.key and not is_held_by_key(address.name, method):
            return True
        return verdict(address, method, person, STATUSES[0]) == "405"

    def _people(self, address: Address, method: str) -> list[Person]:
        """Everybody; or, by the dice, half of those who stand for each role and each relation, whose pairs the long run
        tries. Of those whom their role shuts out, `SHARE_OF_REFUSED`; of strangers to what is named, a quarter."""
        if self.every_status:
            return self.world.people
        groups: dict[tuple[object, ...], list[Person]] = {}
        for one in self.world.people:
            groups.setdefault((one.roles, one.relation, one.key, one.of, one.is_out), []).append(one)
        people = [self.random.choice(group) for group in groups.values()]
        self.random.shuffle(people)
        chosen, seen = [], set[object]()
        for person in people:
            signs = {person.roles, (person.relation, person.key, person.of, person.is_out)}
            if method not in actions_for(address.name, person.roles):
                chosen += [person] if self.random.random() < SHARE_OF_REFUSED else []
            elif address.names_something and not person.relation and self.random.random() < 0.5:
                continue
            elif not signs <= seen and not self._is_said_already(address, method, person):
                seen |= signs
                chosen += [person] if self.random.random() < 0.5 else []
        return chosen

    def _looks(self, address: Address, method: str, person: Person) -> Iterator[tuple[Place, str]]:
        """The pages and statuses to look at: all of them, or one of each by the dice."""
        statuses = STATUSES if address.is_of_a_case else STATUSES[:1]
        is_past_the_gate = method in actions_for(address.name, person.roles)
        if not self.every_status:
            statuses = (person.only,) if person.only and address.is_of_a_case else (self.random.choice(statuses),)
        elif not is_past_the_gate:
            # The permission middleware knows no status.
            statuses = tuple(self.random.sample(statuses, min(len(statuses), 3)))
        for status in statuses:
            result = self.places(address, status)
            # One of the pages behind one address is enough for somebody who must not see any of them.
            is_one = not self.every_status or verdict(address, method, person, status) not in {"allow", "steps"}
            for place in self.random.sample(result, min(len(result), 1)) if is_one else result:
                yield place, status

    def places(self, address: Address, status: str) -> list[Place]:
        if (address.name, status) not in self._places:
            self._places[address.name, status] = places(address, self.world, status)
        return self._places[address.name, status]

    def call(self, person: Person, method: str, path: str, data: Mapping[str, str]) -> tuple[Answer, set[str]]:
        """The answer, and the tables in which something was written; then it is undone."""
        sent = {"idempotency_key": f"sweep-{next(_keys):08d}", **data} if method != "GET" else None
        with undone():
            answer = self.callers[person.name].call(method, path, sent)
            now, before = written(), self._written
        self._written = now
        return answer, {table for table, n in now.items() if n != before.get(table, 0)} - NOTES

    def look(self, person: Person, path: str) -> None:
        """A page that this person may read: only its words are judged."""
        answer, _tables = self.call(person, "GET", path, {})
        wrong = self._words(person, answer) + ([f"is answered {answer.status}"] if answer.status != 200 else [])
        self.tally.wrong += [f"{person.name}: GET {path}: {text}" for text in wrong]

    def _check(self, place: Place, method: str, person: Person, status: str) -> None:
        address, tally = place.address, self.tally
        answer, tables = self.call(person, method, place.path, DATA.get(address.name, {}))
        wanted = verdict(address, method, person, status)
        baseline = self._baseline(wanted, place, method, person, status)
        wrong = [complaint(place, method, person, status, answer, baseline), *self._words(person, answer)]
        wrong += numbers(person, answer) + headers(answer, is_somebodys=person.user is not None)
        if tables and wanted not in {"allow", "steps"}:
            wrong.append(f"was refused and wrote to {', '.join(sorted(tables))}")
        elif tables - LEFT_BY_LOOKING.get(address.name, frozenset()) and method == "GET":
            wrong.append(f"only looked and wrote to {', '.join(sorted(tables))}")
        tally.checks += 1
        tally.verdicts[wanted] += 1
        if answer.status == 200 and not is_public(address.name, method):
            tally.shown.update(person.roles)
        called = f"{person.name}: {method} {address.name} {place.path} ({status})"
        tally.wrong += [f"{called}: {text}" for text in wrong if text]

    def _baseline(self, wanted: str, place: Place, method: str, person: Person, status: str) -> Answer | None:
        """The answer for what does not exist: no such address at all, or no such thing where one is led elsewhere."""
        # A program whose enterprise reads the case may learn what is wrong with its call.
        is_known = bool(person.stands(status)) and place.address.name.startswith(PROGRAMS)
        if wanted == "404" and not place.address.name.startswith(PROGRAMS):
            if person.name not in self._nowhere:
                self._nowhere[person.name], _tables = self.call(person, "GET", NOWHERE, {})
            return self._nowhere[person.name]
        if wanted in {"elsewhere", "sign_in", "404"} and place.address.names_something and not is_known:
            return self.call(person, method, place.missing, DATA.get(place.address.name, {}))[0]
        return None

    def _words(self, person: Person, answer: Answer) -> list[str]:
        """Canaries that this person must not meet, in body and headers."""
        results = set(CANARY.findall(answer.text)) | set(CANARY.findall(str(answer.headers)))
        self.tally.met.update(family + what for family, what in results if person.may_meet(family, what))
        return [f"reads {what} of family {family}" for family, what in results if not person.may_meet(family, what)]


def numbers(person: Person, answer: Answer) -> list[str]:
    """T08: whole phone and identity numbers that this person is not entitled to read without a step of its own."""
    user = person.user
    own = tuple(str(phone)[-11:] for phone in (user.phone, user.own_phone) if phone) if user else ()
    results = {re.sub(r"[^\dX]", "", number.upper())[-18:] for number in NUMBER.findall(answer.text)}
    return [f"reads the number {number}" for number in sorted(results) if not number.endswith(own)]


#: Charts that other sites may show: no form, nothing of a reader (tests/oversight/test_reuse.py).
FRAMED = re.compile(r"/embed/(?:received|kinds|campaigns/[0-9]+)/(?:\?.*)?")


def headers(answer: Answer, *, is_somebodys: bool) -> list[str]:
    """Every answer, whatever it is: never in a frame, but charts; and kept nowhere when somebody is signed in."""
    wrong, policy = [], answer.headers.get("Content-Security-Policy", "")
    is_shut = answer.headers.get("X-Frame-Options") == "DENY" and "frame-ancestors 'none'" in policy
    if not is_shut and not FRAMED.fullmatch(answer.path):
        wrong.append("may be framed")
    if is_somebodys and "no-store" not in answer.headers.get("Cache-Control", ""):
        wrong.append("may be kept by a browser or a proxy")
    return wrong


@cache
def _tables() -> tuple[list[int], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("select relid::bigint, relname::text from pg_stat_user_tables")
        numbers, names = zip(*cursor.fetchall(), strict=True)
    return list(numbers), list(names)


def written() -> dict[str, int]:
    """Rows written so far in this transaction, by table; undone ones too."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, _tables())
        return dict(cursor.fetchall())

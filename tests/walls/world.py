"""The world of the sweep: three enterprises with branches, four regions, every role, a case in every status for each.

Nothing is written past the verbs that a verb can write, and whatever somebody said carries a canary, a word
that stands nowhere else: who meets it has seen this field of this family.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from access.permissions import ENTERPRISE_ROLES, OFFICER_ROLES
from accounts.keys import keyring
from accounts.models import Administrator, User
from accounts.roles import Role, post_choices
from authorities.models import Authority, Officer, Region
from complaints.models import Complaint, FilingDraft
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Enterprise, Staff, Station, StationStaff
from tests.cast import a_person, save_people

#: County of the authority that handles a family's cases. The second is a sibling of the first, the third a cousin.
COUNTIES = {"A": "350102", "B": "350103", "C": "350203"}
OFFICES = {role: role.removeprefix("authority_") for role in sorted(OFFICER_ROLES)}


CANARY = re.compile(r"canary([ABCF])([a-z]+)x")


def canary(family: str, what: str) -> str:
    """A word of letters only, so that no page formats or escapes it."""
    return f"canary{family}{what}x"


#: Who may meet a word, by how they stand to the case; a former enterprise reads nothing of its successor's.
#: Family F: what the former enterprise said while it had the cases of family A.
_KNOWN_TO = {
    "Fmessage": "own token former jurisdiction",
    "Fnote": "former",
    "name address contact": "own party jurisdiction",
    "statement item demand": "own token party former jurisdiction",
    "file message offer": "own token party jurisdiction",
    "note": "party",
    "concern report proposal": "jurisdiction",
}
KNOWN_TO = {word: frozenset(who.split()) for words, who in _KNOWN_TO.items() for word in words.split()}


@dataclass
class Family:
    """One enterprise, its people, the consumer who complains of it, and the cases."""

    letter: str
    enterprise: Enterprise
    branches: dict[str, Branch]
    county: Authority
    consumer: User
    staff: dict[tuple[str, str], Staff] = field(default_factory=dict)
    cases: dict[str, Complaint] = field(default_factory=dict)

    def case(self, status: str) -> Complaint:
        return self.cases[status]


@dataclass(frozen=True)
class Person:
    """Somebody who calls. ``relation``: how they stand to the cases of family A; empty: a stranger to them.

    ``knows``: how they stand to the cases of each family. ``key``: what somebody without a session holds (draft,
    token), ``of`` which family; ``only`` for the case in this status.
    ``is_out``: there is no session, or it no longer counts.
    """

    name: str
    roles: frozenset[str]
    relation: str = ""
    user: User | None = None
    knows: tuple[tuple[str, str], ...] = ()
    key: str = ""
    is_out: bool = False
    has_left: bool = False
    only: str = ""
    of: str = ""

    def stands(self, status: str) -> str:
        """The relation to the case of family A in this status: it has no enterprise before it was forwarded."""
        is_too_early = self.relation == "party" and status in (Status.FILED, Status.TRIAGE)
        return "" if is_too_early or (self.only and status != self.only) else self.relation

    @property
    def program_roles(self) -> frozenset[str]:
        """What this person's program is: a token is issued for the job, and without one for the person at home."""
        return self.roles - {"consumer", Role.STATION.post} or frozenset({"consumer"})

    def may_meet(self, family: str, what: str) -> bool:
        """Whether this person may read a word of this family."""
        relations = {relation for letter, relation in self.knows if letter == ("A" if family == "F" else family)}
        return bool(relations & KNOWN_TO.get(family + what, KNOWN_TO.get(what, frozenset())))


@dataclass
class World:
    """Everything that was made, and when."""

    now: datetime
    families: dict[str, Family]
    people: list[Person]
    officers: dict[tuple[str, str], Officer]
    drafts: dict[str, tuple[FilingDraft, str]]
    evidence_root: Path
    #: What everybody reads.
    language: str = "zh-hans"
    #: What else an address names, by name of the parameter.
    things: dict[str, str] = field(default_factory=dict)
    #: What the program of a person shows, by name of the person.
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> Family:
        """The family whose cases everybody calls."""
        return self.families["A"]

    def person(self, name: str) -> Person:
        return next(person for person in self.people if person.name == name)


@contextmanager
def standing(
    blocker: Any, evidence_root: Path, *, language: str = "zh-hans", first: Callable[[], None] = lambda: None
) -> Iterator[World]:
    """A world that stands as long as the block, and is rolled back after it. ``blocker``: the fixture
    ``django_db_blocker``. ``first`` changes what it is built on."""
    from tests.cast import load_directory  # a plugin: imported early, its asserts go unread

    with blocker.unblock(), override_settings(EVIDENCE_ROOT=str(evidence_root), API_CALLS_PER_MINUTE=10**9):
        # Keys that a test before held are not those of these rows.
        keyring.forget()
        load_directory()
        logging.disable(logging.ERROR)
        try:
            with transaction.atomic():
                first()
                yield build(now=timezone.now(), evidence_root=evidence_root, language=language)
                transaction.set_rollback(True)
        finally:
            logging.disable(logging.NOTSET)


def build(*, now: datetime, evidence_root: Path, language: str = "zh-hans") -> World:
    """Everybody and everything, inside the caller's transaction; ``language`` is everybody's."""
    from tests.walls import cases, things

    counties = {letter: _county(code) for letter, code in COUNTIES.items()}
    world = World(now, families={}, people=[], officers={}, drafts={}, evidence_root=evidence_root, language=language)
    for number, letter in enumerate(COUNTIES):
        world.families[letter] = _family(letter, counties[letter], number)
    _officers(world, counties)
    User.objects.update(language=language)
    for letter in ("C", "B", "A"):
        cases.walk(world, world.families[letter], former=world.families["C"] if letter == "A" else None)
    _people(world)
    User.objects.update(language=language)
    things.make(world)
    return world


def _county(code: str) -> Authority:
    county = {"region": Region.objects.filter(code=code).first() or _region(code), "level": Authority.Level.COUNTY}
    if found := Authority.objects.filter(**county).first():
        return found
    province = Authority.objects.get(level=Authority.Level.PROVINCE, region__code="350000")
    how = {"has_power": True, "document_code": "测市监", "parent": province}
    return Authority.objects.create(name=f"局{code}", **county, **how)


def _region(code: str) -> Region:
    """A county of another city, where the directory has none."""
    city = Region.objects.get(code=code[:4] + "00")
    first = city.pk + int(code[4:])
    columns = {"parent": city, "level": Region.Level.COUNTY, "country": "CN"}
    return Region.objects.create(id=first, last=first, code=code, name=f"区{code}", **columns)


def _family(letter: str, county: Authority, number: int) -> Family:
    name = f"{letter}家宽带有限公司"
    enrolment = Enterprise.Enrolment.ENROLLED
    enterprise = Enterprise.objects.create(name=name, domicile=county.region, enrolled_by=county, enrolment=enrolment)
    branches: dict[str, Branch] = {}
    for place, parent in (("top", None), ("own", "top"), ("below", "own"), ("sibling", "top")):
        name = f"{letter}{place}分公司"
        branches[place] = Branch.objects.create(
            enterprise=enterprise, name=name, place=county.region, parent=branches[parent] if parent else None
        )
    consumer = User.objects.create_user(phone=f"+861390000777{number}", name=f"雀{canary(letter, 'name')}")
    family = Family(letter=letter, enterprise=enterprise, branches=branches, county=county, consumer=consumer)
    for place in ("headquarters", *branches):
        for role in sorted(ENTERPRISE_ROLES):
            user = _person(f"{role[:1]}{place[:2]}{letter}", f"{role}.{place}.{letter.lower()}@example.com")
            branch = branches.get(place)
            family.staff[role, place] = Staff.objects.create(user=user, enterprise=enterprise, branch=branch, role=role)
    return family


def _officers(world: World, counties: dict[str, Authority]) -> None:
    """Four roles at five places, seen from the county of family A; and whoever distributes for each county."""
    own = counties["A"]
    office = Authority.objects.filter(parent=own, level=Authority.Level.OFFICE)[0]
    places = {"own": own, "above": own.parent, "office": office, "sibling": counties["B"], "cousin": counties["C"]}
    for place, authority in places.items():
        for role, office_role in OFFICES.items():
            user = _person(f"{role[:3]}{place[:2]}", f"{role}.{place}@example.com")
            world.officers[role, place] = Officer.objects.create(user=user, authority=authority, role=office_role)
    user = _person("省分送", "intake.province@example.com")
    of_the_province = Officer.objects.create(user=user, authority=own.parent.parent, role=Role.INTAKE.post)
    world.officers["intake", "province"] = of_the_province


def _people(world: World) -> None:
    """Everybody who calls, with what they are in the words of permissions.csv."""
    families, everybody = world.families, frozenset({"consumer"})
    people = world.people
    people.append(Person("nobody", frozenset({"anyone"}), is_out=True))
    for key, role in (("draft", "draft_holder"), ("token", "token_holder")):
        for letter, of in (("A", "the"), ("B", "another")):
            relation = "own" if (key, letter) == ("token", "A") else ""
            name, roles, knows = f"holder of {of} {key}", frozenset({"anyone", role}), ((letter, "token"),)
            people.append(Person(name, roles, relation, None, knows, key, is_out=True, only=TRACKED, of=letter))
    people.append(Person("consumer", everybody, "own", families["A"].consumer, (("A", "own"),)))
    people.append(Person("consumer of another case", everybody, "", families["B"].consumer, (("B", "own"),)))
    for (role, place), staff in families["A"].staff.items():
        relation = "party" if place in ("own", "top", "headquarters") else ""
        knows = (("A", relation),) if relation else ()
        people.append(Person(f"{role} {place}", everybody | {role}, relation, staff.user, knows))
    for role in sorted(ENTERPRISE_ROLES):
        other, former = (families[letter].staff[role, "headquarters"].user for letter in "BC")
        people.append(Person(f"{role} of another enterprise", everybody | {role}, "", other, (("B", "party"),)))
        name, knows = f"{role} of the former enterprise", (("A", "former"), ("C", "party"))
        people.append(Person(name, everybody | {role}, "former", former, knows))
    seen = {"own": "A", "above": "AB", "office": "", "sibling": "B", "cousin": "C"}
    for (role, place), officer in world.officers.items():
        if place in seen:
            relation = "jurisdiction" if "A" in seen[place] else ""
            knows = tuple((letter, "jurisdiction") for letter in seen[place])
            people.append(Person(f"{role} at {place}", everybody | {role}, relation, officer.user, knows))
    clerk = _person("站", "station.clerk@example.com")
    station = Station.objects.create(code="ST-A", name="甲站", kind=Station.Kind.MALL, authority=world.target.county)
    StationStaff.objects.create(user=clerk, station=station)
    people.append(Person("station clerk", everybody | {Role.STATION.post}, "", clerk))
    people += _gone(world)
    for kind, _words in post_choices("platform"):
        user = _person(f"{kind}管", f"{kind}.administrator@example.com")
        Administrator.objects.create(user=user, kind=kind, since=world.now)
        people.append(Person(f"{kind} administrator", frozenset({f"{kind}_admin"}), "", user))


def _person(name: str, address: str) -> User:
    return save_people(a_person(name, address))[0]


def _gone(world: World) -> list[Person]:
    """Who was there yesterday: a job and an office that ended, a person who was switched off."""
    family, yesterday = world.target, date.fromordinal(world.now.date().toordinal() - 2)
    left, retired, off = (
        _person(name, f"{address}@example.com") for name, address in (("离", "left"), ("退", "retired"), ("停", "off"))
    )
    Staff.objects.create(user=left, enterprise=family.enterprise, role=Role.MANAGER.post, ends_on=yesterday)
    Officer.objects.create(user=retired, authority=family.county, role=Role.APPROVER.post, ends_on=yesterday)
    Staff.objects.create(user=off, enterprise=family.enterprise, role=Role.MANAGER.post)
    return [
        Person("manager who left", frozenset({"consumer"}), "", left, has_left=True),
        Person("approver who retired", frozenset({"consumer"}), "", retired, has_left=True),
        Person("manager switched off", frozenset({"anyone"}), "", off, is_out=True),
    ]


#: When the cases were filed, before now: long enough that nothing is new, short enough that no clock has run out.
FILED_BEFORE = timedelta(minutes=50)
#: The one case that the token opens.
TRACKED = Status.NEGOTIATING

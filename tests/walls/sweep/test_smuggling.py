"""Ids of strangers in fields, filters and keys: each as if it did not exist; forms are read from the pages."""

from collections.abc import Iterator

import pytest
from django.db import connection

from complaints.models import Complaint, Engagement, Matter
from tests import by_commit, undone
from tests.walls.addresses import addresses, places
from tests.walls.calling import Answer, Caller
from tests.walls.forms import Form, forms_of
from tests.walls.sweeping import METHODS, written
from tests.walls.verdicts import is_closed, verdict
from tests.walls.world import CANARY, World

WHO = ("consumer", "manager own", "handler own", "authority_handler at own", "approver at own", "intake at own")
#: A person of each commit's own in the short run, all of them in the long one.
EVERYBODY = pytest.mark.parametrize(
    "people", [(by_commit().choice(WHO),), pytest.param(WHO, marks=pytest.mark.full)], ids=["somebody", "everybody"]
)
#: Where a foreign organisation is what one chooses: whom the case goes to.
MAY_NAME_OTHERS = frozenset(
    {
        "routing:enterprise-return",
        "routing:enterprise-request-return",
        "complaints:authority-forward",
        "complaints:authority-ask-consent",
        "complaints:authority-triage-case",
    }
)
#: Filters that lists have, or that somebody might hope they have.
_FILTERS = """
enterprise branch handler officer region authority consumer user case id number q after before page view
external_ref
"""
FILTERS = _FILTERS.split()


def strangers(world: World, people: tuple[str, ...]) -> dict[str, str]:
    """One of each kind of family B, by number; in the short run a quarter of them, each commit its own."""
    other = world.families["B"]
    case = other.case("negotiating")
    numbers = {
        "case": str(case.pk),
        "staff": str(other.staff["handler", "own"].pk),
        "branch": str(other.branches["own"].pk),
        "enterprise": str(other.enterprise.pk),
        "officer": str(world.officers["authority_handler", "sibling"].pk),
        "authority": str(other.county.pk),
        "user": str(other.consumer.pk),
        "number": case.number,
        "engagement": str(Engagement.objects.filter(complaint=case).values_list("pk", flat=True)[0]),
        "matter": str(Matter.objects.filter(complaint=case).values_list("pk", flat=True)[0]),
        "post": f"branch-{other.branches['own'].pk}",
        "region": str(other.county.region_id),
    }
    kinds = sorted(numbers) if people == WHO else by_commit().sample(sorted(numbers), 3)
    return {kind: numbers[kind] for kind in kinds}


_CHILDREN = """
select table_name, column_name from information_schema.columns
where table_schema = 'public' and table_name like 'complaints_%%' and column_name = 'complaint_id'
"""


def rows_of_strangers(world: World) -> dict[str, str]:
    """A digest of every row that hangs on a case of the other families, by table."""
    ids = [case.pk for letter in "BC" for case in world.families[letter].cases.values()]
    result = {}
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN)
        for table, column in [*cursor.fetchall(), ("complaints_complaint", "id")]:
            cursor.execute(
                f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t where {column} = any(%s)", [ids]
            )
            result[table] = str(cursor.fetchone()[0])
    return result


def forms(world: World, who: str) -> Iterator[tuple[str, str, Form]]:
    """Every form that this person meets: name of the address, address, form."""
    caller = Caller(world.person(who), world)
    for address in addresses():
        for status in ("with_enterprise", "negotiating", "review", "triage"):
            if verdict(address, "GET", world.person(who), status) not in {"allow", "steps"}:
                continue
            for place in places(address, world, status):
                if is_closed(place, world.person(who), status):
                    continue
                with undone():
                    page = caller.call("GET", place.path)
                for form in forms_of(page.text) if page.status == 200 else ():
                    yield address.name, place.path, form
            if not address.is_of_a_case:
                break


def foreign_words(world: World, who: str, answer: Answer) -> list[str]:
    person = world.person(who)
    return [family + what for family, what in CANARY.findall(answer.text) if not person.may_meet(family, what)]


@EVERYBODY
def test_T02_a_strangers_number_in_a_field_is_refused_and_touches_nothing(
    world: World, people: tuple[str, ...]
) -> None:
    ids, untouched = strangers(world, people), rows_of_strangers(world)
    wrong, tried = [], set()
    for who in people:
        caller = Caller(world.person(who), world)
        for name, path, form in forms(world, who):
            if form.method != "post" or name in MAY_NAME_OTHERS:
                continue
            for one in form.ids:
                if (who, name, one) in tried:
                    continue
                tried.add((who, name, one))
                for kind, number in ids.items():
                    if number in form.choices.get(one, set()):
                        continue
                    data = {**form.values, one: number, "idempotency_key": f"smuggled-{len(tried):04d}-{kind}"}
                    with undone():
                        before = written()
                        answer = caller.call("POST", form.action or path, data)
                        wrote = {table for table, n in written().items() if n != before.get(table, 0)}
                        if wrote and rows_of_strangers(world) != untouched:
                            wrong.append(f"{who}: {path} {one}={kind}: rows of strangers were changed")
                        names_it = (
                            kind in ("staff", "branch", "enterprise")
                            and Complaint.objects.filter(pk__in=[case.pk for case in world.target.cases.values()])
                            .filter(**{"handler_id" if kind == "staff" else f"{kind}_id": number})
                            .exists()
                        )
                    if names_it or answer.status >= 500:
                        wrong.append(f"{who}: {path} {one}={kind}: {answer.status} {answer.error}")
                    if text := foreign_words(world, who, answer):
                        wrong.append(f"{who}: {path} {one}={kind}: shows {text}")
    print(f"{len(tried)} fields, {len(tried) * len(ids)} numbers of strangers")
    assert not wrong, wrong
    assert tried or people == ("consumer",)
    if people == WHO:
        assert {name for _who, name, _field in tried} >= {"complaints:enterprise-accept", "complaints:authority-step"}


@EVERYBODY
def test_T02_a_strangers_number_in_a_filter_shows_nothing_of_theirs(world: World, people: tuple[str, ...]) -> None:
    ids, wrong, tried = strangers(world, people), [], 0
    for who in people:
        caller, person = Caller(world.person(who), world), world.person(who)
        for address in addresses():
            if address.names_something or verdict(address, METHODS[0], person, "filed") != "allow":
                continue
            if not address.pattern.startswith(("/cases/", "/enterprise/", "/authority/", "/oversight/", "/api/v1/")):
                continue
            for number in ids.values():
                query = "&".join(f"{name}={number}" for name in FILTERS if name != "q" or not number.isdecimal())
                with undone():
                    answer = caller.call("GET", f"{address.pattern}?{query}")
                tried += 1
                if answer.status >= 500:
                    wrong.append(f"{who}: {address.pattern} {answer.status} {answer.error}")
                if text := foreign_words(world, who, answer):
                    wrong.append(f"{who}: {address.pattern}: shows {text}")
    assert not wrong, wrong
    assert tried > 10 * len(people), tried


def test_T02_a_strangers_key_shows_nobody_elses_result(world: World) -> None:
    """The key of a form that took effect belongs to whoever sent it."""
    key = "same-key-for-both"
    mine, theirs = world.target.case("negotiating"), world.families["B"].case("negotiating")
    data = {"text": "请您稍候", "idempotency_key": key}
    with undone():
        first = Caller(world.person("manager of another enterprise"), world).call(
            "POST", f"/enterprise/cases/{theirs.number}/message/", data
        )
        second = Caller(world.person("manager own"), world).call(
            "POST", f"/enterprise/cases/{mine.number}/message/", data
        )
    assert theirs.number in first.location
    assert mine.number in second.location

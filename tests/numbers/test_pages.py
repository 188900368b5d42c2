"""No page tells a number of old: all policies were changed, and every page is read by whom it is for."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from django.conf import settings

from access.permissions import is_public
from authorities.models import Officer
from complaints.documents import issuing
from complaints.documents.kinds import KINDS
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import TABLE
from complaints.wording.reasons import REFUSAL_GROUNDS, TERMINATION_GROUNDS
from tests import APPS, ROOT, by_commit
from tests.language.reading import texts_in
from tests.numbers.reading import Numbers, english_of, pieces_of, policy_file, shown, told, typed
from tests.walls.addresses import PAGES, STEPS, Place, addresses
from tests.walls.cases import STATUSES, notices
from tests.walls.offered import Offered
from tests.walls.sweeping import Sweep
from tests.walls.verdicts import PROGRAMS, is_closed, verdict
from tests.walls.world import Person, World

#: One person of each audience reads for all.
READERS = (
    *("nobody", "holder of the draft", "holder of the token", "consumer", "manager headquarters", "handler own"),
    *("intake at own", "authority_handler at own", "approver at own", "analyst at own", "station clerk"),
    *("system administrator", "security administrator", "audit administrator"),
)
#: Each day is told with its place in the row; that the row itself is right is tested with the words of a date.
DAY_BY_DAY = ("complaints:case-why", "complaints:tracked-why")
#: The period of the figures, which the reader chose, and the classes by age: counted, not told as anybody's time.
COUNTED = re.compile(
    r"前7天|the 7 days before|7天以内|31–60天|60天以上|up to 7 days|31–60 days|over 60 days", re.IGNORECASE
)
LEAST, LEAST_OF_A_THIRD = 300, 250
#: Where two of an audience find nothing to do, the others are not asked.
MOST_REFUSED = 2


@pytest.mark.parametrize(
    ("language", "statuses"),
    [
        # The commit chooses a third of the statuses.
        pytest.param("zh-hans", by_commit().sample(STATUSES, len(STATUSES) // 3), id="zh-hans"),
        *(pytest.param(one, STATUSES, id=f"{one}-all", marks=pytest.mark.full) for one in ("zh-hans", "en")),
    ],
)
def test_no_page_tells_a_number_that_is_not_in_force(
    world: World, numbers: Numbers, language: str, statuses: Sequence[str]
) -> None:
    read, in_language, wrong = 0, 0, {}
    of_cases = {
        status: numbers.strange_to(case.deadlines.values_list("unit", "length"))
        for status, case in world.target.cases.items()
    }
    for person, place, status, page in pages(world, language, statuses):
        read += 1
        in_language += f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in page
        strange = of_cases[status] if place.address.is_of_a_case else numbers.old
        for length in told(COUNTED.sub("…", shown(page))):
            if length.is_one_of(strange):
                wrong.setdefault(length.around, f"{person.name}: {place.path} ({status})")
    given = "\n".join(f"{where}: {text}" for text, where in wrong.items())
    assert not wrong, f"{len(wrong)} wrong on {read} pages:\n{given}"
    assert in_language > (LEAST if len(statuses) == len(STATUSES) else LEAST_OF_A_THIRD)


def pages(world: World, language: str, statuses: Sequence[str]) -> Iterator[tuple[Person, Place, str, str]]:
    """Every page as one of each audience reads it; of a case in these statuses in Chinese, in one in English."""
    sweep, people = Sweep(world, every_status=True), [world.person(name) for name in READERS]
    for person in people:
        sweep.callers[person.name].cookies[settings.LANGUAGE_COOKIE_NAME] = language
    offered = Offered(world, lambda person, path: sweep.call(person, "GET", path, {})[0].text)
    for address in addresses():
        if address.name.startswith(PROGRAMS) or address.name in DAY_BY_DAY:
            continue
        # A step says the same in every status.
        is_a_step = address.name in STEPS or any((address.name, name) in PAGES for name in address.parameters)
        is_once, done, refused = is_a_step or language == "en", set(), Counter[tuple[str, str, str]]()
        for status in statuses if address.is_of_a_case else STATUSES[:1]:
            for place in filter(lambda place: place.is_there, sweep.places(address, status)):
                which = place.path.replace(world.target.case(status).number, "") if is_once else place.path
                for person in people:
                    # A page that everybody reads is read once.
                    side = "" if is_public(address.name, "GET") else person.key or person.relation or person.name
                    if (
                        (which, side) in done
                        or refused[which, side, status] >= MOST_REFUSED
                        or (person.only and address.is_of_a_case and person.only != status)
                        or verdict(address, "GET", person, status) not in {"allow", "steps"}
                        or is_closed(place, person, status)
                        or not offered.is_worth_a_look(place, person, status)
                    ):
                        continue
                    answer, _tables = sweep.call(person, "GET", place.path, {})
                    if answer.status != 200:
                        refused[which, side, status] += 1
                        continue
                    done.add((which, side))
                    if answer.headers.get("Content-Type", "").startswith("text/html"):
                        yield person, place, status, answer.text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_notice_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, language: str) -> None:
    wrong, steps = {}, set()
    for status, case in world.target.cases.items():
        strange = numbers.strange_to(case.deadlines.values_list("unit", "length"))
        for notice in notices(world, status, language):
            steps.add(notice.kind)
            for text in (notice.subject, notice.body, notice.short):
                wrong |= {length.around: notice.kind for length in told(text) if length.is_one_of(strange)}
    assert not wrong
    assert steps >= {step for step, row in TABLE.items() if row.tells}


@pytest.mark.parametrize("form", KINDS)
def test_no_document_tells_a_number_that_is_not_in_force(world: World, numbers: Numbers, form: int) -> None:
    given, wrong = Conditions.at(world.now), []
    signing = Officer.objects.filter(authority=world.target.county)[:2]
    same: Any = {"jurisdiction": given.jurisdiction, "policies": given.policies, "now": world.now}
    same["officers"] = [officer.user.name for officer in signing]
    for case in world.target.cases.values():
        for ground in ("", *REFUSAL_GROUNDS, *TERMINATION_GROUNDS):
            data = {"ground": ground, "enterprise": True, "result": "no_violation"}
            paper = issuing.preview(form, case, data=data, last_day=world.now.date(), **same)
            strange = numbers.strange_to(())
            wrong += [length.around for text in texts_in(paper) for length in told(text) if length.is_one_of(strange)]
    assert not wrong


#: What people of the demonstration wrote is theirs.
READ = tuple(app for app in APPS if app != "demo")


def test_no_sentence_has_a_number_of_the_law_typed_into_it() -> None:
    old = Numbers().old
    for _name, number, unit in policy_file():
        old[unit].add(number)
    english = [(label, f"the English of {text}") for text, labels in english_of().items() for label in labels]
    wrong = {
        f"{where}: {length.around}"
        for text, where in (*python_texts(), *other_texts(), *english)
        for length in told(text)
        if length.unit == "WD" or length.is_one_of(old)
    }
    assert not wrong, (
        "Give the sentence a hole for the number in force (authorities/policies.py); a number that no authority can "
        "change goes to tests/numbers/typed.csv with the reason:\n" + "\n".join(sorted(wrong))
    )


def test_each_sentence_that_keeps_its_number_is_still_there() -> None:
    everything = [text for text, _where in (*python_texts(), *other_texts())]
    pieces = {piece for text in typed() for piece in pieces_of(text)}
    assert not [piece for piece in pieces if not any(piece in other for other in everything)]
    assert not [text for text in typed() if not any(pieces_of(text))]


@cache
def python_texts() -> list[tuple[str, str]]:
    """Every string of the programs but the docstrings."""
    results = []
    for path in sorted(file for app in READ for file in (ROOT / app).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        with_docs = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, with_docs) and node.body]
        docs = {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                results.append((node.value, f"{path.relative_to(ROOT)}:{node.lineno}"))
    return results


def other_texts() -> Iterator[tuple[str, str]]:
    """Templates without their comments, sectors, statements in files, and what is typeset."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        source = re.sub(r"(?s)\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", path.read_text(encoding="utf-8"))
        # A hole of a template is one of the catalogue.
        yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", source), str(path.relative_to(ROOT))
    for path in sorted(
        file for app in READ for form in ("*.typ", "*.toml", "*.sql") for file in (ROOT / app).rglob(form)
    ):
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.lstrip().startswith(("//", "#", "--")))
        yield text, str(path.relative_to(ROOT))

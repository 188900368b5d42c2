"""Every step page of every audience: drawn, named wrong, taken once, refused; and nobody else comes near it.

What is walked is the tables of the application; a page without a walk fails the first test.
"""

import re
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import gettext, override

from complaints import pages, wording
from complaints.models import Complaint, HandlingStep
from tests import by_commit, given, missing_in
from tests.cast import World
from tests.complaints.pages.at_home import steps_of
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in
from tests.complaints.pages.step_walks import Audience, Walk
from tests.complaints.pages.step_walks.authority import AUTHORITY, DOCUMENTS
from tests.complaints.pages.step_walks.links import BODY, RESPONDENT, RESPONDENT_BY_OFFICER
from tests.complaints.pages.step_walks.parties import CONSUMER, ENTERPRISE, ON_BEHALF, TRACKING
from tests.language import pseudo, reading
from tests.language.reading import Known, texts_of
from tests.walls.forms import Form, forms_of
from web.errors import INCIDENT_HEADER

AUDIENCES = (CONSUMER, TRACKING, ON_BEHALF, ENTERPRISE, AUTHORITY, DOCUMENTS, RESPONDENT, RESPONDENT_BY_OFFICER, BODY)
LONG = "这是我写了很久的一段话，不能丢。"
MISSING = "20260101-AAAAAAAAAA-A"
#: Of the offer editor and of a return: which button was pressed.
BUTTONS = {"send", "anyway"}
#: New with every form.
TOKENS = re.compile(r'(name="(?:csrfmiddlewaretoken|idempotency_key)" value=")[^"]*')


def first_walks(audience: Audience) -> dict[str, Walk]:
    return {walk.name: walk for walk in reversed(audience.walks)}


@pytest.fixture(scope="module", autouse=True)
def third_language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo.spoken(tmp_path_factory.mktemp("locale")):
        yield


def test_no_table_and_no_step_page_is_left_out() -> None:
    walked = {id(page) for audience in AUDIENCES for page in audience.pages.values()}
    for result in walk_packages(pages.__path__, f"{pages.__name__}."):
        table = getattr(import_module(result.name), "PAGES", {})
        for page in table.values() if isinstance(table, dict) else table:
            assert id(page) in walked, (result.name, page)
    for audience in AUDIENCES:
        assert audience.pages
        assert audience.pages.keys() <= {walk.name.partition("/")[0] for walk in audience.walks}, audience


def test_an_unknown_word_below_a_case_is_no_page(world: World, clock: Any) -> None:
    for audience in AUDIENCES:
        walk = audience.walks[0]
        case = walk.given(world)
        browser = audience.browser(world, case, walk)
        for name in ("nonsense", *audience.no_pages):
            assert browser.get(audience.url(case, name)).status_code == 404, (audience, name)


def test_a_page_that_decides_either_way_bears_the_name_of_neither() -> None:
    """On the case of an officer stands the name of the page."""
    for language in ("zh-hans", "en"):
        with override(language):
            for page in (page for page in AUTHORITY.pages.values() if len(page.steps) > 1):
                assert str(page.title) not in {"", *map(wording.action, page.steps)}, page.name
                assert str(page.button) == gettext("提交决定")


def every_walk() -> Iterator[Any]:
    """The commit chooses half; a second way through a page that takes the same step is walked in the long run."""
    dice = by_commit()
    for audience in AUDIENCES:
        taken: set[tuple[str, str]] = set()
        for walk in audience.walks:
            way = (walk.name, walk.step)
            path = f"{audience}:{walk.name}:{walk.step}"
            is_later = way in taken or dice.random() < 0.5
            yield pytest.param(*(audience, walk), id=path, marks=[pytest.mark.full] if is_later else [])
            taken.add(way)


@pytest.mark.parametrize(("audience", "walk"), list(every_walk()))
def test_every_step_of_every_audience(world: World, clock: Any, audience: Audience, walk: Walk) -> None:
    case = walk.given(world)
    clock.move_to(walk.now, tick=False)
    before, is_first = steps_of(case), first_walks(audience)[walk.name] is walk
    if is_first:
        is_nobody_elses(world, case, audience, walk)
        assert steps_of(case) == before
    browser, before = audience.browser(world, case, walk), steps_of(case)
    is_drawn(world, case, audience, walk, browser)
    is_named_where_it_is_wrong(world, case, audience, walk, browser)
    assert steps_of(case) == before
    is_taken_once(world, case, audience, walk, browser)
    if is_first and walk.closed is not None:
        is_refused_where_it_is_not_open(world, walk.closed(world), audience, walk)


def is_nobody_elses(world: World, case: Complaint, audience: Audience, walk: Walk) -> None:
    """A stranger meets the same answer as for no case; who only reads is refused."""
    address = audience.url(case, walk.name)
    typed = walk.says(world, case) | audience.more | audience.read_back | {"idempotency_key": "k" * 20}
    strangers, turn = audience.strangers(world), list(first_walks(audience)).index(walk.name)
    # One after another, looking and sending by turns: the sweep of the walls lets everybody do both on every page.
    round_, place = divmod(turn, len(strangers))
    stranger, method = signed_in(strangers[place]), ("get", "post")[(round_ + place) % 2]
    real = getattr(stranger, method)(address, typed)
    none = getattr(stranger, method)(address.replace(case.number, MISSING), typed)
    assert (real.status_code, real.status_code in audience.turned_away) == (none.status_code, True)
    # Nothing but the number of the mishap differs.
    assert like(real, case.number) == like(none, MISSING)
    if audience.signs_in:
        assert Client().get(address)["Location"].startswith("/account/sign-in/")
    if audience.reader is not None:
        reader = audience.reader(world)
        assert not is_linked(reader, audience, case, walk)
        assert reader.get(address).status_code in (302, 409)
        assert send(reader, address, typed).status_code == 409


def like(answer: Any, number: str) -> str:
    return TOKENS.sub("", shown(answer).replace(number, "").replace(answer.headers.get(INCIDENT_HEADER, "-"), ""))


def is_linked(browser: Client, audience: Audience, case: Complaint, walk: Walk) -> bool:
    return f'href="{audience.url(case, walk.name)}"' in checked(browser.get(audience.home(case)), 200)


def is_drawn(world: World, case: Complaint, audience: Audience, walk: Walk, browser: Client) -> None:
    address = audience.url(case, walk.name)
    assert is_linked(browser, audience, case, walk)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = pseudo.CODE
    opened = browser.get(address)
    del browser.cookies[settings.LANGUAGE_COOKIE_NAME]
    is_in_the_third_language(opened)
    page = checked(opened, 200)
    # A form like any other, that needs no script: what is typed has a place in it.
    form = the_form(page)
    assert (page.count("<h1"), form.method) == (1, "post")
    fields = (walk.says(world, case) | audience.more).keys() - BUTTONS
    assert fields <= form.values.keys() | form.choices.keys()
    assert " hx-" not in page


def the_form(page: str) -> Form:
    """The one that is sent to the page itself."""
    return next(form for form in forms_of(page) if "idempotency_key" in form.values and not form.action)


def is_named_where_it_is_wrong(world: World, case: Complaint, audience: Audience, walk: Walk, browser: Client) -> None:
    """Bad input is named at its field, and what was typed is kept."""
    address, more = audience.url(case, walk.name), audience.more | audience.read_back
    if not walk.is_easy:
        assert send(browser, address, more).status_code == 422
    for typed, wrong, *text in walk.wrong:
        answer = send(browser, address, typed | more)
        assert answer.status_code == 422, (typed, shown(answer))
        form, page = answer.context["form"], shown(answer)
        assert (wrong in form.errors) if wrong else form.non_field_errors(), (typed, form.errors)
        assert not missing_in(page, "error-summary", "<title>有误：")
        assert all(said in str(form.errors[wrong]) for said in text)
        assert not wrong or re.search(rf'id="id_{wrong}(_error|")', page)
        for value in typed.values():
            if isinstance(value, str) and value.strip() and not value.isascii():
                assert escape(value) in page
    # How the officer knows who spoke has to be right as well.
    for name in audience.more:
        checked(send(browser, address, walk.says(world, case) | more | {name: ""}), 422, f'href="#id_{name}')


def is_taken_once(world: World, case: Complaint, audience: Audience, walk: Walk, browser: Client) -> None:
    address, typed, before = audience.url(case, walk.name), walk.says(world, case) | audience.more, steps_of(case)
    status, outcome = case.status, case.outcome
    if audience.read_back and audience.pages[walk.name.partition("/")[0]].decides:
        back = checked(send(browser, address, typed), 200)
        kept = {name: value[-1] if isinstance(value, list) else value for name, value in typed.items()}
        assert kept.items() <= the_form(back).values.items()
        assert send(browser, address, typed | {"by_stage": "read"}).status_code == 422
        assert steps_of(case) == before
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = pseudo.CODE
    first, again = (send(browser, address, typed | audience.read_back, key="k" * 20) for _ in range(2))
    checked(first, 302)
    if walk.is_out:
        assert again.status_code in (404, 409)
    else:
        assert (again.status_code, again["Location"]) == (302, first["Location"])
    case.refresh_from_db()
    assert (case.status, case.outcome) == (walk.to or status, outcome if walk.outcome is None else walk.outcome)
    step = walk.step or audience.pages[walk.name.partition("/")[0]].steps[0]
    assert steps_of(case)[len(before) :].count(step) == 1
    entry = HandlingStep.objects.filter(complaint=case, step=step).latest("pk")
    # Whoever wrote it down for somebody stands in the record, and in no other case.
    assert (entry.recorded_by is not None) == bool(audience.read_back)
    assert entry.actor_role == (audience.role or entry.actor_role)
    assert given.stands(case)
    # What is shown next is in order, with the message of what was done.
    after = browser.get(first["Location"], follow=True)
    assert after.status_code == 200
    is_in_the_third_language(after)


#: What may be shown as it is: of the newest walk that had something new.
NAMES = [Known()]


def is_in_the_third_language(answer: Any) -> None:
    """Nothing Chinese and nothing English is left but names, what was typed and what was recorded."""
    language, texts = texts_of(shown(answer))
    if NAMES[0].left(texts):
        NAMES[0] = reading.read()
    assert (language, NAMES[0].left(texts)) == (pseudo.CODE, set())


def is_refused_where_it_is_not_open(world: World, case: Complaint, audience: Audience, walk: Walk) -> None:
    """Not offered, and refused with the reason; nothing typed is lost."""
    browser, address, before = audience.browser(world, case, walk), audience.url(case, walk.name), steps_of(case)
    assert not is_linked(browser, audience, case, walk)
    opened, why = browser.get(address), walk.why or audience.why
    if audience.refuses:
        assert opened.status_code == 409
    elif walk.name.startswith("offer/"):
        assert (opened.status_code, "不能再答复" in shown(opened)) == (200, True)
    else:
        assert (opened.status_code, opened["Location"]) == (302, audience.home(case))
        assert (why if audience is ENTERPRISE else "这一步现在不能办") in shown(
            browser.get(opened["Location"])
        ).partition("<h1")[0]
    typed = {} if callable(walk.typed) else walk.typed
    checked(send(browser, address, typed | audience.more | audience.read_back | {"text": LONG}), 409, LONG, why)
    assert steps_of(case) == before

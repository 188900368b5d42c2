"""Pages that only a link, a code or the demo opens, in the third language."""

import re
from copy import deepcopy
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.test import Client

from accounts.models import OutgoingMessage, User
from accounts.sign_in import codes
from accounts.sign_in.entering import CONFIRMED
from complaints import handling
from complaints.handling.steps import mediation
from complaints.links import tracking
from complaints.models import Notice, OfficialDocument
from complaints.pages.enrolment.enrol import HELD, PAPERS
from complaints.parties.actors import officer
from complaints.procedure.refusals import StepNotAllowed
from enterprises.models import EnrolmentApplication
from odr_portal.site import views
from tests import undone
from tests.language.reading import Known
from tests.language.test_letters import write_each
from tests.language.walking import Shown, browsing, filled_in, looked, reader
from tests.walls.calling import Answer
from tests.walls.sweeping import NOWHERE
from tests.walls.world import World

_LINK = re.compile(r"https://example\.com(/\S*)")


def left(browser: Client, paths: list[str], names: Known) -> set[str]:
    """What is left on these pages, and on those to which their forms lead."""
    wrong, done = set[str](), set[tuple[str, ...]]()
    for path in paths:
        shown = looked(browser, path)
        assert shown.answer.status == 200, path
        for page in (shown, *filled_in(browser, shown, done)):
            wrong |= page.left(names)
    return wrong


def test_what_every_link_of_every_letter_and_the_mail_of_the_demo_open(
    world: World, names: Known, settings: Any
) -> None:
    settings.SITE_URL = "https://example.com"
    wrong, done, opened = set[str](), set[tuple[str, ...]](), set[str]()
    with undone():
        write_each(world)
        for row in OutgoingMessage.objects.all():
            for path in _LINK.findall(row.body):
                browser = browsing()
                if row.person_key:
                    browser.force_login(User.objects.get(person_key=row.person_key))
                shown = looked(browser, path)
                opened.add(f"{path.split('/')[1]} {shown.answer.status}")
                for page in (shown, *filled_in(browser, shown, done)):
                    wrong |= page.left(names)
        settings.DEMO, names = True, deepcopy(names)
        # What a letter says proves itself elsewhere.
        for row in [*OutgoingMessage.objects.all(), *Notice.objects.all()]:
            for text in (row.subject, row.body, getattr(row, "short", "")):
                names.add(text)
        wrong |= left(browsing(), ["/demo/mail/", "/demo/mail/?q=0000", "/account/sign-in/"], names)
    assert opened >= {"cases 200", "station 200", "account 200", "enterprise 200", "administration 200"}
    assert not wrong, "\n".join(sorted(wrong))


def test_the_own_application_and_recovery_codes(world: World, names: Known) -> None:
    with undone():
        EnrolmentApplication.objects.filter(pk=world.things["application"]).update(state="asked_back")
        browser = browsing()
        session = browser.session
        session[HELD] = world.things["application"]
        session.save()
        browser.cookies["sessionid"] = session.session_key
        home = "/enterprise/enrol/application/"
        steps = re.findall(rf'href="({home}\w+/)', looked(browser, home).answer.text)
        assert len(set(steps)) > 2
        papers = [f"/enterprise/enrol/papers/{kind}/" for kind in PAPERS]
        wrong = left(browser, ["/enterprise/enrol/", home, *steps, *papers], names)
    assert not wrong, "\n".join(sorted(wrong))
    browser = browsing()
    with undone():
        browser.force_login(world.target.consumer)
        session = browser.session
        session[CONFIRMED] = int(world.now.timestamp())
        session.save()
        wrong = left(browser, ["/account/second-factor/recovery-codes/", "/account/second-factor/set-up/"], names)
    assert not wrong, "\n".join(sorted(wrong))


def test_the_paper_for_the_court(world: World, names: Known) -> None:
    case = world.target.case("mediating")
    county = officer([world.officers["authority_handler", "own"]])
    promise = handling.Promise(kind="transfer", what="x", amount="1", due_on=date.today() + timedelta(days=20))
    agreed = mediation.record_agreement(text="x", promises=[promise])
    browser = browsing()
    with undone():
        (taken,) = handling.take_each([(case.pk, agreed, county)], now=world.now)
        assert taken.refusal is None
        browser.force_login(world.target.consumer)
        names = deepcopy(names)
        names.add(OfficialDocument.objects.get(complaint=case, form=9).reference)
        wrong = left(browser, [f"/cases/{case.number}/court/", f"/cases/{case.number}/"], names)
    assert not wrong, "\n".join(sorted(wrong))


#: The address of whoever reads the page in which all of this goes wrong.
PLACE = "/how/"
LONG = {"name": "0" * 20, "idempotency_key": "error-00000001"}


def said(answer: Answer, names: Known) -> set[str]:
    assert "<html" in answer.text
    return Shown(str(answer.status), "", answer.path, answer).left(names)


def test_what_a_page_raises(world: World, names: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a view, and around the views, where the database is away before anybody knows who asks."""
    for status, error in (
        (400, SuspiciousOperation()),
        (403, PermissionDenied()),
        (404, Http404()),
        (409, StepNotAllowed("not_now", "x")),
        (500, ZeroDivisionError()),
        (503, OperationalError()),
    ):
        for who in ("nobody", "consumer"):
            with undone(), mock.patch.object(views, "render", side_effect=error):
                answer = reader(world.person(who), world).call("GET", PLACE)
            assert (answer.status, said(answer, names)) == (status, set()), who
    caller = reader(world.person("consumer"), world)
    monkeypatch.setattr(SessionStore, "load", mock.Mock(side_effect=OperationalError()))
    answer = caller.call("GET", PLACE)
    assert (answer.status, said(answer, names)) == (503, set())


def test_what_is_asked_wrongly(world: World, names: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    until = world.now + timedelta(minutes=10)
    for module, name in ((codes, "waits_until"), (tracking, "waits_until")):
        monkeypatch.setattr(module, name, lambda *args, **more: until)
    asked: Any = [
        (400, "GET", PLACE, {}, {"host": "no host"}),
        (400, "POST", "/track/", {"number": "x\0"}, {}),
        (401, "POST", "/account/", LONG, {}),
        (403, "POST", "/track/", LONG, {"csrf": True}),
        (404, "GET", NOWHERE, {}, {}),
        (413, "POST", "/track/", {f"a{n}": "x" for n in range(3000)}, {}),
        (429, "POST", "/account/sign-in/", {"address": "13900007755"}, {}),
        (429, "POST", "/track/", {"number": "20260101-AAAAAAAAAAAA-0", "token": "0" * 30}, {}),
    ]
    for status, method, path, typed, more in asked:
        with undone():
            answer = reader(world.person("nobody"), world).call(method, path, LONG | typed, **more)
        assert (answer.status, said(answer, names)) == (status, set()), path

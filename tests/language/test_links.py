"""Pages that only a link, a code or the demo opens, in the third language."""

import re
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from django.test import Client

from accounts.models import OutgoingMessage, User
from accounts.sign_in.entering import CONFIRMED
from complaints import handling
from complaints.handling.steps import mediation
from complaints.models import Notice, OfficialDocument
from complaints.pages.enrolment.enrol import HELD, PAPERS
from complaints.parties.actors import officer
from enterprises.models import EnrolmentApplication
from tests.language.known import Known
from tests.language.test_letters import write_each
from tests.language.walking import browsing, filled_in, looked
from tests.walls.world import World, undone

_LINK = re.compile(r"https://example\.com(/\S*)")


def left(browser: Client, paths: list[str], names: Known, *, status: int = 200, done: Any = None) -> set[str]:
    """What is left on these pages, and on those to which their forms lead."""
    wrong: set[str] = set()
    done = set() if done is None else done
    for path in paths:
        shown = looked(browser, path)
        assert shown.answer.status == status, path
        for page in (shown, *filled_in(browser, shown, done)):
            wrong |= page.left(names)
    return wrong


def test_what_every_link_of_every_letter_opens(world: World, names: Known, settings: Any) -> None:
    settings.SITE_URL = "https://example.com"
    wrong: set[str] = set()
    done: set[tuple[str, ...]] = set()
    opened: set[str] = set()
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
    assert opened >= {"cases 200", "station 200", "account 200", "enterprise 200", "administration 200"}
    assert not wrong, "\n".join(sorted(wrong))


def test_the_own_application(world: World, names: Known) -> None:
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


def test_recovery_codes(world: World, names: Known) -> None:
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


def test_the_mail_of_the_demo(world: World, names: Known, settings: Any) -> None:
    settings.DEMO = True
    names = deepcopy(names)
    with undone():
        write_each(world)
        # What a letter says proves itself elsewhere.
        for row in [*OutgoingMessage.objects.all(), *Notice.objects.all()]:
            for text in (row.subject, row.body, getattr(row, "short", "")):
                names.add(text)
        wrong = left(browsing(), ["/demo/mail/", "/demo/mail/?q=0000", "/account/sign-in/"], names)
    assert not wrong, "\n".join(sorted(wrong))

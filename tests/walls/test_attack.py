"""`python -m tests.walls.attack` finds nothing where every wall stands, and finds each that was taken away."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone

from accounts import display
from accounts.demo import demo_people
from accounts.sign_in import step_up
from accounts.views import sign_in
from complaints import handling
from complaints.handling.steps import authority
from complaints.parties.actors import SYSTEM, consumer
from complaints.parties.conditions import Conditions
from demo.people import make_people
from demo.texts import MOBILE
from enterprises.models import Branch, Enterprise
from odr_portal.checks import routes
from tests.cast import load_directory
from tests.given import BECAUSE, a_request
from tests.walls import attack
from tests.walls.attacking import doors, filing, getting_in, links, people, programs, walls
from tests.walls.attacking.expected import FRESH_BY_CHOICE, NEEDS_FRESH
from tests.walls.attacking.run import Attack

#: Of everything that could be asked; each kind is tried.
SHARE = 0.012
KINDS = {doors.METHODS, doors.HOSTS, doors.REDIRECTS, doors.CSRF_KIND, filing.UPLOADS, filing.DRAFTS, filing.TRACKING}
KINDS |= {walls.ROLES, walls.OWN, walls.CASES, walls.ROWS, links.LINKS, programs.PROGRAMS}
KINDS |= {getting_in.SESSIONS, getting_in.AGED}


@pytest.fixture
def demo(
    db: None,
    transactional_db: None,
    live_server: Any,
    settings: Any,
    demo_directory: None,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The people of a demo and a case, served by this process."""
    settings.DEMO = True
    more = {"city.approver": ("authority", "approver"), "e02.manager": ("enterprise", "manager")}
    monkeypatch.setattr(people, "BY_PASSWORD", more)
    monkeypatch.setattr(getting_in, "TO_AGE", ("lead", "security"))
    load_directory()
    make_people(rng=Random(1), consumers=0)
    chen, branch, now = demo_people()[0], Branch.objects.get(name="中国移动福州分公司"), timezone.now()
    mobile = Enterprise.objects.select_related("domicile").get(name=MOBILE)
    place: Any = SimpleNamespace(mobile=mobile, fuzhou=branch, region=mobile.domicile, chen=chen)
    filed = handling.file([a_request(place, now=now)], actor=consumer(chen), now=now, conditions=Conditions.at(now))
    to = authority.forward(enterprise_id=mobile.pk, branch_id=branch.pk, because=BECAUSE)
    handling.take(to, [filed[0].pk], actor=SYSTEM, now=now)
    return str(live_server.url)


@pytest.fixture
def ten_minutes() -> Iterator[Any]:
    """Whoever waits is there at once."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield traveller.shift


@pytest.mark.django_db(transaction=True)
def test_the_attack_tries_everything_and_finds_nothing(demo: str, ten_minutes: Any) -> None:
    tally = attack.run(demo, share=SHARE, seed=5, wait=ten_minutes, say=lambda _: None)
    assert not tally.wrong, tally.wrong
    assert not tally.left_out
    assert set(tally.probes) == KINDS


@pytest.mark.django_db(transaction=True)
def test_the_attack_names_what_is_answered_wrongly(
    demo: str, ten_minutes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_up, "is_fresh", lambda request, *, now: True)
    monkeypatch.setattr(sign_in, "safe_next", lambda request, target, *, otherwise="/": target or otherwise)
    monkeypatch.setattr(display, "safe_next", lambda request, target, *, otherwise="/": target or otherwise)
    monkeypatch.setattr("access.middleware.roles_held", lambda user, *, on: frozenset({"consumer", "manager"}))
    for name, answer in (("_check_token", None), ("_origin_verified", True)):
        monkeypatch.setattr(CsrfViewMiddleware, name, lambda *_, answer=answer: answer)
    monkeypatch.setattr(getting_in, "TO_AGE", ())
    run = Attack(demo, people.demo_people(demo), people.stranger(demo), share=SHARE, seed=5, say=lambda _: None)
    aged = getting_in.come_in(run)
    for kind in (walls.pages_of_roles, doors.redirects, doors.forms_of_others):
        kind(run)
    getting_in.aged_sessions(run, aged, wait=ten_minutes)
    tally = run.tally
    assert {getting_in.AGED, doors.REDIRECTS, doors.CSRF_KIND, walls.ROLES} <= set(tally.wrong)
    assert all("POST" in line for line in tally.wrong[doors.CSRF_KIND])


def test_the_attack_refuses_what_is_no_demo_of_this_machine(
    live_server: Any, capsys: pytest.CaptureFixture[str], transactional_db: None
) -> None:
    for url in ("http://portal.example.org", "https://localhost:1", "localhost", "http://localhost:1", live_server.url):
        assert attack.main(["--url", url]) == 2, url
    assert len(capsys.readouterr().err.splitlines()) == 5


def test_every_page_that_asks_for_a_fresh_factor_is_tried_with_an_old_one() -> None:
    asks = {name for name, _path, view in routes() if _is_decorated(view)}
    assert len(asks) > 30
    assert asks <= NEEDS_FRESH.keys() <= asks | FRESH_BY_CHOICE


def _is_decorated(view: Any) -> bool:
    """Whether `fresh_factor` stands somewhere around this view."""
    while view is not None:
        code = getattr(view, "__code__", None)
        if code is not None and code.co_filename == step_up.__file__ and code.co_name == "inner":
            return True
        view = getattr(view, "__wrapped__", None)
    return False

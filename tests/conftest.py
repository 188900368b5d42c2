"""What all tests share: their own database server. The cast is in tests/cast.py.

Three sizes: test-fast leaves out browsers, killed processes and what tests/slow.txt lists; test leaves out what is
`full`, and of browsers and killed processes what the commit does not choose; test-full runs everything.
"""

import gc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import translation

from accounts.keys import keyring
from accounts.sign_in import entering
from accounts.sign_in.sessions import SessionStore
from complaints.record import clock
from oversight.open_data import issuing
from oversight.presenting import choosing
from tests import PATIENCE, by_commit, slow
from web import small_numbers

pytest_plugins = ["tests.server", "tests.cast", "tests.logs"]

#: The same again in crossed looks: for the long run.
FULL = (
    "tests/complaints/evidence/test_long_bodies.py",
    "tests/browser/test_elder.py",
    "tests/browser/test_components.py",
    "tests/browser/test_outbound.py",
    "tests/browser/enterprise/test_enterprise_morning.py",
    "tests/walls/sweep/test_doors.py::test_T01_T09_everybody_in_every_status",
    "tests/walls/test_business.py::test_T87_of_fifty_at_once_one_takes_each_step_that_moves_a_case",
    "tests/faults/test_tables.py::test_a_table_is_carried_out_once_whoever_is_killed",
    "tests/browser/consumer/test_consumer.py::test_large_text_and_dark_are_clean_too",
    # Whole journeys over running processes; their steps are taken one by one in tests/complaints/pages.
    "tests/browser/test_journeys.py::test_a_mistaken_yes_is_taken_back_once",
    "tests/browser/test_journeys.py::test_stopping_leads_to_the_county_and_to_no_other",
    "tests/browser/enterprise/test_enrolment_journey.py",
    "tests/browser/mediation/test_mediation_journey.py::test_an_appraisal_pause_an_agreement_and_a_document",
    "tests/browser/authority/test_law.py::test_the_calendar_of_next_year_moves_what_hangs_on_it",
    # The months are compared with each change, by the same code.
    "tests/oversight/open_data/test_together.py::test_quarters_and_the_sums_of_the_first_page_and_the_league",
    "tests/routing/importing/test_rows.py::test_killed_or_stopped_in_the_middle_nothing_is_lost_or_doubled[stopped]",
)

#: Of the tests that need a browser or a running portal, so many run with each commit, which chooses them.
SHARES = {"browser": 0.6, "one_portal": 0.5}

#: Minutes each: they begin first, so that the other worker has the short ones to share until the end.
LONGEST = ("tests/walls/sweep/", "tests/faults/", "tests/browser/", "tests/api/test_fuzz.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    listed = slow.listed()
    for item in items:
        if slow.name(item) in listed:
            item.add_marker("slow")
        if item.nodeid.startswith(FULL):
            item.add_marker("full")
    dice = by_commit()
    for fixture, share in SHARES.items():
        short = [
            one for one in items if fixture in getattr(one, "fixturenames", ()) and not one.get_closest_marker("full")
        ]
        for item in dice.sample(short, round(len(short) * (1 - share))):
            item.add_marker("full")


def pytest_collection_finish() -> None:
    """The garbage collector does not look at the thousands of tests again and again: an eighth of their CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _pages_of_a_test_are_open(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that brings its own addresses is no page of the portal: permissions.csv does not know them."""
    has_own = request.node.get_closest_marker("urls") is not None
    if has_own:
        monkeypatch.setattr("access.middleware.is_public", lambda *_: True)
        entering.is_here.cache_clear()
    yield
    if has_own:
        # Which addresses there are is remembered.
        entering.is_here.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def _files_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests keep is not among the files of `make run`, which another user may own."""
    with override_settings(
        EVIDENCE_ROOT=str(tmp_path_factory.mktemp("evidence")), EXPORT_ROOT=str(tmp_path_factory.mktemp("exports"))
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def _months_are_told_exactly() -> Iterator[None]:
    """Whatever the month in which the tests run; those of rounded months say from when on (``rounded_from``)."""
    patch = pytest.MonkeyPatch()
    for module in (issuing, small_numbers):
        patch.setattr(module, "ROUNDED_FROM", date(2199, 1, 1))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _clocks_are_trusted() -> Iterator[None]:
    """Tests set the clock as they like, and the database keeps its own; tests/proof/test_clock.py compares them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(clock, "look", lambda **_: clock.Verdict(clock.Answer.GO))
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_test_reads_the_page_of_another() -> None:
    """Pages of the public are answered from memory for a minute (accounts/public_pages.py)."""
    cache.clear()


@pytest.fixture(autouse=True)
def _each_test_begins_in_chinese() -> Iterator[None]:
    """A request in English leaves its language behind in the thread that asked."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _counts_may_take_their_time() -> Iterator[None]:
    """A page gives up counting after seconds; in a test only what hangs is given up, as in tests/server.py."""
    patch = pytest.MonkeyPatch()
    patch.setattr(choosing, "LONGEST", 1000 * PATIENCE)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _keys_are_held_for_a_run() -> Iterator[None]:
    """What a page asks of the database is counted, whatever minute it is; tests/accounts/keys has a minute's end."""
    patch = pytest.MonkeyPatch()
    patch.setattr(keyring, "HELD_FOR", 100 * PATIENCE)
    yield
    patch.undo()


#: Beyond every clock that a test sets.
ALWAYS = int(datetime(2199, 1, 1, tzinfo=UTC).timestamp())
_force_login = Client.force_login


def force_login(self: Client, user: Any, backend: str | None = None) -> None:
    """What nearly every test means: somebody who is in, factor shown, whatever the clock says then. A new browser gets
    its session by one insert instead of sixteen statements."""
    shown = dict.fromkeys((entering.ENTERED, entering.SEEN, entering.VERIFIED, entering.CONFIRMED), ALWAYS)
    if self.cookies:
        _force_login(self, user, backend)
        session = self.session
        session.update(shown)
        session.save()
        return
    session = SessionStore()
    person = {SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash()}
    session.update(person | {BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0]} | shown)
    session.create()
    self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key


@pytest.fixture(autouse=True, scope="session")
def signed_in_with_everything() -> Iterator[None]:
    """``client.force_login`` gives a session with the second factor. How sessions begin is tested in tests/accounts."""
    patch = pytest.MonkeyPatch()
    patch.setattr(Client, "force_login", force_login)
    yield
    patch.undo()

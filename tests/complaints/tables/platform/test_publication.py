"""What the public may read of a closed complaint: masked, with consent, the enterprise's reply beside it."""

from django.test import Client
from django.utils import timezone

from complaints.acceptance import publication
from complaints.handling.steps import both, casework, enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.tables.platform.conftest import at, filled

S = Status
HOME = "/authority/publication/"


def closed(world: World, *, consent: bool = True) -> Complaint:
    case = given.a_complaint(world, status=S.CLOSED, now=timezone.now())
    if consent:
        given.step(case, both.give_publication_consent(), world.consumer, timezone.now())
    Complaint.objects.filter(pk=case.pk).update(handling_authority=world.gulou)
    return case


def page_of(browser: Client, case: Complaint) -> str:
    return browser.get(f"/authority/cases/{case.number}/publication/").content.decode()


def test_the_preview_holds_nothing_that_leads_to_the_consumer(world: World) -> None:
    case = closed(world)
    given.step(case, enterprise.reply_publicly(text="已全部退还。"), world.handler, timezone.now())
    browser = at(world.rui)
    assert case.number in browser.get(HOME).content.decode()
    page = page_of(browser, case).partition('id="h-preview"')[2].partition("</section>")[0]
    assert "陈**" in page
    assert "已全部退还。" in page
    for secret in ("陈试", "13800000001", "某路1号", "我没有开通过"):
        assert secret not in page


def test_published_and_withheld_are_decided_on_the_page_and_nothing_without_consent(world: World) -> None:
    case, other = closed(world), closed(world)
    browser = at(world.rui)
    there = f"/authority/cases/{case.number}/publication/"
    assert browser.post(there, filled(decision="publish", text="")).status_code == 302
    case.refresh_from_db()
    assert publication.state_of(case) == publication.SHOWN
    assert case.number in browser.get(f"{HOME}?state=shown").content.decode()
    elsewhere = f"/authority/cases/{other.number}/publication/"
    assert browser.post(elsewhere, filled(decision="withhold", text="")).status_code == 422
    assert browser.post(elsewhere, filled(decision="withhold", text="涉及商业秘密")).status_code == 302
    assert other.number in browser.get(f"{HOME}?state=withheld").content.decode()
    assert other.number not in browser.get(f"{HOME}?state=shown").content.decode()
    case = closed(world, consent=False)
    browser = at(world.rui)
    assert case.number not in browser.get(HOME).content.decode()
    assert "publication/" not in browser.get(f"/authority/cases/{case.number}/").content.decode()


def test_a_consent_that_is_taken_back_hides_it_at_once(world: World) -> None:
    case = closed(world)
    given.step(case, casework.publish(), world.officer, timezone.now())
    given.step(case, both.withdraw_publication_consent(), world.consumer, timezone.now())
    browser = at(world.rui)
    assert publication.state_of(case) == ""
    for state in publication.STATES:
        assert case.number not in browser.get(f"{HOME}?state={state}").content.decode()
    assert browser.get(f"/authority/cases/{case.number}/publication/").status_code in (302, 409)
    # Given again, it waits for a new decision.
    given.step(case, both.give_publication_consent(), world.consumer, timezone.now())
    assert publication.state_of(case) == publication.WAITING


def test_the_list_costs_the_same_however_long_it_is(world: World, django_assert_max_num_queries: object) -> None:
    browser = at(world.rui)
    closed(world)
    browser.get(HOME)
    with django_assert_max_num_queries(20) as few:  # type: ignore[operator]
        browser.get(HOME)
    pinned = len(few)
    for _n in range(6):
        closed(world)
    with django_assert_max_num_queries(pinned):  # type: ignore[operator]
        browser.get(HOME)


def test_a_salutation_is_shown_where_it_was_given() -> None:
    for name, shown in (
        ("陈女士", "陈女士"),
        ("欧阳先生", "欧阳先生"),
        (" 李先生 ", "李先生"),
        # A whole name is never shown for the sake of its ending, nor is a salutation guessed.
        ("陈小女士", "陈**"),
        ("陈雨桐", "陈**"),
        ("Anna Smith", "A***"),
        ("先生", "先**"),
        ("", ""),
    ):
        assert publication.published_name(name) == shown

"""What the public may read of a closed complaint: masked, with consent, the enterprise's reply beside it."""

from django.utils import timezone

from complaints.acceptance import publication
from complaints.handling.steps import both, casework, enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_desk import costs_the_same, shown
from tests.complaints.tables.platform.conftest import at, filled

HOME = "/authority/publication/"


def closed(world: World, *, consent: bool = True) -> Complaint:
    case = given.a_complaint(world, status=S.CLOSED, now=timezone.now())
    if consent:
        given.step(case, both.give_publication_consent(), world.consumer, timezone.now())
    Complaint.objects.filter(pk=case.pk).update(handling_authority=world.gulou)
    return case


def test_the_preview_holds_nothing_that_leads_to_the_consumer_and_a_longer_list_costs_the_same(world: World) -> None:
    case, browser = closed(world), at(world.rui)
    given.step(case, enterprise.reply_publicly(text="已全部退还。"), world.handler, timezone.now())
    assert case.number in shown(browser.get(HOME))
    page = shown(browser.get(f"/authority/cases/{case.number}/publication/"))
    preview = page.partition('id="h-preview"')[2].partition("</section>")[0]
    assert not missing_in(preview, "陈**", "已全部退还。")
    assert not found_in(preview, "陈试", "13800000001", "某路1号", "我没有开通过")
    costs_the_same(browser, HOME, lambda: [closed(world) for _ in range(6)], at_most=20)


def test_published_and_withheld_are_decided_on_the_page_and_nothing_without_consent(world: World) -> None:
    case, other = closed(world), closed(world)
    browser, there = at(world.rui), f"/authority/cases/{case.number}/publication/"
    assert browser.post(there, filled(decision="publish", text="")).status_code == 302
    assert publication.state_of(reloaded(case)) == publication.SHOWN
    assert case.number in shown(browser.get(f"{HOME}?state=shown"))
    elsewhere = f"/authority/cases/{other.number}/publication/"
    assert browser.post(elsewhere, filled(decision="withhold", text="")).status_code == 422
    assert browser.post(elsewhere, filled(decision="withhold", text="涉及商业秘密")).status_code == 302
    assert other.number in shown(browser.get(f"{HOME}?state=withheld"))
    assert other.number not in shown(browser.get(f"{HOME}?state=shown"))
    case = closed(world, consent=False)
    assert case.number not in shown(browser.get(HOME))
    assert "publication/" not in shown(browser.get(f"/authority/cases/{case.number}/"))


def test_a_consent_that_is_taken_back_hides_it_at_once(world: World) -> None:
    case = closed(world)
    given.step(case, casework.publish(), world.officer, timezone.now())
    given.step(case, both.withdraw_publication_consent(), world.consumer, timezone.now())
    browser = at(world.rui)
    assert publication.state_of(case) == ""
    for state in publication.STATES:
        assert case.number not in shown(browser.get(f"{HOME}?state={state}"))
    assert browser.get(f"/authority/cases/{case.number}/publication/").status_code in (302, 409)
    # Given again, it waits for a new decision.
    given.step(case, both.give_publication_consent(), world.consumer, timezone.now())
    assert publication.state_of(case) == publication.WAITING


def test_a_salutation_is_shown_where_it_was_given() -> None:
    # A whole name is never shown for the sake of its ending, nor is a salutation guessed.
    results = {"陈女士": "陈女士", "欧阳先生": "欧阳先生", " 李先生 ": "李先生", "陈小女士": "陈**", "陈雨桐": "陈**"}
    for name, result in (results | {"Anna Smith": "A***", "先生": "先**", "": ""}).items():
        assert publication.published_name(name) == result

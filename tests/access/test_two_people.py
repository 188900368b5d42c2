"""Two approvals are by two persons: another account, phone and session; the same device is shown and recorded."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.keys import row_tags
from accounts.models import Administrator, DecisionPart, HousePhone, OutgoingMessage, SecurityEvent, User
from accounts.sign_in import changes, known_browsers, persons
from accounts.sign_in.contacts import Contact
from accounts.sign_in.own_phone import PhoneTaken
from complaints import handling
from complaints.handling.steps import proposals
from complaints.handling.transition import two_persons
from complaints.models import HandlingStep, Matter, Offer
from complaints.procedure.workflow import Status
from enterprises.models import Staff, TwoPersons
from oversight.administration import duty_changes
from tests import at_once, given, missing_in, reloaded
from tests.access.test_administration import keepers, page_of
from tests.access.test_team import person
from tests.accounts.authenticator import app_code, newest_code
from tests.accounts.test_second_factor import KEY, NOW, give_password, set_up_app
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, checked, send, shown, signed_in

__all__ = ["keepers"]
PROVE = "/account/change/own-phone/"
PHONE, GRANTED = "13800007777", {"decision": "grant", "text": ""}
SAME_DEVICE = "这是在您现在用的这台设备上提出的"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def unproved(*people: User) -> None:
    for one in people:
        one.own_phone = None
        one.save(update_fields=["own_phone"])


def proves(client: Client, phone: str = PHONE) -> Any:
    """What the page answers to the right code."""
    assert send(client, PROVE, {"address": phone}).url == f"{PROVE}code/"
    return send(client, f"{PROVE}code/", {"code": newest_code()})


def at_device(user: User, device: str) -> Client:
    """A browser that keeps the cookie of this device."""
    client = signed_in(user)
    client.cookies[known_browsers.cookie_name()] = signing.dumps([device], salt="accounts.known_browsers")
    return client


def sends_an_offer(world: World, client: Client) -> Any:
    """Ming's firm lets another person approve what it refuses: his offer is proposed."""
    typed = {"refusals": True, "set_by": world.lead, "set_at": WEDNESDAY}
    TwoPersons.objects.get_or_create(enterprise=world.mobile, ended_at=None, defaults=typed)
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    return case, send(client, address(case, "offer"), OFFER)


def approval_of(case: Any) -> str:
    return f"/enterprise/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"


# --- one phone, one person in a house ---------------------------------------------------------------------------------


def test_T97_a_phone_is_one_persons_in_a_house_and_the_form_says_whose_it_is_not(world: World, clock: Any) -> None:
    unproved(world.ming, world.lead, world.hua)
    assert proves(signed_in(world.lead)).url == "/account/"
    ming = signed_in(world.ming)
    page = checked(proves(ming), 409, "新手机号", "本单位另一个账号的本人手机也是这个号码", 'value="+8613800007777"')
    assert "请填您自己的手机" in page
    assert reloaded(world.ming).own_phone is None
    # In another house it may be somebody else, and his own is good.
    assert proves(signed_in(world.hua)).status_code == 302
    assert proves(ming, "13800008888").url == "/account/"
    assert "138****8888" in shown(ming.get("/account/"))
    assert row_tags.stands(reloaded(world.ming))
    assert SecurityEvent.objects.filter(kind="own_phone_proved").count() == 3


def test_T97_whoever_left_gives_the_phone_up_and_a_taken_one_brings_nobody_in(world: World, clock: Any) -> None:
    unproved(world.ming, world.lead, world.hua)
    proves(signed_in(world.hua))
    proves(signed_in(world.lead))
    hua = Staff.objects.get(user=world.hua)
    with pytest.raises(PhoneTaken):
        changes.own_phone.claim(reloaded(world.hua), [f"enterprise {world.mobile.pk}"])
    Staff.objects.filter(user=world.lead).update(ends_on=WEDNESDAY.date() - timedelta(days=1))
    assert proves(signed_in(world.ming)).url == "/account/"
    assert HousePhone.objects.filter(user=world.lead).count() == 0
    assert hua.user_id in HousePhone.objects.values_list("user", flat=True)


@pytest.mark.django_db(transaction=True)
def test_T97_two_who_prove_the_same_phone_at_once_are_not_both_taken(world: World) -> None:
    unproved(world.ming, world.lead)
    phone, origin = Contact("sms", "+8613800007777"), changes.Origin(place="http://testserver", address="192.0.2.1")
    both = (
        partial(changes.prove_own_phone, user, phone, origin=origin, now=timezone.now())
        for user in (world.ming, world.lead)
    )
    assert sorted(isinstance(one, PhoneTaken) for one in at_once(*both, refusal=PhoneTaken)) == [False, True]
    assert HousePhone.objects.filter(house=f"enterprise {world.mobile.pk}").count() == 1


def test_T97_a_stranger_is_not_asked_and_a_change_is_told_and_undone_from_the_letter(world: World, clock: Any) -> None:
    assert signed_in(world.chen).get(PROVE).status_code == 404
    client = signed_in(world.ming)
    old = world.ming.own_phone
    assert "更换" in shown(client.get("/account/"))
    OutgoingMessage.objects.all().delete()
    proves(client)
    assert reloaded(world.ming).contact_changed_at == NOW, "for a day nothing that matters is done"
    told = {row.address: row.body for row in OutgoingMessage.objects.filter(useful_until__gt=NOW + timedelta(hours=1))}
    assert told.keys() == {"ming@example.com", old}
    link = re.search(r"/account/undo/[\w-]+/", told["ming@example.com"])
    assert link is not None
    Client().post(link.group(), KEY)
    assert reloaded(world.ming).own_phone == old
    assert row_tags.stands(reloaded(world.ming))


def test_T97_who_has_proved_none_is_asked_after_signing_in_and_on_each_page(world: World, clock: Any) -> None:
    unproved(world.ming)
    client = Client()
    give_password(client)
    page = re.search(r'id="app-key">([A-Z2-7 ]+)<', shown(client.get("/account/second-factor/set-up/")))
    assert page is not None
    codes = send(client, "/account/second-factor/set-up/", {"code": app_code(page.group(1), now=NOW)})
    assert f'href="{PROVE}?next=' in shown(codes)
    # Later, in another browser.
    clock.shift(timedelta(hours=1))
    again = Client()
    answer = again.post(give_password(again), {"code": app_code(page.group(1), now=NOW + timedelta(hours=1)), **KEY})
    assert answer.url == f"{PROVE}?next=%2Fenterprise%2Fmine%2F"
    checked(again.get(answer.url), 200, "本人手机", 'href="/enterprise/mine/"', "以后再说")
    assert f'href="{PROVE}"' in shown(again.get("/enterprise/mine/"))
    assert send(again, answer.url, {"address": PHONE, "next": "/enterprise/mine/"}).status_code == 302
    done = send(again, f"{PROVE}code/", {"code": newest_code(), "next": "/enterprise/mine/"})
    assert done.url == "/enterprise/mine/"
    assert f'href="{PROVE}"' not in shown(again.get("/enterprise/mine/"))


# --- the second person ------------------------------------------------------------------------------------------------


def test_T97_one_human_with_two_mailboxes_approves_nothing_at_an_enterprise(world: World) -> None:
    case, _answer = sends_an_offer(world, signed_in(world.ming))
    lead = signed_in(world.lead)
    own = world.lead.own_phone
    for phone, why in ((world.ming.own_phone, "算一个人"), (None, "先要验证您的本人手机")):
        world.lead.own_phone = phone
        world.lead.save(update_fields=["own_phone"])
        checked(send(lead, approval_of(case), GRANTED), 409, why)
    assert not Offer.objects.filter(complaint=case).exists()
    world.lead.own_phone = own
    world.lead.save(update_fields=["own_phone"])
    assert send(lead, approval_of(case), GRANTED).status_code == 302
    assert Offer.objects.filter(complaint=case).exists()


def test_T97_who_has_proved_no_phone_proposes_nothing_and_the_page_leads_to_where_it_is_proved(world: World) -> None:
    unproved(world.ming)
    client = signed_in(world.ming)
    case, answer = sends_an_offer(world, client)
    checked(answer, 409, "先要验证您的本人手机", f'href="{PROVE}"')
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()


def test_T97_one_human_with_two_mailboxes_decides_nothing_at_an_authority(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    move = handling.MOVES["refuse"](ground="other_law", facts="另有专门规定，依法由其他部门处理，不予受理。")
    given.step(case, proposals.propose(move=move), world.officer, timezone.now())
    head = world.head_officer.user
    own = head.own_phone
    head.own_phone = world.rui.own_phone
    head.save(update_fields=["own_phone"])
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    checked(send(signed_in(head), url, GRANTED), 409, "算一个人")
    assert reloaded(case).status == Status.REVIEW
    head.own_phone = own
    head.save(update_fields=["own_phone"])
    assert send(signed_in(head), url, GRANTED).status_code == 302
    assert reloaded(case).status == Status.CLOSED


def test_T97_one_human_with_two_mailboxes_gives_no_duty(world: World, keepers: dict[str, User]) -> None:
    new, audit = person("new"), keepers["audit"]
    asked = {"do": "appoint", "kind": "audit"}
    assert send(signed_in(keepers["security"]), page_of(new), asked).status_code == 302
    number = duty_changes.read()[0].number
    own = audit.own_phone
    agreed = {"do": "agree", "number": str(number)}
    audit.own_phone = keepers["security"].own_phone
    audit.save(update_fields=["own_phone"])
    checked(send(signed_in(audit), "/administration/changes/", agreed), 409, "算一个人")
    assert duty_changes.read()[0].agreed_at is None
    audit.own_phone = own
    audit.save(update_fields=["own_phone"])
    # The appointed one cannot take the phone of another administrator with him.
    new.own_phone = own
    new.save(update_fields=["own_phone"])
    HousePhone.objects.create(house="platform", user=audit, phone_index=bytes(reloaded(audit).own_phone_index))
    assert send(signed_in(audit), "/administration/changes/", agreed).status_code == 302
    duty_changes.sweep_duties(now=timezone.now() + timedelta(hours=25))
    assert duty_changes.read()[0].ended == "phone_taken"
    assert not Administrator.objects.filter(user=new).exists()


def test_T97_over_the_session_of_who_asked_nobody_decides_and_after_signing_out_the_device_is_shown_and_recorded(
    world: World, clock: Any
) -> None:
    browser = Client()
    give_password(browser, "ming@example.com")
    set_up_app(browser, now=NOW)
    case, answer = sends_an_offer(world, browser)
    assert answer.status_code == 302
    # Lead signs in over it: the same session goes on.
    give_password(browser, "lead@example.com")
    key, _codes = set_up_app(browser, now=NOW)
    page = shown(browser.get(approval_of(case)))
    assert SAME_DEVICE in page
    checked(send(browser, approval_of(case), GRANTED), 409, "先退出登录")
    assert not Offer.objects.filter(complaint=case).exists()
    browser.post("/account/sign-out/", KEY)
    clock.shift(timedelta(minutes=5))
    now = NOW + timedelta(minutes=5)
    browser.post(give_password(browser, "lead@example.com"), {"code": app_code(key, now=now), **KEY})
    assert SAME_DEVICE in shown(browser.get(approval_of(case)))
    assert send(browser, approval_of(case), GRANTED).status_code == 302
    assert Offer.objects.filter(complaint=case).exists()
    entry = HandlingStep.objects.get(complaint=case, step="approve")
    assert entry.data["same_device"] is True
    assert "和提出时是同一台设备" in shown(browser.get(address(case)))
    # What is kept says nothing of the session or the cookie themselves, nor who has the same phone.
    parts = Matter.objects.get(complaint=case, kind="proposal").data["parts"]
    secrets = [cookie.value for cookie in browser.cookies.values() if cookie.value]
    secrets.append(bytes(User.objects.get(pk=world.ming.pk).own_phone_index or b"").hex())
    assert missing_in(str(parts), *secrets) == secrets


def test_T97_another_device_is_neither_shown_nor_recorded(world: World) -> None:
    case, _answer = sends_an_offer(world, at_device(world.ming, "desk one"))
    lead = at_device(world.lead, "desk two")
    assert SAME_DEVICE not in shown(lead.get(approval_of(case)))
    assert send(lead, approval_of(case), GRANTED).status_code == 302
    assert "same_device" not in HandlingStep.objects.get(complaint=case, step="approve").data


def test_T97_the_device_of_two_officers_and_of_two_administrators_is_shown_and_stands_beside_the_decision(
    world: World, keepers: dict[str, User]
) -> None:
    new = person("new")
    send(at_device(keepers["security"], "desk"), page_of(new), {"do": "appoint", "kind": "audit"})
    change = duty_changes.read()[0]
    audit = at_device(keepers["audit"], "desk")
    assert SAME_DEVICE in shown(audit.get("/administration/changes/"))
    assert SAME_DEVICE not in shown(at_device(keepers["audit"], "other").get("/administration/changes/"))
    assert send(audit, "/administration/changes/", {"do": "agree", "number": str(change.number)}).status_code == 302
    assert duty_changes.read()[0].same_device
    checked(audit.get("/administration/changes/"), 200, "和提出的人同一台设备")
    note = SecurityEvent.objects.get(kind="second_person")
    assert (note.subject, note.reason, note.person_key) == (change.matter, "same_device", keepers["audit"].person_key)
    checked(audit.get("/administration/log/"), 200, "作为第二人决定", "和提出的人同一台设备")
    rui, head = at_device(world.rui, "counter"), at_device(world.head_officer.user, "counter")
    case = given.a_complaint(world, status=Status.REVIEW)
    facts = {"ground": "other_law", "facts": "另有专门规定，依法由其他部门处理，不予受理。"}
    assert send(rui, f"/authority/cases/{case.number}/refuse/", facts).status_code == 302
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    assert SAME_DEVICE in shown(head.get(url))
    assert send(head, url, GRANTED).status_code == 302
    assert HandlingStep.objects.get(complaint=case, step="approve").data["same_device"] is True


def test_T97_a_part_that_was_changed_in_the_database_decides_nothing(world: World, keepers: dict[str, User]) -> None:
    new = person("new")
    send(at_device(keepers["security"], "desk"), page_of(new), {"do": "appoint", "kind": "audit"})
    DecisionPart.objects.update(session="0" * 32)
    agreed = {"do": "agree", "number": str(duty_changes.read()[0].number)}
    checked(send(signed_in(keepers["audit"]), "/administration/changes/", agreed), 409, "这条记录被改动过")


def test_T97_a_phone_planted_with_the_database_alone_makes_no_second_person(world: World) -> None:
    unproved(world.lead)
    case, _answer = sends_an_offer(world, signed_in(world.ming))
    lead = signed_in(world.lead)
    User.objects.filter(pk=world.lead.pk).update(own_phone_index=world.hua.own_phone_index)
    # The row is no longer what the portal wrote: it opens nothing at all.
    assert send(lead, approval_of(case), GRANTED).status_code == 302
    assert lead.get("/account/").status_code == 302
    assert not Offer.objects.filter(complaint=case).exists()


def test_T97_nobody_decides_where_who_asked_is_not_found(world: World, keepers: dict[str, User]) -> None:
    send(signed_in(keepers["security"]), page_of(person("new")), {"do": "appoint", "kind": "audit"})
    # A page may write accounts, so an injected statement may as well: nobody has the key of who asked any more.
    User.objects.filter(pk=keepers["security"].pk).update(person_key=uuid.uuid4())
    agreed = {"do": "agree", "number": str(duty_changes.read()[0].number)}
    checked(send(signed_in(keepers["audit"]), "/administration/changes/", agreed), 409, "这条记录被改动过")
    assert duty_changes.read()[0].agreed_at is None


def test_T97_what_somebody_without_a_proved_phone_proposed_is_not_approved_but_goes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it was proposed before there were parts; who proposed it may have left since.
    with monkeypatch.context() as before:
        before.setattr(two_persons, "asks", lambda _actor: {})
        case, _answer = sends_an_offer(world, signed_in(world.ming))
    unproved(world.ming)
    lead = signed_in(world.lead)
    checked(send(lead, approval_of(case), GRANTED), 409, "提出的人还没有验证本人手机")
    # Planted with the database alone, it is no proof either.
    User.objects.filter(pk=world.ming.pk).update(own_phone_index=world.hua.own_phone_index)
    checked(send(lead, approval_of(case), GRANTED), 409, "提出的人还没有验证本人手机")
    assert send(lead, approval_of(case), {"decision": "refuse", "text": "请重新提出。"}).status_code == 302
    assert Matter.objects.get(complaint=case, kind="proposal").state == "refused"
    assert not Offer.objects.filter(complaint=case).exists()


def test_T97_who_says_no_needs_no_proof_of_who_asked(world: World, keepers: dict[str, User]) -> None:
    asked, audit = [keepers["security"].pk], keepers["audit"]
    persons.ask("something 1", keepers["security"], now=NOW)
    unproved(keepers["security"])
    DecisionPart.objects.update(session="0" * 32)
    with pytest.raises(persons.NotTwoPersons):
        persons.decide("something 1", audit, asked=asked, now=NOW)
    persons.decide("something 1", audit, asked=asked, now=NOW, refuses=True)
    with pytest.raises(persons.NotTwoPersons):
        persons.decide("something 1", keepers["security"], asked=asked, now=NOW, refuses=True)

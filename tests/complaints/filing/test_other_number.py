"""A signed-in person files with another number: the case is that person's, and no second account is made."""

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sign_in.contacts import Contact, user_for
from complaints.models import Complaint
from tests import reloaded
from tests.accounts.authenticator import newest_code
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import OTHER_PHONE, PHONE, send, url
from tests.complaints.filing.test_submit import file, ready
from tests.complaints.pages.links.test_finding import sign_in


def proved(client: Client, town: Town) -> Any:
    """Filed with ``PHONE`` and the code that went to it."""
    draft = ready(client, town)
    given = answers.YOU | {"is_unverified": None}
    send(client, url(draft, "you"), given, send_code="1")
    assert send(client, url(draft, "you"), given, code=newest_code()).status_code == 302
    assert file(client, draft).status_code == 302
    return Complaint.objects.latest("pk")


def test_the_case_is_the_persons_and_the_number_opens_the_same_account_from_then_on(town: Town) -> None:
    owner = user_for(Contact("sms", OTHER_PHONE))
    client = sign_in(OTHER_PHONE.removeprefix("+86"))
    case = proved(client, town)
    assert (case.consumer, case.contact_verified) == (owner, True)
    assert client.get("/account/").context["user"] == owner, "the session is the same person's as before"
    assert reloaded(owner).second_phone == PHONE
    assert sign_in(PHONE.removeprefix("+86")).get("/account/").context["user"] == owner
    # Proven once, it needs no code in the next complaint.
    draft = ready(client, town, you={"is_unverified": None})
    file(client, draft)
    assert Complaint.objects.latest("pk").contact_verified
    assert User.objects.count() == 1


@pytest.mark.parametrize("has_account", [False, True])
def test_in_an_old_session_or_with_another_accounts_number_the_case_is_the_persons_all_the_same(
    town: Town, *, has_account: bool
) -> None:
    owner = user_for(Contact("sms", OTHER_PHONE))
    if has_account:
        user_for(Contact("sms", PHONE))
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = sign_in(OTHER_PHONE.removeprefix("+86"))
        if not has_account:
            clock.shift(11 * 60)
        case = proved(client, town)
    assert (case.consumer, reloaded(owner).second_phone) == (owner, None)
    assert client.get("/account/").context["user"] == owner
    assert User.objects.count() == 1 + has_account

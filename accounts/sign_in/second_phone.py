"""A second number of a consumer's account: whoever proves it is that person, and no other account begins with it."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, override

from accounts.models import User
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.changes import AddressTaken, Origin, change_contact
from accounts.sign_in.contacts import Contact, contacts_of, held_until, known_user, tell
from accounts.sign_in.known_browsers import browser_of, person
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import is_fresh


def may_have_one(user: User) -> bool:
    """People at work sign in by password; their own phone is for something else."""
    return not needs_second_factor(user)


def add(request: HttpRequest, user: User, contact: Contact, *, now: datetime) -> bool:
    """A code has just proved ``contact`` in a session of ``user``: whether it is a second number of the account from
    now on. Only where the session showed within ten minutes who it is, since the number opens the account; where none
    stands there yet; and of nobody else."""
    is_free = contact.channel == "sms" and user.second_phone is None and known_user(contact) is None
    if not (is_free and may_have_one(user) and is_fresh(request, now=now)) or held_until(user, now=now) is not None:
        return False
    origin = Origin(place=place_of(request), address=client_address(request))
    try:
        change_contact(user, contact, is_second=True, origin=origin, now=now)
    except AddressTaken:
        # Somebody was faster.
        return False
    text = gettext("以后用%(masked)s也能登录这个账户。不是您要的？在“我的账号”里去掉。")
    messages.info(request, text % {"masked": contact.masked}, extra_tags="info")
    return True


#: A message about a sign-in is news for so long.
NEWS_FOR = timedelta(days=1)


def tell_others(request: HttpRequest, user: User, contact: Contact, *, now: datetime) -> None:
    """Before somebody comes in by the second number in a browser where this person never was: the other addresses are
    told. A second number is forgotten more easily than the first, and numbers change hands."""
    browser = browser_of(request)
    if contact.address != user.second_phone or (browser is not None and browser.knows(person(user))):
        return
    with override(user.language):
        text = gettext("【12315】有人用第二个手机%(masked)s登录了您的账户。不是您？在“我的账号”里去掉它，或打12315。")
        told = [one for one in contacts_of(user) if one != contact]
        body = text % {"masked": contact.masked}
        tell(user, told, subject=gettext("您的账户有新的登录"), body=body, now=now, useful_for=NEWS_FOR)

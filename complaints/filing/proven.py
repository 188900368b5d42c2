"""Whose a draft is, once a code has proved the number in it."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.models import User
from accounts.sign_in import second_phone
from accounts.sign_in.contacts import Contact, may_sign_in_by_code, user_for
from complaints.filing import drafts
from complaints.models.evidence import FilingDraft


def account_of(request: HttpRequest, draft: FilingDraft, contact: Contact, *, name: str, now: datetime) -> User:
    """Of whoever is signed in, with whatever number: a second number makes no second account. Of the number's account
    for everybody else, a new one if there is none, and at a station, where the clerk is signed in."""
    user = request.user
    if isinstance(user, User) and may_sign_in_by_code(user) and drafts.station_of(draft) is None:
        second_phone.add(request, user, contact, now=now)
        return user
    return user_for(contact, name=name, language=get_language() or settings.LANGUAGE_CODE)

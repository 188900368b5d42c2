"""The own phone of people at work: proved by a code, and one person's alone in each house (persons.py).

Nobody signs in with it and no notice goes to it. It says who is who where a decision takes two persons.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.keys.sealed_fields import digests_of
from accounts.models import HousePhone, User
from accounts.sign_in.backend import needs_second_factor
from database.row_security import working_as_steps
from web.errors import Refusal

#: The platform is the house of its administrators.
PLATFORM = "platform"
#: Relations of a user that mean work → the column of its house, and what that is called. This app knows none of them.
_WORK = {
    "employments": ("enterprise_id", "enterprise"),
    "offices": ("authority_id", "authority"),
    "station_posts": ("station_id", "station"),
}


class PhoneTaken(Refusal):
    """In a house of this person the phone is another account's."""

    def __init__(self) -> None:
        super().__init__(
            "phone_taken",
            gettext(
                "本单位另一个账号的本人手机也是这个号码。一个号码只能是一个人：请填您自己的手机；"
                "如果两个账号都是您的，用那一个，并请管理员结束这一个的岗位。"
            ),
        )


def owes_phone(user: User) -> bool:
    """At work, and no code has proved a phone yet: takes no part in a decision of two persons."""
    return user.own_phone_index is None and needs_second_factor(user) and bool(getattr(user, "has_work", False))


def houses_of(user: User) -> set[str]:
    """Where this person works today or will, and "platform" for an administrator."""
    today, houses = timezone.localdate(), set()
    for relation, (column, kind) in _WORK.items():
        rows: Any = getattr(user, relation, None)
        if rows is not None:
            kept = rows.exclude(ends_on__lt=today).values_list(column, flat=True)
            houses |= {f"{kind} {pk}" for pk in kept}
    return houses | ({PLATFORM} if getattr(user, "duties", None) is not None else set())


@working_as_steps()
def claim(user: User, houses: Iterable[str]) -> None:
    """The proved phone of ``user`` is theirs in these houses. Raises PhoneTaken. Whoever no longer works there gives it
    up: the next one may have the telephone of the desk."""
    if user.own_phone_index is None:
        return
    known = digests_of("phone", user.own_phone or "")
    for house in sorted(houses):
        # The constraint below decides; this finds who left, and digests of an older index key.
        for other in HousePhone.objects.filter(house=house, phone_index__in=known).exclude(user=user):
            if house in houses_of(other.user):
                raise PhoneTaken
            other.delete()
        try:
            with transaction.atomic():
                HousePhone.objects.update_or_create(
                    user=user, house=house, defaults={"phone_index": bytes(user.own_phone_index)}
                )
        except IntegrityError:
            raise PhoneTaken from None


def put(user: User, phone: str | None, *, held_since: datetime | None) -> None:
    """Write it as the own phone and claim it in every house; None: there is none. ``held_since``: for a day from then
    on nothing that matters is done (contacts.py). Raises PhoneTaken."""
    user.own_phone = phone
    if held_since is not None:
        user.contact_changed_at = held_since
    user.save(update_fields=["own_phone", "contact_changed_at"])
    if phone is None:
        HousePhone.objects.filter(user=user).delete()
    else:
        claim(user, houses_of(user))

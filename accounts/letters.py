"""A letter to a person at work."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User

#: Whoever waits for less looks on; the page shows by itself that it is done (static/js/moving.js).
LOOKS_ON = timedelta(minutes=2)
#: How long the end of something is news.
NEWS = timedelta(days=1)


def send_to(
    person: User, text: Callable[[], tuple[str, str]], *, now: datetime, of_use: timedelta, picture: bytes | None = None
) -> None:
    """A letter in the person's own language: ``text`` makes its subject and its body; ``picture``: a PNG beside it."""
    with override(person.language):
        subject, body = text()
    OutgoingMessage.objects.create(
        channel="email",
        address=person.email,
        person_key=person.person_key,
        created_at=now,
        useful_until=now + of_use,
        subject=subject,
        body=body,
        picture=picture,
    )


def tell_of_the_end(
    person: User | None, what: str | Promise, path: str, *, since: datetime, now: datetime, is_failed: bool = False
) -> None:
    """To whoever asked for something that a worker did, in the transaction of its last state. ``what``: with its mark;
    ``path``: of its page; ``since``: when it was asked for."""
    if person is None or not person.is_active or now - since < LOOKS_ON:
        return
    sealed_fields.load_for([person])
    if not person.email:
        return

    def text() -> tuple[str, str]:
        label = gettext("【12315】没有做成：%(what)s") if is_failed else gettext("【12315】已经做好：%(what)s")
        subject = label % {"what": what}
        return subject, f"{subject}\n{settings.SITE_URL}{path}"

    send_to(person, text, now=now, of_use=NEWS)

"""An enterprise replies to its published figures; an officer of its authority checks before it is shown.

One reply waits and one is shown; what was shown stays until the next one was checked.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from authorities.models import Officer
from enterprises.models import Enterprise, PublicReply
from enterprises.models.published import LONGEST

State = PublicReply.State
BATCH = 100


class ReplyRefused(Exception):
    """``field`` names what to change; empty where the reply has moved on."""

    def __init__(self, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.field = field


def write(enterprise: Enterprise, text: str, *, by: User, now: datetime) -> PublicReply:
    """A new reply waits; one that waited already is replaced. Raises ReplyRefused."""
    statement = text.strip()
    if not statement or len(statement) > LONGEST:
        raise ReplyRefused(_("请写1到%(n)s个字。") % {"n": LONGEST}, field="text")
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        PublicReply.objects.filter(enterprise=enterprise, state=State.WAITING).update(state=State.REPLACED)
        return PublicReply.objects.create(enterprise=enterprise, text=statement, written_by=by, written_at=now)


def take_down(enterprise: Enterprise, *, now: datetime) -> int:
    """What waits and what is shown goes at once; how many."""
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        return PublicReply.objects.filter(enterprise=enterprise, state__in=[State.WAITING, State.SHOWN]).update(
            state=State.WITHDRAWN
        )


def decide(reply: PublicReply, ground: str, *, by: User, on: date, now: datetime) -> None:
    """Show it, or refuse it on a ground. Raises ReplyRefused where it has moved on or is another authority's."""
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=reply.enterprise_id)
        held = to_check(by, on=on).filter(pk=reply.pk).first()
        if held is None:
            raise ReplyRefused(_("这条说明刚有变化，请看最新的。"))
        if not ground:
            PublicReply.objects.filter(enterprise=held.enterprise_id, state=State.SHOWN).update(state=State.REPLACED)
        held.state = State.REFUSED if ground else State.SHOWN
        held.ground, held.decided_by, held.decided_at = ground, by, now
        held.save(update_fields=["state", "ground", "decided_by", "decided_at"])


def to_check(user: User, *, on: date) -> QuerySet[PublicReply]:
    """What waits at the authorities where this person may check."""
    offices = Officer.objects.on(on).filter(user=user, role__in=Right.CHECK_REPLY.posts).values("authority_id")
    return (
        PublicReply.objects.filter(state=State.WAITING, enterprise__enrolled_by__in=offices)
        .select_related("enterprise")
        .order_by("written_at", "pk")
    )


def read(rows: Iterable[PublicReply]) -> list[PublicReply]:
    results = list(rows)
    sealed_fields.load_for(results)
    return results


def of_enterprise(enterprise_id: int, states: Collection[str] = tuple(State)) -> list[PublicReply]:
    """The newest first, at the most twenty."""
    return read(
        PublicReply.objects.filter(enterprise=enterprise_id, state__in=states).order_by("-written_at", "-pk")[:20]
    )

"""How a person wants to be told of the own cases: which way first, in which language, what at once, folded or not at
all. Whatever starts a deadline of the consumer, decides, closes or proves stays on."""

from collections.abc import Iterable
from datetime import datetime

from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from complaints.models import Complaint, Notice, NoticeChoice
from database.row_security import working_as_steps

#: Steps whose notices to a consumer may be turned off, by group. The reminder of the last day is none of them
#: (complaints.notices.LAST_REMINDER): silence costs the consumer something then.
GROUPS: dict[str, frozenset[str]] = {
    "reminders": frozenset({"remind"}),
    "progress": frozenset(
        {
            *("accept_case", "forward", "assign_authority", "send_message", "pass_to_successor", "take_up"),
            *("grant_extension", "grant_return", "delegate_mediation", "recall_mediation", "lapse_acceptance"),
            "recompute_clock",
        }
    ),
}
_SALT = "complaints.notices.notice_choices"
ALL = "all"


def group_of(kind: str) -> str:
    """The group of a step; empty when its notice always goes out."""
    return next((group for group, kinds in GROUPS.items() if kind in kinds), "")


def wishes_of(user_ids: Iterable[int | None]) -> dict[int, NoticeChoice]:
    """The choices of these people, one query; who has none is not in it."""
    return NoticeChoice.objects.in_bulk({pk for pk in user_ids if pk is not None})


def how(row: Notice, wish: NoticeChoice | None) -> str:
    """``each``, ``digest`` or ``none`` for this notice."""
    group = group_of(row.kind) if row.addressee == "consumer" else ""
    return getattr(wish, group) if wish is not None and group else "each"


def choose(user: User, *, first: str, language: str, reminders: str, progress: str, now: datetime) -> None:
    """Write down what was chosen; the language also for the cases that the person has."""
    with transaction.atomic():
        NoticeChoice.objects.update_or_create(
            user=user, defaults={"first": first, "reminders": reminders, "progress": progress, "changed_at": now}
        )
        if user.language != language:
            user.language = language
            user.save(update_fields=["language"])
        # Found under the caller's role: nobody else's case can be among them.
        cases = Complaint.objects.visible_to(user).filter(consumer_id=user.pk).exclude(language=language)
        own = list(cases.values_list("pk", flat=True))
        if own:
            with working_as_steps():
                Complaint.objects.filter(pk__in=own).update(language=language)


def off_address(row: Notice, *, group: str, site: str) -> str:
    """Where one click turns this group off, without signing in; empty where nothing may be turned off."""
    if not site or not group or row.user_id is None:
        return ""
    return site + reverse("complaints:notice-off", args=[signing.Signer(salt=_SALT).sign_object([row.user_id, group])])


def read_token(token: str) -> tuple[int, str] | None:
    """Whose, and which group (``all`` for both); None for anything that we did not write."""
    try:
        user_id, group = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (int(user_id), str(group)) if group in (*GROUPS, ALL) else None


def turn_off(user_id: int, group: str, *, now: datetime) -> bool:
    """False when nobody is there any more."""
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        return False
    values: dict[str, str] = dict.fromkeys(GROUPS if group == ALL else (group,), "none")
    NoticeChoice.objects.update_or_create(user_id=user_id, defaults={**values, "changed_at": now})
    return True

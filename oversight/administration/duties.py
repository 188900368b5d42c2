"""Who holds one of the three duties, and which accounts are switched off.

What takes something away from an account at once, one security administrator does; what gives or ends a duty needs two
persons and a day (duty_changes.py). The last holder of a duty stays; every change stands in the security log.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import Administrator, BrowserSession, User
from accounts.roles import Role, role_at
from accounts.sign_in.backend import duty_of
from authorities.models import Officer
from database.row_security import working_as_steps
from enterprises.models import Staff
from enterprises.team.rights import HEAD, given
from enterprises.team.staffing import at_work
from enterprises.team.team import TeamRefusal

AT = "platform"
KINDS = given(Role.SECURITY_ADMIN, AT)


def may_give(by: User) -> tuple[str, ...]:
    """The duties that this person may give."""
    duty = duty_of(by)
    return given(role_at(AT, duty), AT) if duty else ()


@working_as_steps()
def switch_off(user: User, *, by: User, now: datetime, address: str = "") -> None:
    """An account off at once, whatever work it has; its sessions end. On again: duty_changes.py. Raises TeamRefusal."""
    if user.pk == by.pk:
        raise TeamRefusal("own_account", _("不能停用自己的账号。"))
    with transaction.atomic():
        row = Administrator.objects.filter(user=user).first()
        if row is not None:
            others_remain(row)
        end_sessions(user, by=by, now=now, address=address)
        User.objects.filter(pk=user.pk).update(is_active=False)
        _note("account_off", user, by, "", now=now, address=address)


@working_as_steps()
def end_sessions(user: User, *, by: User, now: datetime, address: str = "") -> int:
    """Every browser of this person is signed out. Returns how many were."""
    ended = BrowserSession.objects.filter(user=user).delete()[0]
    if ended:
        _note("session_ended", user, by, f"{ended} by an administrator", now=now, address=address)
    return ended


def work_of(user: User, *, today: date) -> list[tuple[str, str]]:
    """(organisation, role) of everything somebody does today."""
    results = [
        (str(row.authority), str(row.get_role_display()))
        for row in Officer.objects.on(today).filter(user=user).select_related("authority")
    ]
    results += [
        (str(row.branch or row.enterprise), str(row.get_role_display()))
        for row in at_work(today).filter(user=user).select_related("enterprise", "branch")
    ]
    return results


def is_last_head(user: User, *, today: date) -> bool:
    """Whether switching this account off leaves an organisation without a manager or head; shown as a warning."""
    for job in at_work(today).filter(user=user, role=HEAD["enterprise"]):
        others = Staff.objects.on(today).filter(enterprise_id=job.enterprise_id, role=job.role, user__is_active=True)
        if not others.exclude(user=user).exists():
            return True
    for office in Officer.objects.on(today).filter(user=user, role=HEAD["authority"]):
        peers = Officer.objects.on(today).filter(
            authority_id=office.authority_id, role=office.role, user__is_active=True
        )
        if not peers.exclude(user=user).exists():
            return True
    return False


def others_remain(row: Administrator) -> None:
    """Raises TeamRefusal for the last one. Locks all holders of the duty in one order, so that two who go at once wait
    for each other."""
    holders = Administrator.objects.select_for_update(of=("self",)).filter(kind=row.kind, user__is_active=True)
    if not set(holders.order_by("pk").values_list("user_id", flat=True)) - {row.user_id}:
        raise TeamRefusal("last_administrator", _("这是这项职责的最后一位管理员，请先指定另一位。"))


def _note(kind: str, user: User, by: User, reason: str, *, now: datetime, address: str) -> None:
    security_log.note(
        kind, now=now, user=by, organisation=AT, subject=str(user.person_key), reason=reason, address=address
    )


@working_as_steps()
def revoke_tokens(user: User, *, by: User, now: datetime, address: str = "") -> int:
    """Every token that a program holds for this person is dead. Returns how many were alive."""
    tokens = getattr(user, "api_tokens", None)
    revoked = int(tokens.filter(revoked_at=None).update(revoked_at=now)) if tokens is not None else 0
    if revoked:
        _note("token_revoked", user, by, f"{revoked} by an administrator", now=now, address=address)
    return revoked

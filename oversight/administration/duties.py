"""Who holds one of the three duties, and which accounts are switched off.

Security administrators give and take (``GIVES`` of accounts/roles.py), never their own duty, and the
last holder of a duty stays; every change stands in the security log.
"""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import Administrator, BrowserSession, User
from accounts.roles import Role, role_at
from accounts.sign_in.backend import duty_of
from authorities.models import Officer
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


def appoint(user: User, kind: str, *, by: User | None, now: datetime, address: str = "") -> None:
    """A duty for somebody without other work; ``by`` None: whoever runs the server. Raises TeamRefusal."""
    if kind not in KINDS or (by is not None and kind not in may_give(by)):
        raise TeamRefusal("not_yours_to_give", _("您不能授予这项职责。"))
    try:
        with transaction.atomic():
            Administrator.objects.create(user=user, kind=kind, since=now)
            _note("role_given", user, by, kind, now=now, address=address)
    except IntegrityError:
        raise TeamRefusal("has_other_work", _("这个人已经有别的职责、岗位或者职务，不能再担任管理员。")) from None


def dismiss(user: User, *, by: User, now: datetime, address: str = "") -> None:
    """Take the duty away. Raises TeamRefusal."""
    if user.pk == by.pk:
        raise TeamRefusal("own_duty", _("不能改变自己的职责。"))
    with transaction.atomic():
        row = Administrator.objects.filter(user=user).first()
        if row is None or row.kind not in may_give(by):
            raise TeamRefusal("no_duty", _("这个人没有管理员职责。"))
        _others_remain(row)
        row.delete()
        _note("role_taken", user, by, row.kind, now=now, address=address)


def switch(user: User, *, is_active: bool, by: User, now: datetime, today: date, address: str = "") -> None:
    """An account off or on, whatever work it has; off ends its sessions. Raises TeamRefusal."""
    if user.pk == by.pk:
        raise TeamRefusal("own_account", _("不能停用自己的账号。"))
    with transaction.atomic():
        if not is_active:
            row = Administrator.objects.filter(user=user).first()
            if row is not None:
                _others_remain(row)
            end_sessions(user, by=by, now=now, address=address)
        User.objects.filter(pk=user.pk).update(is_active=is_active)
        _note("account_on" if is_active else "account_off", user, by, "", now=now, address=address)


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


def _others_remain(row: Administrator) -> None:
    """Locks all holders of the duty in one order, so that two who go at once wait for each other."""
    holders = Administrator.objects.select_for_update(of=("self",)).filter(kind=row.kind, user__is_active=True)
    if not set(holders.order_by("pk").values_list("user_id", flat=True)) - {row.user_id}:
        raise TeamRefusal("last_administrator", _("这是这项职责的最后一位管理员，请先指定另一位。"))


def _note(kind: str, user: User, by: User | None, reason: str, *, now: datetime, address: str) -> None:
    security_log.note(
        kind, now=now, user=by, organisation=AT, subject=str(user.person_key), reason=reason, address=address
    )


def revoke_tokens(user: User, *, by: User, now: datetime, address: str = "") -> int:
    """Every token that a program holds for this person is dead. Returns how many were alive."""
    tokens = getattr(user, "api_tokens", None)
    revoked = int(tokens.filter(revoked_at=None).update(revoked_at=now)) if tokens is not None else 0
    if revoked:
        _note("token_revoked", user, by, f"{revoked} by an administrator", now=now, address=address)
    return revoked

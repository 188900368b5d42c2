"""Giving, changing and ending the roles of people who work for an enterprise or an authority, and inviting them.

Each change locks the organisation first, then asks who may give what (rights.py) and whether a head is left; so two
heads who remove each other at once cannot both succeed. Every change stands in the security log.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.masking import masked_email
from accounts.models import OutgoingMessage, User
from accounts.roles import POST_LABELS, Right, role_at
from accounts.sign_in.contacts import Contact
from accounts.sign_in.own_phone import PhoneTaken, claim, houses_of
from authorities.models import Officer
from database.row_security import working_as_steps
from enterprises.models import Staff, StationStaff
from enterprises.models.team import Invitation
from enterprises.team.rights import HEAD, Post, TeamActor, authority_reach, enrolling_reach, enterprise_reach, post_of
from enterprises.team.staffing import at_work, branches_above
from web.errors import Refusal

Member = Staff | Officer | StationStaff


class TeamRefusal(Refusal):
    """A change that may not be made."""


@contextmanager
def locked(post: Post) -> Iterator[None]:
    """One change of an organisation's people at a time; rows that point at it are written meanwhile."""
    with transaction.atomic():
        held = post.station or post.authority or post.enterprise
        if held is not None:
            type(held)._default_manager.select_for_update(no_key=True).get(pk=held.pk)
        yield


def give(user: User, post: Post, role: str, *, by: TeamActor) -> Member:
    """A job or an office from today on. Raises TeamRefusal."""
    with locked(post):
        if not by.reach.may_touch(post, role):
            raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
        try:
            # Within reach, as was asked; who sees what hangs on these rows, so the steps alone write them.
            with working_as_steps(), transaction.atomic():
                row: Member
                if post.station is not None:
                    row = StationStaff.objects.create(user=user, station=post.station, role=role, starts_on=by.today)
                elif post.authority is not None:
                    row = Officer.objects.create(user=user, authority=post.authority, role=role, starts_on=by.today)
                elif post.enterprise is None:
                    raise TeamRefusal("no_such_post", _("没有这个岗位所在的单位。"))
                else:
                    row = Staff.objects.create(
                        user=user, enterprise=post.enterprise, branch=post.branch, role=role, starts_on=by.today
                    )
                # The phone that was proved elsewhere is this person's here too.
                claim(user, houses_of(user))
        except PhoneTaken as taken:
            raise TeamRefusal(taken.code, str(taken)) from None
        except IntegrityError:
            raise TeamRefusal("cannot_join", _("这个人今天已经有这个岗位，或者是平台管理员，不能再任职。")) from None
        _note("role_given", row, by, role)
    return row


#: Where somebody of the enterprise must act, or still owes something.
_WITH_US = ("with_enterprise", "negotiating", "awaiting_consumer", "performing")


def open_cases(row: Member) -> int:
    """How many cases must be handed over before this job ends; an officer's pass with the office."""
    if isinstance(row, Staff):
        return int(row.cases.filter(status__in=_WITH_US).count())
    return 0 if isinstance(row, StationStaff) else int(row.cases.exclude(status="closed").count())


def _holds_nothing(row: Member) -> None:
    if isinstance(row, Staff) and open_cases(row):
        raise TeamRefusal(
            "holds_cases", _("此人名下还有没有办结的案件。请先交给别人：逐件分派，或者记一次请假并写明谁代办。")
        )


def change_role(row: Member, role: str, *, by: TeamActor) -> None:
    """Another role at the same post, at once; the cases that hang on the row keep their handler. Raises TeamRefusal."""
    post = post_of(row)
    with locked(post):
        row.refresh_from_db()
        old = str(row.role)
        _may_end(row, by)
        if not by.reach.may_touch(post, role):
            raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
        if role == old:
            return
        if isinstance(row, Staff) and role not in Right.ANSWER_CASE.posts:
            _holds_nothing(row)
        if old == HEAD.get(post.kind):
            _leaves_a_head(row, post, after=by.today - timedelta(days=1))
        row.role = role
        try:
            with working_as_steps(), transaction.atomic():
                row.save(update_fields=["role"])
        except IntegrityError:
            raise TeamRefusal("has_it", _("这个人已经有这个岗位。")) from None
        _note("role_taken", row, by, old)
        _note("role_given", row, by, role)


def end(row: Member, last_day: date | None, *, by: TeamActor) -> None:
    """The last day of a job without open cases; None: out at once, a head gets them. Raises TeamRefusal."""
    post = post_of(row)
    with locked(post):
        row.refresh_from_db()
        _may_end(row, by)
        if last_day is not None and last_day < by.today:
            raise TeamRefusal("past_day", _("最后一天不能早于今天；要马上停用，请选“立即停用”。"))
        if last_day is not None:
            _holds_nothing(row)
        ends_on = by.today - timedelta(days=1) if last_day is None else last_day
        if row.role == HEAD.get(post.kind):
            _leaves_a_head(row, post, after=ends_on)
        row.ends_on = ends_on
        if row.starts_on is not None and row.starts_on > ends_on:
            # Given today and taken back today: it never held a whole day; the log knows both moments.
            row.starts_on = ends_on
        with working_as_steps():
            row.save(update_fields=["starts_on", "ends_on"])
        _note("role_taken", row, by, f"{row.role} {ends_on:%Y-%m-%d}")


def _may_end(row: Member, by: TeamActor) -> None:
    if not row.holds(by.today) and not (row.starts_on and row.starts_on > by.today):
        raise TeamRefusal("ended", _("这个岗位已经结束。"))
    if not by.reach.may_touch(post_of(row), str(row.role)):
        raise TeamRefusal("not_yours_to_change", _("您不能改变这个人的岗位。"))


def _leaves_a_head(row: Member, post: Post, *, after: date) -> None:
    """Somebody else must still be able to do what this one did here, on the day after ``after``."""
    day = after + timedelta(days=1)
    if isinstance(row, StationStaff):
        return
    others: Any = (
        Officer.objects.on(day).filter(authority_id=row.authority_id)
        if isinstance(row, Officer)
        else at_work(day).filter(enterprise_id=row.enterprise_id)
    )
    others = others.filter(role=row.role, user__is_active=True).exclude(pk=row.pk).exclude(user_id=row.user_id)
    if isinstance(row, Officer):
        heads = others.count()
    else:
        above = {None, row.branch_id, *(branches_above(row.branch) if row.branch else [])} if row.branch_id else {None}
        heads = sum(1 for branch_id in others.values_list("branch_id", flat=True) if branch_id in above)
    if not heads:
        raise TeamRefusal("last_head", _("这是最后一位管理员（负责人）。请先指定另一位，再结束或改变这个岗位。"))


def note(kind: str, post: Post, by: TeamActor, *, subject: str = "", reason: str = "") -> None:
    security_log.note(
        kind,
        now=by.now,
        user=by.user,
        organisation=post.organisation,
        subject=subject,
        reason=reason,
        address=by.address,
    )


def _note(kind: str, row: Member, by: TeamActor, reason: str) -> None:
    note(kind, post_of(row), by, subject=str(row.user.person_key), reason=reason)


VALID_FOR = timedelta(days=7)
#: 128 bit, as url-safe text.
TOKEN_BYTES = 16


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def address_digest(address: str) -> str:
    # The salt is no name of a module: open invitations hold what was made with it.
    return salted_hmac("enterprises.team.inviting", address.strip().lower(), algorithm="sha256").hexdigest()


@working_as_steps()
def invite(contact: Contact, post: Post, role: str, *, by: TeamActor, place: str, language: str) -> Invitation:
    """An invitation and its letter; one that is open there is revoked by it. Raises TeamRefusal.

    ``place``: the address under which the invitation page stands, to which the token is added.
    """
    if not by.reach.may_touch(post, role):
        raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        digest = address_digest(contact.address)
        earlier = Invitation.objects.filter(address_digest=digest, used_at=None, revoked_at=None, **post.columns)
        earlier.update(revoked_at=by.now)
        made = Invitation.objects.create(
            token_digest=token_digest(token),
            address_digest=digest,
            address_masked=masked_email(contact.address),
            **post.columns,
            role=role,
            invited_by=by.user,
            created_at=by.now,
            expires_at=by.now + VALID_FOR,
        )
        with override(language):
            OutgoingMessage.objects.create(
                channel="email",
                address=contact.address,
                created_at=by.now,
                useful_until=made.expires_at,
                subject=gettext("请您加入%(organisation)s") % {"organisation": post},
                body=gettext(
                    "%(organisation)s邀请您在12315在线和解平台工作。\n\n请在7天内打开下面的链接，设置姓名和密码；"
                    "链接只能用一次，请勿转发。\n\n%(link)s\n\n不认识这家单位？不用理会这封信。"
                )
                % {"organisation": post, "link": f"{place}{token}/"},
            )
        note("invited", post, by, subject=f"invitation {made.pk}", reason=role)
    return made


@working_as_steps()
def revoke(invitation: Invitation, *, by: TeamActor) -> None:
    """Nobody can use it any more. One that was used stays as it was."""
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(revoked_at=by.now):
            subject = f"invitation {invitation.pk}"
            note("invitation_revoked", post_of(invitation), by, subject=subject, reason=invitation.role)


@working_as_steps()
def open_invitation(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of this token; None for one that is unknown, used, revoked or over."""
    if not token or len(token) > 64:
        return None
    return _open_ones(now).filter(token_digest=token_digest(token)).first()


def _open_ones(now: datetime) -> QuerySet[Invitation]:
    rows = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
    return rows.select_related("enterprise", "branch", "authority", "station", "invited_by")


def is_addressed_to(invitation: Invitation, email: str | None) -> bool:
    return constant_time_compare(invitation.address_digest, address_digest(email or ""))


def accept(invitation: Invitation, user: User, *, now: datetime, address: str = "") -> Member:
    """The person gets the post; the invitation is used up. Raises TeamRefusal.

    Judged anew: whoever invited must still be allowed to. A manager who left takes the invitations along.
    """
    with transaction.atomic():
        with working_as_steps():
            held = _open_ones(now).filter(pk=invitation.pk).select_for_update(of=("self",)).first()
        if held is None:
            raise TeamRefusal("invitation_over", _("这份邀请已经用过、撤回或者过期。"))
        if not is_addressed_to(held, user.email):
            raise TeamRefusal("not_addressed", _("这份邀请发给另一个邮箱。请用收到邀请的邮箱登录。"))
        post, by, today = post_of(held), held.invited_by, timezone.localdate(now)
        reach = enterprise_reach(by.pk, on=today) if post.enterprise else authority_reach(by.pk, on=today)
        if post.enterprise and not reach.may_touch(post, held.role):
            reach = enrolling_reach(by.pk, post.enterprise, on=today)
        if not by.may_sign_in or not reach.may_touch(post, held.role):
            raise TeamRefusal("invitation_over", _("这份邀请已经用过、撤回或者过期。"))
        row = give(user, post, held.role, by=TeamActor(user=by, reach=reach, now=now, address=address))
        with working_as_steps():
            Invitation.objects.filter(pk=held.pk).update(used_at=now)
    return row


def role_label(role: str, post: Post) -> str:
    return str(POST_LABELS[role_at(post.kind, role)])

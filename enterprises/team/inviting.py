"""Invitations: made, sent as a letter, revoked, and used once.

The link alone opens nothing. Who uses it also writes the address to which it went, and both are
compared by digest; what was used, revoked or is older than seven days looks like what never existed.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.masking import masked_email
from accounts.models import OutgoingMessage, User
from accounts.roles import POST_WORDS, role_at
from accounts.sign_in.contacts import Contact
from enterprises.models.invitation import Invitation
from enterprises.team.rights import Post, Reach, authority_reach, enrolling_reach, enterprise_reach
from enterprises.team.team import Row, TeamRefusal, give

VALID_FOR = timedelta(days=7)
#: 128 bit, as url-safe text.
TOKEN_BYTES = 16


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def address_digest(address: str) -> str:
    return salted_hmac("enterprises.team.inviting", address.strip().lower(), algorithm="sha256").hexdigest()


def invite(
    contact: Contact,
    post: Post,
    role: str,
    *,
    by: User,
    reach: Reach,
    place: str,
    language: str,
    now: datetime,
    address: str = "",
) -> Invitation:
    """An invitation and its letter, in one transaction.

    ``place``: the address under which the invitation page stands, to which the token is added. ``address``: network
    address of whoever invites. An open invitation of the same address to the same organisation is revoked by it.
    Raises TeamRefusal.
    """
    if not reach.may_touch(post, role):
        raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        digest = address_digest(contact.address)
        earlier = Invitation.objects.filter(
            address_digest=digest,
            used_at=None,
            revoked_at=None,
            enterprise=post.enterprise,
            branch=post.branch,
            authority=post.authority,
            station=post.station,
        )
        earlier.update(revoked_at=now)
        made = Invitation.objects.create(
            token_digest=token_digest(token),
            address_digest=digest,
            address_masked=masked_email(contact.address),
            enterprise=post.enterprise,
            branch=post.branch,
            authority=post.authority,
            station=post.station,
            role=role,
            invited_by=by,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        with override(language):
            OutgoingMessage.objects.create(
                channel="email",
                address=contact.address,
                created_at=now,
                useful_until=made.expires_at,
                subject=gettext("请您加入%(organisation)s") % {"organisation": post},
                body=gettext(
                    "%(organisation)s邀请您在12315在线和解平台工作。\n\n请在7天内打开下面的链接，设置姓名和密码；"
                    "链接只能用一次，请勿转发。\n\n%(link)s\n\n不认识这家单位？不用理会这封信。"
                )
                % {"organisation": post, "link": f"{place}{token}/"},
            )
        security_log.note(
            "invited",
            now=now,
            user=by,
            organisation=post.organisation,
            subject=f"invitation {made.pk}",
            reason=role,
            address=address,
        )
    return made


def revoke(invitation: Invitation, *, by: User, now: datetime, address: str = "") -> None:
    """Nobody can use it any more. One that was used stays as it was."""
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(revoked_at=now):
            security_log.note(
                "invitation_revoked",
                now=now,
                user=by,
                organisation=post_of(invitation).organisation,
                subject=f"invitation {invitation.pk}",
                reason=invitation.role,
                address=address,
            )


def open_invitation(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of this token; None for one that is unknown, used, revoked or over."""
    if not token or len(token) > 64:
        return None
    return (
        Invitation.objects.select_related("enterprise", "branch", "authority", "station", "invited_by")
        .filter(token_digest=token_digest(token), used_at=None, revoked_at=None, expires_at__gt=now)
        .first()
    )


def is_addressed_to(invitation: Invitation, email: str | None) -> bool:
    return constant_time_compare(invitation.address_digest, address_digest(email or ""))


def post_of(invitation: Invitation) -> Post:
    return Post(
        enterprise=invitation.enterprise,
        branch=invitation.branch,
        authority=invitation.authority,
        station=invitation.station,
    )


def accept(invitation: Invitation, user: User, *, now: datetime, today: date, address: str = "") -> Row:
    """The person gets the post; the invitation is used up. Raises TeamRefusal.

    Judged anew: whoever invited must still be allowed to. A manager who left takes the invitations along.
    """
    with transaction.atomic():
        held = (
            Invitation.objects.select_for_update(of=("self",))
            .filter(pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=now)
            .select_related("enterprise", "branch", "authority", "station", "invited_by")
            .first()
        )
        if held is None:
            raise TeamRefusal("invitation_over", _("这份邀请已经用过、撤回或者过期。"))
        if not is_addressed_to(held, user.email):
            raise TeamRefusal("not_addressed", _("这份邀请发给另一个邮箱。请用收到邀请的邮箱登录。"))
        post, by = post_of(held), held.invited_by
        reach = enterprise_reach(by.pk, on=today) if post.enterprise else authority_reach(by.pk, on=today)
        if post.enterprise and not reach.may_touch(post, held.role):
            reach = enrolling_reach(by.pk, post.enterprise, on=today)
        if not by.is_active or not reach.may_touch(post, held.role):
            raise TeamRefusal("invitation_over", _("这份邀请已经用过、撤回或者过期。"))
        row = give(user, post, held.role, by=by, reach=reach, now=now, today=today, address=address)
        Invitation.objects.filter(pk=held.pk).update(used_at=now)
    return row


def role_words(role: str, post: Post) -> str:
    """The role in the reader's language."""
    return str(POST_WORDS[role_at(post.kind, role)])

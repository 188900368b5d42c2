"""Giving, changing and ending the roles of people who work for an enterprise or an authority.

Each change locks the organisation first, then asks who may give what (rights.py) and whether a head is
left; so two heads who remove each other at once cannot both succeed. Every change stands in the security log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import User
from accounts.roles import Right
from authorities.models import Authority, Officer
from enterprises.models import Enterprise, Staff, Station, StationStaff
from enterprises.models.refusing import Refusal
from enterprises.team.rights import HEAD, Post, Reach, post_of
from enterprises.team.staffing import at_work, branches_above

Row = Staff | Officer | StationStaff


class TeamRefusal(Refusal):
    """A change that may not be made."""


@contextmanager
def locked(post: Post) -> Iterator[None]:
    """One change of an organisation's people at a time; rows that point at it are written meanwhile."""
    with transaction.atomic():
        if post.station is not None:
            Station.objects.select_for_update(no_key=True).get(pk=post.station.pk)
        elif post.authority is not None:
            Authority.objects.select_for_update(no_key=True).get(pk=post.authority.pk)
        elif post.enterprise is not None:
            Enterprise.objects.select_for_update(no_key=True).get(pk=post.enterprise.pk)
        yield


def give(
    user: User, post: Post, role: str, *, by: User, reach: Reach, now: datetime, today: date, address: str = ""
) -> Row:
    """A job or an office from today on. Raises TeamRefusal."""
    with locked(post):
        if not reach.may_touch(post, role):
            raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
        try:
            with transaction.atomic():
                row: Row
                if post.station is not None:
                    row = StationStaff.objects.create(user=user, station=post.station, role=role, starts_on=today)
                elif post.authority is not None:
                    row = Officer.objects.create(user=user, authority=post.authority, role=role, starts_on=today)
                elif post.enterprise is None:
                    raise TeamRefusal("no_such_post", _("没有这个岗位所在的单位。"))
                else:
                    row = Staff.objects.create(
                        user=user, enterprise=post.enterprise, branch=post.branch, role=role, starts_on=today
                    )
        except IntegrityError:
            raise TeamRefusal("cannot_join", _("这个人今天已经有这个岗位，或者是平台管理员，不能再任职。")) from None
        _note("role_given", row, by=by, reason=role, now=now, address=address)
    return row


#: Where somebody of the enterprise must act, or still owes something.
_WITH_US = ("with_enterprise", "negotiating", "awaiting_consumer", "performing")


def open_cases(row: Row) -> int:
    """How many cases must be handed over before this job ends; an officer's pass with the office."""
    if isinstance(row, Staff):
        return int(row.cases.filter(status__in=_WITH_US).count())
    return 0 if isinstance(row, StationStaff) else int(row.cases.exclude(status="closed").count())


def _holds_nothing(row: Row) -> None:
    if isinstance(row, Staff) and open_cases(row):
        raise TeamRefusal(
            "holds_cases", _("此人名下还有没有办结的案件。请先交给别人：逐件分派，或者记一次请假并写明谁代办。")
        )


def change_role(row: Row, role: str, *, by: User, reach: Reach, now: datetime, today: date, address: str = "") -> None:
    """Another role at the same post, at once. The row stays: the cases that hang on it keep their handler.

    What the role was before stands in the security log. Raises TeamRefusal.
    """
    post = post_of(row)
    with locked(post):
        row.refresh_from_db()
        old = str(row.role)
        _may_end(row, reach, today)
        if not reach.may_touch(post, role):
            raise TeamRefusal("not_yours_to_give", _("您不能在这里授予这个岗位。"))
        if role == old:
            return
        if isinstance(row, Staff) and role not in Right.ANSWER_CASE.posts:
            _holds_nothing(row)
        if old == HEAD.get(post.kind):
            _leaves_a_head(row, post, after=today - timedelta(days=1))
        row.role = role
        try:
            with transaction.atomic():
                row.save(update_fields=["role"])
        except IntegrityError:
            raise TeamRefusal("has_it", _("这个人已经有这个岗位。")) from None
        _note("role_taken", row, by=by, reason=old, now=now, address=address)
        _note("role_given", row, by=by, reason=role, now=now, address=address)


def end(
    row: Row, last_day: date | None, *, by: User, reach: Reach, now: datetime, today: date, address: str = ""
) -> None:
    """The last day of a job, once its open cases were handed over; None: out with the next request, whatever is open
    goes to a head by itself (complaints/assignment/assigning.py). Raises TeamRefusal."""
    post = post_of(row)
    with locked(post):
        row.refresh_from_db()
        _may_end(row, reach, today)
        if last_day is not None and last_day < today:
            raise TeamRefusal("past_day", _("最后一天不能早于今天；要马上停用，请选“立即停用”。"))
        if last_day is not None:
            _holds_nothing(row)
        ends_on = today - timedelta(days=1) if last_day is None else last_day
        if row.role == HEAD.get(post.kind):
            _leaves_a_head(row, post, after=ends_on)
        row.ends_on = ends_on
        if row.starts_on is not None and row.starts_on > ends_on:
            # Given today and taken back today: it never held a whole day; the log knows both moments.
            row.starts_on = ends_on
        row.save(update_fields=["starts_on", "ends_on"])
        _note("role_taken", row, by=by, reason=f"{row.role} {ends_on:%Y-%m-%d}", now=now, address=address)


def _may_end(row: Row, reach: Reach, today: date) -> None:
    if not row.holds(today) and not (row.starts_on and row.starts_on > today):
        raise TeamRefusal("ended", _("这个岗位已经结束。"))
    if not reach.may_touch(post_of(row), str(row.role)):
        raise TeamRefusal("not_yours_to_change", _("您不能改变这个人的岗位。"))


def _leaves_a_head(row: Row, post: Post, *, after: date) -> None:
    """Somebody else must still be able to do what this one did here, on the day after ``after``."""
    day = after + timedelta(days=1)
    heads: int
    if isinstance(row, StationStaff):
        return
    if isinstance(row, Officer):
        heads = (
            Officer.objects.on(day)
            .filter(authority_id=row.authority_id, role=row.role, user__is_active=True)
            .exclude(pk=row.pk)
            .exclude(user_id=row.user_id)
            .count()
        )
    else:
        others = (
            at_work(day)
            .filter(enterprise_id=row.enterprise_id, role=row.role, user__is_active=True)
            .exclude(pk=row.pk)
            .exclude(user_id=row.user_id)
        )
        above = {None, row.branch_id, *(branches_above(row.branch) if row.branch else [])} if row.branch_id else {None}
        heads = sum(1 for branch_id in others.values_list("branch_id", flat=True) if branch_id in above)
    if not heads:
        raise TeamRefusal("last_head", _("这是最后一位管理员（负责人）。请先指定另一位，再结束或改变这个岗位。"))


def _note(kind: str, row: Row, *, by: User, reason: str, now: datetime, address: str) -> None:
    security_log.note(
        kind,
        now=now,
        user=by,
        organisation=post_of(row).organisation,
        subject=str(row.user.person_key),
        reason=reason,
        address=address,
    )

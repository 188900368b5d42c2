"""Changing how an enterprise organises its work: two persons, leave, rules for new cases, 工号.

Whoever changes it manages the place that it is about; each change locks the enterprise and stands in the
security log, and what was in force before stays as an ended row.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.roles import Right
from authorities.models import Officer, OfficerAbsence
from database.row_security import working_as_steps
from enterprises.models import Enterprise, Staff
from enterprises.models.team import Absence, AssignmentRule, TwoPersons
from enterprises.team.rights import HEAD, Post, TeamActor, post_of
from enterprises.team.staffing import at_work
from enterprises.team.team import TeamRefusal, locked, note

#: Somebody at work, on either side of the office.
Worker = Staff | Officer
_NUMBER = re.compile(r"^[0-9A-Za-z][0-9A-Za-z_-]{0,19}$")


def _managed(by: TeamActor, post: Post) -> Enterprise:
    """The enterprise of a place that this person manages."""
    if post.enterprise is None or not by.reach.may_touch(post, HEAD["enterprise"]):
        raise TeamRefusal("not_yours_to_change", _("这里不归您管理。"))
    return post.enterprise


def two_persons_at(post: Post) -> TwoPersons | None:
    """The setting of exactly this place, if it has one of its own."""
    return TwoPersons.objects.filter(enterprise=post.enterprise, branch=post.branch, ended_at=None).first()


def set_two_persons(
    post: Post, *, offers_above: Decimal | None, refusals: bool, failures: bool, returns: bool, by: TeamActor
) -> TwoPersons:
    """From now on; what waits for approval goes on waiting. Raises TeamRefusal."""
    with locked(post):
        enterprise = _managed(by, post)
        _end_setting(post, by)
        row = TwoPersons.objects.create(
            enterprise=enterprise,
            branch=post.branch,
            offers_above=offers_above,
            refusals=refusals,
            failures=failures,
            returns=returns,
            set_by=by.user,
            set_at=by.now,
        )
        reason = f"{offers_above} {refusals:d}{failures:d}{returns:d}"
        note("two_persons_set", post, by, subject=post.code, reason=reason)
    return row


def drop_two_persons(post: Post, *, by: TeamActor) -> None:
    """No setting of its own any more: those of the places above count. Raises TeamRefusal."""
    with locked(post):
        _managed(by, post)
        if _end_setting(post, by):
            note("two_persons_dropped", post, by, subject=post.code)


def _end_setting(post: Post, by: TeamActor) -> int:
    in_force = TwoPersons.objects.filter(enterprise=post.enterprise, branch=post.branch, ended_at=None)
    return in_force.update(ended_by=by.user, ended_at=by.now)


def set_number(row: Staff, number: str, *, by: TeamActor) -> None:
    """工号; empty takes it away. It goes with a person who comes back. Raises TeamRefusal."""
    post, number = post_of(row), number.strip()
    with locked(post):
        row.refresh_from_db()
        if not by.reach.may_touch(post, str(row.role)):
            raise TeamRefusal("not_yours_to_change", _("您不能改变这个人的岗位。"))
        if number and not _NUMBER.match(number):
            raise TeamRefusal("bad_number", _("工号用字母、数字、横线，最多20个字符。"))
        if number == row.number:
            return
        row.number = number
        try:
            # Within reach, as was asked; the steps alone write jobs.
            with working_as_steps(), transaction.atomic():
                if number:
                    Staff.objects.filter(
                        enterprise_id=row.enterprise_id,
                        user_id=row.user_id,
                        number=number,
                        ends_on__lt=row.starts_on or by.now.date(),
                    ).update(number="")
                row.save(update_fields=["number"])
        except IntegrityError:
            raise TeamRefusal("number_taken", _("这个工号已经给了别人。")) from None
        note("handler_number_set", post, by, subject=str(row.user.person_key), reason=number)


def enter_leave(
    row: Worker, starts_on: date, ends_on: date, *, deputy: Worker | None, by: TeamActor
) -> Absence | OfficerAbsence:
    """Leave of somebody in one's charge, or one's own. Raises TeamRefusal."""
    post = post_of(row)
    with locked(post):
        _may_speak_for(row, by)
        if row.role not in holding(row) or not row.holds(max(by.today, starts_on)):
            raise TeamRefusal("not_at_work", _("这个人那时不在岗，不用请假。"))
        if ends_on < starts_on:
            raise TeamRefusal("wrong_days", _("最后一天不能早于第一天。"))
        if ends_on < by.today:
            raise TeamRefusal("past_day", _("这段时间已经过去。"))
        if leaves_of(row).filter(cancelled_at=None, starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
            raise TeamRefusal("already_away", _("这段时间里已经有一次请假。"))
        if deputy is not None and not (
            deputy.user_id != row.user_id and holders_beside(row, by.today).filter(pk=deputy.pk).exists()
        ):
            raise TeamRefusal("bad_deputy", _("请选一位在岗的同事代办。"))
        whose: dict[str, Any] = {"officer" if isinstance(row, Officer) else "staff": row, "deputy": deputy}
        kind: Any = OfficerAbsence if isinstance(row, Officer) else Absence
        leave: Absence | OfficerAbsence = kind.objects.create(
            starts_on=starts_on, ends_on=ends_on, entered_by=by.user, entered_at=by.now, **whose
        )
        reason = f"{starts_on:%Y-%m-%d} {ends_on:%Y-%m-%d}"
        note("leave_entered", post, by, subject=str(row.user.person_key), reason=reason)
    return leave


def holding(row: Worker) -> tuple[str, ...]:
    """Roles that may hold a case: where this job or office is."""
    return Right.HOLD_CASE.posts if isinstance(row, Officer) else Right.ANSWER_CASE.posts


def holders_beside(row: Worker, day: date) -> Any:
    """Who works at the same enterprise or authority on that day and may hold a case."""
    if isinstance(row, Officer):
        return Officer.objects.on(day).filter(
            authority_id=row.authority_id, role__in=Right.HOLD_CASE.posts, user__is_active=True
        )
    return at_work(day).filter(enterprise_id=row.enterprise_id, role__in=Right.ANSWER_CASE.posts, user__is_active=True)


def leaves_of(row: Worker) -> Any:
    """Of a job; of an office, those of every office that this person holds there."""
    if isinstance(row, Officer):
        return OfficerAbsence.objects.filter(officer__user_id=row.user_id, officer__authority_id=row.authority_id)
    return Absence.objects.filter(staff=row)


def cancel_leave(leave: Absence | OfficerAbsence, *, by: TeamActor) -> None:
    """Back early, or never gone. Cases that were handed over stay where they are. Raises TeamRefusal."""
    row: Worker = leave.officer if isinstance(leave, OfficerAbsence) else leave.staff
    post = post_of(row)
    with locked(post):
        _may_speak_for(row, by)
        in_force = type(leave)._default_manager.filter(pk=leave.pk, cancelled_at=None)
        if in_force.update(cancelled_by=by.user, cancelled_at=by.now):
            note("leave_cancelled", post, by, subject=str(row.user.person_key))


def _may_speak_for(row: Worker, by: TeamActor) -> None:
    if row.user_id != by.user.pk and not by.reach.may_touch(post_of(row), str(row.role)):
        raise TeamRefusal("not_yours_to_change", _("您不能改变这个人的岗位。"))


def add_rule(post: Post, *, category: str, handler: Staff | None, by: TeamActor) -> AssignmentRule:
    """A rule behind those that this place has. Raises TeamRefusal."""
    with locked(post):
        enterprise = _managed(by, post)
        if (
            handler is not None
            and not at_work(by.today)
            .filter(pk=handler.pk, enterprise=enterprise, role__in=Right.ANSWER_CASE.posts, user__is_active=True)
            .exists()
        ):
            raise TeamRefusal("bad_handler", _("请选一位在岗的处理人员。"))
        last = rules_at(post).aggregate(last=Max("position"))["last"] or 0
        rule = AssignmentRule.objects.create(
            enterprise=enterprise,
            branch=post.branch,
            category=category,
            handler=handler,
            position=last + 1,
            made_by=by.user,
            made_at=by.now,
        )
        note("assignment_rule_made", post, by, subject=str(rule.pk), reason=category)
    return rule


def end_rule(rule: AssignmentRule, *, by: TeamActor) -> None:
    """It gives no more cases; what it gave stays. Raises TeamRefusal."""
    post = Post(enterprise=rule.enterprise, branch=rule.branch)
    with locked(post):
        _managed(by, post)
        if AssignmentRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_by=by.user, ended_at=by.now):
            note("assignment_rule_ended", post, by, subject=str(rule.pk))


def raise_rule(rule: AssignmentRule, *, by: TeamActor) -> None:
    """One place forward among the rules of its place. Raises TeamRefusal."""
    post = Post(enterprise=rule.enterprise, branch=rule.branch)
    with locked(post):
        _managed(by, post)
        rows = list(rules_at(post))
        at = next((n for n, row in enumerate(rows) if row.pk == rule.pk), 0)
        if at == 0:
            return
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
        for position, row in enumerate(rows, start=1):
            AssignmentRule.objects.filter(pk=row.pk).update(position=position)
        note("assignment_rule_moved", post, by, subject=str(rule.pk))


def rules_at(post: Post) -> Any:
    """The rules in force of exactly this place, in their order."""
    return AssignmentRule.objects.filter(enterprise=post.enterprise, branch=post.branch, ended_at=None).order_by(
        "position", "pk"
    )

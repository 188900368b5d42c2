"""Changes of an enterprise's own entry: wished, counted, filed, decided, written.

What moves cases is written by the decision of the authority that enrolled the enterprise, and by nothing
else; every decision locks the enterprise first and is judged anew, so of two who decide at once one is told that the
other did. What moves nothing takes effect at once and is kept all the same.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.letters import send_to
from accounts.models import User
from accounts.sign_in import persons
from database.row_security import working_as_steps
from enterprises.directory.change_kinds import ChangeRefused, ChangeRequest
from enterprises.directory.change_kinds_names import KINDS
from enterprises.directory.naming import write_names
from enterprises.models import Enterprise
from enterprises.models.enrolment import DirectoryChange
from web.languages import named

#: Of one enterprise, not yet decided.
MOST_OPEN = 200
#: A letter about a decision is of use for so long.
LETTER_FOR = timedelta(days=7)
State = DirectoryChange.State
OPEN = (State.DRAFT, State.WAITING)


def wish_of(change: DirectoryChange, *, today: date) -> ChangeRequest:
    return ChangeRequest(change.enterprise, change.what, change.on_day, today)


def filed_with(authority_ids: Collection[int]) -> QuerySet[DirectoryChange]:
    """What was filed by enterprises that one of these authorities enrolled: waiting, decided, or in effect at once."""
    filed = (State.WAITING, State.APPROVED, State.REFUSED, State.RECORDED)
    return DirectoryChange.objects.filter(enterprise__enrolled_by_id__in=authority_ids, state__in=filed)


def impossible(change: DirectoryChange, *, today: date) -> str:
    """Why it could not be written today, in words; empty if it could, or is decided."""
    if change.state not in OPEN:
        return ""
    try:
        KINDS[change.kind].judge(wish_of(change, today=today))
    except ChangeRefused as refused:
        return str(refused)
    return ""


def draft(
    code: str,
    what: Mapping[str, Any],
    *,
    enterprise: Enterprise,
    branch_ids: Collection[int] | None,
    on_day: date,
    why: str,
    by: User,
    now: datetime,
    today: date,
) -> DirectoryChange:
    """A change to be counted and then filed; one that moves nothing is written at once. Raises ChangeRefused.

    ``branch_ids``: the branches that whoever wishes it leads; None: the whole enterprise.
    """
    kind = KINDS[code]
    with transaction.atomic():
        held = Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        if held.enrolled_by_id is None:
            raise ChangeRefused("not_enrolled", _("%(enterprise)s不是在线和解企业") % {"enterprise": named(held)})
        change = DirectoryChange(
            enterprise=held,
            branch_id=kind.branch_id(what),
            kind=code,
            what=dict(what),
            on_day=on_day,
            why=why,
            made_by=by,
            made_at=now,
        )
        may_change(change, branch_ids)
        if kind.day in ("from", "last") and on_day < today:
            raise ChangeRefused("past_day", _("日期不能早于今天"), field="on_day")
        if DirectoryChange.objects.filter(enterprise=held, state__in=OPEN).count() >= MOST_OPEN:
            raise ChangeRefused("too_many", _("未决定的变更已有%(n)s项，请先等一等或撤回几项。") % {"n": MOST_OPEN})
        kind.judge(wish_of(change, today=today))
        if kind.needs_approval:
            change.preview_wanted_at = now
        else:
            _write(change, today=today)
            change.state, change.filed_at, change.decided_by, change.decided_at = State.RECORDED, now, by, now
        change.save(force_insert=True)
        _note("directory_change_made", change, by=by, now=now)
    return change


def may_change(change: DirectoryChange, branch_ids: Collection[int] | None) -> None:
    """Whether it lies in the part of the tree that somebody leads. Raises ChangeRefused."""
    if branch_ids is None:
        return
    touched = {change.branch_id} | ({change.what["parent"]} if "parent" in change.what else set())
    if not touched <= set(branch_ids):
        raise ChangeRefused("not_yours", _("您只能提出自己的分支机构及其下级的变更。"))


def file(change: DirectoryChange, *, by: User, now: datetime, today: date) -> None:
    """To the authority, once it was counted what it moves. Raises ChangeRefused."""
    with _held(change) as held:
        if held.state != State.DRAFT:
            raise ChangeRefused("filed", _("这项变更已经提交或撤回。"))
        _must_be_counted(held)
        KINDS[held.kind].judge(wish_of(held, today=today))
        persons.ask(persons.matter_of(held), by, now=now, error=ChangeRefused)
        held.state, held.filed_at = State.WAITING, now
        held.save(update_fields=["state", "filed_at"])
        _note("directory_change_filed", held, by=by, now=now)


def withdraw(change: DirectoryChange, *, by: User, now: datetime) -> None:
    """The enterprise does not want it any more. Raises ChangeRefused once it is decided."""
    with _held(change) as held:
        _must_be_open(held)
        held.state, held.preview_wanted_at = State.WITHDRAWN, None
        held.save(update_fields=["state", "preview_wanted_at"])
        _note("directory_change_withdrawn", held, by=by, now=now)


def count_again(change: DirectoryChange, *, now: datetime) -> None:
    """A sweep is to count anew what it moves. Raises ChangeRefused once it is decided."""
    with _held(change) as held:
        _must_be_open(held)
        if held.preview_wanted_at is None:
            held.preview_wanted_at, held.preview_tries, held.preview_leased_until = now, 0, None
            held.save(update_fields=["preview_wanted_at", "preview_tries", "preview_leased_until"])


def decide(
    change: DirectoryChange,
    *,
    agrees: bool,
    reason: str,
    authority_ids: Collection[int],
    by: User,
    now: datetime,
    today: date,
) -> None:
    """Write it, or refuse it for good with a reason; whoever wished it gets a letter. Raises ChangeRefused.

    ``authority_ids``: where ``by`` heads an authority; the one that enrolled the enterprise decides.
    """
    with _held(change) as held:
        if held.state in (State.APPROVED, State.REFUSED):
            who = held.decided_by.name if held.decided_by else ""
            at = timezone.localtime(held.decided_at)
            raise ChangeRefused(
                "decided", _("%(who)s已于%(at)s作出决定。") % {"who": who, "at": f"{at:%Y-%m-%d %H:%M}"}
            )
        if held.state != State.WAITING:
            raise ChangeRefused("not_waiting", _("这项变更没有提交，或者已经撤回。"))
        if held.enterprise.enrolled_by_id not in authority_ids:
            raise ChangeRefused("not_yours", _("须由批准该企业入驻的部门的负责人决定。"))
        matter, refuses = persons.matter_of(held), not agrees
        # Who drafted it, and who filed it.
        first = [held.made_by_id, *persons.askers(matter)]
        persons.decide(matter, by, asked=first, now=now, refuses=refuses, error=ChangeRefused)
        if agrees:
            _must_be_counted(held)
            KINDS[held.kind].judge(wish_of(held, today=today))
            _write(held, today=today)
        elif not reason:
            raise ChangeRefused("no_reason", _("不批准，请写明理由。"), field="reason")
        held.state = State.APPROVED if agrees else State.REFUSED
        held.reason, held.decided_by, held.decided_at, held.preview_wanted_at = reason, by, now, None
        held.save(update_fields=["state", "reason", "decided_by", "decided_at", "preview_wanted_at"])
        _note("directory_change_approved" if agrees else "directory_change_refused", held, by=by, now=now)
        _tell(held, now=now)


def write(change: DirectoryChange, *, today: date) -> date:
    """Judge and write it, names to be searched included; returns the first day on which it makes a difference.

    For whoever takes it back again (routing.directory_changes.previewing), in a transaction; a decision goes through
    ``decide``. Raises ChangeRefused.
    """
    wish = wish_of(change, today=today)
    Enterprise.objects.select_for_update(no_key=True).get(pk=change.enterprise_id)
    KINDS[change.kind].judge(wish)
    _write(change, today=today)
    return KINDS[change.kind].first_day(wish)


def _write(change: DirectoryChange, *, today: date) -> None:
    wish = wish_of(change, today=today)
    with working_as_steps():
        KINDS[change.kind].write(wish)
        write_names([change.enterprise_id], columns=KINDS[change.kind].names)


@contextmanager
def _held(change: DirectoryChange) -> Iterator[DirectoryChange]:
    """One change of an enterprise's entry at a time; the row as it stands now."""
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=change.enterprise_id)
        yield (
            DirectoryChange.objects.select_for_update(of=("self",))
            .select_related("enterprise", "made_by", "decided_by")
            .get(pk=change.pk)
        )


def _must_be_open(held: DirectoryChange) -> None:
    if held.state not in OPEN:
        raise ChangeRefused("decided", _("这项变更已经决定或撤回。"))


def _must_be_counted(held: DirectoryChange) -> None:
    if held.preview_wanted_at is not None:
        raise ChangeRefused("not_counted", _("还在试算这项变更会影响哪些案件，请稍等片刻再提交。"))


def _note(what: str, change: DirectoryChange, *, by: User, now: datetime) -> None:
    security_log.note(
        what, now=now, user=by, organisation=change.enterprise.name, subject=f"change {change.pk}", reason=change.kind
    )


def _tell(change: DirectoryChange, *, now: datetime) -> None:
    """A letter to whoever wished it: what was decided and, if refused, why."""
    if not change.made_by.email:
        return

    def text() -> tuple[str, str]:
        title = KINDS[change.kind].title
        labels = {"title": title, "enterprise": named(change.enterprise), "reason": change.reason}
        if change.state == State.APPROVED:
            subject, body = _("变更已批准：%(title)s"), _("%(enterprise)s提出的变更“%(title)s”已经批准。%(reason)s")
        else:
            subject = _("变更未批准：%(title)s")
            body = _("%(enterprise)s提出的变更“%(title)s”没有批准。理由：%(reason)s")
        return subject % labels, body % labels

    send_to(change.made_by, text, now=now, of_use=LETTER_FOR)

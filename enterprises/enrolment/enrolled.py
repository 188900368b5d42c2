"""An enterprise while it is enrolled: suspended, resumed, leaving; what it files; its history.

The authority that enrolled it decides, by its head, under a lock on the enterprise; every change is an
entry of the history in the same transaction, and the managers are told.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.letters import send_to
from accounts.models import User
from accounts.roles import Right
from authorities.models import Officer
from authorities.policies import Policies
from database.row_security import working_as_steps
from enterprises.enrolment.enrolling import LETTER_FOR, EnrolmentRefusal, digest_of
from enterprises.models import Enterprise, Staff
from enterprises.models.enrolment import CustomerCount, EnrolmentEntry, EnrolmentFiling, ExitGround, SuspensionGround
from web.incoming import ID_DIGITS, whole

Enrolment, Kind, Filing = Enterprise.Enrolment, EnrolmentEntry.Kind, EnrolmentFiling
#: What everybody may read of a history; what was filed and who was invited is between the two.
PUBLIC = (Kind.ENROLLED, Kind.SUSPENDED, Kind.RESUMED, Kind.EXIT_SET, Kind.EXIT_DROPPED, Kind.EXITED)
#: Days between the decision and the last day, by policy.
NOTICE = "exit_notice"
BATCH = 100


def of_code(code: str) -> Enterprise | None:
    """The enterprise that an address names (`Enterprise.code`)."""
    result = Enterprise.objects.select_related("domicile", "enrolled_by")
    if code.startswith("e") and (number := whole(code[1:], ID_DIGITS)) is not None:
        return result.filter(pk=number, uscc=None).first()
    return result.filter(uscc=code).first() if len(code) == 18 else None


def history(enterprise: Enterprise) -> QuerySet[EnrolmentEntry]:
    """What everybody may read of it, in order."""
    return enterprise.entries.filter(kind__in=PUBLIC).select_related("authority")


def ground_label(entry: EnrolmentEntry) -> str:
    labels: dict[str, Any] = {**dict(SuspensionGround.choices), **dict(ExitGround.choices)}
    return str(labels.get(entry.ground, ""))


def may_decide(enterprise: Enterprise, user: User, *, on: date) -> bool:
    """Whether this person heads the authority that enrolled it."""
    return _office(enterprise, user, on=on, right=Right.DECIDE_ENROLMENT)


def may_read_filings(enterprise: Enterprise, user: User, *, on: date) -> bool:
    """Whether this person works on it at the authority that enrolled it."""
    return _office(enterprise, user, on=on, right=Right.ANSWER_ENROLMENT)


def _office(enterprise: Enterprise, user: User, *, on: date, right: Right) -> bool:
    return (
        enterprise.enrolled_by_id is not None
        and Officer.objects.on(on)
        .filter(user=user, authority_id=enterprise.enrolled_by_id, role__in=right.posts)
        .exists()
    )


@contextmanager
def _locked(pk: int, *, by: User, now: datetime, right: Right = Right.DECIDE_ENROLMENT) -> Iterator[Enterprise]:
    with transaction.atomic():
        held = Enterprise.objects.select_for_update(of=("self",), no_key=True).select_related("enrolled_by").get(pk=pk)
        if not _office(held, by, on=timezone.localdate(now), right=right):
            raise EnrolmentRefusal("not_yours", _("由批准它入驻的机关的负责人决定。"))
        yield held


def suspend(enterprise: Enterprise, *, by: User, ground: str, text: str, keeps_cases: bool, now: datetime) -> None:
    """No new cases from now on. ``keeps_cases``: its people go on with those that it has; else they are out at once."""
    with _locked(enterprise.pk, by=by, now=now) as held:
        if held.enrolment != Enrolment.ENROLLED:
            raise _moved(held)
        held.enrolment, held.finishes_cases = Enrolment.SUSPENDED, keeps_cases
        with working_as_steps():
            held.save(update_fields=["enrolment", "finishes_cases"])
        _note(held, Kind.SUSPENDED, by=by, ground=ground, text=text, now=now)
        kept = gettext_lazy("手上的案件照常办理，期限不变。")
        _tell(
            held,
            gettext_lazy("暂停接收新投诉"),
            gettext_lazy(
                "%(authority)s决定：%(name)s从现在起暂停接收新投诉。\n\n理由：%(ground)s\n%(text)s\n\n%(cases)s"
            ),
            {"ground": SuspensionGround(ground).label, "text": text, "cases": kept if keeps_cases else _TAKEN_BACK},
            now=now,
        )


def resume(enterprise: Enterprise, *, by: User, text: str, now: datetime) -> None:
    with _locked(enterprise.pk, by=by, now=now) as held:
        if held.enrolment != Enrolment.SUSPENDED:
            raise _moved(held)
        held.enrolment, held.finishes_cases, held.stays_out = Enrolment.ENROLLED, False, False
        with working_as_steps():
            held.save(update_fields=["enrolment", "finishes_cases", "stays_out"])
        _note(held, Kind.RESUMED, by=by, text=text, now=now)
        body = gettext_lazy("%(authority)s决定：%(name)s从现在起恢复接收新投诉。\n\n%(text)s")
        _tell(held, gettext_lazy("恢复接收新投诉"), body, {"text": text}, now=now)


def first_last_day(ground: str, *, region_id: int | None, today: date) -> date:
    """The earliest last day of an enrolment: after the notice of the policy; today where the licence is gone."""
    if ground == ExitGround.LICENCE:
        return today
    return today + timedelta(days=Policies.load(today).number(NOTICE, region_id).number)


def set_exit(enterprise: Enterprise, *, by: User, ground: str, text: str, last_day: date, now: datetime) -> None:
    """The enrolment ends with ``last_day``; who is not shut out keeps the open cases. Raises EnrolmentRefusal."""
    today = timezone.localdate(now)
    with _locked(enterprise.pk, by=by, now=now) as held:
        if held.enrolment not in (Enrolment.ENROLLED, Enrolment.SUSPENDED) or held.leaves_on is not None:
            raise _moved(held)
        if last_day < (earliest := first_last_day(ground, region_id=held.domicile_id, today=today)):
            raise EnrolmentRefusal(
                "too_early", _("须提前通知：最后一天最早是%(day)s。") % {"day": earliest.isoformat()}
            )
        held.leaves_on = last_day
        with working_as_steps():
            held.save(update_fields=["leaves_on"])
        _note(held, Kind.EXIT_SET, by=by, ground=ground, text=text, on_day=last_day, now=now)
        if ground == ExitGround.OWN_REQUEST:
            asked = Filing.objects.filter(enterprise=held, kind=Filing.Kind.EXIT, state=Filing.State.FILED)
            asked.update(state=Filing.State.NOTED, answered_at=now, answer=text)
        kept = gettext_lazy("手上的案件由企业办完，期限不变。")
        slots = {"day": last_day.isoformat(), "ground": ExitGround(ground).label, "text": text}
        _tell(
            held,
            gettext_lazy("退出在线和解企业"),
            gettext_lazy(
                "%(authority)s决定：%(name)s不再是在线和解企业，最后一天是%(day)s。"
                "\n\n理由：%(ground)s\n%(text)s\n\n%(cases)s"
            ),
            slots | {"cases": _TAKEN_BACK if held.is_shut_out else kept},
            now=now,
        )


def drop_exit(enterprise: Enterprise, *, by: User, text: str, now: datetime) -> None:
    """It stays after all; only while its last day has not passed."""
    with _locked(enterprise.pk, by=by, now=now) as held:
        if held.leaves_on is None or held.leaves_on < timezone.localdate(now):
            raise _moved(held)
        held.leaves_on = None
        with working_as_steps():
            held.save(update_fields=["leaves_on"])
        _note(held, Kind.EXIT_DROPPED, by=by, text=text, now=now)
        body = gettext_lazy("%(authority)s撤销了退出决定：%(name)s继续是在线和解企业。\n\n%(text)s")
        _tell(held, gettext_lazy("继续作为在线和解企业"), body, {"text": text}, now=now)


def sweep_exits(*, now: datetime) -> int:
    """End the enrolments whose last day has passed; how many. Their people keep their cases, unless they are out."""
    today = timezone.localdate(now)
    with transaction.atomic():
        due = list(
            Enterprise.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(leaves_on__lt=today)
            .order_by("leaves_on")[:BATCH]
        )
        for held in due:
            last_day, held.leaves_on = held.leaves_on, None
            held.stays_out = held.is_shut_out
            is_over = held.enrolment == Enrolment.ENDED
            held.enrolment = held.enrolment if is_over else Enrolment.NOT_ENROLLED
            held.finishes_cases = False
            held.save(update_fields=["enrolment", "leaves_on", "finishes_cases", "stays_out"])
            _note(held, Kind.EXITED, by=None, on_day=last_day, now=now)
    return len(due)


def file(enterprise: Enterprise, kind: str, data: Mapping[str, Any], *, by: User, now: datetime) -> EnrolmentFiling:
    """备案 by a manager. Raises EnrolmentRefusal where one of this kind still waits."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Filing.objects.create(
                    enterprise=enterprise, kind=kind, data=dict(data), filed_by=by, filed_at=now
                )
        except IntegrityError:
            raise EnrolmentRefusal("waits", _("同一类的备案还有一份在等监管部门处理。")) from None
        _note(enterprise, Kind.FILED, by=by, text=str(Filing.Kind(kind)), digest=digest_of(made.data), now=now)
    return made


def filed_with(authority_ids: Collection[int]) -> QuerySet[EnrolmentFiling]:
    """What enterprises filed with the authorities that enrolled them and nobody has answered yet."""
    return Filing.objects.filter(enterprise__enrolled_by_id__in=authority_ids, state=Filing.State.FILED)


def note_filing(pk: UUID, *, by: User, now: datetime) -> EnrolmentFiling:
    """The authority takes note; a customer count counts from now on."""
    with _filing(pk, by=by, now=now) as row:
        row.state, row.answered_at = Filing.State.NOTED, now
        row.save(update_fields=["state", "answered_at"])
        if row.kind == Filing.Kind.CUSTOMERS:
            CustomerCount.objects.create(
                enterprise=row.enterprise,
                counted_on=date.fromisoformat(row.data["counted_on"]),
                number=int(row.data["number"]),
                source=row.data["source"],
                noted_at=now,
            )
        _note(row.enterprise, Kind.NOTED, by=by, text=row.kind, now=now)
    return row


def ask_back_filing(pk: UUID, *, by: User, answer: str, now: datetime) -> EnrolmentFiling:
    """The authority asks back; the enterprise files anew."""
    with _filing(pk, by=by, now=now) as row:
        row.state, row.answered_at, row.answer = Filing.State.ASKED_BACK, now, answer
        row.save(update_fields=["state", "answered_at", "answer"])
        _note(row.enterprise, Kind.FILING_ASKED_BACK, by=by, text=answer, now=now)
        body = gettext_lazy("%(name)s的备案“%(kind)s”需要补正：\n\n%(text)s")
        slots = {"kind": Filing.Kind(row.kind).label, "text": answer}
        _tell(row.enterprise, gettext_lazy("备案需要补正"), body, slots, now=now)
    return row


@contextmanager
def _filing(pk: UUID, *, by: User, now: datetime) -> Iterator[EnrolmentFiling]:
    with transaction.atomic():
        row = Filing.objects.select_for_update(of=("self",)).select_related("enterprise__enrolled_by").get(pk=pk)
        if not may_read_filings(row.enterprise, by, on=timezone.localdate(now)):
            raise EnrolmentRefusal("not_yours", _("由批准它入驻的机关处理。"))
        if row.state != Filing.State.FILED:
            raise EnrolmentRefusal(
                "moved_on", _("这份备案刚刚已经处理：%(state)s。") % {"state": row.get_state_display()}
            )
        yield row


def customers_on(enterprise_ids: Any, day: date) -> dict[int, CustomerCount]:
    """The newest count of each that was made by this day and noted; one query."""
    rows = CustomerCount.objects.filter(enterprise_id__in=enterprise_ids, counted_on__lte=day)
    return {
        row.enterprise_id: row for row in rows.order_by("enterprise_id", "-counted_on", "-id").distinct("enterprise_id")
    }


def _moved(held: Enterprise) -> EnrolmentRefusal:
    last = held.entries.filter(kind__in=PUBLIC).select_related("by").last()
    if last is None:
        return EnrolmentRefusal(
            "moved_on", _("这家企业现在的状态是：%(state)s。") % {"state": held.get_enrolment_display()}
        )
    return EnrolmentRefusal(
        "moved_on",
        _("刚有变化：%(who)s %(what)s。您写的内容已保留。")
        % {"who": last.by.name if last.by else _("系统"), "what": Kind(last.kind).label},
    )


def _note(
    enterprise: Enterprise, kind: str, *, by: User | None, now: datetime, on_day: date | None = None, **columns: Any
) -> None:
    EnrolmentEntry.objects.create(
        enterprise=enterprise,
        kind=kind,
        by=by,
        at=now,
        authority=enterprise.enrolled_by,
        on_day=on_day or timezone.localdate(now),
        **columns,
    )


#: What becomes of the cases of an enterprise that is shut out.
_TAKEN_BACK = gettext_lazy("手上的案件由监管部门收回，企业账号暂停使用。")


def _tell(enterprise: Enterprise, subject: Any, body: Any, slots: Mapping[str, Any], *, now: datetime) -> None:
    """A letter to each manager of the whole enterprise, shut out or not: subject and body in the own language."""
    slots = {"authority": enterprise.enrolled_by, "name": enterprise.name, **slots}
    managers = (
        Staff.objects.on(timezone.localdate(now))
        .filter(enterprise=enterprise, branch=None, role__in=Right.LEAD_ENTERPRISE.posts)
        .select_related("user")
    )
    for job in managers:
        if job.user.email and job.user.is_active:
            send_to(job.user, lambda: (str(subject), str(body) % slots), now=now, of_use=LETTER_FOR)

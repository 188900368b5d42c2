"""What the enterprise does with a case: accept, contact, perform, report, return.

Nothing here calls a case settled; offers stand in offers.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import jurisdiction
from complaints.handling.steps.offers import engaged, of_engagement, touch_first_contact
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move, proposable, verb
from complaints.models import Contact, InternalNote, Matter, Obligation, RootCause
from complaints.parties import unreachable
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.categories import CAUSES, FAILURE_REASONS
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Status
from enterprises.models import Staff

S = Status
CONTACT_CHANNELS = ("phone", "sms", "email", "visit", "message", "other")


def _handler(file: CaseFile, handler_id: int | None, handler_number: str) -> Staff:
    """A handler who works for this enterprise today, in a branch that has the case, and is not on leave."""
    result = file.conditions.worker(
        file.complaint.enterprise_id or 0, file.today, pk=handler_id, number=handler_number.strip()
    )
    if result is None or not result.may_have(file.complaint.branch_id):
        raise WrongInput("bad_choice", _("请选一位在岗的处理人员。"), field="handler")
    if result.leave is not None:
        raise WrongInput(
            "on_leave",
            _("这位处理人员请假到%(day)s，请选另一位。") % {"day": result.leave.ends_on.isoformat()},
            field="handler",
        )
    return result.staff


@verb()
def accept_case(file: CaseFile, actor: Actor, *, handler_id: int | None = None, handler_number: str = "") -> Effect:
    """Takes the case and names who handles it (责任到人), by id or by 工号; whoever accepts and names nobody."""
    is_named = handler_id is not None or bool(handler_number.strip())
    staff = _handler(file, handler_id if is_named else actor.staff_id, handler_number)
    file.complaint.handler = staff
    file.change(engaged(file), accepted_at=file.now)
    return Effect(to=S.NEGOTIATING, data={"handler": staff.pk})


@verb()
def assign(
    file: CaseFile,
    actor: Actor,
    *,
    handler_id: int | None = None,
    handler_number: str = "",
    because: Mapping[str, Any] | None = None,
) -> Effect:
    """Hands the case to another handler, named by id or by 工号; the clocks run on.

    ``because``: what the system goes by: {"why": rule | leave | left, "rule" or "leave": its id, "to": …}."""
    staff = _handler(file, handler_id, handler_number)
    before = file.complaint.handler_id
    file.complaint.handler = staff
    data = {"handler": staff.pk, "before": before}
    if because is None:
        return Effect(data=data)
    why = f"assigned_by_{because['why']}"
    return Effect(data=data | {"because": dict(because)}, reason=why)


@verb(
    channel=partial(saying.choice, allowed=CONTACT_CHANNELS),
    note=partial(saying.text, needed=False, longest=1000),
    at=saying.moment,
)
def log_contact(
    file: CaseFile, actor: Actor, *, channel: str, reached: bool, note: str = "", at: datetime | None = None
) -> Effect:
    """One attempt to reach the consumer; at most now, never in the future. ``note``: what was said, if anything was."""
    moment = at or file.now
    engagement = engaged(file)
    if moment > file.now:
        raise WrongInput("in_future", _("联系时间不能晚于现在。"), field="at")
    if moment < engagement.from_at.replace(second=0, microsecond=0):
        raise WrongInput("too_early", _("联系时间不能早于送达。"), field="at")
    file.add(
        Contact(
            **of_engagement(file),
            channel=channel,
            at=moment,
            by_id=actor.staff_id,
            by_name=actor.name,
            reached=reached,
            note=note,
        )
    )
    if reached:
        # A call counts when it was made if it is written down by the next working day; else when it was written down:
        # a figure must not get better by what somebody remembers weeks later.
        calendar = file.conditions.calendar
        is_fresh = calendar.after(calendar.local_day(moment), 1) >= file.today
        touch_first_contact(file, moment if is_fresh else file.now)
    return Effect(data={"channel": channel, "reached": reached, "at": moment.isoformat()}, texts={"contact": note})


@verb(text=saying.text)
def ask_consumer(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """A question to the consumer; the clocks run on."""
    touch_first_contact(file, file.now)
    return Effect(texts={"message": text})


@verb(text=saying.text)
def send_message(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    touch_first_contact(file, file.now)
    return Effect(texts={"message": text})


@verb(text=saying.text)
def add_internal_note(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Seen by the enterprise alone."""
    file.add(InternalNote(**of_engagement(file), by_id=actor.user_id, by_name=actor.name, at=file.now, text=text))
    return Effect(texts={"note": text})


@verb(text=saying.text)
def answer_question(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """The offer lies with the consumer again."""
    file.end_matter(saying.open_matter(file, "question"), "answered")
    touch_first_contact(file, file.now)
    return Effect(to=S.AWAITING_CONSUMER, texts={"message": text})


@verb(reason=partial(saying.choice, allowed=FAILURE_REASONS), text=saying.text)
def report_failure(file: CaseFile, actor: Actor, *, reason: str, text: str) -> Effect:
    """No agreement, refused with reasons, wants none; unreachable only after 3 attempts on
    2 days by 2 channels, and then the consumer is told and has 2 working days."""
    # Those of the same batch are not in the database yet.
    fresh = [row for row in file.added.get(Contact, ()) if isinstance(row, Contact)]
    contacts = [*Contact.objects.filter(engagement=engaged(file)), *fresh]
    if not contacts:
        raise StepNotAllowed("no_contact", _("请先记录与消费者的联系。"))
    data = {"reason": reason, "contacts": len(contacts)}
    if reason == "unreachable":
        _check_attempts(file, contacts)
        if file.matter("unreachable") is not None:
            raise StepNotAllowed("already_told", _("已通知消费者，正等其回应。"))
        matter = file.open_matter("unreachable", by="enterprise", key=actor.person_key)
        days = file.number("failure_answer")
        clocks.start(file, Clock.ANSWER, file.now, days=days, matter=matter, owed_by="consumer")
        return Effect(data=data, texts={"message": text}, reason=reason)
    return settling.leave(file, result="failed", ended_by="report", reason=reason, data=data, texts={"message": text})


def _check_attempts(file: CaseFile, contacts: list[Contact]) -> None:
    counts = unreachable.counted(
        contacts,
        policies=file.conditions.policies,
        region_id=file.complaint.handling_region_id,
        calendar=file.conditions.calendar,
    )
    if any(count.missing for count in counts):
        raise StepNotAllowed(
            "not_tried_enough",
            _(
                "联系不上须有至少%(unreachable_attempts)s次未接通的记录，分在%(unreachable_days)s天，"
                "用过%(unreachable_channels)s种方式。"
            )
            % file.conditions.limits(file.complaint.handling_region_id),
        )


@proposable
def return_case(
    *,
    reason: str,
    enterprise_id: int | None = None,
    branch_id: int | None = None,
    text: str = "",
    because: dict[str, Any] | None = None,
) -> Move:
    """Not ours: names the right target, or the reason; the second return goes to a person."""
    why = saying.choice(reason, ("wrong_branch", "wrong_entity", "duplicate", "not_customer", "other"), "reason")
    given = saying.text(text, "text", needed=enterprise_id is None)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        complaint = file.complaint
        jurisdiction.not_oneself(file, (enterprise_id, branch_id))
        complaint.returns += 1
        settling.end_engagement(file, "returned", why, file.now)
        settling.nobody_has_it(file)
        limit = file.conditions.policies.number("returns_before_person", complaint.handling_region_id).number
        data = {"why": why, "enterprise": enterprise_id, "branch": branch_id, "returns": complaint.returns}
        if complaint.service_region_id is not None:
            complaint.handling_region_id = complaint.service_region_id
        complaint.handling_authority = file.conditions.jurisdiction.intake(complaint.handling_region_id)
        if enterprise_id is None or complaint.returns >= limit:
            jurisdiction.keep_suggestions(file, named=(enterprise_id, branch_id), because=because)
            return Effect(to=S.TRIAGE, reason="returned", data=data, texts={"message": given})
        complaint.picked_enterprise_id = enterprise_id
        complaint.picked_branch_id = branch_id
        complaint.picked_brand_id = None
        return Effect(to=S.FILED, reason="returned", data=data, texts={"message": given})

    return Move("return_case", carry)


@verb(text=saying.text)
def request_return(
    file: CaseFile,
    actor: Actor,
    *,
    text: str,
    enterprise_id: int | None = None,
    branch_id: int | None = None,
    because: dict[str, Any] | None = None,
) -> Effect:
    """After acceptance, only before the first offer; intake grants it (1 WD, clock runs). It may name the right
    target."""
    engagement = engaged(file)
    if any(o.engagement_id == engagement.pk for o in file.offers):
        raise StepNotAllowed("offer_made", _("已提出过方案，不能再退回。"))
    if file.matter("return") is not None:
        raise StepNotAllowed("already_open", _("退回申请正在办理。"))
    jurisdiction.not_oneself(file, (enterprise_id, branch_id))
    matter = file.open_matter(
        "return", by="enterprise", key=actor.person_key, enterprise=enterprise_id, branch=branch_id, because=because
    )
    clocks.start(file, Clock.RETURN, file.now, matter=matter)
    return Effect(data={"enterprise": enterprise_id, "branch": branch_id}, texts={"message": text})


@verb(proof=partial(saying.text, longest=1000))
def report_performed(
    file: CaseFile,
    actor: Actor,
    *,
    obligations: Sequence[int],
    proof: str,
    channel: str = "",
    files: Sequence[str] = (),
) -> Effect:
    """Done, with proof; whoever was owed has 5 working days to say yes or no."""
    rows = saying.obligations(file, obligations, ("due",), saying.debtor_side(actor))
    if any(row.disputed_at is not None for row in rows):
        raise StepNotAllowed("show_payment", _("消费者说没有收到：请出示渠道、末4位和日期。"))
    for row in rows:
        _report(file, row, proof, channel)
    return Effect(
        data={"obligations": list(obligations), "channel": channel}, texts={"proof": proof}, files=tuple(files)
    )


def _report(file: CaseFile, row: Obligation, proof: str, channel: str) -> None:
    # Late is what its clock says: it rested while the consumer's own part was unmet.
    file.change(row, state="reported", reported_at=file.now, reported_proof=proof, payment_channel=channel[:60])
    for kind in (Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER):
        clocks.end_live(file, kind, obligation=row)
    clocks.start(file, Clock.CONFIRMATION, file.now, obligation=row, owed_by=saying.creditor_of(row.owed_by))


@verb(channel=partial(saying.text, longest=60), last4=partial(saying.text, longest=4), paid_on=saying.day)
def show_payment(file: CaseFile, actor: Actor, *, obligation: int, channel: str, last4: str, paid_on: date) -> Effect:
    """The answer to a disputed performance: channel, last 4 digits, date; once."""
    row = saying.obligations(file, [obligation], ("due",), "enterprise")[0]
    if row.disputed_at is None:
        raise StepNotAllowed("not_disputed", _("这一项没有争议。"))
    if paid_on is None or paid_on > file.today:
        raise WrongInput("bad_day", _("付款日期不能晚于今天。"), field="paid_on")
    _report(file, row, f"{channel} {last4} {paid_on.isoformat()}", channel)
    file.change(row, payee_last4=last4)
    return Effect(data={"obligation": obligation, "channel": channel, "last4": last4, "paid_on": paid_on.isoformat()})


@verb(text=saying.text)
def request_extension(file: CaseFile, actor: Actor, *, days: int, text: str) -> Effect:
    """Once, at most 5 WD, only where the policy allows and with the consumer's yes."""
    policies, region = file.conditions.policies, file.complaint.handling_region_id
    if not policies.number("extension", region).number:
        raise StepNotAllowed("no_extension", _("本地区的规定不允许延期。"))
    most = policies.number("extension_cap", region).number
    if not 1 <= days <= most:
        raise WrongInput("bad_number", _("最多延%(n)s个工作日。") % {"n": most}, field="days")
    if Matter.objects.filter(complaint=file.complaint, kind="extension").exists():
        raise StepNotAllowed("extended_once", _("只能申请延期一次。"))
    file.open_matter("extension", by="enterprise", key=actor.person_key, days=days)
    return Effect(data={"days": days}, texts={"message": text})


@verb()
def agree_to_extension(file: CaseFile, actor: Actor) -> Effect:
    """The consumer's yes; the authority still has to grant it."""
    matter = saying.open_matter(file, "extension")
    file.change(matter, data={**matter.data, "consumer_agreed": True})
    return Effect(data={"days": matter.data["days"]})


@verb(text=saying.text)
def flag_concern(file: CaseFile, actor: Actor, *, text: str, files: Sequence[str] = ()) -> Effect:
    """Authority-only, its files too: the authority judges, the handling is not affected."""
    file.open_matter("concern", by="enterprise", key=actor.person_key, audience="authority")
    return Effect(texts={"concern": text}, files=tuple(files))


@verb(text=saying.text)
def ask_authority(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """A question to the office, answered within 2 working days."""
    matter = file.open_matter("office_question", by="enterprise", key=actor.person_key, subject=str(len(file.matters)))
    days = file.number("authority_question_answer")
    due = deadlines.working_days(file.now, days, file.conditions.calendar, rule="instruction")
    clocks.start(file, Clock.INSTRUCTION, file.now, due=due, matter=matter, owed_by="authority")
    return Effect(texts={"message": text})


@verb(text=partial(saying.text, longest=1000))
def reply_publicly(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Stands beside the published complaint."""
    return Effect(texts={"public_reply": text})


@verb(cause=partial(saying.choice, allowed=CAUSES))
def tag_cause(file: CaseFile, actor: Actor, *, cause: str) -> Effect:
    """Why it came to this complaint, as the enterprise sees it once its part is over; a later tag replaces it.

    ``cause``: a code of root_causes.CAUSES. For the enterprise alone."""
    engagement = engaged(file)
    if engagement.until_at is None:
        raise StepNotAllowed("not_over", _("本企业还在办理，办完后再标记原因。"))
    # One of the same batch is not in the database yet.
    fresh = [row for row in file.added.get(RootCause, ()) if isinstance(row, RootCause)]
    before = fresh[-1] if fresh else RootCause.objects.filter(engagement=engagement).first()
    if before is None:
        file.add(RootCause(**of_engagement(file), cause=cause, at=file.now))
    else:
        file.change(before, cause=cause, at=file.now)
    return Effect(data={"cause": cause})

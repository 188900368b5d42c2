"""What a consumer may do while the enterprise has the case. Only the consumer (or an officer recording the consumer's
word) calls a settlement a success; silence never is one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.utils.translation import gettext as _

from authorities.policies import Limits
from complaints.acceptance.remedies import late_answer
from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import parties
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move, proposable, verb
from complaints.models import Offer, OfferAnswer
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Outcome, Status
from complaints.settlement.offer_terms import CounterSum, why_no_counter

S = Status
DECLINE_REASONS = ("amount_too_low", "demand_missing", "too_late", "not_true", "other")
WITHDRAW_REASONS = ("settled", "mistake", "no_longer_wanted", "other_way", "other")
REST = ("give_up", "go_on", "regulator")


@verb(text=saying.text)
def object_to_signs(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """What officers are shown as unusual about this case is not so. Read by the authority alone."""
    file.complaint.facts = {**file.complaint.facts, "signs_objected": file.now.isoformat()}
    file.open_matter("signs", by="consumer", key=actor.person_key, audience="authority")
    return Effect(texts={"concern": text})


@proposable
def add_statement(*, text: str, files: Sequence[str] = ()) -> Move:
    """A statement or evidence at any time while the case is open."""
    given = saying.text(text, "text", needed=not files)
    return Move("add_statement", lambda file, actor: Effect(texts={"message": given}, files=tuple(files)))


@verb(text=saying.text)
def correct_facts(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """A correction is an entry beside what was said, never an edit."""
    return Effect(texts={"correction": text})


@verb(rest=partial(saying.choice, allowed=REST))
def accept_offer(
    file: CaseFile, actor: Actor, *, separable: Sequence[int] = (), rest: str = "give_up", confirmed: Sequence[int] = ()
) -> Effect:
    """Accept what is granted, or of it the separable demands ``separable`` (ordinals); ``confirmed``: ordinals of what
    the enterprise reported as done already and the consumer saw done.

    ``rest`` says what becomes of the others, the refused ones too: given up (the case is settled in part), go on
    negotiating, or to the regulator; accepted obligations stay in force either way. Where what is granted is one whole,
    the others can only be given up. What grants nothing cannot be accepted."""
    offer = saying.open_offer(file)
    answers = list(OfferAnswer.objects.filter(offer=offer).select_related("demand"))
    part = set(separable) if separable else {a.demand.ordinal for a in answers if a.verdict != "refuse"}
    for answer in answers:
        if separable and answer.demand.ordinal in part and not answer.is_separable:
            raise StepNotAllowed("not_separable", _("这几项方案是一个整体，不能只接受其中一项。"), field="separable")
        if rest != "give_up" and answer.demand.ordinal in part and not answer.is_separable and len(answers) > 1:
            raise StepNotAllowed("not_separable", _("这份方案是一个整体：接受它，没同意的就不再要求。"), field="rest")
    unknown = part - {a.demand.ordinal for a in answers}
    if unknown:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="separable")
    accepted_ids = {a.demand_id for a in answers if a.demand.ordinal in part}
    mine = [o for o in file.obligations if o.offer_id == offer.pk and o.state == "proposed"]
    kept = [o for o in mine if o.answers_demand_id is None or o.answers_demand_id in accepted_ids]
    if all(a.verdict == "refuse" for a in answers if a.demand_id in accepted_ids) and all(
        o.owed_by != "enterprise" for o in kept
    ):
        raise _nothing_to_accept("separable" if separable else "")
    left = [d for d in file.demands if d.pk not in accepted_ids and not d.is_settled and not d.is_given_up]
    file.change(offer, state="accepted", answered_at=file.now)
    for demand in file.demands:
        if demand.pk in accepted_ids:
            file.change(demand, is_settled=True)
        elif demand in left and rest == "give_up":
            file.change(demand, is_given_up=True)
    given_up = [d.ordinal for d in left] if rest == "give_up" else []
    if given_up:
        file.complaint.is_in_part = True
    engagement = file.engagement
    if engagement is not None and engagement.is_overdue:
        file.complaint.is_late = True
    for obligation in mine:
        if obligation not in kept:
            file.change(obligation, state="dropped")
    settling.bring_into_force(file, kept, file.now)
    for obligation in mine:
        if obligation not in kept:
            # What was to follow it waits for nothing now.
            clocks.release_obligations(file, obligation, file.now)
    data = {"offer": offer.number, "demands": sorted(part), "late": file.complaint.is_late}
    if given_up:
        data["given_up"] = sorted(given_up)
    if confirmed:
        for obligation in saying.obligations(file, confirmed, ("reported",), "enterprise"):
            settling.confirm(file, obligation, file.now)
        data["confirmed"] = sorted(confirmed)
    data |= parties.bound(file, offer.number)
    if left and rest == "go_on":
        if clocks.has_run_out(file, Clock.NEGOTIATION, file.now):
            return settling.leave(file, result="failed", ended_by="lapse", reason="overdue", data=data)
        return Effect(to=S.NEGOTIATING, data=data, reason="rest_goes_on")
    if left and rest == "regulator":
        return settling.leave(file, result="failed", ended_by="stopped", reason="rest_to_regulator", data=data)
    if kept or file.obligations_in("due", "reported"):
        return settling.when_all_is_done(file, Effect(to=S.PERFORMING, data=data))
    settling.end_engagement(file, "settled", "accepted", file.now)
    return Effect(to=S.CLOSED, outcome=Outcome.SETTLED, reason="nothing_to_perform", data=data)


def _nothing_to_accept(field: str = "") -> StepNotAllowed:
    return StepNotAllowed(
        "nothing_granted",
        _("这里企业一项也没有同意，没有可以接受的。您可以交市场监管局、继续协商，或者不再坚持。"),
        field=field,
    )


@verb(text=partial(saying.text, needed=False))
def let_rest(file: CaseFile, actor: Actor, *, text: str = "") -> Effect:
    """The offer grants nothing and the consumer leaves it at that: closed, never as settled.

    Where part of an earlier offer was accepted and is still owed, that stays in force, and only the rest is given
    up."""
    offer = saying.open_offer(file)
    if not offer.grants_nothing:
        raise StepNotAllowed(
            "something_granted", _("这份方案里企业同意了一部分：您可以接受或者不接受；都不要的，可以撤回。")
        )
    has_part = any(o.state == "accepted" and o.engagement_id == offer.engagement_id for o in file.offers)
    is_owed = bool(file.obligations_in("due", "reported"))
    if has_part and not is_owed:
        raise StepNotAllowed(
            "part_accepted", _("您接受过的部分已经办完。其余的可以交市场监管局、继续协商，或者撤回投诉。")
        )
    file.change(offer, state="declined", answered_at=file.now)
    settling.drop_obligations(file, offer)
    data, texts = {"offer": offer.number}, {"reason": text}
    if is_owed:
        for demand in file.demands:
            if not demand.is_settled:
                file.change(demand, is_given_up=True)
        file.complaint.is_in_part = True
        return Effect(to=S.PERFORMING, reason="rest_given_up", data=data, texts=texts)
    settling.end_engagement(file, "failed", "let_rest", file.now)
    return Effect(to=S.CLOSED, outcome=Outcome.WITHDRAWN, reason="refusal_let_rest", data=data, texts=texts)


@verb(text=saying.text)
def ask_about_offer(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """The offer stays open; at most twice an offer; an answer by the end of the next WD."""
    offer = saying.open_offer(file)
    most = file.number("reply_questions_per_offer")
    if offer.questions >= most:
        raise StepNotAllowed(
            "asked_enough", _("同一方案最多提问%(n)s次。您可以接受，或不接受并写明理由。") % {"n": most}
        )
    file.change(offer, questions=offer.questions + 1)
    matter = file.open_matter("question", by="consumer", subject=str(offer.number), offer=offer.number)
    clocks.start(file, Clock.ANSWER, file.now, matter=matter)
    return Effect(to=S.NEGOTIATING, texts={"question": text}, data={"offer": offer.number})


@verb(
    reason=partial(saying.choice, allowed=DECLINE_REASONS),
    text=partial(saying.text, needed=False),
    counter_demand=partial(saying.text, needed=False),
)
def decline_offer(
    file: CaseFile,
    actor: Actor,
    *,
    reason: str,
    text: str = "",
    counter_demand: str = "",
    counter_sums: Sequence[CounterSum] = (),
) -> Effect:
    """Back to negotiating with a counter-demand; on to review when the clock has run out. ``counter_sums``: for how
    much the consumer would settle a demand, more than what is offered and no more than what was asked for."""
    offer = saying.open_offer(file)
    sums = _counter_sums(offer, counter_sums)
    data = {"offer": offer.number, "reason": reason}
    texts = {"reason": text, "counter_demand": counter_demand}
    file.change(offer, decline_reason=reason, counter_demand=counter_demand, counter_sums=sums)
    if clocks.has_run_out(file, Clock.NEGOTIATION, file.now):
        return settling.leave(file, result="failed", ended_by="declined", reason="overdue", data=data, texts=texts)
    file.change(offer, state="declined", answered_at=file.now)
    settling.drop_obligations(file, offer)
    return Effect(to=S.NEGOTIATING, data=data, texts=texts, reason="declined")


def _counter_sums(offer: Offer, said: Sequence[CounterSum]) -> dict[str, str]:
    """As they are kept in the offer; raises WrongInput that names the demand."""
    answers = {a.demand.ordinal: a for a in OfferAnswer.objects.filter(offer=offer).select_related("demand")}
    sums: dict[str, str] = {}
    for one in said:
        name, answer = f"counter-{one.demand}", answers.get(one.demand)
        amount = saying.money(one.amount, name)
        if answer is None or amount is None or str(one.demand) in sums:
            raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field=name)
        if wrong := why_no_counter(amount, asked=answer.demand.amount, offered=answer.amount):
            raise WrongInput("bad_amount", wrong, field=name)
        sums[str(one.demand)] = str(amount)
    return sums


@verb(text=partial(saying.text, needed=False))
def stop_negotiating(file: CaseFile, actor: Actor, *, text: str = "") -> Effect:
    """On any day, without a reason: settlement is voluntary (arts 6, 18)."""
    return settling.leave(file, result="failed", ended_by="stopped", reason="stopped", texts={"reason": text})


@verb()
def confirm_performed(file: CaseFile, actor: Actor, *, obligations: Sequence[int]) -> Effect:
    """Whoever was owed says that it was done; performing ends when nothing is left."""
    owed_by = saying.creditor_of(saying.debtor_side(actor))
    rows = saying.obligations(file, obligations, ("due", "reported", "silent"), owed_by)
    for row in rows:
        settling.confirm(file, row, file.now)
    return settling.when_all_is_done(file, Effect(data={"obligations": list(obligations)}))


@verb(text=saying.text)
def dispute_performance(file: CaseFile, actor: Actor, *, obligation: int, text: str) -> Effect:
    """Reported but not there: the enterprise shows channel, last 4, date in 3 WD; once."""
    row = saying.obligations(file, [obligation], ("reported",), "enterprise")[0]
    if row.disputed_at is not None:
        raise StepNotAllowed("disputed_once", _("企业已经说明过一次。您可以确认做到了，或报告没有做到。"))
    clocks.end_live(file, Clock.CONFIRMATION, obligation=row)
    file.change(row, state="due", disputed_at=file.now)
    days = file.number("performance_dispute_answer")
    clocks.start(file, Clock.PERFORMANCE_ANSWER, file.now, days=days, obligation=row)
    return Effect(data={"obligation": obligation}, texts={"message": text})


@verb(text=saying.text)
def report_breach(file: CaseFile, actor: Actor, *, obligation: int, text: str) -> Effect:
    """One button: it was not done. →review; after a mediation closed as not kept."""
    row = saying.obligations(file, [obligation], ("due", "reported", "silent"), "enterprise")[0]
    last = row.due_on
    if row.state == "due" and last is not None and last >= file.today:
        raise StepNotAllowed("not_due_yet", _("这一项还没到期：最后一天是%(day)s。") % {"day": last.isoformat()})
    return settling.breach(file, row, {"obligation": obligation}, texts={"message": text})


@verb()
def waive_obligation(file: CaseFile, actor: Actor, *, obligation: int) -> Effect:
    """The consumer lets one promise go; nobody else can."""
    row = saying.obligations(file, [obligation], ("due", "reported"), "enterprise")[0]
    settling.waive(file, row, file.now)
    return settling.when_all_is_done(file, Effect(data={"obligation": obligation}))


def resume_performance(*, dates: dict[int, str]) -> Move:
    """review→performing once both sides named the same new days for what was broken."""
    days = {int(n): saying.day(value, "dates") for n, value in dates.items()}

    def carry(file: CaseFile, actor: Actor) -> Effect:
        rows = saying.obligations(file, list(days), ("broken",))
        if any(d is None or d <= file.today for d in days.values()):
            raise WrongInput("bad_day", _("新的日期须在今天之后。"), field="dates")
        if set(days) != {o.ordinal for o in file.obligations_in("broken")}:
            raise WrongInput("missing", _("每一项没有做到的约定都要写明新的日期。"), field="dates")
        plain = {str(n): d.isoformat() for n, d in days.items() if d}
        side = saying.debtor_side(actor)
        open_one = file.matter("redate")
        if open_one is None or open_one.opened_by == side or open_one.data["dates"] != plain:
            if open_one is not None:
                file.end_matter(open_one, "fallen")
            file.open_matter("redate", by=side, dates=plain)
            return Effect(data={"dates": plain, "agreed": False})
        file.end_matter(open_one, "granted")
        for row in rows:
            file.change(row, due_on=days[row.ordinal])
        settling.bring_into_force(file, rows, file.now)
        return Effect(to=S.PERFORMING, data={"dates": plain, "agreed": True}, reason="redated")

    return Move("resume_performance", carry)


@verb(reason=partial(saying.choice, allowed=WITHDRAW_REASONS), text=partial(saying.text, needed=False))
def withdraw(file: CaseFile, actor: Actor, *, reason: str, text: str = "") -> Effect:
    """Asks why; in a mediation it is ground 1 of art. 23 and a notice is owed."""
    settling.take_back_offer(file, file.now)
    settling.end_engagement(file, "withdrawn", "consumer", file.now)
    outcome, ground = Outcome.WITHDRAWN, "withdrawn"
    if file.status in (S.MEDIATING, S.MEDIATION_SUSPENDED):
        clocks.start(file, Clock.NOTICE, file.now)
        outcome, ground = Outcome.MEDIATION_TERMINATED, "withdrawn_or_settled"
    return Effect(to=S.CLOSED, outcome=outcome, reason=ground, data={"why": reason}, texts={"reason": text})


@verb()
def refer_to_regulator(file: CaseFile, actor: Actor) -> Effect:
    """From a closed case to the county authority, everything carried over."""
    complaint = file.complaint
    if complaint.outcome == Outcome.SETTLED and not (file.has_broken_promise or complaint.accepted_refusal):
        raise StepNotAllowed("settled", _("这件投诉已和解成功；没有做到时才能转交。"))
    learned = complaint.learned_on or complaint.disputed_on
    old = learned is not None and learned.replace(year=learned.year + 3, day=min(learned.day, 28)) < file.today
    if complaint.accepted_refusal:
        settling.open_demands_again(file)
    settling.to_county(file)
    return Effect(to=S.REVIEW, reason="referred", data={"over_three_years": old, "was": complaint.outcome})


@verb(text=partial(saying.text, needed=False))
def answer_late(file: CaseFile, actor: Actor, *, accept: bool, text: str = "") -> Effect:
    """Soon after an unconfirmed end (policy ``late_answer``): yes makes it settled (late), no is a decline."""
    complaint = file.complaint
    policies = file.conditions.policies
    if file.now >= late_answer(complaint, policies, file.conditions.calendar).due_at:
        limits = Limits(policies, complaint.handling_region_id)
        raise StepNotAllowed("too_late", _("办结%(late_answer)s后不能再答复；您仍可交市场监管局。") % limits)
    texts = {"message": text}
    engagement = file.latest_engagement
    if not accept:
        if engagement is not None and engagement.odr_result == "unconfirmed":
            # A clear no is a decline and no silence any more.
            file.change(engagement, odr_result="failed", ended_by="declined")
        if settling.goes_on(file):
            settling.to_county(file)
            return Effect(to=S.REVIEW, reason="declined_late", texts=texts)
        data, failed = {"may_refer": True}, Outcome.NEGOTIATION_FAILED
        return Effect(to=S.CLOSED, outcome=failed, reason="declined_late", texts=texts, data=data)
    offer = file.offers[-1] if file.offers and file.offers[-1].state == "lapsed" else None
    if offer is not None and offer.grants_nothing:
        raise _nothing_to_accept("accept")
    complaint.is_late = True
    if offer is not None:
        file.change(offer, state="accepted", answered_at=file.now)
        refused = set(OfferAnswer.objects.filter(offer=offer, verdict="refuse").values_list("demand_id", flat=True))
        for demand in file.demands:
            if not demand.is_given_up:
                file.change(demand, **{"is_given_up" if demand.pk in refused else "is_settled": True})
        complaint.is_in_part = complaint.is_in_part or bool(refused)
        owed = [o for o in file.obligations if o.offer_id == offer.pk and o.state == "dropped"]
        if owed:
            if engagement is not None:
                file.change(engagement, until_at=None, odr_result="", ended_by="")
            settling.bring_into_force(file, owed, file.now)
            return Effect(to=S.PERFORMING, reason="accepted_late", texts=texts)
    for row in file.obligations_in("silent"):
        file.change(row, state="confirmed", confirmed_at=file.now)
    if engagement is not None:
        file.change(engagement, odr_result="settled", ended_by="answered_late")
    return Effect(to=S.CLOSED, outcome=Outcome.SETTLED, reason="answered_late", texts=texts)

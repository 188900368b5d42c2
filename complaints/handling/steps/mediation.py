"""Mediation at the authority. No session and no agreement without both consents (art. 18), a suggestion binds nobody,
and only an appraisal stops the sixty days (art. 22)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from django.utils.translation import gettext as _

from authorities.models import Officer
from complaints.acceptance import mediation
from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.offers import mediated_promises
from complaints.handling.steps.proposals import primitive
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import Matter
from complaints.models.matters import SESSION_MODES
from complaints.parties import powers
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.categories import TERMINATION_GROUNDS
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Outcome, Role, Status
from complaints.settlement.offer_terms import Promise

S = Status
#: What a body may report.
DELEGATED_RESULTS = ("agreed", "failed")


def both_agreed(file: CaseFile) -> None:
    """Art. 18. Raises StepNotAllowed."""
    consents = file.complaint.consents
    if not (consents.get("mediation_consumer") and consents.get("mediation_enterprise")):
        raise StepNotAllowed("no_consent", _("须双方都同意调解，请先记录双方的意见。"))


def no_recusal(file: CaseFile) -> None:
    """Art. 21: nobody mediates while it is asked who may. Raises StepNotAllowed."""
    if file.matter("recusal") is not None:
        raise StepNotAllowed("recusal_open", _("回避申请还没有决定，调解会暂停。"))


@verb(mode=partial(saying.choice, allowed=SESSION_MODES), place=partial(saying.text, longest=200), at=saying.moment)
def schedule_session(file: CaseFile, actor: Actor, *, at: datetime, place: str, mode: str) -> Effect:
    """On site, online, by phone or video (art. 20); both are told. Set again, the earlier day is off."""
    both_agreed(file)
    no_recusal(file)
    if at is None or at <= file.now:
        raise WrongInput("bad_day", _("请写现在之后的时间。"), field="at")
    before = file.matter("session")
    if before is not None:
        file.end_matter(before, "fallen")
    file.open_matter("session", by="authority", key=actor.person_key, subject=at.isoformat(), mode=mode, place=place)
    return Effect(
        data={
            "at": at.isoformat(),
            "place": place,
            "mode": mode,
            "is_moved": before is not None,
            # The notice of mediation is the authority's; a body tells both in its own name.
            **({} if actor.role == Role.MEDIATION_BODY else {"form": 7}),
        }
    )


def record_session(
    *,
    minutes: str,
    present: Sequence[str] = ("consumer", "enterprise"),
    files: Sequence[str] = (),
    at: datetime | None = None,
    place: str = "",
    mode: str = "",
) -> Move:
    """``at``, ``place``, ``mode``: of a session that nobody had planned here; without them, those of the planned
    one."""
    given = saying.text(minutes, "minutes")
    where = saying.text(place, "place", needed=False, longest=200)
    if mode:
        saying.choice(mode, SESSION_MODES, "mode")
    began = saying.moment(at, "at")
    for who in present:
        saying.choice(who, ("consumer", "enterprise", "body"), "present")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        both_agreed(file)
        session = file.matter("session")
        if began is not None and began > file.now:
            raise WrongInput("bad_day", _("请写已经过去的时间。"), field="at")
        planned = {} if session is None else {"at": session.subject, "mode": session.data.get("mode", "")}
        if began is not None:
            planned = {"at": began.isoformat(), "mode": mode, "place": where}
        if session is not None and (began is None or datetime.fromisoformat(session.subject) <= file.now):
            # A call before the day that was planned leaves that day as it is.
            file.end_matter(session)
        return Effect(texts={"minutes": given}, data={"present": list(present), **planned}, files=tuple(files))

    return Move("record_session", carry)


@verb()
def delegate_mediation(file: CaseFile, actor: Actor, *, body_id: int) -> Effect:
    """To a consumer association or lawful body of the register, in the authority's name (art. 19); the 60 days run
    on."""
    both_agreed(file)
    if file.complaint.consents.get("delegated_mediation") is not True:
        raise StepNotAllowed("no_consent", _("消费者没有同意委托调解。"))
    if file.matter("delegation") is not None:
        raise StepNotAllowed("already_open", _("已经委托调解，受委托的组织不能再委托。"))
    body = mediation.bodies_for(file.complaint, on=file.today).filter(pk=body_id).first()
    if body is None:
        raise WrongInput("bad_choice", _("请从名册里选一个在本地的组织。"), field="body_id")
    if why_not := mediation.why_not_to_body(file.complaint, body):
        raise WrongInput("not_neutral", why_not, field="body_id")
    file.open_matter("delegation", by="authority", body=body.name, body_id=body.pk)
    return Effect(data={"body": body.name, "body_id": body.pk, "kind": body.kind})


@verb(text=partial(saying.text, needed=False))
def recall_mediation(file: CaseFile, actor: Actor, *, text: str = "") -> Effect:
    file.end_matter(saying.open_matter(file, "delegation"))
    return Effect(texts={"message": text})


@verb(result=partial(saying.choice, allowed=DELEGATED_RESULTS), text=partial(saying.text, shortest=10))
def report_mediation(file: CaseFile, actor: Actor, *, result: str, text: str, files: Sequence[str] = ()) -> Effect:
    """What the body to which it was handed brought about; the authority decides what follows. Said again, the newer
    holds."""
    file.change(saying.open_matter(file, "delegation"), subject=result)
    return Effect(data={"result": result}, texts={"message": text}, files=tuple(files))


def decide_recusal(*, decision: str, text: str = "") -> Move:
    """By another officer: ``suspend`` stops the sessions, ``grant`` or ``refuse`` ends it."""
    saying.choice(decision, ("suspend", "grant", "refuse"), "decision")
    given = saying.text(text, "text", needed=decision == "refuse")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        request = saying.open_matter(file, "recusal")
        if (
            request.data.get("whom") == actor.name
            or Officer.objects.filter(pk=file.complaint.officer_id or 0, user=actor.user_id or 0).exists()
        ):
            raise StepNotAllowed("own_recusal", _("不能决定针对自己的回避申请。"))
        if decision == "suspend":
            if file.status != S.MEDIATING:
                raise StepNotAllowed("not_mediating", _("只有调解中才需要中止。"))
            if clocks.live(file, Clock.SUSPENSION, matter=request) is None:
                # Asked for during the review.
                clocks.start(file, Clock.SUSPENSION, file.now, matter=request)
            return Effect(to=S.MEDIATION_SUSPENDED, reason="recusal", texts={"message": given})
        file.end_matter(request, "granted" if decision == "grant" else "refused")
        clocks.end_live(file, Clock.SUSPENSION, matter=request)
        if decision == "grant":
            powers.keep_out(file.complaint, request.data.get("whom", ""), on=file.today)
        goes_on = file.status == S.MEDIATION_SUSPENDED and file.matter("appraisal") is None
        return Effect(to=S.MEDIATING if goes_on else None, reason=f"recusal_{decision}", texts={"message": given})

    return Move("decide_recusal", carry)


@verb(
    laboratory=partial(saying.text, longest=200),
    until=saying.day,
    cost_borne_by=partial(saying.choice, allowed=("consumer", "enterprise", "shared", "later")),
)
def order_appraisal(file: CaseFile, actor: Actor, *, laboratory: str, until: date, cost_borne_by: str) -> Effect:
    """鉴定、检测 stops the sixty days until the laboratory's date (art. 22)."""
    if until is None or until <= file.today:
        raise WrongInput("bad_day", _("请写今天之后的一天。"), field="until")
    matter = file.open_matter("appraisal", by="authority", laboratory=laboratory, cost=cost_borne_by)
    running = clocks.live(file, Clock.MEDIATION)
    if running is not None and running.lapsed_at is None:
        strict = date.fromisoformat(running.derivation.get("strict_day", running.last_day.isoformat()))
        left = deadlines.remaining(strict, file.today, file.conditions.calendar, unit="CD")
        file.change(running, state="paused", remaining=left, paused_on=file.today, chase_at=None)
    due = deadlines.fixed_day(until, file.conditions.calendar, rule="suspension")
    clocks.start(file, Clock.SUSPENSION, file.now, due=due, matter=matter)
    return Effect(
        to=S.MEDIATION_SUSPENDED,
        reason="appraisal",
        data={"laboratory": laboratory, "until": until.isoformat(), "cost": cost_borne_by},
    )


@verb(result=saying.text)
def end_appraisal(file: CaseFile, actor: Actor, *, result: str) -> Effect:
    """The sixty days go on with the days that were left."""
    appraisal = saying.open_matter(file, "appraisal")
    file.end_matter(appraisal)
    clocks.end_live(file, Clock.SUSPENSION, matter=appraisal)
    running = clocks.live(file, Clock.MEDIATION)
    if running is not None and running.state == "paused":
        clocks.resume(file, running, file.now)
    return Effect(to=S.MEDIATING, reason="appraisal_ended", texts={"message": result})


@verb(text=saying.text)
def record_agreement(
    file: CaseFile, actor: Actor, *, promises: Sequence[Promise], text: str, without_document: bool = False
) -> Effect:
    """调解书 unless performed at once or both waive it (art. 24)."""
    both_agreed(file)
    no_recusal(file)
    rows = mediated_promises(file, promises)
    settling.settle_anew(file, file.now)
    for row in rows:
        file.add(row)
    _over(file)
    data = {"promises": len(rows), "form": None if without_document else 9}
    for demand in file.demands:
        file.change(demand, is_settled=True)
    if not rows:
        return Effect(
            to=S.CLOSED, outcome=Outcome.MEDIATED, reason="nothing_to_perform", data=data, texts={"agreement": text}
        )
    settling.bring_into_force(file, rows, file.now)
    return Effect(to=S.PERFORMING, data=data, texts={"agreement": text}, reason="mediated")


@verb(ground=partial(saying.choice, allowed=TERMINATION_GROUNDS), facts=partial(saying.text, shortest=10))
def terminate(file: CaseFile, actor: Actor, *, ground: str, facts: str) -> Effect:
    """Art. 23: one of eight grounds; both are told within 7 working days."""
    result = mediation.grounds(
        file.complaint, matters=file.matters, sixty=clocks.live(file, Clock.MEDIATION), now=file.now
    )[ground]
    if not result.is_open:
        raise StepNotAllowed(
            "not_sixty_days" if ground == "sixty_days" else "no_such_facts", result.why_not, field="ground"
        )
    _over(file)
    clocks.start(file, Clock.NOTICE, file.now)
    return Effect(
        to=S.CLOSED,
        outcome=Outcome.MEDIATION_TERMINATED,
        reason=ground,
        data={"ground": ground, "form": 8},
        texts={"decision": facts},
    )


def _over(file: CaseFile) -> None:
    """What was planned, suggested or handed on for this mediation is no longer asked."""
    for matter in file.matters:
        if matter.state == "open" and matter.kind in ("session", "suggestion", "delegation"):
            file.end_matter(matter, "fallen" if matter.kind == "session" else "done")


SIDES = ("consumer", "enterprise")


@verb(text=saying.text)
def suggest_settlement(file: CaseFile, actor: Actor, *, text: str, promises: Sequence[Promise] = ()) -> Effect:
    """Both sides read it and answer for themselves; a new one takes the place of the one before."""
    both_agreed(file)
    no_recusal(file)
    # The same checks as when it becomes an agreement; the rows themselves are not kept.
    rows = mediated_promises(file, promises)
    before = file.matter("suggestion")
    if before is not None:
        file.end_matter(before, "fallen")
    owed = primitive(promises)
    file.open_matter("suggestion", by="authority", key=actor.person_key, text=text, promises=owed, answers={})
    return Effect(texts={"suggestion": text}, data={"promises": len(rows), "replaces": before is not None})


@verb(text=partial(saying.text, needed=False, longest=1000))
def answer_suggestion(
    file: CaseFile, actor: Actor, *, agrees: bool, text: str = "", matter_id: int | None = None
) -> Effect:
    """Each side for itself, until the agreement is recorded; who thinks better of it answers again. ``matter_id``:
    which suggestion was read; another one that took its place is not answered by that."""
    suggestion = saying.open_matter(file, "suggestion")
    if matter_id not in (None, suggestion.pk):
        raise changed()
    side = saying.debtor_side(actor)
    answers = answers_of(suggestion)
    if answers.get(side) is agrees:
        raise StepNotAllowed("already_answered", _("您已经这样答复过了。"))
    file.change(suggestion, data={**suggestion.data, "answers": {**answers, side: agrees}})
    return Effect(data={"side": side, "agrees": agrees}, texts={"message": text})


def changed() -> StepNotAllowed:
    return StepNotAllowed("suggestion_changed", _("工作人员刚刚换了调解方案，请看过新方案再答复。"))


def answers_of(suggestion: Matter) -> dict[str, bool]:
    """Side → yes or no; who has not answered is missing."""
    result: dict[str, bool] = suggestion.data.get("answers", {})
    return result


def is_agreed(suggestion: Matter) -> bool:
    """Both sides said yes."""
    return all(answers_of(suggestion).get(side) for side in SIDES)


def promises_of(suggestion: Matter) -> list[Promise]:
    """What both would have to do, as the agreement wants it."""
    return [Promise(**row) for row in suggestion.data.get("promises", ())]

"""Supervision: instructions, taking up, extensions, returns granted or refused.

An instruction has a day, an answer and a clock; nothing here decides a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.jurisdiction import give_to, keep_suggestions
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import HandlingStep, Matter
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import CLOCKS, ENTERPRISE_SIDE, Audience, Clock, Status
from complaints.wording.reasons import OVERDUE_REASONS

S = Status


@verb(text=saying.text, last_day=saying.day)
def urge(file: CaseFile, actor: Actor, *, text: str, last_day: date) -> Effect:
    """督办: an instruction with a day, to the enterprise that has the case, else to the authority below that has it;
    answered by ``answer_instruction``."""
    if last_day is None or last_day <= file.today:
        raise WrongInput("bad_day", _("请写今天之后的一天。"), field="last_day")
    complaint, engagement = file.complaint, file.engagement
    to_enterprise = file.status in ENTERPRISE_SIDE and engagement is not None
    if not to_enterprise and not file.conditions.jurisdiction.is_above(
        actor.authority_id or 0, complaint.handling_authority_id
    ):
        raise StepNotAllowed(
            "not_below",
            _("督办只能发给企业或者下级机关；这件投诉现在由%(authority)s办理。")
            % {"authority": complaint.handling_authority},
        )
    whom = "enterprise" if to_enterprise else "authority"
    due = deadlines.fixed_day(last_day, file.conditions.calendar, rule="instruction")
    matter = file.open_matter(
        "urge",
        by="authority",
        key=actor.person_key,
        whom=whom,
        until=due.due_at,
        subject=str(len(file.matters)),
        # What one authority asks another is not the parties' to read.
        audience=Audience.PARTIES if to_enterprise else Audience.AUTHORITY,
    )
    matter.authority_id = actor.authority_id
    if to_enterprise and engagement is not None:
        matter.enterprise_id, matter.engagement = engagement.enterprise_id, engagement
    else:
        matter.to_authority_id = complaint.handling_authority_id
    clocks.start(file, Clock.INSTRUCTION, file.now, due=due, matter=matter, owed_by=whom)
    return Effect(
        texts={"message": text},
        data={"whom": whom, "last_day": last_day.isoformat(), "by": actor.organisation},
        tells=whom,
        audience=Audience(matter.audience),
    )


@verb(text=saying.text)
def answer_instruction(
    file: CaseFile, actor: Actor, *, text: str, matter_id: int | None = None, files: Sequence[str] = ()
) -> Effect:
    """Answers an urge (the one named, else the oldest to this side), or the enterprise's question to the office."""
    kinds = ("urge",) if actor.side == "enterprise" else ("urge", "office_question")
    waiting = (m for m in file.matters if m.kind in kinds and m.state == "open" and matter_id in (None, m.pk))
    result = next((m for m in waiting if m.kind != "urge" or _is_to(m, actor)), None)
    if result is None:
        answered = Matter.objects.filter(complaint=file.complaint, state="answered")
        if matter_id is not None and answered.filter(pk=matter_id).exists():
            raise StepNotAllowed("answered_already", _("这项督办已经答复过了，不能再答。"))
        raise StepNotAllowed("nothing_open", _("没有等待答复的督办或咨询。"))
    file.end_matter(result, "answered")
    clocks.end_live(file, Clock.INSTRUCTION, matter=result)
    data = {"matter": result.pk} | ({"told": result.authority_id} if result.authority_id is not None else {})
    tells = "enterprise" if result.kind == "office_question" else "authority"
    return Effect(
        texts={"message": text}, data=data, tells=tells, files=tuple(files), audience=Audience(result.audience)
    )


def _is_to(matter: Matter, actor: Actor) -> bool:
    """Whether it was sent to whom the actor speaks for; an old one says the side only."""
    if matter.authority_id is None:
        return bool(matter.data.get("whom") == actor.side)
    if actor.side == "enterprise":
        # It would have fallen if the case were not theirs, or their predecessor's, any more.
        return matter.to_authority_id is None
    return matter.to_authority_id in actor.authority_ids


@verb(text=saying.text)
def take_up(file: CaseFile, actor: Actor, *, text: str, authority_id: int | None = None) -> Effect:
    """提级: a superior takes the case and keeps it, or designates one below who handles it (art. 13).

    ``authority_id``: an authority with the power under the superior; None keeps it here."""
    complaint, jurisdiction = file.complaint, file.conditions.jurisdiction
    here, own = complaint.handling_authority_id, actor.authority_id or 0
    to = own if authority_id is None else authority_id
    if here != own and not jurisdiction.is_above(own, here):
        raise StepNotAllowed("not_superior", _("只有上级机关可以提级办理。"))
    named = jurisdiction.known(to)
    if named is None or (to != own and not (named.has_power and jurisdiction.is_above(own, to))):
        raise WrongInput("bad_choice", _("请选一个有处理权限的下级机关。"), field="authority")
    if to == here:
        raise WrongInput(
            "bad_choice", _("这件投诉现在就由%(authority)s办理。") % {"authority": named}, field="authority"
        )
    if to == own:
        complaint.handling_authority = named
        complaint.officer = None
    else:
        give_to(file, named)
        if file.status in CLOCKS[Clock.REVIEW].runs_while | {S.TRIAGE}:
            clocks.start(file, Clock.REVIEW, file.now)
    return Effect(
        texts={"message": text},
        data={"authority": named.name} | ({} if to == own else {"designated_by": actor.organisation}),
    )


def explain_overdue(*, reason: str, text: str = "") -> Move:
    """Why what this authority owes is late: once for each overdue clock, the oldest first; the authority's own
    record."""
    saying.choice(reason, OVERDUE_REASONS, "reason")
    label = saying.text(text, "text", needed=reason == "other", longest=500)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        owed = [clock for clock in file.clocks if clock.owed_by == "authority" and clock.ended_at is None]
        late = sorted((c for c in owed if c.lapsed_at is not None), key=lambda clock: (clock.due_at, clock.pk or 0))
        if not late:
            raise StepNotAllowed("not_overdue", _("这件投诉没有机关逾期的事项。"))
        entries = HandlingStep.objects.filter(complaint=file.complaint, step="explain_overdue")
        explained = set(entries.values_list("data__deadline", flat=True))
        clock = next((clock for clock in late if clock.pk not in explained), None)
        if clock is None:
            raise StepNotAllowed("explained_once", _("逾期原因已经说明过了，只能说明一次。"))
        data = {"clock": clock.clock, "deadline": clock.pk, "last_day": clock.last_day.isoformat()}
        return Effect(reason=reason, texts={"overdue": label}, data=data)

    return Move("explain_overdue", carry)


@verb(text=partial(saying.text, needed=False))
def grant_extension(file: CaseFile, actor: Actor, *, text: str = "") -> Effect:
    matter = saying.open_matter(file, "extension")
    running = clocks.live(file, Clock.NEGOTIATION)
    if not matter.data.get("consumer_agreed"):
        raise StepNotAllowed("no_consent", _("消费者还没有同意延期。"))
    if running is None or running.state != "running":
        raise StepNotAllowed("not_running", _("协商期限现在没有在计时。"))
    due = deadlines.working_days(running.last_day, matter.data["days"], file.conditions.calendar, rule="negotiation")
    clocks.move(file, running, due, file.now, derivation={**due.derivation, "extended_from": running.derivation})
    return _extension(file, matter, "granted", text)


@verb(text=saying.text)
def refuse_extension(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    return _extension(file, saying.open_matter(file, "extension"), "refused", text)


def _extension(file: CaseFile, matter: Matter, state: str, text: str) -> Effect:
    file.end_matter(matter, state)
    return Effect(data={"days": matter.data["days"]}, texts={"message": text})


@verb()
def grant_return(file: CaseFile, actor: Actor) -> Effect:
    """The case goes to triage; it was not this enterprise's."""
    matter = saying.open_matter(file, "return")
    file.end_matter(matter, "granted")
    settling.end_engagement(file, "returned", "granted", file.now)
    keep_suggestions(
        file, named=(matter.data.get("enterprise"), matter.data.get("branch")), because=matter.data.get("because")
    )
    file.complaint.returns += 1
    settling.nobody_has_it(file)
    file.complaint.handling_authority = file.conditions.jurisdiction.intake(file.complaint.handling_region_id)
    return Effect(to=S.TRIAGE, reason="returned", data={"returns": file.complaint.returns})


@verb(text=saying.text)
def refuse_return(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    file.end_matter(saying.open_matter(file, "return"), "refused")
    clocks.end_live(file, Clock.RETURN)
    return Effect(texts={"message": text})

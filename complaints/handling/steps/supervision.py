"""Supervision: instructions, taking up, extensions, returns granted or refused.

An instruction has a day, an answer and a clock; nothing here decides a case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import giving_back
from complaints.handling.steps.jurisdiction import give_to
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move
from complaints.models import HandlingStep, Matter
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import CLOCKS, ENTERPRISE_SIDE, Audience, Clock, Status
from complaints.wording.supervision import OVERDUE_REASONS

S = Status


def urge(*, text: str, last_day: date | str) -> Move:
    """督办: an instruction with a day, to the enterprise that has the case, else to the authority below that has it;
    answered by ``answer_instruction``."""
    said = saying.text(text, "text")
    day = saying.day(last_day, "last_day")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if day is None or day <= file.today:
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
        due = deadlines.fixed_day(day, file.conditions.calendar, rule="instruction")
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
            texts={"message": said},
            data={"whom": whom, "last_day": day.isoformat(), "by": actor.organisation},
            tells=whom,
            audience=Audience(matter.audience),
        )

    return Move("urge", carry)


def answer_instruction(*, text: str, matter_id: int | None = None, files: Sequence[str] = ()) -> Move:
    """Answers an urge (the one named, else the oldest to this side), or the enterprise's question to the office."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        kinds = ("urge",) if actor.side == "enterprise" else ("urge", "office_question")
        found = next(
            (
                m
                for m in file.matters
                if m.kind in kinds
                and m.state == "open"
                and matter_id in (None, m.pk)
                and (m.kind != "urge" or _is_to(m, actor))
            ),
            None,
        )
        if found is None:
            if (
                matter_id is not None
                and Matter.objects.filter(pk=matter_id, complaint=file.complaint, state="answered").exists()
            ):
                raise StepNotAllowed("answered_already", _("这项督办已经答复过了，不能再答。"))
            raise StepNotAllowed("nothing_open", _("没有等待答复的督办或咨询。"))
        file.end_matter(found, "answered")
        running = clocks.live(file, Clock.INSTRUCTION, matter=found)
        if running is not None:
            clocks.end(file, running, file.now)
        data = {"matter": found.pk} | ({"told": found.authority_id} if found.authority_id is not None else {})
        tells = "enterprise" if found.kind == "office_question" else "authority"
        return Effect(
            texts={"message": said}, data=data, tells=tells, files=tuple(files), audience=Audience(found.audience)
        )

    return Move("answer_instruction", carry)


def _is_to(matter: Matter, actor: Actor) -> bool:
    """Whether it was sent to whom the actor speaks for; an old one says the side only."""
    if matter.authority_id is None:
        return bool(matter.data.get("whom") == actor.side)
    if actor.side == "enterprise":
        # It would have fallen if the case were not theirs, or their predecessor's, any more.
        return matter.to_authority_id is None
    return matter.to_authority_id in actor.authority_ids


def take_up(*, text: str, authority_id: int | None = None) -> Move:
    """提级: a superior takes the case and keeps it, or designates one below who handles it (art. 13).

    ``authority_id``: an authority with the power under the superior; None keeps it here.
    """
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        complaint, jurisdiction = file.complaint, file.conditions.jurisdiction
        here, own = complaint.handling_authority_id, actor.authority_id or 0
        to = own if authority_id is None else authority_id
        if here != own and not jurisdiction.is_above(own, here):
            raise StepNotAllowed("not_superior", _("只有上级机关可以提级办理。"))
        named = next((row for row in jurisdiction.authorities if row.pk == to), None)
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
            texts={"message": said},
            data={"authority": named.name} | ({} if to == own else {"designated_by": actor.organisation}),
        )

    return Move("take_up", carry)


def explain_overdue(*, reason: str, text: str = "") -> Move:
    """Why what this authority owes is late: once for each overdue clock, the oldest first; the authority's own
    record."""
    why = saying.choice(reason, tuple(OVERDUE_REASONS), "reason")
    said = saying.text(text, "text", needed=why == "other", longest=500)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        late = sorted(
            (
                clock
                for clock in file.clocks
                if clock.owed_by == "authority" and clock.ended_at is None and clock.lapsed_at is not None
            ),
            key=lambda clock: (clock.due_at, clock.pk or 0),
        )
        if not late:
            raise StepNotAllowed("not_overdue", _("这件投诉没有机关逾期的事项。"))
        explained = set(
            HandlingStep.objects.filter(complaint=file.complaint, step="explain_overdue").values_list(
                "data__deadline", flat=True
            )
        )
        clock = next((clock for clock in late if clock.pk not in explained), None)
        if clock is None:
            raise StepNotAllowed("explained_once", _("逾期原因已经说明过了，只能说明一次。"))
        return Effect(
            reason=why,
            texts={"overdue": said},
            data={"clock": clock.clock, "deadline": clock.pk, "last_day": clock.last_day.isoformat()},
        )

    return Move("explain_overdue", carry)


def _extension(step: str, granted: bool, text: str) -> Move:
    said = saying.text(text, "text", needed=not granted)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        matter = saying.open_matter(file, "extension")
        running = clocks.live(file, Clock.NEGOTIATION)
        if granted:
            if not matter.data.get("consumer_agreed"):
                raise StepNotAllowed("no_consent", _("消费者还没有同意延期。"))
            if running is None or running.state != "running":
                raise StepNotAllowed("not_running", _("协商期限现在没有在计时。"))
            calendar = file.conditions.calendar
            due = deadlines.working_days(running.last_day, matter.data["days"], calendar, rule="negotiation")
            derivation = {**due.derivation, "extended_from": running.derivation}
            file.change(
                running, due_at=due.due_at, last_day=due.last_day, derivation=derivation, is_provisional=due.provisional
            )
            clocks.chase_again(file, running, file.now)
        file.end_matter(matter, "granted" if granted else "refused")
        return Effect(data={"days": matter.data["days"]}, texts={"message": said})

    return Move(step, carry)


def grant_extension(*, text: str = "") -> Move:
    return _extension("grant_extension", True, text)


def refuse_extension(*, text: str) -> Move:
    return _extension("refuse_extension", False, text)


def grant_return() -> Move:
    """The case goes to triage; it was not this enterprise's."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        matter = saying.open_matter(file, "return")
        file.end_matter(matter, "granted")
        settling.end_engagement(file, "returned", "granted", file.now)
        giving_back.keep_suggestions(
            file, named=(matter.data.get("enterprise"), matter.data.get("branch")), because=matter.data.get("because")
        )
        file.complaint.returns += 1
        settling.nobody_has_it(file)
        file.complaint.handling_authority = file.conditions.jurisdiction.intake(file.complaint.handling_region_id)
        return Effect(to=S.TRIAGE, reason="returned", data={"returns": file.complaint.returns})

    return Move("grant_return", carry)


def refuse_return(*, text: str) -> Move:
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        file.end_matter(saying.open_matter(file, "return"), "refused")
        running = clocks.live(file, Clock.RETURN)
        if running is not None:
            clocks.end(file, running, file.now)
        return Effect(texts={"message": said})

    return Move("refuse_return", carry)

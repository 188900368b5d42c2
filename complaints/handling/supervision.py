"""Supervision: instructions, taking up, extensions, returns granted or refused.

The one rule: an instruction has a day, an answer and a clock; nothing here decides a case.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from complaints import deadlines
from complaints.actors import Actor
from complaints.handling import clocks, leaving, saying
from complaints.handling.casefile import CaseFile
from complaints.handling.effect import Effect, Move
from complaints.refusals import StepNotAllowed, WrongInput
from complaints.workflow import Clock, Status

S = Status


def urge(*, text: str, last_day: date | str) -> Move:
    """督办: an instruction with a day; answered by ``answer_instruction``."""
    said = saying.text(text, "text")
    day = saying.day(last_day, "last_day")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if day is None or day <= file.today:
            raise WrongInput("bad_day", _("请写今天之后的一天。"), field="last_day")
        to_enterprise = file.status in (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER,
                                        S.PERFORMING)
        whom = "enterprise" if to_enterprise else "authority"
        matter = file.open_matter("urge", by="authority", key=actor.person_key, whom=whom,
                                  subject=str(len(file.matters)))
        due = deadlines.fixed_day(day, file.conditions.calendar, rule="instruction")
        clocks.start(file, Clock.INSTRUCTION, file.now, due=due, matter=matter, owed_by=whom)
        return Effect(texts={"message": said}, data={"whom": whom, "last_day": day.isoformat()},
                      tells=whom)

    return Move("urge", carry)


def answer_instruction(*, text: str, matter_id: int | None = None) -> Move:
    """Answers an urge, or the enterprise's question to the office."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        kinds = ("urge",) if actor.side == "enterprise" else ("urge", "office_question")
        found = next((m for m in file.matters if m.kind in kinds and m.state == "open"
                      and matter_id in (None, m.pk)
                      and (m.kind != "urge" or m.data.get("whom") == actor.side)), None)
        if found is None:
            raise StepNotAllowed("nothing_open", _("没有等待答复的督办或咨询。"))
        file.end_matter(found, "answered")
        running = clocks.live(file, Clock.INSTRUCTION, matter=found)
        if running is not None:
            clocks.end(file, running, file.now)
        tells = "authority" if actor.side == "enterprise" else "enterprise"
        return Effect(texts={"message": said}, data={"matter": found.pk}, tells=tells)

    return Move("answer_instruction", carry)


def take_up(*, text: str) -> Move:
    """提级: a superior authority takes the case (art. 13)."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        above, jurisdiction = set(), file.conditions.jurisdiction
        here = file.complaint.handling_authority_id
        while (superior := jurisdiction.superior(here).pk) != here:
            above.add(superior)
            here = superior
        if actor.authority_id not in above:
            raise StepNotAllowed("not_superior", _("只有上级机关可以提级办理。"))
        file.complaint.handling_authority_id = actor.authority_id
        file.complaint.officer = None
        return Effect(texts={"message": said}, data={"authority": actor.organisation})

    return Move("take_up", carry)


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
            due = deadlines.working_days(running.last_day, matter.data["days"], calendar,
                                         rule="negotiation")
            derivation = {**due.derivation, "extended_from": running.derivation}
            file.change(running, due_at=due.due_at, last_day=due.last_day, derivation=derivation,
                        is_provisional=due.provisional)
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
        file.end_matter(saying.open_matter(file, "return"), "granted")
        leaving.end_engagement(file, "returned", "granted", file.now)
        file.complaint.returns += 1
        leaving.nobody_has_it(file)
        file.complaint.handling_authority = file.conditions.jurisdiction.intake(
            file.complaint.handling_region_id)
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

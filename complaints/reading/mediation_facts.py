"""What a mediator looks at: the sixty days, who agreed and how that is known, sessions, recusal, appraisal, suggestion.

Everything is read from the record, the matters and the clock of the case; nothing is counted anew that
the clock counts already.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from authorities.policies import measured
from complaints import wording
from complaints.handling.steps import mediation
from complaints.models import Complaint, Deadline, HandlingStep, Matter
from complaints.procedure.workflow import Audience, Clock, Role
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import CasePage, why_url
from complaints.reading.case_record import Message, side_label
from web.dates import day_text
from web.templatetags.portal import money

LENGTH = 60
#: How long a session takes in a calendar; nobody knows before.
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPause:
    """A stretch that does not count: from the day after ``start`` to ``end`` (None: it goes on)."""

    start: date
    end: date | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SixtyDays:
    """Art. 22. ``day``: how many count so far; ``strict``: the last day before any roll; None while it rests."""

    day: int
    length: int
    began: date
    strict: date | None
    last: date | None
    left: int
    is_resting: bool
    is_over: bool
    rests: list[ClockPause]
    url: str

    @property
    def lasts(self) -> str:
        """60天"""
        return measured(self.length, "CD")

    @property
    def rested(self) -> int:
        return sum(rest.days for rest in self.rests)

    @property
    def is_rolled(self) -> bool:
        return self.strict is not None and self.strict != self.last

    @property
    def text(self) -> str:
        if self.is_over:
            return _("已满%(length)s日") % {"length": self.length}
        return _("第%(n)s日，共%(length)s日") % {"n": self.day, "length": self.length}


def sixty_days(clock: Deadline | None, today: date, *, url: str = "") -> SixtyDays | None:
    """The clock of the mediation as an officer counts it; None before acceptance."""
    if clock is None:
        return None
    shown = clock.derivation
    began = clock.started_at.astimezone(SHANGHAI).date()
    length = clock.length or LENGTH
    pauses = [(date.fromisoformat(p["from"]), date.fromisoformat(p["to"])) for p in shown.get("pauses", ())]
    rests = [ClockPause(start=start, end=end, days=(end - start).days) for start, end in pauses if start != end]
    is_resting = clock.state == "paused" and clock.paused_on is not None
    strict = date.fromisoformat(shown.get("strict_day") or clock.last_day.isoformat())
    ended = clock.ended_at.astimezone(SHANGHAI).date() if clock.ended_at is not None else today
    left = max(0, (strict - min(today, ended)).days)
    if is_resting and clock.paused_on is not None:
        left = clock.remaining or 0
        rests.append(ClockPause(start=clock.paused_on, end=None, days=max(0, (ended - clock.paused_on).days)))
    return SixtyDays(
        day=max(0, min(length, length - left)),
        length=length,
        began=began,
        strict=None if is_resting else strict,
        last=None if is_resting else clock.last_day,
        left=left,
        is_resting=is_resting,
        rests=rests,
        url=url,
        is_over=clock.lapsed_at is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One side: yes, no or nothing yet; when it was said and how that is known."""

    side: str
    who: str
    answer: bool | None
    word: str
    tone: str
    at: datetime | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One day of mediation: planned (``is_planned``) or recorded."""

    at: datetime
    mode: str
    place: str = ""
    is_planned: bool = False
    is_past: bool = False
    present: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    minutes: Message | None = None
    #: The body that held it, where it was not the authority.
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the mediator put to both, and what each said."""

    at: datetime
    text: str
    promises: list[str]
    answers: list[tuple[str, str, str]]
    is_agreed: bool


def mediation_case_url(case: Complaint) -> str:
    """The page of one mediation."""
    return reverse("complaints:authority-mediation-case", args=[case.number])


def steps_that_tell(case: Complaint) -> list[HandlingStep]:
    """What of the record that page shows: one query."""
    return list(
        HandlingStep.objects.filter(
            complaint=case,
            audience=Audience.PARTIES,
            step__in=(
                *("agree_to_mediation", "decline_mediation", "schedule_session", "record_session"),
                *("request_recusal", "decide_recusal", "order_appraisal", "end_appraisal"),
                *("suggest_settlement", "answer_suggestion", "record_agreement", "terminate"),
                *("delegate_mediation", "recall_mediation"),
            ),
        )
        .select_related("recorded_by")
        .order_by("sequence")
    )


def mediation_clock(case: Complaint) -> Deadline | None:
    """The newest; an ended one still tells how long it took."""
    return Deadline.objects.filter(complaint=case, clock=Clock.MEDIATION).order_by("-pk").first()


def sixty_of(page: CasePage) -> SixtyDays | None:
    clock = mediation_clock(page.complaint)
    return sixty_days(clock, page.today, url=why_url(page.complaint, clock) if clock is not None else "")


def consents_of(case: Complaint, steps: Sequence[HandlingStep]) -> list[Consent]:
    """Both sides, the newest word of each."""
    newest: dict[str, HandlingStep] = {
        step.data.get("side", ""): step for step in steps if step.step in ("agree_to_mediation", "decline_mediation")
    }
    values = {True: (_("同意调解"), "ok"), False: (_("不同意调解"), "bad"), None: (_("还没有表示"), "warn")}
    results = []
    for side, who in (("consumer", _("消费者")), ("enterprise", _("被投诉人"))):
        answer, step = case.consents.get(f"mediation_{side}"), newest.get(side)
        word, tone = values[answer]
        at, how = (step.happened_at, heard(step)) if step else (None, "")
        results.append(Consent(side=side, who=who, answer=answer, word=word, tone=tone, at=at, how=how))
    return results


def heard(step: HandlingStep) -> str:
    """How it is known: the own account, a link to the one case, or an officer who wrote it down with a proof."""
    if recorded := (step.data or {}).get("recorded"):
        by = step.recorded_by.name if step.recorded_by is not None else ""
        how = wording.label(recorded.get("how", ""), kind="recording")
        return _("%(by)s代为记录：%(how)s，凭证%(proof)s") % {"by": by, "how": how, "proof": recorded.get("proof", "")}
    ways = {
        "portal": _("本人在网上办理"),
        "tracking": _("凭查询口令办理"),
        "link": _("凭本案链接办理"),
        "api": _("通过接口办理"),
    }
    channel = json.loads(step.body).get("channel", "")
    return ways.get(channel) or wording.label(channel, kind="channel")


def sessions_of(
    steps: Sequence[HandlingStep], planned: Matter | None, thread: Sequence[Message], now: datetime
) -> list[Session]:
    """The planned one first, then those recorded, newest first."""
    minutes = {message.sequence: message for message in thread if message.step == "record_session"}
    everybody = ("consumer", "enterprise")
    results = []
    for step in reversed(steps):
        if step.step != "record_session":
            continue
        present = step.data.get("present", [])
        began = step.data.get("at", "")
        results.append(
            Session(
                at=datetime.fromisoformat(began) if began else step.happened_at,
                mode=_mode(step.data.get("mode", "")),
                place=step.data.get("place", ""),
                by=step.organisation if step.actor_role == Role.MEDIATION_BODY else "",
                present=[side_label(side) for side in present],
                minutes=minutes.get(step.sequence),
                absent=[side_label(side) for side in everybody if side not in present],
            )
        )
    if planned is not None:
        at, data = datetime.fromisoformat(planned.subject), planned.data
        mode, place = data.get("mode", ""), data.get("place", "")
        results.insert(0, Session(at=at, mode=_mode(mode), place=place, is_planned=True, is_past=at <= now))
    return results


def _mode(code: str) -> str:
    return wording.label(code, kind="session_mode") if code else ""


def suggestion_of(matters: Mapping[str, Matter]) -> Suggestion | None:
    """The open one, in words."""
    matter = matters.get("suggestion")
    if matter is None:
        return None
    given = mediation.answers_of(matter)
    labels = {True: (_("同意"), "ok"), False: (_("不同意"), "bad"), None: (_("还没有答复"), "warn")}
    return Suggestion(
        at=matter.opened_at,
        text=matter.data.get("text", ""),
        promises=promise_lines(matter),
        answers=[(side_label(side), *labels[given.get(side)]) for side in mediation.SIDES],
        is_agreed=mediation.is_agreed(matter),
    )


def promise_lines(matter: Matter) -> list[str]:
    """Who does what by when, a line each."""
    lines = []
    for promise in mediation.promises_of(matter):
        who = wording.label(promise.owed_by, kind="side")
        amount = f" {money(promise.amount)}" if promise.amount else ""
        if promise.due_on:
            when = _("%(day)s24:00前") % {"day": day_text(date.fromisoformat(str(promise.due_on)))}
        else:
            when = _("第%(n)s项之后%(days)s个工作日内") % {"n": promise.after, "days": promise.days_after}
        lines.append(
            _("%(who)s：%(what)s%(amount)s，%(when)s")
            % {"who": who, "what": promise.what, "amount": amount, "when": when}
        )
    return lines


def calendar_file(case: Complaint, planned: Matter, *, now: datetime) -> str:
    """RFC 5545: the next session for a calendar; nobody is named in it."""

    def stamp(moment: datetime) -> str:
        return moment.astimezone(SHANGHAI).strftime("%Y%m%dT%H%M%S")

    at = datetime.fromisoformat(planned.subject)
    title = _("12315调解 %(number)s") % {"number": case.number}
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//12315 ODR//mediation//ZH",
        "BEGIN:VEVENT",
        f"UID:session-{planned.pk}@{case.number}",
        f"DTSTAMP:{now.strftime('%Y%m%dT%H%M%SZ')}",
        f"DTSTART;TZID=Asia/Shanghai:{stamp(at)}",
        f"DTEND;TZID=Asia/Shanghai:{stamp(at + AN_HOUR)}",
        f"SUMMARY:{_escaped(title)}",
        f"LOCATION:{_escaped(planned.data.get('place', ''))}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> str:
    """No line longer than 75 octets; a sign is never torn."""
    parts, room = [""], 75
    for sign in line:
        if len((parts[-1] + sign).encode()) > room:
            parts.append("")
            room = 74
        parts[-1] += sign
    return "\r\n ".join(parts)


def facts_for(page: CasePage, matters: Mapping[str, Matter], now: datetime) -> dict[str, Any]:
    """Everything of that page that comes of the record: two queries."""
    steps = steps_that_tell(page.complaint)
    appraisal, recusal, delegation = (matters.get(kind) for kind in ("appraisal", "recusal", "delegation"))
    reports = [m for m in page.thread if m.step == "report_mediation" and delegation and m.at >= delegation.opened_at]
    due = {c.row.matter_id: c for c in page.clocks if c.row.clock == Clock.SUSPENSION}
    consents = consents_of(page.complaint, steps)
    return {
        "sixty": sixty_of(page),
        "consents": consents,
        "is_agreed": all(one.answer for one in consents),
        "sessions": sessions_of(steps, matters.get("session"), page.thread, now),
        "suggestion": suggestion_of(matters),
        "recusal": None
        if recusal is None
        else {
            "at": recusal.opened_at,
            "by": side_label(recusal.opened_by),
            "whom": recusal.data.get("whom", ""),
            "text": _newest_text(page, "request_recusal"),
            "clock": due.get(recusal.pk),
        },
        "recusals": [
            (step.happened_at, wording.reason(step.reason))
            for step in steps
            if step.step == "decide_recusal" and step.reason != "recusal"
        ],
        "appraisal": None
        if appraisal is None
        else {
            "laboratory": appraisal.data.get("laboratory", ""),
            "clock": due.get(appraisal.pk),
            "cost": wording.label(appraisal.data.get("cost", ""), kind="cost_bearer"),
            "at": appraisal.opened_at,
        },
        "delegated": None
        if delegation is None
        else {
            "body": delegation.data.get("body", ""),
            "at": delegation.opened_at,
            "result": delegation.subject,
            "report": reports[-1] if reports else None,
        },
        "appraisals": [m for m in page.thread if m.step == "end_appraisal"],
        "agreements": [m for m in page.thread if m.step == "record_agreement"],
        "decisions": [m for m in page.thread if m.step == "terminate"],
    }


def _newest_text(page: CasePage, step: str) -> str:
    """The newest words that came with a step."""
    messages = [m for m in page.thread if m.step == step and m.parts]
    return messages[-1].parts[0].text if messages else ""

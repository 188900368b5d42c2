"""The record of a case for a reader: what happened (timeline), what was said (thread), from the chains that the reader
may see. The consumer is "您" to himself and no name to the enterprise."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints import wording
from complaints.models import EvidenceState, HandlingStep, PersonalText
from complaints.procedure.workflow import LOOK, Audience, Outcome, Role, Status
from complaints.reading.file_view import FileView
from complaints.settlement import offer_findings
from complaints.wording.case import REFUSED_IN_FULL
from web.dates import day_text, moment
from web.listing import joined, listed

#: Texts that lie elsewhere on the page: the filing, the answers of an offer.
_ELSEWHERE = ("consumer_", "answer_")
_PARTS: dict[str, Any] = {
    "counter_demand": gettext_lazy("希望的方案"),
    "correction": gettext_lazy("更正"),
    "proof": gettext_lazy("凭证"),
    "decision": gettext_lazy("决定"),
    "minutes": gettext_lazy("调解情况"),
    "agreement": gettext_lazy("调解协议"),
    "suggestion": gettext_lazy("调解方案"),
    "public_reply": gettext_lazy("公开回应"),
    "second_officer": gettext_lazy("第二名经办人员"),
    "head": gettext_lazy("批准的负责人"),
}
#: Said, but no part of the talk between the sides.
_NOT_TALK = frozenset({"rating", "party", "whom", "note", "look"})
_OK_STEPS = frozenset(
    {"accept_case", "accept_offer", "confirm_performed", "record_agreement", "confirm_settled_elsewhere"}
)
#: In whose name somebody acts who is not the consumer.
_FOR_ANOTHER = {
    "agent": gettext_lazy("代理人，代委托人办理"),
    "guardian": gettext_lazy("监护人代为办理"),
    "heir": gettext_lazy("继承人办理"),
}
REMIND = "remind"
#: A lapse written later than this after it happened says when it was written.
_LATE_WRITING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePart:
    """One text of a message; ``label`` says what it is when it is more than a message."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said to the others, with files."""

    sequence: int
    step: str
    what: str
    at: datetime
    who: str
    organisation: str
    side: str
    is_mine: bool
    #: Which report or lead it belongs to.
    register: str = ""
    parts: list[MessagePart] = field(default_factory=list)
    files: list[FileView] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the timeline (components/event.html)."""

    sequence: int
    audience: str
    step: str
    at: datetime
    written_at: datetime
    title: str
    actor: str
    detail: str
    tone: str
    internal: bool
    digest: str
    files: list[FileView] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAccess:
    """Somebody at work saw the contact data in full."""

    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: ``names`` gives organisations in the reader's language; ``knows_consumer``
    means that the consumer's name may be shown. ``person_key``: of the reader, where several stand on the consumer's
    side, so that "您" is nobody else."""

    side: str
    knows_consumer: bool
    names: Mapping[str, str]
    person_key: UUID | None = None
    #: When the stages ended in which a refusal was "accepted" (Engagement.accepted_refusal).
    accepted_refusals: frozenset[datetime] = frozenset()

    def organisation(self, name: str) -> str:
        return self.names.get(name, name)


def who(step: HandlingStep, reader: Reader) -> str:
    """The person of an entry: 您, 李敏, 消费者, 系统."""
    side = Role(step.actor_role).side
    if side == "system":
        return wording.label("system", kind="side")
    if side == "consumer":
        if reader.side == "consumer" and not _is_another(step, reader):
            return _("您")
        name = step.name.name if step.name and reader.knows_consumer else ""
        return name or wording.label("consumer", kind="role")
    return step.name.name if step.name and step.name.name else wording.label(step.actor_role, kind="role")


def _is_another(step: HandlingStep, reader: Reader) -> bool:
    """One of several on the same side, and not the one who reads."""
    return reader.person_key is not None and step.name is not None and step.name.person_key != reader.person_key


def actor_label(step: HandlingStep, reader: Reader) -> str:
    """李敏，企业处理专员，某公司福州分公司"""
    side = Role(step.actor_role).side
    texts = [who(step, reader)]
    if side in ("enterprise", "authority"):
        role = wording.label(step.actor_role, kind="role")
        texts += [role] if role != texts[0] else []
        texts += [reader.organisation(step.organisation)] if step.organisation else []
    text = pgettext("between words", "，").join(texts)
    if step.data.get("acts_for") in _FOR_ANOTHER:
        text = _("%(who)s（%(as)s）") % {"who": text, "as": _FOR_ANOTHER[step.data["acts_for"]]}
    if step.recorded_by is not None:
        return _("%(who)s（由%(by)s代为记录）") % {"who": text, "by": step.recorded_by.name}
    return text


def timeline_of(
    steps: Sequence[HandlingStep], files: Mapping[str, FileView], *, reader: Reader, texts: Iterable[PersonalText] = ()
) -> list[Event]:
    """Newest first. ``texts``: those that what was found in an offer is quoted from."""
    advised = {(step.audience, step.sequence) for step in steps if step.data and step.data.get("advice")}
    said: dict[tuple[str, int], dict[str, str]] = {}
    for text in texts if advised else ():
        if (text.audience, text.sequence) in advised:
            said.setdefault((text.audience, text.sequence), {})[text.kind] = text.text
    results = [
        Event(
            sequence=step.sequence,
            audience=step.audience,
            step=step.step,
            at=step.happened_at,
            written_at=step.written_at,
            title=title_of(step),
            actor=actor_label(step, reader),
            detail=_detail(step, reader, said.get((step.audience, step.sequence), {})),
            tone=_tone(step, reader),
            internal=step.audience != Audience.PARTIES,
            digest=bytes(step.hash).hex(),
            files=_files_of(step, files),
        )
        for step in steps
    ]
    return sorted(results, key=lambda e: (e.at, e.written_at, e.sequence), reverse=True)


def folded(events: Iterable[Event]) -> list[tuple[Event, list[Event]]]:
    """Of reminders in a row the newest, with those before it: a case that is late for weeks has one each day."""
    results: list[tuple[Event, list[Event]]] = []
    for event in events:
        if results and event.step == results[-1][0].step == REMIND:
            results[-1][1].append(event)
        else:
            results.append((event, []))
    return results


def thread_of(
    steps: Sequence[HandlingStep],
    texts: Iterable[PersonalText],
    files: Mapping[str, FileView],
    *,
    reader: Reader,
    audience: str = Audience.PARTIES,
) -> list[Message]:
    """Oldest first: every entry of ``audience`` that carries a text or a file; the parties' is their talk."""
    values: dict[tuple[str, int], list[PersonalText]] = {}
    for text in texts:
        if not text.kind.startswith(_ELSEWHERE) and text.kind not in _NOT_TALK:
            values.setdefault((text.audience, text.sequence), []).append(text)
    results = []
    for step in steps:
        if step.audience != audience or step.step == "file":
            continue
        rows = values.get((step.audience, step.sequence), [])
        attached = _files_of(step, files)
        if not rows and not attached:
            continue
        side = Role(step.actor_role).side
        results.append(
            Message(
                sequence=step.sequence,
                step=step.step,
                what=title_of(step),
                at=step.happened_at,
                who=who(step, reader),
                side=side,
                organisation=reader.organisation(step.organisation) if side != "consumer" else "",
                is_mine=side == reader.side,
                register=str((step.data or {}).get("register", "")),
                parts=[MessagePart(label=_part_label(row.kind, len(rows), side), text=row.text) for row in rows],
                files=attached,
            )
        )
    return sorted(results, key=lambda m: (m.at, m.sequence))


def contact_accesses_of(
    steps: Iterable[HandlingStep], texts: Iterable[PersonalText], *, reader: Reader
) -> list[ContactAccess]:
    """Who looked at the contact data, newest first; what was typed as another reason, too."""
    values = {text.sequence: text.text for text in texts if text.kind == "look" and text.audience == Audience.PARTIES}
    results = []
    for step in steps:
        if step.step == LOOK:
            why = filter(None, (wording.label(step.reason, kind="look_reason"), values.get(step.sequence, "")))
            results.append(ContactAccess(at=step.happened_at, who=actor_label(step, reader), why=" · ".join(why)))
    return sorted(results, key=lambda access: access.at, reverse=True)


def title_of(step: HandlingStep) -> str:
    """What happened, with the number of the offer or the way of contact where it has one."""
    title = wording.label(step.step, kind="step")
    data = step.data or {}
    if data.get("offer"):
        return _("%(what)s（第%(n)s份方案）") % {"what": title, "n": data["offer"]}
    if step.step in ("propose", "approve", "send_back") and data.get("step"):
        return _("%(what)s：%(step)s") % {"what": title, "step": wording.action(data["step"])}
    if step.step == "log_contact":
        channel = wording.label(data.get("channel", ""), kind="contact_channel")
        reached = _("已联系上") if data.get("reached") else _("没有联系上")
        return _("%(channel)s联系，%(reached)s") % {"channel": channel, "reached": reached}
    return title


def _detail(step: HandlingStep, reader: Reader, said: Mapping[str, str]) -> str:
    texts = []
    if step.to_status != step.from_status and step.step != "file":
        if step.to_status == Status.CLOSED:
            texts.append(_("已办结：%(outcome)s") % {"outcome": _outcome(step, reader)})
        else:
            texts.append(_("转为“%(status)s”") % {"status": wording.label(step.to_status, kind="status")})
    texts += [*_due_texts(step, reader), *mediation_texts(step), *_held_texts(step)]
    if step.reason:
        was_refused = _was_refused_in_full(step, reader)
        texts.append(wording.reason("refusal_let_rest" if was_refused else step.reason, step.outcome))
        texts += body_texts(step)
        if step.data.get("valid_until"):
            texts.append(_("到%(day)s为止") % {"day": day_text(date.fromisoformat(step.data["valid_until"]))})
    elif step.step == "decline_offer" and step.data.get("reason"):
        texts.append(wording.label(step.data["reason"], kind="decline_reason"))
    if reader.side != "consumer" and step.data.get("advice"):
        # Kept in the parties' entry; it is said to whoever weighs how the enterprise answers.
        findings = dict.fromkeys(one.in_short for one in offer_findings.of_entry(step.data["advice"], said))
        texts.append(_("发送前提示过：%(findings)s") % {"findings": joined(findings)})
    if recorded := (step.data or {}).get("recorded"):
        how = wording.label(recorded.get("how", ""), kind="recording")
        texts.append(_("%(how)s，凭证%(proof)s") % {"how": how, "proof": recorded.get("proof", "")})
    if step.data and step.data.get("same_device"):
        texts.append(_("和提出时是同一台设备"))
    if step.written_at - step.happened_at > _LATE_WRITING:
        texts.append(_("记录于%(moment)s") % {"moment": moment(step.written_at)})
    return " · ".join(texts)


def _was_refused_in_full(step: HandlingStep, reader: Reader) -> bool:
    """The entry that closed the case with nothing granted; before there was a step for it, an acceptance."""
    if step.reason == "nothing_to_perform":
        return step.step == "accept_offer" and step.happened_at in reader.accepted_refusals
    return step.reason == "refusal_let_rest" or (step.reason == "answered_late" and bool(reader.accepted_refusals))


def _outcome(step: HandlingStep, reader: Reader) -> str:
    return str(REFUSED_IN_FULL) if _was_refused_in_full(step, reader) else wording.label(step.outcome, kind="outcome")


def _due_texts(step: HandlingStep, reader: Reader) -> list[str]:
    """Of a reminder, and of what went to a superior: which time runs out, and who was told."""
    data = step.data or {}
    if step.step not in (REMIND, "escalate") or not data.get("clock"):
        return []
    clock, day = wording.label(data["clock"], kind="clock"), day_text(date.fromisoformat(data["last_day"]))
    texts = [_("%(clock)s，最后一天%(day)s") % {"clock": clock, "day": day}]
    return texts + ([reader.organisation(data["escalated_to"])] if data.get("escalated_to") else [])


def _held_texts(step: HandlingStep) -> list[str]:
    """Of a file that is held back: why, and its digest, as the record names it."""
    if step.step != "hold_back_file":
        return []
    return [str(EvidenceState(step.data["why"]).label), f"SHA-256 {step.data['sha256']}"]


def mediation_texts(step: HandlingStep) -> list[str]:
    """When and where a session is, who came, who appraises until when, to whom it was delegated."""
    data = step.data or {}
    if step.step == "schedule_session":
        at = moment(datetime.fromisoformat(data["at"]))
        return [at, wording.label(data["mode"], kind="session_mode"), data["place"]]
    if step.step == "report_mediation":
        return [wording.label(data.get("result", ""), kind="delegated_result")]
    if step.step == "record_session" and data.get("present"):
        return [_("到场：%(who)s") % {"who": listed(side_label(side) for side in data["present"])}]
    if step.step == "order_appraisal":
        until = _("到%(day)s为止") % {"day": day_text(date.fromisoformat(data["until"]))}
        return [data["laboratory"], until, wording.label(data["cost"], kind="cost_bearer")]
    if step.step == "answer_suggestion":
        return [_("同意") if data.get("agrees") else _("不同意")]
    return [data["body"]] if step.step == "delegate_mediation" and data.get("body") else []


def side_label(side: str) -> str:
    """Of a party, or of the body that mediates."""
    return wording.label("mediation_body", kind="role") if side == "body" else wording.label(side, kind="side")


def body_texts(step: HandlingStep) -> list[str]:
    """Where a refused or redirected matter belongs, or who has handled it; nothing where no body was named."""
    data = step.data or {}
    body = str(data.get("body", "")) if step.step in ("refuse", "redirect") else ""
    if not body:
        return []
    text = _("%(body)s已经受理或者处理") if data.get("ground") == "already_handled" else _("应当找%(body)s")
    return [text % {"body": wording.label(body, kind="body")}]


def _tone(step: HandlingStep, reader: Reader) -> str:
    if step.to_status == Status.CLOSED and step.from_status != Status.CLOSED:
        return wording.tone(Status.CLOSED, Outcome.WITHDRAWN if _was_refused_in_full(step, reader) else step.outcome)
    if step.step.startswith("lapse_") or step.step == "report_breach":
        return "bad"
    if step.step in _OK_STEPS:
        return "ok"
    return "authority" if Role(step.actor_role).side == "authority" else "neutral"


def _files_of(step: HandlingStep, files: Mapping[str, FileView]) -> list[FileView]:
    digests: Iterable[Any] = json.loads(step.body).get("files", []) if files else []
    return [files[digest] for digest in digests if digest in files]


def _part_label(kind: str, number: int, side: str) -> str:
    """A lone message needs no label; a counter-demand beside a reason does."""
    if kind == "report" and side == "system":
        return _("消费者提交投诉时写明")
    if kind == "reason" and number > 1:
        return _("理由")
    return str(_PARTS.get(kind, ""))

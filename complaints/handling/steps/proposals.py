"""Two persons: one proposes a step, another approves it; then it is judged anew. A proposal changes no status and stops
no clock; it falls when the case moves on, and nobody approves what he proposed himself."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.roles import Right
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying, two_persons
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import Matter
from complaints.parties import powers
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import TABLE, Audience


@verb()
def propose(file: CaseFile, actor: Actor, *, move: Move) -> Effect:
    """Keeps what the verb of ``move`` was called with, in JSON primitives; refused like the step itself would be."""
    row = TABLE[move.step]
    # What an enterprise proposes hangs on its engagement; an authority corrects its documents after closing too.
    gone = actor.side == "enterprise" and file.engagement is None
    if file.status not in row.at or not actor.has(row.by):
        raise StepNotAllowed("not_now", _("这一步现在不能提出。"))
    if gone:
        two_persons.must_have_another(file, move, actor)
        raise StepNotAllowed("not_now", _("这一步现在不能提出。"))
    if powers.bars(move.step, actor, file.complaint):
        raise powers.recusal_refusal()
    if file.matter("proposal", move.step) is not None:
        raise StepNotAllowed("already_open", _("同一事项已有一份待批准。"))
    why = two_persons.asked_of(file, move, actor)
    parts = two_persons.asks(actor)
    # What could not be carried out today is not worth a second person's time.
    back = file.mark()
    advice = move.carry(file, actor).data.get("advice", [])
    back()
    two_persons.must_have_another(file, move, actor)
    matter = file.open_matter(
        "proposal",
        by=actor.side,
        key=actor.person_key,
        subject=move.step,
        audience=_audience(actor),
        payload=primitive(move.arguments),
        why=list(why),
        status=file.complaint.status,
        sequence=file.complaint.last_sequence,
        parts=parts,
        advice=advice,
    )
    matter.measure_id = move.arguments.get("measure_id")
    if actor.officer_id is not None:
        matter.data = {**matter.data, "officers": [actor.officer_id], "rule": two_persons.rule_of(file, move)}
    if actor.side == "enterprise":
        matter.engagement, matter.enterprise_id = file.engagement, actor.enterprise_id
    return _effect(actor, move.step, tells="enterprise")


def primitive(value: Any) -> Any:
    """Words of a verb as JSON keeps them."""
    if is_dataclass(value) and not isinstance(value, type):
        return primitive(asdict(value))
    if isinstance(value, Mapping):
        return {name: primitive(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [primitive(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def _audience(actor: Actor) -> Audience:
    return Audience.AUTHORITY if actor.side == "authority" else Audience.ENTERPRISE


def _effect(actor: Actor, step: str, *, same_device: bool = False, **more: Any) -> Effect:
    """Who asks and who answers stands in the chain of their own side; that it was one device, beside it."""
    data = {"step": step} | ({"same_device": True} if same_device else {})
    return Effect(data=data, audience=_audience(actor), **more)


def proposal(matter: Matter, actor: Actor, *, refuses: bool = False) -> bool:
    """Whether the open proposal of the same organisation's other person came from this device; or a refusal."""
    theirs = actor.side == "enterprise" and matter.enterprise_id != actor.enterprise_id
    if matter.state != "open" or matter.opened_by != actor.side or theirs:
        raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
    return two_persons.must_be_another(matter, actor, refuses=refuses)


@verb()
def approve(file: CaseFile, actor: Actor, *, matter_id: int | None = None, missing: int | None = None) -> Effect:
    """Signs the proposal. With the last signature it is approved, and the page or the API takes the proposed move in
    the same call; before that (two names and the head) it stays open and nothing else may follow.

    ``missing``: how many signatures of an authority the page or the API saw missing when it chose what follows. Where
    somebody signed since, it is refused (moved_on): else the last signature would come without its step."""
    matter = saying.open_matter(file, "proposal", matter_id)
    same_device = proposal(matter, actor)
    if powers.bars(matter.subject, actor, file.complaint):
        raise powers.recusal_refusal()
    if matter.data["status"] != file.complaint.status:
        file.end_matter(matter, "fallen")
        raise StepNotAllowed("moved_on", _("案件已有变化，这份请示已失效。"))
    if actor.side == "authority":
        _sign(file, matter, actor, missing)
        if two_persons.left_to_sign(file.conditions.policies, matter, file.complaint.handling_region_id):
            return _effect(actor, matter.subject, same_device=same_device, reason="signed")
    file.end_matter(matter, "granted")
    return _effect(actor, matter.subject, same_device=same_device)


def _sign(file: CaseFile, matter: Matter, actor: Actor, missing: int | None) -> None:
    """One person, one signature (who signed before is refused already); the head's only by a head."""
    signed, key = matter.data.get("signed", []), str(actor.person_key)
    wanted = two_persons.left_to_sign(file.conditions.policies, matter, file.complaint.handling_region_id)
    if missing is not None and missing != len(wanted):
        raise StepNotAllowed("moved_on", _("刚刚有人签署了这份请示，请重新打开再签。"))
    if wanted and wanted[0] == two_persons.HEAD and not actor.may(Right.LEAD_AUTHORITY):
        raise StepNotAllowed("not_head", _("按规定须由负责人批准。"))
    officers = [*matter.data.get("officers", []), *([actor.officer_id] if actor.officer_id is not None else [])]
    parts = {**matter.data.get("parts", {}), **two_persons.asks(actor)}
    file.change(matter, data={**matter.data, "signed": [*signed, key], "officers": officers, "parts": parts})


@verb(text=saying.text)
def send_back(file: CaseFile, actor: Actor, *, matter_id: int, text: str) -> Effect:
    matter = saying.open_matter(file, "proposal", matter_id)
    same_device = proposal(matter, actor, refuses=True)
    file.end_matter(matter, "refused")
    return _effect(actor, matter.subject, same_device=same_device, texts={"message": text}, tells="enterprise")

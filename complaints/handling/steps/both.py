"""What either side may do: claims of a settlement elsewhere, consents, objections, ratings. What one side claims takes
effect by the other side's word or the clock."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from complaints.casefile.case_file import REVOCABLE, CaseFile
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Outcome, Status

S = Status


@verb(text=saying.text)
def claim_settled_elsewhere(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Either side; the other confirms or denies within 5 working days."""
    if file.matter("settled_elsewhere") is not None:
        raise StepNotAllowed("already_claimed", _("已经有人提出，正等对方答复。"))
    side = saying.debtor_side(actor)
    matter = file.open_matter("settled_elsewhere", by=side, key=actor.person_key)
    clocks.start(file, Clock.SETTLED_ELSEWHERE, file.now, matter=matter, owed_by=saying.creditor_of(side))
    return Effect(texts={"message": text}, data={"claimed_by": side})


def _answer_claim(file: CaseFile, actor: Actor, state: str) -> None:
    claim = saying.open_matter(file, "settled_elsewhere")
    if claim.opened_by == saying.debtor_side(actor):
        raise StepNotAllowed("own_claim", _("须由对方确认。"))
    clocks.end_live(file, Clock.SETTLED_ELSEWHERE)
    file.end_matter(claim, state)


@verb()
def confirm_settled_elsewhere(file: CaseFile, actor: Actor) -> Effect:
    _answer_claim(file, actor, "granted")
    settling.end_engagement(file, "settled_elsewhere", "claim", file.now)
    return Effect(to=S.CLOSED, outcome=Outcome.SETTLED_ELSEWHERE, reason="both_confirmed")


@verb(text=partial(saying.text, needed=False))
def deny_settled_elsewhere(file: CaseFile, actor: Actor, *, text: str = "") -> Effect:
    _answer_claim(file, actor, "refused")
    return Effect(texts={"message": text})


@verb()
def agree_to_mediation(file: CaseFile, actor: Actor) -> Effect:
    """Art. 18: no session and no agreement without both consents."""
    return _mediation_consent(file, actor, True)


@verb()
def decline_mediation(file: CaseFile, actor: Actor) -> Effect:
    return _mediation_consent(file, actor, False)


def _mediation_consent(file: CaseFile, actor: Actor, agrees: bool) -> Effect:
    side = saying.debtor_side(actor)
    file.complaint.consents = {**file.complaint.consents, f"mediation_{side}": agrees}
    return Effect(data={"side": side, "agrees": agrees})


@verb(text=saying.text, whom=partial(saying.text, longest=120))
def request_recusal(file: CaseFile, actor: Actor, *, whom: str, text: str) -> Effect:
    """Art. 21: sessions stop, the clock does not, until another officer has decided."""
    if file.matter("recusal") is not None:
        raise StepNotAllowed("already_open", _("已有回避申请在办理。"))
    matter = file.open_matter("recusal", by=saying.debtor_side(actor), key=actor.person_key, whom=whom)
    if file.status == S.MEDIATING:
        clocks.start(file, Clock.SUSPENSION, file.now, matter=matter)
    return Effect(texts={"message": text, "whom": whom})


@verb("object", text=saying.text)
def object_to_decision(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Another officer answers within 7 working days."""
    if file.matter("objection") is not None:
        raise StepNotAllowed("already_open", _("您的异议正在办理。"))
    matter = file.open_matter("objection", by="consumer", key=actor.person_key)
    clocks.start(file, Clock.OBJECTION, file.now, matter=matter)
    return Effect(texts={"message": text})


def rate(
    *,
    overall: int,
    speed: int | None = None,
    attitude: int | None = None,
    portal: int | None = None,
    performed: bool | None = None,
    accepts: bool | None = None,
    text: str = "",
) -> Move:
    """1–5 overall and, where it is said, of speed, attitude and the portal; whether it was performed; once a case."""
    given = saying.text(text, "text", needed=False, longest=1000)
    for field, value in (("overall", overall), ("speed", speed), ("attitude", attitude), ("portal", portal)):
        if value not in (1, 2, 3, 4, 5) and (value is not None or field == "overall"):
            raise WrongInput("bad_choice", _("请选1到5分。"), field=field)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if "rating" in file.complaint.facts:
            raise StepNotAllowed("rated", _("您已经评价过了。"))
        marks = {"overall": overall, "speed": speed, "attitude": attitude, "performed": performed, "accepts": accepts}
        marks |= {"portal": portal}
        file.complaint.facts = {**file.complaint.facts, "rating": marks}
        return Effect(data=marks, texts={"rating": given})

    return Move("rate", carry)


@verb()
def give_publication_consent(file: CaseFile, actor: Actor) -> Effect:
    file.complaint.publication_consent = True
    return Effect(data={"publication": True})


@verb()
def withdraw_publication_consent(file: CaseFile, actor: Actor) -> Effect:
    # Gone at once; a consent that is given again shows nothing before somebody decides anew.
    complaint = file.complaint
    complaint.publication_consent = False
    if complaint.facts.get("published"):
        complaint.facts = {name: value for name, value in complaint.facts.items() if name != "published"}
    return Effect(data={"publication": False})


def withdraw_consent(*, purpose: str) -> Move:
    """A consent of the filing is taken back: from now on, not for what was done (PIPL art. 15)."""
    if purpose not in REVOCABLE:
        raise WrongInput("bad_choice", _("请选择要收回哪一项同意。"), field="purpose")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        consents = file.complaint.consents
        if consents.get(purpose) is not True:
            raise StepNotAllowed("not_given", _("这一项您没有同意过，或者已经收回。"))
        kept = {**consents, purpose: False}
        if purpose == "share_with_enterprise":
            kept.pop("entities", None)
        file.complaint.consents = kept
        return Effect(data={"purpose": purpose, "given": False})

    return Move("withdraw_consent", carry)


@verb()
def give_consent(file: CaseFile, actor: Actor) -> Effect:
    """One tap: this named entity may have the case."""
    entity = _answer_consent(file, "granted")
    named = [*file.complaint.consents.get("entities", []), entity]
    file.complaint.consents = {**file.complaint.consents, "entities": named}
    return Effect(data={"enterprise": entity, "given": True})


@verb()
def decline_consent(file: CaseFile, actor: Actor) -> Effect:
    """No: the authority handles the case itself."""
    entity = _answer_consent(file, "refused")
    return settling.to_authority(file, reason="no_consent", data={"enterprise": entity, "given": False})


def _answer_consent(file: CaseFile, state: str) -> int:
    """The entity that was asked about."""
    asked = saying.open_matter(file, "consent")
    clocks.end_live(file, Clock.CONSENT)
    file.end_matter(asked, state)
    entity: int = asked.data["enterprise"]
    return entity


def supply_material(*, text: str = "", has_none: bool = False, files: tuple[str, ...] = ()) -> Move:
    """What was asked for, or "I have none": either way the review goes on."""
    given = saying.text(text, "text", needed=not has_none and not files)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        return Effect(
            to=S.REVIEW,
            texts={"message": given},
            files=tuple(files),
            data={"has_none": has_none},
            reason="has_none" if has_none else "material_supplied",
        )

    return Move("supply_material", carry)

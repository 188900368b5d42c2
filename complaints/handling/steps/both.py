"""What either side may do: claims of a settlement elsewhere, consents, objections, ratings.

What one side claims takes effect by the other side's word or the clock.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from complaints.casefile.case_file import REVOCABLE, CaseFile
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, Move
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Outcome, Status

S = Status


def claim_settled_elsewhere(*, text: str) -> Move:
    """Either side; the other confirms or denies within 5 working days."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.matter("settled_elsewhere") is not None:
            raise StepNotAllowed("already_claimed", _("已经有人提出，正等对方答复。"))
        side = saying.debtor_side(actor)
        matter = file.open_matter("settled_elsewhere", by=side, key=actor.person_key)
        clocks.start(file, Clock.SETTLED_ELSEWHERE, file.now, matter=matter, owed_by=saying.creditor_of(side))
        return Effect(texts={"message": said}, data={"claimed_by": side})

    return Move("claim_settled_elsewhere", carry)


def _answer_claim(file: CaseFile, actor: Actor) -> None:
    claim = saying.open_matter(file, "settled_elsewhere")
    if claim.opened_by == saying.debtor_side(actor):
        raise StepNotAllowed("own_claim", _("须由对方确认。"))
    running = clocks.live(file, Clock.SETTLED_ELSEWHERE)
    if running is not None:
        clocks.end(file, running, file.now)


def confirm_settled_elsewhere() -> Move:
    def carry(file: CaseFile, actor: Actor) -> Effect:
        _answer_claim(file, actor)
        file.end_matter(saying.open_matter(file, "settled_elsewhere"), "granted")
        settling.end_engagement(file, "settled_elsewhere", "claim", file.now)
        return Effect(to=S.CLOSED, outcome=Outcome.SETTLED_ELSEWHERE, reason="both_confirmed")

    return Move("confirm_settled_elsewhere", carry)


def deny_settled_elsewhere(*, text: str = "") -> Move:
    said = saying.text(text, "text", needed=False)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        _answer_claim(file, actor)
        file.end_matter(saying.open_matter(file, "settled_elsewhere"), "refused")
        return Effect(texts={"message": said})

    return Move("deny_settled_elsewhere", carry)


def _mediation_consent(step: str, agrees: bool) -> Move:
    def carry(file: CaseFile, actor: Actor) -> Effect:
        side = saying.debtor_side(actor)
        file.complaint.consents = {**file.complaint.consents, f"mediation_{side}": agrees}
        return Effect(data={"side": side, "agrees": agrees})

    return Move(step, carry)


def agree_to_mediation() -> Move:
    """Art. 18: no session and no agreement without both consents."""
    return _mediation_consent("agree_to_mediation", True)


def decline_mediation() -> Move:
    return _mediation_consent("decline_mediation", False)


def request_recusal(*, whom: str, text: str) -> Move:
    """Art. 21: sessions stop, the clock does not, until another officer has decided."""
    said = saying.text(text, "text")
    person = saying.text(whom, "whom", longest=120)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.matter("recusal") is not None:
            raise StepNotAllowed("already_open", _("已有回避申请在办理。"))
        matter = file.open_matter("recusal", by=saying.debtor_side(actor), key=actor.person_key, whom=person)
        if file.status == S.MEDIATING:
            clocks.start(file, Clock.SUSPENSION, file.now, matter=matter)
        return Effect(texts={"message": said, "whom": person})

    return Move("request_recusal", carry)


def object_to_decision(*, text: str) -> Move:
    """Another officer answers within 7 working days."""
    said = saying.text(text, "text")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.matter("objection") is not None:
            raise StepNotAllowed("already_open", _("您的异议正在办理。"))
        matter = file.open_matter("objection", by="consumer", key=actor.person_key)
        clocks.start(file, Clock.OBJECTION, file.now, matter=matter)
        return Effect(texts={"message": said})

    return Move("object", carry)


def rate(
    *,
    overall: int,
    speed: int,
    attitude: int,
    performed: bool | None = None,
    accepts: bool | None = None,
    text: str = "",
) -> Move:
    """1–5 overall, speed, attitude; whether it was performed; once a case."""
    said = saying.text(text, "text", needed=False, longest=1000)
    for field, value in (("overall", overall), ("speed", speed), ("attitude", attitude)):
        if value not in (1, 2, 3, 4, 5):
            raise WrongInput("bad_choice", _("请选1到5分。"), field=field)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if "rating" in file.complaint.facts:
            raise StepNotAllowed("rated", _("您已经评价过了。"))
        marks = {"overall": overall, "speed": speed, "attitude": attitude, "performed": performed, "accepts": accepts}
        file.complaint.facts = {**file.complaint.facts, "rating": marks}
        return Effect(data=marks, texts={"rating": said})

    return Move("rate", carry)


def _publication(step: str, given: bool) -> Move:
    def carry(file: CaseFile, actor: Actor) -> Effect:
        complaint = file.complaint
        complaint.publication_consent = given
        if not given and complaint.facts.get("published"):
            # Gone at once; a consent that is given again shows nothing before somebody decides anew.
            complaint.facts = {name: value for name, value in complaint.facts.items() if name != "published"}
        return Effect(data={"publication": given})

    return Move(step, carry)


def give_publication_consent() -> Move:
    return _publication("give_publication_consent", True)


def withdraw_publication_consent() -> Move:
    return _publication("withdraw_publication_consent", False)


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


def _consent(step: str, given: bool) -> Move:
    def carry(file: CaseFile, actor: Actor) -> Effect:
        asked = saying.open_matter(file, "consent")
        running = clocks.live(file, Clock.CONSENT)
        if running is not None:
            clocks.end(file, running, file.now)
        entity = asked.data["enterprise"]
        file.end_matter(asked, "granted" if given else "refused")
        if given:
            named = [*file.complaint.consents.get("entities", []), entity]
            file.complaint.consents = {**file.complaint.consents, "entities": named}
            return Effect(data={"enterprise": entity, "given": True})
        return settling.to_authority(file, reason="no_consent", data={"enterprise": entity, "given": False})

    return Move(step, carry)


def give_consent() -> Move:
    """One tap: this named entity may have the case."""
    return _consent("give_consent", True)


def decline_consent() -> Move:
    """No: the authority handles the case itself."""
    return _consent("decline_consent", False)


def supply_material(*, text: str = "", has_none: bool = False, files: tuple[str, ...] = ()) -> Move:
    """What was asked for, or "I have none": either way the review goes on."""
    said = saying.text(text, "text", needed=not has_none and not files)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        return Effect(
            to=S.REVIEW,
            texts={"message": said},
            files=tuple(files),
            data={"has_none": has_none},
            reason="has_none" if has_none else "material_supplied",
        )

    return Move("supply_material", carry)

"""Several on one side: who joins, who leaves, who is bound by an offer, what a representative's power is and when it
ends.

Nobody is bound by what others agreed to (art. 12). The representatives act for all; what they accept binds themselves
and whoever said yes, and the record names who that was.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import Demand, Participant
from complaints.parties.actors import Actor
from complaints.parties.powers import CONFIRMED, REFUSED, SEEN
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.refusals import StepNotAllowed, WrongInput

P = Participant


def participants(file: CaseFile) -> list[Participant]:
    """Read under the lock of the case; none where nobody else is named in it."""
    if file.complaint.on_behalf_kind not in (JOINT, AGENT):
        return []
    results = list(P.objects.filter(complaint_id=file.complaint.pk).order_by("ordinal"))
    for row in results:
        row.complaint = file.complaint
    return results


def _own(file: CaseFile, actor: Actor, *states: str) -> Participant:
    """The row of whoever acts, in one of these states."""
    row = next((row for row in participants(file) if row.ordinal == actor.party), None)
    if row is None:
        raise StepNotAllowed("not_joint", _("这不是共同投诉。"))
    if row.state not in states:
        raise StepNotAllowed("answered", _("您已经答复过了。"))
    return row


def join_case(*, consents: Mapping[str, bool], demands: Sequence[Mapping[str, Any]] = ()) -> Move:
    """The person who was named comes in: as one of several complainants, or as the principal who confirms the power.

    ``demands`` ({kind, amount, note}): what this person wants beyond what was filed; only before the first offer."""
    values = {name: bool(answer) for name, answer in consents.items()}
    wanted = [
        (
            str(d["kind"]),
            saying.money(d.get("amount"), "demands"),
            saying.text(str(d.get("note") or ""), "demands", needed=False, longest=400),
        )
        for d in demands
    ]

    def carry(file: CaseFile, actor: Actor) -> Effect:
        row = _own(file, actor, P.ASKED)
        if row.expires_at is None or row.expires_at <= file.now:
            raise StepNotAllowed("link_over", _("这个链接已经过期，请对方重新发送。"))
        if actor.user_id == file.complaint.consumer_id or any(
            one.person_id == actor.user_id for one in participants(file) if one.pk != row.pk
        ):
            raise StepNotAllowed("already_party", _("您已经在这件投诉里了。"))
        if wanted and file.offers:
            raise StepNotAllowed("too_late", _("对方已经提出方案，不能再加要求。您可以先加入，或者另外投诉。"))
        name, phone = row.name, row.phone
        file.change(
            row,
            person_id=actor.user_id,
            person_key=actor.person_key,
            name=name,
            phone=phone,
            state=P.JOINED,
            consents=values,
            answered_at=file.now,
        )
        ordinal = max((d.ordinal for d in file.demands), default=0)
        for place, (kind, amount, note) in enumerate(wanted, start=ordinal + 1):
            file.add(
                Demand(complaint=file.complaint, ordinal=place, kind=kind, amount=amount, note=note, party=row.ordinal)
            )
        if row.kind == P.PRINCIPAL:
            _end_check(file, power_confirmed=True, power_check="")
        elif values.get("publish_masked") is False:
            # What is published is published of all of them.
            file.complaint.publication_consent = False
        return Effect(
            texts={"party": name},
            data={
                "party": row.ordinal,
                "kind": row.kind,
                "consents": values,
                "demands": [
                    {"kind": kind, "amount": None if amount is None else str(amount)} for kind, amount, _n in wanted
                ],
            },
        )

    return Move("join_case", carry)


@verb()
def decline_to_join(file: CaseFile, actor: Actor) -> Effect:
    """No: not one of them; or, of a principal: nobody has my power. Then the representative is out at once."""
    row = _own(file, actor, P.ASKED)
    file.change(row, state=P.DECLINED, answered_at=file.now)
    if row.kind == P.PRINCIPAL:
        _end_power(file)
    return Effect(texts={"party": row.name}, data={"party": row.ordinal, "kind": row.kind})


@verb()
def answer_as_party(file: CaseFile, actor: Actor, *, agrees: bool) -> Effect:
    """One of several says yes or no to the offer that lies there, or to the one that was accepted."""
    row = _own(file, actor, P.JOINED)
    if row.kind != P.JOINT:
        raise StepNotAllowed("not_joint", _("这不是共同投诉。"))
    offer = file.open_offer or next((o for o in reversed(file.offers) if o.state == "accepted"), None)
    if offer is None:
        raise StepNotAllowed("no_offer", _("现在没有等待答复的方案。"))
    if offer.state == "accepted" and row.agreed_offer == offer.number and not agrees:
        raise StepNotAllowed("bound", _("您已经同意，方案已经接受，不能再改。"))
    file.change(row, agreed_offer=offer.number if agrees else None, refused_offer=None if agrees else offer.number)
    return Effect(texts={"party": row.name}, data={"party": row.ordinal, "offer": offer.number, "agrees": agrees})


@verb(party=partial(saying.text, longest=120, needed=False))
def withdraw_party(file: CaseFile, actor: Actor, *, party: str = "") -> Effect:
    """One of several complainants leaves; the others go on (art. 12). ``party``: the name, where others say so."""
    if file.complaint.on_behalf_kind != JOINT:
        raise StepNotAllowed("not_joint", _("这不是共同投诉。"))
    rows = participants(file)
    row = next((r for r in rows if (r.ordinal == actor.party if actor.party else party and r.name == party)), None)
    if row is None and (actor.party or not party):
        raise StepNotAllowed("not_joint", _("请写明谁退出。"), field="party")
    if row is not None and row.state not in (P.ASKED, P.JOINED):
        raise StepNotAllowed("answered", _("您已经答复过了。"))
    if row is not None:
        file.change(row, state=P.LEFT, answered_at=file.now)
        for demand in file.demands:
            if demand.party == row.ordinal and not demand.is_settled:
                file.change(demand, is_given_up=True)
    return Effect(texts={"party": row.name if row else party}, data={"party": row.ordinal} if row else {})


@verb()
def end_power(file: CaseFile, actor: Actor) -> Effect:
    """The principal takes the case over: from now on the representative sees and does nothing more."""
    row = _own(file, actor, P.JOINED)
    if row.kind != P.PRINCIPAL:
        raise StepNotAllowed("not_principal", _("只有委托人本人可以收回委托。"))
    _end_power(file)
    return Effect(data={"party": row.ordinal})


def confirm_power(*, seen: str, may_settle: bool, valid_until: str, text: str = "") -> Move:
    """An officer saw the power of attorney: what it covers and until which day; from now on that holds (procedure,
    section 1).

    ``seen``: the original, or a copy and a call to the principal. ``text``: the matters and powers as they stand in it.
    """
    saying.choice(seen, SEEN, "seen")
    until = saying.day(valid_until, "valid_until")
    given = saying.text(text, "text", needed=False)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        _of_representative(file)
        if until is None:
            raise WrongInput("missing", _("请填写这一项。"), field="valid_until")
        if until < file.today:
            raise WrongInput("power_over", _("委托已经到期，请核对日期，或重新取得委托"), field="valid_until")
        _end_check(file, power_check=CONFIRMED, may_settle=bool(may_settle))
        file.complaint.represented_until = until
        return Effect(
            reason="power_settles" if may_settle else "power_settles_not",
            texts={"message": given},
            data={"seen": seen, "may_settle": bool(may_settle), "valid_until": until.isoformat()},
        )

    return Move("confirm_power", carry)


@verb(text=saying.text)
def refuse_power(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """The power of attorney proves nothing, and why; the representative may bring a better one, and nothing else."""
    _of_representative(file)
    _end_check(file, power_check=REFUSED)
    return Effect(texts={"message": text})


def _of_representative(file: CaseFile) -> None:
    """Raises where no power is in question: no representative, one who is out, one confirmed by the principal."""
    complaint = file.complaint
    if complaint.on_behalf_kind != AGENT or (
        complaint.represented_until is not None and complaint.represented_until < file.today
    ):
        raise StepNotAllowed("no_representative", _("这件投诉没有代理人。"))
    if complaint.facts.get("power_confirmed"):
        raise StepNotAllowed("power_confirmed", _("委托人本人已经确认，不用再核验。"))


def _end_check(file: CaseFile, **facts: Any) -> None:
    """Nobody needs to look at the power of attorney any more."""
    file.complaint.facts = {name: value for name, value in {**file.complaint.facts, **facts}.items() if value != ""}
    if (matter := file.matter("power")) is not None:
        file.end_matter(matter)


def _end_power(file: CaseFile) -> None:
    file.complaint.represented_until = file.today - timedelta(days=1)
    _end_check(file)


def bound(file: CaseFile, offer: int) -> dict[str, list[int]]:
    """Whom an accepted offer binds beside the representatives, and whom not; empty where there is one person."""
    rows = [row for row in participants(file) if row.kind == P.JOINT and row.state in (P.ASKED, P.JOINED)]
    if not rows:
        return {}
    agreed = [row.ordinal for row in rows if row.agreed_offer == offer]
    return {"bound": agreed, "not_bound": [row.ordinal for row in rows if row.ordinal not in agreed]}

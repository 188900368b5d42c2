"""What somebody would say to take a step of a case now: the words of each verb, from the rows of the case.

The words fit the case most of the time and sometimes do not; whether the step is taken is not decided here.
``None`` stands where there is nothing to say: no offer to replace, no promise to confirm.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist

from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps.authority import BODIES
from complaints.handling.steps.consumer import DECLINE_REASONS, REST, WITHDRAW_REASONS
from complaints.handling.steps.platform import STATES
from complaints.handling.transition.two_persons import ENTERPRISES, GUARDED
from complaints.models import Complaint, Demand, Matter, Obligation, Offer, Participant
from complaints.parties.actors import Actor
from complaints.procedure.categories import CAUSES, FAILURE_REASONS, REFUSAL_GROUNDS, TERMINATION_GROUNDS
from complaints.procedure.workflow import TABLE, Status
from complaints.procedure.working_calendar import SHANGHAI
from tests import given
from tests.cast import World
from tests.complaints.handling.test_steps import WALKS, made

S = Status
TEXT = "这里写明事实和理由，供核对。"


@dataclass
class Seen:
    """One case as it lies before whoever acts; ``others``: numbers of further cases."""

    world: World
    case: Complaint
    now: datetime
    others: Sequence[str] = ()
    demands: list[Demand] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def day(self, days: int) -> str:
        return (self.today + timedelta(days=days)).isoformat()

    def matter(self, kind: str) -> Matter | None:
        return next((m for m in self.matters if m.kind == kind), None)

    def promises(self, *states: str, owed_by: str = "") -> list[int]:
        return [o.ordinal for o in self.obligations if o.state in states and owed_by in ("", o.owed_by)]


Said = dict[str, Any]
Build = Callable[[Seen, random.Random, Actor], Said | None]


def plain(**said: Any) -> Build:
    return lambda seen, dice, actor: said


def text(name: str = "text") -> Build:
    return plain(**{name: TEXT})


def _one_promise(seen: Seen, dice: random.Random, *states: str, **said: Any) -> Said | None:
    result = seen.promises(*states, owed_by="enterprise")
    return {"obligation": dice.choice(result), **said} if result else None


def accept_offer(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    if dice.random() < 0.5 or len(seen.demands) < 2:
        done = [o.ordinal for o in seen.obligations if o.state == "proposed" and o.reported_at is not None]
        return {"confirmed": done} if dice.random() < 0.5 else {}
    open_ones = [d.ordinal for d in seen.demands if not d.is_settled and not d.is_given_up]
    return {"separable": open_ones[:1], "rest": dice.choice(REST)}


def answers(seen: Seen, dice: random.Random, *, best: bool) -> tuple[Answer, ...]:
    results = []
    for demand in (one for one in seen.demands if not one.is_settled and not one.is_given_up):
        verdict = "grant" if best or dice.random() < 0.6 else dice.choice(["part", "refuse"])
        amount = {"grant": demand.amount, "part": "1.00" if demand.amount else None, "refuse": None}[verdict]
        said: Said = {"reason": "" if verdict == "grant" else TEXT, "is_separable": dice.random() < 0.7}
        results.append(Answer(demand=demand.ordinal, verdict=verdict, amount=amount, **said))
    return tuple(results)


def an_offer(seen: Seen, dice: random.Random, *, best: bool) -> Said:
    """Mostly one in which each grant carries what is owed for it."""
    said = answers(seen, dice, best=best)
    if dice.random() < 0.15:
        return {"answers": said, "promises": promises(seen, dice)}
    rows: list[Promise] = []
    for answer in said:
        if answer.verdict == "refuse":
            continue
        when: Said = {"demand": answer.demand, "due_on": seen.day(dice.randint(0, 20))}
        if dice.random() < 0.2:
            when = {"demand": answer.demand, "is_done": True, "proof": "流水 7788"}
        elif dice.random() < 0.2:
            back = Promise(kind="return_by_consumer", what="退回光猫", owed_by="consumer", due_on=seen.day(5))
            rows, when = [*rows, back], {"demand": answer.demand, "days_after": 3, "after": len(rows) + 1}
        way: Said = {"kind": "transfer", "amount": answer.amount} if answer.amount else {"kind": "service_change"}
        rows.append(Promise(what="办好这一项", **way, **when))
    return {"answers": said, "promises": tuple(rows)}


def promises(seen: Seen, dice: random.Random) -> tuple[Promise, ...]:
    shape = dice.choice(["none", "one", "one", "two", "return_first", "chain"])
    if shape == "none":
        return ()
    money = Promise(kind="transfer", what="退款", amount="100", due_on=seen.day(dice.randint(0, 20)))
    if shape == "one":
        return (money,)
    if shape == "two":
        return (money, Promise(kind="apology", what="书面道歉", due_on=seen.day(dice.randint(0, 9))))
    if shape == "return_first":
        due_on = seen.day(dice.randint(1, 9))
        return (Promise(kind="return_by_consumer", what="退回光猫", owed_by="consumer", due_on=due_on), money)
    return (
        Promise(kind="repair", what="修好线路", due_on=seen.day(dice.randint(1, 9))),
        Promise(kind="transfer", what="再退款", amount="50", days_after=dice.randint(1, 5), after=1),
    )


def make_offer(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    """Of seven offers one grants nothing."""
    if dice.random() < 1 / 7:
        left = [one.ordinal for one in seen.demands if not one.is_settled and not one.is_given_up]
        return {"answers": tuple(Answer(demand=number, verdict="refuse", reason=TEXT) for number in left)}
    return an_offer(seen, dice, best=False)


def confirm_performed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    owed_by = "consumer" if actor.side == "enterprise" else "enterprise"
    result = seen.promises("due", "reported", "silent", owed_by=owed_by)
    return {"obligations": result[: dice.randint(1, 2)]} if result else None


def report_performed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    result = seen.promises("due", owed_by="enterprise" if actor.side == "enterprise" else "consumer")
    return {"obligations": result[: dice.randint(1, 2)], "proof": "流水"} if result else None


def show_payment(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    paid = {"channel": "银行转账", "last4": "1234", "paid_on": seen.day(0)}
    results = [o.ordinal for o in seen.obligations if o.state == "due" and o.disputed_at is not None]
    return {"obligation": results[0], **paid} if results else None


def resume_performance(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    broken = seen.promises("broken")
    asked = seen.matter("redate")
    if asked is not None and dice.random() < 0.8:
        return {"dates": asked.data["dates"]}
    return {"dates": {number: seen.day(dice.randint(1, 14)) for number in broken}} if broken else None


def handler(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    world = seen.world
    mine = [world.hua_staff] if actor.enterprise_id == world.telecom.pk else [world.ming_staff, world.lead_staff]
    return {"handler_id": dice.choice(mine).pk}


def forward(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    world = seen.world
    asked = seen.case.consents.get("entities", [])
    if world.telecom.pk in asked or dice.random() < 0.1:
        return {"enterprise_id": world.telecom.pk, "branch_id": None, "because": given.BECAUSE}
    return {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "because": given.BECAUSE}


def return_case(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    if dice.random() < 0.5:
        return {"reason": "not_customer", "text": TEXT}
    return {"reason": "wrong_entity", "enterprise_id": seen.world.mobile.pk, "branch_id": None}


def cases(consent: bool) -> Build:
    def build(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
        if not seen.others:
            return None
        return {"numbers": [dice.choice(seen.others)]} | ({"consents_recorded": dice.random() < 0.8} if consent else {})

    return build


def _invited(seen: Seen, dice: random.Random, **more: str) -> Said:
    # Equal dice for two cases must not make one secret: it is of 256 bits, and nobody but the holder has it.
    return {"digest": f"{seen.case.pk:016x}{dice.getrandbits(192):048x}", "channel": "letter", **more}


def proposed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    """A step that a second person may have to approve, with words of its own."""
    guarded = ENTERPRISES if actor.side == "enterprise" else GUARDED
    steps = [step for step in guarded if seen.case.status in TABLE[step].at and step in WORDS]
    if not steps:
        return None
    step = dice.choice(steps)
    label = WORDS[step](seen, dice, actor)
    return None if label is None else {"move": handling.MOVES[step](**label)}


def _proposal(seen: Seen, **said: str) -> Said | None:
    open_one = seen.matter("proposal")
    return {"matter_id": open_one.pk, **said} if open_one else None


#: Steps that say nothing, and those that only say a text.
SAY_NOTHING = """
stop_negotiating let_rest confirm_settled_elsewhere deny_settled_elsewhere refer_to_regulator agree_to_mediation
decline_mediation give_publication_consent withdraw_publication_consent decline_to_join withdraw_party
end_power give_consent decline_consent undo agree_to_extension accept recall_mediation grant_extension
grant_return publish
"""
SAY_A_TEXT = """
add_statement correct_facts object_to_signs ask_about_offer claim_settled_elsewhere object ask_consumer send_message
add_internal_note answer_question request_return flag_concern ask_authority answer_instruction reply_publicly
return_to_intake recall take_up refuse_extension refuse_return write_down_statement refuse_power separate_case
dispute_jurisdiction withhold answer_signs
"""
WORDS: dict[str, Build] = {
    **dict.fromkeys(SAY_NOTHING.split(), plain()),
    **dict.fromkeys(SAY_A_TEXT.split(), text()),
    "accept_offer": accept_offer,
    "decline_offer": lambda s, d, a: {"reason": d.choice(DECLINE_REASONS)},
    "confirm_performed": confirm_performed,
    "dispute_performance": lambda s, d, a: _one_promise(s, d, "reported", text=TEXT),
    "report_breach": lambda s, d, a: _one_promise(s, d, "due", "reported", "silent", text=TEXT),
    "waive_obligation": lambda s, d, a: _one_promise(s, d, "due", "reported"),
    "resume_performance": resume_performance,
    "supply_material": lambda s, d, a: {"has_none": True} if d.random() < 0.5 else {"text": TEXT},
    "withdraw": lambda s, d, a: {"reason": d.choice(WITHDRAW_REASONS)},
    "answer_late": lambda s, d, a: {"accept": d.random() < 0.6},
    "request_recusal": plain(whom="瑞试", text=TEXT),
    "rate": lambda s, d, a: {"overall": d.randint(1, 5), "speed": d.randint(1, 5), "attitude": d.randint(0, 5)},
    "withdraw_consent": lambda s, d, a: {"purpose": d.choice(["share_with_enterprise", "pass_to_regulator"])},
    "join_case": lambda s, d, a: {"consents": {"publish_masked": d.random() < 0.5}},
    "answer_as_party": lambda s, d, a: {"agrees": d.random() < 0.5},
    "accept_case": handler,
    "assign": handler,
    "log_contact": lambda s, d, a: {"channel": d.choice(["phone", "sms"]), "reached": d.random() < 0.3, "note": "记录"},
    "make_offer": make_offer,
    "replace_offer": lambda s, d, a: an_offer(s, d, best=d.random() < 0.8),
    "report_failure": lambda s, d, a: {"reason": d.choice(FAILURE_REASONS), "text": TEXT},
    "return_case": return_case,
    "report_performed": report_performed,
    "show_payment": show_payment,
    "request_extension": lambda s, d, a: {"days": d.randint(1, 5), "text": TEXT},
    "tag_cause": lambda s, d, a: {"cause": d.choice(list(CAUSES))},
    "reveal_contact": plain(reason="look_call"),
    "propose": proposed,
    "approve": lambda s, d, a: _proposal(s),
    "send_back": lambda s, d, a: _proposal(s, text=TEXT),
    "forward": forward,
    "refer_to_triage": plain(reason="ambiguous", explanation=given.BECAUSE),
    "ask_consent": lambda s, d, a: {"enterprise_id": s.world.telecom.pk},
    "assign_authority": lambda s, d, a: {"authority_id": s.world.gulou.pk},
    "assign_officer": lambda s, d, a: {"officer_id": d.choice([s.world.rui_officer, s.world.head_officer]).pk},
    "request_material": lambda s, d, a: {"what": TEXT} | ({"last_day": s.day(1)} if d.random() < 0.3 else {}),
    "refuse": lambda s, d, a: {"ground": d.choice(REFUSAL_GROUNDS), "facts": TEXT, "body": d.choice(BODIES)},
    "redirect": lambda s, d, a: {
        "matter": d.choice(["consultation", "report"]),
        "body": d.choice(BODIES),
        "text": TEXT,
    },
    "schedule_session": lambda s, d, a: {
        "at": s.now + timedelta(days=d.randint(0, 5)),
        "place": "所里",
        "mode": "site",
    },
    "record_session": text("minutes"),
    "delegate_mediation": lambda s, d, a: {"body_id": given.a_body(s.world).pk},
    "decide_recusal": lambda s, d, a: {"decision": d.choice(["suspend", "grant", "refuse"]), "text": TEXT},
    "order_appraisal": lambda s, d, a: {
        "laboratory": "某检测中心",
        "until": s.day(d.randint(1, 15)),
        "cost_borne_by": "shared",
    },
    "end_appraisal": text("result"),
    "invite_respondent": lambda s, d, a: _invited(s, d),
    "invite_body": lambda s, d, a: _invited(s, d, phone="13900000456"),
    "report_mediation": lambda s, d, a: {"result": d.choice(["agreed", "failed"]), "text": TEXT},
    "answer_suggestion": lambda s, d, a: {"agrees": d.random() < 0.7},
    "record_agreement": lambda s, d, a: {"promises": promises(s, d), "text": TEXT},
    "terminate": lambda s, d, a: {"ground": d.choice(TERMINATION_GROUNDS), "facts": TEXT},
    "serve_notice": lambda s, d, a: {"document": "受理决定书", "channel": "sms", "is_served": d.random() < 0.5},
    "urge": lambda s, d, a: {"text": TEXT, "last_day": s.day(d.randint(0, 8))},
    "verify_contact": lambda s, d, a: {"result": d.choice(["call_confirmed", "call_no_answer"])},
    "confirm_power": lambda s, d, a: {
        "seen": "power_original",
        "may_settle": d.random() < 0.5,
        "valid_until": s.day(d.randint(5, 60)),
    },
    "link_cases": cases(False),
    "join_cases": cases(True),
    "record_party_gone": lambda s, d, a: {"party": "consumer" if d.random() < 0.7 else "enterprise", "text": TEXT},
    "correct_clerical_error": plain(sequence=1, text=TEXT),
    "answer_objection": lambda s, d, a: {"upheld": d.random() < 0.5, "text": TEXT},
    "call_back": plain(reached=True, satisfied=True),
    "reopen": lambda s, d, a: {"ground": "broken_promise" if s.promises("broken") else "clerical_error", "text": TEXT},
    "record_platform_number": lambda s, d, a: {
        "platform_number": f"12315-{s.case.pk:09}-{d.randint(0, 1)}",
        "state": d.choice(list(STATES)),
        "text": d.choice(["", TEXT]),
    },
    "pass_to_successor": lambda s, d, a: {"enterprise_id": s.world.telecom.pk},
}


def moves(step: str, seen: Seen, dice: random.Random, actor: Actor) -> list[Move]:
    """The move of ``step`` and what follows from it in the same call: an approval carries the approved step with it."""
    if step not in WORDS:
        # Said in one way only, by the walk that every step has.
        try:
            return [made(step, seen.world, seen.case)] if step in WALKS else []
        except (ObjectDoesNotExist, MultipleObjectsReturned):
            return []
    label = WORDS[step](seen, dice, actor)
    if label is None:
        return []
    results = [handling.MOVES[step](**label)]
    if step == "approve":
        matter = next(m for m in seen.matters if m.pk == label["matter_id"])
        results.append(handling.built(matter.subject, matter.data["payload"]))
    return results

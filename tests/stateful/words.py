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
from tests.complaints.handling.test_steps import WALKS

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


def _one_promise(seen: Seen, dice: random.Random, *states: str, owed_by: str) -> Said | None:
    result = seen.promises(*states, owed_by=owed_by)
    return {"obligation": dice.choice(result)} if result else None


def accept_offer(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    if dice.random() < 0.5 or len(seen.demands) < 2:
        return {}
    open_ones = [d.ordinal for d in seen.demands if not d.is_settled and not d.is_given_up]
    return {"separable": open_ones[:1], "rest": dice.choice(REST)}


def answers(seen: Seen, dice: random.Random, *, best: bool) -> tuple[Answer, ...]:
    results = []
    for demand in seen.demands:
        if demand.is_settled or demand.is_given_up:
            continue
        verdict = "grant" if best or dice.random() < 0.6 else dice.choice(["part", "refuse"])
        amount = {"grant": demand.amount, "part": "1.00" if demand.amount else None, "refuse": None}[verdict]
        reason = "" if verdict == "grant" else TEXT
        is_separable = dice.random() < 0.7
        results.append(
            Answer(demand=demand.ordinal, verdict=verdict, amount=amount, reason=reason, is_separable=is_separable)
        )
    return tuple(results)


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
    return {"answers": answers(seen, dice, best=False), "promises": promises(seen, dice)}


def replace_offer(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"answers": answers(seen, dice, best=dice.random() < 0.8), "promises": promises(seen, dice)}


def confirm_performed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    owed_by = "consumer" if actor.side == "enterprise" else "enterprise"
    result = seen.promises("due", "reported", "silent", owed_by=owed_by)
    return {"obligations": result[: dice.randint(1, 2)]} if result else None


def report_performed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    result = seen.promises("due", owed_by="enterprise" if actor.side == "enterprise" else "consumer")
    return {"obligations": result[: dice.randint(1, 2)], "proof": "流水"} if result else None


def show_payment(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    results = [o.ordinal for o in seen.obligations if o.state == "due" and o.disputed_at is not None]
    return (
        {"obligation": results[0], "channel": "银行转账", "last4": "1234", "paid_on": seen.day(0)} if results else None
    )


def resume_performance(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    broken = seen.promises("broken")
    asked = seen.matter("redate")
    if asked is not None and dice.random() < 0.8:
        return {"dates": asked.data["dates"]}
    return {"dates": {number: seen.day(dice.randint(1, 14)) for number in broken}} if broken else None


def rate(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"overall": dice.randint(1, 5), "speed": dice.randint(1, 5), "attitude": dice.randint(0, 5)}


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


def assign_officer(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"officer_id": dice.choice([seen.world.rui_officer, seen.world.head_officer]).pk}


def request_material(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"what": TEXT} | ({"last_day": seen.day(1)} if dice.random() < 0.3 else {})


def refuse(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"ground": dice.choice(REFUSAL_GROUNDS), "facts": TEXT, "body": dice.choice(BODIES)}


def redirect(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"matter": dice.choice(["consultation", "report"]), "body": dice.choice(BODIES), "text": TEXT}


def schedule_session(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"at": seen.now + timedelta(days=dice.randint(0, 5)), "place": "所里", "mode": "site"}


def decide_recusal(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"decision": dice.choice(["suspend", "grant", "refuse"]), "text": TEXT}


def order_appraisal(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"laboratory": "某检测中心", "until": seen.day(dice.randint(1, 15)), "cost_borne_by": "shared"}


def record_agreement(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"promises": promises(seen, dice), "text": TEXT}


def terminate(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"ground": dice.choice(TERMINATION_GROUNDS), "facts": TEXT}


def urge(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"text": TEXT, "last_day": seen.day(dice.randint(0, 8))}


def confirm_power(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"seen": "power_original", "may_settle": dice.random() < 0.5, "valid_until": seen.day(dice.randint(5, 60))}


def cases(consent: bool) -> Build:
    def build(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
        if not seen.others:
            return None
        return {"numbers": [dice.choice(seen.others)]} | ({"consents_recorded": dice.random() < 0.8} if consent else {})

    return build


def record_party_gone(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"party": "consumer" if dice.random() < 0.7 else "enterprise", "text": TEXT}


def proposed(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    """A step that a second person may have to approve, with words of its own."""
    steps = [
        step
        for step in (ENTERPRISES if actor.side == "enterprise" else GUARDED)
        if seen.case.status in TABLE[step].at and step in WORDS
    ]
    if not steps:
        return None
    step = dice.choice(steps)
    label = WORDS[step](seen, dice, actor)
    return None if label is None else {"move": handling.MOVES[step](**label)}


def proposal(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    open_one = seen.matter("proposal")
    return {"matter_id": open_one.pk} if open_one else None


def sent_back(seen: Seen, dice: random.Random, actor: Actor) -> Said | None:
    label = proposal(seen, dice, actor)
    return label and label | {"text": TEXT}


def answer_late(seen: Seen, dice: random.Random, actor: Actor) -> Said:
    return {"accept": dice.random() < 0.6}


WORDS: dict[str, Build] = {
    "add_statement": text(),
    "correct_facts": text(),
    "accept_offer": accept_offer,
    "ask_about_offer": text(),
    "decline_offer": lambda s, d, a: {"reason": d.choice(DECLINE_REASONS)},
    "stop_negotiating": plain(),
    "confirm_performed": confirm_performed,
    "dispute_performance": lambda s, d, a: (
        (w := _one_promise(s, d, "reported", owed_by="enterprise")) and w | {"text": TEXT}
    ),
    "report_breach": lambda s, d, a: (
        (w := _one_promise(s, d, "due", "reported", "silent", owed_by="enterprise")) and w | {"text": TEXT}
    ),
    "waive_obligation": lambda s, d, a: _one_promise(s, d, "due", "reported", owed_by="enterprise"),
    "resume_performance": resume_performance,
    "supply_material": lambda s, d, a: {"has_none": True} if d.random() < 0.5 else {"text": TEXT},
    "claim_settled_elsewhere": text(),
    "confirm_settled_elsewhere": plain(),
    "deny_settled_elsewhere": plain(),
    "withdraw": lambda s, d, a: {"reason": d.choice(WITHDRAW_REASONS)},
    "refer_to_regulator": plain(),
    "answer_late": answer_late,
    "agree_to_mediation": plain(),
    "decline_mediation": plain(),
    "request_recusal": plain(whom="瑞试", text=TEXT),
    "object": text(),
    "rate": rate,
    "give_publication_consent": plain(),
    "withdraw_publication_consent": plain(),
    "withdraw_consent": lambda s, d, a: {"purpose": d.choice(["share_with_enterprise", "pass_to_regulator"])},
    "join_case": lambda s, d, a: {"consents": {"publish_masked": d.random() < 0.5}},
    "decline_to_join": plain(),
    "answer_as_party": lambda s, d, a: {"agrees": d.random() < 0.5},
    "withdraw_party": plain(),
    "end_power": plain(),
    "give_consent": plain(),
    "decline_consent": plain(),
    "undo": plain(),
    "accept_case": handler,
    "assign": handler,
    "log_contact": lambda s, d, a: {"channel": d.choice(["phone", "sms"]), "reached": d.random() < 0.3, "note": "记录"},
    "ask_consumer": text(),
    "send_message": text(),
    "add_internal_note": text(),
    "answer_question": text(),
    "make_offer": make_offer,
    "replace_offer": replace_offer,
    "report_failure": lambda s, d, a: {"reason": d.choice(FAILURE_REASONS), "text": TEXT},
    "return_case": return_case,
    "request_return": text(),
    "report_performed": report_performed,
    "show_payment": show_payment,
    "request_extension": lambda s, d, a: {"days": d.randint(1, 5), "text": TEXT},
    "agree_to_extension": plain(),
    "flag_concern": text(),
    "ask_authority": text(),
    "answer_instruction": text(),
    "reply_publicly": text(),
    "tag_cause": lambda s, d, a: {"cause": d.choice(list(CAUSES))},
    "reveal_contact": plain(reason="look_call"),
    "propose": proposed,
    "approve": proposal,
    "send_back": sent_back,
    "forward": forward,
    "refer_to_triage": plain(reason="ambiguous", explanation=given.BECAUSE),
    "ask_consent": lambda s, d, a: {"enterprise_id": s.world.telecom.pk},
    "assign_authority": lambda s, d, a: {"authority_id": s.world.gulou.pk},
    "assign_officer": assign_officer,
    "return_to_intake": text(),
    "recall": text(),
    "request_material": request_material,
    "accept": plain(),
    "refuse": refuse,
    "redirect": redirect,
    "schedule_session": schedule_session,
    "record_session": text("minutes"),
    "delegate_mediation": lambda s, d, a: {"body_id": given.a_body(s.world).pk},
    "recall_mediation": plain(),
    "decide_recusal": decide_recusal,
    "order_appraisal": order_appraisal,
    "end_appraisal": text("result"),
    # Equal dice for two cases must not make one secret: it is of 256 bits, and nobody but the holder has it.
    "invite_respondent": lambda s, d, a: {"digest": f"{s.case.pk:016x}{d.getrandbits(192):048x}", "channel": "letter"},
    "invite_body": lambda s, d, a: {
        "digest": f"{s.case.pk:016x}{d.getrandbits(192):048x}",
        "channel": "letter",
        "phone": "13900000456",
    },
    "report_mediation": lambda s, d, a: {"result": d.choice(["agreed", "failed"]), "text": TEXT},
    "answer_suggestion": lambda s, d, a: {"agrees": d.random() < 0.7},
    "record_agreement": record_agreement,
    "terminate": terminate,
    "serve_notice": lambda s, d, a: {"document": "受理决定书", "channel": "sms", "is_served": d.random() < 0.5},
    "urge": urge,
    "take_up": text(),
    "grant_extension": plain(),
    "refuse_extension": text(),
    "grant_return": plain(),
    "refuse_return": text(),
    "verify_contact": lambda s, d, a: {"result": d.choice(["call_confirmed", "call_no_answer"])},
    "write_down_statement": text(),
    "confirm_power": confirm_power,
    "refuse_power": text(),
    "link_cases": cases(False),
    "join_cases": cases(True),
    "separate_case": text(),
    "record_party_gone": record_party_gone,
    "correct_clerical_error": plain(sequence=1, text=TEXT),
    "dispute_jurisdiction": text(),
    "answer_objection": lambda s, d, a: {"upheld": d.random() < 0.5, "text": TEXT},
    "call_back": plain(reached=True, satisfied=True),
    "publish": plain(),
    "withhold": text(),
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
            return [WALKS[step].made(seen.world, seen.case)] if step in WALKS else []
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

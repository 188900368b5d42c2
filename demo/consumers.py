"""What the consumers of the demonstration do: answer, ask, decline, confirm, dispute, leave, rate.

Each function says what this person would do now; the verb may still refuse.
"""

from dataclasses import replace
from datetime import timedelta

from complaints.handling import Move
from complaints.handling.steps import both, consumer, contact, enterprise
from complaints.handling.transition import undoing
from complaints.models import Obligation
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Status
from demo import texts
from demo.filings import Case, draw
from demo.people import Consumer
from demo.scene import Acts, Scene

S = Status
#: Of each seventeen one rings instead of using the page.
RINGS = 4
#: So many of those to whom nothing is granted let it rest instead of talking on.
RESTS = 0.3


def act(case: Case, scene: Scene) -> Acts:
    if case.unproven is not None and case.status == S.TRIAGE:
        return _prove(case, case.unproven)
    move = _move(case, scene)
    return [] if move is None else [(move, _speaker(case, scene))]


def _prove(case: Case, person: Consumer) -> Acts:
    """A code to the number of the case, typed on the page of the receipt: it is that person's, and goes on."""
    case.consumer, case.unproven, case.story = person, None, replace(case.story, path="enterprise")
    said = {"name": person.user.name, "known": person.user.name}
    return [(contact.prove_contact(because=said), replace(person.actor, channel="tracking", party_of=case.pk))]


def _speaker(case: Case, scene: Scene) -> Actor:
    """The person; some ring, and an officer writes down what they say."""
    person = case.consumer.actor
    officer = scene.officer(case) if case.nth % 17 == RINGS and scene.is_office and person.user_id is not None else None
    if officer is None:
        return person
    recording = {"how": "phone", "proof": f"LY-{scene.today:%Y}-{case.nth:05}"}
    return replace(person, channel="phone", recorded_by=officer, recording=recording)


def _move(case: Case, scene: Scene) -> Move | None:
    story = case.story
    if story.leaves[0] == case.status and case.first("leaves"):
        if story.leaves[1] == "withdraw":
            return consumer.withdraw(reason=case.rng.choice(["settled", "no_longer_wanted", "other_way", "mistake"]))
        return consumer.stop_negotiating(text=case.rng.choice(["", "不想再等了。", "说法每次都不一样。"]))
    match case.status:
        case S.TRIAGE:
            return both.give_consent() if story.gives_consent else both.decline_consent()
        case S.NEGOTIATING:
            return _while_negotiating(case, scene)
        case S.AWAITING_CONSUMER:
            return _answer(case, scene)
        case S.PERFORMING:
            return _performance(case, scene)
        case S.REVIEW:
            matter = scene.matter(case, "redate")
            if matter is None:
                return None
            return consumer.resume_performance(dates={int(n): d for n, d in matter.data["dates"].items()})
        case S.AWAITING_MATERIAL:
            return _material(case)
        case S.MEDIATING:
            return _mediation(case, scene)
        case S.CLOSED:
            return _afterwards(case, scene)
    return None


def _while_negotiating(case: Case, scene: Scene) -> Move | None:
    claim = scene.matter(case, "settled_elsewhere")
    if claim is not None:
        return both.confirm_settled_elsewhere() if case.rng.random() < 0.8 else None
    if case.times("asked_consumer") > case.times("replied"):
        case.did("replied")
        return consumer.add_statement(text=case.rng.choice(texts.SENTENCES["replies"]).format(month=scene.today.month))
    case.did("claimed")
    return both.claim_settled_elsewhere(text="门店已经当面退了钱，双方另行和解。")


def _answer(case: Case, scene: Scene) -> Move | None:
    story = case.story
    if case.times("asked") < story.asks:
        case.did("asked")
        return consumer.ask_about_offer(text=case.rng.choice(texts.SENTENCES["asks"]))
    is_silent = story.answer in ("silent", "late_yes", "late_no")
    if case.pk in scene.refused and not is_silent and case.rng.random() < RESTS:
        return consumer.let_rest()
    if case.times("declined") < story.rounds:
        case.did("declined")
        return consumer.decline_offer(
            reason=case.rng.choice(consumer.DECLINE_REASONS),
            counter_demand=case.rng.choice(texts.SENTENCES["counters"]),
        )
    if is_silent:
        return None
    if case.pk in scene.refused:
        return consumer.stop_negotiating() if story.answer == "part_regulator" else consumer.let_rest()
    case.did("accepted")
    if story.answer == "accept" or len(case.demands) < 2 or case.times("part"):
        return consumer.accept_offer()
    case.did("part")
    rest = {"part_give_up": "give_up", "part_go_on": "go_on", "part_regulator": "regulator"}[story.answer]
    return consumer.accept_offer(separable=[1], rest=rest)


def _performance(case: Case, scene: Scene) -> Move | None:
    if case.story.takes_back and case.times("accepted") == 1 and case.first("undone"):
        return undoing.undo()
    rows = scene.obligations.get(case.pk, [])
    mine = [row for row in rows if row.state == "due" and row.owed_by == "consumer"]
    if mine:
        return enterprise.report_performed(obligations=[mine[0].ordinal], proof="已寄出，运单 DEMO0001")
    shown = [row for row in rows if row.state == "reported" and row.owed_by == "enterprise"]
    if shown:
        return _say_whether(case, shown)
    owed = [row for row in rows if row.state == "due" and row.owed_by == "enterprise"]
    if case.story.keeps == "waived" and owed:
        return consumer.waive_obligation(obligation=owed[0].ordinal)
    return None


def _say_whether(case: Case, shown: list[Obligation]) -> Move | None:
    keeps, first = case.story.keeps, shown[0]
    if keeps == "silent":
        return None
    if keeps in ("disputed", "broken") and first.disputed_at is None:
        return consumer.dispute_performance(obligation=first.ordinal, text="没有收到，请出示凭证。")
    if keeps in ("broken", "redated") and case.first("breach"):
        return consumer.report_breach(obligation=first.ordinal, text="到今天还没有兑现。")
    return consumer.confirm_performed(obligations=[row.ordinal for row in shown])


def _material(case: Case) -> Move | None:
    if case.story.authority == "unanswered":
        return None
    if case.story.authority == "none":
        return both.supply_material(has_none=True)
    return both.supply_material(text=case.rng.choice(texts.SENTENCES["statements"]))


def _mediation(case: Case, scene: Scene) -> Move | None:
    if case.story.mediation == "recusal" and case.times("consumer_agreed") and case.first("recusal"):
        officer = scene.officer(case)
        return both.request_recusal(whom=officer.name if officer else "经办人", text="经办人与企业人员相识。")
    if case.first("consumer_agreed"):
        return both.agree_to_mediation()
    return consumer.withdraw(reason="no_longer_wanted")


def _afterwards(case: Case, scene: Scene) -> Move | None:
    story, outcome = case.story, case.outcome
    if outcome == "unconfirmed" and story.answer in ("late_yes", "late_no") and case.first("late"):
        return consumer.answer_late(accept=story.answer == "late_yes", text="这几天出差，没有看到消息。")
    if outcome in ("refused", "mediation_terminated", "redirected") and story.objects and case.first("object"):
        return both.object_to_decision(text="认定的事实和我说的不一样，请重新看一下。")
    if outcome in ("negotiation_failed", "unconfirmed") and story.refers and case.first("refer"):
        return consumer.refer_to_regulator()
    if story.publishes and case.first("publication"):
        return both.give_publication_consent()
    wants = outcome in ("settled", "mediated", "mediation_terminated") and case.rng.random() < 0.55
    if case.first("rated") and wants:
        happy = {5: 5, 4: 3, 3: 1} if outcome == "settled" else {4: 2, 3: 3, 2: 2, 1: 1}
        overall = draw(case.rng, happy)
        return both.rate(
            overall=overall,
            speed=min(5, max(1, overall + case.rng.randint(-1, 1))),
            attitude=overall,
            portal=min(5, overall + 1),
            performed=outcome != "mediation_terminated",
            text=case.rng.choice(texts.SENTENCES["ratings"]),
        )
    if case.times("looked_back") == 0:
        case.wake = scene.now + timedelta(days=1)
    return None

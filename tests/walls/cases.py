"""Cases of one family, walked by the real verbs to every status, saying all that can be said; and all their notices."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import Any

from complaints import handling
from complaints.acceptance.remedies import BODIES
from complaints.documents.kinds import KINDS
from complaints.filing import drafts
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, both, enterprise, mediation, offers, proposals, violations
from complaints.handling.steps import consumer as consumer_steps
from complaints.handling.transition.writing import open_files
from complaints.models import Complaint, Evidence, Notice
from complaints.notices.writing import for_file, write
from complaints.parties.actors import SYSTEM, Actor, consumer, officer, staff_member
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import DemandRequest, FilingRequest
from complaints.procedure.workflow import HIDDEN_CLOCKS, TABLE, Outcome, Status
from complaints.record.record import Entry
from tests.given import BECAUSE, a_request
from tests.walls.world import FILED_BEFORE, Family, World, canary

S = Status
#: Every status that a case can have.
STATUSES = tuple(str(s) for s in S if s != S.DRAFT)
_WITH_IT = (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED)
_AT_AUTHORITY = (S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED)
FILE = b"\x89PNG\r\n\x1a\n" + b"canary" * 20


def walk(world: World, family: Family, *, former: Family | None) -> None:
    """File a case for each status and take it there; ``former`` had each of them before."""
    now, actor = world.now - FILED_BEFORE, consumer(family.consumer)
    requests = [_request(world, family, former, status) for status in STATUSES]
    filed = handling.file(requests, actor=actor, now=now, conditions=Conditions.at(now))
    family.cases = dict(zip(STATUSES, filed, strict=True))
    county = officer([world.officers["authority_handler", {"A": "own", "B": "sibling", "C": "cousin"}[family.letter]]])
    if former is not None:
        _go(family, _had_by(former, family), world, minutes=0)
    for moves in (_forwarded(family), _negotiated(family)):
        _go(family, moves, world)
    for decided in (_decided, _reviewed, _mediated):
        _go(family, decided(family, county), world)
    for status, case in family.cases.items():
        case.refresh_from_db()
        assert case.status == status, f"{family.letter}: {case.status} instead of {status}"
        pk = Notice.objects.filter(complaint=case).order_by("pk").values_list("pk", flat=True).first()
        Notice.objects.filter(pk=pk).update(state="set_aside", last_error="smtp_550")
        token = f"{family.letter}{status}{'k' * 30}"
        Complaint.objects.filter(pk=case.pk).update(tracking_digest=drafts.tracking_digest(token))
    draft, key = drafts.begin(now=world.now, source="walls")
    world.drafts[family.letter] = (draft, key)
    evidence(world, family.letter, "draft", draft=draft)


def evidence(world: World, letter: str, status: str, *, draft: Any) -> Evidence:
    """A file that came with the draft; the bytes lie where the portal puts them."""
    path = world.evidence_root / letter / status
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(FILE)
    what = {"name": f"{canary(letter, 'file')}.png", "size": len(FILE), "media_type": "image/png"}
    kept = {"path": f"{letter}/{status}", "sha256": hashlib.sha256(FILE).hexdigest()}
    return Evidence.objects.create(draft=draft, uploaded_at=world.now - FILED_BEFORE, **what, **kept)


def _request(world: World, family: Family, former: Family | None, status: str) -> FilingRequest:
    letter, first, filed_at = family.letter, former or family, world.now - FILED_BEFORE
    draft, _key = drafts.begin(now=filed_at, source="walls")
    place: Any = SimpleNamespace(
        mobile=first.enterprise, fuzhou=first.branches["own"], region=family.county.region, chen=family.consumer
    )
    request = a_request(place, now=filed_at)
    return replace(
        request,
        item_name=f"宽带 {canary(letter, 'item')}",
        disputed_on=(world.now - timedelta(days=20)).date(),
        statement=f"多扣了费用 {canary(letter, 'statement')}",
        demands=(DemandRequest(kind="refund", amount=Decimal("128.50"), note=canary(letter, "demand")),),
        consumer_name=family.consumer.name,
        consumer_phone=str(family.consumer.phone),
        consumer_address=f"某路 {canary(letter, 'address')} 号",
        language=world.language,
        consents=request.consents | {"entities": [first.enterprise.pk, family.enterprise.pk]},
        evidence_ids=(evidence(world, letter, status, draft=draft).pk,),
    )


Walk = dict[str, list[tuple[Move, Actor]]]


def _go(family: Family, moves: Walk, world: World, *, minutes: int = 1) -> None:
    batch = [(family.cases[status].pk, move, actor) for status, steps in moves.items() for move, actor in steps]
    for taken in handling.take_each(batch, now=world.now - FILED_BEFORE + timedelta(minutes=minutes)):
        assert taken.refusal is None, f"{family.letter} {taken.complaint.status}: {taken.refusal}"


def _had_by(former: Family, family: Family) -> Walk:
    """The former enterprise has it first, says something, and sends it back."""
    first = staff_member(former.staff["handler", "own"])
    to = authority.forward(enterprise_id=former.enterprise.pk, branch_id=former.branches["own"].pk, because=BECAUSE)
    branch_id = family.branches["own"].pk
    back = enterprise.return_case(reason="wrong_entity", enterprise_id=family.enterprise.pk, branch_id=branch_id)
    steps: list[tuple[Move, Actor]] = [
        (to, SYSTEM),
        (enterprise.send_message(text=f"我们核实一下 {canary('F', 'message')}"), first),
        (enterprise.add_internal_note(text=f"内部 {canary('F', 'note')}"), first),
        (back, first),
    ]
    return dict.fromkeys(STATUSES, steps)


def _forwarded(family: Family) -> Walk:
    """To the enterprise, or to a person who distributes."""
    to = authority.forward(enterprise_id=family.enterprise.pk, branch_id=family.branches["own"].pk, because=BECAUSE)
    walk: Walk = {status: [(to, SYSTEM)] for status in (*_WITH_IT, *_AT_AUTHORITY)}
    walk[S.TRIAGE] = [(authority.refer_to_triage(reason="nothing_matched", explanation=BECAUSE), SYSTEM)]
    return walk


def _negotiated(family: Family) -> Walk:
    """What an enterprise says while it has the case, up to an offer."""
    letter = family.letter
    handler = family.staff["handler", "own"]
    actor = staff_member(handler)
    texts: list[tuple[Move, Actor]] = [
        (enterprise.send_message(text=f"已收到 {canary(letter, 'message')}"), actor),
        (enterprise.add_internal_note(text=f"内部 {canary(letter, 'note')}"), actor),
        (enterprise.log_contact(channel="phone", reached=True, note=canary(letter, "contact"), at=None), actor),
        (enterprise.flag_concern(text=f"疑点 {canary(letter, 'concern')}"), actor),
    ]
    walk: Walk = {status: [*texts] for status in (*_WITH_IT, *_AT_AUTHORITY)}
    for status in (*_WITH_IT[1:], *_AT_AUTHORITY):
        walk[status].append((enterprise.accept_case(handler_id=handler.pk), actor))
    # What waits for a second person inside the enterprise.
    answers = [Answer(demand=1, verdict="refuse", reason=f"合约期内不能退还 {canary(letter, 'note')}")]
    walk[S.NEGOTIATING].append((proposals.propose(move=offers.make_offer(answers=answers)), actor))
    for status in (S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED):
        due_on, how = date.today() + timedelta(days=26), {"amount": "128.50", "demand": 1}
        when: dict[str, Any] = {"is_done": True, "proof": "流水 7788"} if status == S.CLOSED else {"due_on": due_on}
        refund = Promise(kind="original_channel", what="退还多扣费用", **how, **when)
        answers = [Answer(verdict="grant", is_separable=True, **how)]
        message = f"全部退还 {canary(letter, 'offer')}"
        walk[status].append((offers.make_offer(answers=answers, promises=[refund], message=message), actor))
    return walk


def _decided(family: Family, county: Actor) -> Walk:
    """The consumer takes the offer, or has had enough; the authority splits a report off."""
    chen = consumer(family.consumer)
    report = (violations.split_report(text=f"举报 {canary(family.letter, 'report')}"), county)
    walk: Walk = {status: [report] for status in _WITH_IT if status != S.CLOSED}
    walk[S.PERFORMING].append((consumer_steps.accept_offer(), chen))
    walk[S.CLOSED] = [report, (consumer_steps.accept_offer(confirmed=[1]), chen)]
    for status in _AT_AUTHORITY:
        walk[status] = [(consumer_steps.stop_negotiating(), chen), report]
    return walk


def _reviewed(family: Family, county: Actor) -> Walk:
    refusal = {"ground": "not_consumption", "facts": f"没有材料 {canary(family.letter, 'proposal')}"}
    walk: Walk = {
        S.REVIEW: [(proposals.propose(move=authority.refuse(**refusal)), county)],
        S.AWAITING_MATERIAL: [(authority.request_material(what="请补充账单。"), county)],
    }
    for status in (S.MEDIATING, S.MEDIATION_SUSPENDED):
        walk[status] = [
            (authority.accept(), county),
            (both.agree_to_mediation(), consumer(family.consumer)),
            (both.agree_to_mediation(), staff_member(family.staff["handler", "own"])),
        ]
    return walk


def _mediated(family: Family, county: Actor) -> Walk:
    until = date.today() + timedelta(days=20)
    appraisal = mediation.order_appraisal(laboratory="某检测中心", until=until, cost_borne_by="shared")
    return {S.MEDIATION_SUSPENDED: [(appraisal, county)]}


def notices(world: World, status: str, language: str) -> Iterator[Notice]:
    """As every step that may be taken here would write them to everybody, wherever it may lead; nothing is kept."""
    case = world.target.case(status)
    (file,) = open_files([case.pk], now=world.now, conditions=Conditions.at(world.now), is_looking=True)
    for entry in _entries(file.complaint, Status(status), file.clocks, world):
        file.complaint.status, file.complaint.outcome = entry.to_status, entry.outcome
        file.entries[:] = [entry]
        for notice in for_file(file):
            write(notice, file, entry, language=language)
            yield notice


def _entries(case: Any, status: Status, clocks: list[Any], world: World) -> Iterator[Entry]:
    """As taken by the system, and as an officer wrote it down for the consumer."""
    papers = {"documents": [{"form": form, "reference": "1"} for form in KINDS]}
    duty = {"ground": "outside_duty", "body": BODIES[0], "body_until": world.now.date().isoformat()}
    running = [clock for clock in clocks if clock.ended_at is None and clock.clock not in HIDDEN_CLOCKS]
    reminded = [{"clock": clock.clock, "last_day": clock.last_day.isoformat()} for clock in running]
    for step, row in TABLE.items():
        if status not in row.at and (step, status) != ("file", Status.FILED):
            continue
        for to, outcome in row.to or ((status, Outcome(case.outcome) if case.outcome else None),):
            way = {"from_status": status, "to_status": to, "outcome": outcome or ""}
            now = {"happened_at": world.now, "written_at": world.now}
            writers = (SYSTEM, papers), (consumer(world.target.consumer), papers | duty | {"recorded": True})
            mores = reminded if step == "remind" else [{}]
            for (actor, given), tells, more in product(writers, ("both", "authority"), mores):
                data = given | more
                yield Entry(complaint=case, step=step, actor=actor, sequence=99, tells=tells, data=data, **way, **now)

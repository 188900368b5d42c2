"""What the organisations of the demonstration changed, or wait to have changed: directory, rules, numbers, work."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority
from complaints import handling
from complaints.handling import Answer, asking_promises
from complaints.handling.steps import offers, older_offers, proposals
from complaints.law import changing as law_changing
from complaints.law import working
from complaints.models import Complaint, Demand, Matter
from complaints.parties import actors
from complaints.procedure.workflow import Status
from demo.people import GULOU, Cast, address_of
from demo.texts import MOBILE
from enterprises.directory import changing
from enterprises.directory.change_kinds_names import KINDS
from enterprises.models import Branch, ServiceArea, Staff
from enterprises.team import organising
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from routing.directory_changes import previewing
from routing.rule_desk import learning, rule_changing, trying


def wish_a_change(*, now: datetime) -> None:
    """The carrier gives up its branch of Fuqing at the end of the month: its cases would go to the city's."""
    lead, today = User.objects.with_email(address_of("lead")).get(), timezone.localdate(now)
    area = ServiceArea.objects.select_related("branch__enterprise").get(
        branch__enterprise__name=MOBILE, branch__name="中国移动福清分公司"
    )
    change = changing.draft(
        "area-end",
        KINDS["area-end"].about(area),
        enterprise=area.branch.enterprise,
        branch_ids=None,
        on_day=today + timedelta(days=14),
        why="演示：福清的投诉改由福州分公司统一答复。",
        by=lead,
        now=now,
        today=today,
    )
    previewing.sweep_previews(now=now)
    changing.file(change, by=lead, now=now, today=today)


def draft_a_rule(*, now: datetime) -> None:
    """The county wants its carrier's broadband repairs at the branch of the city; its head decides."""
    author, today = User.objects.with_email(address_of("rui")).get(), timezone.localdate(now)
    region = Authority.objects.select_related("region").get(name="福州市鼓楼区市场监督管理局").region
    branch = Branch.objects.get(enterprise__name=MOBILE, name="中国移动福州分公司")
    what = dict.fromkeys(rule_changing.COLUMNS) | {
        "priority": 40,
        "named": "",
        "channel": "",
        "category": "telecom.broadband.repair",
        "region": region.pk,
        "enterprise": branch.enterprise_id,
        "target_enterprise": branch.enterprise_id,
        "target_branch": branch.pk,
    }
    reach = rule_changing.Reach(((region.pk, region.last),))
    change = rule_changing.draft(
        kind="set",
        rule=None,
        what=what,
        starts_on=today + timedelta(days=7),
        ends_on=None,
        by=author,
        reach=reach,
        now=now,
        today=today,
        why="演示：鼓楼区的宽带故障统一由福州分公司答复。",
        why_en="Demonstration: the Fuzhou branch answers for broadband in Gulou.",
    )
    rule_changing.start_trial(change, days=90, by=author, now=now)
    for _turn in range(10):
        # A sweep ends after some seconds; a busy machine needs more than one.
        if not rule_changing.is_tried(change):
            trying.sweep_trials(now=now)
    rule_changing.file(change, by=author, reach=reach, now=now, today=today)
    learning.sweep_lessons(now=now)


def draft_a_number(*, now: datetime) -> None:
    """In Gulou a company is to settle within eight working days: tried on the cases of the demonstration."""
    county = Authority.objects.select_related("region").get(name=GULOU)
    change = law_changing.draft_policy(
        by=User.objects.with_email(address_of("rui")).get(),
        authority=county,
        region=county.region,
        name="negotiation",
        number=8,
        unit="WD",
        starts_on=timezone.localdate(now) + timedelta(days=30),
        legal_basis="演示：鼓楼区在线和解工作规定第3条",
        why="演示：多数纠纷在8个工作日内就能谈完。",
        now=now,
    )
    working.work(change, now=now)


def organise(*, now: datetime) -> None:
    """Up to ``now``, as the manager of the cast would have done it."""
    lead, today = User.objects.with_email(address_of("lead")).get(), timezone.localdate(now)
    by = TeamActor(user=lead, reach=enterprise_reach(lead.pk, on=today), now=now)
    branch = Branch.objects.select_related("enterprise").get(name="中国移动福州分公司")
    post = Post(enterprise=branch.enterprise, branch=branch)
    jobs = Staff.objects.filter(enterprise=branch.enterprise, branch=branch, role=Role.HANDLER.post)
    handlers = list(jobs.select_related("user", "enterprise", "branch").order_by("pk"))
    for nth, row in enumerate(handlers, start=1):
        organising.set_number(row, f"FZ-{nth:03}", by=by)
    if len(handlers) > 1:
        deputy, away = handlers[:2]
        organising.enter_leave(away, today + timedelta(days=7), today + timedelta(days=9), deputy=deputy, by=by)
    organising.add_rule(post, category="", handler=None, by=by)
    organising.set_two_persons(post, offers_above=Decimal("1000"), refusals=True, failures=False, returns=False, by=by)
    _propose(branch, now=now)


def _propose(branch: Branch, *, now: datetime) -> None:
    """One refusal waits for a second person."""
    busy = Matter.objects.filter(state="open").values("complaint")
    cases = Complaint.objects.filter(branch=branch, status=Status.NEGOTIATING, next_due_at__gt=now)
    free = cases.exclude(pk__in=busy).exclude(offers__state="open").order_by("pk")
    case = free.select_related("handler__user", "handler__enterprise", "handler__branch").first()
    if case is None or case.handler is None:
        return
    answers = [
        Answer(demand=demand.ordinal, verdict="refuse", reason="核对账单和合同后，没有查到多收的费用，附明细供核对。")
        for demand in Demand.objects.filter(complaint=case, is_settled=False, is_given_up=False)
    ]
    move = proposals.propose(move=offers.make_offer(answers=answers))
    handling.take(move, [case.pk], actor=actors.staff_member(case.handler), now=now)


def add_what_was_granted(cast: Cast, *, now: datetime) -> None:
    """Offers of former days granted more than was promised: their enterprises are asked, and one adds what is
    missing."""
    asking_promises.sweep_promises(now=now)
    matter = Matter.objects.filter(kind="unpromised", state="open").select_related("complaint").order_by("pk").first()
    actor = cast.staff.get(matter.complaint.handler_id or 0) if matter is not None else None
    if matter is None or actor is None:
        return
    day = (timezone.localdate(now) + timedelta(days=10)).isoformat()
    acts = matter.data.get("demands", [])
    kind, what = ("service_change", "按方案办理") if acts else ("transfer", "补付方案里同意的金额")
    demand = acts[0] if acts else None
    move = older_offers.add_promise(kind=kind, what=what, due_on=day, demand=demand)
    handling.take(move, [matter.complaint_id], actor=actor, now=now)

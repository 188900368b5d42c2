"""How the carrier of the demonstration organises its work: 工号, a leave to come, rules, and one offer that waits.

Written when the stories are told, so that no story depends on it; each by the verb of its page.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from complaints import handling
from complaints.handling import Answer
from complaints.handling.steps import offers, proposals
from complaints.models import Complaint, Demand, Matter
from complaints.parties import actors
from complaints.procedure.workflow import Status
from demo.people import address_of
from enterprises.models import Branch, Staff
from enterprises.team import organising
from enterprises.team.rights import Post, TeamActor, enterprise_reach


def organise(*, now: datetime) -> None:
    """Up to ``now``, as the manager of the cast would have done it."""
    lead, today = User.objects.with_email(address_of("lead")).get(), timezone.localdate(now)
    by = TeamActor(user=lead, reach=enterprise_reach(lead.pk, on=today), now=now)
    branch = Branch.objects.select_related("enterprise").get(name="中国移动福州分公司")
    post = Post(enterprise=branch.enterprise, branch=branch)
    handlers = list(
        Staff.objects.filter(enterprise=branch.enterprise, branch=branch, role=Role.HANDLER.post)
        .select_related("user", "enterprise", "branch")
        .order_by("pk")
    )
    for nth, row in enumerate(handlers, start=1):
        organising.set_number(row, f"FZ-{nth:03}", by=by)
    if len(handlers) > 1:
        organising.enter_leave(
            handlers[1], today + timedelta(days=7), today + timedelta(days=9), deputy=handlers[0], by=by
        )
    organising.add_rule(post, category="", handler=None, by=by)
    organising.set_two_persons(post, offers_above=Decimal("1000"), refusals=True, failures=False, returns=False, by=by)
    _propose(branch, now=now)


def _propose(branch: Branch, *, now: datetime) -> None:
    """One refusal waits for a second person."""
    busy = Matter.objects.filter(state="open").values("complaint")
    case = (
        Complaint.objects.filter(branch=branch, status=Status.NEGOTIATING, next_due_at__gt=now)
        .exclude(pk__in=busy)
        .exclude(offers__state="open")
        .select_related("handler__user", "handler__enterprise", "handler__branch")
        .order_by("pk")
        .first()
    )
    if case is None or case.handler is None:
        return
    answers = [
        Answer(demand=demand.ordinal, verdict="refuse", reason="核对账单和合同后，没有查到多收的费用，附明细供核对。")
        for demand in Demand.objects.filter(complaint=case, is_settled=False, is_given_up=False)
    ]
    handling.take(
        proposals.propose(move=offers.make_offer(answers=answers)),
        [case.pk],
        actor=actors.staff_member(case.handler),
        now=now,
    )

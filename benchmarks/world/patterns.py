"""Cases as people bring them about, one of each kind, to be copied: filed, in negotiation.

Every one is walked by the real verbs, by people who may do so.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.roles import Role
from benchmarks.world.people import ENTERPRISE, REGION, STATEMENT


class Pattern:
    """A consumer, a handler and the enterprise; ``file`` and what may follow."""

    def __init__(self, now: datetime) -> None:
        from accounts.sign_in.contacts import Contact, user_for
        from enterprises.models import Branch, Enterprise, Staff

        self.now = now
        self.enterprise = Enterprise.objects.get(name=ENTERPRISE)
        self.branch = Branch.objects.get(name="中国移动福州分公司")
        self.chen = user_for(Contact("sms", "+8613800000001"), name="陈试")
        user = user_for(Contact("email", "ming@example.com"), name="明试")
        self.staff, _ = Staff.objects.get_or_create(
            user=user, enterprise=self.enterprise, defaults={"branch": self.branch, "role": Role.HANDLER.post}
        )

    def file(self, *, enterprise: bool = True) -> Any:
        """One complaint against the enterprise, with two demands."""
        from complaints import handling
        from complaints.parties import actors

        request = self.request(enterprise=enterprise)
        return handling.file([request], actor=actors.consumer(self.chen), now=self.now)[0]

    def request(self, *, enterprise: bool = True) -> Any:
        """What the consumer says."""
        from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest

        return FilingRequest(
            received_at=self.now,
            respondents=(RespondentRequest(enterprise_id=self.enterprise.pk if enterprise else None),),
            service_region_id=REGION,
            object_kind="service",
            object_category="service.telecom",
            item_name="千兆宽带",
            amount=Decimal("128.50"),
            is_online=False,
            problem_category="telecom.fees.unexplained_charge",
            disputed_on=date(self.now.year, 1, 5),
            statement=STATEMENT,
            demands=(DemandRequest(kind="refund", amount=Decimal("128.50")), DemandRequest(kind="cancel_service")),
            consumer_id=self.chen.pk,
            consumer_name="陈试",
            consumer_phone="+8613800000001",
            consumer_address="福州市鼓楼区某路1号",
            contact_verified=True,
            consents={
                "share_with_enterprise": True,
                "pass_to_regulator": True,
                "publish_masked": False,
                "delegated_mediation": True,
                "pause_for_settlement": True,
            },
            consent_version="2026-11",
        )

    def take(self, case: Any, move: Any, actor: Any) -> None:
        from complaints import handling

        handling.take(move, [case.pk], actor=actor, now=self.now)
        case.refresh_from_db()

    def forward(self, case: Any) -> None:
        from complaints.handling.steps import authority
        from complaints.parties.actors import SYSTEM

        because: dict[str, Any] = {"rule": "", "version": None, "confidence": "100", "why": [], "candidates": []}
        self.take(
            case, authority.forward(enterprise_id=self.enterprise.pk, branch_id=self.branch.pk, because=because), SYSTEM
        )

    def negotiate(self, case: Any) -> None:
        """Forwarded and accepted by a handler: the ten working days run."""
        from complaints.handling.steps import enterprise
        from complaints.parties import actors

        self.forward(case)
        self.take(case, enterprise.accept_case(handler_id=self.staff.pk), actors.staff_member(self.staff))

    def settle(self, case: Any) -> None:
        """Offered as done already, accepted and confirmed at once: closed."""
        from complaints.handling.steps import consumer, offers
        from complaints.parties import actors

        self.negotiate(case)
        self.take(case, offers.make_offer(**self.offer()), actors.staff_member(self.staff))
        self.take(case, consumer.accept_offer(confirmed=[1, 2]), actors.consumer(self.chen))

    def offer(self) -> dict[str, Any]:
        """All that is wanted, as done already."""
        from complaints.handling import Answer, Promise

        answers = [
            Answer(demand=1, verdict="grant", amount="128.50", is_separable=True),
            Answer(demand=2, verdict="grant", is_separable=True),
        ]
        done: dict[str, Any] = {"is_done": True, "proof": "流水 7788"}
        promises = [
            Promise(kind="original_channel", what="退还多扣费用", amount="128.50", demand=1, **done),
            Promise(kind="service_change", what="取消业务", demand=2, **done),
        ]
        return {"answers": answers, "promises": promises, "message": "三个月合计全部退还。"}


def days_later(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)

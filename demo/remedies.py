"""举一反三 of the demonstration: out of the campaign one carrier puts a cause right for everybody whom it touched.

Its list has most of the complainants, and account numbers that nobody has.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.keys import sealed_fields
from accounts.roles import Role
from complaints.models import PersonalText
from complaints.procedure.working_calendar import SHANGHAI
from demo.reports import CALLED, DAY, evening, officer_of
from demo.texts import CARRIERS
from enterprises.models import Staff
from oversight.models import Campaign, Remedy
from oversight.remedies import affected, remedying, verifying
from oversight.remedies.affected import Line
from oversight.remedies.remedying import Reported, Source

#: What its customers complained of, and what was found.
PROBLEM = "telecom.extras.without_consent"
CAUSE = "营业厅办理套餐升级时，没有问过用户就开通了视频彩铃等增值业务，按月扣费。"
AFFECTED = "营业厅升级套餐时被开通增值业务、没有本人确认记录的全部用户，没有投诉的也算"
HOW = "退订业务，已扣的钱全部退回原账户；短信通知每位用户，并公布查询办法"
#: So many affected; of them unreachable, and so many did not want it. First counted were more.
AFFECTED_N, UNREACHABLE, DECLINED, FIRST_COUNT = 1240, 38, 12, 1310
#: Yuan a person.
EACH = 12
#: Of so many complainants the list misses one.
MISSES = 40
#: How many are looked at.
SAMPLE = 59
#: Days after the meeting.
DEMANDED, PROPOSED, AGREED, REPORTED, LISTED, DRAWN, EXAMINED, ASKED, PUBLISHED = 5, 9, 11, 25, 45, 47, 55, 58, 60


def put_right(*, now: datetime) -> None:
    """After the campaign. A small demonstration has none, and a carrier without such complaints none either."""
    campaign = Campaign.objects.filter(met_on__isnull=False).order_by("pk").first()
    if campaign is None or campaign.met_on is None:
        return
    met = campaign.met_on
    officer, head = (officer_of(campaign.region_id, role, met) for role in (Role.OFFICER.post, Role.APPROVER.post))
    managers = Staff.objects.on(met).filter(enterprise__name__in=CARRIERS, role=Role.MANAGER.post)
    manager = managers.select_related("user").order_by("enterprise_id", "pk").first()
    if officer is None or head is None or manager is None:
        return

    def on(after: int, person: Any) -> dict[str, Any]:
        return {"by": person, "now": evening(met + after * DAY)}

    made = remedying.demand(
        Source(campaign=campaign, problem=PROBLEM),
        enterprise_id=manager.enterprise_id,
        authority_id=officer.authority_id,
        region_id=campaign.region_id,
        cause=CAUSE,
        first=now.astimezone(SHANGHAI).date() - (CALLED + 25) * DAY,
        last=met + DEMANDED * DAY,
        **on(DEMANDED, officer.user),
    )
    due: date = met + 75 * DAY
    remedying.propose(made.pk, affected=AFFECTED, how=HOW, due_on=due, **on(PROPOSED, manager.user))
    remedying.agree(made.pk, seen=remedying.mark_of(made), **on(AGREED, officer.user))
    texts = {
        "evidence": "退费清单〔演示〕1号、短信回执",
        "explained": "联系不上的停机或者销户，已发三次短信；不要的有书面确认",
    }
    first = Reported(population=FIRST_COUNT, remedied=610, unreachable=0, declined=0, money=None, why_moved="", **texts)
    remedying.report(made.pk, first, **on(REPORTED, manager.user))
    remedying.take_list(made.pk, _lines(made), **on(LISTED, manager.user))
    remedied = AFFECTED_N - UNREACHABLE - DECLINED
    whole = Reported(
        population=AFFECTED_N,
        remedied=remedied,
        unreachable=UNREACHABLE,
        declined=DECLINED,
        money=Decimal(remedied * EACH),
        why_moved="原来把有本人确认记录的70人也算了进去",
        **texts,
    )
    remedying.report(made.pk, whole, **on(LISTED, manager.user))
    affected.sweep(now=evening(met + (LISTED + 1) * DAY))
    verifying.draw(made.pk, n=SAMPLE, **on(DRAWN, officer.user))
    how = "逐行看退费凭证，给其中10人打了电话"
    verifying.examine(made.pk, bad=[], how=how, **on(EXAMINED, officer.user))
    if not verifying.missing_of(Remedy.objects.get(pk=made.pk)):
        verifying.verify(made.pk, **on(EXAMINED, officer.user))
    remedying.ask_to_publish(made.pk, **on(ASKED, officer.user))
    remedying.publish(made.pk, **on(PUBLISHED, head.user))


def _lines(remedy: Remedy) -> list[Line]:
    """The list as the enterprise makes it of its bills."""
    ids = affected.cases_of(remedy)
    texts = PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind="consumer_phone").order_by("pk")
    sealed_fields.load_for(texts)
    forms = [affected.normal(text.text) for text in texts if text.text]
    phones = list(dict.fromkeys(form[0] for form in forms if form is not None))
    listed = [phone for nth, phone in enumerate(phones) if nth % MISSES != MISSES - 1][:AFFECTED_N]
    numbers = [*listed, *(f"FZKD{n:07}" for n in range(AFFECTED_N - len(listed)))]
    rest = UNREACHABLE + DECLINED
    return [
        # The heading is the first line; who was not remedied stands at the end.
        Line(nth + 2, number, nth < len(listed), nth < AFFECTED_N - rest)
        for nth, number in enumerate(numbers)
    ]

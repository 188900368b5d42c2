"""One change of the directory that waits for the head of the authority, already counted, and one of the routing rules,
already tried. By the verbs alone.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from authorities.models import Authority
from demo.people import address_of
from demo.texts import MOBILE
from enterprises.directory import changing
from enterprises.directory.change_kinds_names import KINDS
from enterprises.models import Branch, ServiceArea
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
    """The county wants its carrier's broadband repairs at the branch of the city, whoever picked what; its head
    decides.
    """
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

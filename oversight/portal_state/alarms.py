"""Alarms by mail: one letter for each condition and day, to those who look after the portal.

The row that says a condition was told and the letters that tell it are written together, so neither two
sweeps at once nor a crash between them tell it twice or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Administrator, OutgoingMessage
from oversight.models import AlarmSent
from oversight.portal_state import signs

#: What somebody must see to, in words; whatever waits too long is named by its queue.
WORDS: Mapping[str, Any] = {
    "nobody_sweeps": gettext_lazy("定时任务和看守进程都停了：期限、分送和通知没有人处理。"),
    "wait_filed_cases": gettext_lazy("新投诉等待转送太久。"),
    "wait_due_clocks": gettext_lazy("到期的期限处理太慢。"),
    "wait_notices": gettext_lazy("待发的通知积压太久。"),
    "wait_files_to_scan": gettext_lazy("待查毒的文件积压太久。"),
    "uncounted": gettext_lazy("超过10,000个步骤还没有计入统计。"),
    "counters_differ": gettext_lazy("统计数字和案件对不上；已经更正，请查原因。"),
    "record_broken": gettext_lazy("全部记录核对不通过：请马上运行 manage.py verify_record。"),
    "record_unproven": gettext_lazy("记录已经三天没有完整核对。"),
    "unsealed": gettext_lazy("记录超过10分钟没有封存。"),
    "calendar_missing": gettext_lazy("工作日日历缺少一年：期限只能暂定。"),
    "notices_set_aside": gettext_lazy("有通知送不到任何人，需要人工处理。"),
}
#: A letter that could not go out for a day says nothing new.
USEFUL_FOR = timedelta(days=1)


def words_of(condition: str) -> str:
    return str(WORDS.get(condition, condition))


def sweep_alarms(*, now: datetime) -> int:
    """How many conditions were told; each of them once a local day. Nobody to be told: nothing is marked as told."""
    addresses = _addresses()
    if not addresses:
        return 0
    told = {row.condition for row in AlarmSent.objects.filter(day=timezone.localdate(now))}
    return sum(
        _tell(condition, addresses, now=now) for condition in signs.read(now=now).alarms if condition not in told
    )


def _addresses() -> list[tuple[str, Any, str]]:
    """(address, key of the person, language)."""
    if settings.ALARM_MAIL:
        return [(address, None, settings.LANGUAGE_CODE) for address in settings.ALARM_MAIL]
    holders = Administrator.objects.filter(kind="system", user__is_active=True).select_related("user").order_by("pk")
    return [(row.user.email, row.user.person_key, row.user.language) for row in holders if row.user.email]


def _tell(condition: str, addresses: list[tuple[str, Any, str]], *, now: datetime) -> int:
    letters = []
    for address, person_key, language in addresses:
        with override(language):
            letters.append(
                OutgoingMessage(
                    channel="email",
                    address=address,
                    person_key=person_key,
                    created_at=now,
                    useful_until=now + USEFUL_FOR,
                    subject=_("系统告警"),
                    body=_("【12315】%(what)s\n\n详情：%(url)s\n同一件事一天只发一封。")
                    % {"what": words_of(condition), "url": f"{settings.SITE_URL}/administration/system/"},
                )
            )
    try:
        with transaction.atomic():
            AlarmSent.objects.create(condition=condition, day=timezone.localdate(now), at=now, told=len(letters))
            OutgoingMessage.objects.bulk_create(letters)
    except IntegrityError:
        return 0
    return 1

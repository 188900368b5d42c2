"""How the portal is: what waits, what is set, what the record and its seals say. Counts and codes only.

No secret and nothing of a case leaves these functions; a setting that is one is told as set or not set.
Administrators are shown no row of a case by the database: what is counted here is counted as the procedure itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OutgoingMessage
from complaints.models import Evidence, HandlingStep, Heartbeat, Notice, Seal
from complaints.models.evidence import EvidenceState
from complaints.models.tables import Export
from complaints.record.verification import Report, verify
from database.row_security import working_as_steps
from oversight.portal_state.backlog import Waiting, backlog

QUEUES: dict[str, Any] = {
    "filed cases": gettext_lazy("等待转送的投诉"),
    "due clocks": gettext_lazy("到期的期限"),
    "notices": gettext_lazy("待发的通知"),
    "files to scan": gettext_lazy("待查毒的文件"),
}
BEATS: dict[str, Any] = {
    "beat": gettext_lazy("定时任务"),
    "watch": gettext_lazy("看守进程"),
    "published figures": gettext_lazy("每天公布的数字"),
    "retention": gettext_lazy("到期销毁"),
}
#: name → whether the value itself may be read; else only whether it is set.
SETTINGS: dict[str, bool] = {
    "DEBUG": True,
    "DEMO": True,
    "HTTPS": True,
    "SITE_URL": True,
    "ALLOWED_HOSTS": True,
    "TIME_ZONE": True,
    "LANGUAGE_CODE": True,
    "EVIDENCE_SCAN": True,
    "REVEAL_MINUTES": True,
    "REVEALS_A_DAY": True,
    "HEARTBEAT_STALE_AFTER": True,
    "SWEEP_EVERY": True,
    "TRUSTED_PROXIES": True,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": True,
    "MAIL_FROM": True,
    "MAIL_SERVER": False,
    "SMS_GATEWAY": False,
    "SMS_ALIYUN": False,
    "SECRET_KEY": False,
    "SEAL_KEY_FILE": False,
    "REDIS_URL": False,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the configuration as it is; ``is_open``: ``value`` is the value itself, not whether there is one."""

    name: str
    value: str
    is_open: bool


def configuration() -> list[Setting]:
    """Every setting that an administrator asks for; never a password, a key or an address with one in it."""
    found = []
    for name, is_open in SETTINGS.items():
        value = getattr(settings, name, None)
        if is_open:
            shown = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        else:
            shown = _("已设置") if value else _("未设置")
        found.append(Setting(name, shown or "–", is_open))
    return found


def queues(*, now: datetime) -> list[tuple[str, Waiting]]:
    with working_as_steps():
        waits = backlog(now=now)
    return [(str(QUEUES.get(name, name)), waiting) for name, waiting in waits.items()]


def heartbeats() -> list[tuple[str, datetime]]:
    """When each was last heard of; marks of other work (a letter of an enterprise was sent) are none."""
    heard = dict(Heartbeat.objects.filter(name__in=BEATS).values_list("name", "at"))
    return [(str(words), heard[name]) for name, words in BEATS.items() if name in heard]


def set_aside_by_code() -> list[tuple[str, int]]:
    """(code of the failure, how many notices), the most first."""
    rows = Notice.objects.filter(state="set_aside").values_list("last_error").annotate(number=Count("pk"))
    with working_as_steps():
        return [(code or "–", number) for code, number in rows.order_by("-number", "last_error")[:30]]


def letters_given_up() -> int:
    """Codes and letters of the account side that never went out; a week is kept."""
    return OutgoingMessage.objects.filter(state="given_up").count()


@dataclass(frozen=True, slots=True)
class Record:
    """The record from outside: how long it is, and how much of it is sealed."""

    last_seal: Seal | None
    unsealed: int


def record_state() -> Record:
    with working_as_steps():
        seal = Seal.objects.order_by("-number").first()
        return Record(seal, HandlingStep.objects.filter(pk__gt=seal.through_id if seal else 0).count())


def seals(number: int) -> list[Seal]:
    with working_as_steps():
        return list(Seal.objects.order_by("-number")[:number])


def files_by_state() -> list[tuple[str, int, int]]:
    """(state in words, how many files of cases, bytes of them all)."""
    rows = Evidence.objects.values_list("state").annotate(number=Count("pk"), all=Sum("size")).order_by("state")
    with working_as_steps():
        return [(str(EvidenceState(code).label), number, size) for code, number, size in rows]


def verified(number: str) -> Report:
    """Whether the record of one case is unbroken: number of entries and the first broken places, no words of it."""
    with working_as_steps():
        return verify(number=number)


def exports(number: int) -> list[Export]:
    """The newest exports: who asked, who approved, what became of it; neither their filter nor their rows."""
    rows = Export.objects.select_related("asked_by", "decided_by", "enterprise", "authority").order_by("-id")
    with working_as_steps():
        return list(rows[:number])

"""How the portal is: what waits for the sweeps, what is set, what the record and its log say. Counts and codes only.

No secret and nothing of a case leaves these functions; a setting that is one is told as set or not set. Administrators
are shown no row of a case by the database: what is counted here is counted as the procedure itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OutgoingMessage
from authorities.policies import Policies, PolicyMissing
from complaints.dossier import asking
from complaints.handling import printing_documents
from complaints.models import Checkpoint, Complaint, Deadline, Dossier, Evidence, Heartbeat, Notice
from complaints.models.evidence import EvidenceState
from complaints.models.tables import Export
from complaints.procedure.workflow import Status
from complaints.record import log
from complaints.record.findings import Report
from complaints.record.verification import verify
from database.row_security import working_as_steps
from oversight.models import MonthlyReport

SCAN_ALARM = timedelta(minutes=30)
#: Papers are made within minutes where there is a document key.
PAPER_ALARM = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queue: how many rows are due, and how long the oldest has been."""

    count: int
    age: timedelta
    #: Of its own; None: the policy's.
    limit: timedelta | None = None


def backlog(*, now: datetime) -> dict[str, Waiting]:
    """What is due now: filed cases, clocks, notices, files to search for malware, papers to make. Seven queries on
    small indexes."""
    queues: dict[str, tuple[QuerySet[Any], str]] = {
        "filed cases": (Complaint.objects.filter(status=Status.FILED), "status_since"),
        "due clocks": (Deadline.objects.filter(chase_at__lte=now), "chase_at"),
        "notices": (Notice.objects.filter(state__in=["queued", "leased"], send_after__lte=now), "send_after"),
    }
    waiting = {name: _waiting(rows, since, now=now) for name, (rows, since) in queues.items()}
    # Cases go on without these, so they are no reason to call somebody at once.
    patient: dict[str, tuple[QuerySet[Any], str, timedelta]] = {
        "files to scan": (Evidence.objects.filter(state=EvidenceState.QUARANTINED), "uploaded_at", SCAN_ALARM),
        "dossiers": (Dossier.objects.filter(state__in=asking.LIVE), "asked_at", PAPER_ALARM),
        "documents to print": (printing_documents.waiting(), "at", PAPER_ALARM),
        "reports to print": (MonthlyReport.unprinted(), "published_at", PAPER_ALARM),
    }
    for name, (rows, since, limit) in patient.items():
        waiting[name] = replace(_waiting(rows, since, now=now), limit=limit)
    return waiting


def _waiting(rows: QuerySet[Any], since: str, *, now: datetime) -> Waiting:
    result = rows.aggregate(count=Count("pk"), oldest=Min(since))
    return Waiting(result["count"], max(now - result["oldest"], timedelta()) if result["count"] else timedelta())


def set_aside() -> int:
    """Notices that reached nobody: a person must see to them. One query on a small index."""
    return Notice.objects.filter(state="set_aside").count()


def alarm_after(*, now: datetime) -> timedelta | None:
    """The policy's minutes; None on a database into which no policy was loaded yet."""
    try:
        policy = Policies.load(timezone.localdate(now)).number("forwarding_alarm", None)
    except PolicyMissing:
        return None
    return timedelta(minutes=policy.number)


QUEUES: dict[str, Any] = {
    "filed cases": gettext_lazy("等待转送的投诉"),
    "due clocks": gettext_lazy("到期的期限"),
    "notices": gettext_lazy("待发的通知"),
    "files to scan": gettext_lazy("待查毒的文件"),
    "dossiers": gettext_lazy("待制作的档案"),
    "documents to print": gettext_lazy("待印的文书"),
    "reports to print": gettext_lazy("待印的月报"),
}
BEATS: dict[str, Any] = {
    "beat": gettext_lazy("定时任务"),
    "watch": gettext_lazy("看守进程"),
    "published figures": gettext_lazy("每天公布的数字"),
    "retention": gettext_lazy("到期销毁"),
}
#: Settings whose value may be read, and those of which it is only told whether they are set.
OPEN_SETTINGS = (
    *("DEBUG", "DEMO", "HTTPS", "SITE_URL", "ALLOWED_HOSTS", "TIME_ZONE", "LANGUAGE_CODE", "EVIDENCE_SCAN"),
    *("REVEAL_MINUTES", "REVEALS_A_DAY", "HEARTBEAT_STALE_AFTER", "SWEEP_EVERY", "TRUSTED_PROXIES"),
    *("DATA_UPLOAD_MAX_MEMORY_SIZE", "MAIL_FROM"),
)
CLOSED_SETTINGS = ("MAIL_SERVER", "SMS_GATEWAY", "SMS_ALIYUN", "SECRET_KEY", "SEAL_KEY_FILE", "REDIS_URL")


def configuration() -> list[dict[str, Any]]:
    """Every setting that an administrator asks for; never a password, a key or an address with one in it."""
    results = []
    for name in OPEN_SETTINGS:
        value = getattr(settings, name, None)
        shown = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        results.append({"name": name, "value": shown or "–", "is_open": True})
    closed = ((name, _("已设置") if getattr(settings, name, None) else _("未设置")) for name in CLOSED_SETTINGS)
    return [*results, *({"name": name, "value": text, "is_open": False} for name, text in closed)]


def queues(*, now: datetime) -> list[tuple[str, Waiting]]:
    with working_as_steps():
        waits = backlog(now=now)
    return [(str(QUEUES.get(name, name)), waiting) for name, waiting in waits.items()]


def heartbeats() -> list[tuple[str, datetime]]:
    """When each was last heard of; marks of other work (a letter of an enterprise was sent) are none."""
    heard = dict(Heartbeat.objects.filter(name__in=BEATS).values_list("name", "at"))
    return [(str(text), heard[name]) for name, text in BEATS.items() if name in heard]


def set_aside_by_code() -> list[tuple[str, int]]:
    """(code of the failure, how many notices), the most first."""
    rows = Notice.objects.filter(state="set_aside").values_list("last_error").annotate(number=Count("pk"))
    with working_as_steps():
        return [(code or "–", number) for code, number in rows.order_by("-number", "last_error")[:30]]


def letters_given_up() -> int:
    """Codes and letters of the account side that never went out; a week is kept."""
    return OutgoingMessage.objects.filter(state="given_up").count()


def unsealed() -> int:
    """How many entries of the record wait for their leaf; more than a million are not counted."""
    with working_as_steps():
        return log.waiting(1_000_000)


def checkpoints(number: int) -> list[Checkpoint]:
    with working_as_steps():
        return list(Checkpoint.objects.order_by("-number")[:number])


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

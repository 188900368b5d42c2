"""Whether the portal works: its signs, the record gone through every night, and alarms by mail.

Counts, ages and shares of everything together; nothing of a case, a person or an enterprise leaves here. What grows
without end is looked at by its newest rows only, so a look costs the same in ten years. The row that says a condition
was told and the letters that tell it are written together.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.keys import keyring
from accounts.models import Administrator, OutgoingMessage, PersonKey
from authorities.models import Region
from complaints.assignment import owners
from complaints.handling.transition import brake
from complaints.law.numbers import missing_year
from complaints.models import HandlingStep, Heartbeat, Notice
from complaints.models.notices import CLOCKS_DIFFER
from complaints.parties.conditions import current_calendar
from complaints.privacy import holds, terms
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import anchors, clock, witnessing
from complaints.record.beside import posts
from complaints.record.log import newest_checkpoint, not_admitted, open_for, waiting
from complaints.record.verification import verify
from database.row_security import working_as_steps
from oversight.counters import rollups
from oversight.counters.reads import Counters, steadily
from oversight.figures.definitions import Period, Scope
from oversight.models import AlarmSent, RestoreDrill, RollupState, SystemCheck
from oversight.portal_state.state import Waiting, alarm_after, backlog, set_aside
from web.small_numbers import ENOUGH

#: So many of the newest notices and entries are looked at.
NEWEST = 2000
DAYS = 30
#: The record was gone through as a whole longer ago than this: it ought to be every night.
UNPROVEN = timedelta(days=3)
#: A backup is restored and proved every night; without a drill nobody knows that there is one.
UNDRILLED = timedelta(days=3)
#: A checkpoint is due every minute where something is new.
UNSEALED = timedelta(minutes=10)
#: A step that is open for longer keeps its entries from the log; nobody else waits for it.
OPEN = timedelta(minutes=5)
#: A new wrapping key every month, and some days to do it.
ROTATED = timedelta(days=35)
#: Posts are gone through so often: a planted one opens nothing, but somebody should know.
POSTS_EVERY = timedelta(minutes=9)
RECORD, POSTS = "record", "posts"
_CLOCKS = {"hold": "held", "refuse": "refused"}
_ROUTING = ("routed", "misrouted", "mended", "mended_late", "mended_waiting")


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of so many lapses, how long after the moment they were written, in seconds."""

    n: int
    median: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """All of it at one moment. ``alarms`` are the codes of what somebody must see to."""

    at: datetime
    routing: Mapping[str, int]
    notices_sent: int
    notices_lost: int
    set_aside: int
    lateness: Lateness
    beats: Mapping[str, timedelta]
    queues: Mapping[str, Waiting]
    seal_number: int
    seal_at: datetime | None
    unsealed: int
    #: How long the oldest step is under way that writes: what it wrote waits for its leaf.
    open_since: timedelta
    not_admitted: int
    proven: SystemCheck | None
    #: The last time that a backup was restored beside the portal.
    drill: RestoreDrill | None
    #: So many rows that let somebody work or come in were not written by the portal, when they were last gone through.
    planted: int
    calendar_until: int
    calendar_missing: int | None
    uncounted: int
    compared_at: datetime | None
    differences: int
    unowned: int
    #: (answer, name) of machines whose clocks are not trusted now (complaints/record/clock.py).
    clocks: Sequence[tuple[str, str]]
    outside: Sequence[str]
    #: So many cases would lapse at once that two persons are asked (complaints/handling/transition/brake.py).
    lapses_wait: bool
    #: So many people would be erased at once that two persons are asked (complaints/privacy/terms.py).
    erasures_wait: bool
    #: So many legal holds end within two weeks.
    holds_end: int
    #: Since when the keys of people lie under the wrapping key that is in use.
    wrapped_at: datetime | None
    alarms: Sequence[str]

    @property
    def precision(self) -> float | None:
        """Ended stages that had come to the right enterprise at once, of all; None of too few, as all shares here."""
        routed = self.routing["routed"]
        return 1 - self.routing["misrouted"] / routed if routed >= ENOUGH else None

    @property
    def mended_share(self) -> float | None:
        """Stages given back that went on within the time for it, of those whose time is over."""
        over = self.routing["mended"] + self.routing["mended_late"]
        return self.routing["mended"] / over if over >= ENOUGH else None

    @property
    def delivered_share(self) -> float | None:
        both = self.notices_sent + self.notices_lost
        return self.notices_sent / both if both >= ENOUGH else None


def read(*, now: datetime) -> Signs:
    """About twenty small statements, whatever there is."""
    with working_as_steps():
        calendar, today = current_calendar(), timezone.localdate(now)
        queues, longest = backlog(now=now), alarm_after(now=now)
        seal = newest_checkpoint()
        state = RollupState.objects.filter(pk=1).first()
        marks = Heartbeat.objects.filter(name__in=["beat", "watch", terms.WAITS])
        beats = {row.name: now - row.at for row in marks}
        states = list(Notice.objects.order_by("-pk").values_list("state", flat=True)[:NEWEST])
        result = Signs(
            at=now,
            routing=_routing(today, now=now),
            notices_sent=states.count("sent") + states.count("told"),
            notices_lost=states.count("bounced") + states.count("set_aside"),
            set_aside=set_aside(),
            lateness=_lateness(),
            beats={name: age for name, age in beats.items() if name != terms.WAITS},
            queues=queues,
            seal_number=seal.number if seal else 0,
            seal_at=seal.at if seal else None,
            unsealed=waiting(rollups.ALARM + 1),
            open_since=open_for(now=now),
            not_admitted=len(not_admitted()),
            proven=SystemCheck.objects.filter(name=RECORD).first(),
            drill=RestoreDrill.objects.first(),
            planted=sum(SystemCheck.objects.filter(name=POSTS, is_sound=False).values_list("counted", flat=True)),
            calendar_until=max(calendar.known_years, default=0),
            calendar_missing=missing_year(calendar, today),
            uncounted=rollups.waiting(),
            compared_at=state.compared_at if state else None,
            differences=len(state.differences) if state else 0,
            unowned=owners.unowned(now=now, calendar=calendar),
            clocks=clock.not_trusted(),
            outside=witnessing.alarms(now=now),
            lapses_wait=brake.read(now=now).holds,
            erasures_wait=terms.WAITS in beats,
            wrapped_at=_wrapped_at(),
            holds_end=sum(hold.ends_soon(now=now) for hold in holds.standing(now=now)),
            alarms=(),
        )
    return _judged(result, longest)


def _wrapped_at() -> datetime | None:
    """Without `rotate_keys` so far: since the portal's own key was made."""
    wrapped = Heartbeat.objects.filter(name=f"wrapped {keyring.keys().wrap_version}").first()
    made = PersonKey.objects.filter(pk=keyring.PORTAL).values_list("made_at", flat=True)
    return wrapped.at if wrapped is not None else made.first()


def _judged(result: Signs, longest: timedelta | None) -> Signs:
    stale = timedelta(seconds=settings.HEARTBEAT_STALE_AFTER)
    texts = []
    # A heartbeat that is dated ahead was written by a wrong clock and says nothing.
    if not any(-CLOCKS_DIFFER <= age <= stale for age in result.beats.values()):
        texts.append("nobody_sweeps")
    texts += [f"clock_{_CLOCKS[answer]}" for answer in sorted({answer for answer, _host in result.clocks})]
    if result.lapses_wait:
        texts.append("lapses_wait")
    if result.erasures_wait:
        texts.append("erasures_wait")
    if result.wrapped_at is not None and result.at - result.wrapped_at > ROTATED:
        texts.append("keys_old")
    if result.holds_end:
        texts.append("holds_end")
    for name, queue in result.queues.items():
        limit = queue.limit or longest
        if limit is not None and queue.age > limit:
            texts.append(f"wait_{name.replace(' ', '_')}")
    if result.uncounted > rollups.ALARM:
        texts.append("uncounted")
    if result.differences:
        texts.append("counters_differ")
    if result.proven is not None and not result.proven.is_sound:
        texts.append("record_broken")
    elif result.proven is not None and result.at - result.proven.at > UNPROVEN:
        texts.append("record_unproven")
    if result.drill is not None and result.drill.result != RestoreDrill.Result.SOUND:
        texts.append("drill_failed")
    elif result.drill is not None and result.at - result.drill.at > UNDRILLED:
        texts.append("drill_old")
    if result.unsealed and result.seal_at is not None and result.at - result.seal_at > UNSEALED:
        texts.append("unsealed")
    if result.open_since > OPEN:
        texts.append("step_open")
    if result.not_admitted:
        texts.append("not_admitted")
    if result.planted:
        texts.append("posts_planted")
    texts += result.outside
    if result.calendar_missing:
        texts.append("calendar_missing")
    if result.unowned:
        texts.append("unowned")
    if result.set_aside:
        texts.append("notices_set_aside")
    return replace(result, alarms=tuple(texts))


def _routing(today: date, *, now: datetime) -> dict[str, int]:
    """Of the country, the last thirty days."""
    regions = tuple(Region.objects.filter(level=Region.Level.COUNTRY))
    if not regions:
        return dict.fromkeys(_ROUTING, 0)
    period, scope = Period(first=today - timedelta(days=DAYS - 1), last=today), Scope(regions=regions)

    def load(counters: Counters) -> dict[str, int]:
        return dict((counters.sums(scope, period, names=_ROUTING) or {}).get("", dict.fromkeys(_ROUTING, 0)))

    return steadily(load, now=now, calendar=current_calendar())


def _lateness() -> Lateness:
    """A lapse is an entry of the system that was written after it happened."""
    rows = HandlingStep.objects.order_by("-pk").values_list("actor_role", "happened_at", "written_at")[:NEWEST]
    late = sorted(
        (written - happened).total_seconds()
        for role, happened, written in rows
        if role == "system" and written > happened
    )
    return Lateness(len(late), late[len(late) // 2] if late else 0.0, late[-1] if late else 0.0)


log = logging.getLogger(__name__)
#: After the counters were compared.
FROM_HOUR = 3


def sweep_record(*, now: datetime) -> int:
    """1 when the record was gone through, 0 when that was done today or it is not night yet."""
    here = now.astimezone(SHANGHAI)
    last = SystemCheck.objects.filter(name=RECORD).first()
    if here.hour < FROM_HOUR or (last is not None and last.at.astimezone(SHANGHAI).date() == here.date()):
        return 0
    held, _silent = anchors.of_witnesses()
    report = verify(held=held)
    if not report.is_unbroken:
        places = len(report.findings) + sum(report.more.values())
        first = ", ".join(one.place for one in report.findings[:10])
        log.error("the record is broken in %s places: %s", places, first)
    SystemCheck.objects.update_or_create(
        name=RECORD, defaults={"at": now, "is_sound": report.is_unbroken, "counted": report.entries}
    )
    return 1


def sweep_posts(*, now: datetime) -> int:
    """1 when the rows that let somebody work or come in were gone through, 0 when that was done a moment ago; those
    that the portal did not write are named in the log."""
    if SystemCheck.objects.filter(name=POSTS, at__gt=now - POSTS_EVERY, at__lte=now).exists():
        return 0
    planted = [one.row for one in posts.differences()]
    if planted:
        log.error("not written by the portal, and opens nothing: %s", ", ".join(planted[:10]))
    SystemCheck.objects.update_or_create(
        name=POSTS, defaults={"at": now, "is_sound": not planted, "counted": len(planted)}
    )
    return 1


#: What somebody must see to, in words; whatever waits too long is named by its queue.
SENTENCES: Mapping[str, Any] = {
    "nobody_sweeps": gettext_lazy("定时任务和看守进程都停了：期限、分送和通知没有人处理。"),
    "clock_held": gettext_lazy(
        "服务器的时钟没有核实：期限届满、到期删除、公布和封印都在等。请让管理服务器的人对照另一只钟再确认。"
    ),
    "clock_refused": gettext_lazy("有服务器的时钟和数据库的相差超过30秒：那台服务器已经停止服务，请校准时钟。"),
    "lapses_wait": gettext_lazy(
        "同时届满的期限超过近30天最多一小时的5倍，处理已暂停：请两名系统管理员在系统页查看、同意。"
    ),
    "erasures_wait": gettext_lazy(
        "保存到期要销毁信息的人超过近30天最多一天的5倍，销毁已暂停：请两名系统管理员在系统页查看、同意。"
    ),
    "keys_old": gettext_lazy("包裹密钥超过35天没有更换：已销毁的信息在旧副本里还打得开。请更换并销毁旧密钥。"),
    "holds_end": gettext_lazy("有保全14天内到期：到期后信息可能销毁。需要的话请在保全页延长。"),
    "wait_filed_cases": gettext_lazy("新投诉等待转送太久。"),
    "wait_due_clocks": gettext_lazy("到期的期限处理太慢。"),
    "wait_notices": gettext_lazy("待发的通知积压太久。"),
    "wait_files_to_scan": gettext_lazy("待查毒的文件积压太久。"),
    "wait_dossiers": gettext_lazy("有档案超过1小时没有做成：请看后台日志，核对那里的文书密钥（DOCUMENT_KEY_FILE）。"),
    "wait_documents_to_print": gettext_lazy(
        "有文书超过1小时没有印成：请看后台日志，核对那里的文书密钥（DOCUMENT_KEY_FILE）。"
    ),
    "wait_reports_to_print": gettext_lazy(
        "有月报公布超过1小时还没有印成：请看后台日志，核对那里的文书密钥（DOCUMENT_KEY_FILE）。"
    ),
    "uncounted": gettext_lazy("超过10,000个步骤还没有计入统计。"),
    "counters_differ": gettext_lazy("统计数字和案件对不上；已经更正，请查原因。"),
    "record_broken": gettext_lazy("全部记录核对不通过：请马上让管理服务器的人查。"),
    "record_unproven": gettext_lazy("记录已经三天没有完整核对。"),
    "drill_failed": gettext_lazy(
        "最近一次恢复演练没有通过：备份可能用不上。请看 manage.py restore_drill 的输出，修好后马上再演练一次。"
    ),
    "drill_old": gettext_lazy("已经三天没有演练恢复备份。"),
    "unsealed": gettext_lazy("记录超过10分钟没有封印。"),
    "step_open": gettext_lazy("有一个步骤超过5分钟还没有写完：它写下的记录还没有封印，其他的不受影响。"),
    "not_admitted": gettext_lazy(
        "有记录没有通过核对，没有封印：可能有人绕过平台改了数据库。请马上让管理服务器的人查。"
    ),
    "posts_planted": gettext_lazy(
        "有岗位、职责、令牌或登录验证不是平台写下的：它们什么也打不开，但有人绕过平台改了数据库。"
        "请马上让管理服务器的人查。"
    ),
    "witness_saw_more": gettext_lazy("有见证人见过比这里更长的记录：可能恢复了旧的备份，或者末尾被删。请马上查原因。"),
    "witness_saw_other": gettext_lazy("有见证人见过的是另一份记录：过去可能被改写。请马上查原因。"),
    "witness_lag": gettext_lazy("超过10分钟，签名的见证人不够。"),
    "stamp_lag": gettext_lazy("超过3小时没有新的时间戳。"),
    "calendar_missing": gettext_lazy("工作日日历缺少一年：期限只能暂定。"),
    "unowned": gettext_lazy("有投诉超过一个工作日没有人办，那里也没有在岗的人可以接手。"),
    "notices_set_aside": gettext_lazy("有通知送不到任何人，需要人工处理。"),
}
#: A letter that could not go out for a day says nothing new.
USEFUL_FOR = timedelta(days=1)


def condition_text(condition: str) -> str:
    return str(SENTENCES.get(condition, condition))


def sweep_alarms(*, now: datetime) -> int:
    """How many conditions were told; each of them once a local day. Nobody to be told: nothing is marked as told."""
    addresses = _addresses()
    if not addresses:
        return 0
    shown = {row.condition for row in AlarmSent.objects.filter(day=timezone.localdate(now))}
    return sum(_tell(condition, addresses, now=now) for condition in read(now=now).alarms if condition not in shown)


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
                    % {"what": condition_text(condition), "url": f"{settings.SITE_URL}/administration/system/"},
                )
            )
    try:
        with transaction.atomic():
            AlarmSent.objects.create(condition=condition, day=timezone.localdate(now), at=now, told=len(letters))
            OutgoingMessage.objects.bulk_create(letters)
    except IntegrityError:
        return 0
    return 1

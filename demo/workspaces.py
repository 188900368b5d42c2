"""What lies at the authorities, each by the verb of its page; what a case does not allow is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints import handling
from complaints.documents import kinds
from complaints.handling import Move, Promise
from complaints.handling.steps import (
    both,
    casework,
    documents,
    jurisdiction,
    mediation,
    platform,
    proposals,
    supervision,
    violations,
)
from complaints.handling.steps.platform import record_platform_number
from complaints.law import changing
from complaints.models import Complaint, Matter, OfficialDocument
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.tables.platform import platform_files
from demo.people import GULOU, Cast, address_of
from demo.scene import take_all
from enterprises.models import MediationBody
from enterprises.team import organising
from enterprises.team.rights import TeamActor, authority_reach

#: Days before the end on which the city wrote to its county; nobody answered, so it was reported upwards twice.
WRITTEN_BEFORE = 12
S = Status
Moves = list[tuple[int, Move, Actor]]


@dataclass(frozen=True, slots=True)
class Workspaces:
    """The people and the rules of one moment."""

    cast: Cast
    now: datetime
    conditions: Conditions
    city: Authority
    county: Authority

    @classmethod
    def at(cls, now: datetime, cast: Cast, conditions: Conditions) -> Workspaces:
        county = Authority.objects.select_related("region", "parent__region").get(name=GULOU)
        assert county.parent is not None  # noqa: S101 - a county has a city above it
        return cls(cast, now, conditions, county.parent, county)

    def cases(self, *statuses: Status) -> QuerySet[Complaint]:
        """Where nothing waits for anybody; those of the county of the cast first."""
        busy = Matter.objects.filter(
            state="open", kind__in=["proposal", "recusal", "delegation", "urge", "suggestion", "jurisdiction"]
        )
        here = When(**_within(self.county), then=Value(0))
        return (
            Complaint.objects.filter(status__in=statuses)
            .exclude(pk__in=busy.values("complaint"))
            .select_related("consumer")
            .order_by(Case(here, default=Value(1), output_field=IntegerField()), "pk")
        )

    def officer(self, case: Complaint, *, other: bool = False) -> Actor | None:
        known = self.cast.officers.get(case.handling_authority_id, [])
        return known[other % len(known)] if known else None

    def take(self, moves: Moves) -> None:
        for start in range(0, len(moves), handling.BATCH):
            take_all(moves[start : start + handling.BATCH], now=self.now, conditions=self.conditions)

    def step(self, case: Complaint, move: Move, actor: Actor) -> None:
        self.take([(case.pk, move, actor)])


def _within(authority: Authority) -> dict[str, Any]:
    """Cases that are handled in its region, as conditions."""
    return {"handling_region__gte": authority.region_id, "handling_region__lte": authority.region.last}


def instruct(cast: Cast, *, among: Iterable[int], now: datetime, conditions: Conditions) -> None:
    """The city asks its county what has become of a case (one of ``among``), and gets no answer."""
    workspaces = Workspaces.at(now, cast, conditions)
    case = workspaces.cases(S.REVIEW, S.MEDIATING).filter(pk__in=list(among)).first()
    if case is not None:
        day = conditions.calendar.after(conditions.calendar.local_day(now), 2)
        move = supervision.urge(text="这件投诉还没有进展，请报告办理情况和下一步安排。", last_day=day)
        workspaces.step(case, move, _of_city(workspaces))


def fill_workspaces(cast: Cast, *, now: datetime, conditions: Conditions) -> None:
    """As they look in the morning on which somebody signs in."""
    workspaces = Workspaces.at(now, cast, conditions)
    _instructions(workspaces)
    _mediations(workspaces)
    _leads(workspaces)
    _corrections(workspaces)
    _dispute(workspaces)
    _numbers(workspaces)
    _platform_file(workspaces)
    _ask_replay(workspaces)
    _go_away(workspaces)


def _of_city(workspaces: Workspaces) -> Actor:
    return workspaces.cast.officers[workspaces.city.pk][0]


def _instructions(workspaces: Workspaces) -> None:
    """One waits, one was answered today."""
    today, calendar = workspaces.conditions.calendar.local_day(workspaces.now), workspaces.conditions.calendar
    cases = list(workspaces.cases(S.REVIEW, S.MEDIATING)[:2])
    for case in cases:
        move = supervision.urge(text="消费者再次来电催促，请说明处理进度。", last_day=calendar.after(today, 3))
        workspaces.step(case, move, _of_city(workspaces))
    for case in cases[1:]:
        officer = workspaces.officer(case)
        if officer is not None:
            answer = supervision.answer_instruction(text="已联系双方，定于后天调解，结果再报。")
            workspaces.step(case, answer, officer)


def _mediations(workspaces: Workspaces) -> None:
    """One thing that a mediation may wait for, on each of as many cases as there are."""
    agreed = workspaces.cases(S.MEDIATING).filter(
        consents__mediation_consumer=True, consents__mediation_enterprise=True
    )
    tomorrow = workspaces.now + timedelta(days=1)
    for case, what in zip(
        agreed.exclude(consumer=None)[:4], ("suggestion", "recusal", "delegation", "end"), strict=False
    ):
        officer = workspaces.officer(case)
        if officer is None or case.consumer is None:
            continue
        says = actors.consumer(case.consumer)
        match what:
            case "suggestion":
                promise = Promise(
                    kind="other", what="当面道歉并更换同型号商品", due_on=(tomorrow + timedelta(days=9)).date()
                )
                suggested = mediation.suggest_settlement(
                    text="建议商家更换同型号商品，消费者放弃其余诉求。", promises=[promise]
                )
                workspaces.step(case, suggested, officer)
                workspaces.step(case, mediation.answer_suggestion(agrees=True), says)
                session = mediation.schedule_session(at=tomorrow, place="鼓楼区东街市场监管所二楼", mode="site")
                workspaces.step(case, session, officer)
            case "recusal":
                wish = both.request_recusal(whom=officer.name, text="经办人与商家负责人是亲戚。")
                workspaces.step(case, wish, says)
            case "delegation":
                here = workspaces.county.region_id
                body = MediationBody.objects.filter(region_id__lte=here, region__last__gte=here).first()
                if body is not None:
                    workspaces.step(case, mediation.delegate_mediation(body_id=body.pk), officer)
            case "end":
                ended = mediation.terminate(
                    ground="no_agreement_possible", facts="三次沟通后双方差距仍大，均表示不再让步。"
                )
                workspaces.step(case, proposals.propose(move=ended), officer)


def _leads(workspaces: Workspaces) -> None:
    """One lead is being checked; another case is to go to the police, once a second person and the head have signed."""
    texts = (
        "商家自述“充一千送三百”只在门店口头宣传，涉嫌虚假宣传，需要核查。",
        "多名消费者被同一伙人以退款为名骗取验证码。",
    )
    for case, text in zip(workspaces.cases(S.REVIEW, S.MEDIATING)[2:4], texts, strict=False):
        officer = workspaces.officer(case)
        if officer is None:
            continue
        workspaces.step(case, violations.open_lead(text=text), officer)
        if text == texts[-1]:
            move = violations.refer_to_police(text="涉嫌电信网络诈骗，金额超过三千元，建议移送公安机关。")
            workspaces.step(case, proposals.propose(move=move), officer)


def _corrections(workspaces: Workspaces) -> None:
    """What two officers decided stands in a letter with a slip of the pen, which two correct as well."""
    here = When(complaint__handling_authority=workspaces.county, then=Value(0))
    issued = OfficialDocument.objects.filter(form__in=[kinds.REFUSAL, kinds.TERMINATION], state="issued")
    first = Case(here, default=Value(1), output_field=IntegerField())
    letters = issued.select_related("complaint").order_by(first, "-pk")
    for letter in letters:
        content = letter.versions.order_by("-number")[0].content
        officer = workspaces.officer(letter.complaint)
        if not content or officer is None:
            continue
        place, _label, text = documents.correctable(content["paper"])[-1]
        move = casework.correct_clerical_error(
            text="漏写了联系电话。", document_id=letter.pk, changes={place: f"{text}联系电话：0591-12315。"}
        )
        workspaces.step(letter.complaint, proposals.propose(move=move), officer)
        break


def _dispute(workspaces: Workspaces) -> None:
    """A district says that a case is another's; the city will say whose it is."""
    case = workspaces.cases(S.REVIEW).exclude(**_within(workspaces.county)).first()
    officer = None if case is None else workspaces.officer(case)
    if case is not None and officer is not None:
        move = jurisdiction.dispute_jurisdiction(text="商家实际经营地在相邻的区，请共同上级指定管辖。")
        workspaces.step(case, move, officer)


def _numbers(workspaces: Workspaces) -> None:
    """Most cases of an authority have their number on the national platform; some states lag behind there."""
    moves: Moves = []
    yesterday = workspaces.now - timedelta(days=1)
    rows = Complaint.objects.filter(authority_received_at__lt=yesterday, platform_number="")
    cases = list(rows.exclude(status__in=[S.DRAFT, S.FILED]).order_by("authority_received_at", "pk"))
    mediating = [case.pk for case in cases if case.status == S.MEDIATING]
    late, lagging = mediating[:1], mediating[1:3]
    for nth, case in enumerate(cases):
        officer = workspaces.officer(case) or (
            workspaces.cast.intake[0] if case.handling_authority_id == workspaces.city.pk else None
        )
        if officer is None or case.pk in late or nth % 31 == 30:
            continue
        state = "registered" if case.pk in lagging or nth % 13 == 12 else platform.expected(case)
        assert case.authority_received_at is not None  # noqa: S101 - asked for above
        number = f"FJ{timezone.localdate(case.authority_received_at):%Y%m%d}{nth:06}"
        move = record_platform_number(platform_number=number, received_at=case.authority_received_at, state=state)
        moves.append((case.pk, move, officer))
    workspaces.take(moves)


def _platform_file(workspaces: Workspaces) -> None:
    """What the platform sent back: a number, a complaint that began there, a line that fits nothing."""
    received = Complaint.objects.filter(authority_received_at__isnull=False, **_within(workspaces.city))
    waiting = received.filter(platform_number="").exclude(status__in=[S.DRAFT, S.FILED]).order_by("pk").first()
    at = f"{timezone.localtime(workspaces.now - timedelta(hours=3)):%Y-%m-%d %H:%M}"
    head = (
        "平台编号,投诉编号,平台接收时间,平台状态,地区代码,被投诉人,商品服务类别,商品或服务,"
        "金额,问题类别,争议发生日,投诉内容,诉求,姓名,手机,地址"
    )
    lines = [
        f"FJ20269000001,{waiting.number if waiting else ''},{at},已登记",
        (
            f"FJ20269000002,,{at},已登记,350102,样例面包店,食品,蛋糕,88,质量,{timezone.localdate(workspaces.now):%Y-%m-%d},蛋糕里有异物，"
            "店员不肯退款。,退还货款或服务费,林测试,15400000999,福州市演示路8号"
        ),
        f"FJ20269000003,20260101-AAAAAAAAAAAA-0,{at},已受理",
    ]
    intake = workspaces.cast.intake[0]
    user = User.objects.get(pk=intake.user_id or 0)
    content, name = ("\n".join([head, *lines]) + "\n").encode(), "平台回执（演示）.csv"
    platform_files.take_in([content], name=name, user=user, actor=intake, language="zh-hans", now=workspaces.now)


def _ask_replay(workspaces: Workspaces) -> None:
    """Who would have been late had the review to end after five working days? A worker will say."""
    today = timezone.localdate(workspaces.now)
    changing.ask_replay(
        by=User.objects.with_email(address_of("rui")).get(),
        authority=workspaces.county,
        region=workspaces.county.region,
        since=today - timedelta(days=90),
        until=today,
        name="review",
        number=5,
        unit="WD",
        now=workspaces.now,
    )


def _go_away(workspaces: Workspaces) -> None:
    """An officer of the county is away next week; a colleague has the cases."""
    today = timezone.localdate(workspaces.now)
    officers = Officer.objects.on(today).filter(authority=workspaces.county, role=Role.OFFICER.post)
    people = list(officers.select_related("user", "authority").order_by("pk")[:2])
    away, deputy = people[-1], people[0]
    organising.enter_leave(
        away,
        today + timedelta(days=7),
        today + timedelta(days=9),
        deputy=deputy if deputy != away else None,
        by=TeamActor(user=away.user, reach=authority_reach(away.user_id, on=today), now=workspaces.now),
    )

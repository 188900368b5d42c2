"""Who takes part in the demonstration: consumers, staff of enterprises, officers of authorities, stations.

Nobody here can be mistaken for a real person. Every address ends in a domain that cannot exist, every
telephone number lies in a range that no operator has (154), every name says that it is a demonstration.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from django.utils import timezone

from accounts.demo import DEMO_DOMAIN
from accounts.keys import keyring
from accounts.models import Administrator, HousePhone, User
from accounts.roles import Role, post_choices
from accounts.sign_in.contacts import parse_contact
from accounts.sign_in.own_phone import PLATFORM
from authorities.models import Authority, Officer
from complaints.models import StationEntry
from complaints.parties import actors
from complaints.parties.actors import Actor
from complaints.settlement import answer_templates
from complaints.stations import stations
from demo import texts
from demo.texts import MINTAO, MOBILE, TELECOM
from enterprises.models import Branch, Enterprise, Staff, Station, StationStaff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, enterprise_reach

#: Printed by `demo_sign_ins`; people with it exist in demo data only.
PASSWORD = "rongcheng-demo-2026"  # noqa: S105
FUZHOU = "350100"
GULOU = "福州市鼓楼区市场监督管理局"
MALL, HALL = "东街口商圈消费维权服务站", "移动东街营业厅消费维权服务站"
KINDS = frozenset(dict(post_choices("platform")))

_FAMILY = "陈林黄郑王张李吴刘蔡杨许叶郭何江高潘余谢"
_GIVEN = "安邦诚达恩帆光海和佳康乐明宁平清荣顺天文欣雅怡远泽"


@dataclass(frozen=True, slots=True)
class CastMember:
    """One person of the cast before there are rows: a job, an office, a duty of the platform, or a consumer."""

    name: str
    address: str
    role: str = ""
    enterprise: str = ""
    branch: str = ""
    authority: str = ""
    language: str = "zh-hans"
    station: str = ""


#: The first sixteen are offered for one-click sign-in, so they show every kind of user.
CAST = (
    CastMember("陈演示", "chen"),
    CastMember("Otto Demo", "otto", language="en"),
    CastMember("明演示", "ming", "handler", MOBILE, "中国移动福州分公司"),
    CastMember("管演示", "lead", "manager", MOBILE),
    CastMember("审演示", "reviewer", "reviewer", MOBILE),
    CastMember("华演示", "hua", "handler", TELECOM, "中国电信福州分公司"),
    CastMember("淘演示", "tao", "handler", MINTAO, "闽淘平台客户服务中心"),
    CastMember("苏演示", "su", "intake", authority="福州市市场监督管理局"),
    CastMember("瑞演示", "rui", "handler", authority=GULOU),
    CastMember("章演示", "zhang", "approver", authority=GULOU),
    CastMember("所演示", "suo", "handler", authority="鼓楼区东街市场监督管理所"),
    CastMember("析演示", "xi", "analyst", authority="福州市市场监督管理局"),
    CastMember("站演示", "station", Role.STATION.post, station=MALL),
    CastMember("系统演示", "system", "system"),
    CastMember("安全演示", "security", "security"),
    CastMember("审计演示", "audit", "audit"),
)


@dataclass(slots=True)
class Consumer:
    """A person who complains, and how they are reached."""

    user: User
    actor: Actor
    phone: str


@dataclass(slots=True)
class Cast:
    """Everybody, by the place where they work."""

    consumers: list[Consumer] = field(default_factory=list)
    staff: dict[int, Actor] = field(default_factory=dict)
    by_branch: dict[tuple[int, int | None], list[Actor]] = field(default_factory=lambda: defaultdict(list))
    managers: dict[int, Actor] = field(default_factory=dict)
    officers: dict[int, list[Actor]] = field(default_factory=lambda: defaultdict(list))
    approvers: dict[int, Actor] = field(default_factory=dict)
    intake: list[Actor] = field(default_factory=list)
    offices: dict[int, int] = field(default_factory=dict)
    enterprises: dict[str, Enterprise] = field(default_factory=dict)

    def handlers(self, enterprise_id: int, branch_id: int | None) -> list[Actor]:
        """Who answers for the branch: its own people, else those of headquarters."""
        return self.by_branch.get((enterprise_id, branch_id)) or self.by_branch.get((enterprise_id, None), [])


def address_of(name: str) -> str:
    return f"{name}@{DEMO_DOMAIN}"


def _supporting_parts() -> list[CastMember]:
    """Two handlers for each branch in Fuzhou, a manager and a desk at each headquarters; the authorities."""
    parts: list[CastMember] = []
    city = Authority.objects.select_related("region", "parent__parent").get(region__code=FUZHOU)
    known = {(part.branch or part.enterprise, part.role) for part in CAST}
    enterprises = Enterprise.objects.filter(enrolment__in=["enrolled", "suspended"]).order_by("uscc")
    for nth, enterprise in enumerate(enterprises, start=1):
        tag = f"e{nth:02}"
        if (enterprise.name, "manager") not in known:
            parts.append(CastMember(f"主管演示{nth}", f"{tag}.manager", "manager", enterprise.name))
        if (enterprise.name, "reviewer") not in known:
            parts.append(CastMember(f"复核演示{nth}", f"{tag}.reviewer", "reviewer", enterprise.name))
        parts.append(CastMember(f"总台演示{nth}", f"{tag}.desk", "handler", enterprise.name))
        branches = enterprise.branches.filter(
            ends_on=None, place_id__gte=city.region_id, place_id__lte=city.region.last
        ).order_by("name")
        for place, branch in enumerate(branches, start=1):
            for who in ("甲", "乙"):
                address = f"{tag}.b{place}.{'a' if who == '甲' else 'b'}"
                parts.append(CastMember(f"客服演示{nth}{place}{who}", address, "handler", enterprise.name, branch.name))
    parts += [
        CastMember("分送演示甲", "intake.a", "intake", authority=city.name),
        CastMember("分送演示乙", "intake.b", "intake", authority=city.name),
        CastMember("督办演示", "city.handler", "handler", authority=city.name),
        CastMember("局长演示", "city.approver", "approver", authority=city.name),
    ]
    below = Authority.objects.filter(
        region_id__gte=city.region_id, region_id__lte=city.region.last, level__in=["county", "office"]
    ).order_by("region__code", "name")
    for nth, authority in enumerate(below, start=1):
        parts += [
            CastMember(f"经办演示{nth}甲", f"a{nth:02}.a", "handler", authority=authority.name),
            CastMember(f"经办演示{nth}乙", f"a{nth:02}.b", "handler", authority=authority.name),
            CastMember(f"负责演示{nth}", f"a{nth:02}.head", "approver", authority=authority.name),
        ]
    for above, name, tag in ((city.parent, "省局", "province"), (city.parent and city.parent.parent, "总局", "nation")):
        assert above is not None  # noqa: S101 - every city has both above it
        parts += [
            CastMember(f"{name}经办演示", f"{tag}.handler", "handler", authority=above.name),
            CastMember(f"{name}负责演示", f"{tag}.head", "approver", authority=above.name),
        ]
    return parts


def make_people(*, rng: Random, consumers: int) -> Cast:
    """Write users, staff and officers; the cast first, because the oldest are offered for sign-in."""
    parts = [*CAST, *_supporting_parts()]
    # Hashing is slow by intent: one password of the demonstration, hashed once.
    secret, none = make_password(PASSWORD), make_password(None)
    users = [
        User(
            email=address_of(part.address),
            phone=None if part.role else _phone(nth),
            name=part.name,
            language=part.language,
            password=secret if part.role else none,
            own_phone=_phone(9_000_000 + nth) if part.role or part.station else None,
            # The stories are drawn as before there were administrators.
            person_key=(
                uuid.uuid5(uuid.NAMESPACE_DNS, address_of(part.address))
                if part.role in KINDS or part.station
                else _key(rng)
            ),
            is_demo=True,
        )
        for nth, part in enumerate(parts)
    ]
    for nth in range(consumers):
        name = f"{rng.choice(_FAMILY)}{rng.choice(_GIVEN)}·测试"
        users.append(
            User(
                email=address_of(f"c{nth:04}"),
                phone=_phone(1000 + nth),
                name=name,
                password=none,
                person_key=_key(rng),
                is_demo=True,
                language="en" if nth % 40 == 7 else "zh-hans",
            )
        )
    # All keys in one statement, and not one a row.
    keyring.secrets_of({user.person_key for user in users}, make=True)
    User.objects.bulk_create(users)
    _employ(parts, users)
    return gather(users=[user for user in users if user.phone])


def _phone(nth: int) -> str:
    return f"+86154{nth:08}"


def _key(rng: Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def _employ(parts: list[CastMember], users: list[User]) -> None:
    pairs = list(zip(parts, users, strict=False))
    enterprises = {enterprise.name: enterprise for enterprise in Enterprise.objects.all()}
    branches = {branch.name: branch for branch in Branch.objects.all()}
    authorities = {authority.name: authority for authority in Authority.objects.all()}
    Staff.objects.bulk_create(
        Staff(user=user, enterprise=enterprises[part.enterprise], branch=branches.get(part.branch), role=part.role)
        for part, user in pairs
        if part.enterprise
    )
    Administrator.objects.bulk_create(
        Administrator(user=user, kind=part.role, since=user.created_at) for part, user in pairs if part.role in KINDS
    )
    places = make_stations()
    HousePhone.objects.bulk_create(
        HousePhone(user=user, house=house, phone_index=user.own_phone_index)
        for part, user in pairs
        if user.own_phone_index is not None
        for house in [_house(part, enterprises, authorities, places)]
    )
    StationStaff.objects.bulk_create(
        StationStaff(user=user, station=places[part.station]) for part, user in pairs if part.station
    )
    Officer.objects.bulk_create(
        Officer(user=user, authority=authorities[part.authority], role=part.role)
        for part, user in pairs
        if part.authority
    )


def _house(part: CastMember, enterprises: Any, authorities: Any, places: Any) -> str:
    """As accounts/sign_in/own_phone.py names it."""
    if part.enterprise:
        return f"enterprise {enterprises[part.enterprise].pk}"
    if part.authority:
        return f"authority {authorities[part.authority].pk}"
    return f"station {places[part.station].pk}" if part.station else PLATFORM


def invite_newcomer(*, now: datetime) -> None:
    """The manager of the cast has invited somebody, who has not answered yet."""
    lead = User.objects.with_email(address_of("lead")).get()
    branch = Branch.objects.select_related("enterprise").get(name="中国移动福州分公司")
    contact = parse_contact(address_of("newcomer"))
    assert contact is not None  # noqa: S101
    team.invite(
        contact,
        Post(enterprise=branch.enterprise, branch=branch),
        Role.HANDLER.post,
        by=TeamActor(user=lead, reach=enterprise_reach(lead.pk, on=timezone.localdate(now)), now=now),
        language="zh-hans",
        place=settings.SITE_URL + reverse("enterprises:invitation"),
    )


def write_templates(*, now: datetime) -> None:
    """What the manager of the cast lets her people answer with."""
    lead = Staff.objects.select_related("enterprise").get(user=User.objects.with_email(address_of("lead")).get())
    for name, body in texts.TEMPLATES:
        says = answer_templates.Says(body=body, verdict="part" if "【请填" in body and "{金额}" in body else "grant")
        answer_templates.tried(answer_templates.make(staff=lead, name=name, says=says, now=now), number=1, now=now)


def gather(*, users: list[User]) -> Cast:
    """The actors of everybody who was written."""
    cast = Cast(enterprises={enterprise.name: enterprise for enterprise in Enterprise.objects.all()})
    cast.consumers = [Consumer(user, actors.consumer(user), user.phone or "") for user in users]
    jobs = Staff.objects.filter(user__is_demo=True).select_related("user", "enterprise", "branch")
    for job in jobs.order_by("user_id"):
        actor = actors.staff_member(job)
        cast.staff[job.pk] = actor
        if job.role == Role.MANAGER.post:
            cast.managers[job.enterprise_id] = actor
        elif job.role == Role.HANDLER.post:
            cast.by_branch[job.enterprise_id, job.branch_id].append(actor)
    posts = Officer.objects.filter(user__is_demo=True).select_related("user", "authority__region")
    for post in posts.order_by("user_id"):
        actor = actors.officer([post])
        if post.role == Role.INTAKE.post:
            cast.intake.append(actor)
        elif post.role == Role.APPROVER.post:
            cast.approvers[post.authority_id] = actor
        elif post.role == Role.OFFICER.post:
            cast.officers[post.authority_id].append(actor)
        if post.authority.level == Authority.Level.OFFICE:
            cast.offices[post.authority.region_id] = post.authority_id
    return cast


#: Days ago, category, problem, how, yuan, sheet, what the consumer said (empty: nothing yet).
ENTRIES = (
    (40, "goods.clothing", "鞋底开胶，要求换一双", "replace", None, "2026-031", ""),
    (21, "service.catering", "结账多算一份菜", "refund", Decimal("38.00"), "2026-032", ""),
    (9, "goods.appliances", "电饭煲不通电", "repair", None, "2026-033", ""),
    (3, "service.telecom", "被开通彩铃，要求退订退费", "refund", Decimal("15.00"), "", "yes"),
    (2, "goods.food", "买到过期面包", "refund", Decimal("12.50"), "", "yes"),
    (1, "service.beauty", "办卡后想退余额", "explained", None, "", "no"),
    (0, "goods.clothing", "吊牌价与收银价不同", "refund", Decimal("60.00"), "", ""),
    (0, "service.telecom", "换套餐后月费不清楚", "explained", None, "", ""),
)


def make_stations() -> dict[str, Station]:
    """By name; before the people who work there."""
    gulou = Authority.objects.get(name=GULOU)
    mobile = Enterprise.objects.get(name=MOBILE)
    return {
        name: Station.objects.create(
            code=code, name=name, name_en=name_en, kind=kind, authority=gulou, address=address, enterprise=enterprise
        )
        for code, name, name_en, kind, address, enterprise in (
            ("DJK-01", MALL, "Dongjiekou Mall Service Station", "mall", "福州市鼓楼区东街口（演示）", None),
            ("YD-DJ", HALL, "China Mobile Dongjie Hall Service Station", "hall", "福州市鼓楼区东街（演示）", mobile),
        )
    }


def write_log(*, now: datetime) -> None:
    """What the station of the mall wrote down up to ``now``."""
    post = StationStaff.objects.filter(station__name=MALL).select_related("station", "user").first()
    if post is None:
        return
    clerk: User = post.user
    for nth, (days, category, problem, how, amount, sheet, given) in enumerate(ENTRIES):
        at = now - timedelta(days=days, hours=1 + nth % 3)
        entry = StationEntry(
            station=post.station,
            by=clerk,
            at=at,
            category=category,
            problem=problem,
            how=how,
            amount=amount,
            phone="" if sheet else f"+86154{9000 + nth:08}",
            sheet=sheet,
        )
        stations.write_down(entry, language="zh-hans", place=settings.SITE_URL)
        if given:
            stations.answer(entry, is_right=given == "yes", now=at + timedelta(minutes=20))

"""What the head and foot of each page show: who is here, where they may go, how they like to read.

They only offer addresses that this installation has.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from access.permissions import OFFICER_ROLES
from accounts.display import chosen_display, chosen_theme
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.backend import duty_of, may_work, needs_second_factor
from accounts.sign_in.entering import AT_WORK, ENTERED, is_here, moment
from accounts.sign_in.limits import place_of
from accounts.sign_in.own_phone import owes_phone
from authorities.models import Officer
from complaints.parties.conditions import Conditions
from enterprises.models import StationStaff
from enterprises.team.staffing import at_work
from web.languages import language_tag, languages, named


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link of the bar or the foot; ``label`` and ``group`` as they stand in the catalogue, translated where they
    are drawn.

    What is asked for less often has a group, and stands under “more”.
    """

    url: str
    label: str
    group: str = ""
    is_current: bool = False


CONSUMER_NAV = (
    ("/", _("首页")),
    ("/file/", _("我要投诉")),
    ("/cases/", _("我的投诉")),
    ("/track/", _("查进度")),
    ("/open/", _("公开数据")),
)
ENTERPRISE_NAV = (
    ("/enterprise/mine/", _("我的活")),
    ("/enterprise/queue/", _("待办")),
    ("/enterprise/measures/", _("批量方案")),
    ("/enterprise/round-trip/", _("用表格办理")),
    ("/enterprise/urges/", _("督办")),
    ("/enterprise/approvals/", _("待批准")),
    ("/enterprise/performance/", _("绩效")),
    ("/enterprise/guidance/", _("行政指导")),
    ("/enterprise/team/", _("团队")),
    ("/enterprise/templates/", _("回复模板"), _("办案")),
    ("/enterprise/exports/", _("导出"), _("办案")),
    ("/enterprise/webhooks/", _("推送"), _("办案")),
    ("/enterprise/remedies/", _("举一反三"), _("本企业")),
    ("/enterprise/profile/", _("企业资料"), _("本企业")),
    ("/enterprise/enrolment/", _("入驻备案"), _("本企业")),
    ("/enterprise/reply/", _("公开说明"), _("本企业")),
    ("/enterprise/posters/", _("海报"), _("本企业")),
)
AUTHORITY_NAV = (
    ("/authority/", _("我的一天")),
    ("/authority/triage/", _("分送")),
    ("/authority/review/", _("审查")),
    ("/authority/mediation/", _("调解")),
    ("/authority/cases/", _("案件")),
    ("/authority/urges/", _("督办")),
    ("/authority/approvals/", _("审批")),
    ("/authority/team/", _("团队")),
    ("/authority/hot-spots/", _("热点")),
    ("/oversight/", _("监督")),
    ("/authority/call-backs/", _("回访"), _("办案")),
    ("/authority/documents/", _("文书"), _("办案")),
    ("/authority/notices/", _("通知"), _("办案")),
    ("/authority/exports/", _("导出"), _("办案")),
    ("/authority/guidance/", _("行政指导"), _("降诉增效")),
    ("/authority/campaigns/", _("降诉行动"), _("降诉增效")),
    ("/authority/remedies/", _("举一反三"), _("降诉增效")),
    ("/authority/warnings/", _("消费预警"), _("降诉增效")),
    ("/authority/reports/", _("月报"), _("降诉增效")),
    ("/authority/posters/", _("海报"), _("降诉增效")),
    ("/authority/enterprises/", _("企业登记"), _("企业和服务站")),
    ("/authority/changes/", _("企业变更"), _("企业和服务站")),
    ("/authority/replies/", _("企业说明"), _("企业和服务站")),
    ("/authority/appraisals/", _("年度评价"), _("企业和服务站")),
    ("/authority/stations/", _("服务站"), _("企业和服务站")),
    ("/authority/routing/", _("分送规则"), _("规则和日历")),
    ("/authority/policies/", _("规则"), _("规则和日历")),
    ("/authority/calendar/", _("日历"), _("规则和日历")),
)
STATION_NAV = (
    ("/station/", _("今天")),
    ("/station/file/", _("代为投诉")),
    ("/station/cases/", _("本站投诉")),
    ("/station/log/", _("现场和解")),
    ("/station/poster/", _("海报")),
)
_CHANGES = ("/administration/changes/", _("职责变更"))
_LOG, _HOLDS = ("/administration/log/", _("安全日志")), ("/administration/holds/", _("保全"))
ADMINISTRATION_NAV = {
    "system": (("/administration/system/", _("系统")), _CHANGES),
    "security": (_LOG, ("/administration/people/", _("账号")), _HOLDS, _CHANGES),
    "audit": (("/administration/audit/", _("审计")), _LOG, _HOLDS, _CHANGES),
}
SITE = (
    ("/file/", _("我要投诉")),
    ("/track/", _("查进度")),
    ("/check/", _("该找谁")),
    ("/find/", _("查企业")),
    ("/how/", _("怎么办理")),
    ("/how/time-limits/", _("期限怎么算")),
    ("/open/", _("公开数据")),
    ("/open/reports/", _("月报")),
    ("/open/verify/", _("核对档案")),
    ("/open/record/", _("记录与见证")),
    ("/open/enterprises/", _("企业登记")),
    ("/open/warnings/", _("消费预警")),
    ("/enterprise/enrol/", _("企业入驻")),
    ("/rules/", _("投诉规则")),
    ("/help/", _("帮助")),
    ("/privacy/", _("隐私政策")),
    ("/terms/", _("使用条款")),
    ("/accessibility/", _("无障碍声明")),
    ("/account/", _("我的账号")),
    ("/demo/mail/", _("演示收件箱")),
)
SIGN_IN = ("/account/sign-in/", _("登录"))


def work_of(user: Any) -> tuple[str, Any]:
    """("authority" | "enterprise" | "station" | "administration" | "", the office, job, post or duty)."""
    if not getattr(user, "is_authenticated", False) or not may_work(user):
        return "", None
    if duty := duty_of(user):
        return "administration", duty
    today = timezone.localdate()
    roles = getattr(user, "roles_today", None)
    offices = getattr(user, "offices_today", None)
    if offices is None:
        is_asked = roles is None or roles & OFFICER_ROLES
        offices = (
            Officer.objects.on(today).filter(user=user).select_related("authority").order_by("pk")[:1]
            if is_asked
            else ()
        )
    officer = min(offices, key=lambda office: office.pk, default=None)
    if officer is not None:
        return "authority", officer
    jobs = getattr(user, "jobs_today", None)
    if jobs is None:
        jobs = at_work(today).filter(user=user).select_related("enterprise").order_by("pk")[:1]
    staff = next(iter(jobs), None)
    if staff is not None:
        return "enterprise", staff
    post = StationStaff.objects.on(today).filter(user=user).select_related("station").first()
    return ("station", post) if post is not None else ("", None)


def _navigation(side: str, work: Any) -> Any:
    """Where somebody with this work goes; what answers only to who leads the whole enterprise is for nobody else."""
    if side == "administration":
        return ADMINISTRATION_NAV[work]
    if side == "enterprise":
        is_manager = work.role in Right.LEAD_ENTERPRISE.posts
        leads_all = is_manager and work.branch_id is None
        whole = ("/enterprise/webhooks/", "/enterprise/enrolment/", "/enterprise/reply/")
        shut = {**dict.fromkeys(whole, not leads_all), "/enterprise/profile/": not is_manager}
        return [entry for entry in ENTERPRISE_NAV if not shut.get(entry[0])]
    return {"enterprise": ENTERPRISE_NAV, "authority": AUTHORITY_NAV, "station": STATION_NAV}.get(side, CONSUMER_NAV)


CURRENT = SafeString(' aria-current="page"')


def _items(entries: Any, here: str) -> list[NavItem]:
    offered = [entry for entry in entries if is_here(entry[0]) and (entry[0] != "/demo/mail/" or settings.DEMO)]
    # The longest address that leads here is where one is; "/" leads everywhere.
    around = [entry[0] for entry in offered if here == entry[0] or (entry[0] != "/" and here.startswith(entry[0]))]
    current = max(around, key=len, default="")
    return [NavItem(url, label, group[0] if group else "", url == current) for url, label, *group in offered]


@lru_cache(maxsize=2048)
def _drawn(items: tuple[NavItem, ...], language: str | None) -> SafeString:
    """The links as they stand in the page, drawn once: thirty of them were a tenth of a page."""
    texts = ((item.url, CURRENT if item.is_current else "", gettext(item.label)) for item in items)
    return format_html_join("\n      ", '<a href="{}"{}>{}</a>', texts)


@lru_cache(maxsize=2048)
def _bar(items: tuple[NavItem, ...], language: str | None) -> SafeString:
    """The links of the bar; those with a group fold into “more”, which names the page that is open."""
    groups: dict[str, list[NavItem]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    first = _drawn(tuple(groups.pop("", ())), language)
    if not groups:
        return first
    open_page = next((item for members in groups.values() for item in members if item.is_current), None)
    columns = format_html_join(
        "",
        "<div><b>{}</b>{}</div>",
        ((gettext(group), _drawn(tuple(members), language)) for group, members in groups.items()),
    )
    return format_html(
        '{}\n      <details class="bar-more{}"><summary>{}</summary><div>{}</div></details>',
        first,
        " is-current" if open_page else "",
        gettext("更多：%(page)s") % {"page": gettext(open_page.label)} if open_page else gettext("更多"),
        columns,
    )


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `page_context` for base.html and the national `limits`, each read only when a template asks
    for it. A page about a case or a place brings the `limits` in force there."""
    return {
        "page_context": SimpleLazyObject(lambda: build_page_context(request)),
        "limits": SimpleLazyObject(lambda: Conditions.at(timezone.now()).limits()),
    }


def build_page_context(request: HttpRequest) -> dict[str, Any]:
    """The facts of the bar and the foot for this request."""
    user = getattr(request, "user", None)
    side, work = work_of(user)
    organisation = work if side in ("administration", "") else getattr(work, side)
    here = "" if getattr(request, "is_missing", False) else request.path
    language = get_language() or settings.LANGUAGE_CODE
    nav = _items(_navigation(side, work), here)
    is_known = bool(getattr(user, "is_authenticated", False))
    if not is_known and is_here("/account/sign-in/"):
        nav.append(NavItem("/account/sign-in/", _("登录"), is_current=here.startswith("/account/sign-in/")))
    site = _items([entry if is_known or entry[0] != "/account/" else SIGN_IN for entry in SITE], "")
    at_the_foot = {item.url for item in site}
    return {
        "nav": nav,
        "bar_links": _bar(tuple(nav), language),
        "site_links": _drawn(tuple(site), language),
        # A phone has no room for the bar: its menu, at the foot, begins with what stands there.
        "menu_links": _drawn(tuple(item for item in nav if item.url not in at_the_foot), language),
        "home": nav[0].url if side and nav else "/",
        # For what names a page to somebody elsewhere.
        "place": SimpleLazyObject(lambda: place_of(request)),
        "here": request.get_full_path() if request.method == "GET" else request.path,
        "side": side,
        "organisation": "" if side == "administration" or organisation is None else named(organisation),
        "person": (getattr(user, "name", "") or gettext("我的账号")) if is_known else "",
        # Who takes no part in a decision of two persons until a code has proved the own phone.
        "owes_phone": bool(side) and isinstance(user, User) and owes_phone(user),
        "is_elder": chosen_display(request) == "elder",
        "theme": chosen_theme(request),
        "html_language": language_tag(language),
        "other_languages": [one for one in languages() if one.code != language],
        "is_demo": settings.DEMO,
        # A page that is the same for everybody has no form: how one likes to read is chosen on a page of its own.
        "is_shared": getattr(request, "is_shared", False),
        "display_url": f"/display/?{urlencode({'next': request.get_full_path()})}",
        # How long somebody at work stays signed in; consumers have weeks.
        **(_time_at_work(request, now=timezone.now()) if isinstance(user, User) and needs_second_factor(user) else {}),
    }


def _time_at_work(request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    """Minutes of quiet until the session ends, minutes until it ends anyway, the first of the two as a time."""
    idle, longest = AT_WORK
    end = (moment(request.session, ENTERED) or now) + longest
    return {
        "idle_minutes": int(idle.total_seconds() // 60),
        "end_minutes": max(0, int((end - now).total_seconds() // 60)),
        "signed_in_until": min(now + idle, end),
    }

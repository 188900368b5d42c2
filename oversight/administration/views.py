"""/administration/: one page or two for each of the three duties, and the texts of the security log.

Who may open a page stands in permissions.csv and is asked by the permission middleware; here nothing is left to ask. A
kind or reason of the log without a text is shown as its code, never hidden.
"""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.masking import masked_email, masked_name, masked_phone
from accounts.models import Administrator, BrowserSession, SecondFactor, SecurityEvent, User
from accounts.roles import POST_LABELS, role_at
from accounts.sign_in.backend import duty_of
from accounts.sign_in.contacts import known_user, parse_contact
from accounts.sign_in.entering import DEVICE, PLACE, SEEN
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints import wording
from complaints.desks import keyset
from complaints.procedure.numbering import tidy
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import admission
from complaints.record.log import PERSONS
from complaints.record.log_checks import named
from complaints.wording.case import AUDIENCES
from complaints.wording.reasons import LOOK_REASONS
from database.row_security import working_as_steps
from enterprises.team.team import TeamRefusal
from oversight.administration import duties, duty_changes, duty_views
from oversight.portal_state import signs, state, system_views

#: In the order of the filter.
KINDS: dict[str, Any] = {
    "reveal_alert": _("查看联系方式过多"),
    "reveal": _("查看联系方式"),
    "denied": _("被拒绝的请求"),
    "sign_in": _("登录"),
    "sign_in_refused": _("登录被拒"),
    "password_right": _("密码正确"),
    "stepped_up": _("再次确认"),
    "signed_out": _("退出登录"),
    "session_ended": _("结束登录"),
    "factor_added": _("添加第二重验证"),
    "factor_removed": _("移除第二重验证"),
    "factor_refused": _("第二重验证不对"),
    "recovery_codes_made": _("生成恢复码"),
    "password_changed": _("更换密码"),
    "contact_changed": _("更换手机或邮箱"),
    "own_phone_proved": _("验证本人手机"),
    "second_person": _("作为第二人决定"),
    "invited": _("发出邀请"),
    "invitation_revoked": _("撤回邀请"),
    "role_given": _("授予岗位"),
    "role_taken": _("收回岗位"),
    "directory_change_made": _("提出名录变更"),
    "directory_change_filed": _("提交名录变更"),
    "directory_change_withdrawn": _("撤回名录变更"),
    "directory_change_approved": _("批准名录变更"),
    "directory_change_refused": _("不批准名录变更"),
    "routing_rule_drafted": _("起草分送规则"),
    "routing_rule_filed": _("提交分送规则"),
    "routing_rule_withdrawn": _("撤回分送规则"),
    "routing_rule_approved": _("批准分送规则"),
    "routing_rule_refused": _("不批准分送规则"),
    "routing_lesson_dismissed": _("不采纳更正建议"),
    "export_asked": _("申请导出"),
    "export_approved": _("批准导出"),
    "export_refused": _("不同意导出"),
    "export_fetched": _("下载导出"),
    "token_made": _("签发程序口令"),
    "token_agreed": _("同意程序查看联系方式"),
    "token_revoked": _("撤销程序口令"),
    "webhook_made": _("建立推送"),
    "webhook_rotated": _("更换推送密钥"),
    "webhook_on": _("启用推送"),
    "webhook_off": _("停用推送"),
    "webhook_replayed": _("重发推送"),
    "account_off": _("停用账号"),
    "account_on": _("恢复账号"),
    "account_closed": _("注销账号"),
    "change_undone": _("撤回账号的改动"),
    "everything_ended": _("所有设备退出，令牌作废"),
    "data_copied": _("取走本人数据"),
    "tracking_code": _("凭查询口令取验证码"),
    "slip_printed": _("打印案件交接单"),
}


def kind_label(kind: str) -> str:
    return str(KINDS.get(kind, kind))


def reason_label(reason: str) -> str:
    if reason == "same_device":
        return gettext("和提出的人同一台设备")
    return wording.label(reason, kind="look_reason") if reason in LOOK_REASONS else reason


NEWEST = keyset.Order("at", falling=True)
HOME = {
    "system": "oversight:administration-system",
    "security": "oversight:administration-log",
    "audit": "oversight:administration-audit",
}


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """/administration/: on to the page of one's own duty."""
    name = HOME.get(duty_of(_me(request)))
    if name is None:
        raise Http404
    return redirect(name)


@never_cache
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """What lives, what waits, what is set."""
    now = timezone.now()
    return render(
        request,
        "administration/system.html",
        {
            "now": now,
            "heartbeats": state.heartbeats(),
            "queues": state.queues(now=now),
            "set_aside": state.set_aside_by_code(),
            "given_up": state.letters_given_up(),
            "settings": state.configuration(),
            **system_views.shown(signs.read(now=now)),
        },
    )


#: Why an entry got no leaf (complaints/record/findings.py).
_WHY = {
    "unreadable": _("读不出来"),
    "entry_missing": _("前一条记录不在"),
    "not_in_order": _("和前一条记录接不上"),
    "hash": _("内容和摘要不符"),
    "tag": _("不是用平台的密钥写的"),
    "dated_ahead": _("写明的时间在将来"),
    "dated_back": _("写明的时间太早"),
    "out_of_turn": _("插在已经封印的记录中间"),
}


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def not_admitted(request: HttpRequest) -> HttpResponseBase:
    """Entries that were refused a leaf (complaints/record/admission.py), for two of the system's administrators."""
    me, now = _me(request), timezone.now()
    if request.method == "POST":
        entry, digest = request.POST.get("entry", ""), request.POST.get("digest", "")

        def agreed() -> tuple[str, str]:
            try:
                with working_as_steps():
                    admission.agree(entry, digest, by=me, now=now)
            except LookupError:
                raise TeamRefusal("nothing_waits", gettext("这条记录已经不在等，或者又变了：请重新查看。")) from None
            return request.path, gettext("已同意。")

        return redirect_once(request, agreed)
    with working_as_steps():
        waiting = admission.refused_entries()
    shown = [
        {
            "entry": one.entry,
            "at": (at := named(one.entry)),
            "audience": AUDIENCES.get(at.audience, at.audience),
            "why": _WHY.get(one.code, one.code),
            "found_at": one.found_at,
            "digest": one.digest,
            "matter": one.matter,
            "agreed": len(one.agreed),
            "is_mine": str(me.person_key) in one.agreed,
        }
        for one in waiting
    ]
    context = {"refused": shown, "persons": PERSONS}
    return render(request, "administration/not_admitted.html", context)


class LogFilter(forms.Form):
    """Conditions on the log; what cannot be read is left out."""

    kind = forms.ChoiceField(label=_("事件"), required=False, choices=[("", _("全部")), *KINDS.items()])
    who = forms.CharField(
        label=_("邮箱、手机或人员代码"), required=False, max_length=254, widget=forms.TextInput(attrs={"size": 24})
    )
    since = forms.DateField(
        label=_("从"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("至"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


@never_cache
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The security log, newest first; for security and audit alike, to read only."""
    form = LogFilter(request.GET)
    form.is_valid()
    cleaned = {name: value for name, value in form.cleaned_data.items() if value}
    rows = SecurityEvent.objects.all()
    if "kind" in cleaned:
        rows = rows.filter(kind=cleaned["kind"])
    if "who" in cleaned:
        key = _key_of(cleaned["who"])
        rows = rows.filter(Q(person_key=key) | Q(subject=str(key))) if key else rows.none()
    if "since" in cleaned:
        rows = rows.filter(at__gte=_morning(cleaned["since"]))
    if "until" in cleaned:
        rows = rows.filter(at__lt=_morning(cleaned["until"] + timedelta(days=1)))
    page = keyset.page_of(rows, request.GET, NEWEST)
    results = list(User.objects.filter(person_key__in={row.person_key for row in page.rows if row.person_key}))
    sealed_fields.load_for(results)
    people: dict[Any, str] = {user.person_key: masked_name(user.name) for user in results}
    query = urlencode({name: request.GET.get(name, "") for name in cleaned})
    here = f"{reverse('oversight:administration-log')}?{query}"
    is_security = duty_of(_me(request)) == "security"
    return render(
        request,
        "administration/log.html",
        {
            "form": form,
            "now": timezone.now(),
            "is_security": is_security,
            "rows": [
                {
                    "row": row,
                    "kind": kind_label(row.kind),
                    "reason": reason_label(row.reason),
                    "who": people.get(row.person_key, ""),
                }
                for row in page.rows
            ],
            **keyset.neighbours(page, here),
        },
    )


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI).astimezone(UTC)


def _key_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        contact = parse_contact(text)
        user = known_user(contact) if contact is not None else None
        return user.person_key if user is not None else None


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponseBase:
    """Look somebody up by the whole address; and who the administrators are."""
    text = request.GET.get("q", "")[:254]
    key = _key_of(text) if text else None
    if key is not None and User.objects.filter(person_key=key).exists():
        return redirect("oversight:administration-person", key)
    holders = Administrator.objects.select_related("user").order_by("kind", "pk")
    return render(request, "administration/people.html", {"query": text, "holders": holders, "now": timezone.now()})


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """One account: its work, sessions and factors; switch it off or on, sign it out, give or take a duty."""
    me, now = _me(request), timezone.now()
    today = timezone.localdate(now)
    user = get_object_or_404(User.objects.filter(person_key=key))
    if request.method == "POST":
        what, kind = (request.POST.get(name, "") for name in ("do", "kind"))

        def changed() -> tuple[str, str]:
            _change(what, kind, user, me, now=now, address=client_address(request))
            text = (
                gettext("已提出。另一种职责的管理员同意24小时后生效。")
                if what in duty_changes.WHATS
                else gettext("已办。")
            )
            return request.path, text

        return redirect_once(request, changed)
    with working_as_steps():
        waiting = duty_changes.open_change(user, now=now)
    duty = Administrator.objects.filter(user=user).first()
    work = duties.work_of(user, today=today)
    tokens: Any = getattr(user, "api_tokens", None)
    with working_as_steps():
        sessions = list(BrowserSession.objects.filter(user=user, expire_date__gt=now)[:50])
    return render(
        request,
        "administration/person.html",
        {
            # A consumer's name is no business of the platform; a colleague's at work is.
            "person": user,
            "name": user.name if work or duty else masked_name(user.name),
            "email": masked_email(user.email or ""),
            "phone": masked_phone(user.phone or ""),
            "duty": duty,
            "work": work,
            "is_me": user.pk == me.pk,
            "waiting": waiting and {"words": waiting.words, "state": duty_changes.STATES[waiting.state(now=now)]},
            "now": now,
            "kinds": []
            if duty or work
            else [(kind, POST_LABELS[role_at(duties.AT, kind)]) for kind in duties.may_give(me)],
            "sessions": [_session(row) for row in sessions],
            "factors": SecondFactor.objects.filter(user=user).count(),
            "tokens": list(tokens.filter(revoked_at=None, expires_at__gt=now)[:50]) if tokens is not None else [],
            "is_last_head": user.is_active and duties.is_last_head(user, today=today),
        },
    )


def _session(row: BrowserSession) -> dict[str, Any]:
    given = row.get_decoded()
    seen = given.get(SEEN)
    return {
        "device": given.get(DEVICE, ""),
        "place": given.get(PLACE, ""),
        "seen": datetime.fromtimestamp(seen, UTC) if isinstance(seen, int | float) else None,
    }


def _change(what: str, kind: str, user: User, me: User, *, now: datetime, address: str) -> None:
    values: dict[str, Any] = {"by": me, "now": now, "address": address}
    if what == "off":
        duties.switch_off(user, **values)
    elif what == "sign_out":
        duties.end_sessions(user, **values)
    elif what == "revoke_tokens":
        duties.revoke_tokens(user, **values)
    else:
        with working_as_steps():
            duty_changes.ask(what, user, kind=kind, by=me, now=now)


@never_cache
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The record from outside: checkpoints, whether a case's record is unbroken, files by state, exports made."""
    typed = request.GET.get("case", "")[:40]
    number = tidy(typed.strip().upper()) if typed else ""
    report = state.verified(number) if number else None
    return render(
        request,
        "administration/audit.html",
        {
            "now": timezone.now(),
            "unsealed": state.unsealed(),
            "checkpoints": state.checkpoints(10),
            "typed": typed,
            "report": report,
            "number": number,
            "files": state.files_by_state(),
            "exports": state.exports(50),
            "changes": duty_views.shown(_me(request), now=timezone.now(), most=20),
        },
    )

"""All components on one page, for a consumer and for staff, in every look: axe must have nothing to say."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.test_components"),
]

DUE = datetime(2031, 12, 2, 16, 0, tzinfo=UTC)
LATE = datetime(2026, 1, 20, 16, 0, tzinfo=UTC)
AT = datetime(2026, 11, 25, 8, 5, tzinfo=UTC)

# Markup as long as it is.
SOURCE = """{% extends "base.html" %}
{% block body_class %}{% if staff %}staff{% endif %}{% endblock %}
{% block main_class %}page{% if not staff %} with-rail{% endif %}{% endblock %}
{% block main %}{% include "components/back.html" with url="/" only %}
<div class="page-head">
{% error_summary form %}
{% include "components/steps.html" with step=4 total=8 marks=marks only %}
<h1>组件</h1></div>
<div class="stack-l"><div class="stack">
{% include "components/duty.html" with next_action=next_action only %}
{% for tone in tones %}
{% include "components/banner.html" with tone=tone title="轮到您了" text="请答复" url="/" action="查看" only %}
<p>
{% tag "协商中" tone %}
</p>
{% endfor %}
<p class="row">{% for clock in clocks %}{% chip clock "/why/" %} {% endfor %}</p>
{% include "components/offer_card.html" with offer=offer only %}
{% include "components/summary.html" with rows=rows only %}
</div>
<form method="post" novalidate>{{ form }}<fieldset class="choices">
<legend class="vh">要求</legend>
{% with error="金额请填数字" %}
{% include "components/demand_row.html" with name="demand" value="refund" label="退费" hint="多扣的" checked=True money_name="refund_amount" error=error only %}
{% endwith %}
{% include "components/demand_row.html" with name="demand" value="sorry" label="道歉" only %}
</fieldset>
<div class="actions">
<button class="btn">提交</button></div></form>
{% include "components/filters.html" with form=filter active=active only %}
<div class="panel is-flush">
<table class="table cards sticky-head" role="table">
<caption class="vh">案件</caption>
{% include "components/table_head.html" with columns=columns only %}
<tbody role="rowgroup">
<tr role="row">
<td role="cell">
<input type="checkbox" aria-label="选择"></td>
<th role="rowheader" scope="row">7K3Q</th>
<td role="cell" class="num">¥128.50</td></tr></tbody></table></div>
{% include "components/pagination.html" with previous_url="?a" next_url="?b" summary="第1–11件" only %}
{% include "components/empty.html" with title="都在期限内" text="没有逾期的案件" url="/" action="看全部" only %}
</div>
<div class="rail">
<h2>经过</h2>
<ol class="timeline">
{% for tone in tones %}
{% include "components/event.html" with tone=tone at=at title="受理" actor="李敏" detail="电话" internal=True files=files digest="9f2c" only %}
{% endfor %}
</ol></div>
{% endblock %}"""  # noqa: E501


class Everything(forms.Form):
    text = forms.CharField(label="经过", help_text="写清楚")
    note = forms.CharField(label="补充", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    kind = forms.ChoiceField(label="种类", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(label="要求", choices=[("a", "甲")], widget=forms.CheckboxSelectMultiple)
    place = forms.ChoiceField(label="地区", choices=[("a", "鼓楼")])
    upload = forms.FileField(label="材料", required=False)
    agreed = forms.BooleanField(label="以上内容属实")


class Filter(forms.Form):
    q = forms.CharField(label="编号", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    problem = forms.ChoiceField(label="问题", choices=[("", "全部")], required=False)


def gallery(request: HttpRequest) -> HttpResponse:
    promise = {
        "what": "退费",
        "amount": Decimal("128.5"),
        "to_whom": "原账户",
        "due_at": DUE,
        "proof": "流水",
        "state": "未到期",
    }
    context = {
        "staff": "staff" in request.GET,
        "form": Everything({"note": "留着"}),
        "filter": Filter({}, prefix="f"),
        "active": [{"label": "福州市", "remove_url": "?"}],
        "marks": [True] * 4 + [False] * 4,
        "tones": ["neutral", "info", "ok", "warn", "bad", "authority"],
        "at": AT,
        "files": [{"name": "账单.pdf", "url": "/x/", "size": "240 KB"}],
        "next_action": {
            "tone": "warn",
            "status": "待您确认",
            "clock": {"due_at": DUE, "working_days_left": 3, "fraction": 0.5, "url": "/why/"},
            "holder": "您",
            "holder_detail": "企业负责人：李敏",
            "since": date(2026, 11, 18),
            "due_at": DUE,
            "due_detail": "5个工作日，已过2个",
            "if_missed": "办结，不算和解成功",
        },
        "clocks": [
            {"due_at": DUE, "working_days_left": 3},
            {"due_at": DUE, "working_days_left": 1, "fraction": 0.9},
            {"due_at": LATE, "working_days_overdue": 9},
            {"due_at": DUE, "paused_for": "您答复方案"},
            {"due_at": DUE, "state": "met"},
            {"due_at": DUE, "working_days_left": 9, "is_provisional": True},
        ],
        "offer": {
            "title": "第2份方案",
            "at": AT,
            "by": "李敏",
            "state": "等您答复",
            "state_tone": "warn",
            "answers": [
                {"demand": "退费", "asked": Decimal("128.5"), "verdict": "同意", "tone": "ok", "text": "全部退还"},
                {"demand": "道歉", "asked": None, "verdict": "部分同意", "tone": "neutral", "text": "电话致歉"},
            ],
            "obligations": [promise],
            "total": Decimal("128.5"),
        },
        "rows": [{"key": "姓名", "value": "陈雨桐", "change_url": "/x/"}, {"key": "材料", "values_list": ["一", "二"]}],
        "columns": [
            {"label": "选择", "is_hidden": True},
            {"label": "编号", "url": "?sort=n", "sort": "ascending"},
            {"label": "金额", "is_number": True},
        ],
    }
    return HttpResponse(engines["django"].from_string(SOURCE).render(context, request))


urlpatterns = [path("gallery/", gallery, name="gallery"), path("", include("odr_portal.urls"))]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    ("look", "query"),
    [
        ({}, ""),
        ({"theme": "dark", "language": "en"}, ""),
        ({"display": "elder"}, ""),
        ({}, "?staff"),
        ({"theme": "dark"}, "?staff"),
    ],
    ids=["zh", "dark-en", "elder", "staff", "staff-dark"],
)
def test_all_components(visit: Callable[..., Any], width: int, query: str) -> None:
    visit(width=width).look(f"/gallery/{query}")

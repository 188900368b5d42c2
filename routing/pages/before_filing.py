"""The pages before filing: “is this the right place?”, and a letter to the enterprise, ten days to answer.

Nothing is kept and nothing is barred; the answers stand in the address, and each page ends with a way to file all the
same.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import phonenumbers
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from complaints.filing import drafts
from complaints.filing.held import held_by
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories
from complaints.procedure.typed_values import Day, FreeText, Money, Phone
from routing.right_place.right_place import QUESTIONS, Verdict, walk
from web.languages import reads_chinese

#: Our own measure of a fair time to answer a letter, in calendar days.
TIME_TO_ANSWER = timedelta(days=10)
#: Before a number of this country.
CHINA = 86


class LetterForm(forms.Form):
    """The few fields of the letter; `today` bounds the days."""

    use_required_attribute = False

    firm = FreeText(label=_("写给哪家企业"), most=120, error_messages={"required": _("请写企业或店铺的名称")})
    item = FreeText(
        label=_("买了什么，用了什么服务"),
        most=100,
        error_messages={"required": _("请写商品或服务的名称，例如“千兆宽带”")},
    )
    happened_on = Day(label=_("什么时候发生的"), help_text=_("记不清可以不填"), required=False)
    order_no = FreeText(label=_("订单号、合同号或业务号码"), help_text=_("企业凭它找到您"), most=60, required=False)
    happened = FreeText(
        label=_("发生了什么"),
        help_text=_("600字以内。写明时间、金额、对方怎么说；不要写密码和完整的银行卡号"),
        most=600,
        lines=6,
        error_messages={"required": _("请写明发生了什么；越具体，越容易解决")},
    )
    wanted = FreeText(
        label=_("希望怎么解决"),
        help_text=_("200字以内。例如：退还多扣的费用"),
        most=200,
        lines=3,
        error_messages={"required": _("请写希望怎么解决，例如“退还多扣的费用”")},
    )
    amount = Money(label=_("要求退或赔多少钱（元）"), help_text=_("不涉及钱就不填"), required=False)
    name = FreeText(label=_("您的姓名"), most=60, required=False)
    phone = Phone(label=_("您的电话"), required=False)

    def __init__(self, *arguments: Any, today: date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            if isinstance(field, Day):
                field.latest = today
        self.fields["name"].widget.attrs["autocomplete"] = "name"


def from_draft(draft: FilingDraft) -> dict[str, Any]:
    """What an unfinished complaint says already, as typed."""
    today = draft.saved_at.date()
    picked = drafts.picked(draft, today=today)
    demanded = draft.data.get("demands", {}).get("demand", ())
    known = {
        "firm": picked.name if picked else drafts.first(draft, "enterprise", "named"),
        "item": drafts.first(draft, "purchase", "item_name"),
        "order_no": drafts.first(draft, "purchase", "order_no") or drafts.first(draft, "problem", "service_number"),
        "happened_on": drafts.first(draft, "problem", "disputed_on"),
        "happened": drafts.first(draft, "problem", "statement") or drafts.first(draft, "story", "text"),
        "wanted": "\n".join(str(kind.label) for kind in categories.DEMAND_KINDS if kind.code in demanded),
        "amount": drafts.first(draft, "demands", "amount_refund"),
        "name": drafts.first(draft, "you", "name"),
        "phone": drafts.first(draft, "you", "phone"),
    }
    return {name: value for name, value in known.items() if value}


def written(values: Mapping[str, Any], *, today: date) -> str:
    """The letter as plain text, in the language that is on; `values` is the cleaned form."""
    lines = [gettext("致：%(firm)s") % values, ""]
    bought = gettext("我购买或使用了：%(item)s") % values
    if values["order_no"]:
        bought += gettext("（号码：%(order_no)s）") % values
    lines += [bought, ""]
    if values["happened_on"]:
        lines.append(gettext("发生日期：%(day)s") % {"day": date_format(values["happened_on"])})
    lines += [gettext("发生了什么："), values["happened"], "", gettext("我的要求："), values["wanted"]]
    if values["amount"] is not None:
        lines.append(gettext("涉及金额：¥%(amount)s") % {"amount": f"{values['amount']:,.2f}"})
    lines += [
        "",
        gettext("请在%(day)s前书面答复。没有答复或者协商不成，我会通过12315请求解决。")
        % {"day": date_format(today + TIME_TO_ANSWER)},
        "",
        gettext("姓名：%(name)s") % {"name": values["name"] or "＿＿＿＿＿＿"},
        gettext("电话：%(phone)s") % {"phone": _as_people_write(values["phone"]) or "＿＿＿＿＿＿"},
        date_format(today),
    ]
    return "\n".join(lines)


def _as_people_write(phone: str) -> str:
    """A number of this country without its code: who reads the letter dials as it stands."""
    if not phone:
        return ""
    number = phonenumbers.parse(phone)
    way = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, way.NATIONAL if number.country_code == CHINA else way.INTERNATIONAL)


#: The name under which a page says which question it was: to tell “not yet asked” from “left open”.
ASKED = "asked"


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """One question, or what came of them; 422 when the question was sent without an answer."""
    path = walk({question.code: request.GET.get(question.code, "") for question in QUESTIONS})
    answers = list(path.asked.items())
    here = reverse("routing:check")
    context: dict[str, Any] = {"path": path, "answers": answers, "total": len(QUESTIONS)}
    if path.question is None:
        carried = {"object_category": path.category} if path.category else {}
        context |= {
            "is_yes": path.verdict is Verdict.YES,
            "is_but": path.verdict is Verdict.BUT,
            "summary": [
                {
                    "key": question.text,
                    "value": answer.label,
                    "change_url": f"{here}?{urlencode(answers[:place])}" if place else here,
                }
                for place, (question, answer) in enumerate(path.given)
            ],
            "file_url": f"{reverse('complaints:file')}?{urlencode(carried)}" if carried else reverse("complaints:file"),
        }
        return render(request, "public/check_result.html", context)
    number = len(answers) + 1
    is_left_open = request.GET.get(ASKED, "") == path.question.code
    before = answers[:-1]
    context |= {
        "question": path.question,
        "number": number,
        "marks": [place <= number for place in range(1, len(QUESTIONS) + 1)],
        "back_url": (f"{here}?{urlencode(before)}" if before else here) if answers else "/",
        "has_errors": is_left_open,
    }
    return render(request, "public/check.html", context, status=422 if is_left_open else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest) -> HttpResponse:
    """A letter to the enterprise from a few fields, or from the draft in this browser; nothing is kept."""
    now = timezone.now()
    today = timezone.localdate(now)
    if request.method != "POST":
        held = held_by(request, now=now)
        form = LetterForm(today=today, initial=from_draft(held.draft) if held and held.draft.filed_at is None else {})
        return render(request, "public/letter.html", {"form": form})
    form = LetterForm(request.POST, today=today)
    if not form.is_valid():
        return render(request, "public/letter.html", {"form": form}, status=422)
    # The enterprise reads Chinese; who wrote in another language sees beside it what it says.
    with override("zh-hans"):
        text = written(form.cleaned_data, today=today)
    meaning = "" if reads_chinese() else written(form.cleaned_data, today=today)
    return render(request, "public/letter.html", {"form": form, "letter": text, "meaning": meaning})

"""The forms around a story: what happened, what of it was understood, and a report that was split off."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.filing import places
from complaints.filing.forms import LONGEST_REPORT
from complaints.filing.story import BOTH, CHANGE, NO, NONE, ONLY, YES, Line, Understood
from complaints.handling.steps.filing import LONGEST_STATEMENT
from complaints.listening.hearing import ANOTHER, BUSINESS, CIRCUMSTANCES, EARLIER, REPORT
from complaints.procedure import categories
from complaints.procedure.duties import duties
from complaints.procedure.typed_values import FreeText, Several
from web import dates
from web.templatetags.portal import money

#: The four questions that everybody is asked.
ASKED: dict[str, str | Promise] = {
    ANOTHER: gettext_lazy("替别人投诉，或和别人一起投诉"),
    BUSINESS: gettext_lazy("为单位或做生意买的、用的"),
    EARLIER: gettext_lazy("这件事以前投诉过"),
    REPORT: gettext_lazy("也想举报违法行为"),
}
#: 12315 and the like stand among the bodies with an office and without a name.
_BODIES = {body.code: body for sector in categories.SECTORS for body in sector.bodies}


class StoryForm(forms.Form):
    """The one box."""

    story = FreeText(
        label=gettext_lazy("发生了什么事？想要什么结果？"),
        help_text=gettext_lazy("像跟人说话一样写：哪家、什么事、想怎么解决。不要写密码和完整的银行卡号。"),
        most=LONGEST_STATEMENT,
        lines=7,
        error_messages={"required": gettext_lazy("请写几句发生了什么；不想写，也可以一步步填")},
    )

    use_required_attribute = False


class HeardForm(forms.Form):
    """A line a finding, the kinds of problem, and the four questions. Nothing is required but where a report that was
    heard goes."""

    use_required_attribute = False

    def __init__(self, *arguments: Any, what: Understood, **options: Any) -> None:
        self.what = what
        super().__init__(*arguments, **options)
        for number, line in enumerate(what.lines):
            several = line.firms if line.field == "firm" and len(line.firms) > 1 else []
            name = "firm" if several else f"line_{number}"
            field = _choice(_shown(line), _answers(line, several), quote=line.quote)
            field.initial = YES if line.is_filled else None
            self.fields[name] = field
            if line.field == "firm" and what.asks_where:
                self.fields["service_region"] = self._region()
            if line.field == "platform" and line.value == "?":
                self.fields["platform"] = FreeText(label=_("平台名称"), most=40, required=False)
        if what.problems:
            options_ = [(code, str(categories.problem_label(code))) for code in what.problems]
            self.fields["problem"] = _choice(_("像是哪一类问题？"), [*options_, (NONE, _("都不是"))])
        if REPORT in what.quotes:
            self.fields[REPORT] = _choice(
                _("要举报吗？"),
                [(BOTH, _("投诉，也举报")), (ONLY, _("只举报")), (NONE, _("不举报"))],
                quote=what.quotes[REPORT],
            )
            self.fields[REPORT].required = True
            text = _("请选要不要举报；举报的内容另行登记，企业看不到")
            self.fields[REPORT].error_messages["required"] = text
        # What decides where all of it goes stands first.
        first = [f"line_{number}" for number, line in enumerate(what.lines) if line.field == "elsewhere"]
        self.order_fields([*first, REPORT])
        asked = [code for code in CIRCUMSTANCES if code not in self.fields]
        self.fields["ask"] = Several(
            label=_("有这些情况吗？"),
            choices=[(code, self._asked(code)) for code in asked],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": _("请从列表中选择"), "invalid_list": _("请从列表中选择")},
        )

    @property
    def short(self) -> list[str]:
        """Those answered by 对, 改, 不是, side by side."""
        return [f"line_{number}" for number, line in enumerate(self.what.lines) if line.field != "elsewhere"]

    @property
    def findings(self) -> list[forms.BoundField]:
        """The lines in their order, with what belongs to one below it."""
        return [self[name] for name in self.fields if name != "ask"]

    def _asked(self, code: str) -> str:
        quote = self.what.quotes.get(code)
        return format_html("{}<small>{}</small>", ASKED[code], quoted(quote)) if quote else str(ASKED[code])

    @staticmethod
    def _region() -> forms.ChoiceField:
        _city, nearby = places.nearby()
        choices = [("", _("下一步再选")), *((str(place.id), place.name) for place in nearby)]
        return forms.ChoiceField(
            label=_("在哪里使用或购买"),
            choices=choices,
            required=False,
            error_messages={"invalid_choice": _("请从列表中选择地区")},
        )


def quoted(words: str) -> str:
    """The person's own words."""
    return format_html(_("您写了{quote}"), quote=format_html("<q>{}</q>", words))


def _choice(label: str, choices: list[tuple[str, str]], *, quote: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=quoted(quote) if quote else "",
        choices=choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择")},
    )


def _answers(line: Line, several: list[str]) -> list[tuple[str, str]]:
    if several:
        return [*((name, name) for name in several), (NO, _("都不是"))]
    if line.field == "elsewhere":
        return [(YES, _("是，看看该找谁")), (NO, _("不是这回事"))]
    return [(YES, _("对")), (CHANGE, _("改")), (NO, _("不是"))]


def _shown(line: Line) -> str:
    """The question of a line: what was understood, in words."""
    if line.field == "firm":
        return _("投诉哪一家？") if len(line.firms) > 1 else _("投诉%(name)s？") % {"name": line.value}
    if line.field == "demand":
        kind, yuan = line.demand
        what = str(categories.DEMAND_BY_CODE[kind].label)
        return _("想要：%(what)s？") % {"what": f"{what} {money(Decimal(yuan))}" if yuan else what}
    if line.field == "day":
        return _("发生在%(day)s？") % {"day": dates.day_text(date.fromisoformat(line.value), weekday=False)}
    if line.field == "platform":
        return _("在网上买的？") if line.value == "?" else _("在%(platform)s买的？") % {"platform": line.value}
    if line.value == "advice":
        return _("只是想问一问政策或法律？")
    return _("像是%(body)s管的事？") % {"body": body_name(duties()[line.value].bodies[0])}


def body_name(code: str) -> str:
    body = _BODIES[code]
    return str(body.name or body.office)


def bodies_of(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """(name, phone) of each."""
    return [(body_name(code), _BODIES[code].phone) for code in codes]


class SplitForm(forms.Form):
    """What the firm reads and what it does not."""

    statement = FreeText(
        label=gettext_lazy("投诉的经过"),
        help_text=gettext_lazy("企业看得到"),
        most=LONGEST_STATEMENT,
        lines=6,
        error_messages={"required": gettext_lazy("请写明发生了什么；越具体，越容易解决")},
    )
    report = FreeText(
        label=gettext_lazy("举报的内容"),
        help_text=gettext_lazy("企业看不到，由监管部门单独处理。500字以内"),
        most=LONGEST_REPORT,
        lines=4,
        error_messages={"required": gettext_lazy("请写举报的内容；不举报，就返回上一步选“不举报”")},
    )

    use_required_attribute = False

"""The forms around a story: what happened, what of it was understood, and a report that was split off."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.filing import places
from complaints.filing.bills import Printed
from complaints.filing.forms import LONGEST_REPORT
from complaints.filing.story import BOTH, CHANGE, NO, NONE, ONLY, YES, Line, Understood
from complaints.handling.steps.filing import LONGEST_STATEMENT
from complaints.listening.hearing import ANOTHER, BUSINESS, CIRCUMSTANCES, EARLIER, REPORT, is_former
from complaints.listening.patterns import patterns
from complaints.procedure import categories
from complaints.procedure.duties import duties
from complaints.procedure.typed_values import FreeText, Several
from web import dates
from web.languages import name_in_language
from web.templatetags.portal import money as yuan

#: The four questions that everybody is asked.
ASKED: dict[str, str | Promise] = {
    ANOTHER: gettext_lazy("替别人，或一起投诉"),
    BUSINESS: gettext_lazy("为单位或做生意用"),
    EARLIER: gettext_lazy("以前投诉过"),
    REPORT: gettext_lazy("也想举报"),
}
_THREE = ((YES, gettext_lazy("对")), (CHANGE, gettext_lazy("改")), (NO, gettext_lazy("不是")))
#: 12315 and the like stand among the bodies with an office and without a name.
_BODIES = {body.code: body for sector in categories.SECTORS for body in sector.bodies}


class StoryForm(forms.Form):
    """The one box; it may be empty where the story was spoken, or a bill tells what it is about."""

    story = FreeText(
        label=gettext_lazy("发生了什么事？想要什么结果？"),
        help_text=gettext_lazy("像跟人说话一样写：哪家、什么事、想怎么解决。不要写密码和完整的银行卡号。"),
        most=LONGEST_STATEMENT,
        lines=5,
        error_messages={"required": gettext_lazy("请写几句发生了什么；不方便写，可以录音，也可以打12315")},
    )

    use_required_attribute = False

    def __init__(self, *arguments: Any, is_needed: bool = True, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["story"].required = is_needed


class HeardForm(forms.Form):
    """A line for each finding that is no demand, the kinds of problem, where a report goes, and the four questions."""

    use_required_attribute = False

    def __init__(self, *arguments: Any, what: Understood, **options: Any) -> None:
        self.what = what
        super().__init__(*arguments, **options)
        for number, line in enumerate(what.lines):
            if line.field == "demand":
                continue
            several = line.one_of if line.field == "firm" and len(line.one_of) > 1 else []
            name = "firm" if several else f"line_{number}"
            field = _choice(_shown(line), _answers(line, several), quote=quoted(line.quote))
            field.is_short = not several and line.field != "elsewhere"  # type: ignore[attr-defined]
            if line.field == "firm" and any(is_former(firm, line.quote) for firm in line.one_of):
                field.help_text = format_html("{}。{}", field.help_text, _("这是以前的名称或业务"))
            field.initial = YES if line.is_filled else None
            field.required = line.field in ("firm", "region", "day")
            field.error_messages["required"] = _("请选一个")
            self.fields[name] = field
            if line.field == "platform":
                self.fields["platform"] = FreeText(label=_("平台名称"), most=40, required=False)
        for one in what.printed:
            firms = [*((name, _firm(name)) for name in one.several), (NO, _("都不是"))]
            field = _choice(_shown_of_bill(one), firms if one.several else _THREE, quote=on_the_bill(one.quote))
            field.is_short = not one.several  # type: ignore[attr-defined]
            field.required = one.field in ("firm", "day")
            field.error_messages["required"] = _("请选一个")
            self.fields[one.name] = field
        if what.problems:
            options_ = [(code, str(categories.problem_label(code))) for code in what.problems]
            self.fields["problem"] = _choice(_("像是哪一类问题？"), [*options_, (NONE, _("都不是"))])
            self.fields["problem"].required = True
            self.fields["problem"].error_messages["required"] = _("请选一类；都不像就选“都不是”")
        if REPORT in what.quotes:
            self.fields[REPORT] = _choice(
                _("要举报吗？"),
                [(BOTH, _("投诉，也举报")), (ONLY, _("只举报")), (NONE, _("不举报，删去这些话"))],
                quote=quoted(what.quotes[REPORT]),
            )
            self.fields[REPORT].required = True
            text = _("请选要不要举报；举报的内容另行登记，企业看不到")
            self.fields[REPORT].error_messages["required"] = text
        asked = [code for code in CIRCUMSTANCES if code not in self.fields]
        self.fields["ask"] = Several(
            label=_("有这些吗？"),
            help_text=_("没有就不选"),
            choices=[(code, self._asked(code)) for code in asked],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": _("请从列表中选择"), "invalid_list": _("请从列表中选择")},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number, line in self.what.of("platform"):
            answer = cleaned.get(f"line_{number}")
            is_to_be_named = answer == CHANGE or (answer == YES and line.value == "?")
            if is_to_be_named and not cleaned.get("platform"):
                self.add_error("platform", _("请写平台的名称，例如淘宝、京东"))
        return cleaned

    def names_of(self, field: str) -> tuple[str, ...]:
        """The controls of the lines of one field, in the story and on a bill."""
        names = ["firm", *(f"line_{number}" for number, _line in self.what.of(field)), f"bill_{field}"]
        return tuple(name for name in names if name in self.fields and (name != "firm" or field == "firm"))

    def _asked(self, code: str) -> str:
        quote = self.what.quotes.get(code)
        return format_html("{}<small>{}</small>", ASKED[code], quoted(quote)) if quote else str(ASKED[code])


def quoted(words: str) -> str:
    """The person's own words."""
    return format_html(_("您写了{quote}"), quote=format_html("<q>{}</q>", words))


def on_the_bill(words: str) -> str:
    """The words of a photographed bill."""
    return format_html(_("账单上写着{quote}"), quote=format_html("<q>{}</q>", words))


def _choice(label: str, choices: Sequence[tuple[str, str | Promise]], *, quote: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=quote,
        choices=choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择")},
    )


def _answers(line: Line, several: list[str]) -> Sequence[tuple[str, str | Promise]]:
    if several:
        return [*((name, _firm(name)) for name in several), (NO, _("都不是"))]
    if line.field == "elsewhere" and len(line.one_of) > 1:
        return [*_bodies(line), (NO, _("都不是"))]
    if line.field == "elsewhere":
        return [(YES, _("是，看看该找谁")), (NO, _("不是这回事"))]
    if line.value == "?":
        return [(YES, _("是")), (NO, _("不是"))]
    return _THREE


def _bodies(line: Line) -> list[tuple[str, str]]:
    """(code of the matter, who takes it) of those that may be meant; each body once."""
    named = {body_name(duties()[code].bodies[0]): code for code in reversed(line.one_of)}
    return [(code, name) for name, code in reversed(named.items())]


def _shown(line: Line) -> str:
    """The question of a line: what was understood, in words."""
    if line.field == "firm":
        return _("投诉哪一家？") if len(line.one_of) > 1 else _("投诉%(name)s？") % {"name": _firm(line.value)}
    if line.field == "day":
        return _("发生在%(day)s？") % {"day": dates.day_text(date.fromisoformat(line.value), weekday=False)}
    if line.field == "region":
        return _("在%(region)s？") % {"region": places.full_name(int(line.value))}
    if line.field == "platform":
        return _("在网上买的？") if line.value == "?" else _("在%(platform)s买的？") % {"platform": line.value}
    if line.value == "advice":
        return _("只是想问一问政策或法律？")
    if len(line.one_of) > 1:
        return _("像是哪个部门管的事？")
    return _("像是%(body)s管的事？") % {"body": body_name(duties()[line.value].bodies[0])}


def _shown_of_bill(one: Printed) -> str:
    """The question of what was read on a bill."""
    if one.field == "firm":
        return _("投诉哪一家？") if one.several else _("投诉%(name)s？") % {"name": _firm(one.value)}
    if one.field == "number":
        return _("号码是%(number)s？") % {"number": one.value}
    if one.field == "total":
        return _("账单合计%(sum)s：填作涉及金额？") % {"sum": yuan(one.value)}
    if len(one.value) == len("2026-09"):
        return _("发生在%(day)s？") % {"day": dates.month_text(date.fromisoformat(f"{one.value}-01"))}
    return _("发生在%(day)s？") % {"day": dates.day_text(date.fromisoformat(one.value), weekday=False)}


def _firm(name: str) -> str:
    """A carrier as the reader's language calls it; all others as they are called."""
    english = {row.name: row.name_en for row in patterns().of("firms")}
    return name_in_language(name, english.get(name, ""))


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

"""What one of several complainants decides alone, and the principal's way to take the case over.

The one rule: it binds nobody but the one who sends it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.forms.fields import Pick
from complaints.handling import Move
from complaints.handling.steps import parties
from complaints.pages.consumer.forms import StepForm, Words


class PartyForm(StepForm):
    name, steps = "party", ("answer_as_party",)
    title = gettext_lazy("您自己同意这个方案吗？")
    button = gettext_lazy("提交我的答复")
    agrees = Pick(
        label=gettext_lazy("您的答复"), choices=[("yes", gettext_lazy("同意")), ("no", gettext_lazy("不同意"))]
    )

    def effects(self) -> Sequence[Words]:
        return (
            _("方案由代表人统一接受。接受以后，只对代表人和同意的人有约束力。"),
            _("不同意的人不受约束，可以退出，自己另外投诉或起诉。"),
        )

    def moves(self) -> list[Move]:
        return [parties.answer_as_party(agrees=self.cleaned_data["agrees"] == "yes")]


class LeaveForm(StepForm):
    name, steps = "leave", ("withdraw_party",)
    title = gettext_lazy("退出共同投诉？")
    button = gettext_lazy("退出")
    is_danger = True

    def effects(self) -> Sequence[Words]:
        return (_("其他人的投诉照常办理，您以后看不到这件投诉。"), _("您自己的诉求不再办理；可以自己另外投诉。"))

    def moves(self) -> list[Move]:
        return [parties.withdraw_party()]


class PowerForm(StepForm):
    name, steps = "power", ("end_power",)
    title = gettext_lazy("收回委托，自己办理？")
    button = gettext_lazy("收回委托")

    def effects(self) -> Sequence[Words]:
        return (_("代理人马上看不到这件投诉，也不能再办任何一步。"), _("他以前办过的仍然有效，记录里写明是谁办的。"))

    def moves(self) -> list[Move]:
        return [parties.end_power()]

"""What an officer says about a complaint that came by telephone, counter, letter or 12345: how it came, and when.

What the complaint says is asked by the questions of filing (filing/steps.py); here is only what the
officer knows about how it reached us.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, Day, StepForm, set_choices, words_of
from complaints.models import Complaint
from enterprises.models import Station

CALL, COUNTER, POST, HOTLINE = "phone", "counter", "post", "hotline"
#: A number of 12345 is taken once under this name and the code of the city: each city's hotline numbers by itself.
SOURCE = "12345"
#: Channel → how the officer knows who spoke.
HOW = {CALL: "call", COUNTER: "counter", POST: "post", HOTLINE: "hotline"}


class CameForm(StepForm):
    """How it came."""

    channel = Choice(label=_("怎么来的"), choices=lambda: words_of(tuple(HOW), "channel"))
    received_on = Day(
        label=_("收到的日期"),
        required=False,
        help_text=_("来信填签收的那一天，审查期限从这一天起算；来电、来访不填就是今天。"),
    )
    handed_over = forms.CharField(
        label=_("12345工单号"), required=False, max_length=60, help_text=_("12345转来的必填。")
    )
    proof = forms.CharField(
        label=_("录音编号、签字单编号或者来信编号"),
        max_length=40,
        help_text=_("不写姓名和号码。"),
        error_messages={"required": _("请写编号，以后才核得到。")},
    )
    is_own_number = forms.BooleanField(
        label=_("来电号码就是投诉人的电话，或者已经回拨核实"),
        required=False,
        help_text=_("来访的也要当面打通这个号码才勾选。"),
    )
    station = forms.ChoiceField(
        label=_("在哪个服务站"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=_("由服务站转来的才选。"),
    )

    def __init__(
        self, data: Any = None, *, today: date, stations: list[Station], source: str = "", **options: Any
    ) -> None:
        """``source``: under which name a number of 12345 is taken (see SOURCE); a form that is only shown needs
        none."""
        super().__init__(data, prefix="came", **options)
        self.today, self.source = today, source
        set_choices(self, "station", [("", str(_("不经服务站"))), *((str(row.pk), str(row)) for row in stations)])

    def clean_received_on(self) -> date | None:
        day: date | None = self.cleaned_data["received_on"]
        if day is not None and day > self.today:
            raise ValidationError(_("收到的日期不能晚于今天。"))
        if day is not None and (self.today - day).days > 366:
            raise ValidationError(_("这一天太早了，请核对。"))
        return day

    def clean_proof(self) -> str:
        proof = " ".join(str(self.cleaned_data["proof"]).split())
        if not any(letter.isdigit() for letter in proof):
            raise ValidationError(_("编号里要有数字，例如 LY-2026-0815。"))
        return proof

    def clean_handed_over(self) -> str:
        return "".join(str(self.cleaned_data["handed_over"]).split()).upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel, order = cleaned.get("channel"), cleaned.get("handed_over")
        if channel == POST and not cleaned.get("received_on") and "received_on" not in self.errors:
            self.add_error("received_on", _("来信请填签收的日期。"))
        if channel == HOTLINE and not order:
            self.add_error("handed_over", _("请填12345的工单号。"))
        if channel != HOTLINE:
            cleaned["handed_over"] = ""
        elif order:
            there = Complaint.objects.filter(external_source=self.source, external_id=order).first()
            if there is not None:
                self.add_error("handed_over", _("这个工单已经登记：%(number)s。") % {"number": there.number})
        return cleaned

    def refuse_number(self) -> None:
        """The number of 12345 is that of a case which this officer does not see."""
        self.add_error("handed_over", _("这个工单已经登记，案件不在您的辖区。请核对工单号。"))

    @property
    def is_verified(self) -> bool:
        """Whether it is known that the person has this number: the call came from it, or it was rung. Who stands at the
        counter can name any number."""
        return bool(self.cleaned_data["channel"] in (CALL, COUNTER) and self.cleaned_data["is_own_number"])

    @property
    def recording(self) -> dict[str, str]:
        return {"how": HOW[self.cleaned_data["channel"]], "proof": self.cleaned_data["proof"]}


class ReadBackForm(StepForm):
    """Said back, word for word; a letter says itself."""

    read = forms.BooleanField(
        label=_("已经读给消费者听，消费者说对（来信和转来的：已经与原文核对）"),
        error_messages={"required": _("请先读给消费者听，再勾选。")},
    )

"""What somebody promises, a row each, and nothing typed is ever lost.

Rows come and go by submits like any other (``without_row``, ``MOST_ROWS``), so that the pages work without a script.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import UNCHOSEN, Choice, Day, FreeText, Money, StepForm, labels_of
from complaints.handling import Promise
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS
from web.incoming import whole

#: So many rows one form may carry.
MOST_ROWS = 20
#: What a row says beside whose it is: the line of a demand says the same.
LINE_FIELDS = ("kind", "what", "amount", "due_on", "after", "days_after", "last4", "proof", "is_done")
ROW_FIELDS = (*LINE_FIELDS, "owed_by", "demand")


class PromiseRowsForm(StepForm):
    """``count`` rows of promises, whose fields are named ``promise-1-kind``."""

    #: How the names of the rows begin.
    row = "promise"
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, count: int, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.count, self.today = count, today
        self.fields["rows"].initial = count
        for place in range(1, count + 1):
            self.fields |= {self.at(place, name): field for name, field in self.row_fields(place).items()}

    def at(self, place: int, name: str) -> str:
        return f"{self.row}-{place}-{name}"

    def row_fields(self, place: int) -> dict[str, forms.Field]:
        whose = gettext("约定%(n)s") % {"n": place}
        fields = said_fields(whose)
        fields["what"].required = True
        fields["owed_by"] = Choice(
            label=named(whose, _("由谁做")),
            widget=forms.Select,
            initial="enterprise",
            choices=[("enterprise", _("本企业")), ("consumer", _("消费者"))],
        )
        if place > 1:
            fields |= when_fields(whose, [(str(n), gettext("在约定%(n)s之后") % {"n": n}) for n in range(1, place)])
        return fields

    @property
    def promise_rows(self) -> list[dict[str, Any]]:
        """Each promise with its place and its controls; None for what a row does not have."""
        return [
            {"place": place, **dict.fromkeys(ROW_FIELDS)}
            | {name: self[at] for name in ROW_FIELDS if (at := self.at(place, name)) in self.fields}
            for place in range(1, self.count + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        #: What each field could read by itself, whatever the others say.
        self.readable = dict(cleaned)
        for place in range(1, self.count + 1):
            self.check_said(partial(self.at, place), cleaned)
        return cleaned

    def check_said(self, at: Callable[[str], str], cleaned: Mapping[str, Any]) -> None:
        """What one promise lacks; ``at``: where a field of it stands."""

        def wrong(name: str, text: str) -> None:
            if at(name) not in self.errors:
                self.add_error(at(name), text)

        def value(name: str) -> Any:
            return cleaned.get(at(name))

        if value("kind") in MONEY_KINDS and not value("amount"):
            wrong("amount", gettext("金额请填数字，例如 128.50"))
        if value("is_done"):
            if not value("proof"):
                wrong("proof", gettext("已经做到的，请写明证明，例如流水号和日期。"))
            if value("owed_by") == "consumer":
                wrong("is_done", gettext("只有企业自己的事可以写“已经做到”。"))
            if value("due_on") is not None and value("due_on") > self.today:
                wrong("due_on", gettext("已经做到的事，不能再约定以后的日期。"))
            if value("after"):
                wrong("after", gettext("已经做到的事，不能再约定以后的日期。"))
        elif value("after"):
            if value("days_after") is None:
                wrong("days_after", gettext("请填数字，例如 3"))
        elif value("due_on") is None:
            wrong("due_on", gettext("请写明最后一天。"))
        elif value("due_on") < self.today:
            wrong("due_on", gettext("这一天已经过去。"))
        last4 = value("last4")
        if last4 and not (len(last4) == 4 and last4.isascii() and last4.isalnum()):
            wrong("last4", gettext("只填账号末4位。"))

    def promises(self) -> list[Promise]:
        """What the rows say, in their order."""
        return [self.said_at(partial(self.at, place)) for place in range(1, self.count + 1)]

    def said_at(self, at: Callable[[str], str], **known: Any) -> Promise:
        """One promise as it was typed; ``known``: what its fields do not say."""
        row = {name: self.readable.get(at(name)) for name in ROW_FIELDS}
        after = whole(str(row["after"] or ""), 3)
        said: dict[str, Any] = {
            "kind": row["kind"] or "",
            "what": row["what"] or "",
            "amount": row["amount"],
            "owed_by": row["owed_by"] or "enterprise",
            "due_on": None if row["after"] else row["due_on"],
            "after": after,
            "days_after": row["days_after"] if row["after"] else None,
            "payee_last4": row["last4"] or "",
            "proof": row["proof"] or "",
            "demand": whole(str(row["demand"] or ""), 3),
            "is_done": bool(row["is_done"]),
        }
        return Promise(**said | known)


def named(whose: str, what: Any) -> str:
    """The name of a field that stands in many rows: whose it is, and what."""
    return gettext("%(label)s：%(value)s") % {"label": whose, "value": what}


def said_fields(whose: str) -> dict[str, forms.Field]:
    """What a promise says of itself."""
    kinds = [UNCHOSEN, *labels_of(OBLIGATION_KINDS, "obligation_kind")]
    return {
        "kind": Choice(label=named(whose, _("方式")), choices=kinds, widget=forms.Select),
        "what": FreeText(label=named(whose, _("做什么")), rows=1, longest=200, required=False),
        "amount": Money(label=named(whose, _("金额（元）"))),
        "due_on": Day(label=named(whose, _("最后一天")), required=False),
        "last4": FreeText(label=named(whose, _("收款账号末4位")), required=False, rows=1, longest=4),
        "proof": FreeText(label=named(whose, _("证明")), required=False, rows=1, longest=200),
    }


def when_fields(whose: str, before: Sequence[tuple[str, str]]) -> dict[str, forms.Field]:
    """Whether it is done by a day of its own, or so many working days after one of ``before``."""
    texts = {name: gettext("请填数字，例如 3") for name in ("invalid", "min_value", "max_value")}
    return {
        "after": Choice(
            label=named(whose, _("什么时候做")),
            required=False,
            choices=[("", _("有最后一天")), *before],
            widget=forms.Select,
        ),
        "days_after": forms.IntegerField(
            label=named(whose, _("之后几个工作日内")),
            required=False,
            min_value=1,
            max_value=365,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10"}),
            error_messages=texts,
        ),
    }


def count_of(data: Mapping[str, Any]) -> int:
    """How many rows of promises the browser sent; a number that nobody can mean is cut."""
    return min(row_number(str(data.get("rows", ""))), MOST_ROWS)


def row_number(text: str) -> int:
    """A number of a row as it was sent; 0 for none."""
    return whole(text, 3) or 0


def without_row(data: Mapping[str, Any], gone: int, *, row: str = PromiseRowsForm.row) -> dict[str, Any]:
    """What was typed, without row ``gone``: the rows behind it move up."""
    count = count_of(data)
    kept = {name: value for name, value in data.items() if not name.startswith(f"{row}-")}
    for place in range(1, count + 1):
        if place == gone:
            continue
        moved = place - (place > gone)
        for name in ROW_FIELDS:
            value = data.get(f"{row}-{place}-{name}")
            if value is None:
                continue
            if name == "after" and (after := whole(str(value), 3)) is not None:
                value = "" if after == gone else str(after - (after > gone))
            kept[f"{row}-{moved}-{name}"] = value
    kept["rows"] = str(max(0, count - (1 <= gone <= count)))
    return kept


def without_blank_rows(data: Mapping[str, Any], *, row: str = PromiseRowsForm.row) -> dict[str, Any]:
    """Rows in which nobody wrote anything promise nothing."""
    kept = dict(data)
    written = [name for name in ROW_FIELDS if name not in ("owed_by", "demand")]
    for place in range(count_of(data), 0, -1):
        if not any(str(kept.get(f"{row}-{place}-{name}") or "").strip() for name in written):
            kept = without_row(kept, place, row=row)
    return kept

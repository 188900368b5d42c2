"""The offer editor: one block a demand, any number of promises, nothing typed is ever lost.

The fields are named as the rule names them (``answer-1``, ``promise-2-amount``),
and a demand without an answer cannot be sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import CHOOSE, FILL, Choice, Day, Money, StepForm, Words, words_of
from complaints.handling import Answer, Promise
from complaints.handling.steps.offers import SHORTEST_REASON
from complaints.models import Demand, Obligation, Offer, OfferAnswer
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS

VERDICTS = ("grant", "part", "refuse")
#: So many promises one offer may carry.
MOST_ROWS = 20
ROW_FIELDS = ("kind", "what", "amount", "due_on", "owed_by", "after", "days_after", "last4", "proof")


@dataclass(frozen=True, slots=True)
class DemandBlock:
    """One demand with its four controls, for the template."""

    demand: Demand
    title: str
    verdict: BoundField
    amount: BoundField
    reason: BoundField
    separable: BoundField


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise with its controls."""

    place: int
    kind: BoundField
    what: BoundField
    amount: BoundField
    due_on: BoundField
    owed_by: BoundField
    after: BoundField | None
    days_after: BoundField | None
    last4: BoundField
    proof: BoundField


class OfferForm(StepForm):
    """``count`` rows of promises; the same form makes an offer and replaces one."""

    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)
    template = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)
    pick = Choice(label=_("回复模板"), required=False, widget=forms.Select)
    message = Words(label=_("给消费者的话"), required=False, rows=3)

    def __init__(
        self,
        *args: Any,
        demands: Sequence[Demand],
        count: int,
        today: date,
        templates: Sequence[tuple[int, str]] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.fields["pick"].choices = [("", _("请选择")), *((str(pk), name) for pk, name in templates)]  # type: ignore[attr-defined]
        self.has_templates = bool(templates)
        self.demands, self.count, self.today = list(demands), count, today
        self.fields["rows"].initial = count
        for demand in self.demands:
            self._add_demand(demand)
        for place in range(1, count + 1):
            self._add_promise(place)

    def _add_demand(self, demand: Demand) -> None:
        n = demand.ordinal
        self.fields[f"answer-{n}"] = Choice(
            label=gettext("诉求%(n)s的答复") % {"n": n},
            choices=words_of(VERDICTS, "verdict"),
            error_messages={"required": gettext("还没有答复第%(n)s项诉求，每一项都要答复。") % {"n": n}},
        )
        self.fields[f"answer-{n}"].error_messages["required"] = gettext("还没有答复第%(n)s项诉求，每一项都要答复。") % {
            "n": n
        }
        self.fields[f"amount-{n}"] = Money(label=gettext("诉求%(n)s同意的金额（元）") % {"n": n})
        self.fields[f"reason-{n}"] = Words(
            label=gettext("诉求%(n)s的说明") % {"n": n}, required=False, rows=2, longest=1000
        )
        self.fields[f"separable-{n}"] = forms.BooleanField(label=gettext("消费者可以只接受这一项"), required=False)

    def _add_promise(self, place: int) -> None:
        slot = {"n": place}
        kinds = [("", _("请选择")), *words_of(OBLIGATION_KINDS, "obligation_kind")]
        self.fields[f"promise-{place}-kind"] = Choice(
            label=gettext("事项%(n)s的方式") % slot, choices=kinds, widget=forms.Select
        )
        self.fields[f"promise-{place}-what"] = Words(label=gettext("事项%(n)s") % slot, rows=1, longest=200)
        self.fields[f"promise-{place}-amount"] = Money(label=gettext("事项%(n)s的金额（元）") % slot)
        self.fields[f"promise-{place}-due_on"] = Day(label=gettext("事项%(n)s的最后一天") % slot, required=False)
        self.fields[f"promise-{place}-owed_by"] = Choice(
            label=gettext("事项%(n)s由谁做") % slot,
            widget=forms.Select,
            initial="enterprise",
            choices=[("enterprise", _("本企业")), ("consumer", _("消费者"))],
        )
        self.fields[f"promise-{place}-last4"] = Words(
            label=gettext("事项%(n)s收款账号末4位") % slot, required=False, rows=1, longest=4
        )
        self.fields[f"promise-{place}-proof"] = Words(
            label=gettext("事项%(n)s的证明") % slot, required=False, rows=1, longest=200
        )
        if place > 1:
            before = [
                ("", _("有最后一天")),
                *((str(n), gettext("在事项%(n)s之后") % {"n": n}) for n in range(1, place)),
            ]
            self.fields[f"promise-{place}-after"] = Choice(
                label=gettext("事项%(n)s什么时候做") % slot, required=False, choices=before, widget=forms.Select
            )
            self.fields[f"promise-{place}-days_after"] = forms.IntegerField(
                label=gettext("事项%(n)s在之后几个工作日内") % slot,
                required=False,
                min_value=1,
                max_value=365,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10"}),
                error_messages={name: gettext("请填数字，例如 3") for name in ("invalid", "min_value", "max_value")},
            )

    @property
    def blocks(self) -> list[DemandBlock]:
        return [
            DemandBlock(
                demand=d,
                title=wording.label(d.kind, kind="demand_kind"),
                verdict=self[f"answer-{d.ordinal}"],
                amount=self[f"amount-{d.ordinal}"],
                reason=self[f"reason-{d.ordinal}"],
                separable=self[f"separable-{d.ordinal}"],
            )
            for d in self.demands
        ]

    @property
    def promise_rows(self) -> list[PromiseRow]:
        return [
            PromiseRow(
                place=place,
                **{  # type: ignore[arg-type]
                    name: self[f"promise-{place}-{name}"] if f"promise-{place}-{name}" in self.fields else None
                    for name in ROW_FIELDS
                },
            )
            for place in range(1, self.count + 1)
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for demand in self.demands:
            self._check_answer(demand, said)
        for place in range(1, self.count + 1):
            self._check_promise(place, said)
        return said

    def _check_answer(self, demand: Demand, said: dict[str, Any]) -> None:
        n = demand.ordinal
        verdict, reason = said.get(f"answer-{n}"), said.get(f"reason-{n}", "")
        if verdict in ("part", "refuse") and len(reason) < SHORTEST_REASON and f"reason-{n}" not in self.errors:
            self.add_error(
                f"reason-{n}", gettext("部分同意或者不同意时，请写明理由，至少%(n)s个字。") % {"n": SHORTEST_REASON}
            )
        amount = said.get(f"amount-{n}")
        if verdict == "grant" and demand.amount and amount is not None and amount < demand.amount:
            self.add_error(f"amount-{n}", gettext("少于消费者要求的金额时，请选“部分同意”并写明理由。"))
        if verdict == "part" and demand.amount and said.get(f"amount-{n}") is None and f"amount-{n}" not in self.errors:
            self.add_error(f"amount-{n}", gettext("部分同意时请填金额，例如 128.50"))
        if verdict == "part" and demand.amount and amount is not None and amount > demand.amount:
            self.add_error(f"amount-{n}", gettext("多于消费者要求的金额。请核对；愿意多给的，请选“同意”。"))
        if verdict == "part" and demand.amount and amount is not None and not amount:
            self.add_error(f"amount-{n}", gettext("金额是0就是不同意，请选“不同意”并写明理由。"))

    def _check_promise(self, place: int, said: dict[str, Any]) -> None:
        def missing(name: str, text: str) -> None:
            if f"promise-{place}-{name}" not in self.errors:
                self.add_error(f"promise-{place}-{name}", text)

        def value(name: str) -> Any:
            return said.get(f"promise-{place}-{name}")

        if value("kind") in MONEY_KINDS and not value("amount"):
            missing("amount", gettext("金额请填数字，例如 128.50"))
        if value("after"):
            if value("days_after") is None:
                missing("days_after", gettext("请填数字，例如 3"))
        elif value("due_on") is None:
            missing("due_on", gettext("请写明最后一天。"))
        elif value("due_on") < self.today:
            missing("due_on", gettext("这一天已经过去。"))
        last4 = value("last4")
        if last4 and not (len(last4) == 4 and last4.isascii() and last4.isalnum()):
            missing("last4", gettext("只填账号末4位。"))

    def answers(self) -> list[Answer]:
        """What the verb wants to hear; only of a valid form."""
        said = self.cleaned_data
        return [
            Answer(
                demand=d.ordinal,
                verdict=said[f"answer-{d.ordinal}"],
                reason=said[f"reason-{d.ordinal}"],
                amount=None
                if said[f"answer-{d.ordinal}"] == "refuse"
                else _granted(d, said[f"answer-{d.ordinal}"], said[f"amount-{d.ordinal}"]),
                is_separable=said[f"separable-{d.ordinal}"],
            )
            for d in self.demands
        ]

    def promises(self) -> list[Promise]:
        found = []
        for place in range(1, self.count + 1):
            said = {name: self.cleaned_data.get(f"promise-{place}-{name}") for name in ROW_FIELDS}
            after = int(said["after"]) if said["after"] else None
            found.append(
                Promise(
                    kind=said["kind"] or "",
                    what=said["what"] or "",
                    amount=said["amount"],
                    owed_by=said["owed_by"] or "enterprise",
                    due_on=None if after else said["due_on"],
                    after=after,
                    days_after=said["days_after"] if after else None,
                    payee_last4=said["last4"] or "",
                    proof=said["proof"] or "",
                )
            )
        return found


def _granted(demand: Demand, verdict: str, typed: Decimal | None) -> Decimal | None:
    """Granting a sum without naming one means the whole of it."""
    return demand.amount if verdict == "grant" and typed is None else typed


def count_of(data: Mapping[str, Any]) -> int:
    """How many rows of promises the browser sent; a number that nobody can mean is cut."""
    text = str(data.get("rows", ""))
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def without_row(data: Mapping[str, Any], gone: int) -> dict[str, Any]:
    """What was typed, without row ``gone``: the rows behind it move up."""
    count = count_of(data)
    kept = {name: value for name, value in data.items() if not name.startswith("promise-")}
    for place in range(1, count + 1):
        if place == gone:
            continue
        moved = place - (place > gone)
        for name in ROW_FIELDS:
            value = data.get(f"promise-{place}-{name}")
            if value is None:
                continue
            if name == "after" and str(value).isdigit():
                after = int(value)
                value = "" if after == gone else str(after - (after > gone))
            kept[f"promise-{moved}-{name}"] = value
    kept["rows"] = str(max(0, count - (1 <= gone <= count)))
    return kept


def without_blank_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    """Rows in which nobody wrote anything promise nothing: whoever refuses everything leaves the first one empty."""
    kept = dict(data)
    for place in range(count_of(data), 0, -1):
        if not any(str(kept.get(f"promise-{place}-{name}") or "").strip() for name in ROW_FIELDS if name != "owed_by"):
            kept = without_row(kept, place)
    return kept


def standing_values(offer: Offer, answers: Sequence[OfferAnswer], obligations: Sequence[Obligation]) -> dict[str, Any]:
    """The offer on the table as the first values of the one that replaces it."""
    values: dict[str, Any] = {"message": offer.message, "rows": len(obligations)}
    for answer in answers:
        n = answer.demand.ordinal
        values |= {
            f"answer-{n}": answer.verdict,
            f"amount-{n}": answer.amount,
            f"reason-{n}": answer.reason,
            f"separable-{n}": answer.is_separable,
        }
    places = {o.ordinal: place for place, o in enumerate(obligations, start=1)}
    for place, row in enumerate(obligations, start=1):
        values |= {
            f"promise-{place}-{name}": value
            for name, value in (
                ("kind", row.kind),
                ("what", row.what),
                ("amount", row.amount),
                ("due_on", row.due_on),
                ("owed_by", row.owed_by),
                ("last4", row.payee_last4),
                ("proof", row.proof),
                ("after", str(places.get(row.after_ordinal or 0, ""))),
                ("days_after", row.days_after),
            )
        }
    return values


def proposed_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """An offer as it was proposed (what its verb was called with), as first values."""
    promises = said.get("promises", [])
    values: dict[str, Any] = {
        "message": said.get("message", ""),
        "rows": len(promises),
        "template": said.get("template_version"),
    }
    for answer in said.get("answers", []):
        values |= {
            f"{name}-{answer['demand']}": answer.get(key)
            for name, key in (
                ("answer", "verdict"),
                ("amount", "amount"),
                ("reason", "reason"),
                ("separable", "is_separable"),
            )
        }
    for place, row in enumerate(promises, start=1):
        values |= {
            f"promise-{place}-{name}": row.get("payee_last4" if name == "last4" else name) for name in ROW_FIELDS
        }
    return values


__all__ = [
    "CHOOSE",
    "FILL",
    "MOST_ROWS",
    "OfferForm",
    "count_of",
    "proposed_values",
    "standing_values",
    "without_blank_rows",
    "without_row",
]

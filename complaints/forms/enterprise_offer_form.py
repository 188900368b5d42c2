"""The offer editor: one block a demand, any number of promises, nothing typed is ever lost.

The fields are named as the rule names them (``answer-1``, ``promise-2-amount``), and a demand without an answer
cannot be sent, nor a grant without what is to be done for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import UNCHOSEN, Choice, Day, FreeText, Money, StepForm, labels_of, set_choices
from complaints.handling import Answer, Promise
from complaints.handling.steps.offers import SHORTEST_REASON
from complaints.models import Demand, Obligation, Offer, OfferAnswer
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS
from complaints.settlement import offer_findings, offer_terms
from web.incoming import whole

VERDICTS = ("grant", "part", "refuse")
#: So many promises one offer may carry.
MOST_ROWS = 20
#: A field of an answer → the attribute of the answer that it shows.
ANSWER_FIELDS = {"answer": "verdict", "amount": "amount", "reason": "reason", "separable": "is_separable"}
ROW_FIELDS = (
    *("kind", "what", "amount", "due_on", "owed_by", "after", "days_after", "last4", "proof"),
    *("demand", "is_done"),
)


class OfferForm(StepForm):
    """``count`` rows of promises; the same form makes an offer and replaces one."""

    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)
    template = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)
    pick = Choice(label=_("回复模板"), required=False, widget=forms.Select)
    message = FreeText(label=_("给消费者的话"), required=False, rows=3)

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
        set_choices(self, "pick", [UNCHOSEN, *((str(pk), name) for pk, name in templates)])
        self.has_templates = bool(templates)
        self.demands, self.count, self.today = list(demands), count, today
        #: No row was written for what is granted; the rows were added with the sums.
        self.is_bare = False
        #: What the law gives at least for each demand, by its ordinal.
        self.laws: dict[int, list[str]] = {}
        #: What is found in the words of each field, by its name.
        self.found: dict[str, list[offer_findings.Finding]] = {}
        self.fields["rows"].initial = count
        for demand in self.demands:
            self._add_demand(demand)
        for place in range(1, count + 1):
            self._add_promise(place)

    def _add_demand(self, demand: Demand) -> None:
        slot = {"n": demand.ordinal}
        answer = Choice(label=gettext("要求%(n)s的答复") % slot, choices=labels_of(VERDICTS, "verdict"))
        answer.error_messages["required"] = gettext("还没有答复第%(n)s项要求，每一项都要答复。") % slot
        reason = FreeText(label=gettext("要求%(n)s的说明") % slot, required=False, rows=2, longest=1000)
        self.fields |= {
            f"answer-{demand.ordinal}": answer,
            f"amount-{demand.ordinal}": Money(label=gettext("要求%(n)s同意的金额（元）") % slot),
            f"reason-{demand.ordinal}": reason,
            f"separable-{demand.ordinal}": forms.BooleanField(label=gettext("消费者可以只接受这一项"), required=False),
        }

    def _add_promise(self, place: int) -> None:
        slot = {"n": place}
        kinds = [UNCHOSEN, *labels_of(OBLIGATION_KINDS, "obligation_kind")]
        fields: dict[str, forms.Field] = {
            "kind": Choice(label=gettext("事项%(n)s的方式") % slot, choices=kinds, widget=forms.Select),
            "what": FreeText(label=gettext("事项%(n)s") % slot, rows=1, longest=200),
            "amount": Money(label=gettext("事项%(n)s的金额（元）") % slot),
            "due_on": Day(label=gettext("事项%(n)s的最后一天") % slot, required=False),
            "owed_by": Choice(
                label=gettext("事项%(n)s由谁做") % slot,
                widget=forms.Select,
                initial="enterprise",
                choices=[("enterprise", _("本企业")), ("consumer", _("消费者"))],
            ),
            "last4": FreeText(label=gettext("事项%(n)s收款账号末4位") % slot, required=False, rows=1, longest=4),
            "proof": FreeText(label=gettext("事项%(n)s的证明") % slot, required=False, rows=1, longest=200),
        }
        if self.demands:
            fields["is_done"] = forms.BooleanField(label=gettext("事项%(n)s已经做到") % slot, required=False)
        if len(self.demands) > 1:
            demands = [(str(d.ordinal), _of_demand(d)) for d in self.demands]
            label, none = gettext("事项%(n)s为哪一项要求") % slot, gettext("请选；只同意了一项时可以不选")
            fields["demand"] = Choice(label=label, required=False, choices=[("", none), *demands], widget=forms.Select)
        if place > 1:
            before = [(str(n), gettext("在事项%(n)s之后") % {"n": n}) for n in range(1, place)]
            label = gettext("事项%(n)s什么时候做") % slot
            fields["after"] = Choice(
                label=label, required=False, choices=[("", _("有最后一天")), *before], widget=forms.Select
            )
            fields["days_after"] = forms.IntegerField(
                label=gettext("事项%(n)s在之后几个工作日内") % slot,
                required=False,
                min_value=1,
                max_value=365,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10"}),
                error_messages={name: gettext("请填数字，例如 3") for name in ("invalid", "min_value", "max_value")},
            )
        self.fields |= {f"promise-{place}-{name}": field for name, field in fields.items()}

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Each demand with its four controls, for the template."""
        controls = {name if name != "answer" else "verdict": name for name in ANSWER_FIELDS}
        return [
            {
                "demand": demand,
                "title": wording.label(demand.kind, kind="demand_kind"),
                "law": self.laws.get(demand.ordinal),
                "found": self.found.get(f"reason-{demand.ordinal}"),
            }
            | {key: self[f"{name}-{demand.ordinal}"] for key, name in controls.items()}
            for demand in self.demands
        ]

    @property
    def found_in_message(self) -> list[offer_findings.Finding]:
        return self.found.get("message", [])

    @property
    def promise_rows(self) -> list[dict[str, Any]]:
        """Each promise with its place and its controls; the first has no ``after`` and no ``days_after``, what answers
        no demand no ``demand`` and no ``is_done``."""
        return [
            {"place": place, "after": None, "days_after": None, "demand": None, "is_done": None}
            | {"found": [one for name in ("what", "proof") for one in self.found.get(f"promise-{place}-{name}", [])]}
            | {name: self[f"promise-{place}-{name}"] for name in ROW_FIELDS if f"promise-{place}-{name}" in self.fields}
            for place in range(1, self.count + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for demand in self.demands:
            self._check_answer(demand, cleaned)
        for place in range(1, self.count + 1):
            self._check_promise(place, cleaned)
        self._check_blanks(cleaned)
        answered = not any(f"{name}-{d.ordinal}" in self.errors for d in self.demands for name in ANSWER_FIELDS)
        if self.demands and answered and (self.is_bare or not self.errors):
            promises = [] if self.is_bare else self.promises()
            for gap in offer_terms.gaps(self._answers(), offer_terms.with_demands(self._answers(), promises)):
                self.add_error(gap.field if gap.field in self.fields else None, gap.reason)
        return cleaned

    def _check_answer(self, demand: Demand, cleaned: dict[str, Any]) -> None:
        n = demand.ordinal
        verdict, amount = cleaned.get(f"answer-{n}"), cleaned.get(f"amount-{n}")
        is_too_short = len(cleaned.get(f"reason-{n}", "")) < SHORTEST_REASON and f"reason-{n}" not in self.errors
        if verdict in ("part", "refuse") and is_too_short:
            text = gettext("部分同意或者不同意时，请写明理由，至少%(n)s个字。")
            self.add_error(f"reason-{n}", text % {"n": SHORTEST_REASON})
        if not demand.amount or f"amount-{n}" in self.errors:
            return
        if verdict == "grant" and amount is not None and amount < demand.amount:
            self.add_error(f"amount-{n}", gettext("少于消费者要求的金额时，请选“部分同意”并写明理由。"))
        if verdict != "part":
            return
        if amount is None:
            self.add_error(f"amount-{n}", gettext("部分同意时请填金额，例如 128.50"))
        elif amount > demand.amount:
            self.add_error(f"amount-{n}", gettext("多于消费者要求的金额。请核对；愿意多给的，请选“同意”。"))
        elif not amount:
            self.add_error(f"amount-{n}", gettext("金额是0就是不同意，请选“不同意”并写明理由。"))

    def _check_blanks(self, cleaned: dict[str, Any]) -> None:
        words = [offer_findings.Words(name, text) for name, text in cleaned.items() if isinstance(text, str)]
        for blank in offer_findings.blanks(words):
            self.add_error(blank.field, gettext("还有空着没填的地方：%(quote)s") % {"quote": blank.quote})

    def _check_promise(self, place: int, cleaned: dict[str, Any]) -> None:
        def missing(name: str, text: str) -> None:
            if f"promise-{place}-{name}" not in self.errors:
                self.add_error(f"promise-{place}-{name}", text)

        def value(name: str) -> Any:
            return cleaned.get(f"promise-{place}-{name}")

        if value("kind") in MONEY_KINDS and not value("amount"):
            missing("amount", gettext("金额请填数字，例如 128.50"))
        if value("is_done"):
            self._check_done(place, value, missing)
        elif value("after"):
            if value("days_after") is None:
                missing("days_after", gettext("请填数字，例如 3"))
        elif value("due_on") is None:
            missing("due_on", gettext("请写明最后一天。"))
        elif value("due_on") < self.today:
            missing("due_on", gettext("这一天已经过去。"))
        last4 = value("last4")
        if last4 and not (len(last4) == 4 and last4.isascii() and last4.isalnum()):
            missing("last4", gettext("只填账号末4位。"))

    def _check_done(self, place: int, value: Callable[[str], Any], missing: Callable[[str, str], None]) -> None:
        if not value("proof"):
            missing("proof", gettext("已经做到的，请写明证明，例如流水号和日期。"))
        if value("owed_by") == "consumer":
            missing("is_done", gettext("只有企业自己的事可以写“已经做到”。"))
        if value("due_on") is not None and value("due_on") > self.today:
            missing("due_on", gettext("已经做到的事，不能再约定以后的日期。"))
        if value("after"):
            missing("after", gettext("已经做到的事，不能再约定以后的日期。"))

    def answers(self) -> list[Answer]:
        """What the verb wants to hear; only of a valid form. A grant without a sum comes to what is promised for it."""
        return offer_terms.with_promised_sums(self._answers(), self.promises())

    def _answers(self) -> list[Answer]:
        """Granting without naming a sum means the whole of it."""
        answers = []
        for demand in self.demands:
            verdict, reason, amount, is_separable = (
                self.cleaned_data[f"{name}-{demand.ordinal}"] for name in ("answer", "reason", "amount", "separable")
            )
            answers.append(
                Answer(demand=demand.ordinal, verdict=verdict, amount=amount, reason=reason, is_separable=is_separable)
            )
        return offer_terms.with_sums(answers, {d.ordinal: d.amount for d in self.demands})

    def promises(self) -> list[Promise]:
        promises = []
        for place in range(1, self.count + 1):
            row = {name: self.cleaned_data.get(f"promise-{place}-{name}") for name in ROW_FIELDS}
            after = int(row["after"]) if row["after"] else None
            promises.append(
                Promise(
                    kind=row["kind"] or "",
                    what=row["what"] or "",
                    amount=row["amount"],
                    owed_by=row["owed_by"] or "enterprise",
                    due_on=None if after else row["due_on"],
                    after=after,
                    days_after=row["days_after"] if after else None,
                    payee_last4=row["last4"] or "",
                    proof=row["proof"] or "",
                    demand=int(row["demand"]) if row["demand"] else None,
                    is_done=bool(row["is_done"]),
                )
            )
        return offer_terms.with_demands(self._answers(), promises)


def _of_demand(demand: Demand) -> str:
    slot = {"n": demand.ordinal, "title": wording.label(demand.kind, kind="demand_kind")}
    return gettext("要求%(n)s：%(title)s") % slot


def count_of(data: Mapping[str, Any]) -> int:
    """How many rows of promises the browser sent; a number that nobody can mean is cut."""
    return min(row_number(str(data.get("rows", ""))), MOST_ROWS)


def row_number(text: str) -> int:
    """A number of a row as it was sent; 0 for none."""
    return whole(text, 3) or 0


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
            if name == "after" and (after := whole(str(value), 3)) is not None:
                value = "" if after == gone else str(after - (after > gone))
            kept[f"promise-{moved}-{name}"] = value
    kept["rows"] = str(max(0, count - (1 <= gone <= count)))
    return kept


def without_blank_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    """Rows in which nobody wrote anything promise nothing: whoever refuses everything leaves the first one as it was,
    the sum in it too."""
    kept = dict(data)
    grants = any(name.startswith("answer-") and value in ("grant", "part") for name, value in kept.items())
    filled_in = {"owed_by", "demand"} if grants else {"owed_by", "demand", "amount"}
    written = [name for name in ROW_FIELDS if name not in filled_in]
    for place in range(count_of(data), 0, -1):
        if not any(str(kept.get(f"promise-{place}-{name}") or "").strip() for name in written):
            kept = without_row(kept, place)
    return kept


def first_rows(demands: Sequence[Demand], data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A row for what is to be done, with the sum: for the one demand that names a sum (``data`` None), else for each
    demand that ``data`` grants."""
    if data is None:
        wanted = [d for d in demands if d.amount]
        wanted = wanted if len(wanted) == 1 else []
    else:
        wanted = [d for d in demands if data.get(f"answer-{d.ordinal}") in ("grant", "part")]
    values: dict[str, Any] = {"rows": str(max(1, len(wanted)) if data is None else len(wanted))}
    for place, demand in enumerate(wanted, start=1):
        typed = "" if data is None else str(data.get(f"amount-{demand.ordinal}") or "").strip()
        amount: Decimal | str | None = typed or demand.amount
        values |= {f"promise-{place}-demand": str(demand.ordinal), f"promise-{place}-owed_by": "enterprise"}
        values |= {f"promise-{place}-amount": "" if amount is None else str(amount)}
    return values


def offer_values(offer: Offer, answers: Sequence[OfferAnswer], obligations: Sequence[Obligation]) -> dict[str, Any]:
    """The offer on the table as the first values of the one that replaces it."""
    values: dict[str, Any] = {"message": offer.message, "rows": len(obligations)}
    for answer in answers:
        n = answer.demand.ordinal
        values |= {f"{name}-{n}": getattr(answer, key) for name, key in ANSWER_FIELDS.items()}
    places = {row.ordinal: place for place, row in enumerate(obligations, start=1)}
    ordinals = {answer.demand_id: answer.demand.ordinal for answer in answers}
    for row in obligations:
        typed = {name: getattr(row, "payee_last4" if name == "last4" else name, "") for name in ROW_FIELDS}
        typed["after"] = str(places.get(row.after_ordinal or 0, ""))
        typed["demand"] = str(ordinals.get(row.answers_demand_id or 0, ""))
        typed["is_done"] = row.reported_at is not None
        values |= {f"promise-{places[row.ordinal]}-{name}": value for name, value in typed.items()}
    return values


def proposed_values(proposed: Mapping[str, Any]) -> dict[str, Any]:
    """An offer as it was proposed (what its verb was called with), as first values."""
    promises = proposed.get("promises", [])
    values: dict[str, Any] = {
        "message": proposed.get("message", ""),
        "rows": len(promises),
        "template": proposed.get("template_version"),
    }
    for answer in proposed.get("answers", []):
        values |= {f"{name}-{answer['demand']}": answer.get(key) for name, key in ANSWER_FIELDS.items()}
    for place, row in enumerate(promises, start=1):
        values |= {
            f"promise-{place}-{name}": row.get("payee_last4" if name == "last4" else name) for name in ROW_FIELDS
        }
    return values

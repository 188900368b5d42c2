"""The answer to a complaint: a verdict for each demand, and the line that says what follows from a grant.

Each sum stands once, in what is promised: an answer grants what is promised for it. The fields are named after the
demand by its ordinal (``answer-1``, ``amount-1``, ``due_on-1``); further promises stand in rows (``more-1-kind``).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import UNCHOSEN, Choice, Choices, FreeText, labels_of, set_choices
from complaints.forms.promise_rows import (
    LINE_FIELDS,
    PromiseRowsForm,
    named,
    said_fields,
    when_fields,
    without_blank_rows,
    without_row,
)
from complaints.handling import Answer, Promise
from complaints.handling.steps.offers import SHORTEST_REASON
from complaints.models import Demand
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS
from complaints.procedure.categories import DEMAND_BY_CODE
from complaints.settlement import offer_findings, offer_terms
from web.incoming import whole

VERDICTS = ("grant", "part", "refuse")
#: A field of an answer → the attribute of the answer that it shows. Its sum stands in the line of the demand.
ANSWER_FIELDS = {"answer": "verdict", "reason": "reason", "separable": "is_separable"}
#: How the names of further promises begin, and how ``after`` names the line of a demand.
MORE, LINE = "more", "d"


class OfferForm(PromiseRowsForm):
    """The same form makes an offer and replaces one. ``count``: so many further promises."""

    row = MORE
    template = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**53 - 1)
    message = FreeText(label=_("给消费者的话"), required=False, rows=4)

    def __init__(self, *args: Any, demands: Sequence[Demand], count: int, today: date, **options: Any) -> None:
        self.demands = list(demands)
        super().__init__(*args, count=count, today=today, **options)
        #: What the law gives at least for each demand, by its ordinal.
        self.laws: dict[int, list[str]] = {}
        #: For how much the consumer would settle each demand, by its ordinal.
        self.wanted: dict[int, Decimal] = {}
        #: What is found in the words of each field, by its name.
        self.found: dict[str, list[offer_findings.Finding]] = {}
        kinds = [UNCHOSEN, *labels_of([k for k in OBLIGATION_KINDS if k != "return_by_consumer"], "obligation_kind")]
        verdicts = labels_of(VERDICTS, "verdict")
        for demand in self.demands:
            self._add_demand(demand, verdicts, kinds)
        # In the order of the page, so that the first error is the first that one meets.
        self.order_fields([f"{name}-{d.ordinal}" for d in self.demands for name in ("answer", *LINE_FIELDS, "reason")])

    def _add_demand(self, demand: Demand, verdicts: Choices, kinds: Sequence[tuple[str, Any]]) -> None:
        n, whose = demand.ordinal, gettext("要求%(n)s") % {"n": demand.ordinal}
        answer = Choice(label=named(whose, _("答复")), choices=verdicts)
        answer.error_messages["required"] = gettext("还没有答复第%(n)s项要求，每一项都要答复。") % {"n": n}
        reason = FreeText(label=named(whose, _("理由")), required=False, rows=2, longest=1000)
        # The page shows it where one is needed, and where something stands in it.
        reason.widget.attrs["placeholder"] = " "
        line = said_fields(whose)
        line["kind"].required = False
        line["is_done"] = forms.BooleanField(label=named(whose, _("已经做到")), required=False)
        if self.count:
            rows = [(str(k), gettext("在约定%(n)s之后") % {"n": k}) for k in range(1, self.count + 1)]
            line |= when_fields(whose, rows)
        separable = forms.BooleanField(label=named(whose, _("消费者可以只接受这一项")), required=False)
        self.fields |= {f"answer-{n}": answer, f"reason-{n}": reason, f"separable-{n}": separable}
        self.fields |= {f"{name}-{n}": field for name, field in line.items()}
        set_choices(self, f"kind-{n}", kinds)

    def row_fields(self, place: int) -> dict[str, forms.Field]:
        """A further promise; of several demands it may say which one it answers."""
        whose = gettext("约定%(n)s") % {"n": place}
        known = super().row_fields(place)
        lines = [(f"{LINE}{d.ordinal}", gettext("在要求%(n)s的约定之后") % {"n": d.ordinal}) for d in self.demands]
        before = [(str(k), gettext("在约定%(n)s之后") % {"n": k}) for k in range(1, place)]
        known |= when_fields(whose, [*lines, *before])
        known["is_done"] = forms.BooleanField(label=named(whose, _("已经做到")), required=False)
        if len(self.demands) > 1:
            demands = [(str(d.ordinal), _of_demand(d)) for d in self.demands]
            known["demand"] = Choice(
                label=named(whose, _("为哪一项要求")),
                required=False,
                choices=[("", _("请选；只同意了一项时可以不选")), *demands],
                widget=forms.Select,
            )
        return known

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Each demand with its controls and what was found about them, for the template."""
        return [
            {
                "demand": demand,
                "title": wording.label(demand.kind, kind="demand_kind"),
                "law": self.laws.get(demand.ordinal),
                "wanted": self.wanted.get(demand.ordinal),
                "verdict": self[f"answer-{demand.ordinal}"],
                "is_more_open": any(
                    self.errors.get(f"{name}-{demand.ordinal}") or self[f"{name}-{demand.ordinal}"].value()
                    for name in ("what", "last4", "proof", "is_done", "separable", "after")
                    if f"{name}-{demand.ordinal}" in self.fields
                ),
                "found": [
                    one
                    for name in ("answer", *LINE_FIELDS, "reason")
                    for one in self.found.get(f"{name}-{demand.ordinal}", ())
                ],
                **dict.fromkeys(("after", "days_after")),
            }
            | {
                name: self[f"{name}-{demand.ordinal}"]
                for name in ("reason", "separable", *LINE_FIELDS)
                if f"{name}-{demand.ordinal}" in self.fields
            }
            for demand in self.demands
        ]

    @property
    def has_others(self) -> bool:
        return len(self.demands) > 1

    @property
    def found_in_message(self) -> list[offer_findings.Finding]:
        return self.found.get("message", [])

    @property
    def promise_rows(self) -> list[dict[str, Any]]:
        found = {
            place: [one for name in ("what", "proof") for one in self.found.get(self.at(place, name), [])]
            for place in range(1, self.count + 1)
        }
        return [row | {"found": found[row["place"]]} for row in super().promise_rows]

    def field_of(self, name: str) -> str | None:
        """Where the page asks for what a rule names: its promises are counted as they are sent."""
        _row, _dash, rest = name.partition("promise-")
        place, _dash, what = rest.partition("-")
        keys = [key for key, _promise in self._ordered()] if rest else []
        if (n := whole(place, 3)) is not None and 1 <= n <= len(keys):
            key = keys[n - 1]
            name = f"{what}-{key.removeprefix(LINE)}" if key.startswith(LINE) else self.at(int(key), what)
            if name not in self.fields and key.startswith(LINE):
                name = f"answer-{key.removeprefix(LINE)}"
        return name if name in self.fields else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for demand in self.demands:
            self._check_answer(demand, cleaned)
        self._check_blanks(cleaned)
        if self.demands and not self.errors and self._check_order():
            answers, promises = self._stated()
            for gap in offer_terms.gaps(answers, promises):
                self.add_error(self.field_of(gap.field), gap.reason)
        return cleaned

    def _check_answer(self, demand: Demand, cleaned: Mapping[str, Any]) -> None:
        n = demand.ordinal
        verdict = cleaned.get(f"answer-{n}")
        is_too_short = len(cleaned.get(f"reason-{n}", "")) < SHORTEST_REASON and f"reason-{n}" not in self.errors
        if verdict in ("part", "refuse") and is_too_short:
            text = gettext("部分同意或者不同意时，请写明理由，至少%(n)s个字。")
            self.add_error(f"reason-{n}", text % {"n": SHORTEST_REASON})
        if verdict not in ("grant", "part"):
            # Nothing follows from a refusal: what stands in its line is not looked at.
            for name in LINE_FIELDS:
                self.errors.pop(f"{name}-{n}", None)
            return
        if not cleaned.get(f"kind-{n}") and f"kind-{n}" not in self.errors:
            self.add_error(f"kind-{n}", gettext("请选怎样做到。"))
        if demand.amount and verdict == "part" and f"amount-{n}" not in self.errors:
            self._check_part(demand, cleaned)
        self.check_said(partial(_line, n), cleaned)

    def _check_blanks(self, cleaned: Mapping[str, Any]) -> None:
        words = [offer_findings.Words(name, text) for name, text in cleaned.items() if isinstance(text, str)]
        for blank in offer_findings.blanks(words):
            self.add_error(blank.field, gettext("还有空着没填的地方：%(quote)s") % {"quote": blank.quote})

    def _check_part(self, demand: Demand, cleaned: Mapping[str, Any]) -> None:
        n, asked = demand.ordinal, demand.amount
        amount = cleaned.get(f"amount-{n}")
        if amount is None or asked is None:
            self.add_error(f"amount-{n}", gettext("部分同意时请填金额，例如 128.50"))
        elif amount > asked:
            self.add_error(f"amount-{n}", gettext("多于消费者要求的金额。请核对；愿意多给的，请选“同意”。"))
        elif amount == asked:
            self.add_error(f"amount-{n}", gettext("和消费者要求的一样多。请把金额改少，或者选“同意”。"))
        elif not amount:
            self.add_error(f"amount-{n}", gettext("金额是0就是不同意，请选“不同意”并写明理由。"))

    def _check_order(self) -> bool:
        """Whether everything stands after something that is promised before it."""
        wrong = [key for key, promise in self._waiting() if promise is None]
        for key in wrong:
            text = gettext("要排在它后面的那一项没有约定，或者两项互相等。")
            self.add_error(_line(int(key[1:]), "after") if key.startswith(LINE) else self.at(int(key), "after"), text)
        answers, promises = self._stated()
        for demand in self.demands:
            answer = next(a for a in answers if a.demand == demand.ordinal)
            sums = (
                Decimal(p.amount or 0)
                for p in promises
                if p.demand == demand.ordinal and p.owed_by == "enterprise" and p.kind in MONEY_KINDS
            )
            paid = sum(sums, Decimal(0))
            if answer.verdict == "grant" and demand.amount and 0 < paid < demand.amount:
                self.add_error(
                    _line(demand.ordinal, "amount"), gettext("少于消费者要求的金额时，请选“部分同意”并写明理由。")
                )
        return not self.errors

    def answers(self) -> list[Answer]:
        """What the verb wants to hear; of a form that is not valid, what could be read."""
        return self._stated()[0]

    def promises(self) -> list[Promise]:
        """The lines of what is granted, then the further promises; nothing stands before what it waits for."""
        return self._stated()[1]

    def _stated(self) -> tuple[list[Answer], list[Promise]]:
        cleaned = self.readable
        asked = {d.ordinal: d.amount for d in self.demands}
        answers = [
            Answer(
                demand=n,
                verdict=cleaned.get(f"answer-{n}") or "",
                reason=cleaned.get(f"reason-{n}") or "",
                is_separable=bool(cleaned.get(f"separable-{n}")),
            )
            for n in asked
        ]
        promises = [promise for _key, promise in self._ordered()]
        promises = offer_terms.with_demands(offer_terms.with_sums(answers, asked), promises)
        return offer_terms.with_sums(offer_terms.with_promised_sums(answers, promises), asked), promises

    def _ordered(self) -> list[tuple[str, Promise]]:
        """What could be read so far, by its key (``d1`` for the line of demand 1, ``2`` for row 2)."""
        return [(key, promise) for key, promise in self._waiting() if promise is not None]

    def _waiting(self) -> list[tuple[str, Promise | None]]:
        """In the order of sending, ``after`` as the place there; None where it waits for nothing that is promised."""
        cleaned, said, afters = self.readable, dict[str, Promise](), dict[str, str]()
        for demand in self.demands:
            n = demand.ordinal
            if cleaned.get(f"answer-{n}") in ("grant", "part") and cleaned.get(f"kind-{n}"):
                said[f"{LINE}{n}"] = self._line_of(demand)
                afters[f"{LINE}{n}"] = str(cleaned.get(f"after-{n}") or "")
        for place in range(1, self.count + 1):
            said[str(place)] = self.said_at(partial(self.at, place), after=None)
            afters[str(place)] = str(cleaned.get(self.at(place, "after")) or "")
        places: dict[str, int] = {}
        result: list[tuple[str, Promise | None]] = []
        while ready := next((key for key in said if key not in places and afters[key] in ("", *places)), ""):
            places[ready] = len(places) + 1
            promise = said[ready]
            result.append((ready, Promise(**vars_of(promise) | {"after": places.get(afters[ready])})))
        return result + [(key, None) for key in said if key not in places]

    def _line_of(self, demand: Demand) -> Promise:
        n, cleaned = demand.ordinal, self.readable
        known: dict[str, Any] = {"after": None, "demand": n, "owed_by": "enterprise"}
        if cleaned.get(f"kind-{n}") not in MONEY_KINDS:
            # The page hides the sum of what is not paid.
            known["amount"] = None
        if not cleaned.get(f"what-{n}"):
            known["what"] = in_words(demand)
        return self.said_at(partial(_line, n), **known)


def vars_of(promise: Promise) -> dict[str, Any]:
    return {name: getattr(promise, name) for name in Promise.__dataclass_fields__}


def _line(n: int, name: str) -> str:
    return f"{name}-{n}"


def _of_demand(demand: Demand) -> str:
    slot = {"n": demand.ordinal, "title": wording.label(demand.kind, kind="demand_kind")}
    return gettext("要求%(n)s：%(title)s") % slot


def in_words(demand: Demand) -> str:
    """What is done for a demand, where nobody says it otherwise; in the language of the record."""
    with override(settings.LANGUAGE_CODE):
        title = str(wording.label(demand.kind, kind="demand_kind"))
    note = (demand.note or "").strip() if demand.kind == "other" else ""
    return (f"{title}：{note}" if note else title)[:200]


def first_lines(demands: Sequence[Demand], *, due_on: date) -> dict[str, Any]:
    """The line of each demand as a verdict opens it: the sum that was asked for, the usual way, a last day."""
    values: dict[str, Any] = {}
    for demand in demands:
        kind, n = DEMAND_BY_CODE.get(demand.kind), demand.ordinal
        values |= {
            f"kind-{n}": kind.kept_by if kind is not None else "other",
            f"amount-{n}": "" if demand.amount is None else str(demand.amount),
            f"due_on-{n}": due_on.isoformat(),
        }
        if demand.amount and values[f"kind-{n}"] not in MONEY_KINDS:
            values[f"kind-{n}"] = "original_channel"
    return values


def without_more(data: Mapping[str, Any], gone: int) -> dict[str, Any]:
    """What was typed, without the further promise ``gone``: whatever waited for it has a last day again."""
    values = without_row(data, gone, row=MORE)
    for name, value in values.items():
        if name.startswith("after-") and (after := whole(str(value), 3)) is not None:
            values[name] = "" if after == gone else str(after - (after > gone))
    return values


def without_blanks(data: Mapping[str, Any]) -> dict[str, Any]:
    return without_blank_rows(data, row=MORE)

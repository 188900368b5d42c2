"""What a consumer answers to an offer: equal choices, and how much would do of each sum that is not granted in full."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Money, Pick, StepForm, labels_of, set_choices
from complaints.handling import Move
from complaints.handling.steps import consumer
from complaints.pages.consumer.forms import Essay, promise_line
from complaints.parties import powers
from complaints.reading.case import CasePage
from complaints.settlement.offer_terms import CounterSum, why_no_counter
from web.templatetags.portal import money


def time_is_up(page: CasePage) -> bool:
    """Whether the negotiation clock has nothing left: then a no goes to the regulator."""
    clock = next((c.row for c in page.clocks if c.row.clock == "negotiation"), None)
    return (
        page.complaint.is_overdue
        or clock is None
        or clock.state == "lapsed"
        or (clock.state == "paused" and not clock.remaining)
    )


def answer_labels(page: CasePage) -> dict[str, Any]:
    """The answers that this person may give to the open offer, in the order of the page. Nothing granted is nothing to
    accept; when the time is up, to talk on would lead to the regulator as well."""
    offer, is_late = page.open_offer, time_is_up(page)
    if offer is None:
        return {}
    regulator = ("regulator", _("交市场监管局")) if page.may("stop_negotiating") else None
    if offer.offer.grants_nothing:
        talk_on = ("decline", _("继续谈")) if page.may("decline_offer") and not is_late else None
        rest = ("rest", _("算了，不再坚持")) if page.may("let_rest") else None
        return dict(filter(None, (regulator, talk_on, rest)))
    has_refusals = any(a.verdict_code == "refuse" for a in offer.answers)
    accept = ("accept", _("接受同意的部分") if has_refusals else _("接受")) if page.may("accept_offer") else None
    decline = None
    if page.may("decline_offer"):
        decline = ("decline", _("不接受，交市场监管局") if is_late else _("不接受，继续谈"))
    ask = ("ask", _("先问一个问题")) if page.may("ask_about_offer") else None
    return dict(filter(None, (accept, decline, None if is_late else regulator, ask)))


class OfferForm(StepForm):
    """Equal choices: accept, talk on, to the regulator, ask; where nothing is granted there is nothing to accept."""

    answer = Pick(label=_("您的答复"), choices=[])
    reason = Pick(label=_("不接受的原因"), required=False, choices=[])
    text = Essay(
        label=_("理由或问题"),
        required=False,
        rows=3,
        help_text=_("提问必须填写。不接受时可以写清还差什么，企业会看到。"),
    )
    counter_demand = Essay(label=_("不接受时，您希望的方案"), required=False, rows=2)
    part = forms.MultipleChoiceField(
        label=_("只接受其中几项"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("全部接受的不用选。企业标明可以单独接受的才列在这里。"),
    )
    confirmed = forms.MultipleChoiceField(
        label=_("企业说已经做到的，您核实过的请勾选"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("接受方案时一并确认；没有勾选的，之后还可以确认，也可以说没有收到。"),
    )
    rest = Pick(
        label=_("没接受的怎么办"),
        required=False,
        choices=[("give_up", _("不再要求")), ("go_on", _("继续谈")), ("regulator", _("交市场监管局"))],
    )

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.offer = page.open_offer or page.offers[0]
        #: Why this person cannot accept or give up, and who can; empty for whoever can.
        self.why_not = ""
        #: What each answer leads to (``explaining.ways``).
        self.ways: dict[str, list[str]] = {}
        if self.is_refusal:
            self._name_for_a_refusal()
        answers = list(answer_labels(page).items())
        is_representative = page.actor is not None and powers.is_representative(page.actor, page.complaint)
        if not page.may("let_rest" if self.is_refusal else "accept_offer") and (
            is_representative or not self.is_refusal
        ):
            self.why_not = powers.why_not(page.complaint)
        set_choices(self, "answer", answers)
        set_choices(self, "reason", labels_of(consumer.DECLINE_REASONS, "decline_reason"))
        may_accept = any(code == "accept" for code, _label in answers)
        granted = [a for a in self.offer.answers if a.verdict_code != "refuse" and a.is_separable]
        may_split = may_accept and self.offer.may_be_split and len(granted) > 1
        if may_split:
            set_choices(self, "part", [(str(a.ordinal), f"{a.ordinal} {a.demand}") for a in granted])
        else:
            del self.fields["part"]
        if not may_split and not (may_accept and self.offer.rest_is_open):
            del self.fields["rest"]
        self._add_counters()
        done = [(str(o.ordinal), promise_line(o)) for o in self.offer.obligations if o.is_done_already]
        if done and page.may("accept_offer"):
            set_choices(self, "confirmed", done)
        else:
            del self.fields["confirmed"]

    def _add_counters(self) -> None:
        """A sum for each demand of money that is not granted in full: for how much it would be settled."""
        self.short = [a for a in self.offer.answers if a.asked is not None and (a.amount or 0) < a.asked]
        for answer in self.short:
            hint = gettext("您要求%(asked)s。可以不填。")
            if answer.amount:
                hint = gettext("您要求%(asked)s，企业同意%(offered)s。可以不填。")
            self.fields[f"counter-{answer.ordinal}"] = Money(
                label=gettext("%(demand)s：多少可以（元）") % {"demand": answer.demand},
                help_text=hint % {"asked": money(answer.asked), "offered": money(answer.amount or 0)},
            )

    @property
    def counters(self) -> list[forms.BoundField]:
        return [self[f"counter-{answer.ordinal}"] for answer in self.short]

    @property
    def is_refusal(self) -> bool:
        return self.offer.offer.grants_nothing

    def _name_for_a_refusal(self) -> None:
        self.fields["answer"].label = _("您怎么选")
        self.fields["reason"].label = _("继续谈的原因")
        self.fields["text"].label, self.fields["text"].help_text = _("想说明的"), ""
        self.fields["counter_demand"].label = _("继续谈时，您希望的方案")

    @property
    def paths(self) -> list[tuple[str, Any, list[str]]]:
        """Each answer: its code, its field, what it leads to."""
        codes = [(str(option.data["value"]), option) for option in self["answer"]]
        return [(code, option, self.ways.get(code, [])) for code, option in codes]

    @property
    def asks_on_accepting(self) -> bool:
        return not {"rest", "confirmed", "part"}.isdisjoint(self.fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        answer = cleaned.get("answer")
        if answer == "decline" and not cleaned.get("reason"):
            self.add_error("reason", _("请选一个原因。") if self.is_refusal else _("请选一个不接受的原因。"))
        if answer == "ask" and not cleaned.get("text"):
            self.add_error("text", _("请写下您的问题。"))
        for one in self.short if answer == "decline" else ():
            name = f"counter-{one.ordinal}"
            amount = cleaned.get(name)
            if amount is not None and (wrong := why_no_counter(amount, asked=one.asked, offered=one.amount)):
                self.add_error(name, wrong)
        is_open = self.offer.rest_is_open or bool(cleaned.get("part"))
        if answer == "accept" and is_open and not cleaned.get("rest"):
            self.add_error("rest", _("请选没接受的怎么办。"))
        return cleaned

    @property
    def ends_undoable(self) -> bool:
        return bool(self.cleaned_data["answer"] != "ask")

    def move(self) -> Move:
        typed = self.cleaned_data
        if typed["answer"] == "ask":
            return consumer.ask_about_offer(text=typed["text"])
        if typed["answer"] == "decline":
            reason, text, counter = typed["reason"], typed["text"], typed["counter_demand"]
            sums = [
                CounterSum(demand=one.ordinal, amount=amount)
                for one in self.short
                if (amount := typed.get(f"counter-{one.ordinal}")) is not None
            ]
            return consumer.decline_offer(reason=reason, text=text, counter_demand=counter, counter_sums=sums)
        if typed["answer"] == "regulator":
            return consumer.stop_negotiating(text=typed["text"])
        if typed["answer"] == "rest":
            return consumer.let_rest(text=typed["text"])
        part = [int(n) for n in typed.get("part") or ()]
        confirmed = [int(n) for n in typed.get("confirmed") or ()]
        return consumer.accept_offer(separable=part, rest=typed.get("rest") or "give_up", confirmed=confirmed)

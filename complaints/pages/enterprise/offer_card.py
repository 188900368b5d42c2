"""An offer that was not sent yet, as its consumer will see it: for whoever writes it and for whoever approves it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints import wording
from complaints.handling import Answer, Promise
from complaints.models import Complaint, Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.reading.case_settlement import AnswerView, answer_view
from complaints.settlement.legal_minimum import minimum_of
from web.dates import day_text
from web.templatetags.portal import money

#: What the consumer may answer, where something is granted, where some of it is refused, where all of it is.
ANSWERS: dict[str, tuple[Any, ...]] = {
    "granted": (gettext_lazy("接受"), gettext_lazy("不接受，继续谈"), gettext_lazy("交市场监管局")),
    "in_part": (gettext_lazy("接受同意的部分"), gettext_lazy("不接受，继续谈"), gettext_lazy("交市场监管局")),
    "refused": (gettext_lazy("交市场监管局"), gettext_lazy("继续谈"), gettext_lazy("算了，不再坚持")),
}


def card_of(
    demands: Sequence[Demand],
    answers: Sequence[Answer],
    promises: Sequence[Promise],
    *,
    message: str,
    by: str,
    at: datetime,
) -> dict[str, Any]:
    """An offer that was not sent yet, for components/offer_card.html."""
    by_ordinal = {d.ordinal: d for d in demands}
    sums = [p.amount for p in promises if p.owed_by == "enterprise" and p.kind in MONEY_KINDS and p.amount is not None]
    return {
        "title": _("消费者会看到"),
        "at": at,
        "by": by,
        "answers": [_answer(by_ordinal[a.demand], a) for a in answers],
        "obligations": [_promise(p) for p in promises],
        "total": sum(sums) if sums else None,
        "message": message,
    }


def _answer(demand: Demand, answer: Answer) -> AnswerView:
    amount = answer.amount if not isinstance(answer.amount, str) else None
    texts = [_("同意%(amount)s") % {"amount": money(amount)}] if answer.verdict == "part" and amount is not None else []
    text = "\n".join([*texts, answer.reason]).strip()
    return answer_view(demand, answer.verdict, text=text, amount=amount, is_separable=answer.is_separable)


def _promise(promise: Promise) -> dict[str, Any]:
    where = wording.label(promise.kind, kind="obligation_kind")
    if promise.payee_last4:
        where = _("%(kind)s，尾号%(last4)s") % {"kind": where, "last4": promise.payee_last4}
    if promise.owed_by == "consumer":
        where = f"{_('由消费者做')} · {where}"
    after = ""
    if promise.after is not None:
        after = _("约定%(n)s确认后%(days)s个工作日内") % {"n": promise.after, "days": promise.days_after}
    return {
        "what": promise.what,
        "amount": promise.amount,
        "to_whom": where,
        "due_on": None if promise.is_done else promise.due_on,
        "due_text": _("企业说已经做到") if promise.is_done else after,
        "proof": promise.proof,
    }


def figures_of(complaint: Complaint, demands: Iterable[Demand], promises: Iterable[Promise]) -> dict[str, Any]:
    """The sums beside an offer while it is written: ``asked`` (None where no demand names a sum), the money that the
    enterprise has ``offered``, how much is ``missing`` (negative when more is offered), the legal ``minimum``.

    ``demands``: the open ones; ``promises``: as far as they could be read.
    """
    demands = list(demands)
    sums = [d.amount for d in demands if d.amount is not None]
    paid = (p.amount for p in promises if p.kind in MONEY_KINDS and p.owed_by == "enterprise")
    offered = sum((amount for amount in paid if isinstance(amount, Decimal)), Decimal(0))
    asked = sum(sums, Decimal(0)) if sums else None
    missing = None if asked is None else asked - offered
    return {"asked": asked, "offered": offered, "missing": missing, "minimum": minimum_of(complaint, demands)}


def lines_of(card: Mapping[str, Any], choices: Iterable[Any]) -> list[str]:
    """The same card in words alone, a line a fact, for a script that shows it while somebody writes."""
    lines = [
        " · ".join(filter(None, [one.demand, "" if one.asked is None else money(one.asked), one.verdict, one.text]))
        for one in card["answers"]
    ]
    for one in card["obligations"]:
        amount = "" if one["amount"] is None else money(one["amount"])
        day = day_text(one["due_on"]) if one["due_on"] else one["due_text"]
        lines.append(" · ".join(filter(None, [one["what"], amount, one["to_whom"], day, one["proof"]])))
    if card["total"] is not None:
        lines.append(f"{_('合计')} {money(card['total'])}")
    return [*lines, *filter(None, [card["message"]]), *(f"○ {choice}" for choice in choices)]


def sum_of(figures: Mapping[str, Any]) -> str:
    """What the offer comes to, beside what was asked for."""
    missing, offered = figures["missing"], money(figures["offered"])
    if missing is None:
        return offered
    if missing > 0:
        beside = _("比要求少%(less)s") % {"less": money(missing)}
    else:
        beside = _("比要求多%(more)s") % {"more": money(-missing)} if missing else _("与要求相同")
    return f"{offered} · {beside}"


def effect_of(unanswered: int, promises: Sequence[Promise], kind: str) -> str:
    """What sending leads to, in a line."""
    if unanswered:
        return ngettext("还有%(n)s项没有答复", "还有%(n)s项没有答复", unanswered) % {"n": unanswered}
    if kind == "refused":
        return _("一项也没有同意：消费者没有可以接受的")
    owed = [p for p in promises if p.owed_by == "enterprise"]
    paid = sum((p.amount for p in owed if p.kind in MONEY_KINDS and isinstance(p.amount, Decimal)), Decimal(0))
    days = [p.due_on for p in owed if isinstance(p.due_on, date)]
    facts = [
        ngettext("发送后有%(n)s项约定", "发送后有%(n)s项约定", len(owed)) % {"n": len(owed)},
        money(paid) if paid else "",
        _("最晚%(day)s") % {"day": day_text(max(days))} if days else "",
    ]
    return " · ".join(filter(None, facts))

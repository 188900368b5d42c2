"""Who the consumer is and what was filed, as much of it as this viewer may read. A name or number that the viewer may
not see in full is masked here, once, and never reaches a template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.masking import masked_address, masked_email, masked_name, masked_phone
from authorities.models import Officer
from complaints import wording
from complaints.models import Complaint, Demand, Participant, PersonalText
from complaints.parties.powers import CONFIRMED, REFUSED
from complaints.procedure.categories import OBJECT_LABELS, QUESTIONS, problem_label
from complaints.procedure.filing_request import AGENT, JOINT
from complaints.procedure.sector_files import Question
from enterprises.models import Staff
from web.dates import day_text
from web.languages import named
from web.templatetags.portal import money

#: Who reads how much: all of it, masked, or nothing that leads to the person.
FULL, MASKED, NONE = "full", "masked", "none"

Employed = TypeVar("Employed", Staff, Officer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The consumer as this viewer may see the person. Empty = not shown."""

    name: str
    phone: str = ""
    email: str = ""
    address: str = ""
    is_masked: bool = False

    @property
    def dial(self) -> str:
        """The number for a tel: link; empty when masked."""
        return "" if self.is_masked else self.phone.replace(" ", "")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what was filed; the names are those of components/summary.html."""

    key: str
    value: str


def names_of_consumers(ids: Iterable[int]) -> dict[int, str]:
    """The names that the consumers of these cases gave last; two queries for a page."""
    rows = list(names_given(complaint_id__in=list(ids)))
    sealed_fields.load_for(rows)
    return {row.complaint_id: row.text for row in rows}


def names_given(**cases: Any) -> QuerySet[PersonalText]:
    """Every name that these cases were given, the last one last."""
    return PersonalText.objects.filter(audience="parties", kind="consumer_name", **cases).order_by("sequence")


def by_name(people: Iterable[Employed]) -> list[Employed]:
    """Staff or officers (each with its user) in the order of their names, which the database cannot read."""
    results = list(people)
    sealed_fields.load_for(person.user for person in results)
    return sorted(results, key=lambda person: person.user.name)


def plain_number(number: str) -> str:
    return number.removeprefix("+86")


def person_of(texts: Mapping[str, str], *, visibility: str) -> Person:
    """``texts``: kind → text of the filing. ``visibility``: FULL, MASKED or NONE."""
    name, phone, email, address = (texts.get(f"consumer_{kind}", "") for kind in ("name", "phone", "email", "address"))
    if visibility == FULL:
        return Person(name=name, phone=plain_number(phone), email=email, address=address)
    name = masked_name(name) or wording.label("consumer", kind="side")
    if visibility == NONE:
        return Person(name=name, is_masked=True)
    phone, email, address = masked_phone(phone), masked_email(email), masked_address(address)
    return Person(name=name, phone=phone, email=email, address=address, is_masked=True)


def facts_of(complaint: Complaint, texts: Mapping[str, str], *, visibility: str) -> list[Fact]:
    """What the consumer filed, without the statement, the demands and the person."""
    rows: list[tuple[Any, Any]] = [
        # Who answers after an enterprise gave the case up is not that enterprise's to know.
        (_("被投诉人"), respondent_of(complaint) if visibility != NONE else ""),
        (_("商品或服务"), _object(complaint)),
        (_("问题"), label_of(complaint.problem_category)),
        (_("金额"), money(complaint.amount) if complaint.amount is not None else ""),
        (_("购买日期"), day_text(complaint.bought_on) if complaint.bought_on else ""),
        (_("购买方式"), "" if complaint.is_online is None else _("网上") if complaint.is_online else _("线下")),
        (_("订单号"), texts.get("consumer_order_no", "") if visibility != NONE else ""),
        *((question.short, _answer(question, complaint, texts, visibility)) for question in QUESTIONS),
        (_("争议发生日"), _disputed(complaint)),
        (_("发现日期"), day_text(complaint.learned_on) if complaint.learned_on else ""),
        (_("发生地点"), texts.get("consumer_place", "") if visibility == FULL else ""),
        (_("所在地区"), named(complaint.service_region) if complaint.service_region else ""),
        (_("企业给过的编号"), texts.get("consumer_their_reference", "")),
    ]
    return [Fact(str(key), str(value)) for key, value in rows if value]


def party_facts(complaint: Complaint) -> list[Fact]:
    """For whoever answers: how many complain together, or that a representative speaks. No query in other cases."""
    kind = complaint.on_behalf_kind
    if kind == JOINT:
        states = list(Participant.objects.filter(complaint=complaint).values_list("state", flat=True))
        numbers = {"n": len(states), "m": states.count(Participant.JOINED)}
        return [Fact(_("共同投诉人"), _("%(n)d人，其中%(m)d人本人已确认") % numbers)]
    if kind == AGENT:
        given = _power_text(complaint)
        until = complaint.represented_until
        if until:
            given = _("到%(day)s为止，%(said)s") % {"day": day_text(until), "said": given}
        return [Fact(_("代理人投诉"), given)]
    return []


def _power_text(complaint: Complaint) -> str:
    facts = complaint.facts
    if facts.get("power_confirmed"):
        return _("已经本人确认")
    if facts.get("power_check") == CONFIRMED:
        return _("委托书已核验，可以代为和解") if facts.get("may_settle") else _("委托书已核验，不能代为和解")
    return _("委托书没有被监管部门认可") if facts.get("power_check") == REFUSED else _("还没有经本人确认")


def label_of(code: str) -> str:
    """The form's word for a category; a code that the form does not know is shown as it is."""
    return str(OBJECT_LABELS.get(code) or problem_label(code))


def demand_text(demand: Demand) -> str:
    return wording.label(demand.kind, kind="demand_kind")


def spoken(complaint: Complaint, texts: Mapping[str, str]) -> str:
    """What to know of a statement by voice, and its words once somebody wrote them down; empty without one."""
    if not complaint.facts.get("voice"):
        return ""
    if not texts.get("consumer_transcript"):
        return _("消费者用语音陈述，录音在材料里；工作人员会写下来。")
    return _("语音陈述，由工作人员听录音写下来；写得不对，消费者可以更正：%(text)s") % {
        "text": texts["consumer_transcript"]
    }


def respondent_of(complaint: Complaint) -> str:
    """Who answers for it, or who was named when it was filed."""
    row = complaint.branch or complaint.enterprise or complaint.picked_branch or complaint.picked_enterprise
    return named(row) if row else complaint.respondent_named


def _object(complaint: Complaint) -> str:
    texts = [label_of(complaint.object_category), complaint.item_name, complaint.brand_named]
    return " · ".join(word for word in texts if word)


def _answer(question: Question, complaint: Complaint, texts: Mapping[str, str], visibility: str) -> str:
    """What was said to a sector's own question, in words; the number of a line masked as a phone is."""
    if question.is_text:
        text = texts.get(question.text_kind, "")
        return masked_phone(text) if question.is_identifier and visibility != FULL else text
    value = str(complaint.facts.get(question.code) or "")
    if question.kind == "day":
        return day_text(date.fromisoformat(value)) if value else ""
    return question.choice_label(value)


def _disputed(complaint: Complaint) -> str:
    if complaint.disputed_on is None:
        return ""
    text = day_text(complaint.disputed_on)
    return _("大约%(day)s") % {"day": text} if complaint.disputed_on_is_approximate else text


def handler_label(person: Staff) -> str:
    where = str(person.branch) if person.branch else str(person.enterprise)
    return f"{person.user.name} · {person.get_role_display()} · {where}"

"""What each screen shows besides its form: lists, rows, summaries. A screen only reads; whatever it shows comes from
the draft, the code lists and the directory."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.masking import masked_phone
from complaints.filing import drafts, places, respondents
from complaints.filing.drafts import Picked
from complaints.filing.forms import LEFT_TO_AUTHORITY, NAMED, Pick, Step, read_pick
from complaints.filing.people import BEHALF, consent_questions
from complaints.filing.story import Line
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories
from complaints.procedure.filing_request import JOINT, SELF
from complaints.procedure.sector_files import GOODS, DemandKind, Question
from complaints.procedure.typed_values import Text
from enterprises.directory.expectations import Expectation, expected
from enterprises.directory.finding import Hit, find, tells_nothing
from enterprises.models import Enterprise
from web import dates
from web.templatetags.portal import money

HITS_SHOWN = 8


@dataclass(frozen=True)
class SummaryLine:
    """A line of the summary: key, lines of value, where it is changed."""

    key: Text
    values_list: list[str] = field(default_factory=list)
    detail: str = ""
    change_url: str = ""


@dataclass(frozen=True)
class Choice:
    """An enterprise to pick, with why it is offered."""

    value: str
    name: str
    detail: str
    reasons: list[str]
    is_enrolled: bool
    is_checked: bool
    enterprise_id: int
    expectation: Expectation | None = None


def others_screen(form: Step) -> dict[str, Any]:
    """Which of the two parts about other people stands open: none until needed, then the one that was chosen."""
    kind = value_of(form, "behalf")
    if kind == JOINT:
        return {"others_open": "joint"}
    if kind not in ("", SELF):
        return {"others_open": "another"}
    asked = ("principal_name", "relation", "powers", "parties")
    is_used = any(value_of(form, name) or form.errors.get(name) for name in asked)
    return {"others_open": "both" if is_used else ""}


def set_whys_apart(form: Step) -> None:
    """Why something is asked stands behind one sign of the page instead of at each field."""
    for asked in form.fields.values():
        asked.told_why, asked.why = getattr(asked, "why", ""), ""  # type: ignore[attr-defined]


def whys(fields: Iterable[BoundField]) -> list[tuple[str, str]]:
    """(question, why) of those that have one."""
    return [(str(one.label), str(why)) for one in fields if (why := getattr(one.field, "told_why", ""))]


def value_of(form: Step, name: str) -> str:
    return str(form[name].value() or "").strip()


def enterprise_screen(form: Step, *, today: date) -> dict[str, Any]:
    chosen, query = value_of(form, "respondent"), value_of(form, "query")
    typed_region = value_of(form, "service_region")
    region_id = int(typed_region) if re.fullmatch(r"[0-9]{1,9}", typed_region) else None
    city, nearby = places.nearby()
    is_near = region_id is None or region_id in {place.id for place in nearby}
    hits = find(query, on=today, region_id=region_id, limit=HITS_SHOWN)
    offered = [choice_of(hit, chosen) for hit in hits]
    pick = read_pick(chosen)
    if pick is not None and all(not choice.is_checked for choice in offered):
        offered = [*_kept_choice(pick, today=today, region_id=region_id), *offered]
    figures = expected({choice.enterprise_id for choice in offered if choice.is_enrolled}, on=today)
    offered = [replace(choice, expectation=figures.get(choice.enterprise_id)) for choice in offered]
    return {
        "city": city,
        "nearby": nearby,
        "region_id": region_id,
        "elsewhere": "" if is_near else places.full_name(region_id),
        "offered": offered,
        "query": query,
        "is_similar": bool(hits) and hits[0].is_similar,
        "is_too_little": not hits and tells_nothing(query),
        "is_named": chosen == NAMED,
        "is_left": chosen == LEFT_TO_AUTHORITY,
    }


def choice_of(hit: Hit, chosen: str = "") -> Choice:
    """A hit as it is offered; ``chosen``: the pick that is ticked already."""
    answers = hit.successor or hit.enterprise
    pick = Pick(answers.pk, hit.branch.pk if hit.branch else None)
    kept = read_pick(chosen)
    return Choice(
        value=str(pick),
        name=str(hit.branch or answers),
        detail=str(answers) if hit.branch and str(hit.branch) != str(answers) else "",
        reasons=[str(why) for why in hit.why if why.code not in Enterprise.Enrolment.values],
        is_enrolled=answers.enrolment == Enterprise.Enrolment.ENROLLED,
        is_checked=kept is not None and kept.enterprise_id == pick.enterprise_id,
        enterprise_id=answers.pk,
    )


def _kept_choice(pick: Pick, *, today: date, region_id: int | None) -> list[Choice]:
    enterprise = Enterprise.objects.filter(pk=pick.enterprise_id).first()
    if enterprise is None:
        return []
    branch = drafts.answering_branch(pick, today=today, region_id=region_id)
    return [
        Choice(
            value=str(Pick(pick.enterprise_id, branch.pk if branch else None, pick.brand_id)),
            name=str(branch or enterprise),
            detail=str(enterprise) if branch else "",
            reasons=[_("您已经选的")],
            is_enrolled=enterprise.enrolment == Enterprise.Enrolment.ENROLLED,
            is_checked=True,
            enterprise_id=enterprise.pk,
        )
    ]


def demands_screen(form: Step, *, heard: Sequence[Line] = (), is_short: bool = False) -> dict[str, Any]:
    """Rows for the list: those that were heard at once, else those that fit the purchase; the others folded away.
    ``is_short``: at most four at once where none was heard, without hints."""
    ticked = form["demand"].value() or []
    said = {line.demand[0]: line for line in heard}
    offered = categories.few_demands_for if is_short else categories.demands_for
    at_once, folded = offered(form.category)
    if said:
        every = {kind.code: kind for kind in (*at_once, *folded)}
        at_once = tuple(categories.DEMAND_BY_CODE[code] for code in said)
        folded = tuple(kind for code, kind in every.items() if code not in said)

    def row(kind: DemandKind) -> dict[str, Any]:
        line = said.get(kind.code)
        money_name = f"amount_{kind.code}" if kind.asks_amount else ""
        wrong = form.errors.get(money_name) if money_name else None
        offered = line.demand[1] if line else ""
        return {
            "code": kind.code,
            "label": kind.label,
            "hint": "" if line or is_short else kind.hint,
            "quote": line.quote if line else "",
            "checked": kind.code in ticked,
            "money_name": money_name,
            "money_value": (form[money_name].value() or offered) if money_name else "",
            "error": wrong[0] if wrong else "",
        }

    more = [row(kind) for kind in folded]
    return {
        "rows": [row(kind) for kind in at_once],
        "more_rows": more,
        "more_open": any(item["checked"] or item["error"] for item in more),
        "more_are_goods": categories.object_kind(form.category) != GOODS,
        "is_demand_heard": bool(said),
    }


def label_of(pairs: Any, code: str) -> str:
    return str(dict(pairs).get(code, code))


def day_text(day: date | None) -> str:
    return dates.day_text(day, weekday=False) if day is not None else ""


def yes_no(answer: bool | None) -> str:
    return _("不确定") if answer is None else _("是") if answer else _("否")


Addresses = Mapping[str, str]


def summary(
    draft: FilingDraft, forms: Mapping[str, Step], *, picked: Picked | None, addresses: Addresses
) -> list[tuple[str, list[SummaryLine]]]:
    """The check page: (heading, lines). Only what was answered; wrong steps as typed."""
    cleaned = {code: getattr(form, "cleaned_data", {}) for code, form in forms.items()}
    more = SummaryLine(_("还投诉"), respondents.names(draft) or [_("没有别家")], change_url=addresses["respondents"])
    against = [*_respondent_lines(cleaned["enterprise"], picked, addresses["enterprise"]), more]
    purchase = _purchase_lines(cleaned["purchase"], addresses["purchase"])
    problem = _problem_lines(draft, cleaned["problem"], addresses["problem"])
    you = _you_lines(draft, cleaned["you"], addresses["you"])
    consents = _consent_lines(draft, cleaned["consents"], addresses["consents"])
    return [
        (_("向谁投诉"), against),
        (_("发生了什么"), [*purchase, *problem]),
        (_("希望怎么解决"), _demand_lines(draft, cleaned["demands"], addresses)),
        (_("您和您的选择"), [*you, *consents]),
    ]


@dataclass(frozen=True)
class Said:
    """What the last screen shows, without headings."""

    firms: list[str]
    demands: list[str]
    facts: list[str]
    statement: str
    report: str
    files: list[str]
    person: list[str]


def said(draft: FilingDraft, forms: Mapping[str, Step], *, picked: Picked | None) -> Said:
    """Only what was answered; what is wrong is left out."""
    cleaned = {code: getattr(form, "cleaned_data", {}) for code, form in forms.items()}
    problem = cleaned["problem"]
    statement, report = (str(problem.get(name) or "") for name in ("statement", "report"))
    # What is asked back stands among the demands.
    again = cleaned["demands"].get("amount_refund")
    purchase = {name: value for name, value in cleaned["purchase"].items() if name != "amount" or value != again}
    you = {name: value for name, value in cleaned["you"].items() if (name, value) != ("behalf", SELF)}
    firm, *place = _respondent_lines(cleaned["enterprise"], picked, "") or [SummaryLine("")]
    happened = [*_purchase_lines(purchase, ""), *_problem_lines(draft, problem, "")]
    facts = [value for line in [*happened, *place] for value in line.values_list]
    return Said(
        firms=[*firm.values_list[:1], *respondents.names(draft)],
        demands=_demanded(cleaned["demands"]),
        facts=[one for one in facts if one not in (statement, report)],
        statement=statement,
        report=report,
        files=[row.name for row in draft.evidence.order_by("pk")],
        person=[value for line in _you_lines(draft, you, "") for value in line.values_list],
    )


def answer_text(question: Question, answer: Any) -> str:
    """What was said to a sector's own question, in words; `answer`: as its field cleans it."""
    if question.kind == "day":
        return day_text(answer)
    return question.choice_label(answer) if question.kind == "choice" and answer else answer or ""


def _lines(url: str, *pairs: tuple[Text, str | list[str]]) -> list[SummaryLine]:
    kept = []
    for key, value in pairs:
        values = [value] if isinstance(value, str) else value
        if any(values):
            kept.append(SummaryLine(key, values, change_url=url))
    return kept


def _respondent_lines(cleaned: Mapping[str, Any], picked: Picked | None, url: str) -> list[SummaryLine]:
    region_id = cleaned.get("service_region")
    names, detail = [], ""
    if picked is not None:
        state = _("在线和解企业") if picked.is_enrolled else _("没有入驻在线和解，由监管部门处理")
        names, detail = [picked.name], f"{picked.enterprise} · {state}" if picked.branch else state
    elif cleaned.get("respondent") == NAMED:
        texts = [cleaned.get(name) or "" for name in ("named", "address", "business_phone", "link")]
        names, detail = list(filter(None, texts)), _("由监管部门核实后处理")
    elif cleaned.get("respondent") == LEFT_TO_AUTHORITY:
        names = [_("由监管部门确定")]
    lines = [SummaryLine(_("企业"), names, detail=detail, change_url=url)] if names or detail else []
    return [*lines, *_lines(url, (_("使用地区"), places.full_name(region_id)))]


def _purchase_lines(cleaned: Mapping[str, Any], url: str) -> list[SummaryLine]:
    category = str(categories.OBJECT_LABELS.get(cleaned.get("object_category", ""), ""))
    item = str(cleaned.get("item_name", ""))
    amount = cleaned.get("amount")
    return _lines(
        url,
        (_("商品或服务"), [part for part in (item, category) if part]),
        (_("品牌"), cleaned.get("brand", "")),
        (_("金额"), money(amount) if amount is not None else ""),
        (_("购买或开通日期"), day_text(cleaned.get("bought_on"))),
        (_("网购"), yes_no(cleaned["is_online"]) if cleaned.get("is_online") is not None else ""),
        (_("订单号、合同号"), cleaned.get("order_no", "")),
    )


def _problem_lines(draft: FilingDraft, cleaned: Mapping[str, Any], url: str) -> list[SummaryLine]:
    happened = day_text(cleaned.get("disputed_on"))
    if happened and cleaned.get("is_approximate"):
        happened = _("%(day)s（大约）") % {"day": happened}
    contact = []
    if cleaned.get("has_contacted") is not None:
        day, number = day_text(cleaned.get("contacted_on")), cleaned.get("their_reference", "")
        contact = [yes_no(cleaned["has_contacted"]), day, number]
    statement = [cleaned["statement"]] if cleaned.get("statement") else []
    if "voice" in draft.data:
        statement.append(_("语音陈述，工作人员会写下来"))
    lines = _lines(
        url,
        (_("问题"), str(categories.problem_label(cleaned.get("problem_category", "")))),
        (_("发生时间"), happened),
        (_("发生地点"), cleaned.get("place", "")),
        (pgettext("statement", "经过"), statement),
        *((question.short, answer_text(question, cleaned.get(question.code))) for question in categories.QUESTIONS),
        (_("发现日期"), day_text(cleaned.get("noticed_on"))),
        (_("找过企业"), [part for part in contact if part]),
    )
    if cleaned.get("report"):
        detail = _("另行登记，由监管部门单独处理；不写进这件投诉，企业看不到")
        lines.append(SummaryLine(_("同时举报"), [cleaned["report"]], detail=detail, change_url=url))
    return lines


def _demanded(cleaned: Mapping[str, Any]) -> list[str]:
    demands = []
    for kind in categories.DEMAND_KINDS:
        if kind.code in cleaned.get("demand", ()):
            amount = cleaned.get(f"amount_{kind.code}")
            demands.append(f"{kind.label} {money(amount)}" if kind.asks_amount and amount else str(kind.label))
    return demands


def _demand_lines(draft: FilingDraft, cleaned: Mapping[str, Any], addresses: Addresses) -> list[SummaryLine]:
    files = [
        _("%(name)s（%(kind)s）") % {"name": row.name, "kind": row.get_kind_display()}
        for row in draft.evidence.order_by("pk")
    ]
    return [
        *_lines(addresses["demands"], (_("要求"), _demanded(cleaned)), (_("补充说明"), cleaned.get("note", ""))),
        SummaryLine(_("材料"), files or [_("没有")], change_url=addresses["evidence"]),
    ]


def _you_lines(draft: FilingDraft, cleaned: Mapping[str, Any], url: str) -> list[SummaryLine]:
    phone = str(cleaned.get("phone", ""))
    is_proven = drafts.is_proven(draft, phone, str(cleaned.get("email", "")))
    state = _("已验证") if is_proven else _("未验证，工作人员会回电核实")
    behalf = str(cleaned.get("behalf", ""))
    return _lines(
        url,
        (_("为谁投诉"), label_of(BEHALF, behalf) if behalf else ""),
        (_("对方"), [part for part in (cleaned.get("principal_name", ""), cleaned.get("relation", "")) if part]),
        (_("其他投诉人"), [party.name for party in cleaned.get("joint", ())]),
        (_("姓名"), cleaned.get("name", "")),
        (_("手机"), _("%(phone)s，%(state)s") % {"phone": masked_phone(phone), "state": state} if phone else ""),
        (_("地址"), cleaned.get("address", "")),
        (_("电子邮箱"), cleaned.get("email", "")),
        (_("答复方式"), label_of(categories.REPLY_BY, cleaned["reply_by"]) if cleaned.get("reply_by") else ""),
        (_("需要照顾"), [label_of(categories.NEED_HELP, code) for code in cleaned.get("need_help", ())]),
    )


def _consent_lines(draft: FilingDraft, cleaned: Mapping[str, Any], url: str) -> list[SummaryLine]:
    return [
        SummaryLine(consent.short, [_("同意") if cleaned[consent.code] else _("不同意")], change_url=url)
        for consent in consent_questions(drafts.enrolled_name(draft))
        if cleaned.get(consent.code) is not None
    ]

"""What stands on the ten official forms, in the law's words and Chinese, whoever reads them. Nothing is asked of the
database: the same facts give the same paper, before the step (preview) and after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import override

from authorities.policies import Policies
from complaints import wording
from complaints.acceptance.remedies import phone_of
from complaints.documents import kinds
from complaints.documents.kinds import KINDS
from complaints.models import Complaint
from complaints.procedure.categories import BODY_BY_CODE
from complaints.procedure.working_calendar import SHANGHAI
from complaints.wording.reasons import REFUSAL_GROUNDS, TERMINATION_GROUNDS

LAW = "《市场监督管理投诉举报处理办法》"
ZH = "zh-hans"
#: 消法 art. 39.
ROUTES = (
    "（一）与经营者协商和解；",
    "（二）请求消费者协会或者依法成立的其他调解组织调解；",
    "（三）向有关行政部门投诉；",
    "（四）根据与经营者达成的仲裁协议提请仲裁机构仲裁；",
    "（五）向人民法院提起诉讼。",
)
MODES = {"site": "现场调解", "phone": "电话调解", "video": "网络音视频调解", "other": "其他方式调解"}
_DIGITS = "〇一二三四五六七八九"
Block = dict[str, Any]
Paper = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a document may say. ``policies``: in force on ``day``. ``person``: kind of text → words of the filing;
    ``data`` and ``texts``: of the entry."""

    complaint: Complaint
    policies: Policies
    authority: str
    officers: Sequence[str]
    day: date
    person: Mapping[str, str] = field(default_factory=dict)
    respondent: str = ""
    respondent_code: str = ""
    unit: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    demands: Sequence[str] = ()
    promises: Sequence[str] = ()
    last_day: date | None = None

    def period(self, policy: str) -> str:
        """六十日 or 七个工作日: the number in force for the case, as an official document writes it."""
        result = self.policies.number(policy, self.complaint.handling_region_id)
        number = "两" if result.number == 2 else chinese_number(result.number)
        return number + {"WD": "个工作日", "CD": "日"}[result.unit]

    @property
    def name(self) -> str:
        return self.person.get("consumer_name") or "投诉人"

    @property
    def other(self) -> str:
        return self.respondent or "被投诉人"


def paper(form: int, facts: Facts, *, reference: str = "") -> Paper:
    """The document as plain data: title, whom to, paragraphs, tables, who signs. Without a reference: a preview."""
    with override(ZH):
        title, (whom, blocks) = str(KINDS[form].title), _BODIES[form](facts)
    return {
        "form": form,
        "title": title,
        "authority": facts.authority,
        "reference": reference,
        "case": facts.complaint.number,
        "addressee": whom,
        "blocks": blocks,
        "officers": list(facts.officers),
        "day": chinese_day(facts.day),
    }


def plain_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def plain_moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{plain_day(local)}{local:%H:%M}"


def chinese_day(day: date) -> str:
    """二〇二六年十一月十一日, as a sealed document is dated."""
    year = "".join(_DIGITS[int(sign)] for sign in str(day.year))
    return f"{year}年{_below_hundred(day.month)}月{_below_hundred(day.day)}日"


def chinese_number(number: int) -> str:
    """六十, 一百零三; from a thousand on in digits."""
    if number >= 1000:
        return str(number)
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest) or _DIGITS[0]
    tail = "" if not rest else ("零" if rest < 10 else "一" if rest < 20 else "") + _below_hundred(rest)
    return f"{_DIGITS[hundreds]}百{tail}"


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十") + (_DIGITS[ones] if ones else "")


def _p(*arguments: str) -> list[Block]:
    return [{"p": text} for text in arguments if text]


def _facts(*rows: tuple[str, str]) -> list[Block]:
    return [{"facts": [[key, value] for key, value in rows if value]}]


def _received(facts: Facts) -> str:
    return plain_day(facts.complaint.received_at.astimezone(SHANGHAI))


def _subject(facts: Facts) -> str:
    return f"你于{_received(facts)}对{facts.other}提出的消费者权益争议投诉（投诉编号：{facts.complaint.number}）"


def _parties(facts: Facts, *, is_register: bool) -> list[Block]:
    """Where to reach the consumer stands only on what no other party reads."""
    person, case = facts.person, facts.complaint
    rows = [("投诉人", facts.name)]
    if is_register:
        rows += [
            ("联系电话", person.get("consumer_phone", "").removeprefix("+86")),
            ("联系地址", person.get("consumer_address", "")),
            ("同意公示投诉信息", "是" if case.publication_consent else "否"),
            ("同意委托调解", {True: "是", False: "否"}.get(case.consents.get("delegated_mediation"), "未表示")),
        ]
    rows += [("被投诉人", facts.other), ("统一社会信用代码", facts.respondent_code)]
    if is_register:
        details = case.respondent_details or {}
        rows += [("被投诉人地址", str(details.get("address", ""))), ("被投诉人电话", str(details.get("phone", "")))]
    return _facts(*rows)


def _dispute(facts: Facts) -> list[Block]:
    case = facts.complaint
    statement = facts.person.get("consumer_statement") or facts.person.get("consumer_transcript") or "见案卷。"
    return [
        *_facts(
            ("商品或者服务", case.item_name),
            ("争议发生日", plain_day(case.disputed_on) if case.disputed_on else ""),
            ("涉及金额", f"{case.amount:.2f}元" if case.amount is not None else ""),
        ),
        *_p(f"消费者权益争议事实：{statement}"),
        *([{"heading": "投诉请求", "lines": list(facts.demands)}] if facts.demands else []),
    ]


def _registration(facts: Facts) -> tuple[str, list[Block]]:
    head = _facts(("登记单位", facts.authority), ("投诉编号", facts.complaint.number), ("收到日期", _received(facts)))
    return "", [*head, *_parties(facts, is_register=True), *_dispute(facts)]


def _report(facts: Facts) -> tuple[str, list[Block]]:
    return "", [
        *_facts(
            ("登记单位", facts.authority),
            ("登记日期", plain_day(facts.day)),
            ("随投诉一并提出", facts.complaint.number),
            ("举报人", facts.name),
            ("联系电话", facts.person.get("consumer_phone", "").removeprefix("+86")),
            ("被举报人", facts.other),
        ),
        *_p(
            "举报的违法线索：" + (facts.texts.get("report") or facts.person.get("report") or "见案卷。"),
            "举报人的信息应当保密（第三十七条）。举报与投诉分别处理（第九条）。",
        ),
    ]


def _distribution(facts: Facts) -> tuple[str, list[Block]]:
    if facts.data.get("enterprise"):
        until = f"请在{plain_day(facts.last_day)}前与投诉人协商，" if facts.last_day else "请按期与投诉人协商，"
        return facts.other, _p(
            f"现将对你单位的消费者权益争议投诉（投诉编号：{facts.complaint.number}，"
            f"收到日期：{_received(facts)}）转送你单位，由本局监督你单位与投诉人在线和解。",
            f"{until}并在平台如实记录处理时间、协商过程、协商方式和协商结果。协商不成的，由市场监督管理部门依法处理。",
        )
    return facts.unit or "承办单位", _p(
        f"根据{LAW}第四十一条，现将消费者权益争议投诉（投诉编号：{facts.complaint.number}，"
        f"收到日期：{_received(facts)}，被投诉人：{facts.other}）分送你单位，请依法处理。",
        "经核查没有处理权限的，应当退回分送机构，不得自行移送。"
        + (f"是否受理的决定最晚于{plain_day(facts.last_day)}作出并告知投诉人。" if facts.last_day else ""),
    )


def _identity(facts: Facts) -> tuple[str, list[Block]]:
    last = facts.data.get("last_day")
    day = plain_day(date.fromisoformat(last)) if isinstance(last, str) and last else "规定期限"
    return facts.name, _p(
        f"{_subject(facts)}，需要核实你的真实身份。根据{LAW}第十条，请于{day}前提供下列材料：",
        facts.texts.get("message", "身份证明材料。"),
        "逾期没有提供，或者提供的身份证明材料不真实的，依据第十六条第五项、第六项不予受理。身份证明材料只用于核实身份。",
    )


def _acceptance(facts: Facts) -> tuple[str, list[Block]]:
    until = f"，最晚到{plain_day(facts.last_day)}" if facts.last_day else ""
    return facts.name, _p(
        f"{_subject(facts)}，经审查符合{LAW}的规定，本局决定受理。",
        f"本局将在征得双方同意后组织调解。调解期限为自受理之日起{facts.period('mediation')}{until}；鉴定、检测所需的时间不计算在内。",
        "调解以双方自愿为前提。任何一方不同意调解，或者经调解不能达成协议的，终止调解，"
        "你可以向人民法院起诉或者按仲裁协议申请仲裁。",
    )


def _refusal(facts: Facts) -> tuple[str, list[Block]]:
    ground = str(facts.data.get("ground", ""))
    text = REFUSAL_GROUNDS.get(ground, "依法不予受理")
    return facts.name, [
        *_p(
            f"{_subject(facts)}，经审查，有下列情形：{text}。根据{LAW}第十六条，本局决定不予受理。",
            "事实和理由：" + facts.texts.get("decision", ""),
            _whose(facts.data),
            "根据《中华人民共和国消费者权益保护法》第三十九条，你可以通过下列途径解决争议：",
        ),
        {"lines": list(ROUTES), "plain": True},
        *_p(
            "对本决定有异议的，可以通过平台或者书面向本局提出，"
            f"由没有参加审查的人员在{facts.period('objection')}内答复。"
        ),
    ]


def _whose(data: Mapping[str, Any]) -> str:
    """Ground 1: who has the duty, with phone and last day; ground 2: who has handled it."""
    code, number = str(data.get("body", "")), str(data.get("earlier", ""))
    known = BODY_BY_CODE.get(code)
    body = (known.in_documents if known else "") or (wording.label(code, kind="body") if code else "")
    phone = phone_of(code)
    if data.get("ground") == "already_handled":
        where = f"由{body}" if body else f"在投诉{number}中" if number else ""
        return f"同一争议已{where}受理或者处理。" if where else ""
    if not body:
        return ""
    by_phone = f"（电话{phone}）" if phone and phone not in body else ""
    until = data.get("body_until")
    last = f"，最晚{plain_day(date.fromisoformat(str(until)))}" if until else ""
    return f"此事由{body}{by_phone}处理，你可以直接向其提出{last}。"


def _invitation(facts: Facts) -> tuple[str, list[Block]]:
    at = facts.data.get("at")
    when = plain_moment(datetime.fromisoformat(at)) if isinstance(at, str) and at else ""
    return f"{facts.name}、{facts.other}", [
        *_p(f"双方因消费者权益争议（投诉编号：{facts.complaint.number}）已同意由本局调解。现将调解事项通知如下："),
        *_facts(
            ("时间", when),
            ("地点或者方式", str(facts.data.get("place", ""))),
            ("调解方式", MODES.get(str(facts.data.get("mode", "")), "")),
            ("调解人员", "、".join(facts.officers)),
        ),
        *_p(
            "认为调解人员与争议有利害关系，可能影响公正调解的，可以在调解开始前申请其回避（第二十一条）。",
            "请携带身份证明和与争议有关的材料按时参加；委托他人参加的，应当提交授权委托书。无正当理由不参加的，"
            "依据第二十三条第二项终止调解。",
        ),
    ]


def _termination(facts: Facts) -> tuple[str, list[Block]]:
    text = TERMINATION_GROUNDS.get(str(facts.data.get("ground", "")), "依法终止调解")
    return f"{facts.name}、{facts.other}", _p(
        f"双方因消费者权益争议（投诉编号：{facts.complaint.number}）由本局调解，有下列情形：{text}。"
        f"根据{LAW}第二十三条，本局决定终止调解。",
        "事实和理由：" + facts.texts.get("decision", ""),
        "终止调解后，消费者可以根据仲裁协议提请仲裁机构仲裁，或者向人民法院提起诉讼。",
    )


def _agreement(facts: Facts) -> tuple[str, list[Block]]:
    return "", [
        *_parties(facts, is_register=False),
        *_dispute(facts),
        *_p("经本局主持调解，双方自愿达成如下协议：" + facts.texts.get("agreement", "")),
        *([{"heading": "履行事项", "lines": list(facts.promises)}] if facts.promises else []),
        *_p(
            f"本调解书根据{LAW}第二十四条制作，由双方签名或者盖章并加盖本局印章，一式三份，双方各执一份，本局存档一份。",
            "一方不履行的，另一方可以向人民法院起诉或者按仲裁协议申请仲裁；双方可以依法共同向人民法院申请司法确认。",
        ),
        {"signs": ["投诉人（签名）", "被投诉人（签名或者盖章）"]},
    ]


def _report_result(facts: Facts) -> tuple[str, list[Block]]:
    return facts.name, _p(
        f"你随投诉（投诉编号：{facts.complaint.number}）一并提出的举报，本局已经处理。现将处理结果告知如下：",
        f"核查结果：{wording.label(facts.data['result'], kind='lead_result')}。" if facts.data.get("result") else "",
        facts.texts.get("result", "") or facts.texts.get("message", ""),
        "举报人的信息依法保密。",
    )


_BODIES: dict[int, Callable[[Facts], tuple[str, list[Block]]]] = {
    kinds.REGISTRATION: _registration,
    kinds.REPORT: _report,
    kinds.DISTRIBUTION: _distribution,
    kinds.IDENTITY: _identity,
    kinds.ACCEPTANCE: _acceptance,
    kinds.REFUSAL: _refusal,
    kinds.INVITATION: _invitation,
    kinds.TERMINATION: _termination,
    kinds.AGREEMENT: _agreement,
    kinds.REPORT_RESULT: _report_result,
}


def demand_text(kind: str, amount: Any, note: str = "") -> str:
    """退还货款或服务费 128.50元：…"""
    money = f" {amount:.2f}元" if amount is not None else ""
    with override(ZH):
        return wording.label(kind, kind="demand_kind") + money + (f"：{note}" if note else "")


def promise_text(what: str, owed_by: str, amount: Any, due_on: date | None, last4: str = "") -> str:
    """被投诉人：退款 100.00元，付到尾号1234，2026年12月7日前。"""
    who = "投诉人" if owed_by == "consumer" else "被投诉人"
    return (
        f"{who}：{what}"
        + (f" {amount:.2f}元" if amount is not None else "")
        + (f"，付到尾号{last4}" if last4 else "")
        + (f"，{plain_day(due_on)}前" if due_on else "")
        + "。"
    )

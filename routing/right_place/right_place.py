"""“Is this the right place?”: who takes what, as one table of questions, answers and bodies; pure.

An answer may only advise. Each carries its own verdict, the body that takes the matter, the
law that says so and what to do next, so that no path through the questions ends without a next step;
nothing here bars filing. Bodies, articles: facts.md §1.2 and the laws named beside each answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.procedure.categories import SECTORS
from complaints.procedure.duties import duties

Text = str | Promise


class Verdict(IntEnum):
    """What an answer means for filing here; the strictest of a path is the path's."""

    YES = 0
    BUT = 1
    ELSEWHERE = 2


@dataclass(frozen=True, slots=True)
class Body:
    """Who takes what we do not: its name, its phone (empty: none of its own), its web address."""

    name: Text
    phone: str = ""
    web: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its meaning, law, who takes it, what to do; ``category`` goes into the draft."""

    code: str
    label: Text
    hint: Text = ""
    verdict: Verdict = Verdict.YES
    bodies: tuple[str, ...] = ()
    reason: Text = ""
    law: Text = ""
    next_step: Text = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One page."""

    code: str
    text: Text
    why: Text
    answers: tuple[Answer, ...]


#: Everybody whom a file of a sector gives an office (complaints/procedure/sectors/).
BODIES: dict[str, Body] = {
    body.code: Body(body.office, body.phone, body.web) for sector in SECTORS for body in sector.bodies if body.office
}

_ART_16_2 = _("《市场监督管理投诉举报处理办法》第十六条第二项")


def _elsewhere(code: str, label: Text, *, hint: Text = "", duty: str = "") -> Answer:
    """The answer that a matter of another body gives, as its row of the table says it (``duty``, else the code)."""
    row = duties()[duty or code]
    return Answer(code, label, hint, Verdict.ELSEWHERE, row.bodies, row.reason, row.law, row.next_step)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "matter",
        _("您遇到的是什么事？"),
        _("不同的事由不同的部门管，找对了，不用跑第二趟。"),
        (
            Answer(
                "purchase",
                _("为自己或家人生活买东西、用服务，跟商家有纠纷"),
                _("想退款、修好、换货、取消扣费，或者要个说法"),
            ),
            _elsewhere(
                "business", _("为做生意买的东西、用的服务"), hint=_("农民买种子、化肥、农机等，也算消费，请选上一项")
            ),
            _elsewhere("violation", _("发现商家违法，想举报，自己不要求赔偿"), hint=_("可以不留姓名")),
            _elsewhere("advice", _("只想问一问政策或法律")),
            _elsewhere("crime", _("被骗、被威胁、被打，或者钱正在被转走")),
            _elsewhere("labour", _("工资、社保、劳动合同、工伤")),
            _elsewhere("private", _("跟个人的事：借钱、邻里、家庭、个人之间的买卖")),
            _elsewhere("government", _("政府办事、市政、噪音、停水停电等")),
            Answer(
                "conduct",
                _("信息公开、行政复议，或者举报公职人员"),
                "",
                Verdict.ELSEWHERE,
                ("12345", "discipline"),
                _("这些有各自的程序，不按投诉办理。"),
                _("《市场监督管理投诉举报处理办法》第四十四条"),
                _(
                    "申请信息公开，写给掌握信息的机关；不服决定，在知道之日起60日内向上一级机关或同级政府申请复议；举报公职人员打12388。"
                ),
            ),
        ),
    ),
    Question(
        "trade",
        _("是哪一类商品或服务？"),
        _("有些行业另有主管部门，能更快解决。"),
        (
            Answer(
                "general", _("购物、网购、餐饮、健身、培训、维修等"), _("大多数商品和服务都在这里；不确定也选这一项")
            ),
            *(
                Answer(
                    code=trade.code,
                    label=trade.label,
                    hint=trade.hint,
                    verdict=Verdict[trade.verdict.upper()],
                    bodies=trade.bodies,
                    reason=trade.reason,
                    law=trade.law,
                    next_step=trade.next_step,
                    category=trade.category,
                )
                for sector in SECTORS
                for trade in sector.trades
            ),
        ),
    ),
    Question(
        "since",
        _("您知道权益受损，到今天多久了？"),
        _("法律给投诉定了3年，从您知道或者应当知道的那天算起。"),
        (
            Answer("within", _("不到3年")),
            replace(_elsewhere("over", _("超过3年"), duty="old"), verdict=Verdict.BUT),
            Answer("unsure", _("记不清了"), _("可以先提交，填大概的日子")),
        ),
    ),
    Question(
        "elsewhere",
        _("这件事已经有别的地方在处理，或者处理过吗？"),
        _("同一件事，法律不让两处同时办。"),
        (
            Answer("no", _("没有"), _("只打过客服电话，或者打过热线还没有受理，也选这一项")),
            Answer(
                "court",
                _("法院"),
                "",
                Verdict.ELSEWHERE,
                ("court",),
                _("法院已经受理或判决的，市场监管部门不再受理。"),
                _ART_16_2,
                _("请在法院的案件里主张。判决生效后对方不履行，可以申请强制执行，一般要在两年内。"),
            ),
            Answer(
                "arbitration",
                _("仲裁"),
                "",
                Verdict.ELSEWHERE,
                ("arbitration", "court"),
                _("仲裁机构已经受理或裁决的，市场监管部门不再受理。"),
                _ART_16_2,
                _("请在仲裁案件里主张。裁决以后对方不履行，可以向法院申请强制执行。"),
            ),
            _elsewhere(
                "authority", _("市场监管部门、其他部门或消费者协会"), hint=_("已经受理，或者已经办结"), duty="handled"
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Path:
    """How far somebody has come: the answers given, then either a question or the end (None)."""

    given: tuple[tuple[Question, Answer], ...]
    question: Question | None

    @property
    def verdict(self) -> Verdict:
        return max((answer.verdict for _question, answer in self.given), default=Verdict.YES)

    @property
    def findings(self) -> tuple[Answer, ...]:
        """What has to be told; of a path that leads elsewhere only why it does."""
        return tuple(answer for _question, answer in self.given if answer.verdict and answer.verdict == self.verdict)

    @property
    def bodies(self) -> tuple[Body, ...]:
        codes = dict.fromkeys(code for finding in self.findings for code in finding.bodies)
        return tuple(BODIES[code] for code in codes)

    @property
    def asked(self) -> dict[str, str]:
        """The answers by their codes, as they stand in the address."""
        return {question.code: answer.code for question, answer in self.given}

    @property
    def category(self) -> str:
        return next((answer.category for _question, answer in self.given if answer.category), "")


def walk(answers: Mapping[str, str]) -> Path:
    """Along the questions as far as they were answered; what is no answer counts as none, and all after it."""
    given: list[tuple[Question, Answer]] = []
    for question in QUESTIONS:
        text = answers.get(question.code, "")
        answer = next((one for one in question.answers if one.code == text), None)
        if answer is None:
            return Path(tuple(given), question)
        given.append((question, answer))
        if answer.verdict is Verdict.ELSEWHERE:
            break
    return Path(tuple(given), None)

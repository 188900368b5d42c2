"""What words of a complaint may point to: grounds 1, 2 and 5 of art. 16. Advice with its reason, of words alone, so it
may be wrong: it chooses no ground and is kept nowhere. The words of ground 1 are those that warned the consumer
(complaints/procedure/duties.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.acceptance.review_grounds import Element
from complaints.procedure import duties
from web.listing import remarked

Text = str | Promise
OUTSIDE = "outside_duty"


@dataclass(frozen=True, slots=True)
class Pattern:
    """``ground``, the words as a regular expression, why; ``body`` that would have the duty. ``unless``: words in the
    same text with which the pattern means nothing."""

    ground: str
    expression: str
    why: Text
    body: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``quote``: the words that were found."""

    ground: str
    quote: str
    why: str
    body: str = ""


_DONE = _("同一争议已经受理或者处理过的，不再受理；请核实是不是同一争议。")
_WHOM = _("没有写明被投诉人的名称或者地址，可以先要求补正。")
_PROOF = _("没有写明事实依据，可以先要求补正。")

_handled, _lacks = (partial(Pattern, ground) for ground in ("already_handled", "material_missing"))

PATTERNS: tuple[Pattern, ...] = (
    # --- ground 2: who has handled it -----------------------------------------------------------
    _handled(
        r"(?:法院|仲裁\w{0,4}).{0,8}(?:已|受理|立案|判决|裁决|裁定|调解|审理|起诉)|已.{0,4}(?:起诉|立案|判决|裁决)",
        _DONE,
        "court",
        unless=r"判决.{0,6}执行",
    ),
    _handled(r"(?:消协|消费者协会|消委会|消保委).{0,8}(?:已|处理|受理|调解)", _DONE, "association"),
    _handled(r"(?:已|已经|曾|之前|此前|[前上]次|个?月前).{0,6}(?:处理|受理|调解|办结|答复|结案)(?!不)", _DONE),
    _handled(r"(?:再次|重复|重新|二次).{0,4}(?:投诉|反映|立案|处理|举报)|同一(?:事项|问题|商家|争议)", _DONE),
    # --- ground 5: what is missing or false -----------------------------------------------------
    _lacks(
        r"(?:商家|店名|名称|主体|地址|信息|电话|联系方式|位置)(?:\w{0,2})(?:不详|不明|不清|未知|不知道|记不清)", _WHOM
    ),
    _lacks(
        r"(?:没有|缺少|无|未留|未提供|不知道|忘了|记不得|不记得).{0,3}(?:店名|店铺名|商家(?:名称|信息|地址)|地址|联系方式|名称)",
        _WHOM,
    ),
    _lacks(r"(?:无法|不能|没有|未|未能|拒绝|不愿)提供", _PROOF),
    _lacks(
        r"(?:没有|无|丢失|遗失|缺少|没)(?:任何)?(?:保留|留存|了)?(?:发票|小票|收据|凭证|购物凭证|证据|票据|合同|付款记录)",
        _PROOF,
        unless=r"(?:不给|拒开|不开|拒绝开)",
    ),
    _lacks(r"材料(?:不全|不齐|不足|缺)|证据不足|仅凭记忆|口头描述|匿名", _PROOF),
    _lacks(
        r"虚假(?:信息|材料|身份|地址|姓名)|伪造|假名|冒用|地址.{0,2}不存在|查无此|空号",
        _("可能有虚假的信息或者材料，请先核实或者要求说明。"),
        unless=r"商家.{0,6}伪造|伪造.{0,4}(?:生产|日期|产地|检验)",
    ),
)


@cache
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)


def advise(text: str) -> list[Advice]:
    """What the words of ``text`` point to: the bodies of ground 1, then the patterns in their order; one for a ground
    and body."""
    result: dict[tuple[str, str], Advice] = {}
    for duty, found in duties.found_in(text):
        body, why = duty.bodies[0], str(duty.reason)
        result.setdefault((OUTSIDE, body), Advice(ground=OUTSIDE, quote=found.group(), why=why, body=body))
    for pattern in PATTERNS:
        hit = _compiled(pattern.expression).search(text)
        if hit is None or (pattern.unless and _compiled(pattern.unless).search(text)):
            continue
        result.setdefault(
            (pattern.ground, pattern.body),
            Advice(ground=pattern.ground, quote=hit.group(), why=str(pattern.why), body=pattern.body),
        )
    return list(result.values())


def of_ground(advice: Iterable[Advice], ground: str) -> list[Advice]:
    """One for each reason."""
    result: dict[str, Advice] = {}
    for one in advice:
        if one.ground == ground:
            result.setdefault(one.why, one)
    return list(result.values())


def wanted(lacks: Sequence[Element]) -> str:
    """The first draft of what is asked for: each thing that arts 10 to 12 want and the file has not."""
    return "\n".join(
        _("%(n)s. %(what)s") % {"n": nth, "what": remarked(e.label, e.note)} for nth, e in enumerate(lacks, start=1)
    )

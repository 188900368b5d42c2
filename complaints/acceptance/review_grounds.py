"""Whether a complaint may be accepted (arts 10 to 12), and what the file shows for each ground of art. 16. Pure over
``Known``: it bars only what the file itself rules out; an officer judges all else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from complaints.acceptance.remedies import after
from complaints.acceptance.review_facts import FiledFacts
from complaints.procedure.categories import REFUSAL_GROUNDS
from web.dates import day_text
from web.listing import joined, listed

YEARS = 36
#: What was seen: nothing for the ground, a doubt, or nobody has looked yet.
NOTHING, DOUBT, UNCHECKED = "nothing", "doubt", "unchecked"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that a complaint must hold. ``article``: 10, 11, 12."""

    code: str
    label: str
    article: int
    is_there: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """One of the seven: what the file shows, what is not known, and why it cannot be chosen (empty: it can)."""

    seen: str
    shows: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    barred: str = ""
    code: str = ""


def elements(known: FiledFacts) -> list[Element]:
    """Art. 10 for everybody, art. 11 where somebody acts for another, art. 12 where several complain."""
    given = known.filed_kinds
    has_identity = {"consumer_name", "consumer_phone", "consumer_address"} <= given
    has_respondent = known.has_respondent and known.has_respondent_address
    has_facts = bool(given & {"consumer_statement", "consumer_transcript"}) and known.since is not None
    demands = _("要求%(n)s项") % {"n": known.demands} if known.demands else _("没有写明要求什么")
    files = _("%(n)s份") % {"n": known.files} if known.files else _("没有材料；没有材料本身不是不予受理的情形")
    results = [
        Element("identity", _("投诉人的姓名、电话、通讯地址"), 10, has_identity, _identity_note(known)),
        Element("respondent", _("被投诉人的名称、地址"), 10, has_respondent, _respondent_note(known)),
        Element("claim", _("具体的投诉请求"), 10, known.demands > 0, demands),
        Element("facts", _("争议的事实依据"), 10, has_facts, _facts_note(known)),
        Element("evidence", _("材料（发票、合同、付款或者沟通记录等）"), 10, known.files > 0, files),
    ]
    if known.power:
        text = _("授权委托书（事项、权限、期限）和代理人身份证明")
        notes = {
            "confirmed": _("已核验或者已经委托人本人确认"),
            "refused": _("没有被认可"),
            "unchecked": _("还没有核验"),
        }
        results.append(Element("power", text, 11, known.power == "confirmed", notes[known.power]))
    if known.is_joint:
        elected, note = known.representatives == 2, _("%(n)s名") % {"n": known.representatives}
        results.append(Element("representatives", _("书面推选的两名代表人"), 12, elected, note))
    return results


def lacking(known: FiledFacts) -> list[Element]:
    """What arts 10 to 12 ask for and the file has not. Evidence may be lacking: the facts are what must be there."""
    return [e for e in elements(known) if not e.is_there and e.code != "evidence"]


def _identity_note(known: FiledFacts) -> str:
    names = (("consumer_name", _("姓名")), ("consumer_phone", _("电话")), ("consumer_address", _("通讯地址")))
    lacks = [text for kind, text in names if kind not in known.filed_kinds]
    if lacks:
        return _("缺：%(what)s") % {"what": listed(lacks)}
    return "" if known.contact_verified else _("联系电话还没有核实")


def _respondent_note(known: FiledFacts) -> str:
    if not known.has_respondent:
        return _("没有写明被投诉人")
    return "" if known.has_respondent_address else _("没有地址")


def _facts_note(known: FiledFacts) -> str:
    if not known.filed_kinds & {"consumer_statement", "consumer_transcript"}:
        return _("没有陈述")
    return "" if known.since is not None else _("没有写明是什么时候的事")


def grounds(known: FiledFacts, *, signals: Collection[str] = ()) -> list[Ground]:
    """All seven in the order of the law. ``signals``: what was noticed under art. 17, in words."""
    return [replace(_BY_CODE[code](known, tuple(signals)), code=code) for code in REFUSAL_GROUNDS]


def barred(code: str, known: FiledFacts) -> str:
    """Why ``code`` cannot be the ground of a refusal of this case; empty where it can."""
    return _BY_CODE[code](known, ()).barred


def _outside(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    shows = _("由本机关辖区内的地点确定管辖；送错了的，退回分送，不要不予受理")
    return Ground(UNCHECKED, (shows,), (_("须写明有职责的部门"),))


def _handled(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    if known.earlier:
        return Ground(DOUBT, tuple(_("监管部门受理或者处理过：%(number)s") % {"number": n} for n in known.earlier))
    missing = _("法院、仲裁、其他机关和消费者协会的记录，须写明是哪一个")
    return Ground(NOTHING, (_("没有查到监管部门受理过同一争议"),), (missing,))


def _not_consumption(known: FiledFacts, signals: tuple[str, ...]) -> Ground:
    proof = [_("写了金额")] if known.has_amount else []
    proof += [_("有订单号")] if "consumer_order_no" in known.filed_kinds else []
    proof += [_("有%(n)s份材料") % {"n": known.files}] if known.files else []
    shows = (listed(proof) if proof else _("没有金额、订单号和材料"), *signals)
    return Ground(DOUBT if signals or not proof else NOTHING, shows, (_("是否真实消费，要由人判断（第十七条）"),))


def _over_three_years(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    since = known.since
    if since is None:
        missing = (_("没有发现日期，也没有争议发生日"),)
        return Ground(UNCHECKED, (), missing, _("没有日期，不能认定超过三年；请先问清楚或者要求补正。"))
    began = (_("发现日期：%(day)s") if known.learned_on else _("争议发生日：%(day)s")) % {"day": _day(since, known)}
    last = after(since, months=YEARS)
    if known.filed_on <= last:
        return Ground(NOTHING, (began,), (), _("到投诉那天不满三年（三年到%(day)s）。") % {"day": _day(last, known)})
    days = {"day": _day(last, known), "filed": _day(known.filed_on, known)}
    unknown = _("没有写明什么时候知道的；三年从知道或者应当知道之日起算")
    shows = (began, _("三年到%(day)s，投诉是%(filed)s收到的") % days)
    return Ground(DOUBT, shows, () if known.learned_on else (unknown,))


def _material_missing(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    lacks = lacking(known)
    shows = (
        [_("缺：%(what)s") % {"what": joined(e.label for e in lacks)}] if lacks else [_("第十条、第十一条的材料齐全")]
    )
    labels = {
        "asked": _("要求补正过，还没有答复"),
        "given": _("要求补正过，已经补充"),
        "not_given": _("要求补正过，没有补充"),
    }
    shows += [labels[known.material]] if known.material else []
    if not lacks and not known.material:
        barred = _("材料齐全，也没有要求过补正。怀疑材料虚假的，先要求说明或者补正。")
        return Ground(NOTHING, tuple(shows), (), barred)
    seen = DOUBT if lacks or known.material == "not_given" else UNCHECKED
    return Ground(seen, tuple(shows), () if known.material else (_("还没有要求补正"),))


def _identity_refused(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    if known.is_impostor:
        return Ground(DOUBT, (_("回电核实时，对方说不是自己提交的"),))
    if known.identity == "not_given":
        return Ground(DOUBT, (_("没有按要求提供身份证明"),))
    if known.identity == "given":
        return Ground(UNCHECKED, (_("提供了身份证明，须核对"),))
    verified = _("联系电话已经核实") if known.contact_verified else _("联系电话还没有核实")
    return Ground(UNCHECKED, (verified,), (), _("没有要求提供过身份证明（文书第4号），不能认定拒不配合。"))


def _other_law(known: FiledFacts, _signals: tuple[str, ...]) -> Ground:
    return Ground(UNCHECKED, (), (_("须写明依据哪部法律、法规、规章的哪一条"),))


_BY_CODE = {
    "outside_duty": _outside,
    "already_handled": _handled,
    "not_consumption": _not_consumption,
    "over_three_years": _over_three_years,
    "material_missing": _material_missing,
    "identity_refused": _identity_refused,
    "other_law": _other_law,
}


def _day(day: date, known: FiledFacts) -> str:
    return day_text(day, weekday=False, today=known.filed_on)

"""What stands on the two papers: the dossier, and the agreement for a court or for judicial confirmation. They say what
the page of the case says to the same reader, and no more."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from complaints import wording
from complaints.documents import printing
from complaints.documents.printing import readable
from complaints.dossier.gathering import Gathered
from complaints.dossier.proving import Proof
from complaints.procedure.workflow import Outcome
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import ObligationView, OfferView
from complaints.record import record
from complaints.wording.standing import standing
from web.dates import moment_text, written
from web.languages import base_language, named
from web.templatetags.portal import money

#: A paper has an edge: runs without a space may be broken inside, where they are longer than a number of a case.
_LONG = re.compile(r"[^\s\u2e80-\uffef]{28}(?=[^\s\u2e80-\uffef])")
Section = dict[str, Any]


def dossier_paper(gathered: Gathered, *, proof: Proof | None, site: str) -> dict[str, Any]:
    """The whole case, and the checkpoint that covers it."""
    page = gathered.page
    sections = [
        {"heading": _("概况"), "facts": _summary(page)},
        {"heading": _("当事人"), "facts": _parties(page)},
        {"heading": _("消费者提交的"), "lead": page.statement or "–", "facts": _facts(page)},
        _demands(page),
        *(_offer(offer) for offer in reversed(page.offers)),
        *_ledger(page.promises),
        *_thread(page),
        *_files(gathered),
        *_documents(gathered),
        _record(gathered),
        _proof(gathered, proof, site),
    ]
    return _paper(page, gathered, title=_("投诉档案"), subtitle=page.title, sections=sections, site=site)


def has_agreement(page: CasePage) -> bool:
    """A settlement stands: an accepted offer that grants something, or promises of a mediation. Broken ones too: it is
    needed most then."""
    return not page.is_former and bool(_accepted(page) or any(o.row.source == "mediation" for o in page.promises))


def agreement_paper(gathered: Gathered, *, site: str) -> dict[str, Any]:
    """Who owes whom what by when, on the basis of which demands."""
    page = gathered.page
    promises = page.promises
    is_mediated = any(o.row.source == "mediation" for o in promises) or page.complaint.outcome == Outcome.MEDIATED
    title = _("调解协议书") if is_mediated else _("和解协议书")
    accepted = _accepted(page)
    sections: list[Section] = [
        {"heading": _("当事人"), "facts": _parties(page)},
        {"heading": _("争议和要求"), "lead": page.statement or "–", "facts": _facts(page)},
        _demands(page),
        *([_offer(_agreed_part(accepted, page)) | {"heading": _("双方同意的方案")}] if accepted else []),
        *_ledger(promises),
        {
            "heading": _("说明"),
            "lead": _agreed(page)
            + _(
                "双方可以共同向有管辖权的人民法院申请司法确认，或者在起诉时作为证据。本文书根据平台的办理记录生成，不代替双方的签名。"
            ),
        },
        {"heading": _("签名"), "signs": [_("消费者（签名）"), _("经营者（盖章）"), _("日期")]},
    ]
    return _paper(page, gathered, title=title, subtitle=page.title, sections=sections, site=site)


def _paper(
    page: CasePage, gathered: Gathered, *, title: str, subtitle: str, sections: list[Section], site: str
) -> dict[str, Any]:
    number, digest = page.complaint.number, gathered.entries[-1][1].hex()
    printed = readable(sections)
    if printed != sections:
        printed.append(
            {
                "heading": _("印不出的字符"),
                "lead": _("本文书的字体没有的表情和字符，印成它的编号，例如[表情 U+1F600]。记录、文件和摘要仍是原文。"),
            }
        )
    return {
        "title": title,
        "subtitle": _breakable(readable(subtitle)),
        "language": base_language(),
        "number": number,
        "digest": digest,
        "of": "/",
        "check": _("记录摘要如下；扫码或在%(site)s/open/verify/核对") % {"site": site},
        "qr": printing.qr_svg(printing.check_address(site, number, digest)),
        "sections": [_breakable(section) for section in printed],
    }


def _breakable(value: Any) -> Any:
    """The same with a place to break in what would run over the edge; digests are set small and fit."""
    if isinstance(value, str):
        return _LONG.sub(lambda run: run[0] + "\u200b", value)
    if isinstance(value, dict):
        return {key: part if key == "mono" else _breakable(part) for key, part in value.items()}
    return [_breakable(part) for part in value] if isinstance(value, list | tuple) else value


def _day(value: date) -> str:
    """With its year: a paper is read in other years too."""
    return written(value, year=True)


def _moment(value: datetime) -> str:
    return moment_text(value, year=True)


def _by_name(text: str, page: CasePage) -> str:
    """The page says 您 to its reader; the paper goes to others."""
    you = _("您")
    return page.person.name + text.removeprefix(you) if text.startswith(you) and page.person.name else text


def _facts(page: CasePage) -> list[list[str]]:
    case = page.complaint
    days = {_("购买日期"): case.bought_on, _("争议发生日"): case.disputed_on}
    results = []
    for fact in page.facts:
        day = days.get(fact.key)
        text = fact.value if day is None else _day(day)
        if day is not None and fact.key == _("争议发生日") and case.disputed_on_is_approximate:
            text = _("大约%(day)s") % {"day": text}
        results.append([fact.key, text])
    return results


def _summary(page: CasePage) -> list[list[str]]:
    case = page.complaint
    rows = [
        (_("投诉编号"), case.number),
        (_("状态"), wording.label(case.status, kind="status")),
        (_("结果"), standing(case).text if case.outcome else ""),
        (_("原因"), standing(case).why or (wording.reason(case.reason, case.outcome) if case.reason else "")),
        (_("提交时间"), _moment(case.filed_at)),
        (_("办结时间"), _moment(case.closed_at) if case.closed_at else ""),
        (_("监管部门"), named(case.handling_authority)),
        (_("制作时间"), _moment(page.now)),
    ]
    return [[str(key), str(value)] for key, value in rows if value]


def _parties(page: CasePage) -> list[list[str]]:
    person = page.person
    rows = [
        (_("消费者"), person.name),
        (_("电话"), person.phone),
        (_("电子邮箱"), person.email),
        (_("地址"), person.address),
        (_("经营者"), page.respondent),
    ]
    company = page.complaint.enterprise
    if company is not None and not page.is_former:
        rows.append((_("统一社会信用代码"), company.uscc or ""))
    return [[str(key), str(value)] for key, value in rows if value]


def _table(columns: list[str], widths: list[int], rows: list[list[str]]) -> dict[str, Any]:
    return {"columns": columns, "widths": widths, "rows": rows}


def _note(title: str, meta: str, *, text: str = "", mono: str = "") -> dict[str, str]:
    return {"title": title, "meta": meta, "text": text, "mono": mono}


def _demands(page: CasePage) -> Section:
    rows = []
    for d in page.demands:
        what = wording.label(d.kind, kind="demand_kind") + (f" · {d.note}" if d.note else "")
        rows.append([str(d.ordinal), what, money(d.amount)])
    section = {"heading": _("要求"), "table": _table([_("序号"), _("要求"), _("金额")], [1, 7, 2], rows)}
    return section | ({"lead": page.demand_note} if page.demand_note else {})


def _accepted(page: CasePage) -> OfferView | None:
    """None too where a refusal was accepted long ago: nothing was agreed."""
    refusals = {stage.pk for stage in page.engagements if stage.accepted_refusal}
    accepted = (one for one in page.offers if one.state_code == "accepted" and not one.offer.grants_nothing)
    return next((one for one in accepted if one.offer.engagement_id not in refusals), None)


def _agreed_part(offer: OfferView, page: CasePage) -> OfferView:
    """Without what was answered to demands that were not accepted with it."""
    settled = {d.ordinal for d in page.demands if d.is_settled}
    return replace(offer, answers=[a for a in offer.answers if a.ordinal in settled]) if settled else offer


def _offer(offer: OfferView) -> Section:
    meta = f"{offer.title} · {_moment(offer.at)} · {offer.by} · {offer.state}"
    rows = [
        [a.demand + (f" {money(a.asked)}" if a.asked is not None else ""), a.verdict, a.text or "–"]
        for a in offer.answers
    ]
    table = _table([_("要求"), _("答复"), _("说明")], [4, 2, 5], rows)
    lead = "\n".join(part for part in (meta, offer.message) if part)
    return {"heading": offer.title, "lead": lead, "table": table}


def _ledger(promises: Iterable[ObligationView]) -> list[Section]:
    rows = [
        [
            o.name,
            o.what,
            money(o.amount) if o.amount is not None else "–",
            o.to_whom.replace(_("您来做"), _("由消费者做")),
            _day(o.due_on) if o.due_on else o.due_text,
            o.state,
        ]
        for o in promises
    ]
    columns = [_("序号"), _("内容"), _("金额"), _("方式"), _("最晚"), _("状态")]
    return [{"heading": _("约定"), "table": _table(columns, [1, 4, 2, 3, 3, 2], rows)}] if rows else []


def _thread(page: CasePage) -> list[Section]:
    notes = []
    for m in page.thread:
        lines = [*(f"{p.label} · {p.text}" if p.label else p.text for p in m.parts), *(f.name for f in m.files)]
        notes.append(_note(f"{_by_name(m.who, page)} · {m.what}", _moment(m.at), text="\n".join(lines)))
    return [{"heading": _("往来"), "notes": notes}] if notes else []


def _files(gathered: Gathered) -> list[Section]:
    notes = [
        _note(part.name or _("未交付的文件"), filesizeformat(part.size) if part.size else "", mono=part.sha256)
        for part in gathered.files
    ]
    return [{"heading": _("文件和摘要（SHA-256）"), "notes": notes}] if notes else []


def _documents(gathered: Gathered) -> list[Section]:
    notes = []
    for one in gathered.documents:
        title = f"{one.title} {one.reference}" + (f"（{_('作废')}）" if one.is_void else "")
        notes.append(_note(title, _moment(one.issued_at), mono=one.sha256))
    return [{"heading": _("官方文书和摘要（SHA-256）"), "notes": notes}] if notes else []


def _record(gathered: Gathered) -> Section:
    events = sorted((e for e in gathered.page.timeline if not e.internal), key=lambda e: e.sequence)
    notes = []
    for e in events:
        text = "\n".join(part for part in (_by_name(e.actor, gathered.page), e.detail) if part)
        notes.append(_note(f"{e.sequence}. {e.title}", _moment(e.at), text=text, mono=e.digest))
    return {"heading": _("办理记录"), "notes": notes}


def _proof(gathered: Gathered, proof: Proof | None, site: str) -> Section:
    rows = [(_("记录条数"), len(gathered.entries)), (_("记录摘要"), gathered.entries[-1][1].hex())]
    if proof is not None:
        checkpoint = proof.checkpoint
        rows += [
            (_("检查点"), f"{checkpoint.size} · {record.stamp(checkpoint.at)}"),
            (_("检查点到第几条"), proof.sequence),
            (_("检查点摘要"), bytes(checkpoint.root).hex()),
            (_("签名公钥"), proof.log["key"]),
        ]
    else:
        rows.append((_("检查点"), _("还没有检查点")))
    rows.append((_("公布在"), f"{site}/open/record/"))
    return {
        "heading": _("怎样核对"),
        "facts": [[str(key), str(value)] for key, value in rows],
        "lead": _(
            "每条记录的摘要都包含前一条的摘要；平台每分钟为全部记录签一个检查点并公布。任何人都可以用档案压缩包和核对程序，不经过平台就查明检查点以前的记录有没有少掉、有没有改动。"
        ),
    }


def _agreed(page: CasePage) -> str:
    accepted = _accepted(page)
    if accepted is None or accepted.offer.answered_at is None:
        return ""
    at = {"made": _moment(accepted.at), "agreed": _moment(accepted.offer.answered_at)}
    return _("经营者于%(made)s提出，消费者于%(agreed)s接受。") % at

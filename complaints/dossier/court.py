"""What a court asks for that confirms an agreement (司法确认): the application, and the agreement with it. It says of a
person what the page of the case says to the same reader; the rest is left to be filled in by hand."""

import hashlib
import io
import zipfile
from typing import Any

from complaints.documents import kinds, printing
from complaints.documents.printing import readable
from complaints.documents.wording import plain_day
from complaints.models import DocumentVersion, OfficialDocument
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import CaseAccess, CasePage
from complaints.reading.case_documents import readable_by


def agreement_of(result: CaseAccess) -> DocumentVersion | None:
    """The newest version of the mediation agreement that stands; None where this reader has none."""
    rows = readable_by(result.complaint, result.side, result.viewer)
    mine = next((row for row in rows if row.form == kinds.AGREEMENT and row.state == OfficialDocument.ISSUED), None)
    if mine is None or result.actor is None:
        return None
    versions = DocumentVersion.objects.filter(document=mine).select_related("document__authority", "complaint")
    return versions.order_by("-number").first()


_BY_HAND = "　　　　　　　　（由本人填写）"
_REQUEST = "请求人民法院依法确认双方于{day}经{authority}主持调解达成的《投诉调解书》（{reference}）有效。"
_STORY = (
    "双方因消费者权益争议（投诉编号：{case}），经{authority}依照《市场监督管理投诉举报处理办法》主持调解，"
    "于{day}自愿达成协议，内容见所附调解书。"
    "现根据《中华人民共和国民事诉讼法》关于确认调解协议案件的规定，自调解协议生效之日起三十日内共同提出申请。"
)
_PLEDGE = (
    "双方当事人出于解决纠纷的目的自愿达成协议，没有恶意串通、规避法律的行为；如果因为该协议内容而给他人造成损害的，"
    "愿意承担相应的民事责任和其他法律责任。"
)
_WITH = (
    "一、《投诉调解书》{reference}（由双方签名并加盖机关印章的原件）；\n二、双方的身份证明（营业执照、"
    "法定代表人身份证明、居民身份证的复印件）；\n三、委托他人代理的，授权委托书。"
)


def application(page: CasePage, version: DocumentVersion, *, site: str) -> bytes:
    """司法确认申请书, to be signed by both; still without the portal's signature."""
    document = version.document
    labels: dict[str, str] = {
        "day": plain_day(document.issued_at.astimezone(SHANGHAI)),
        "authority": document.authority.name,
        "reference": document.reference,
        "case": page.complaint.number,
    }
    digest = bytes(version.digest).hex()
    sections: list[dict[str, Any]] = [
        {"heading": "申请人", "facts": _applicants(page)},
        {"heading": "申请事项", "lead": _REQUEST.format(**labels)},
        {"heading": "事实和理由", "lead": _STORY.format(**labels)},
        {"heading": "承诺", "lead": _PLEDGE},
        {"heading": "随申请提交", "lead": _WITH.format(**labels)},
        {"heading": "此致　　　　　　　　　人民法院", "signs": ["申请人（签名）", "申请人（签名或者盖章）", "日期"]},
    ]
    values = {
        "title": "司法确认申请书",
        "subtitle": f"{document.reference} · {page.title}",
        "language": "zh",
        "number": page.complaint.number,
        "digest": digest,
        "of": "/",
        "check": f"调解书内容摘要如下；记录可以在{site}/open/verify/核对",
        "qr": printing.qr_svg(printing.check_address(site, page.complaint.number, page.head)),
        "sections": readable(sections),
    }
    return printing.typeset(values, at=version.at)


def _applicants(page: CasePage) -> list[list[str]]:
    person, company = page.person, page.complaint.enterprise
    masked = person.is_masked
    rows = [
        ("消费者", _BY_HAND if masked else person.name),
        ("证件号码", _BY_HAND),
        ("联系电话", _BY_HAND if masked else person.phone or _BY_HAND),
        ("住址", _BY_HAND if masked else person.address or _BY_HAND),
        ("经营者", page.respondent or _BY_HAND),
        ("统一社会信用代码", (company.uscc if company else "") or _BY_HAND),
        ("法定代表人", _BY_HAND),
        ("经营者电话", _BY_HAND),
    ]
    return [[key, value] for key, value in rows]


def package(asked: bytes, version: DocumentVersion) -> bytes:
    """Application and agreement in one archive. ``asked``: the application, signed. Raises LookupError once the words
    of the agreement were destroyed."""
    parts = {"01-司法确认申请书.pdf": asked, "02-投诉调解书.pdf": printing.read_print(version)}
    listing = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, "SHA256SUMS": listing.encode()}.items():
            info = zipfile.ZipInfo(name, date_time=version.at.astimezone(SHANGHAI).timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()

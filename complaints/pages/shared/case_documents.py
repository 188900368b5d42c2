"""Official documents of a case, what a court asks for, and the dossier.

The sides share the addresses; each gets what is addressed to it and what it may see, and what is not there for it is a
404. The package for the court that confirms an agreement (司法确认) says of a person what the page of the case says to
the same reader; the rest is left to be filled in by hand. A dossier is for whoever asked for it, for a day.
"""

import hashlib
import io
import uuid
import zipfile
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.models import User
from complaints.documents import kinds, printing
from complaints.documents.printing import readable
from complaints.documents.wording import plain_day
from complaints.dossier import asking, papers
from complaints.models import DocumentVersion, Dossier, OfficialDocument
from complaints.pages.shared.case_shared import meet, signed_in_page
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading import case_documents
from complaints.reading.case import CONSUMER, CaseAccess, CasePage, case_url, page_of
from complaints.reading.case_documents import readable_by
from web.incoming import whole


@signed_in_page("GET")
def document(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """The newest version, or ``?version=`` an older one."""
    result = meet(request, number)
    mine = next((row for row in readable_by(result.complaint, result.side, result.viewer) if row.pk == pk), None)
    if result.actor is None or mine is None:
        raise Http404
    case_documents.refuse_print(mine.form, result.complaint, result, now=timezone.now())
    asked = request.GET.get("version", "")
    return newest_print(mine, number=whole(asked, 3))


def newest_print(document: OfficialDocument, *, number: int | None = None) -> HttpResponse:
    """The print of a document that the reader was found to have, or of its version ``number``; else 404."""
    versions = DocumentVersion.objects.filter(document=document).order_by("-number")
    versions = versions.select_related("document", "complaint")
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        raise Http404
    try:
        content = printing.read_print(version)
    except LookupError:
        raise Http404 from None
    return _file(content, printing.file_name(version), "application/pdf")


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return answer


@signed_in_page("GET")
def court_page(request: HttpRequest, number: str) -> HttpResponse:
    """What confirmation by a court is, what is in the package, and until when."""
    result = meet(request, number)
    version = _agreement(result)
    context = {
        "case": result.complaint,
        "back": case_url(result.complaint, result.side),
        "document": version.document,
        # Thirty days from when the agreement took effect; the day itself is not counted.
        "last_day": version.document.issued_at.astimezone(SHANGHAI).date() + timedelta(days=30),
        "may_print": case_documents.may_print(result.side, result.actor),
        "body_class": "" if result.side == CONSUMER else "staff",
    }
    return render(request, "documents/court.html", context)


@signed_in_page("GET")
def court_file(request: HttpRequest, number: str, form: str) -> HttpResponseBase:
    """The application alone (pdf), or the archive with the agreement (zip)."""
    if form not in ("pdf", "zip"):
        raise Http404
    result = meet(request, number)
    version = _agreement(result)
    case_documents.refuse_print(kinds.AGREEMENT, result.complaint, result, now=timezone.now())
    page = page_of(result, now=timezone.now())
    if form == "pdf":
        return _file(application(page, version), f"{number}-court.pdf", "application/pdf")
    try:
        return _file(package(page, version), f"{number}-court.zip", "application/zip")
    except LookupError:
        raise Http404 from None


def _agreement(result: CaseAccess) -> DocumentVersion:
    """The newest version of the mediation agreement that stands; 404 where this reader has none."""
    mine = next(
        (
            row
            for row in readable_by(result.complaint, result.side, result.viewer)
            if row.form == kinds.AGREEMENT and row.state == OfficialDocument.ISSUED
        ),
        None,
    )
    if mine is None or result.actor is None:
        raise Http404
    versions = DocumentVersion.objects.filter(document=mine).select_related("document__authority", "complaint")
    return versions.order_by("-number")[0]


BY_HAND = "　　　　　　　　（由本人填写）"
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


def application(page: CasePage, version: DocumentVersion) -> bytes:
    """司法确认申请书, to be signed by both."""
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
    site = settings.SITE_URL
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
        ("消费者", BY_HAND if masked else person.name),
        ("证件号码", BY_HAND),
        ("联系电话", BY_HAND if masked else person.phone or BY_HAND),
        ("住址", BY_HAND if masked else person.address or BY_HAND),
        ("经营者", page.respondent or BY_HAND),
        ("统一社会信用代码", (company.uscc if company else "") or BY_HAND),
        ("法定代表人", BY_HAND),
        ("经营者电话", BY_HAND),
    ]
    return [[key, value] for key, value in rows]


def package(page: CasePage, version: DocumentVersion) -> bytes:
    """Application and agreement in one archive. Raises LookupError once the words of the agreement were destroyed."""
    asked, agreement = application(page, version), printing.read_print(version)
    parts = {"01-司法确认申请书.pdf": asked, "02-投诉调解书.pdf": agreement}
    listing = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, "SHA256SUMS": listing.encode()}.items():
            info = zipfile.ZipInfo(name, date_time=version.at.astimezone(SHANGHAI).timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()


@signed_in_page("GET", "POST")
def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """What a dossier is, how far mine is, and what can be fetched."""
    now = timezone.now()
    result = _met(request, number)
    user, case = cast(User, request.user), result.complaint
    here = reverse("complaints:case-dossier", args=[case.number])
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered:
                asking.ask(
                    user=user,
                    complaint=case,
                    side=result.side,
                    language=get_language() or "zh-hans",
                    site=settings.SITE_URL or f"{request.scheme}://{request.get_host()}",
                    now=now,
                )
                attempt.reference = here
        return redirect(here)
    mine = asking.newest(user=user, complaint=case, side=result.side)
    is_there = mine is not None and asking.is_there(mine, now=now)
    context = {
        "case": case,
        "back": case_url(case, result.side),
        "here": here,
        "dossier": mine,
        "is_there": is_there,
        "is_moving": mine is not None and mine.state in asking.LIVE,
        "is_grown": is_there and mine is not None and mine.entries < case.last_sequence,
        "has_failed": mine is not None and mine.state == "failed",
        "files": _files(mine, result, now=now) if mine is not None and is_there else [],
        "is_consumer": result.side == CONSUMER,
        "body_class": "" if result.side == CONSUMER else "staff",
    }
    return render(request, "dossier/dossier.html", context)


@signed_in_page("GET")
def download(request: HttpRequest, number: str, public_id: uuid.UUID, form: str) -> HttpResponseBase:
    """One form of it, to whoever asked."""
    result = _met(request, number)
    mine = Dossier.objects.filter(complaint=result.complaint, asked_by=cast(User, request.user), side=result.side)
    row = mine.filter(public_id=public_id).select_related("asked_by", "complaint").first()
    file = asking.fetch(row, form, now=timezone.now()) if row is not None and form in asking.FORMS else None
    if file is None:
        raise Http404
    ending, media_type = asking.FORMS[form]
    return FileResponse(file, as_attachment=True, filename=f"{number}.{ending}", content_type=media_type)


def _met(request: HttpRequest, number: str) -> CaseAccess:
    result = meet(request, number)
    if result.actor is None:
        # Who had the case and has it no more reads on the page what was theirs.
        raise Http404
    return result


def _files(row: Dossier, result: CaseAccess, *, now: datetime) -> list[dict[str, Any]]:
    number = result.complaint.number
    labels = {
        "pdf": _("档案（PDF），供阅读和打印"),
        "zip": _("档案（ZIP），供核对和作为证据"),
        "agreement": _agreement_label(result, now=now) if "agreement" in row.files else "",
    }
    return [
        {
            "label": labels[form],
            "size": filesizeformat(row.files[form][1]),
            "digest": row.files[form][0],
            "url": reverse("complaints:case-dossier-file", args=[number, row.public_id, form]),
        }
        for form in asking.FORMS
        if form in row.files
    ]


def _agreement_label(result: CaseAccess, *, now: datetime) -> str:
    """Of a paper that was made while a refusal was still called a settlement: what it is."""
    if papers.has_agreement(page_of(result, now=now)):
        return _("和解或调解协议（PDF），供法院或司法确认")
    return _("以前做成的“和解协议书”（PDF）。企业一项也没有同意，它不是和解协议，请不要使用")

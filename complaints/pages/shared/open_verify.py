"""/open/verify/: is this dossier whole and unaltered? /open/seals/: the seals of the older form, as published.

Nothing sent is kept, nothing of a case is shown; who asks too often is told until when to wait.
"""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.sign_in import limits
from accounts.sign_in.limits import client_address, network_of
from complaints.dossier import proving
from complaints.dossier.proving import published
from complaints.models import Seal
from complaints.procedure.numbering import tidy
from database.row_security import nothing_held
from web.dates import moment

LOOKS = limits.Limit("open_verify", 60, timedelta(minutes=10))
PAGE, MOST = 50, 1000
_TYPED = {"autocomplete": "off", "spellcheck": "false"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("档案（ZIP）"),
        allow_empty_file=True,
        help_text=gettext_lazy("最大60兆；更大的请用下面的核对程序。文件只用来核对，不保存。"),
        error_messages={"required": gettext_lazy("请选择档案文件"), "missing": gettext_lazy("请选择档案文件")},
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )


class EntryForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("投诉编号"),
        max_length=60,
        error_messages={"required": gettext_lazy("请填投诉编号")},
        widget=forms.TextInput(attrs={"class": "w-24", **_TYPED, "autocapitalize": "characters"}),
    )
    digest = forms.CharField(
        label=gettext_lazy("记录摘要"),
        max_length=200,
        help_text=gettext_lazy("档案每页下方的64个字母和数字；空格可以不填。"),
        error_messages={"required": gettext_lazy("请填记录摘要")},
        widget=forms.TextInput(attrs={**_TYPED, "autocapitalize": "off"}),
    )

    def clean_digest(self) -> str:
        digest = "".join(self.cleaned_data["digest"].split()).lower()
        if not _DIGEST.fullmatch(digest):
            raise forms.ValidationError(_("记录摘要应为64个字母（a–f）和数字"))
        return digest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """A file, or number and digest; answered on the same page."""
    now = timezone.now()
    by_entry = request.method == "POST" and "digest" in request.POST
    by_file = request.method == "POST" and not by_entry
    file_form = FileForm(request.POST, request.FILES) if by_file else FileForm()
    entry_form = EntryForm(request.POST) if by_entry else EntryForm()
    asked: FileForm | EntryForm = entry_form if by_entry else file_form
    answer, status = None, 200
    if asked.is_bound:
        status = 422
        if asked.is_valid():
            if (until := _waits(request, now=now)) is not None:
                status = limits.TooManyTries(until).refuse(request)
                asked.add_error(None, _("核对得太频繁了，请在%(moment)s之后再试。") % {"moment": moment(until)})
            else:
                answer, status = _of_file(asked) if isinstance(asked, FileForm) else _of_entry(asked), 200
    context = {"file_form": file_form, "entry_form": entry_form, "form": asked, "answer": answer}
    return render(request, "open/verify.html", context, status=status)


def _waits(request: HttpRequest, *, now: datetime) -> datetime | None:
    """Until when this network has to wait; one look more is counted where it has not."""
    who = network_of(client_address(request))
    until = limits.waits_until(LOOKS, who, now=now)
    if until is None:
        limits.count(LOOKS.kind, who, now=now)
    return until


def _of_entry(form: EntryForm) -> dict[str, Any]:
    result = proving.record_state(tidy(form.cleaned_data["number"]), form.cleaned_data["digest"])
    if result.state == proving.BROKEN:
        return {"tone": "bad", "title": _("记录在第%(n)s条有断裂") % {"n": result.entry}, "lines": []}
    if result.state == proving.UNKNOWN:
        lines = [_("请照档案再核对一遍。如果没有抄错，这份档案不是本平台现有的记录。")]
        return {"tone": "warn", "title": _("没有查到：编号和摘要对不上"), "lines": lines}
    lines = [_("您给出的是第%(n)s条，现在共有%(all)s条。") % {"n": result.entry, "all": result.entries}]
    if result.size is None:
        lines.append(_("这一条还不在检查点之内，请过两分钟再核对。"))
    else:
        lines.append(_covered(result.size, result.sealed_at))
    return {"tone": "ok", "title": _("记录完整，未被改动"), "lines": lines}


def _of_file(form: FileForm) -> dict[str, Any]:
    program, say = proving.verifier(), partial(pgettext, "verifier")
    keys = proving.public_keys()
    try:
        with nothing_held():
            report = proving.report_on(form.cleaned_data["file"], document_keys=keys)
    except program.Unreadable as wrong:
        return {"tone": "warn", "title": _("不能核对"), "lines": [say(program.UNREADABLE[wrong.code])]}
    witnessed = _witnessed(report)
    report.witnesses = report.unknown_witnesses = []
    lines = [*program.told(report, say), *witnessed]
    # The program writes its lines for a window of commands, one after another.
    lines = [line[:1].upper() + line[1:] for line in lines]
    if report.first is not None:
        about = [line for line in lines[:1] if report.case]
        others = lines[2:] if report.case else lines[1:]
        lines = [*about, report.first.words(say), *others]
        return {"tone": "bad", "title": _("已被改动或不完整"), "lines": lines}
    if not _is_ours(report):
        lines = [lines[0], _("签名、检查点或记录摘要与本平台公布的不符。")]
        return {"tone": "bad", "title": _("内容前后一致，但不是本平台的记录"), "lines": lines}
    # The keys are ours, so nobody need compare them.
    shown = [key for key in (report.public_key, report.document_key) if key]
    lines = [line for line in lines if not any(key in line for key in shown)]
    if report.is_sealed and report.unproved:
        return {"tone": "warn", "title": _("未见改动，有的内容没有交付"), "lines": lines}
    if report.is_sealed and not report.document_key:
        return {"tone": "warn", "title": _("记录完整，PDF没有核对"), "lines": lines}
    if not report.is_sealed:
        return {"tone": "warn", "title": _("未见改动，最后几条还不在检查点之内"), "lines": lines}
    lines[1] = _covered(report.size, parse_datetime(report.sealed_at))
    return {"tone": "ok", "title": _("完整，未被改动"), "lines": lines}


def _witnessed(report: Any) -> list[str]:
    """Who signed the checkpoint besides the portal; the program says it for whoever gives it keys."""
    lines = [
        _("见证人%(name)s在%(at)s见过这个检查点。") % {"name": name, "at": moment(parse_datetime(at))}
        for name, at in report.witnesses
    ]
    if report.unknown_witnesses:
        names = ", ".join(report.unknown_witnesses[:20])
        lines.append(_("检查点上还有%(names)s的签名，用平台公布的公钥核对不了。") % {"names": names})
    return lines


def _covered(size: int, at: datetime | None) -> str:
    return _("在%(n)s条记录的检查点之内，签名时间%(at)s。") % {"n": size, "at": moment(at)}


def _is_ours(report: Any) -> bool:
    """Its last entry stands in our record; its checkpoint, or seal of the older form, is one of ours."""
    if not _DIGEST.fullmatch(report.head) or len(report.case) > 60:
        return False
    if proving.record_state(tidy(report.case), report.head).state == proving.UNKNOWN:
        return False
    if report.document_key and not report.is_document_key_known:
        return False
    if report.size is not None:
        return proving.is_our_checkpoint(report.size, report.root, report.public_key)
    return report.seal is None or proving.is_published(report.seal, report.root, report.public_key)


@require_safe
def program(request: HttpRequest) -> HttpResponseBase:
    """The checking program, one file, to be kept and read."""
    file, kind = proving.PROGRAM.open("rb"), "text/x-python; charset=utf-8"
    return FileResponse(file, as_attachment=True, filename=proving.PROGRAM.name, content_type=kind)


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    results = list(Seal.objects.order_by("-number")[:PAGE])
    context = {
        "seals": [
            {"number": seal.number, "at": seal.at, "size": seal.size, "root": bytes(seal.root).hex()}
            for seal in results
        ],
        "key": bytes(results[0].public_key).hex() if results else "",
    }
    return render(request, "open/seals.html", context)


@require_safe
def seals_json(request: HttpRequest) -> HttpResponse:
    """Seals of the older form after number ``after``, the oldest first, for programs; ``next`` goes on."""
    asked = request.GET.get("after", "0")
    after = int(asked) if re.fullmatch(r"[0-9]{1,18}", asked) else 0
    results = [published(seal) for seal in Seal.objects.filter(number__gt=after).order_by("number")[:MOST]]
    values = {"seals": results, "next": results[-1]["number"] if results else after}
    return JsonResponse(values, headers={"Access-Control-Allow-Origin": "*"})

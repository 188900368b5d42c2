"""What is done to official documents once there are any. Nothing that was issued is edited: a correction is a version
beside the old one, under the same number; a withdrawn number is not used again."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.documents import issuing, kinds
from complaints.documents.wording import Paper
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import Deadline, DocumentVersion, HandlingStep, Matter, OfficialDocument
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Audience

#: What no other step issues, or what came before there were documents.
DRAWN_UP = (kinds.REGISTRATION, kinds.REPORT, kinds.REPORT_RESULT)
#: How the paragraphs of a decision begin that are its reasons, and where its ground begins.
_REASONS, _GROUND = ("事实和理由：", "此事由", "同一争议已"), "有下列情形："
#: The lines of an agreement that hold what is owed, and how its paragraph with the agreement begins.
_OWED, _AGREED = ("涉及金额", "投诉请求", "履行事项"), "经本局主持调解"


def valid_document(file: CaseFile, document_id: int) -> OfficialDocument:
    """A document of this case that stands. Under the lock of the case nothing else changes it."""
    document = OfficialDocument.objects.filter(pk=document_id, complaint_id=file.complaint.pk).first()
    if document is None:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="document")
    if document.state == OfficialDocument.VOID:
        raise StepNotAllowed("document_void", _("这份文书已经作废。"))
    return document


def addressed(file: CaseFile, document_id: int, to: str) -> OfficialDocument:
    """A document of this case that is to be served on the consumer or on the other side."""
    document = valid_document(file, document_id)
    if not getattr(document, f"to_{to}") and not (to == "enterprise" and kinds.KINDS[document.form].to_enterprise):
        raise WrongInput("bad_choice", _("这份文书不是给这一方的。"), field="to")
    return document


def _issued(file: CaseFile, form: int) -> QuerySet[OfficialDocument]:
    """The documents of this form that were issued in this case and not withdrawn."""
    return OfficialDocument.objects.filter(complaint_id=file.complaint.pk, form=form, state=OfficialDocument.ISSUED)


def stands(file: CaseFile, form: int) -> bool:
    """Whether a document of this form was issued in this case and not withdrawn."""
    return _issued(file, form).exists()


def unregistered(file: CaseFile) -> tuple[int, ...]:
    """The register of the complaint, where it has none: whatever an officer begins with issues it, once a case."""
    return () if stands(file, kinds.REGISTRATION) else (kinds.REGISTRATION,)


def owes_result(file: CaseFile, *, by_hand: bool = False) -> bool:
    """Whether a result is still owed to who reported: one a report. The next one is for the report that is closed now;
    one that is drawn up ``by_hand`` may be for any of them."""
    reports = Matter.objects.filter(complaint_id=file.complaint.pk, kind="report")
    results = _issued(file, kinds.REPORT_RESULT)
    return results.count() < reports.count() if by_hand else results.count() <= reports.exclude(state="open").count()


def ends_notice(file: CaseFile, notice: Deadline, document: OfficialDocument | None, to: str) -> bool:
    """Whether everybody was told of the termination that began ``notice`` once ``document`` reached ``to``. Only the
    decision of that termination tells. Where none stands (the consumer withdrew), words name what did."""
    decisions = _issued(file, kinds.TERMINATION).filter(issued_at__gte=notice.started_at)
    decision = decisions.order_by("-pk").first()
    if decision is None or document is None:
        return decision is None and document is None
    if document.pk != decision.pk:
        return False
    others = {"consumer": document.to_consumer, "enterprise": kinds.KINDS[document.form].to_enterprise}
    return all(side == to or not is_to or getattr(document, f"served_{side}_at") for side, is_to in others.items())


def notified_side(document: OfficialDocument) -> str:
    """Whoever it is addressed to hears of what becomes of it, and nobody else."""
    if document.to_consumer and document.to_enterprise:
        return "both"
    return "consumer" if document.to_consumer else "enterprise" if document.to_enterprise else ""


def draw_up_document(*, form: int, text: str = "") -> Move:
    """The register of the complaint, where no distribution made one; that of the report which the consumer filed with
    it, in the consumer's words; the result of a report, for the reporter alone."""
    if form not in DRAWN_UP:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="form")
    given = saying.text(text, "text", needed=form == kinds.REPORT_RESULT)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if form == kinds.REGISTRATION and stands(file, form):
            raise StepNotAllowed("already_there", _("这件投诉已经有登记表。"))
        if form != kinds.REGISTRATION:
            _of_a_report(file, form)
        return Effect(
            data={"form": form},
            texts={"result": given} if given else {},
            audience=None if form == kinds.REGISTRATION else Audience.AUTHORITY,
        )

    return Move("draw_up_document", carry)


def _of_a_report(file: CaseFile, form: int) -> None:
    """Refuse a document of a report that nobody registered, a second register of the consumer's own (what an officer
    split off has its register already) and more results than reports."""
    case = file.complaint.pk
    reports = Matter.objects.filter(complaint_id=case, kind="report")
    if not (reports.filter(opened_by="consumer") if form == kinds.REPORT else reports).exists():
        raise StepNotAllowed("no_report", _("这件投诉没有登记过举报。"))
    if form == kinds.REPORT_RESULT and not owes_result(file, by_hand=True):
        raise StepNotAllowed("already_there", _("这件举报的处理结果告知书已经制作。"))
    drawn_up = HandlingStep.objects.filter(complaint_id=case, audience=Audience.AUTHORITY, step="draw_up_document")
    if form == kinds.REPORT and _issued(file, form).filter(sequence__in=drawn_up.values("sequence")).exists():
        raise StepNotAllowed("already_there", _("这件投诉已经有登记表。"))


@verb()
def keep_print(file: CaseFile, actor: Actor, *, version_id: int, path: str, sha256: str, size: int) -> Effect:
    """A worker printed it: the digest of the print stands in the record beside the digest of its words."""
    version = DocumentVersion.objects.select_related("document").get(pk=version_id, complaint_id=file.complaint.pk)
    if version.sha256:
        raise StepNotAllowed("printed", "printed already")
    if not version.content:
        raise StepNotAllowed("destroyed", "its words were destroyed meanwhile")
    file.change(version, path=path, sha256=sha256, size=size, leased_until=None)
    return Effect(data={"reference": version.document.reference, "version": version.number, "sha256": sha256})


def corrected(
    file: CaseFile, document_id: int, changes: Mapping[str, str], *, version: int | None = None
) -> tuple[OfficialDocument, dict[str, Any]]:
    """A new version of the document with other words, and what its entry says of it. ``changes``: place of a paragraph
    or of a line of facts (2, 0.1) → its words; each must stand there. ``version``: what was read, where that is
    known."""
    document = valid_document(file, document_id)
    last = document.versions.order_by("-number")[0]
    if version is not None and version != last.number:
        raise WrongInput("newer_version", newer())
    last.complaint = file.complaint
    if not last.content:
        raise StepNotAllowed("destroyed", _("这份文书的内容已经按期限销毁。"))
    _refuse_settled(last.content["paper"], changes)
    text = rewritten(last.content["paper"], changes)
    if text == last.content["paper"]:
        raise WrongInput("nothing_changed", _("请改正至少一处。"))
    content, digest = issuing.frozen(text)
    entry = issuing.data_of(text, version=last.number + 1, digest=digest)
    file.add(
        DocumentVersion(
            document=document,
            complaint=file.complaint,
            number=last.number + 1,
            at=file.now,
            sequence=0,
            content=content,
            digest=digest,
        )
    )
    return document, entry


def newer() -> str:
    """What whoever comes second with a correction is told."""
    return _("这份文书刚被别人更正，已有新的一版，看过以后可以再次提交。")


def settled(paper: Paper) -> dict[str, str]:
    """What is no clerical error, as one officer cannot take back what two decided or both sides agreed: place → the
    words with which it must still end; all its words where none of them may change."""
    result: dict[str, str] = {}
    for place, label, text in editable(paper["blocks"]):
        if paper["form"] in (kinds.REFUSAL, kinds.TERMINATION):
            if text.startswith(_REASONS):
                result[place] = text
            elif _GROUND in text:
                result[place] = text[text.index(_GROUND) :]
        elif paper["form"] == kinds.AGREEMENT and (label in _OWED or text.startswith(_AGREED)):
            result[place] = text
    return result


def correctable(paper: Paper) -> list[tuple[str, str, str]]:
    """``editable`` without what may not change at all."""
    fixed = settled(paper)
    return [line for line in editable(paper["blocks"]) if fixed.get(line[0]) != line[2]]


def _refuse_settled(paper: Paper, changes: Mapping[str, str]) -> None:
    for place, end in settled(paper).items():
        if place in changes and not saying.text(changes[place], place).endswith(end):
            name = end[:20] + ("…" if len(end) > 20 else "")
            raise WrongInput(
                "settled",
                _("“%(words)s”是已经决定或者双方约定的内容，不能当作笔误更正。确有错误的，请负责人作废这份文书。")
                % {"words": name},
                field=place,
            )


def rewritten(paper: Paper, changes: Mapping[str, str]) -> Paper:
    """The paper with other words; each place must stand in it."""
    places = {place for place, _label, _text in editable(paper["blocks"])}
    if not set(changes) <= places:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"))
    values = {place: saying.text(text, place) for place, text in changes.items()}
    blocks: list[dict[str, Any]] = [dict(block) for block in paper["blocks"]]
    for nth, block in enumerate(blocks):
        if "p" in block:
            block["p"] = values.get(str(nth), block["p"])
        if "facts" in block:
            facts = enumerate(block["facts"])
            block["facts"] = [[key, values.get(f"{nth}.{line}", value)] for line, (key, value) in facts]
        if "lines" in block:
            block["lines"] = [values.get(f"{nth}.{line}", value) for line, value in enumerate(block["lines"])]
    result: Paper = {**paper, "blocks": blocks}
    return result


def editable(blocks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(place, label, text) of whatever a correction may touch."""
    rows: list[tuple[str, str, str]] = []
    for nth, block in enumerate(blocks):
        if "p" in block:
            rows.append((str(nth), "", block["p"]))
        for line, (key, value) in enumerate(block.get("facts", ())):
            rows.append((f"{nth}.{line}", key, value))
        for line, value in enumerate(block.get("lines", ())):
            rows.append((f"{nth}.{line}", block.get("heading", ""), value))
    return rows


@verb(text=saying.text)
def void_document(file: CaseFile, actor: Actor, *, document_id: int, text: str) -> Effect:
    """作废: it stands in the register with its reason, and its number is not used again."""
    document = valid_document(file, document_id)
    file.change(document, state=OfficialDocument.VOID)
    return Effect(
        texts={"message": text},
        data={"document": document.pk, "reference": document.reference},
        audience=Audience(document.audience),
        tells=notified_side(document),
    )

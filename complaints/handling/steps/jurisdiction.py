"""Whose case it is: disputed, designated by the superior of both (art. 33), or given back by an enterprise. What is
known of where a case belongs is kept as a decision, which triage reads first; whoever gave it back as not theirs is
suggested no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from authorities.models import Authority
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks, saying
from complaints.handling.transition.effect import Effect, verb
from complaints.models import ForwardingDecision
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Status


def give_to(file: CaseFile, authority: Authority) -> None:
    """The case lies with ``authority`` from now on, and no dispute about it is left."""
    if file.complaint.handling_authority_id != authority.pk:
        # Once per authority: the clock starts anew when another one receives the case.
        clocks.end_live(file, Clock.REVIEW, met=False)
        file.complaint.authority_received_at = file.now
    dispute = file.matter("jurisdiction")
    if dispute is not None:
        file.end_matter(dispute)
        clocks.end_live(file, Clock.JURISDICTION)
    file.complaint.handling_authority = authority
    file.complaint.handling_region_id = authority.region_id
    file.complaint.officer = None


@verb(text=saying.text)
def dispute_jurisdiction(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """Two authorities do not agree: 7 WD, else the common superior designates (art. 33)."""
    if file.matter("jurisdiction") is not None:
        raise StepNotAllowed("already_open", _("管辖争议已在办理。"))
    matter = file.open_matter("jurisdiction", by="authority", audience="authority")
    clocks.start(file, Clock.JURISDICTION, file.now, matter=matter)
    return Effect(texts={"message": text})


@verb(text=saying.text)
def designate_authority(file: CaseFile, actor: Actor, *, authority_id: int, text: str) -> Effect:
    """The common superior says who handles a disputed case; only one that stands above both."""
    saying.open_matter(file, "jurisdiction")
    chosen = file.conditions.jurisdiction.known(authority_id)
    if chosen is None or not chosen.has_power:
        raise WrongInput("bad_choice", _("请选一个有处理权限的机关。"), field="authority")
    if not _is_above(file, actor.authority_id, file.complaint.handling_authority_id):
        raise StepNotAllowed("not_superior", _("管辖争议由共同的上级机关指定，不能自己决定或者平级转送。"))
    if not _is_above(file, actor.authority_id, chosen.pk):
        raise WrongInput("bad_choice", _("请选本机关下级的机关。"), field="authority")
    give_to(file, chosen)
    return Effect(to=Status.REVIEW, data={"authority": chosen.name}, texts={"message": text})


def _is_above(file: CaseFile, superior: int | None, other: int) -> bool:
    """Whether ``superior`` stands above ``other``; what returned twice lies with the superior itself."""
    if file.complaint.handling_authority_id == superior == other:
        return file.status == Status.TRIAGE
    jurisdiction, here = file.conditions.jurisdiction, other
    while (above := jurisdiction.superior(here).pk) != here:
        if above == superior:
            return True
        here = above
    return False


#: The verdict of such a decision: no rule made it, and routing learns nothing from it.
VERDICT = "returned"
#: How sure a target is that was typed by number, without routing having found it.
NAMED = 60
#: Sent to the right one, which has the same complaint already; or by a merger.
STILL_THEIRS = ("duplicate", "succession")

Named = tuple[int | None, int | None]


def decided(file: CaseFile, verdict: str, explanation: dict[str, Any]) -> None:
    """Keep what routing said, as it was when it was said; the words of an officer apart, as they may name people."""
    explanation = dict(explanation)
    note = str(explanation.pop("note", ""))
    file.add(
        ForwardingDecision(
            complaint=file.complaint,
            at=file.now,
            verdict=verdict,
            rule=str(explanation.get("rule", ""))[:60],
            rule_version=explanation.get("version"),
            confidence=str(explanation.get("confidence", ""))[:12],
            explanation=explanation,
            note=note,
        )
    )


def not_oneself(file: CaseFile, named: Named) -> None:
    """Raises WrongInput where an enterprise names just whoever has the case."""
    if named[0] is not None and named == (file.complaint.enterprise_id, file.complaint.branch_id):
        raise WrongInput("bad_choice", _("请选另一家单位。"), field="target")


def keep_suggestions(file: CaseFile, *, named: Named, because: Mapping[str, Any] | None) -> None:
    """After the stage has ended. ``because``: what routing said when it was asked again (``candidates`` as it stores
    them); without it, what it said before counts."""
    last = file.latest_engagement
    if last is None:
        return
    result = (because or {}).get("candidates") or _earlier_candidates(file)
    gone = {
        (stage.enterprise_id, stage.branch_id)
        for stage in file.engagements
        if stage.odr_result == "returned" and stage.ended_by not in STILL_THEIRS
    }
    rest = [row for row in result if _target(row) not in gone | {named}]
    unit = last.branch or last.enterprise
    whose = {"enterprise": unit.name, "enterprise_en": unit.name_en or unit.name}
    first = []
    if named[0] is not None:
        known: Mapping[str, Any] = next((row for row in result if _target(row) == named), {})
        first = [
            {
                "enterprise_id": named[0],
                "branch_id": named[1],
                "score": max(int(known.get("score") or 0), NAMED),
                "why": [{"code": "named_at_return", **whose}, *known.get("why", [])],
            }
        ]
    decided(
        file,
        VERDICT,
        {
            "rule": "",
            "version": None,
            "confidence": "",
            "is_match": False,
            "why": [{"code": "given_back", **whose}],
            "candidates": [*first, *rest],
        },
    )


def _earlier_candidates(file: CaseFile) -> list[dict[str, Any]]:
    row = ForwardingDecision.objects.filter(complaint=file.complaint).exclude(rule="officer").order_by("-pk").first()
    return list(row.explanation.get("candidates", [])) if row is not None else []


def _target(row: Mapping[str, Any]) -> Named:
    return row["enterprise_id"], row.get("branch_id")

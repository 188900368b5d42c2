"""Whose case it is, where authorities do not agree: disputed, and designated by the superior of both (art. 33).

Nobody hands a case sideways. Who has no power gives it back to intake; who disputes it waits for the superior."""

from __future__ import annotations

from django.utils.translation import gettext as _

from authorities.models import Authority
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks, saying
from complaints.handling.transition.effect import Effect, verb
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
    known = {row.pk: row for row in file.conditions.jurisdiction.authorities}
    chosen = known.get(authority_id)
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

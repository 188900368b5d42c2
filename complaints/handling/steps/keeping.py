"""What the portal itself writes into a record: the state of a case that was filed before entries carried it, and a file
that it keeps from others."""

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition.effect import Effect, verb
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Audience
from complaints.record import standing


@verb()
def keep_state(file: CaseFile, actor: Actor) -> Effect:
    """Its entry carries the whole state as it stands; from here on each column is proved."""
    if file.complaint.steps.filter(step="keep_state", data__whole=True).exists():
        raise StepNotAllowed("kept", "kept already")
    file.stood = standing.of_case(file.complaint.pk)
    return Effect(data={"whole": True})


@verb()
def hold_back_file(
    file: CaseFile, actor: Actor, *, audience: str, sha256: str, why: str, finding: str, scanner: str, found: str
) -> Effect:
    """A scanner objected to a file (evidence/handing_out.verdict_of): nobody gets it but, where it could only not be
    read, its sender."""
    said = file.complaint.steps.filter(step="hold_back_file", audience=audience, data__sha256=sha256)
    if said.exists():
        raise StepNotAllowed("held_back", "held back already")
    verdict = {"sha256": sha256, "why": why, "finding": finding, "scanner": scanner, "found": found}
    return Effect(data=verdict, audience=Audience(audience))

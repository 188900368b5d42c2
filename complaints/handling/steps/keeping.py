"""The state of a case that was filed before entries carried it."""

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition.effect import Effect, verb
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.record import standing


@verb()
def keep_state(file: CaseFile, actor: Actor) -> Effect:
    """Its entry carries the whole state as it stands; from here on each column is proved."""
    if file.complaint.steps.filter(step="keep_state", data__whole=True).exists():
        raise StepNotAllowed("kept", "kept already")
    file.stood = standing.of_case(file.complaint.pk)
    return Effect(data={"whole": True})

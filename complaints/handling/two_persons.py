"""Steps that one person alone may not take: refusing, ending a mediation, going to the police.

The one rule: where the policy is on, such a step follows its own approval within one call of
``take_each``; an approval that was given at another time, or for another step, opens nothing.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from authorities.policies import Policies
from complaints.handling.casefile import CaseFile
from complaints.refusals import StepNotAllowed

#: The policy of a step is called two_persons.<step>.
GUARDED = ("refuse", "terminate", "refer_to_police")


def needed(policies: Policies, step: str, region_id: int) -> bool:
    """Whether ``step`` needs a second person in this place on the day of ``policies``."""
    return step in GUARDED and policies.flag(f"two_persons.{step}", region_id)


def approved(file: CaseFile, step: str) -> None:
    """Refuse ``step`` unless nobody else is needed or somebody else has just approved it."""
    if not needed(file.conditions.policies, step, file.complaint.handling_region_id):
        return
    # Only open matters are read from the database: a granted one was granted in this call.
    if any(m.kind == "proposal" and m.subject == step and m.state == "granted"
           for m in file.matters):
        return
    raise StepNotAllowed("two_persons", _("这一步须经第二人批准，请先提请批准。"))


def fall(file: CaseFile) -> None:
    """The case moved on: what was proposed in its former status is void."""
    for matter in file.matters:
        if matter.kind == "proposal" and matter.state == "open":
            file.end_matter(matter, "fallen")

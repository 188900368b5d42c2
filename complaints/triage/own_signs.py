"""What officers are shown as unusual about a case (art. 17), as the person it is about may read it.

Compared are cases that this person may not see, so it is asked as the steps; what comes back is told by its kind and
its counts alone (``wording.reasons.OWN_SIGNS``), without a case or a name of anybody else.
"""

from datetime import datetime

from accounts.keys import sealed_fields
from complaints.models import Complaint, HandlingStep, PersonalText
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Audience
from complaints.triage.signal_facts import signals_of
from complaints.triage.signals import looked_back
from complaints.wording.reasons import OWN_SIGNS
from database.row_security import working_as_steps


def signs_of(case: Complaint, conditions: Conditions) -> list[str]:
    """As sentences: what the authority that handles the case is shown. ``case`` was found under the caller's role."""
    back = looked_back(conditions.policies, case.handling_region_id)
    with working_as_steps():
        found = signals_of([case], regions=[case.handling_authority.region], looked_back=back)[case.pk]
    return list(dict.fromkeys(str(OWN_SIGNS[one.code]) % one.values for one in found if one.code in OWN_SIGNS))


def answers_to(case: Complaint) -> list[tuple[datetime, str]]:
    """What officers answered to the objections of the person whose case it is: when, and their words. They stand in the
    chain of the authority, which no party reads. ``case`` was found under the caller's role."""
    if "signs_answered" not in case.facts:
        return []
    here = {"complaint": case, "audience": Audience.AUTHORITY}
    with working_as_steps():
        said = dict(HandlingStep.objects.filter(**here, step="answer_signs").values_list("sequence", "happened_at"))
        texts = list(PersonalText.objects.filter(**here, sequence__in=list(said), kind="decision").order_by("sequence"))
        sealed_fields.load_for(texts)
        return [(said[row.sequence], row.text) for row in texts]

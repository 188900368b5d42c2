"""What officers are shown as unusual about a case (art. 17), as the person it is about may read it.

Compared are cases that this person may not see, so it is asked as the steps; what comes back is told by its kind and
its counts alone (``wording.reasons.OWN_SIGNS``), without a case or a name of anybody else.
"""

from complaints.models import Complaint
from complaints.parties.conditions import Conditions
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

"""Which consents hold, and the rows of the ledger that say how it came to that.

The ledger is written where the case is written, from what changed, so that no step can
forget it. A consent has one purpose, names its text, and can be taken back (PIPL arts 14 to 16, 23, 25).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from complaints.casefile.case_file import CaseFile
from complaints.models import Complaint, ConsentRecord

#: What a person may take back by itself, and in which order it is shown.
REVOCABLE = ("share_with_enterprise", "pass_to_regulator", "delegated_mediation", "pause_for_settlement")
PUBLISH, MEDIATION, ENTITY = "publish_masked", "mediation", "share_with_named_entity"
CONSENT_LABELS = {
    "share_with_enterprise": _("把投诉和联系方式提供给企业"),
    "share_with_named_entity": _("把投诉和联系方式提供给企业"),
    "pass_to_regulator": _("谈不成时转给监管部门"),
    "delegated_mediation": _("委托消费者组织调解"),
    "pause_for_settlement": _("监管部门审查前先让企业和解"),
    "publish_masked": _("隐去姓名后公开"),
    "mediation": _("参加调解"),
}
#: Consents that came with a step of its own read the words of that step's page.
STEP_TEXT = "step-2026-11"

Consents = dict[tuple[str, int | None], bool]


def given_consents(complaint: Complaint) -> Consents:
    """(purpose, legal entity or None) → yes or no, as it holds now; what was never asked is missing."""
    consents = complaint.consents or {}
    found: Consents = {(name, None): consents[name] for name in REVOCABLE if isinstance(consents.get(name), bool)}
    if isinstance(consents.get("share_with_enterprise"), bool) and consents.get("named_entity"):
        found["share_with_enterprise", consents["named_entity"]] = found.pop(("share_with_enterprise", None))
    if PUBLISH in consents or complaint.publication_consent:
        found[PUBLISH, None] = complaint.publication_consent
    if isinstance(consents.get("mediation_consumer"), bool):
        found[MEDIATION, None] = consents["mediation_consumer"]
    found.update({(ENTITY, entity): True for entity in consents.get("entities", [])})
    return found


def consent_records(files: Iterable[CaseFile]) -> list[ConsentRecord]:
    """What these files add to the ledger: each answer that is new or other than before."""
    found = []
    for file in files:
        before, now = file.consents_before, given_consents(file.complaint)
        changed = {what: answer for what, answer in now.items() if before.get(what) is not answer}
        # An entity that is named no more was taken back.
        changed |= {what: False for what, answer in before.items() if answer and what not in now}
        entry = file.entries[-1] if file.entries else None
        for (purpose, entity), answer in changed.items():
            found.append(
                ConsentRecord(
                    complaint=file.complaint,
                    person_key=file.complaint.consumer_key,
                    purpose=purpose,
                    is_given=answer,
                    enterprise_id=entity,
                    at=file.now,
                    text_version=(file.complaint.consent_version if not before else "") or STEP_TEXT,
                    channel=entry.actor.channel if entry else "portal",
                )
            )
    return found

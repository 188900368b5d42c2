"""How much of a person an officer reads in a document: a mask, or all of it for a while after saying why.

The permit is the same entry of the record that shows the contact data of a case
(handling/transition/contact_access.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.masking import masked_address, masked_name, masked_phone, masked_text
from accounts.roles import Right
from complaints.documents import kinds
from complaints.documents.wording import Paper
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Participant, PersonalText
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, not_yours
from complaints.procedure.workflow import LOOK, Audience
from complaints.reading.case import AUTHORITY, Found
from database.prepared import CombinedQuery, PreparedQuery

_MASKS: dict[str, Callable[[str], str]] = {
    "投诉人": masked_name,
    "举报人": masked_name,
    "联系电话": masked_phone,
    "联系地址": masked_address,
}


def is_shown(complaint: Complaint, found: Found, *, now: datetime) -> bool:
    """Whether this officer has said a moment ago why the contact data of the case is needed."""
    contact_accesses = HandlingStep.objects.filter(complaint=complaint, step=LOOK).select_related("name")
    return found.actor is not None and contact_access.shown_until(contact_accesses, found.actor, now=now) is not None


def may_print(side: str, viewer: Actor | None) -> bool:
    """Whether a paper is offered to this reader: whoever only reads cases at an authority gets none."""
    return side != AUTHORITY or (viewer is not None and viewer.may(Right.PRINT_DOCUMENT))


def refuse_print(form: int, complaint: Complaint, found: Found, *, now: datetime) -> None:
    """Raise unless this reader may take the paper away: whoever only reads cases may not, and where to reach the
    consumer is printed for those who said why."""
    if not may_print(found.side, found.actor):
        raise not_yours()
    if found.side == AUTHORITY and form in kinds.WITH_CONTACT and not is_shown(complaint, found, now=now):
        raise StepNotAllowed("masked", _("这份文书印有联系方式：请先在案件页说明理由、查看联系方式，再下载。"))


def masked(paper: Paper) -> Paper:
    """The same document with the consumer's name, phone and address masked, and numbers of persons wherever somebody
    wrote them.
    """
    names = {value for block in paper["blocks"] for key, value in block.get("facts", ()) if key in ("投诉人", "举报人")}
    if kinds.KINDS[paper["form"]].to_consumer and paper["addressee"]:
        names.add(paper["addressee"].split("、")[0])
    found: Paper = _without(names, {**paper, "blocks": [_block(block) for block in paper["blocks"]]})
    return found


def letter_masked(complaint: Complaint) -> Callable[[str], str]:
    """``words_masked`` for one case."""
    return words_masked([complaint])[complaint.pk]


def words_masked(cases: Iterable[Complaint]) -> dict[int, Callable[[str], str]]:
    """By case, what hides the names and numbers of its consumer and of who complains with them in words about it: a
    message that is still to be sent, what an officer wrote. One query, however many cases, beside keys that are not
    held yet.
    """
    ids = sorted({case.pk for case in cases})
    return hiding(ids, *_SAID(ids))


#: By the ids of cases: what their consumers are called and rung by, and who complains with them.
SAID = (
    PreparedQuery(
        lambda cases: PersonalText.objects.filter(
            audience=Audience.PARTIES, kind__in=("consumer_name", "consumer_phone"), complaint_id__any_of=cases
        ),
        list,
    ),
    PreparedQuery(lambda cases: Participant.objects.filter(complaint_id__any_of=cases), list),
)
_SAID = CombinedQuery(*SAID)


def hiding(
    ids: Iterable[int], said: Sequence[PersonalText], others: Sequence[Participant]
) -> dict[int, Callable[[str], str]]:
    """``words_masked`` of rows that were read with something else."""
    sealed_fields.load_for([*said, *others])
    names: dict[int, set[str]] = defaultdict(set)
    phones: dict[int, set[str]] = defaultdict(set)
    for text in said:
        (names if text.kind == "consumer_name" else phones)[text.complaint_id].add(text.text)
    for other in others:
        names[other.complaint_id].add(other.name)
        phones[other.complaint_id].add(other.phone)
    return {case: _hiding(names[case], {phone.removeprefix("+86") for phone in phones[case] if phone}) for case in ids}


def _hiding(names: set[str], phones: set[str]) -> Callable[[str], str]:
    def hide(line: str) -> str:
        said: str = _without(names, line)
        for phone in phones:
            said = said.replace(phone, masked_phone(phone))
        return said

    return hide


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if "facts" not in block:
        return block
    return {**block, "facts": [[key, _MASKS[key](value) if key in _MASKS else value] for key, value in block["facts"]]}


def _without(names: set[str], value: Any) -> Any:
    if isinstance(value, str):
        for name in names:
            value = value.replace(name, masked_name(name)) if len(name) > 1 else value
        return masked_text(value)
    if isinstance(value, dict):
        return {key: part if key in ("officers", "authority") else _without(names, part) for key, part in value.items()}
    return [_without(names, part) for part in value] if isinstance(value, list) else value

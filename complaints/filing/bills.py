"""A bill's photograph: what was read in it lies in the draft with its words until the person has said 对, 改 or 不是 to
it, as what is heard in the story does (`story.py`). Only what the person calls a bill is read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from complaints.evidence.printed import printed_in
from complaints.filing import drafts, heard_counts
from complaints.listening.bills import DAY, FIELDS, FIRM, NUMBER, TOTAL, read
from complaints.listening.patterns import patterns
from complaints.models.evidence import Evidence, EvidenceKind, FilingDraft

#: Where the draft keeps what was read: "file" → ids of the files, each field → [value, the words it rests on].
BILL = "bill"
#: Where a confirmed value goes; what was typed there already is not asked about.
_TARGETS = {
    FIRM: (("enterprise", "respondent"), ("enterprise", "query")),
    NUMBER: (("problem", "service_number"), ("purchase", "order_no")),
    DAY: (("problem", "disputed_on"),),
    TOTAL: (("purchase", "amount"),),
}
_NAMED_IDENTITY = re.compile(
    r"身份证|护照|驾驶证|行驶证|户口|社保卡|通行证|居住证|证件|passport|id.?card", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Printed:
    """One thing that was read. ``name``: of its control."""

    field: str
    value: str
    quote: str

    @property
    def name(self) -> str:
        return f"bill_{self.field}"

    @property
    def several(self) -> list[str]:
        """The firms one of which is meant."""
        return self.value.split("|") if self.field == FIRM and "|" in self.value else []


def may_be_read(row: Evidence) -> bool:
    """A picture that the person calls a bill, under no name of a paper that says who somebody is."""
    return row.kind == EvidenceKind.RECEIPT and not _NAMED_IDENTITY.search(row.name)


def look_at(draft: FilingDraft, row: Evidence, *, now: datetime, today: date) -> None:
    """Keeps what is read in this file, beside what was read before: whatever is read otherwise now stays as it was,
    but firms, of which the person chooses. Takes seconds: hold no lock."""
    if not may_be_read(row):
        return
    found = read(printed_in(row), today)
    doubted = heard_counts.doubted({f"bill_{one.field}" for one in found}, version=patterns().version, now=now)
    found = [one for one in found if f"bill_{one.field}" not in doubted]
    if not found:
        return
    with transaction.atomic():
        # Other parts may have been typed meanwhile.
        kept = FilingDraft.objects.select_for_update().filter(pk=draft.pk, filed_at=None).first()
        if kept is None:
            return
        bill = kept.data.setdefault(BILL, {"file": []})
        bill["file"].append(str(row.pk))
        for one in found:
            before = bill.setdefault(one.field, [one.value, one.quote])
            if one.field == FIRM:
                before[0] = "|".join(dict.fromkeys([*before[0].split("|"), *one.value.split("|")]))
        drafts.touch(kept, now=now, fields=["data"])
    draft.data[BILL] = bill


def is_read(draft: FilingDraft) -> bool:
    return any(name in draft.data.get(BILL, {}) for name in FIELDS)


def every(draft: FilingDraft) -> list[Printed]:
    """All that was read."""
    bill = draft.data.get(BILL, {})
    return [Printed(name, *bill[name]) for name in FIELDS if name in bill]


def asked(draft: FilingDraft, *, said: Iterable[str], heard: Iterable[str]) -> list[Printed]:
    """What is asked about: what was answered (``said``: names of controls), and what neither the story tells
    (``heard``: its fields) nor somebody typed."""
    told = set(heard)
    answered = set(said)

    def is_open(one: Printed) -> bool:
        return one.field not in told and not any(drafts.first(draft, *target) for target in _TARGETS[one.field])

    return [one for one in every(draft) if one.name in answered or is_open(one)]


def forget(draft: FilingDraft, file: int, *, said: Iterable[str]) -> None:
    """Takes away what was read in a file that is taken back, but for what was answered."""
    bill = draft.data.get(BILL, {})
    if str(file) not in bill.get("file", []):
        return
    bill["file"].remove(str(file))
    answered = set(said)
    if not bill["file"]:
        for one in every(draft):
            if one.name not in answered:
                del bill[one.field]

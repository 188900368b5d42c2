"""What verification found, each at its place. Codes are stable; the words are for people who read a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

#: So many findings of one code are kept; of more only the number.
MOST = 100
#: Of so many missing entries in a row each is named.
_LONG = 50

#: code → what it says. Whoever reports a new code adds its line.
WORDS: Final[dict[str, str]] = {
    "unreadable": "it cannot be read",
    "entry_missing": "the entry is missing",
    "not_in_order": "it does not follow the entry before it",
    "hash": "its text does not match its hash",
    "tag": "its tag was not made with an entry key",
    "column": "the column does not say what the entries say",
    "row_missing": "the row is missing",
    "foreign": "no entry names this row",
    "dated_ahead": "it is dated after the time at which it was found",
    "dated_back": "it is dated before the checkpoint that stood when it was written",
    "out_of_turn": "it has no leaf though it is older than the newest checkpoint: it was put in later",
    "leaf_missing": "its leaf is gone from the log",
    "other_leaf": "it is not the entry that lies in the log at this place",
    "tile": "the hashes of the log were changed",
    "checkpoint_missing": "a checkpoint is missing",
    "checkpoint": "the checkpoint does not say what it was signed for",
    "root": "the log up to this checkpoint is not the one that was signed",
    "key_unknown": "it is signed by no key of the record",
    "key_replaced": "it is signed by a key that had been replaced",
    "key_revoked": "it is signed by a key that was revoked",
    "seal_key": "a key was not handed over as it must be",
    "anchor_longer": "a checkpoint from outside counts more entries than are in the log",
    "anchor_other": "a checkpoint from outside is of another record",
    "anchor_key": "a checkpoint from outside is signed by no key that might sign it",
    "anchor_restored": "a checkpoint from outside counts entries that a restore left out",
    "receipt_missing": "the entry is gone for which somebody holds a receipt",
    "receipt_other": "the entry is not the one for which somebody holds a receipt",
    "emptied": "it was emptied, and no erasure is recorded",
    "changed": "it is not what was recorded",
    "key_gone": "the key that opens it is gone, and no erasure is recorded",
    "other_key": "it lies under another key than the entry says",
    "file_missing": "the file is missing",
    "file_changed": "the file is not the one that was recorded",
    "file_unread": "the file could not be read",
    "archived": "the cases that it moved to the archive are not those that it was signed for",
    "archive_differs": "its record in the archive is not the one that was moved there",
    "sealed_head": "the sealed entry is gone or is another one",
    "seal_missing": "the seal is missing",
    "seal_changed": "the seal does not match what it seals",
    "seal_unsigned": "the seal is not signed by the known key",
    "seal_count": "the seal counts other entries than are there",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One broken place.

    ``case``: the number of a case, "house" for the house chain, "" for what belongs to none. ``audience`` and
    ``sequence``: the chain and the entry, "" and 0 where the place is no entry. ``row`` and ``column``: which row of
    which table (``text message``, ``file <sha256>``, ``demand/1``), and its column. ``detail``: figures that help,
    nothing personal.
    """

    code: str
    case: str = ""
    audience: str = ""
    sequence: int = 0
    row: str = ""
    column: str = ""
    detail: str = ""

    @property
    def place(self) -> str:
        """``case 61… parties entry 3 text message column sealed``; parts that are not known are left out."""
        parts = (
            self.case and ("the house" if self.case == "house" else f"case {self.case}"),
            self.audience,
            f"entry {self.sequence}" if self.sequence else "",
            self.row,
            self.column and f"column {self.column}",
        )
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        said = WORDS.get(self.code, self.code)
        where = self.place
        return (f"{where}: {said}" if where else said) + (f" ({self.detail})" if self.detail else "")


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found. ``findings`` keeps the first MOST of each code, ``more`` how many there
    are beyond; both empty means that nothing was found."""

    entries: int = 0
    chains: int = 0
    #: So many cases were replayed, and of so many every proved column was compared.
    cases: int = 0
    proved: int = 0
    texts: int = 0
    files: int = 0
    #: So many cases lie in the archive, and of so many the record there was looked at.
    archived: int = 0
    read_there: int = 0
    #: Of the newest checkpoint: size, root in hexadecimal, at, and the signed note. None where there is none.
    newest_checkpoint: dict[str, Any] | None = None
    #: Seals of the older form, the size and the root of the last.
    seals: int = 0
    sealed_size: int = 0
    sealed_root: str = ""
    #: What from outside it was compared with, and when the newest checkpoint that holds was signed.
    checkpoints: int = 0
    receipts: int = 0
    compared_at: datetime | None = None
    findings: list[Finding] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def is_unbroken(self) -> bool:
        return not self.findings

    def add(self, finding: Finding) -> None:
        self._counts[finding.code] += 1
        if self._counts[finding.code] <= MOST:
            self.findings.append(finding)
        else:
            self.more[finding.code] = self._counts[finding.code] - MOST

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)

    def join(self, other: Report) -> None:
        """What somebody else found of other cases."""
        for counted in ("entries", "chains", "cases", "proved", "texts", "files", "archived", "read_there"):
            setattr(self, counted, getattr(self, counted) + getattr(other, counted))
        self.take(other.findings)
        for code, number in other.more.items():
            self._counts[code] += number
            self.more[code] = self._counts[code] - MOST

    def missing(self, case: str, audience: str, first: int, following: int) -> None:
        """The entries of a chain from ``first`` up to the one before ``following``; a long gap is one finding."""
        if following - first > _LONG:
            self.add(Finding("entry_missing", case, audience, first, detail=f"and all up to {following - 1}"))
        else:
            for sequence in range(first, following):
                self.add(Finding("entry_missing", case, audience, sequence))

    def as_json(self) -> dict[str, Any]:
        result = {"unbroken": self.is_unbroken, **asdict(self)}
        del result["_counts"]
        return result | {"compared_at": self.compared_at.isoformat() if self.compared_at else None}

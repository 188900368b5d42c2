"""What verification found, each at its place. Codes are stable; the words are for people who read a report."""

from dataclasses import dataclass
from typing import Final

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
    "receipt_missing": "the entry is gone for which somebody holds a receipt",
    "receipt_other": "the entry is not the one for which somebody holds a receipt",
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

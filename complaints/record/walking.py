"""Reads the rows of the record for verification: by ranges of cases, so that memory stays flat, and so that a row which
cannot be read is named at its place and hides no other. Nothing is cast in SQL that a changed row could make fail."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import DatabaseError, connection, transaction

from accounts.roles import Role
from complaints.procedure.numbering import case_key_of
from complaints.record.findings import Finding
from complaints.record.record import said_in, stored_stamp

Row = tuple[Any, ...]
#: So many entries at a time, rounded up to whole cases.
BATCH = 5000
#: Above every id.
END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """Cases with ids above ``low``, up to and with ``high``."""

    low: int
    high: int


def ranges(*, case_id: int | None = None, has_moved: bool = False) -> Iterator[Range]:
    """All cases, or one. ``has_moved``: some may have their entries elsewhere; of these as many at a time."""
    if case_id is not None:
        yield Range(case_id - 1, case_id)
        return
    low = -1
    while low < END:
        with connection.cursor() as cursor:
            cursor.execute(
                _NEXT if not has_moved else f"{_NEXT} union all {_NEXT_MOVED}", [low, BATCH] * (1 + has_moved)
            )
            high = min((int(pk) for (pk,) in cursor.fetchall()), default=END)
        yield Range(low, high)
        low = high


_FROM = "(select complaint_id from {} where complaint_id > %s {} order by complaint_id offset %s limit 1)"
_NEXT = _FROM.format("complaints_handlingstep", "")
_NEXT_MOVED = _FROM.format("complaints_archivedcase", "and returned is null")


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` of ``source`` (a table with the alias t, with joins that never drop or double its rows), in ranges of
    ``by``. ``keys``: columns that say which row it is and are never large."""

    source: str
    by: str
    columns: str
    keys: str

    def rows(self, among: Range) -> tuple[list[Row], list[Row]]:
        """The rows of the range in no order; and the keys of those that cannot be read (where those neither, the id
        alone)."""
        try:
            return fetched(self._select(self.columns), [among.low, among.high]), []
        except (DatabaseError, UnicodeDecodeError):
            return self._one_by_one(among)

    def _select(self, columns: str) -> str:
        return f"select {columns} from {self.source} where t.{self.by} > %s and t.{self.by} <= %s"  # noqa: S608

    def _one_by_one(self, among: Range) -> tuple[list[Row], list[Row]]:
        one = f"select {{}} from {self.source} where t.id = %s"  # noqa: S608
        rows: list[Row] = []
        unreadable: list[Row] = []
        for (row_id,) in fetched(self._select("t.id"), [among.low, among.high]):
            for columns, into in ((self.columns, rows), (self.keys, unreadable), ("t.id", unreadable)):
                try:
                    into += fetched(one.format(columns), [row_id])
                    break
                except (DatabaseError, UnicodeDecodeError):
                    continue
        return rows, unreadable


def fetched(sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """All rows of one statement; one that fails raises DatabaseError or UnicodeDecodeError and spoils nothing else."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Row] = cursor.fetchall()
        return rows


def hashed_stamp(text: str) -> str:
    """A time that was read as text, in the form in which it is hashed; an odd one stays as it is."""
    try:
        return stored_stamp(text)
    except ValueError:
        return text


@dataclass(slots=True)
class Said:
    """What the hashed text of one entry says. ``texts``: [kind, digest] or, from form 2 on, [kind, digest, key];
    ``documents``: what ``data`` says of documents that the entry issued; ``told``: for whom there are notices, None
    where entries did not say so yet."""

    body: dict[str, Any]
    texts: list[list[str]]
    files: list[str]
    documents: list[dict[str, Any]]
    told: list[str] | None = None


_strings = itemgetter(
    *("case", "audience", "step", "happened", "written", "role", "organisation", "person", "name", "recorded_by")
)


def parsed(body: str) -> Said | None:
    """None for what is no text of an entry."""
    try:
        said = said_in(body)
        texts, files = said["texts"], said["files"]
        documents = said["data"].get("documents") or []
        fits = _are_strings(_strings(said)) and isinstance(said["sequence"], int) and _are_strings(files)
        for one in texts:
            fits = fits and type(one) is list and len(one) in (2, 3) and _are_strings(one)
        for one in documents:
            fits = fits and isinstance(one.get("digest"), str)
        told = said.get("told")
        fits = fits and (told is None or _are_strings(told))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Said(said, texts, files, documents, told) if fits else None


def _are_strings(values: Iterable[Any]) -> bool:
    return {str}.issuperset(map(type, values))


#: The roles in which a consumer speaks: what they said lies under their own keys.
CONSUMERS = tuple(role for role in Role if role.side == "consumer")


@dataclass(slots=True)
class Read:
    """One entry: where it stands, what it says, and which names its columns point at."""

    case: str
    case_id: int
    consumer_key: str
    audience: str
    sequence: int
    said: Said
    name_id: int | None
    recorded_by_id: int | None

    def finding(self, code: str, row: str, column: str = "", detail: str = "") -> Finding:
        return Finding(code, self.case, self.audience, self.sequence, row, column, detail)

    def keys_of(self, text: list[str]) -> Collection[str]:
        """Under which key the entry put this text: it says so from form 2 on. Before, what the consumer says of himself
        lay under his key, all else under that of who acted; of that, what no consumer said was moved under the key of
        the case."""
        if len(text) == 3:
            return (text[2],)
        if text[0].startswith("consumer_"):
            return (self.consumer_key,)
        owner = self.said.body["person"] or self.consumer_key
        return (owner,) if self.said.body["role"] in CONSUMERS else (owner, self.case_key)

    @property
    def case_key(self) -> str:
        return str(case_key_of(self.case))

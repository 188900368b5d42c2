"""What entries commit to, followed to the rows and files: texts, names, files, documents, notices.

It begins with each digest in an entry, never with the rows that happen to be there; then comes the reverse, a row that
no entry names. What is empty or cannot be opened is whole only where the erasure of exactly its key is recorded.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.keys import checking, row_tags
from accounts.keys.checking import Closed
from complaints.evidence.storing import compared
from complaints.models import DocumentVersion, Evidence, PersonalText, RecordedName
from complaints.models.record import salted_text
from complaints.record.beside import notices
from complaints.record.erasures import Erased
from complaints.record.findings import Finding
from complaints.record.record import canonical, said_in, salted
from complaints.record.walking import Range, Read, Row, Table, fetched

_TEXTS = Table(
    "complaints_personaltext t",
    "complaint_id",
    "t.complaint_id, t.audience, t.sequence, t.kind, encode(t.digest, 'hex'), t.key_id::text, t.sealed",
    "t.complaint_id, t.audience, t.sequence, t.kind",
)
_FILES = Table(
    "complaints_evidence t",
    "complaint_id",
    "t.complaint_id, t.sha256, t.path, t.copy_sha256, t.copy_path, t.thumbnail_sha256, t.thumbnail_path"
    ", t.name, t.uploaded_at, t.state, t.tag",
    "t.complaint_id, t.sha256",
)
#: The same of a database in which verdicts have no tag yet.
_OLD_FILES = replace(_FILES, columns=_FILES.columns.partition(", t.uploaded_at")[0])
_VERSIONS = Table(
    "complaints_documentversion t left join complaints_officialdocument d on d.id = t.document_id",
    "complaint_id",
    "t.complaint_id, t.digest, d.reference, d.form, t.number, t.public_id, t.content, t.sha256, t.path",
    "t.complaint_id, t.digest, d.reference, d.form, t.number",
)
_NAMES = (
    "select n.id, n.person_key::text, encode(n.digest, 'hex'), n.sealed from complaints_recordedname n"
    " where n.id = any(%s)"
)
_FOREIGN_NAMES = """
select n.id from complaints_recordedname n
where not exists (select from complaints_handlingstep s where s.name_id = n.id)
  and not exists (select from complaints_handlingstep s where s.recorded_by_id = n.id)
order by n.id"""

_TEXT: Any = PersonalText._meta.get_field("sealed")
_NAME: Any = RecordedName._meta.get_field("sealed")
_CONTENT: Any = DocumentVersion._meta.get_field("content")
_FILE_NAME: Any = Evidence._meta.get_field("name")

Found = Callable[[Finding], None]


@dataclass(slots=True)
class Commitments:
    """Follows the entries of one range of cases after the other. ``erased``: what the house chain says is gone."""

    found: Found
    erased: Erased
    reads_files: bool = True
    reads_notices: bool = True
    has_verdicts: bool = True
    texts: int = 0
    files: int = 0
    _closed: list[Closed] = field(default_factory=list)
    _unread: frozenset[tuple[int, str, int]] = frozenset()
    _odd_cases: frozenset[int] = frozenset()

    def follow(
        self, among: Range, entries: Iterable[Read], names: dict[int, str], unread: Collection[tuple[int, str, int]]
    ) -> None:
        """``names``: number of each case of the range by its id, for rows that no entry names. ``unread``: entries that
        cannot be read (case, audience, sequence); of a row that one of them may name nobody can say that none does."""
        entries = list(entries)
        self._unread = frozenset(unread)
        self._odd_cases = frozenset(case for case, _audience, _sequence in unread)
        self._texts(among, entries, names)
        self._names(entries)
        self._files(among, entries, names)
        self._documents(among, entries, names)
        if self.reads_notices:
            notices.check(among, entries, names, self.found)
        for one, code, detail in checking.check(self._closed, self.erased.keys):
            self.found(one.of.finding(code, one.row, one.column, detail))
        self._closed = []

    def _unreadable(self, keys: Iterable[Row], names: dict[int, str], what: str) -> None:
        for row in keys:
            if len(row) == 1:
                self.found(Finding("unreadable", row=f"{what} {row[0]}"))
            elif what == "text":
                case, audience, sequence, kind = row
                self.found(Finding("unreadable", names.get(case, str(case)), audience, sequence, f"text {kind}"))
            elif what == "file":
                self.found(Finding("unreadable", names.get(row[0], str(row[0])), row=f"file {row[1]}"))
            else:
                self.found(Finding("unreadable", names.get(row[0], str(row[0])), row=_document(row)))

    # --- texts ---

    def _texts(self, among: Range, entries: list[Read], names: dict[int, str]) -> None:
        there: dict[Row, list[Row]] = defaultdict(list)
        rows, unreadable = _TEXTS.rows(among)
        self._unreadable(unreadable, names, "text")
        hidden = {row for row in unreadable if len(row) > 1}
        for row in rows:
            there[row[:5]].append(row)
        for entry in entries:
            for text in entry.said.texts:
                place = (entry.case_id, entry.audience, entry.sequence, text[0])
                self.texts += 1
                if found := there.get((*place, text[1])):
                    self._text(entry, text, found.pop())
                elif place not in hidden:
                    self.found(entry.finding("row_missing", f"text {text[0]}"))
        for (case, audience, sequence, kind, _digest), left in there.items():
            for _row in left if (case, audience, sequence) not in self._unread else ():
                self.found(Finding("foreign", names.get(case, str(case)), audience, sequence, f"text {kind}"))

    def _text(self, entry: Read, text: list[str], row: Row) -> None:
        what, key, owners = f"text {text[0]}", row[5], entry.keys_of(text)
        if key not in owners:
            self.found(entry.finding("column", what, "key_id"))
            return
        bound = _TEXT.place_with(row[:5])
        self._closed.append(Closed(entry, what, "sealed", bytes(row[6]), bound, key, salted_is, row[4]))

    # --- names ---

    def _names(self, entries: list[Read]) -> None:
        wanted = {pk for entry in entries for pk in (entry.name_id, entry.recorded_by_id) if pk is not None}
        rows = _by_id(_NAMES, sorted(wanted)) if wanted else {}
        followed: set[int] = set()
        for entry in entries:
            body = entry.said.body
            for column, row_id, digest, person in (
                ("name", entry.name_id, body["name"], body["person"]),
                ("recorded_by", entry.recorded_by_id, body["recorded_by"], body.get("recorder", "")),
            ):
                if not digest and row_id is None:
                    continue
                row = rows.get(row_id) if row_id is not None else None
                if row is None and digest and row_id is not None:
                    code = "unreadable" if row_id in rows else "row_missing"
                    self.found(entry.finding(code, f"name {row_id}"))
                elif row is None or row[2] != digest:
                    self.found(entry.finding("column", "entry", column))
                elif person and row[1] != person:
                    self.found(entry.finding("column", f"name {row_id}", "person_key"))
                elif row[0] not in followed:
                    followed.add(row[0])
                    self._name(entry, row)

    def _name(self, entry: Read, row: Row) -> None:
        _id, person, digest, sealed = row
        bound = _NAME.place_with((person, digest))
        what = f"name {row[0]}"
        self._closed.append(Closed(entry, what, "sealed", bytes(sealed), bound, person, salted_is, digest))

    # --- files ---

    def _files(self, among: Range, entries: list[Read], names: dict[int, str]) -> None:
        rows, unreadable = (_FILES if self.has_verdicts else _OLD_FILES).rows(among)
        self._unreadable(unreadable, names, "file")
        hidden = {row[:2] for row in unreadable if len(row) > 1}
        there: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for row in rows:
            there[row[0], row[1]].append(row)
        named: set[tuple[int, str]] = set()
        for entry in entries:
            for sha256 in entry.said.files:
                key = (entry.case_id, sha256)
                if (entry.case, sha256) in self.erased.files:
                    pass
                elif key not in there and key not in hidden:
                    self.found(entry.finding("row_missing", f"file {sha256}"))
                elif key not in named:
                    for row in there.get(key, ()):
                        if self.has_verdicts and not row_tags.is_of(Evidence, (sha256, *row[8:10]), bytes(row[10])):
                            self.found(entry.finding("column", f"file {sha256}", "state"))
                        self._name_of_file(entry, row)
                        if self.reads_files:
                            self._parts(entry, row)
                named.add(key)
        for (case, sha256), left in there.items():
            for _row in left if (case, sha256) not in named and case not in self._odd_cases else ():
                self.found(Finding("foreign", names.get(case, str(case)), row=f"file {sha256}"))

    def _name_of_file(self, entry: Read, row: Row) -> None:
        """Sealed when the file came, for this path alone: what opens is the name that its sender gave it."""
        _case, sha256, path = row[:3]
        # Where the row of the case is gone, nobody knows whose.
        if path and entry.consumer_key:
            bound = _FILE_NAME.place_with((path,))
            self._closed.append(
                Closed(entry, f"file {sha256}", "name", bytes(row[7]), bound, entry.consumer_key, _opens, "")
            )

    def _parts(self, entry: Read, row: Row) -> None:
        """The original by the digest in the entry, copy and thumbnail by those of the row."""
        _case, sha256, *parts = row[:7]
        for part, path, wanted in (
            ("original", parts[0], sha256),
            ("copy", parts[2], parts[1]),
            ("thumbnail", parts[4], parts[3]),
        ):
            if path or part == "original":
                self.files += 1
                if what := self._compared(path, wanted):
                    self.found(entry.finding(what, f"file {sha256}", detail=part))
            elif wanted:
                self.found(entry.finding("file_missing", f"file {sha256}", detail=part))

    def _compared(self, path: str, wanted: str) -> str:
        """A code of a finding; empty where the stored bytes are those of the digest."""
        try:
            what = compared(path, wanted) if path else "missing"
        except Exception:
            # A path that is none, a disk that does not answer: whatever it is, these bytes were not compared.
            return "file_unread"
        return f"file_{what}" if what else ""

    # --- documents ---

    def _documents(self, among: Range, entries: list[Read], names: dict[int, str]) -> None:
        rows, unreadable = _VERSIONS.rows(among)
        self._unreadable(unreadable, names, "document")
        hidden = {(row[0], bytes(row[1]).hex()) for row in unreadable if len(row) > 1}
        there = {(row[0], bytes(row[1]).hex()): row for row in rows}
        prints = {
            (entry.case_id, data.get("reference"), data.get("version")): data.get("sha256")
            for entry in entries
            if entry.said.body["step"] == "keep_print" and (data := entry.said.body["data"])
        }
        named: set[tuple[int, str]] = set()
        for entry in entries:
            for said in entry.said.documents:
                key = (entry.case_id, said["digest"])
                row = there.get(key)
                named.add(key)
                if row is not None:
                    printed = prints.get((entry.case_id, said.get("reference"), said.get("version")), "")
                    self._version(entry, said, row, printed or "")
                elif key not in hidden:
                    what = f"document/{said.get('reference')}/{said.get('version')}"
                    self.found(entry.finding("row_missing", what))
        for key in there.keys() - named:
            if key[0] not in self._odd_cases:
                self.found(Finding("foreign", names.get(key[0], str(key[0])), row=_document(there[key])))

    def _version(self, entry: Read, said: dict[str, Any], row: Row, printed: str) -> None:
        case, digest, reference, form, number, public_id, content, sha256, path = row
        what = f"document/{said.get('reference')}/{said.get('version')}"
        for column, is_so in (
            ("reference", reference == said.get("reference")),
            ("form", form == said.get("form")),
            ("number", number == said.get("version")),
            ("sha256", sha256 == printed),
        ):
            if not is_so:
                self.found(entry.finding("column", what, column))
        if entry.case_key in self.erased.keys or entry.consumer_key in self.erased.former:
            return
        bound = _CONTENT.place_with((case, public_id))
        self._closed.append(
            Closed(entry, what, "content", bytes(content), bound, entry.case_key, paper_is, bytes(digest).hex())
        )
        if printed and self.reads_files:
            self.files += 1
            if wrong := self._compared(path, printed):
                self.found(entry.finding(wrong, what, detail="print"))


def salted_is(opened: str, _secret: bytes, digest: str) -> bool:
    """Whether salt and text, as they are sealed together, have this digest."""
    return salted(*salted_text(opened)).hex() == digest


def paper_is(opened: str, _secret: bytes, digest: str) -> bool:
    """The same for the words of a document."""
    content = said_in(opened)
    return salted(bytes.fromhex(content["salt"]), canonical(content["paper"])).hex() == digest


def foreign_names(moved: Callable[[Collection[int]], Collection[int]] | None = None) -> Iterator[Finding]:
    """Names that no entry of the whole record points at; ``moved``: those at which entries of moved cases may point."""
    ids = [row_id for (row_id,) in fetched(_FOREIGN_NAMES)]
    for row_id in sorted(set(ids) - set(moved(ids) if moved else ())):
        yield Finding("foreign", row=f"name {row_id}")


def _opens(_opened: str, _secret: bytes, _told: str) -> bool:
    return True


def _document(row: Row) -> str:
    return f"document/{row[2]}/{row[4]}"


def _by_id(sql: str, ids: list[int]) -> dict[int, Row | None]:
    """The rows by their ids; None for one that cannot be read."""
    try:
        return {row[0]: row for row in fetched(sql, [ids])}
    except Exception:
        result: dict[int, Row | None] = {}
        for row_id in ids:
            try:
                result |= {row[0]: row for row in fetched(sql, [[row_id]])}
            except Exception:
                result[row_id] = None
        return result

"""Cases by the exact phone, name or order number of their consumer, or by a copied text, none of which the database can
read; and whether two statements are the same text again."""

import hashlib
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import BigIntegerField, BinaryField, Exists, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Cast
from rapidfuzz.fuzz import ratio

from accounts.keys import sealed_fields
from accounts.keys.sealed_fields import digest_of, digests_of
from complaints.models import PersonalText, PersonDigest
from complaints.procedure.categories import QUESTIONS
from database.request_words import Word

#: So many parts of a hundred must be equal.
NEAR_IDENTICAL = 90
#: A shorter text is like any other (“没有收到货”).
SHORTEST_COMPARED = 15
#: Letters that are looked at together, and how many least values make one of the four marks.
_GRAM, _ROWS, _MARKS = 3, 3, 4
_VALUES = struct.Struct(f"<{_ROWS * _MARKS}I")


def bare(text: str) -> str:
    """Letters and figures alone: spaces, marks and widths say nothing about whether it is the same again."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def same_text(there: str, here: str) -> bool:
    """Near-identical, and long enough to say something."""
    return likeness(there, here) >= NEAR_IDENTICAL


def likeness(there: str, here: str) -> int:
    """Parts of a hundred that are equal, rounded down; 0 below ``NEAR_IDENTICAL`` and for short texts."""
    return bare_likeness(bare(there), bare(here))


def bare_likeness(there: str, here: str) -> int:
    """`likeness` of two texts that are `bare` already."""
    if min(len(there), len(here)) < SHORTEST_COMPARED:
        return 0
    return int(ratio(there, here, score_cutoff=NEAR_IDENTICAL))


def marks(text: str) -> tuple[str, ...]:
    """Four marks of a text: two texts that are nearly the same have one in common (of a hundred pairs with every
    twentieth letter changed 85 have; of unlike ones fewer than one in a thousand). None for a short text. Least values
    of hashes over all triples of letters (Broder, 1997)."""
    given = bare(text)
    if len(given) < SHORTEST_COMPARED:
        return ()
    least = [min(column) for column in zip(*map(_hashes, _grams(given)), strict=True)]
    return tuple(
        f"{part}:{'.'.join(str(value) for value in least[part * _ROWS : (part + 1) * _ROWS])}" for part in range(_MARKS)
    )


def _grams(text: str) -> Iterable[str]:
    return {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}


def _hashes(gram: str) -> tuple[int, ...]:
    return _VALUES.unpack(hashlib.blake2b(gram.encode(), digest_size=_VALUES.size).digest())


#: Kind of the text → kind of the digest: the number of a line may be typed as a phone or as it stands.
KINDS = {
    "consumer_phone": "phone",
    "consumer_name": "name",
    "consumer_order_no": "order",
    **{question.text_kind: "order" for question in QUESTIONS if question.is_identifier},
}
#: The kind of text whose copies are found by its marks, and their kind here.
COPIED, MARK = "consumer_statement", "text"
#: Of one phone, name or number at most so many cases, the newest.
MOST = 500


def digest_rows(texts: Iterable[PersonalText]) -> list[PersonDigest]:
    """What is found later by these texts of filings; their cases have ids by now."""
    return [
        PersonDigest(complaint_id=text.complaint_id, kind=kind, digest=digest)
        for text in texts
        if text.audience == "parties"
        for kind, digest in digests_in(text.kind, text.text)
    ]


def digests_in(kind: str, text: str) -> Iterator[tuple[str, bytes]]:
    """(kind of the digest, digest) of one text of this kind of a filing; a statement has one of each of its marks."""
    forms = [(MARK, mark) for mark in marks(text)] if kind == COPIED else [(KINDS[kind], text)] if kind in KINDS else []
    for name, form in forms:
        digest = digest_of(name, form)
        if digest:
            yield name, digest


def alike(
    rows: QuerySet[PersonDigest] | None = None, *, digests: Sequence[bytes] | None = None
) -> QuerySet[PersonDigest]:
    """What has the same digest as one of ``rows``, these included, or one of ``digests`` (a list, or what stands for
    one in a prepared query).

    No caller reads a digest (database/columns.py): a function of the database compares them, for a signed word, and
    gives ids of rows. ``rows`` and the answer are what row security shows."""
    ids: Any = Value([]) if rows is None else ArraySubquery(rows.order_by().values("pk"))
    found = Func(
        Value(Word("digests")),
        Cast(ids, ArrayField(BigIntegerField())),
        Cast(Value(digests or []), ArrayField(BinaryField())),
        function="rows_alike",
        output_field=ArrayField(BigIntegerField()),
    )
    return PersonDigest.objects.filter(pk__any_of=found)


def load(rows: Iterable[PersonDigest]) -> None:
    """Fetch the digests of rows that were read without: one statement, or none."""
    wanted = {row.pk: row for row in rows if "digest" not in row.__dict__}
    if not wanted:
        return
    with connection.cursor() as cursor:
        values: Any = [Word("digests"), list(wanted)]
        cursor.execute("select id, digest from digests_of(%s, %s::bigint[])", values)
        for pk, digest in cursor.fetchall():
            wanted[pk].digest = digest


def cases_of(text: str) -> QuerySet[PersonDigest, int]:
    """Ids of cases whose consumer gave exactly this, the newest first."""
    wanted = [digest for kind in sorted(set(KINDS.values())) for digest in digests_of(kind, text)]
    if len(text.strip()) < 2 or not wanted:
        return PersonDigest.objects.none().values_list("complaint_id", flat=True)
    ids = alike(digests=wanted).order_by("-complaint_id").values_list("complaint_id", flat=True)
    return ids.distinct()[:MOST]


def on_file(cases: Iterable[int]) -> dict[int, dict[str, str]]:
    """By case: the newest name, phone and mailbox of its consumer, by kind of the text (consumer_phone …)."""
    kinds = ("consumer_name", "consumer_phone", "consumer_email")
    texts = list(
        PersonalText.objects.filter(complaint_id__in=list(cases), audience="parties", kind__in=kinds).order_by(
            "complaint_id", "sequence", "id"
        )
    )
    sealed_fields.load_for(texts)
    result: dict[int, dict[str, str]] = defaultdict(dict)
    for text in texts:
        if text.text:
            result[text.complaint_id][text.kind] = text.text
    return result


def mark_statements(*, after: int, limit: int) -> tuple[int, int]:
    """The marks of statements that were filed before there were marks: (how many got some, id to go on after; 0 at the
    end). A case that has marks is passed over, so whoever begins again loses nothing and doubles nothing."""
    marked = PersonDigest.objects.filter(complaint=OuterRef("complaint"), kind=MARK)
    with transaction.atomic():
        rows = PersonalText.objects.filter(~Exists(marked), pk__gt=after, audience="parties", kind=COPIED)
        texts = list(rows.order_by("pk")[:limit])
        if not texts:
            return 0, 0
        sealed_fields.load_for(texts)
        made = digest_rows(texts)
        PersonDigest.objects.bulk_create(made)
    return len({row.complaint_id for row in made}), texts[-1].pk


def make_anew(*, version: int, after: int, limit: int) -> tuple[int, int]:
    """Digests of other index keys become digests of the newest: (how many, id to go on after; 0 at the end)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select id, complaint_id, kind from complaints_persondigest"
            " where id > %s and get_byte(digest, 0) & 127 <> %s order by id limit %s for update",
            [after, version, limit],
        )
        old = cursor.fetchall()
        if not old:
            return 0, 0
        of_cases = PersonalText.objects.filter(complaint_id__in={case for _, case, _ in old}, audience="parties")
        texts = list(of_cases.filter(kind__in=(*KINDS, COPIED)))
        sealed_fields.load_for(texts)
        digests: dict[tuple[int, str], list[bytes]] = {}
        for row in digest_rows(texts):
            digests.setdefault((row.complaint_id, row.kind), []).append(bytes(row.digest))
        cursor.execute("delete from complaints_persondigest where id = any(%s)", [[pk for pk, _, _ in old]])
        new = {(case, kind, digest) for _, case, kind in old for digest in digests.get((case, kind), [])}
        known = PersonDigest.objects.filter(complaint_id__in={case for case, _, _ in new})
        rows = known.values_list("complaint_id", "kind", "digest")
        have = {(case, kind, bytes(digest)) for case, kind, digest in rows}
        PersonDigest.objects.bulk_create(
            PersonDigest(complaint_id=case, kind=kind, digest=digest) for case, kind, digest in sorted(new - have)
        )
    return len(old), old[-1][0]

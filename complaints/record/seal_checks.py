"""Verifies the seals that stand, each for itself, and that every chain still holds what they sealed."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

from complaints.models import Seal
from complaints.record.findings import Finding, Report
from complaints.record.sealing import Head, heads_of, listed_root_of, root_of, tree_root

_CHUNK = 5000


def sealed_heads(report: Report, number: str) -> None:
    """Every chain must still hold the last entry that was sealed: a cut tail shows here."""
    also, parameters = ("where c.number = %s", [number]) if number else ("", [])
    known = {(one.case, one.audience) for one in report.findings if one.code == "entry_missing"}
    sql = f"""
        select coalesce(c.number, h.complaint_id::text), h.audience, h.sequence
        from (select distinct on (complaint_id, audience) complaint_id, audience, sequence, hash
              from complaints_sealedhead order by complaint_id, audience, sequence desc) h
        left join complaints_complaint c on c.id = h.complaint_id
        left join complaints_handlingstep s on s.complaint_id = h.complaint_id
          and s.audience = h.audience and s.sequence = h.sequence and s.hash = h.hash
        {also} {"and" if also else "where"} s.id is null limit 100
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for case, audience, sequence in cursor.fetchall():
            if (case, audience) not in known:
                report.add(Finding("sealed_head", case, audience, sequence, "entry"))


def seals(report: Report, public_key: bytes) -> None:
    previous, number, size, through, first_key = b"", 0, 0, 0, public_key
    for seal in Seal.objects.order_by("number").iterator(chunk_size=500):
        first_key = first_key or bytes(seal.public_key)
        if seal.number != number + 1 or bytes(seal.previous_root) != previous:
            report.add(Finding("seal_missing", row=f"seal {number + 1}"))
        if not _seals_its_heads(seal, bytes(seal.previous_root)):
            report.add(Finding("seal_changed", row=f"seal {seal.number}"))
        if bytes(seal.public_key) != first_key or not _is_signed(seal):
            report.add(Finding("seal_unsigned", row=f"seal {seal.number}"))
        previous, number, size = bytes(seal.root), seal.number, seal.size
        through = seal.through_id
        report.seals += 1
        report.sealed_size, report.sealed_root = seal.size, previous.hex()
    _count_sealed(report, number, size, through)


def _seals_its_heads(seal: Seal, previous: bytes) -> bool:
    if not seal.heads_root:
        return listed_root_of(previous, seal.number, seal.size, seal.at, _heads(seal)) == bytes(seal.root)
    root = tree_root(_heads(seal))
    return root == bytes(seal.heads_root) and root_of(previous, seal.number, seal.size, seal.at, root) == bytes(
        seal.root
    )


def _heads(seal: Seal) -> Iterator[Head]:
    for complaint_id, audience, sequence, head in heads_of(seal).iterator(chunk_size=_CHUNK):
        yield complaint_id, audience, sequence, bytes(head)


def _count_sealed(report: Report, number: int, size: int, through: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from complaints_handlingstep where id <= %s", [through])
        stored = cursor.fetchone()[0]
    if number and stored != size:
        report.add(Finding("seal_count", row=f"seal {number}", detail=f"{size} sealed, {stored} there"))


def _is_signed(seal: Seal) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes(seal.public_key)).verify(bytes(seal.signature), bytes(seal.root))
    except (InvalidSignature, ValueError):
        return False
    return True

"""Seals of the older form: signed roots over the heads of the chains that grew. None is made any more, the log has
their place (complaints/record/checkpoints.py); those that stand are verified, each for itself, and every chain must
still hold what they sealed."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

from complaints.models import Seal, SealedHead
from complaints.record import record
from complaints.record.findings import Finding, Report

_CHUNK = 5000
_SEAL, _LEAF, _NODE = b"\x01", b"\x02", b"\x03"
Head = tuple[int, str, int, bytes]


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
    """What a seal covers, in the order of its tree."""
    rows = SealedHead.objects.filter(seal=seal).order_by("complaint_id", "audience")
    heads = rows.values_list("complaint_id", "audience", "sequence", "hash")
    for complaint_id, audience, sequence, head in heads.iterator(chunk_size=_CHUNK):
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


# --- how they were made ---


def root_of(previous: bytes, number: int, size: int, at: datetime, heads_root: bytes) -> bytes:
    """The digest of one seal, which is signed: the seal before it, what it says, and the root over its heads."""
    text = f"{number}|{size}|{record.stamp(at)}\n{heads_root.hex()}"
    return hashlib.sha256(_SEAL + previous + text.encode()).digest()


def listed_root_of(previous: bytes, number: int, size: int, at: datetime, heads: Iterable[Head]) -> bytes:
    """The same for seals from before there were trees (``heads_root`` is empty): over the list of all heads."""
    digest = hashlib.sha256(_SEAL + previous)
    digest.update(f"{number}|{size}|{record.stamp(at)}".encode())
    for head in heads:
        digest.update(b"\n" + _line(head))
    return digest.digest()


def tree_root(heads: Iterable[Head]) -> bytes:
    """The root of the tree over heads in their order; memory grows with its height only."""
    left: list[tuple[int, bytes]] = []
    for head in heads:
        height, digest = 0, leaf_digest(head)
        while left and left[-1][0] == height:
            digest = node_digest(left.pop()[1], digest)
            height += 1
        left.append((height, digest))
    root = left.pop()[1] if left else b""
    while left:
        root = node_digest(left.pop()[1], root)
    return root


def _line(head: Head) -> bytes:
    complaint_id, audience, sequence, digest = head
    return f"{complaint_id}|{audience}|{sequence}|{digest.hex()}".encode()


def leaf_digest(head: Head) -> bytes:
    return hashlib.sha256(_LEAF + _line(head)).digest()


def node_digest(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()

"""A dossier holds against whoever has the database: what was taken from the rows, or put into the file, is named by the
program that anybody runs, which shares no code with the portal."""

import io
import json
import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.documents import signing
from complaints.dossier import packing, proving
from complaints.dossier.gathering import gather
from complaints.evidence.storing import storage
from complaints.handling.scanned_files import sweep_scans
from complaints.handling.steps import consumer
from complaints.models import Complaint, Dossier, Evidence, EvidenceState, HouseEntry, PersonalText
from complaints.privacy import erasing
from complaints.procedure.workflow import Status
from complaints.record import checkpoints, notes
from complaints.record.record import canonical, chained
from complaints.record.verification import verify
from tests import found_in, given
from tests.cast import World
from tests.complaints.documents.signatures import stamped_at, verdict
from tests.complaints.dossier.conftest import KEY, PUBLIC, a_case, asked, built, fetched, laid, made_anew, parts_of
from tests.complaints.evidence.clamd import running
from tests.proof.answering import answering
from tests.proof.authority import Authority
from tests.proof.tampering import as_superuser, undone

verifier = proving.verifier()


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT, settings.EXPORT_ROOT = str(tmp_path / "evidence"), str(tmp_path / "exports")


def packed_now(case: Complaint, world: World) -> bytes:
    """Chen's dossier without its papers, as the worker would make it now."""
    now = timezone.now()
    row = Dossier(complaint=case, asked_by=world.chen, side="consumer", site="https://x", asked_at=now)
    gathered, key, out = gather(row, now=now), signing.document_key(), io.BytesIO()
    erased = {one["digest"] for one in gathered.withheld if one["reason"] == "erased"}
    proof = proving.proof_of(case, erased=erased, key=key)
    packing.pack(out, gathered, proof=proof, papers={}, at=now, key=key, each=lambda: None)
    return out.getvalue()


def named(made: bytes) -> tuple[int, set[tuple[str, int, str]]]:
    """Exit code, and all that is named: code, entry, part."""
    report = verifier.check(io.BytesIO(made), key=PUBLIC)
    return report.exit_code, {(one.code, one.n, one.what) for one in report.broken + report.unproved}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [pytest.param(8, id="some"), pytest.param(50, id="50", marks=pytest.mark.full)])
def test_T96_what_the_superuser_takes_from_a_case_is_named_in_its_dossier(world: World, times: int) -> None:
    case = a_case(world)
    case.refresh_from_db()
    texts = list(PersonalText.objects.filter(complaint=case, audience="parties").values_list("pk", "sequence", "kind"))
    dice, missed = random.Random(22), []
    with as_superuser():
        assert named(packed_now(case, world)) == (0, set())
        for _ in range(times):
            pk, entry, kind = dice.choice(texts)
            what, sql, expected = dice.choice(
                [
                    ("gone", "delete from complaints_personaltext where id = %s", ("text_missing", entry, kind)),
                    (
                        "emptied",
                        "update complaints_personaltext set sealed = '' where id = %s",
                        ("withheld_unproved", entry, kind),
                    ),
                ]
            )
            with undone() as cursor:
                cursor.execute(sql, [pk])
                code, found = named(packed_now(case, world))
            if (code, found) != (1, {expected}):
                missed.append((what, entry, kind, code, found))
        # Nothing was left behind, so nothing is named.
        assert (missed, named(packed_now(case, world))) == ([], (0, set()))


@pytest.mark.django_db(transaction=True)
def test_T96_an_entry_a_name_and_a_file_of_the_case_too(world: World) -> None:
    case = a_case(world)
    case.refresh_from_db()
    file = Evidence.objects.get(complaint=case)
    with as_superuser():
        for sql, expected in (
            ("update complaints_handlingstep set body = replace(body, 'portal', 'phone') where {} and sequence = 3", 3),
            ("delete from complaints_handlingstep where {} and sequence = 2", 2),
            ("update complaints_recordedname set sealed = '' where {}", 1),
        ):
            with undone() as cursor:
                cursor.execute(sql.format("true" if "name" in sql else f"complaint_id = {case.pk}"))
                code, found = named(packed_now(case, world))
            assert (code, expected in {n for _code, n, _what in found}) == (1, True), (sql, found)
    storage().delete(file.path)
    assert named(packed_now(case, world)) == (3, {("file_gone", 6, "file")})
    storage().save(file.path, io.BytesIO(b"another"))
    code, found = named(packed_now(case, world))
    assert (code, {(one, n) for one, n, _what in found}) == (1, {("file_changed", 6)})


def _judged(case: Complaint, settings: Any, answer: bytes) -> datetime:
    """A scanner says ``answer`` of the file of the case; all is sealed. When."""
    now = timezone.now()
    Evidence.objects.filter(complaint=case).update(state=EvidenceState.QUARANTINED, scan_after=now)
    with running() as server:
        settings.CLAMD, server.answer = server.place, answer
        assert sweep_scans(now=now) == 1
    checkpoints.seal(now=now, key=KEY)
    return now


@pytest.mark.django_db
def test_T96_a_file_that_a_scanner_objects_to_is_held_back_by_an_entry_that_proves_who_when_and_why(
    world: World, settings: Any
) -> None:
    case = a_case(world)
    now = _judged(case, settings, b"stream: Eicar FOUND\0")
    file = Evidence.objects.get(complaint=case)
    for user in (world.chen, world.ming, world.rui):
        made = fetched(built(asked(case, user)), user)
        report = verifier.check(io.BytesIO(made), key=PUBLIC)
        assert (report.exit_code, report.unproved, report.first) == (0, [], None), user
        found = now.astimezone(UTC).isoformat()
        assert report.held == [(6, "infected", "Eicar", found, 7)]
        texts = ("\n".join(verifier.told(report, verifier.LANGUAGES[language])) for language in ("zh", "en"))
        chinese, english = texts
        assert f"第6条记录的文件没有交付：查出病毒（Eicar，{found}）；平台写下的第7条记录为证" in chinese
        assert f"entry 6 is held back: malware was found (Eicar, {found}); entry 7 of the portal" in english
    # An entry about this file proves nothing of another one, and one of a party nothing at all.
    for name, odd in (("sha256", "0" * 64), ("role", "consumer")):
        body = json.loads(parts_of(made)["entries/0007.json"])
        (body["data"] if name == "sha256" else body)[name] = odd
        assert verifier._held({7: body}, file.sha256) is None
    assert verify(number=case.number).findings == []


@pytest.mark.django_db
def test_T96_a_file_that_is_held_back_without_an_entry_is_told_as_unproved(world: World, settings: Any) -> None:
    case = a_case(world)
    # As somebody with the database's password writes it, and as it was held back before entries said so.
    Evidence.objects.filter(complaint=case).update(state=EvidenceState.INFECTED, finding="Eicar")
    assert named(packed_now(case, world)) == (3, {("held_back", 6, "file")})
    # A scanner has still to look.
    Evidence.objects.filter(complaint=case).update(state=EvidenceState.QUARANTINED, scan_after=timezone.now())
    case.refresh_from_db()
    assert named(fetched(built(asked(case, world.rui)), world.rui)) == (3, {("held_back", 6, "file")})
    # What it could not read stays with its sender, whose dossier has it.
    _judged(case, settings, b"INSTREAM size limit exceeded. ERROR\0")
    assert named(fetched(built(asked(case, world.chen)), world.chen)) == (0, set())
    report = verifier.check(io.BytesIO(fetched(built(asked(case, world.rui)), world.rui)), key=PUBLIC)
    assert (report.exit_code, [one[1] for one in report.held]) == (0, ["unscannable"])


@pytest.mark.django_db
def test_an_erasure_that_somebody_planted_holds_up_no_dossier(world: World) -> None:
    case, now = a_case(world), timezone.now()
    text = PersonalText.objects.filter(complaint=case, audience="parties")[0]
    body = canonical({"step": "erased", "data": {"key": str(text.key_id), "root": ""}})
    HouseEntry.objects.create(
        sequence=99, step="erased", at=now, body=body, previous_hash=b"", hash=chained(b"", body), tag=bytes(33)
    )
    # It never gets under a checkpoint, for which a dossier would wait.
    proof = proving.proof_of(case, erased={bytes(text.digest).hex()}, key=signing.document_key())
    assert proof is not None
    assert proof.is_complete


@pytest.mark.django_db
def test_what_a_person_asked_to_erase_is_kept_from_all_and_told_as_unproved_until_it_is_gone(world: World) -> None:
    case = a_case(world, status=Status.NEGOTIATING)
    now = timezone.now()
    for one in Complaint.objects.all():
        given.step(one, consumer.withdraw(reason=next(iter(consumer.WITHDRAW_REASONS))), world.consumer, now)
    # Past the days in which the withdrawal may be taken back.
    now += timedelta(days=30)
    erasing.ask(world.chen.person_key, now=now, reason="by_command")
    checkpoints.seal(now=now, key=KEY)
    restricted = fetched(built(asked(case, world.rui)), world.rui)
    assert not found_in(b"".join(parts_of(restricted).values()).decode(errors="replace"), "智家体验包")
    code, found = named(restricted)
    assert (code, {one for one, _n, _what in found}) == (3, {"restricted"})
    later = now + timedelta(days=1200)
    erasing.erase(world.chen.person_key, now=later)
    checkpoints.seal(now=later, key=KEY)
    assert named(fetched(built(asked(case, world.rui)), world.rui)) == (0, set())


def _header(name: bytes, size: int, *, method: int = 0) -> bytes:
    return struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0x800, method, 0, 33, 0, size, size, len(name), 0) + name


def _end(count: int, size: int, at: int) -> bytes:
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, at, 0)


NAMES = b"manifest.json manifest.sig manifest.json"
#: What somebody sends to exhaust whoever looks at it.
BOMBS: dict[str, Callable[[Any], bytes]] = {
    "a part of 4 GB that is not there": lambda _p: _header(b"a.txt", 2**32 - 1) + NAMES,
    "a name of 64 kB": lambda _p: _header(b"a" * 65_000, 0) + NAMES,
    "many parts": lambda _p: laid((f"{n:05d}", b"") for n in range(21_000)),
    "many parts under the right end": lambda _p: _header(b"", 0) * 200_000 + NAMES + _end(1, 0, 0),
    "compressed": lambda _p: _header(b"a.txt", 10, method=8) + b"\0" * 500 + NAMES + _end(1, 0, 0),
    "a directory of its own": lambda _p: b"x" * 100 + NAMES + _end(65_535, 2**31, 0),
    "ZIP64": lambda _p: NAMES + b"PK\x06\x07" + bytes(16) + _end(65_535, 2**32 - 1, 2**32 - 1),
    "a manifest of 20 MB": lambda p: _with(p, "manifest.json", b" " * 20_000_000),
    "a manifest of lists": lambda p: _with(p, "manifest.json", b"[" * 200_000),
    "a manifest that is a number": lambda p: _with(p, "manifest.json", b"9" * 100_000),
    "a checkpoint of 20,000 signatures": lambda p: made_anew(laid(p.items()), _signed_often),
    "a house of 6,000 entries": lambda p: made_anew(laid(p.items()), lambda _p, m: m["log"].update(house=_HOUSE)),
    "texts of lists": lambda p: _with(p, "texts.json", b"[" + b"[]," * 1_000_000 + b"[]]"),
    "an entry of 20 MB": lambda p: _with(p, "entries/0002.json", b" " * 20_000_000),
}


_HOUSE = [{"sequence": n, "previous": "", "place": n, "proof": ["00" * 32] * 60} for n in range(6_000)]


def _signed_often(_parts: Any, manifest: dict[str, Any]) -> None:
    note = notes.parse(manifest["checkpoint"])
    manifest["checkpoint"] += notes.signature_line(*note.lines[1]) * 20_000


def _with(parts: dict[str, bytes], name: str, content: bytes) -> bytes:
    return laid((parts | {name: content}).items())


@pytest.mark.django_db
@pytest.mark.parametrize("what", BOMBS)
def test_T40_a_bomb_costs_little_and_is_no_dossier(world: World, what: str) -> None:
    bomb = BOMBS[what](parts_of(packed_now(a_case(world), world)))
    tracemalloc.start()
    begun = time.process_time()
    try:
        report = proving.report_on(io.BytesIO(bomb))
        assert report.first is not None
    except verifier.Unreadable:
        # It is told as no dossier.
        pass
    spent, (_now, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # tracemalloc itself makes it several times slower.
    assert (spent < 5, peak < len(bomb) + 160_000_000) == (True, True), (spent, peak)


@pytest.mark.django_db
def test_manifest_and_papers_are_stamped_where_an_authority_answers_and_whole_without(
    world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "authority")
    settings.TSA_ROOT = (authority.root,)
    root, other = tmp_path / "root.pem", Authority(tmp_path / "other")
    root.write_bytes((authority.folder / "root.pem").read_bytes())
    case = a_case(world)
    with answering(lambda method, path, body: (200, authority.answer(body))) as url:
        settings.TSA_URL = f"{url}/tsa"
        dossier = built(asked(case, world.chen))
        stamped, paper = fetched(dossier, world.chen), fetched(dossier, world.chen, "pdf")
    at = stamped_at(paper, authority.root)
    assert at is not None
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (verdict(paper), stamped_at(paper, other.root)) == ("", None)
    assert list(parts_of(stamped))[-3:] == ["manifest.json", "manifest.tsr", "manifest.sig"]
    report = verifier.check(io.BytesIO(stamped), key=PUBLIC)
    assert (report.exit_code, report.stamp_was_checked) == (0, False)
    report = verifier.check(io.BytesIO(stamped), key=PUBLIC, tsa_root=str(root))
    assert (report.exit_code, report.stamp_was_checked) == (0, True)
    foreign = verifier.check(io.BytesIO(stamped), key=PUBLIC, tsa_root=str(other.folder / "root.pem"))
    assert foreign.first.code == "stamp"
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "")
        with pytest.raises(FileNotFoundError, match="openssl"):
            verifier.check(io.BytesIO(stamped), key=PUBLIC, tsa_root=str(root))
    # Every byte of the stamp is under the signature of the manifest.
    parts = parts_of(stamped)
    changed = bytearray(parts["manifest.tsr"])
    changed[len(changed) // 2] ^= 1
    assert named(_with(parts, "manifest.tsr", bytes(changed)))[0] == 1
    with answering(lambda *_: (200, b"<html>please sign in</html>")) as url:
        settings.TSA_URL = f"{url}/tsa"
        Dossier.objects.update(state="expired")
        dossier = built(asked(case, world.chen))
        plain, paper = fetched(dossier, world.chen), fetched(dossier, world.chen, "pdf")
    assert ("manifest.tsr" in parts_of(plain), verdict(paper), stamped_at(paper, authority.root)) == (False, "", None)
    assert verifier.check(io.BytesIO(plain), key=PUBLIC).exit_code == 0
    assert json.loads(parts_of(plain)["manifest.json"])["format"] == packing.FORMAT

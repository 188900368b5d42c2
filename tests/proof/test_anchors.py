"""What people, programs and the public keep of the record, and what the record is found out by later."""

import base64
import hashlib
import importlib.util
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as portal
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.models import Complaint
from complaints.notices import delivery
from complaints.procedure.workflow import Status
from complaints.record import anchors, checkpoints, house, notes, witnessing
from complaints.record.anchors import NoAnchor, Receipt
from complaints.record.notes import COSIGNS, SIGNS, NoteKey, Witness, Witnesses
from complaints.record.verification import verify
from complaints.webhooks import deliveries, endpoints
from tests import given
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World
from tests.complaints.dossier.conftest import a_case, asked, built, fetched
from tests.complaints.notices.post_office import PostOffice, mail, post_office
from tests.complaints.outbound.receivers import Receiver, receiver
from tests.proof.answering import answering
from tests.proof.test_outside import KEY, MINUTE, NOW, cut_to, note, sealed
from tests.proof.witnesses import WITNESS, witness

__all__ = ["mail", "post_office", "receiver"]
THIEF = Ed25519PrivateKey.generate()
TAMPERED = "set session_replication_role = replica"


def written(folder: Path, text: str) -> Path:
    """A file of somebody outside."""
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.txt"
    file.write_text(text, encoding="utf-8")
    return file


def codes(*files: Path) -> list[str]:
    return [finding.code for finding in anchors.compare(anchors.read(files)).findings]


# --- checkpoints and receipts ---------------------------------------------------------------------------------------


def test_a_record_that_grew_holds_against_all_that_was_kept_before(world: World, tmp_path: Path) -> None:
    texts = []
    for minute in range(4):
        sealed(world, at=NOW + minute * MINUTE)
        texts.append(note().text)
    case = Complaint.objects.order_by("pk").first()
    assert case is not None
    texts.append(f"收据 {anchors.receipt_of(case.number, 'parties', case.last_sequence, bytes(case.last_hash))}。")
    compared = anchors.compare(anchors.read([written(tmp_path, text) for text in texts]))
    assert (compared.notes, compared.receipts, compared.findings) == (4, 1, [])
    assert (compared.size, compared.at) == (note().size, NOW + 3 * MINUTE)
    assert compared.is_fresh(now=NOW + timedelta(hours=24))
    assert not compared.is_fresh(now=NOW + timedelta(hours=25))
    # All in one file, as somebody pastes them; with the line ends of another system.
    pasted = written(tmp_path, "\r\n\r\n".join(text.replace("\n", "\r\n") for text in texts))
    assert anchors.compare(anchors.read([pasted])).notes == 4


@pytest.mark.django_db(transaction=True)
def test_a_shorter_record_another_one_and_one_signed_anew_are_named(
    world: World, tmp_path: Path, superuser_connection: Any
) -> None:
    sealed(world)
    first = note()
    sealed(world, at=NOW + MINUTE)
    kept = written(tmp_path, note().text)
    cut_to(superuser_connection, first.size)
    assert codes(kept) == ["anchor_longer"]
    for number in range(3):
        sealed(world, at=NOW + timedelta(minutes=2 + number))
    assert codes(kept) == ["anchor_other"]
    assert codes(written(tmp_path, first.text)) == []
    thief = Ed25519PrivateKey.generate()
    assert codes(written(tmp_path, notes.signed(first.origin, first.size, first.root, thief))) == ["anchor_key"]


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_nobody_with_an_entry_key_wrote_down_discredits_no_checkpoint(
    world: World, tmp_path: Path, superuser_connection: Any
) -> None:
    """Nor does it keep the next one from being made. The entry itself is named, and the leaf that was given to it."""
    sealed(world)
    kept = written(tmp_path, note().text)
    with superuser_connection.cursor() as cursor:
        cursor.execute(TAMPERED)
        cursor.execute(
            "insert into complaints_houseentry (sequence, step, at, body, previous_hash, hash, tag)"
            """ select 2, 'restored', at, '{"data":{"size":1}}', hash, 'x', 'x' from complaints_houseentry"""
        )
        cursor.execute("update complaints_leaf set entry = 'house|house|2' where place = 1")
    assert codes(kept) == []
    assert checkpoints.seal(now=NOW + MINUTE, key=KEY) is not None
    assert "anchor_restored" not in {one.code for one in verify(held=anchors.read([kept])).findings}
    assert not [one for one in verify().findings if one.row.startswith("checkpoint")]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_its_holder_saw_is_named_when_it_is_gone_or_another(
    world: World, tmp_path: Path, superuser_connection: Any
) -> None:
    """Before any checkpoint: the case is cut with all that says it was longer."""
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    receipt = anchors.receipt_of(case.number, "parties", case.last_sequence, bytes(case.last_hash))
    file = written(tmp_path, str(receipt))
    assert codes(file) == []
    with superuser_connection.cursor() as cursor:
        cursor.execute(TAMPERED)
        cursor.execute(
            "delete from complaints_handlingstep where complaint_id = %s and sequence = %s",
            [case.pk, case.last_sequence],
        )
        cursor.execute(
            "update complaints_complaint set last_sequence = last_sequence - 1, last_hash = (select hash from"
            " complaints_handlingstep s where s.complaint_id = %s and s.audience = 'parties' order by sequence desc"
            " limit 1) where id = %s",
            [case.pk, case.pk],
        )
        cursor.execute("delete from complaints_notice where complaint_id = %s and sequence > 1", [case.pk])
    [finding] = anchors.compare(anchors.read([file])).findings
    assert (finding.code, finding.case, finding.sequence) == ("receipt_missing", case.number, case.last_sequence)
    given.step(case, given.enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, NOW)
    assert codes(file) == ["receipt_other"]


def test_a_dossier_is_an_anchor_too(world: World, settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT, settings.EXPORT_ROOT = str(tmp_path / "evidence"), str(tmp_path / "exports")
    archive = tmp_path / "dossier.zip"
    archive.write_bytes(fetched(built(asked(a_case(world), world.chen)), world.chen))
    compared = anchors.compare(anchors.read([archive]))
    assert (compared.notes, compared.size, compared.findings) == (1, note().size, [])


def test_what_cannot_be_compared_says_so(world: World, tmp_path: Path) -> None:
    sealed(world)
    foreign = notes.signed("else.example/record", 3, bytes(32), KEY)
    with pytest.raises(NoAnchor, match=r"else\.example/record"):
        anchors.compare(anchors.read([written(tmp_path, foreign)]))
    truncated = io.BytesIO()
    with zipfile.ZipFile(truncated, "w") as parts:
        parts.writestr("README.txt", "no manifest")
    zipped = tmp_path / "dossier.zip"
    for content in (truncated.getvalue(), truncated.getvalue()[:40], b"", b"hello", b"\xff" * 100):
        zipped.write_bytes(content)
        with pytest.raises(NoAnchor, match=r"dossier\.zip"):
            anchors.read([zipped])
    with pytest.raises(NoAnchor, match=r"none\.txt"):
        anchors.read([tmp_path / "none.txt"])


def test_the_newest_of_each_witness_counts_where_our_own_key_signed_it(
    world: World, settings: Any, tmp_path: Path
) -> None:
    """One that is away and one that shows what it made up itself are named, and nothing else comes of them."""
    sealed(world)
    liar, invented = Ed25519PrivateKey.generate(), notes.signed(note().origin, 10**9, bytes(32), THIEF)
    key = NoteKey("liar.example", COSIGNS, notes.raw_key(liar))
    signature = liar.sign(notes.cosigned_message(notes.parse(invented).body, 1_800_000_000))
    shown = invented + notes.signature_line(key.name, key.id + (1_800_000_000).to_bytes(8, "big") + signature)
    away = Witness(NoteKey("away.example", COSIGNS, bytes(32)), "http://127.0.0.1:1")
    with answering(lambda *_: (200, shown.encode())) as url, witness(tmp_path, KEY, origin=note().origin) as one:
        settings.WITNESSES = Witnesses(1, (away, Witness(key, url), one))
        witnessing.sweep_witnesses(now=NOW)
        held, silent = anchors.of_witnesses()
    assert [shown.size for shown in held] == [note().size]
    assert silent == ["away.example", "liar.example"]
    compared = anchors.compare(held)
    assert (compared.by, compared.findings) == (one.key.name, [])


# --- where they are given out ---------------------------------------------------------------------------------------


def test_a_letter_that_tells_a_decision_carries_a_receipt_that_holds(
    world: World, mail: PostOffice, tmp_path: Path
) -> None:
    world.chen.email = "chen@example.com"
    world.chen.save()
    sealed(world)
    case = given.a_complaint(world, status=Status.CLOSED, now=NOW + MINUTE)
    delivery.sweep_notices(now=NOW + timedelta(hours=5))
    told = [taken.message.get_content() for taken in mail.accepted if taken.to == "chen@example.com"]
    closing = [text for text in told if "已办结" in text]
    assert len(closing) == 1
    [receipt] = anchors.read([written(tmp_path, closing[0])])
    assert isinstance(receipt, Receipt)
    assert (receipt.number, receipt.audience, receipt.size) == (case.number, "parties", note().size)
    assert codes(written(tmp_path, closing[0])) == []
    # What decides nothing has no such line.
    assert sum("存证" in text for text in told) < len(told)


def test_answers_to_programs_name_the_newest_checkpoint(world: World) -> None:
    program = Program(token_for(world.lead, world=world, place="enterprise").secret)
    assert "Record-Checkpoint" not in program.get("/me/").headers, "there is none yet"
    sealed(world)
    for answer in (program.get("/me/"), program.get("/complaints/none/"), program.post("/complaints/", {})):
        given_out = notes.parse(base64.b64decode(answer.headers["Record-Checkpoint"]).decode())
        assert given_out.is_signed_by(NoteKey(note().origin, SIGNS, notes.raw_key(KEY)))
        assert given_out.size == note().size
    assert "Record-Checkpoint" not in Program("odr_nobody").get("/me/").headers
    with CaptureQueriesContext(connection) as made:
        program.get("/me/")
    assert sum("complaints_checkpoint" in one["sql"] for one in made) == 1


@pytest.fixture(scope="module")
def crm() -> ModuleType:
    path = Path(portal.ROOT) / "docs" / "how-to" / "crm_client.py"
    spec = importlib.util.spec_from_file_location("crm_client_of_anchors", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def mirror(crm: ModuleType, world: World, live_server: Any, tmp_path: Path) -> Iterator[Any]:
    sealed(world)
    token = token_for(world.lead, world=world, place="enterprise").secret
    key = NoteKey(note().origin, SIGNS, notes.raw_key(KEY)).text
    reached = crm.Portal(live_server.url, token, pauses=(0.0,) * 3, wait=lambda _seconds: None)
    return crm.Mirror(reached, crm.Store(str(tmp_path / "crm.sqlite3")), record_keys=(key,))


def kept(mirror: Any) -> list[tuple[int, int]]:
    return [tuple(row) for row in mirror.store.all("select size, is_checked from checkpoints order by size")]


@pytest.mark.django_db(transaction=True)
def test_a_program_keeps_checkpoints_lets_them_be_proved_and_finds_out_a_cut_record(
    crm: ModuleType, world: World, mirror: Any, superuser_connection: Any, tmp_path: Path
) -> None:
    first = note()
    mirror.sync()
    sealed(world, at=NOW + MINUTE)
    mirror.sync()
    assert kept(mirror) == [(first.size, 1), (note().size, 1)]
    [newest] = mirror.store.all("select note from checkpoints order by size desc limit 1")
    anchor = written(tmp_path, newest["note"])
    assert codes(anchor) == []
    cut_to(superuser_connection, first.size)
    checkpoints.seal(now=NOW + timedelta(minutes=20), key=KEY)
    # The record shows a checkpoint that was seen before: only what is asked for finds out that there was more.
    assert codes(anchor) == ["anchor_longer"]
    for number in range(3):
        sealed(world, at=NOW + timedelta(minutes=21 + number))
    with pytest.raises(crm.RecordChanged, match="does not go on"):
        mirror.sync()
    with pytest.raises(crm.RecordChanged):
        mirror.sync()


@pytest.mark.django_db(transaction=True)
def test_a_program_refuses_what_another_key_signed_and_tells_nobody_else_apart(
    crm: ModuleType, world: World, mirror: Any
) -> None:
    newest = note()
    for key, text in (
        (Ed25519PrivateKey.generate(), newest.text),
        (KEY, notes.signed(newest.origin, newest.size, bytes(32), Ed25519PrivateKey.generate())),
    ):
        strange = NoteKey(newest.origin, SIGNS, notes.raw_key(key)).text
        mirror.record_keys = (strange,)
        with pytest.raises(crm.RecordChanged, match="no key"):
            mirror.keep(anchors.header_of(text), now=0)
    with pytest.raises(crm.RecordChanged, match="no checkpoint"):
        mirror.keep("!", now=0)
    assert kept(mirror) == []


@pytest.mark.django_db(transaction=True)
def test_after_a_restore_the_record_has_another_name_that_a_person_accepts(
    crm: ModuleType, world: World, mirror: Any, superuser_connection: Any, tmp_path: Path
) -> None:
    kept_before = note()
    mirror.sync()
    sealed(world, at=NOW + MINUTE)
    lost = written(tmp_path, note().text)
    cut_to(superuser_connection, kept_before.size)
    house.write("restored", {"size": kept_before.size}, by="command", now=NOW + 2 * MINUTE)
    sealed(world, at=NOW + 3 * MINUTE)
    assert note().origin == f"{kept_before.origin}/2"
    # What was kept of before the restore still holds; what was lost by it is named.
    assert codes(written(tmp_path, kept_before.text)) == []
    assert codes(written(tmp_path, note().text)) == []
    assert codes(lost) == ["anchor_restored"]
    with pytest.raises(crm.RecordChanged, match="no key"):
        mirror.sync()
    accepted, mirror.record_keys = mirror.record_keys, ()
    with pytest.raises(crm.RecordChanged, match="restored"):
        mirror.sync()
    mirror.record_keys = (*accepted, NoteKey(note().origin, SIGNS, notes.raw_key(KEY)).text)
    mirror.sync()
    assert (note().size, 1) in kept(mirror)
    # A witness does not know it by that name, until whoever runs it says so.
    with witness(tmp_path / "w", KEY, origin=kept_before.origin) as one:
        assert witnessing.show(one, note(), old=kept_before.size).code == witnessing.UNKNOWN
        WITNESS.main(["trust", str(tmp_path / "w"), NoteKey(note().origin, SIGNS, notes.raw_key(KEY)).text])
        assert witnessing.show(one, note(), old=kept_before.size).code == witnessing.COSIGNED


def test_the_program_checks_signatures_as_the_library_does(crm: ModuleType) -> None:
    for number in range(20):
        key, message = Ed25519PrivateKey.generate(), b"x" * number
        signature = key.sign(message)
        assert crm.holds(notes.raw_key(key), signature, message)
        assert not crm.holds(notes.raw_key(key), signature, message + b"y")
        assert not crm.holds(notes.raw_key(key), signature[:63] + bytes([signature[63] ^ 1]), message)
    assert not crm.holds(bytes(32), bytes(64), b"")
    assert not crm.holds(b"", b"", b"")


@pytest.mark.django_db(transaction=True)
def test_a_webhook_names_the_newest_checkpoint(
    crm: ModuleType, world: World, mirror: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.webhooks.endpoints.checked_url", lambda url: url)
    _made, secret = endpoints.make(
        user=world.lead, actor=world.manager, url=receiver.url, description="", steps=[], now=WEDNESDAY
    )
    mirror.secrets = (secret,)
    given.a_complaint(world, status=Status.NEGOTIATING, now=NOW)
    deliveries.sweep_webhooks(now=NOW + MINUTE, rule=receiver.rule())
    head, body = receiver.posts[0]
    assert mirror.receive(head, body, now=float(head["webhook-timestamp"])) == 204
    assert kept(mirror) == [(note().size, 0)]
    assert json.loads(body)["data"]["case"]


# --- the public page ------------------------------------------------------------------------------------------------


def test_the_public_page_shows_the_newest_checkpoint_and_who_signed_it(
    world: World, settings: Any, tmp_path: Path
) -> None:
    client = Client()
    assert "还没有检查点" in client.get("/open/record/").content.decode()
    assert client.get("/open/record/checkpoint").status_code == 409
    first = notes.parse(sealed(world).note)
    sealed(world, at=NOW + MINUTE)
    page = client.get("/open/record/").content.decode()
    assert note().root.hex() in page
    assert "现在没有见证人" in page
    assert NoteKey(note().origin, SIGNS, notes.raw_key(KEY)).text.replace("+", "&#x2B;") in page.replace("+", "&#x2B;")
    with witness(tmp_path, KEY, origin=note().origin) as one:
        settings.WITNESSES = Witnesses(1, (one,))
        assert "还没有签过" in client.get("/open/record/").content.decode()
        witnessing.sweep_witnesses(now=NOW + MINUTE)
        page = client.get("/open/record/").content.decode()
    assert one.key.name in page
    assert f"签过{note().size}条的检查点" in page
    assert client.get("/open/record/checkpoint").content.decode() == note().text
    asked = client.get(f"/open/record/proof?old={first.size}&size={note().size}").content.decode()
    proof = [base64.b64decode(line) for line in asked.split()]
    assert notes.consistency_holds(first.size, note().size, first.root, note().root, proof)
    for odd in ("", "?old=0&size=1", "?old=2&size=1", f"?old=1&size={note().size + 1}", "?old=a&size=b", "?old=1"):
        assert client.get(f"/open/record/proof{odd}").status_code == 409, odd
    assert client.get("/open/record/stamped").status_code == 409
    assert client.get("/open/record/stamp.tsr").status_code == 409
    given_out = b"".join(client.get("/open/record/witness.py").streaming_content)  # type: ignore[attr-defined]
    assert given_out == (Path(portal.ROOT) / "docs" / "verify" / "witness.py").read_bytes()
    english = client.get("/open/record/", headers={"Accept-Language": "en"}).content.decode()
    assert "The record and its witnesses" in english

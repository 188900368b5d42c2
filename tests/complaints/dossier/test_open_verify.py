"""/open/verify/ and /open/seals/: anybody checks a dossier, or an entry by its digest, and keeps the seals."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.keys import tags
from accounts.sign_in import limits
from complaints.documents import signing
from complaints.dossier import proving
from complaints.handling.steps import violations
from complaints.models import Complaint, Dossier, HandlingStep
from complaints.pages.shared import open_verify
from complaints.procedure.workflow import Audience
from complaints.record import log, notes, witnessing
from complaints.record.checkpoints import seal
from complaints.record.notes import Witnesses
from complaints.record.record import TAG_KIND
from tests import given, missing_in, old_seals
from tests.cast import World
from tests.complaints.dossier.conftest import (
    KEY,
    PUBLIC,
    a_case,
    asked,
    built,
    fetched,
    known_keys,
    laid,
    made_anew,
    parts_of,
)
from tests.complaints.pages.at_the_desk import send, shown
from tests.complaints.record.test_record import tamper
from tests.proof.witnesses import witness

pytestmark = pytest.mark.django_db


PAGE = "/open/verify/"


def uploaded(content: bytes, *, language: str = "zh-hans") -> Any:
    browser = Client()
    browser.cookies["django_language"] = language
    return send(browser, PAGE, {"file": SimpleUploadedFile("a.zip", content)})


def typed(number: str, digest: str) -> Any:
    return send(Client(), PAGE, {"number": number, "digest": digest})


def test_the_page_says_which_witnesses_saw_the_checkpoint(world: World, tmp_path: Path, settings: Any) -> None:
    row = asked(a_case(world), world.chen)
    newest = log.newest_checkpoint()
    assert newest is not None
    with witness(tmp_path, KEY, origin=notes.parse(newest.note).origin) as one:
        settings.WITNESSES = Witnesses(1, (one,))
        witnessing.sweep_witnesses(now=timezone.now())
    archive = fetched(built(row), world.chen)
    assert "见证人council.example/witness在" in shown(uploaded(archive))
    assert "The witness council.example/witness saw this checkpoint at" in shown(uploaded(archive, language="en"))
    # One that the portal does not name.
    settings.WITNESSES = Witnesses(0, ())
    page = shown(uploaded(archive))
    assert missing_in(page, "完整，未被改动", "council.example/witness的签名，用平台公布的公钥核对不了") == []


def test_anybody_checks_a_dossier_nothing_is_kept_none_is_forged(world: World, tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    archive = fetched(built(asked(a_case(world), world.chen)), world.chen)
    before = {place for place in tmp_path.rglob("*") if place.is_file()}
    page = uploaded(archive)
    assert (page.status_code, "完整，未被改动" in shown(page)) == (200, True)
    assert "Complete and unaltered" in shown(uploaded(archive, language="en"))
    assert {place for place in tmp_path.rglob("*") if place.is_file()} == before
    texts = parts_of(archive)["texts.json"].replace("智家体验包".encode(), "智家体验卷".encode())
    page = uploaded(laid((parts_of(archive) | {"texts.json": texts}).items()))
    assert "已被改动或不完整" in shown(page)
    assert "第1条记录" in shown(page)
    for secret in ("陈试", "13800000001", "智家体验卷", "智家体验包"):
        assert secret not in shown(page)
    assert "不能核对" in shown(uploaded(b"nothing"))
    assert uploaded(b"").status_code == 200
    assert send(Client(), PAGE, {}).status_code == 422
    # Whole in itself, under a checkpoint that another key signed; then with a manifest that another key signed.
    other = Ed25519PrivateKey.generate()
    public = other.public_key().public_bytes_raw().hex()

    def signed_again(_parts: Any, manifest: dict[str, Any]) -> None:
        note = notes.parse(manifest["checkpoint"])
        manifest["checkpoint"] = notes.signed(note.origin, note.size, note.root, other)
        manifest["log"]["key"] = public

    for forged in (
        made_anew(archive, signed_again),
        made_anew(archive, lambda _parts, manifest: manifest.update(key=public), key=other),
    ):
        assert proving.verifier().check(io.BytesIO(forged)).first is None
        assert "不是本平台的记录" in shown(uploaded(forged))
    for odd in ({"key": 5}, {"key": "x"}, {"entry": 10**30}, {"house": {}}, {"entry": None}):
        torn = made_anew(archive, lambda _parts, manifest, odd=odd: manifest["log"].update(odd))
        assert uploaded(torn).status_code == 200


def test_number_and_digest_say_whether_the_record_stands_and_nothing_of_the_authority(world: World) -> None:
    case = a_case(world)
    digest = bytes(case.last_hash).hex()
    page = shown(typed(case.number.lower(), f" {digest[:32]} {digest[32:].upper()} "))
    assert not missing_in(page, "记录完整，未被改动", "第6条，现在共有6条", "的检查点之内")
    assert "陈" not in page
    assert "没有查到" in shown(typed(case.number, "00" * 32))
    for number in ("20260101-AAAAAAAAAAAA-0", "x", Complaint.objects.exclude(pk=case.pk)[0].number):
        assert "没有查到" in shown(typed(number, digest))
    odd = {"": "请填记录摘要", "xyz": "64个字母", "0" * 63 + "g": "64个字母"}
    for number, code, text in (("", digest, "请填投诉编号"), *((case.number, *row) for row in odd.items())):
        answer = typed(number, code)
        assert (answer.status_code, text in shown(answer)) == (422, True)
        assert code in shown(answer)
    given.step(case, violations.open_lead(text="线索"), world.officer, timezone.now())
    inside = HandlingStep.objects.get(complaint=case, audience=Audience.AUTHORITY)
    assert "没有查到" in shown(typed(case.number, bytes(inside.hash).hex()))


@pytest.mark.django_db(transaction=True)
def test_T70_a_record_that_was_touched_is_named_by_its_entry(world: World, superuser_connection: Any) -> None:
    changed = "update complaints_handlingstep set body = replace(body, 'parties', 'Parties')"
    for what, entry in ((changed, 3), ("delete from complaints_handlingstep", 2)):
        case = a_case(world)
        tamper(superuser_connection, f"{what} where complaint_id = %s and sequence = %s", case.pk, entry)
        assert f"记录在第{entry}条有断裂" in shown(typed(case.number, bytes(case.last_hash).hex()))


def test_who_asks_too_often_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_verify, "LOOKS", limits.Limit("open_verify", 2, open_verify.LOOKS.within))
    answers = [typed("20260101-AAAAAAAAAAAA-0", "00" * 32).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


@pytest.mark.django_db(transaction=True)
def test_T72_who_rewrites_all_and_signs_anew_is_shown_by_a_kept_checkpoint(
    world: World, superuser_connection: Any
) -> None:
    case = a_case(world)
    honest, newest = fetched(built(asked(case, world.chen)), world.chen), log.newest_checkpoint()
    assert newest is not None
    for table in ("leaf", "tile", "checkpoint", "houseentry"):
        tamper(superuser_connection, f"delete from complaints_{table}")
    for change in (
        """body = replace(body, '"channel":"portal"', '"channel":"phone"')""",
        "hash = sha256('\\x00'::bytea || previous_hash || convert_to(body, 'UTF8'))",
    ):
        sql = f"update complaints_handlingstep set {change} where complaint_id = %s and sequence = 6"
        tamper(superuser_connection, sql, case.pk)
    changed = HandlingStep.objects.get(complaint=case, audience=Audience.PARTIES, sequence=6)
    tag = tags.tag_of(TAG_KIND, bytes(changed.hash))
    tamper(superuser_connection, "update complaints_handlingstep set tag = %s where id = %s", tag, changed.pk)
    last = "update complaints_complaint set last_hash = %s where id = %s"
    tamper(superuser_connection, last, bytes(changed.hash), case.pk)
    now = newest.at + timedelta(minutes=2)
    proving.certified(signing.document_key(), now=now)
    again = seal(now=now, key=KEY)
    assert again is not None
    assert again.size == newest.size
    Dossier.objects.update(state="expired")
    forged, program = fetched(built(asked(case, world.chen)), world.chen), proving.verifier()
    assert program.check(io.BytesIO(forged), key=known_keys()).exit_code == 0
    assert program.check(io.BytesIO(forged), key=known_keys(), kept=[newest.note]).first.code == "log_other"
    assert program.check(io.BytesIO(honest), key=known_keys(), kept=[newest.note]).exit_code == 0
    assert program.check(io.BytesIO(honest), key=known_keys(), kept=[again.note]).first.code == "log_other"
    assert "不是本平台的记录" in shown(uploaded(honest))


def test_the_seals_and_the_keys_are_published(world: World, tmp_path: Path) -> None:
    case = a_case(world)
    old_seals.seal(now=timezone.now(), key=KEY)
    given.filed(world, now=timezone.now())
    old_seals.seal(now=timezone.now(), key=KEY)
    page = shown(Client().get("/open/seals/"))
    assert PUBLIC in page
    assert signing.document_key().public in shown(Client().get("/open/record/"))
    answer = Client().get("/open/seals.json").json()
    assert [one["number"] for one in answer["seals"]] == [1, 2]
    assert answer["seals"][0]["root"] == answer["seals"][1]["previous_root"]
    assert answer["seals"][1]["root"] in page
    assert Client().get("/open/seals.json?after=1").json()["seals"] == answer["seals"][1:]
    for odd in ("x", "-1", "9" * 30, ""):
        assert Client().get(f"/open/seals.json?after={odd}").status_code == 200
    assert case.number not in json.dumps(answer)
    assert not {"complaint", "case", "heads"} & set(json.dumps(answer).replace('"', " ").split())
    given_out = Client().get("/open/verify/verify_dossier.py")
    assert b"".join(given_out.streaming_content) == proving.PROGRAM.read_bytes()  # type: ignore[attr-defined]

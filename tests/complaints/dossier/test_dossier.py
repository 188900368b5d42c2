"""A consumer asks for the dossier, watches it, fetches it; nobody else does; killed builders are followed by others."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, SecurityEvent
from accounts.sign_in import limits
from complaints.dossier import asking, building, proving
from complaints.handling.steps import consumer, violations
from complaints.models import Complaint, Dossier, HandlingStep, NoticeChoice, PersonalText
from complaints.pages.shared import open_verify
from complaints.privacy import erasing
from complaints.procedure import working_calendar
from complaints.procedure.workflow import Audience, Status
from complaints.record.sealing import seal
from enterprises.models import Staff
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.dossier.conftest import (
    KEY,
    PUBLIC,
    a_case,
    altered,
    asked,
    built,
    fetched,
    parts_of,
    place,
    text_of,
)
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.complaints.record.test_record import tamper
from tests.walls.conftest import seeing_as

pytestmark = pytest.mark.django_db


def test_from_the_case_page_to_a_file_that_proves_itself_and_papers_with_its_digest(world: World) -> None:
    case = a_case(world)
    chen = signed_in(world.chen)
    assert place(case) in shown(chen.get(f"/cases/{case.number}/"))
    assert "制作档案" in shown(chen.get(place(case)))
    dossier = asked(case, world.chen)
    assert asked(case, world.chen) == dossier
    assert "正在制作" in shown(chen.get(place(case)))
    dossier = built(dossier)
    assert (dossier.state, dossier.is_sealed) == ("ready", True)
    assert set(dossier.files) == {"pdf", "zip", "agreement"}
    page = shown(chen.get(place(case)))
    # WeChat on Android opens no file.
    assert "在浏览器打开" in page
    for form, (digest, _size) in dossier.files.items():
        assert not missing_in(page, f"{dossier.public_id}/{form}/", str(digest))
    archive = fetched(dossier, world.chen)
    report = proving.verifier().check(io.BytesIO(archive), key=PUBLIC)
    assert (report.exit_code, report.case, report.files) == (0, case.number, 1), report
    assert report.entries == report.sealed == case.last_sequence
    assert (report.head, report.withheld) == (bytes(case.last_hash).hex(), 0)
    parts = parts_of(archive)
    assert "九月 39 元" in parts["files/01.txt"].decode()
    assert {"陈试", "+8613800000001"} <= {text["text"] for text in json.loads(parts["texts.json"])["texts"]}
    kinds = SecurityEvent.objects.filter(subject=case.number).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["dossier_asked", "dossier_fetched"]
    dossier = built(asked(case, world.chen))
    labels = {"pdf": ("陈试", "智家体验包", "128.50", "办理记录"), "agreement": ("和解协议", "陈试", "128.50")}
    for form, label in labels.items():
        paper = pikepdf.open(io.BytesIO(fetched(dossier, world.chen, form)))
        assert len(paper.pages) >= 1
        fonts = [font for page in paper.pages for font in page.Resources.Font.values()]
        embedded = [set(font.DescendantFonts[0].FontDescriptor.keys()) for font in fonts]
        assert all(keys & {"/FontFile3", "/FontFile2"} for keys in embedded)
        text = text_of(paper)
        assert all(word in text for word in label), text[:3000]
        assert text.count(bytes(case.last_hash).hex()) >= len(paper.pages)
        # For a court: by name, and with the year.
        assert "您" not in text
        assert f"{timezone.localdate().year}年" in text


def test_what_the_font_cannot_print_is_printed_by_its_number_and_proved_as_written(world: World) -> None:
    statement = "气死了😡👨\u200d👩\u200d👧，👍🏽❤️ ✔ 退款✓㎡°é—“好”𠮷野家"
    case = a_case(world)
    given.step(case, consumer.add_statement(text=statement), world.consumer, timezone.now())
    seal(now=timezone.now(), key=KEY)
    dossier = built(asked(case, world.chen))
    text = text_of(pikepdf.open(io.BytesIO(fetched(dossier, world.chen, "pdf"))))
    faces = "[表情 U+1F621][表情 U+1F468][表情 U+1F469][表情 U+1F467]，[表情 U+1F44D][表情 U+2764] [表情 U+2714]"
    assert not missing_in(text, f"气死了{faces}", "退款✓㎡°é—“好”[字符 U+20BB7]野家")
    archive = fetched(dossier, world.chen)
    assert proving.verifier().check(io.BytesIO(archive), key=PUBLIC).exit_code == 0
    assert statement in {row["text"] for row in json.loads(parts_of(archive)["texts.json"])["texts"]}
    # Whose paper lacks nothing is told nothing of it.
    other = built(asked(a_case(world), world.chen))
    assert "印不出" not in text_of(pikepdf.open(io.BytesIO(fetched(other, world.chen, "pdf"))))


def test_nobody_else_has_any_of_it_nor_asks_anybody_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(world)
    dossier = built(asked(case, world.chen))
    for user in (world.otto, world.hua, world.ming, world.rui, world.far_officer.user):
        browser = signed_in(user)
        for form in asking.FORMS:
            assert browser.get(f"{place(case)}{dossier.public_id}/{form}/").status_code == 404
    for user in (world.otto, world.hua, world.far_officer.user):
        assert signed_in(user).get(place(case)).status_code == 404
        assert send(signed_in(user), place(case), {}).status_code == 404
    assert signed_in(world.chen).get(f"{place(case)}{uuid4()}/zip/").status_code == 404
    assert signed_in(world.chen).get(f"{place(case)}{dossier.public_id}/exe/").status_code == 404
    assert signed_in(None).get(place(case)).status_code == 302
    assert Dossier.objects.count() == 1
    monkeypatch.setattr(asking, "MOST_A_DAY", 1)
    answer = send(signed_in(world.chen), place(case), {})
    assert (answer.status_code, "24小时内最多制作1份档案" in shown(answer)) == (409, True)


def test_the_other_sides_get_their_own_sight_of_it(world: World) -> None:
    case = a_case(world)
    for user in (world.ming, world.rui):
        dossier = built(asked(case, user))
        assert dossier.state == "ready"
        archive = fetched(dossier, user)
        report = proving.verifier().check(io.BytesIO(archive), key=PUBLIC)
        assert report.exit_code == 0, report
        assert report.withheld > 0
        everything = b"".join(parts_of(archive).values()).decode(errors="replace")
        assert not found_in(everything, "13800000001", "陈试", "某路1号")
        for form in ("pdf", "agreement"):
            assert "陈试" not in text_of(pikepdf.open(io.BytesIO(fetched(dossier, user, form))))


def test_who_is_killed_is_followed_by_a_sweep(world: World, monkeypatch: pytest.MonkeyPatch, exports: Path) -> None:
    case = a_case(world)
    dossier = asked(case, world.chen)
    with monkeypatch.context() as broken:

        def killed(*_: Any, **__: Any) -> None:
            raise SystemExit

        broken.setattr(building._Archive, "json", killed)
        with pytest.raises(SystemExit):
            building.sweep_dossiers(now=timezone.now())
    assert reloaded(dossier).state == "building"
    assert dossier.done > 0
    assert "/ 4" in shown(signed_in(world.chen).get(place(case)))
    # Its lease holds: nobody builds beside it, neither this one nor another.
    other = asked(case, world.ming)
    assert (built(dossier).state, built(other).state) == ("building", "asked")
    assert built(dossier, after=timedelta(minutes=2)).state == "ready"
    assert built(other, after=timedelta(minutes=2)).state == "ready"
    assert not list(exports.glob("*.part"))
    assert proving.verifier().check(io.BytesIO(fetched(dossier, world.chen)), key=PUBLIC).exit_code == 0


def test_what_cannot_be_built_is_given_up_and_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(world)
    dossier = asked(case, world.chen)
    monkeypatch.setattr(building.printing, "typeset", lambda *_, **__: 1 / 0)
    for minutes in range(0, 14, 2):
        built(dossier, after=timedelta(minutes=minutes))
    assert dossier.state == "failed"
    assert "没有做成" in shown(signed_in(world.chen).get(place(case)))
    assert OutgoingMessage.objects.get().body == f"【12315】投诉{case.number}的档案没有做成，请登录重新制作。"


@pytest.mark.parametrize(("first", "way"), [("", "sms"), ("email", "email")])
def test_whoever_asked_is_told_once_that_it_is_ready(world: World, first: str, way: str) -> None:
    world.chen.email = "chen@example.com"
    world.chen.save()
    NoticeChoice.objects.create(user=world.chen, first=first, changed_at=timezone.now())
    case = a_case(world)
    dossier = asked(case, world.chen)
    assert not OutgoingMessage.objects.exists()
    built(dossier)
    built(dossier)
    told = OutgoingMessage.objects.get()
    assert (told.channel, told.address) == (way, {"sms": "+8613800000001", "email": "chen@example.com"}[way])
    assert told.useful_until is not None
    assert told.useful_until == dossier.expires_at
    text = f"【12315】投诉{case.number}的档案已做好，请在24小时内登录下载。"
    # Nothing private, in a subject least of all; what rings waits for the morning.
    assert told.body == text if way == "sms" else told.body.startswith(f"{text}\nhttp")
    assert told.subject == ("" if way == "sms" else f"【12315】{case.number}：案件档案")
    assert told.send_after == working_calendar.not_before(way, told.created_at)


def test_staff_hear_of_theirs_by_mail_and_who_lost_the_case_hears_nothing(world: World) -> None:
    case = a_case(world)
    built(asked(case, world.rui))
    assert {(m.channel, m.address) for m in OutgoingMessage.objects.all()} == {("email", world.rui.email)}
    dossier = asked(case, world.ming)
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    assert (built(dossier).state, OutgoingMessage.objects.count()) == ("failed", 1)


def test_a_record_that_just_grew_waits_for_its_seal_but_not_for_ever(world: World) -> None:
    case = a_case(world)
    given.step(case, consumer.add_statement(text="又一条"), world.consumer, timezone.now())
    dossier = asked(case, world.chen)
    assert built(dossier).state == "asked"
    seal(now=timezone.now(), key=KEY)
    assert built(dossier, after=timedelta(seconds=10)).is_sealed
    given.step(case, consumer.add_statement(text="再一条"), world.consumer, timezone.now())
    late = asked(case, world.chen)
    assert built(late, after=timedelta(minutes=2)).state == "ready"
    assert not late.is_sealed
    report = proving.verifier().check(io.BytesIO(fetched(late, world.chen)), key=PUBLIC)
    assert (report.exit_code, report.first, report.sealed) == (3, None, report.entries - 1)


def test_erasing_the_person_destroys_what_was_built(world: World, exports: Path) -> None:
    case = a_case(world, status=Status.NEGOTIATING)
    mine, theirs = built(asked(case, world.chen)), built(asked(case, world.ming))
    reason = next(iter(consumer.WITHDRAW_REASONS))
    given.step(case, consumer.withdraw(reason=reason), world.consumer, timezone.now())
    for other in Complaint.objects.exclude(pk=case.pk):
        given.step(other, consumer.withdraw(reason=reason), world.consumer, timezone.now())
    assert len(list(exports.iterdir())) == 4
    erasing.erase(world.chen.person_key, now=timezone.now())
    assert list(exports.iterdir()) == []
    assert {d.state for d in Dossier.objects.all()} == {"expired"}
    # Whoever may still see the case gets a dossier without what was erased, and it verifies.
    seal(now=timezone.now(), key=KEY)
    after = built(asked(case, world.rui)) if Dossier.objects.filter(complaint=case).exists() else mine
    report = proving.verifier().check(io.BytesIO(fetched(after, world.rui)), key=PUBLIC)
    assert report.first is None, report.first
    assert theirs.complaint_id == case.pk
    assert not PersonalText.objects.filter(complaint=case, key_id=world.chen.person_key).exclude(sealed=b"").exists()


def test_the_same_moment_gives_the_same_bytes_and_a_day_later_they_are_gone(world: World, exports: Path) -> None:
    first, now = asked(a_case(world), world.chen), timezone.now()
    building.sweep_dossiers(now=now)
    one = fetched(first, world.chen)
    Dossier.objects.update(state="asked", leased_until=None, attempts=0)
    building.sweep_dossiers(now=now)
    assert one == fetched(first, world.chen)
    assert zipfile.ZipFile(io.BytesIO(one)).testzip() is None
    assert len(list(exports.iterdir())) == 3
    ready_at = timezone.now() - timedelta(hours=25)
    Dossier.objects.update(ready_at=ready_at, expires_at=timezone.now() - timedelta(hours=1))
    assert signed_in(world.chen).get(f"{place(first.complaint)}{first.public_id}/zip/").status_code == 410
    assert (built(first).state, list(exports.iterdir())) == ("expired", [])


def test_T06_the_database_itself_shows_it_to_whoever_asked_and_to_nobody_else(world: World) -> None:
    case = a_case(world)
    asked(case, world.chen)
    for user, seen in ((world.chen, 1), (world.ming, 0), (world.rui, 0), (world.otto, 0)):
        with seeing_as(user):
            assert Dossier.objects.count() == seen, user
            assert Dossier.objects.update(state="ready") == 0
    for asker, writer in ((world.otto, world.otto), (world.chen, world.ming)):
        asked_at = timezone.now()
        row = Dossier(complaint=case, asked_by=asker, side="consumer", site="x", asked_at=asked_at, state="failed")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(), seeing_as(writer):
            Dossier.objects.bulk_create([row], ignore_conflicts=True)


PAGE = "/open/verify/"


def uploaded(content: bytes, *, language: str = "zh-hans") -> Any:
    browser = Client()
    browser.cookies["django_language"] = language
    return send(browser, PAGE, {"file": SimpleUploadedFile("a.zip", content)})


def typed(number: str, digest: str) -> Any:
    return send(Client(), PAGE, {"number": number, "digest": digest})


def test_anybody_checks_a_dossier_nothing_is_kept_none_is_forged(world: World, tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    archive = fetched(built(asked(a_case(world), world.chen)), world.chen)
    before = {place for place in tmp_path.rglob("*") if place.is_file()}
    page = uploaded(archive)
    assert (page.status_code, "完整，未被改动" in shown(page)) == (200, True)
    assert "Complete and unaltered" in shown(uploaded(archive, language="en"))
    assert {place for place in tmp_path.rglob("*") if place.is_file()} == before
    page = uploaded(altered(archive, "texts.json", lambda v: v["texts"][0].update(text="另一个人")).getvalue())
    assert "已被改动或不完整" in shown(page)
    assert "第1条记录" in shown(page)
    for secret in ("陈试", "13800000001", "另一个人", "智家体验包"):
        assert secret not in shown(page)
    assert "不能核对" in shown(uploaded(b"nothing"))
    assert uploaded(b"").status_code == 200
    assert send(Client(), PAGE, {}).status_code == 422
    # Whole in itself, sealed by a key that is not ours.
    other = Ed25519PrivateKey.generate()

    def resealed(value: dict[str, Any]) -> None:
        value["public_key"] = other.public_key().public_bytes_raw().hex()
        value["signature"] = other.sign(bytes.fromhex(value["root"])).hex()

    forged = altered(archive, "seal.json", resealed)
    assert proving.verifier().check(forged).first is None
    assert "不是本平台的记录" in shown(uploaded(forged.getvalue()))
    for odd in ({"number": -1}, {"number": 10**30}):
        assert uploaded(altered(archive, "seal.json", lambda v, odd=odd: v.update(odd)).getvalue()).status_code == 200


def test_number_and_digest_say_whether_the_record_stands_and_nothing_of_the_authority(world: World) -> None:
    case = a_case(world)
    digest = bytes(case.last_hash).hex()
    page = shown(typed(case.number.lower(), f" {digest[:32]} {digest[32:].upper()} "))
    assert not missing_in(page, "记录完整，未被改动", "第6条，现在共有6条", "第1号封印")
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


def published() -> dict[int, str]:
    return {one["number"]: one["root"] for one in Client().get("/open/seals.json").json()["seals"]}


@pytest.mark.django_db(transaction=True)
def test_T72_who_rewrites_all_and_seals_anew_is_shown_by_a_kept_seal(world: World, superuser_connection: Any) -> None:
    case = a_case(world)
    honest, kept = fetched(built(asked(case, world.chen)), world.chen), published()
    tamper(superuser_connection, "delete from complaints_sealedhead")
    tamper(superuser_connection, "delete from complaints_seal")
    for change in (
        """body = replace(body, '"channel":"portal"', '"channel":"phone"')""",
        "hash = sha256('\\x00'::bytea || previous_hash || convert_to(body, 'UTF8'))",
    ):
        sql = f"update complaints_handlingstep set {change} where complaint_id = %s and sequence = 6"
        tamper(superuser_connection, sql, case.pk)
    last = "select hash from complaints_handlingstep s where s.complaint_id = c.id and sequence = 6"
    tamper(superuser_connection, f"update complaints_complaint c set last_hash = ({last}) where id = %s", case.pk)
    assert seal(now=timezone.now(), key=KEY) is not None
    Dossier.objects.update(state="expired")
    forged, program = fetched(built(asked(case, world.chen)), world.chen), proving.verifier()
    assert program.check(io.BytesIO(forged), key=PUBLIC).exit_code == 0
    assert program.check(io.BytesIO(forged), key=PUBLIC, seals=kept).first.code == "seal_unpublished"
    assert program.check(io.BytesIO(honest), key=PUBLIC, seals=kept).exit_code == 0
    assert program.check(io.BytesIO(honest), key=PUBLIC, seals=published()).first.code == "seal_unpublished"
    assert "不是本平台的记录" in shown(uploaded(honest))


def test_the_seals_are_published_and_the_dossier_is_under_one_of_them(world: World, tmp_path: Path) -> None:
    archive = fetched(built(asked(a_case(world), world.chen)), world.chen)
    given.filed(world, now=timezone.now())
    seal(now=timezone.now(), key=KEY)
    page = shown(Client().get("/open/seals/"))
    assert PUBLIC in page
    answer = Client().get("/open/seals.json").json()
    assert [one["number"] for one in answer["seals"]] == [1, 2]
    assert answer["seals"][0]["root"] == answer["seals"][1]["previous_root"]
    assert answer["seals"][1]["root"] in page
    assert Client().get("/open/seals.json?after=1").json()["seals"] == answer["seals"][1:]
    for odd in ("x", "-1", "9" * 30, ""):
        assert Client().get(f"/open/seals.json?after={odd}").status_code == 200
    kept = {one["number"]: one["root"] for one in answer["seals"]}
    program = proving.verifier()
    assert program.check(io.BytesIO(archive), key=PUBLIC, seals=kept).exit_code == 0
    assert program.check(io.BytesIO(archive), key=PUBLIC, seals={1: "00"}).first.code == "seal_unpublished"
    assert not {"complaint", "case", "heads"} & set(json.dumps(answer).replace('"', " ").split())
    given_out = Client().get("/open/verify/verify_dossier.py")
    assert b"".join(given_out.streaming_content) == proving.PROGRAM.read_bytes()  # type: ignore[attr-defined]

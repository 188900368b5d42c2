"""A consumer asks for the dossier, watches it, fetches it; nobody else does; killed builders are followed by others."""

import hashlib
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import OutgoingMessage, SecurityEvent
from complaints.dossier import asking, building, packing, papers, proving
from complaints.handling.steps import consumer
from complaints.models import Complaint, Dossier, NoticeChoice, PersonalText
from complaints.privacy import erasing
from complaints.procedure import working_calendar
from complaints.procedure.numbering import new_number
from complaints.procedure.workflow import Status
from complaints.record.checkpoints import seal
from enterprises.models import Staff
from oversight.portal_state import signs
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.dossier.conftest import KEY, a_case, asked, built, fetched, known_keys, parts_of, place, text_of
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.oversight.looking import page_of
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
    report = proving.verifier().check(io.BytesIO(archive), key=known_keys())
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


def test_a_number_of_a_case_is_never_broken() -> None:
    """Whoever copied it from the paper would have a letter in it that nobody sees."""
    number = new_number(date(2026, 12, 2))
    assert papers._breakable(number) == number
    assert papers._breakable("x" * 40) != "x" * 40


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
    assert proving.verifier().check(io.BytesIO(archive), key=known_keys()).exit_code == 0
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
    assert (answer.status_code, "24小时内同一种文件最多制作1份" in shown(answer)) == (409, True)


def test_the_other_sides_get_their_own_sight_of_it(world: World) -> None:
    case = a_case(world)
    for user in (world.ming, world.rui):
        dossier = built(asked(case, user))
        assert dossier.state == "ready"
        archive = fetched(dossier, user)
        report = proving.verifier().check(io.BytesIO(archive), key=known_keys())
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

        broken.setattr(packing._Archive, "end", killed)
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
    assert proving.verifier().check(io.BytesIO(fetched(dossier, world.chen)), key=known_keys()).exit_code == 0


def test_what_cannot_be_built_is_given_up_and_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(world)
    dossier = asked(case, world.chen)
    monkeypatch.setattr(building.printing, "typeset", lambda *_, **__: 1 / 0)
    for minutes in range(0, 14, 2):
        built(dossier, after=timedelta(minutes=minutes))
    assert dossier.state == "failed"
    assert "没有做成" in shown(signed_in(world.chen).get(place(case)))
    assert OutgoingMessage.objects.get().body == f"【12315】投诉{case.number}的档案没有做成，请登录重新制作。"


def test_without_a_document_key_none_is_built_and_after_an_hour_somebody_is_told(world: World, settings: Any) -> None:
    dossier, key = asked(a_case(world), world.chen), settings.DOCUMENT_KEY_FILE
    settings.DOCUMENT_KEY_FILE = ""
    assert built(dossier, after=timedelta(minutes=61)).state == "asked"
    late = timezone.now() + timedelta(minutes=61)
    assert "wait_dossiers" not in signs.read(now=timezone.now()).alarms
    assert "wait_dossiers" in signs.read(now=late).alarms
    assert "DOCUMENT_KEY_FILE" in signs.condition_text("wait_dossiers")
    Dossier.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    page = page_of(world.su, "/oversight/system/")
    assert not missing_in(page, str(signs.condition_text("wait_dossiers")), "待制作的档案")
    settings.DOCUMENT_KEY_FILE = key
    assert built(dossier, after=timedelta(minutes=61)).state == "ready"
    assert "wait_dossiers" not in signs.read(now=late).alarms


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
    report = proving.verifier().check(io.BytesIO(fetched(late, world.chen)), key=known_keys())
    assert (report.exit_code, report.first, report.sealed) == (3, None, report.entries - 1)


def test_a_sweep_that_lost_its_lease_takes_nothing_from_the_one_that_builds(world: World) -> None:
    case, now = a_case(world), timezone.now()
    given.step(case, consumer.add_statement(text="又一条"), world.consumer, now)
    dossier = asked(case, world.chen)
    late = building._lease(now=now)
    assert late is not None
    assert building._lease(now=now + timedelta(minutes=2)) == dossier
    # No checkpoint is over the last entry, so this one would wait.
    building._build(late, now=now)
    dossier.refresh_from_db()
    assert (dossier.state, dossier.attempts) == ("building", 2)


def test_erasing_the_person_destroys_what_was_built(world: World, exports: Path) -> None:
    case = a_case(world, status=Status.NEGOTIATING)
    mine, theirs = built(asked(case, world.chen)), built(asked(case, world.ming))
    reason = next(iter(consumer.WITHDRAW_REASONS))
    given.step(case, consumer.withdraw(reason=reason), world.consumer, timezone.now())
    for other in Complaint.objects.exclude(pk=case.pk):
        given.step(other, consumer.withdraw(reason=reason), world.consumer, timezone.now())
    assert len(list(exports.iterdir())) == 4
    erasing.erase(world.chen.person_key, now=timezone.now() + timedelta(days=1200))
    assert list(exports.iterdir()) == []
    assert {d.state for d in Dossier.objects.all()} == {"expired"}
    # Whoever may still see the case gets a dossier without what was erased, and it verifies.
    seal(now=timezone.now() + timedelta(days=1200), key=KEY)
    after = built(asked(case, world.rui)) if Dossier.objects.filter(complaint=case).exists() else mine
    report = proving.verifier().check(io.BytesIO(fetched(after, world.rui)), key=known_keys())
    # Each part that is gone is proved to be erased, by the entry of the house chain that says so.
    assert (report.first, report.unproved, report.exit_code) == (None, [], 0)
    assert report.erased > 3
    assert theirs.complaint_id == case.pk
    assert not PersonalText.objects.filter(complaint=case, key_id=world.chen.person_key).exclude(sealed=b"").exists()


def test_one_attempt_overwrites_nothing_of_another_and_a_day_later_all_are_gone(world: World, exports: Path) -> None:
    first = built(asked(a_case(world), world.chen))
    one, files = fetched(first, world.chen), first.files
    # A sweep took over, and the one that had lost its lease comes to its end afterwards.
    late = Dossier.objects.get(pk=first.pk)
    Dossier.objects.update(state="building", leased_until=None)
    again = built(first)
    assert (again.state, again.attempts) == ("ready", late.attempts + 1)
    building._put(late, "pdf", b"late")
    assert hashlib.sha256(fetched(again, world.chen, "pdf")).hexdigest() == again.files["pdf"][0]
    two = fetched(again, world.chen)
    # The entries are the same; papers and manifest are signed anew.
    assert again.files["zip"] != files["zip"]
    assert {n: c for n, c in parts_of(one).items() if n[:7] == "entries"}.items() <= parts_of(two).items()
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

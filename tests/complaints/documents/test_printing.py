"""Prints: what stands on the paper, who signed it, workers that die, and what a person's end leaves."""

import hashlib
import io
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest

from complaints import handling
from complaints.documents import printing, signing
from complaints.evidence.storing import storage
from complaints.handling import printing_documents
from complaints.handling.steps import authority, casework, consumer, documents, mediation, violations
from complaints.handling.transition.previewing import would_be_sent
from complaints.models import Complaint, DocumentVersion, HandlingStep, Matter, OfficialDocument
from complaints.privacy import erasing
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Status as S
from oversight.portal_state import signs
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.documents.conftest import newest, read
from tests.complaints.documents.signatures import verdict
from tests.complaints.dossier.conftest import text_of

pytestmark = pytest.mark.django_db

TEXT = "这里写明事实和理由，供核对。"


def refused(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.REVIEW)
    return given.step(case, authority.refuse(ground="outside_duty", facts=TEXT, body="12300"), world.officer, WEDNESDAY)


def test_a_worker_prints_what_was_issued_and_the_record_has_the_digest(world: World) -> None:
    case = refused(world)
    before = case.last_sequence
    assert printing_documents.sweep_documents(now=WEDNESDAY) == 3
    assert printing_documents.sweep_documents(now=WEDNESDAY) == 0
    version = newest(case).versions.get()
    content = printing.read_print(version)
    assert hashlib.sha256(content).hexdigest() == version.sha256
    text = read(content)
    head = ("福州市鼓楼区市场监督管理局", "投诉不予受理决定书", "鼓市监不受〔2026〕第1号", "陈试")
    assert not missing_in(text, *head, TEXT, "第十六条第一项", "（盖章处）", "二〇二六年十一月十一日", "瑞试")
    entry = HandlingStep.objects.get(complaint=case, audience="parties", sequence=version.sequence)
    assert entry.step == "refuse"
    assert bytes(entry.hash).hex() in text
    printed = HandlingStep.objects.filter(complaint=case, step="keep_print", audience="authority").latest("sequence")
    assert printed.data == {"reference": newest(case).reference, "version": 1, "sha256": version.sha256}
    case.refresh_from_db()
    # The parties' record and the dates that they read do not move.
    assert case.last_sequence == before


def test_a_worker_signs_it_before_its_digest_is_recorded_and_what_is_made_at_once_says_that_it_is_not(
    world: World,
) -> None:
    version = newest(refused(world)).versions.get()
    at_once = printing.read_print(version)
    assert ("没有平台的电子签名" in read(at_once), verdict(at_once)) == (True, "no signature")
    assert printing.read_print(version) == at_once
    printing_documents.sweep_documents(now=WEDNESDAY + timedelta(hours=5))
    version.refresh_from_db()
    kept = printing.read_print(version)
    assert ("没有平台的电子签名" in read(kept), verdict(kept)) == (False, "")
    assert hashlib.sha256(kept).hexdigest() == version.sha256


def test_of_two_workers_with_the_same_document_one_keeps_its_print(world: World) -> None:
    version = newest(refused(world)).versions.get()
    printing_documents.sweep_documents(now=WEDNESDAY)
    # This one took it too, and was slower.
    assert printing_documents._print(version, now=WEDNESDAY) is False
    version.refresh_from_db()
    assert hashlib.sha256(printing.read_print(version)).hexdigest() == version.sha256
    assert list(printing.damaged_prints()) == []


def test_the_last_attempt_keeps_its_print_like_the_first(world: World) -> None:
    version = newest(refused(world)).versions.get()
    DocumentVersion.objects.filter(pk=version.pk).update(attempts=printing_documents.MOST_ATTEMPTS - 1)
    printing_documents.sweep_documents(now=WEDNESDAY)
    version.refresh_from_db()
    assert hashlib.sha256(printing.read_print(version)).hexdigest() == version.sha256


def test_without_a_document_key_nothing_is_printed_and_no_attempt_is_lost(
    world: World, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    version = newest(refused(world)).versions.get()
    for odd in ("", "/nowhere/documents.pem"):
        settings.DOCUMENT_KEY_FILE = odd
        assert printing_documents.sweep_documents(now=WEDNESDAY) == 0
        assert "no document is printed: DOCUMENT_KEY_FILE" in caplog.text
        caplog.clear()
    late = WEDNESDAY + timedelta(minutes=61)
    alarm = "wait_documents_to_print"
    assert (alarm in signs.read(now=WEDNESDAY).alarms, alarm in signs.read(now=late).alarms) == (False, True)
    assert "DOCUMENT_KEY_FILE" in signs.condition_text(alarm)
    version.refresh_from_db()
    assert (version.attempts, version.sha256) == (0, "")


def test_without_an_address_a_print_has_no_code(world: World, settings: Any) -> None:
    version = newest(refused(world)).versions.get()
    settings.SITE_URL = ""
    bare = printing.print_of(version)
    assert "在本平台/open/verify/核对" in read(bare)
    settings.SITE_URL = "https://odr.example.org"
    known = printing.print_of(version)
    assert "扫码或在https://odr.example.org/open/verify/核对" in read(known)
    assert len(known) > len(bare)


def test_a_worker_that_died_is_followed_by_another(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = refused(world)
    real, died = handling.take, []

    def killed(*args: Any, **options: Any) -> Any:
        if not died:
            died.append(True)
            # The file is written; then the process is gone.
            raise SystemExit
        return real(*args, **options)

    monkeypatch.setattr(handling, "take", killed)
    with pytest.raises(SystemExit):
        printing_documents.sweep_documents(now=WEDNESDAY)
    assert printing_documents.sweep_documents(now=WEDNESDAY) == 2
    assert printing_documents.sweep_documents(now=WEDNESDAY + timedelta(minutes=2)) == 1
    versions = DocumentVersion.objects.filter(complaint=case)
    assert all(hashlib.sha256(printing.read_print(v)).hexdigest() == v.sha256 for v in versions)
    assert HandlingStep.objects.filter(complaint=case, step="keep_print").count() == 3
    assert list(printing.damaged_prints()) == []


def test_a_print_that_was_changed_or_lost_is_named_and_of_an_erased_person_the_number_stays(world: World) -> None:
    case = refused(world)
    printing_documents.sweep_documents(now=WEDNESDAY)
    first, second, _third = DocumentVersion.objects.filter(complaint=case).order_by("pk")
    storage().delete(first.path)
    printing.put_print(second, b"another")
    assert [(version, what) for version, what in printing.damaged_prints()] == [(first, "missing"), (second, "changed")]
    # Made anew of the frozen words, which nobody signs any more.
    assert "没有平台的电子签名" in read(printing.read_print(first))
    version = newest(case).versions.get()
    path = version.path
    erasing.erase(world.chen.person_key, now=WEDNESDAY + timedelta(days=1200))
    version = newest(case).versions.get()
    assert (version.content, version.path, newest(case).number) == ({}, "", 1)
    assert not storage().exists(path)
    with pytest.raises(LookupError):
        printing.read_print(version)


def test_a_worker_that_had_the_words_before_they_were_erased_leaves_no_print(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = refused(world)
    honest = signing.sign_pdf

    def late(content: bytes) -> bytes:
        erasing.erase(world.chen.person_key, now=WEDNESDAY + timedelta(days=1200))
        return honest(content)

    monkeypatch.setattr(signing, "sign_pdf", late)
    assert printing_documents.sweep_documents(now=WEDNESDAY) == 0
    versions = DocumentVersion.objects.filter(complaint=case)
    assert [(version.sha256, storage().exists(printing.print_path(version))) for version in versions] == [
        ("", False)
    ] * 3


def test_a_correction_is_a_new_version_under_the_same_number_and_corrects_what_stands_there(world: World) -> None:
    case = refused(world)
    document = newest(case)
    label = document.versions.get().content["paper"]["blocks"]
    lines = {place: text for place, _label, text in documents.editable(label)}
    place, said = next((place, text) for place, text in lines.items() if "提出的消费者权益争议" in text)
    changes = {place: said.replace("你于", "您于")}
    move = casework.correct_clerical_error(document_id=document.pk, text="日期写错。", changes=changes)
    given.step(case, move, world.officer, WEDNESDAY)
    old, new = document.versions.order_by("number")
    assert (old.number, new.number) == (1, 2)
    assert "你于2026年" in read(printing.read_print(old))
    assert "您于2026年" in read(printing.read_print(new))
    assert document.reference in read(printing.read_print(new))
    entry = HandlingStep.objects.get(complaint=case, audience="parties", sequence=new.sequence)
    assert (entry.step, entry.data["corrects"]) == ("correct_clerical_error", document.sequence)
    assert entry.data["documents"][0]["digest"] == bytes(new.digest).hex()
    for changes, code in [({}, "nothing_changed"), ({"99": "字"}, "bad_choice"), ({"0": ""}, "missing")]:
        case = refused(world)
        move = casework.correct_clerical_error(document_id=newest(case).pk, text=TEXT, changes=changes)
        assert given.refused(case, move, world.officer, WEDNESDAY, WrongInput) == code


def agreed(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.MEDIATING)
    complaints = Complaint.objects.filter(pk=case.pk)
    complaints.update(consents=case.consents | {"mediation_consumer": True, "mediation_enterprise": True})
    promises = [handling.Promise(kind="transfer", what="退款", amount="128.50", due_on=date(2026, 12, 7))]
    move = mediation.record_agreement(text="退还全部多扣费用。", promises=promises)
    return given.step(case, move, world.officer, WEDNESDAY)


def ended(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.MEDIATING)
    return given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, WEDNESDAY)


def test_one_officer_alone_corrects_nothing_that_was_decided_or_agreed(world: World) -> None:
    for made, form, words in [
        (refused, 6, f"事实和理由：{TEXT}"),
        (refused, 6, "有下列情形："),
        (refused, 6, "此事由"),
        (ended, 8, f"事实和理由：{TEXT}"),
        (ended, 8, "有下列情形："),
        (agreed, 9, "退还全部多扣费用"),
        (agreed, 9, "128.50元，2026年12月7日前"),
        (agreed, 9, "投诉请求"),
    ]:
        case = made(world)
        document = OfficialDocument.objects.get(complaint=case, form=form)
        blocks = document.versions.get().content["paper"]["blocks"]
        place, text = next((place, text) for place, label, text in documents.editable(blocks) if words in label + text)
        changes = {place: text[:-1] + "，另付1000元。"}
        move = casework.correct_clerical_error(document_id=document.pk, text=TEXT, changes=changes)
        said = given.refusal(case, move, world.officer, WEDNESDAY, WrongInput)
        assert (said.code, "不能当作笔误更正" in said.reason) == ("settled", True)
        assert document.versions.count() == 1


def test_a_report_gets_its_register_once_and_one_result_in_the_names_of_both_and_a_lead_none(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, documents.draw_up_document(form=1), world.officer, WEDNESDAY)
    assert newest(case).form == 1
    for move, code in (
        (documents.draw_up_document(form=1), "already_there"),
        (documents.draw_up_document(form=10, text=TEXT), "no_report"),
    ):
        assert given.refused(case, move, world.officer, WEDNESDAY) == code
    given.step(case, violations.split_report(text="过期食品。"), world.officer, WEDNESDAY)
    given.step(case, documents.draw_up_document(form=10, text="经核查，已责令改正。"), world.officer, WEDNESDAY)
    document = newest(case)
    assert (document.form, document.audience, document.to_consumer) == (10, "authority", False)
    label = read(printing.read_print(document.versions.get()))
    assert "经核查，已责令改正。" in label
    # No code to check it at a page that anybody can open.
    assert "open/verify" not in label
    case = given.a_complaint(world, status=S.REVIEW, report="门店无照经营。")
    given.step(case, documents.draw_up_document(form=2), world.officer, WEDNESDAY)
    assert (newest(case).form, newest(case).audience) == (2, "authority")
    assert "门店无照经营。" in read(printing.read_print(newest(case).versions.get()))
    assert given.refused(case, documents.draw_up_document(form=2), world.officer, WEDNESDAY) == "already_there"
    given.step(case, documents.draw_up_document(form=10, text="经核查，已责令改正。"), world.officer, WEDNESDAY)
    assert newest(case).form == 10
    case = given.a_complaint(world, status=S.REVIEW, report="门店无照经营。")
    close(world, case, told="门店已补办执照。")
    document = results_of(case)[0]
    assert (document.audience, document.to_consumer) == ("authority", False)
    assert (document.issued_by, document.second_by) == (world.rui, world.head_officer.user)
    text = read(printing.read_print(document.versions.get()))
    assert all(said in text for said in ("陈试", "核查结果：已责令改正。", "门店已补办执照。", "瑞试", "长试"))
    assert "内部核查记录" not in text
    case = given.a_complaint(world, status=S.REVIEW, report="门店无照经营。")
    given.step(case, documents.draw_up_document(form=10, text="已处理。"), world.officer, WEDNESDAY)
    close(world, case)
    assert len(results_of(case)) == 1
    move = documents.draw_up_document(form=10, text="已处理。")
    assert given.refused(case, move, world.officer, WEDNESDAY) == "already_there"
    given.step(case, violations.split_report(text="还卖过期食品。"), world.officer, WEDNESDAY)
    close(world, case)
    assert len(results_of(case)) == 2
    given.step(case, violations.open_lead(text="涉嫌虚假宣传。"), world.officer, WEDNESDAY)
    assert given.raised(close, world, case, told="没有人举报。").code == "nobody_reported"
    close(world, case)
    assert len(results_of(case)) == 2


def close(world: World, case: Complaint, **said: Any) -> Complaint:
    matter = Matter.objects.filter(complaint=case, kind__in=["report", "lead"], state="open").latest("pk")
    move = violations.close_lead(
        matter_id=matter.pk, result="corrected", second_officer_id=world.head_officer.pk, text="内部核查记录。", **said
    )
    return given.step(case, move, world.officer, WEDNESDAY)


def results_of(case: Complaint) -> list[OfficialDocument]:
    return list(OfficialDocument.objects.filter(complaint=case, form=10))


def test_service_is_recorded_with_its_proof_and_in_its_own_case(world: World) -> None:
    case = refused(world)
    document = newest(case)
    move = casework.serve_notice(document_id=document.pk, channel="sms", is_served=False)
    given.step(case, move, world.officer, WEDNESDAY)
    assert reloaded(document).served_consumer_at is None
    proof = {"day": WEDNESDAY.date(), "received_by": "family", "reference": "EMS1234"}
    move = casework.serve_notice(document_id=document.pk, channel="letter", is_served=True, **proof)
    given.step(case, move, world.officer, WEDNESDAY)
    assert reloaded(document).served_consumer_at == WEDNESDAY
    entries = HandlingStep.objects.filter(complaint=case, step="serve_notice").order_by("sequence")
    assert [entry.data["next"] for entry in entries] == ["voice", ""]
    written = {"document": document.reference, "channel": "letter", "served": True, "next": "", "to": "consumer"}
    assert entries[1].data == written | proof | {"day": "2026-11-11"}
    one, other = refused(world), given.a_complaint(world, status=S.REVIEW)
    move = casework.serve_notice(document_id=newest(one).pk, channel="letter", is_served=True)
    given.refused(other, move, world.officer, WEDNESDAY, WrongInput)


def test_the_notice_clock_runs_until_both_have_the_decision_of_the_termination(world: World) -> None:
    case = given.a_complaint(world, status=S.MEDIATING)
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, WEDNESDAY)
    document = newest(case)
    assert (document.form, document.to_consumer) == (8, True)
    for to, is_over in (("consumer", False), ("enterprise", True)):
        move = casework.serve_notice(document_id=document.pk, channel="letter", is_served=True, to=to)
        given.step(case, move, world.officer, WEDNESDAY)
        assert (case.deadlines.get(clock="notice").ended_at is not None) is is_over
    case = given.a_complaint(world, status=S.MEDIATING)
    accepted = newest(case)
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, WEDNESDAY)
    for text in ({"document_id": accepted.pk}, {"document": "受理决定书"}):
        given.step(case, casework.serve_notice(channel="letter", is_served=True, **text), world.officer, WEDNESDAY)
        assert case.deadlines.get(clock="notice").ended_at is None, text
    case = given.a_complaint(world, status=S.MEDIATING)
    accepted = newest(case)
    given.step(case, consumer.withdraw(reason="no_longer_wanted"), world.consumer, WEDNESDAY)
    for text, is_over in (({"document_id": accepted.pk}, False), ({"document": "终止调解告知"}, True)):
        given.step(case, casework.serve_notice(channel="letter", is_served=True, **text), world.officer, WEDNESDAY)
        assert (case.deadlines.get(clock="notice").ended_at is not None) is is_over


def test_a_preview_takes_no_number_and_a_withdrawn_number_is_not_used_again(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    move = authority.refuse(ground="outside_duty", facts=TEXT, body="12300")
    (text,) = would_be_sent(move, case.pk, actor=world.officer, officers=["瑞试"], now=WEDNESDAY).papers
    assert "预览，未编号" in read(printing.pdf(text, at=WEDNESDAY))
    given.step(case, move, world.officer, WEDNESDAY)
    assert newest(case).versions.get().content["paper"] == {**text, "reference": "鼓市监不受〔2026〕第1号"}
    case = refused(world)
    document = newest(case)
    move = documents.void_document(document_id=document.pk, text="发错对象。")
    given.step(case, move, world.actor("head"), WEDNESDAY)
    assert reloaded(document).state == "void"
    for move in (
        documents.void_document(document_id=document.pk, text=TEXT),
        casework.serve_notice(document_id=document.pk, channel="letter", is_served=True),
    ):
        assert given.refused(case, move, world.actor("head"), WEDNESDAY) == "document_void"
    assert newest(refused(world)).number == document.number + 1


def pages_of(lines: int) -> list[str]:
    """The words on each page of an agreement with a text of so many lines."""
    text = "\n".join(f"第{n}行。" for n in range(lines))
    blocks = [{"p": text}, {"p": "末段。"}, {"signs": ["投诉人（签名）", "被投诉人（签名或者盖章）"]}]
    paper = {"form": 9, "title": "投诉调解书", "authority": "试市场监督管理局", "reference": "试市监调解〔2026〕第1号"}
    paper |= {"case": "20261111-AAAAAA-0", "addressee": "", "officers": ["瑞试", "章试"], "blocks": blocks}
    paper |= {"day": "二〇二六年十一月十一日"}
    with pikepdf.open(io.BytesIO(printing.pdf(paper, at=WEDNESDAY))) as document:
        return ["".join(text_of(SimpleNamespace(pages=[page])).split()) for page in document.pages]  # type: ignore[arg-type]


def test_no_seal_stands_on_a_page_without_words_and_none_is_apart_from_the_signatures() -> None:
    for lines in range(14, 27):
        assert not missing_in(pages_of(lines)[-1], "末段。", "投诉人（签名）", "经办人：瑞试章试", "（盖章处）"), lines

"""The register, a document, service and correction at the desk; and what a party sees of it all."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints import handling
from complaints.dossier import building
from complaints.dossier.gathering import gather
from complaints.dossier.papers import dossier_paper
from complaints.handling import Promise, printing_documents
from complaints.handling.steps import authority, mediation, violations
from complaints.handling.transition import contact_access
from complaints.models import Complaint, Dossier, OfficialDocument
from complaints.procedure.workflow import Status as S
from tests import found_in, given, missing_in
from tests.cast import World
from tests.complaints.documents.conftest import newest, read
from tests.complaints.documents.signatures import verdict
from tests.complaints.pages.at_the_desk import send, shown, signed_in

pytestmark = pytest.mark.django_db

TEXT = "这里写明事实和理由，供核对。"


def refused(world: World) -> Complaint:
    now = timezone.now()
    case = given.a_complaint(world, status=S.REVIEW, now=now)
    return given.step(case, authority.refuse(ground="outside_duty", facts=TEXT, body="12300"), world.officer, now)


def mediated(world: World) -> Complaint:
    """The enterprise had it and gave it up; the authority brought them together."""
    now = timezone.now()
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now)
    given.step(case, authority.recall(text=TEXT), world.officer, now)
    given.step(case, authority.accept(), world.officer, now)
    complaints = Complaint.objects.filter(pk=case.pk)
    complaints.update(consents=case.consents | {"mediation_consumer": True, "mediation_enterprise": True})
    promises = [Promise(kind="transfer", what="退款", amount="128.50", due_on=(now + timedelta(days=20)).date())]
    move = mediation.record_agreement(text="退还全部多扣费用。", promises=promises)
    return given.step(case, move, world.officer, now)


def place(document: OfficialDocument, action: str = "") -> str:
    return f"/authority/documents/{document.pk}/" + (f"{action}/" if action else "")


def pdf(document: OfficialDocument) -> str:
    return f"/cases/{document.complaint.number}/documents/{document.pk}/"


def for_court(case: Complaint, user: User, form: str, *, again: bool = True) -> bytes:
    """One of the papers for the court, made by the worker and fetched."""
    browser = signed_in(user)
    if again:
        assert send(browser, f"/cases/{case.number}/dossier/", {"kind": "court"}).url == f"/cases/{case.number}/court/"
        assert "正在制作和签名" in shown(browser.get(f"/cases/{case.number}/court/"))
        building.sweep_dossiers(now=timezone.now())
    page = shown(browser.get(f"/cases/{case.number}/court/"))
    row = Dossier.objects.filter(asked_by=user, kind="court").latest("pk")
    address = f"/cases/{case.number}/dossier/{row.public_id}/{form}/"
    assert f'href="{address}"' in page
    return b"".join(browser.get(address).streaming_content)  # type: ignore[attr-defined]


def test_the_register_finds_a_document_and_leads_to_it_as_do_case_and_notice_wherever_it_lies(world: World) -> None:
    case = refused(world)
    document = newest(case)
    rui = signed_in(world.rui)
    page = shown(rui.get("/authority/documents/"))
    assert not missing_in(page, document.reference, place(document), "瑞试")
    page = shown(rui.get(place(document)))
    assert not missing_in(page, "投诉不予受理决定书", "第十六条第一项", TEXT, "陈**", "记录送达", "更正笔误")
    assert not found_in(page, "陈试", "作废")
    assert page.count("（五）向人民法院提起诉讼。") == page.count(f"事实和理由：{TEXT}") == 1
    assert "(&#x27;" not in page
    printing_documents.sweep_documents(now=timezone.now())
    content = signed_in(world.chen).get(pdf(document)).content
    version = document.versions.get()
    assert hashlib.sha256(content).hexdigest() == version.sha256
    assert version.sha256 in shown(signed_in(world.rui).get(place(document)))
    for query in ("form=6", f"year={document.year}", "q=1", "q=鼓市监不受", f"q={case.number}", "form=x&year=y"):
        assert place(document) in shown(rui.get(f"/authority/documents/?{query}")), query
    for query in ("form=5", "year=2001", "q=77", "q=榕市监", "state=void"):
        assert place(document) not in shown(rui.get(f"/authority/documents/?{query}")), query
    assert place(newest(case)) in shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
    bodies = dict(case.notices.filter(kind="refuse").values_list("addressee", "body"))
    told = f"《投诉不予受理决定书》（{document.reference}）可以在案件页下载：/cases/{case.number}/#documents"
    assert told in bodies["consumer"]
    assert "陈" not in bodies["consumer"]
    assert document.reference not in bodies.get("enterprise", "")
    far = world.far_officer.authority
    Complaint.objects.filter(pk=case.pk).update(handling_region=far.region, handling_authority=far)
    rui = signed_in(world.rui)
    page = shown(rui.get("/authority/documents/"))
    assert document.reference in page
    assert case.number not in page
    assert rui.get(place(document)).status_code == 404


def test_what_could_not_be_brought_waits_in_the_register_until_a_letter_arrived(world: World) -> None:
    case = refused(world)
    document = newest(case)
    rui = signed_in(world.rui)
    assert place(document) not in shown(rui.get("/authority/documents/?state=to_serve"))
    case.notices.filter(addressee="consumer").update(state="set_aside")
    assert place(document) in shown(rui.get("/authority/documents/?state=to_serve"))
    values = {"to": "consumer", "channel": "voice", "arrived": "no", "day": "", "received_by": "", "reference": ""}
    values |= {"text": ""}
    assert send(rui, place(document, "serve"), values).status_code == 302
    page = shown(rui.get(place(document)))
    assert "下一种方式：电子邮件" in page
    wrong = values | {"channel": "letter", "arrived": "yes", "day": "2031-01-01"}
    answer = send(rui, place(document, "serve"), wrong)
    assert (answer.status_code, "今天为止的一天" in shown(answer)) == (422, True)
    today = timezone.localdate().isoformat()
    values |= {"channel": "letter", "arrived": "yes", "day": today, "received_by": "family", "reference": "EMS1234"}
    assert send(rui, place(document, "serve"), values).status_code == 302
    page = shown(rui.get(place(document)))
    assert not missing_in(page, "信函", "已送达", "同住的成年家属", "EMS1234", today)
    assert place(document) not in shown(rui.get("/authority/documents/?state=to_serve"))


def test_a_correction_shows_both_versions_and_tells_the_consumer_and_only_a_head_withdraws(world: World) -> None:
    case = refused(world)
    document = newest(case)
    rui = signed_in(world.rui)
    page = rui.get(place(document, "correct"))
    values = {name: page.context["form"][name].value() for name in page.context["form"].fields if name != "text"}
    assert TEXT not in str(values), "reasons that two officers signed are no clerical error"
    assert send(rui, place(document, "correct"), values | {"text": "没有改。"}).status_code == 422
    name = next(name for name, words in values.items() if "你于" in words)
    changed = {name: values[name].replace("你于", "您于"), "text": "称呼写错。"}
    assert send(rui, place(document, "correct"), values | changed).status_code == 302
    assert [v.number for v in document.versions.all()] == [1, 2]
    assert "第2版" in shown(rui.get("/authority/documents/"))
    chen = signed_in(world.chen)
    assert "您于" in read(chen.get(pdf(document)).content)
    assert "你于" in read(chen.get(pdf(document) + "?version=1").content)
    assert chen.get(pdf(document) + "?version=7").status_code == 404
    assert case.notices.filter(kind="correct_clerical_error", addressee="consumer").exists()
    values = {"text": "发错对象。"}
    assert send(rui, place(document, "void"), values).status_code == 409
    head = signed_in(world.head_officer.user)
    assert send(head, place(document, "void"), values).status_code == 302
    assert "作废" in shown(head.get(place(document)))
    assert place(document) in shown(head.get("/authority/documents/?state=void"))
    for action in ("serve", "correct", "void"):
        assert head.get(place(document, action)).status_code == 409


def opened(client: Any, document: OfficialDocument) -> tuple[dict[str, str], dict[str, str]]:
    """The correction form as a browser has it, and the names of its lines by their labels."""
    form = client.get(place(document, "correct")).context["form"]
    values = {name: form[name].value() for name in form.fields if name != "text"}
    return values | {"text": "写错。"}, {str(form[name].label): name for name in form.fields}


def test_a_mask_never_gets_into_a_document(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    register = OfficialDocument.objects.get(complaint=case, form=1)
    rui = signed_in(world.rui)
    text, names = opened(rui, register)
    touched = send(rui, place(register, "correct"), text | {names["投诉人"]: "陈**先生"})
    assert (touched.status_code, "先说明理由、查看联系方式" in shown(touched)) == (422, True)
    # Revealed in another tab while this form was open.
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, timezone.now())
    done = send(rui, place(register, "correct"), text | {names["商品或者服务"]: "智家体验包（月付）"})
    assert done.status_code == 302
    label = str(register.versions.get(number=2).content["paper"]["blocks"])
    assert "13800000001" in label
    assert "**" not in label


def test_whoever_comes_second_does_not_undo_the_first_correction(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    register = OfficialDocument.objects.get(complaint=case, form=1)
    rui, head = signed_in(world.rui), signed_in(world.head_officer.user)
    text, names = opened(rui, register)
    item, day = names["商品或者服务"], names["收到日期"]
    assert send(head, place(register, "correct"), text | {item: "智家体验包（月付）"}).status_code == 302
    late = send(rui, place(register, "correct"), text | {day: "2026年1月1日"})
    assert (late.status_code, register.versions.count()) == (409, 2)
    form = late.context["form"]
    kept = {name: form[name].value() for name in form.fields}
    assert (kept[day], kept[item]) == ("2026年1月1日", "智家体验包（月付）")
    assert send(rui, place(register, "correct"), kept).status_code == 302
    label = str(register.versions.get(number=3).content["paper"]["blocks"])
    assert not missing_in(label, "2026年1月1日", "智家体验包（月付）")
    # The same line: what stands there now is named, and what was typed is kept.
    clash = send(rui, place(register, "correct"), text | {item: "智家套餐"})
    assert (clash.status_code, "这一处现在写的是：智家体验包（月付）" in shown(clash)) == (409, True)
    assert "智家套餐" in shown(clash)


def test_a_party_reads_what_is_addressed_to_it_and_nothing_else(world: World) -> None:
    case = mediated(world)
    given.step(case, violations.split_report(text="店内食品过期。"), world.officer, timezone.now())
    by_form = {row.form: row for row in OfficialDocument.objects.filter(complaint=case)}
    assert set(by_form) == {1, 2, 5, 9}
    assert signed_in(world.rui).get(pdf(by_form[2])).status_code == 409
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, timezone.now())
    readers = {"chen": (world.chen, {5, 9}), "ming": (world.ming, {9}), "rui": (world.rui, {1, 2, 5, 9})}
    readers |= {"otto": (world.otto, set()), "hua": (world.hua, set()), "far": (world.far_officer.user, set())}
    for name, (user, mine) in readers.items():
        client = signed_in(user)
        results = {form for form, row in by_form.items() if client.get(pdf(row)).status_code == 200}
        assert results == mine, name
    for side, user, mine in (("", world.chen, {5, 9}), ("/enterprise", world.ming, {9})):
        page = shown(signed_in(user).get(f"{side}/cases/{case.number}/"))
        assert {form for form, row in by_form.items() if row.reference in page} == mine
        assert "举报" not in page.replace("投诉举报处理办法", "")
    far = signed_in(world.far_officer.user)
    missing = far.get("/authority/documents/999999/")
    for path in (place(by_form[9]), place(by_form[9], "serve")):
        assert far.get(path).status_code == 404
    assert by_form[9].reference not in shown(far.get("/authority/documents/"))
    assert missing.status_code == 404


def test_a_mediated_case_has_a_package_for_the_court_and_who_only_reads_is_offered_none(world: World) -> None:
    case = mediated(world)
    base = f"/cases/{case.number}/court/"
    chen = signed_in(world.chen)
    assert base in shown(chen.get(f"/cases/{case.number}/"))
    assert "司法确认" in shown(chen.get(base))
    printing_documents.sweep_documents(now=timezone.now())
    with zipfile.ZipFile(io.BytesIO(for_court(case, world.chen, "court"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert list(parts) == ["01-司法确认申请书.pdf", "02-投诉调解书.pdf", "SHA256SUMS"]
    # Each paper of it shows by whom it was made, and that nothing was changed.
    assert [verdict(parts[name]) for name in list(parts)[:2]] == ["", ""]
    assert parts["01-司法确认申请书.pdf"] == for_court(case, world.chen, "application", again=False)
    asked = read(parts["01-司法确认申请书.pdf"])
    consumer = ("陈试", "13800000001", "福州市鼓楼区某路1号")
    assert not missing_in(asked, *consumer, "中国移动福州分公司", newest(case).reference, "没有恶意串通")
    assert "退还全部多扣费用" in read(parts["02-投诉调解书.pdf"])
    # The other side, and an officer who did not ask to see them, get no contact data of the consumer.
    for user in (world.ming, world.rui):
        assert not found_in(read(for_court(case, user, "application")), "13800000001", "某路1号")
    for user in (world.otto, world.hua, world.far_officer.user):
        assert signed_in(user).get(base).status_code == 404
    other = given.a_complaint(world, status=S.MEDIATING, now=timezone.now())
    assert chen.get(f"/cases/{other.number}/court/").status_code == 404
    assert send(chen, f"/cases/{other.number}/dossier/", {"kind": "court"}).status_code == 404
    assert "重新制作" in shown(signed_in(world.rui).get(base))
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    page = shown(signed_in(world.otto).get(base))
    assert "制作材料" not in page
    assert "由双方或者经办人员下载" in page
    assert send(signed_in(world.otto), f"/cases/{case.number}/dossier/", {"kind": "court"}).status_code == 409
    chen, ming = signed_in(world.chen), signed_in(world.ming)
    for path in (f"/cases/{case.number}/", f"/cases/{case.number}/court/"):
        assert "在浏览器打开" in shown(chen.get(path)), path
        assert "在浏览器打开" not in shown(ming.get(path if "court" in path else f"/enterprise{path}")), path


def test_what_the_register_costs_does_not_grow(world: World) -> None:
    rui = signed_in(world.rui)

    def costs() -> int:
        with CaptureQueriesContext(connection) as queries:
            rui.get("/authority/documents/")
        return len(queries)

    refused(world)
    costs()
    few = costs()
    cases = [given.a_complaint(world, status=S.REVIEW, now=timezone.now()) for _ in range(4)]
    handling.take(authority.accept(), [c.pk for c in cases], actor=world.officer, now=timezone.now())
    assert costs() == few


def test_a_dossier_holds_the_documents_addressed_to_its_reader(world: World) -> None:
    case = mediated(world)
    mine = newest(case)
    given.step(case, violations.split_report(text="店内食品过期。"), world.officer, timezone.now())
    for user, count in ((world.chen, 2), (world.ming, 1), (world.rui, 3)):
        side = {world.chen.pk: "consumer", world.ming.pk: "enterprise"}.get(user.pk, "authority")
        dossier = Dossier(complaint=case, asked_by=user, side=side, site="", asked_at=timezone.now())
        gathered = gather(dossier, now=timezone.now())
        assert len(gathered.documents) == count
        assert mine.reference in [one.reference for one in gathered.documents]
        paper = str(dossier_paper(gathered, proof=None, site=""))
        assert not missing_in(paper, mine.reference, gathered.documents[-1].sha256)
        assert bool(gathered.documents[-1].content) == (side == "consumer")
        assert "举报" not in str([one.title for one in gathered.documents])


def test_where_to_reach_the_consumer_is_shown_to_officers_who_said_why(world: World) -> None:
    statement = "多出一项“智家体验包”，请打13900005678找我。"
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now(), statement=statement)
    register = OfficialDocument.objects.get(complaint=case, form=1)
    rui = signed_in(world.rui)
    page = shown(rui.get(place(register)))
    assert not missing_in(page, "陈**", "138****0001", "福州市鼓楼区***", "智家体验包", "139****5678")
    assert "13900005678" not in page, "nor what stands in the words"
    for word in ("陈试", "13800000001", "某路1号"):
        assert word not in page, word
        assert word not in shown(rui.get(place(register, "correct")))
    assert pdf(register) not in page
    assert rui.get(pdf(register)).status_code == 409
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, timezone.now())
    page = shown(rui.get(place(register)))
    assert not missing_in(page, "陈试", "13800000001", "某路1号", "13900005678", pdf(register))
    assert "13800000001" in read(rui.get(pdf(register)).content)
    world.rui_officer.role = "analyst"
    world.rui_officer.save()
    assert rui.get(pdf(register)).status_code == 409
    assert "陈试" not in shown(rui.get(place(newest(case))))

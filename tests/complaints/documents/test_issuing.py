"""The ten forms from cases: what they say, under which number, and that the record holds their digests."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from authorities.models import Officer, Policy
from complaints import handling
from complaints.documents import kinds, printing
from complaints.handling import Move, Promise
from complaints.handling.steps import authority, casework, consumer, documents, mediation, proposals, violations
from complaints.handling.transition import contact_access
from complaints.models import Complaint, DocumentSeries, DocumentVersion, HandlingStep, Matter, OfficialDocument
from complaints.procedure.workflow import Status as S
from complaints.record.record import canonical, salted
from tests import PATIENCE, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.documents.conftest import newest, read
from tests.complaints.documents.test_pages import opened, place
from tests.complaints.pages.at_the_desk import send, shown, signed_in

pytestmark = pytest.mark.django_db
TEXT = "这里写明事实和理由，供核对。"


def words_of(document: OfficialDocument, version: int = 1) -> str:
    row = DocumentVersion.objects.select_related("complaint").get(document=document, number=version)
    return canonical(row.content["paper"])


REFUND = [Promise(kind="transfer", what="退款", amount="128.50", due_on="2026-12-07")]
STEPS: dict[int, tuple[S, Move]] = {
    2: (S.REVIEW, violations.split_report(text="店内食品过期。")),
    4: (S.REVIEW, authority.request_material(what="请提供身份证明。", is_identity=True)),
    5: (S.REVIEW, authority.accept()),
    6: (S.REVIEW, authority.refuse(ground="outside_duty", facts=TEXT, body="12300")),
    7: (S.MEDIATING, mediation.schedule_session(at=WEDNESDAY.replace(day=16), place="鼓楼区局二楼", mode="site")),
    8: (S.MEDIATING, mediation.terminate(ground="other_law", facts=TEXT)),
    9: (S.MEDIATING, mediation.record_agreement(text="退还全部多扣费用。", promises=REFUND)),
}
WORDS = {
    2: ("举报登记表", "店内食品过期。", "保密"),
    4: ("陈试", "请提供身份证明。", "第十六条第五项"),
    5: ("陈试", "决定受理", "六十日", "中国移动福州分公司"),
    6: ("陈试", TEXT, "第十六条第一项", "12300", "第三十九条", "（五）向人民法院提起诉讼"),
    7: ("陈试、中国移动福州分公司", "2026年11月16日10:00", "鼓楼区局二楼", "回避"),
    8: (TEXT, "第二十三条第八项", "向人民法院提起诉讼"),
    9: ("退还全部多扣费用。", "退款 128.50元", "2026年12月7日前", "司法确认", "退还货款或服务费"),
}


def test_a_step_issues_its_form_in_its_own_transaction(world: World) -> None:
    for form, (status, move) in STEPS.items():
        case = given.step(given.a_complaint(world, status=status), move, world.officer, WEDNESDAY)
        document, wanted = newest(case), WORDS[form]
        assert (document.form, document.number, document.year, document.authority) == (form, 1, 2026, world.gulou)
        assert document.reference.startswith("鼓市监")
        assert document.reference.endswith("〔2026〕第1号")
        text = words_of(document)
        for word in (*wanted, document.reference, "福州市鼓楼区市场监督管理局", "二〇二六年十一月十一日", "瑞试"):
            assert word in text, (word, text)
        version = document.versions.select_related("document", "complaint").get()
        printed = read(printing.read_print(version))
        for word in (*wanted, document.reference):
            assert "".join(word.split()) in printed, (word, printed)
        entry, digest = case.steps.get(audience=document.audience, sequence=document.sequence), bytes(version.digest)
        written = {"form": form, "reference": document.reference, "version": 1, "digest": digest.hex()}
        assert entry.data["documents"] == [written]
        assert digest == salted(bytes.fromhex(version.content["salt"]), canonical(version.content["paper"]))
        assert digest.hex() in entry.body
        assert list(kinds.gaps()) == []


def test_distribution_registers_once_and_tells_the_unit_or_the_enterprise_that_settles(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    results = list(OfficialDocument.objects.filter(complaint=case).order_by("form"))
    assert [(d.form, d.reference) for d in results] == [(1, "榕市监投登〔2026〕第1号"), (3, "榕市监分送〔2026〕第1号")]
    registered, sent = map(words_of, results)
    for word in ("陈试", "13800000001", "福州市鼓楼区某路1号", "智家体验包", "退还货款或服务费 128.50元"):
        assert word in registered
    assert not missing_in(sent, "第四十一条", "福州市鼓楼区市场监督管理局", "2026年11月20日")
    assert "陈试" not in sent
    assert not any(d.to_consumer or d.to_enterprise for d in results)
    case = given.a_complaint(world, status=S.REVIEW)
    given.step(case, authority.return_to_intake(text=TEXT), world.officer, WEDNESDAY)
    given.step(case, authority.assign_authority(authority_id=world.gulou.pk), world.intake, WEDNESDAY)
    assert sorted(OfficialDocument.objects.filter(complaint=case).values_list("form", flat=True)) == [1, 3, 3]
    move = authority.recall(text=TEXT)
    case = given.step(given.a_complaint(world, status=S.NEGOTIATING), move, world.officer, WEDNESDAY)
    given.step(case, authority.accept(), world.officer, WEDNESDAY)
    assert list(OfficialDocument.objects.filter(complaint=case).order_by("pk").values_list("form", flat=True)) == [1, 5]
    case = given.a_complaint(world, status=S.TRIAGE)
    move = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(case, move, world.intake, WEDNESDAY)
    document = newest(case)
    assert (document.form, document.to_enterprise, document.enterprise) == (3, True, world.mobile)
    assert "监督你单位与投诉人在线和解" in words_of(document)
    assert "2026年11月25日" in words_of(document)


def test_what_flows_back_is_registered_with_what_an_officer_begins_with_and_much_issues_nothing(world: World) -> None:
    for move, forms in [
        (authority.accept(), [1, 5]),
        (authority.refuse(ground="outside_duty", facts=TEXT, body="12300"), [1, 6]),
        (authority.request_material(what=TEXT), [1]),
        (authority.request_material(what=TEXT, is_identity=True), [1, 4]),
    ]:
        case = given.a_complaint(world, status=S.NEGOTIATING)
        assert given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY).status == S.REVIEW
        assert not OfficialDocument.objects.filter(complaint=case).exists(), "no officer has done anything yet"
        given.step(case, move, world.officer, WEDNESDAY)
        assert sorted(OfficialDocument.objects.filter(complaint=case).values_list("form", flat=True)) == forms
    assert not OfficialDocument.objects.filter(complaint=given.a_complaint(world, status=S.WITH_ENTERPRISE)).exists()
    case = given.a_complaint(world, status=S.AWAITING_MATERIAL)
    assert not OfficialDocument.objects.filter(complaint=case, form=4).exists()
    case = given.a_complaint(world, status=S.MEDIATING)
    move = mediation.record_agreement(promises=[], text=TEXT, without_document=True)
    given.step(case, move, world.officer, WEDNESDAY)
    assert not OfficialDocument.objects.filter(complaint=case, form=9).exists()


def test_two_officers_sign_what_two_decided(world: World) -> None:
    Policy.objects.filter(name="two_persons.refuse").update(number=1)
    case = given.a_complaint(world, status=S.REVIEW)
    move = authority.refuse(ground="not_consumption", facts=TEXT)
    given.step(case, proposals.propose(move=move), world.officer, WEDNESDAY)
    assert not OfficialDocument.objects.filter(complaint=case, form=6).exists()
    head = world.actor("head")
    handling.take_each([(case.pk, proposals.approve(), head), (case.pk, move, head)], now=WEDNESDAY)
    document = newest(case)
    assert (document.issued_by, document.second_by) == (world.rui, world.head_officer.user)
    assert '"officers":["瑞试","长试"]' in words_of(document)


def test_numbers_go_on_by_sort_year_and_authority(world: World) -> None:
    for _ in range(3):
        given.a_complaint(world, status=S.MEDIATING)
    later = WEDNESDAY.replace(year=2027, month=1)
    given.step(given.a_complaint(world, status=S.REVIEW, now=later), authority.accept(), world.officer, later)
    assert list(OfficialDocument.objects.filter(form=5).order_by("pk").values_list("reference", flat=True)) == [
        *(f"鼓市监投受〔2026〕第{n}号" for n in (1, 2, 3)),
        "鼓市监投受〔2027〕第1号",
    ]
    sent = OfficialDocument.objects.filter(form=3).order_by("pk").values_list("year", "number")
    assert list(sent) == [(2026, 1), (2026, 2), (2026, 3), (2027, 1)]


def test_a_batch_is_numbered_without_gaps_and_a_refused_case_takes_no_number(world: World) -> None:
    cases = [given.a_complaint(world, status=S.REVIEW) for _ in range(3)]
    given.step(cases[1], authority.return_to_intake(text=TEXT), world.officer, WEDNESDAY)
    done = handling.take(authority.accept(), [case.pk for case in cases], actor=world.officer, now=WEDNESDAY)
    assert [taken.is_done for taken in done] == [True, False, True]
    assert list(OfficialDocument.objects.filter(form=5).values_list("number", flat=True)) == [1, 2]


def test_a_step_that_is_rolled_back_gives_its_number_back(world: World) -> None:
    first, second = (given.a_complaint(world, status=S.REVIEW) for _ in range(2))
    with transaction.atomic():
        given.step(first, authority.accept(), world.officer, WEDNESDAY)
        transaction.set_rollback(True)
    first.refresh_from_db()
    given.refused(first, mediation.schedule_session(at=WEDNESDAY, place="所里", mode="site"), world.officer, WEDNESDAY)
    given.step(second, authority.accept(), world.officer, WEDNESDAY)
    assert (newest(second).reference, list(kinds.gaps())) == ("鼓市监投受〔2026〕第1号", [])


def test_the_database_keeps_what_was_issued_and_a_gap_is_named(world: World) -> None:
    given.a_complaint(world, status=S.REVIEW)
    for statement in [
        "update complaints_officialdocument set number = 7",
        "update complaints_officialdocument set complaint_id = complaint_id + 1",
        "update complaints_documentversion set digest = '\\x00'",
        "update complaints_documentseries set last = 0",
        "delete from complaints_documentseries",
        "delete from complaints_documentversion",
        (
            "insert into complaints_officialdocument (complaint_id, authority_id, year, form, number, reference,"
            " audience, sequence, to_consumer, to_enterprise, issued_at, state) select complaint_id, authority_id,"
            " year, form, number, 'x', 'parties', 1, false, false, issued_at, 'issued' from complaints_officialdocument"
        ),
    ]:
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("update complaints_documentseries set last = 2 where form = 3")
    assert [(gap.reference, gap.what) for gap in kinds.gaps()] == [("榕市监分送〔2026〕第2号", "missing")]


@pytest.mark.django_db(transaction=True)
def test_who_comes_second_waits_and_takes_the_next_number_or_the_one_that_was_given_back(world: World) -> None:
    series = kinds.Series(world.gulou.pk, 2026, 5)

    def first(has_it: Event, may_end: Event, *, fails: bool) -> int:
        try:
            with transaction.atomic():
                taken = kinds.take_numbers([series])[0]
                has_it.set()
                assert may_end.wait(PATIENCE)
                transaction.set_rollback(fails)
            return taken
        finally:
            connection.close()

    def second(may_begin: Event) -> int:
        try:
            with transaction.atomic():
                assert may_begin.wait(PATIENCE)
                return kinds.take_numbers([series])[0]
        finally:
            connection.close()

    results = []
    with ThreadPoolExecutor(2) as people:
        for fails in (False, True):
            has_it, may_end = Event(), Event()
            one = people.submit(first, has_it, may_end, fails=fails)
            other = people.submit(second, has_it)
            assert has_it.wait(PATIENCE)
            may_end.set()
            results.append((one.result(PATIENCE), other.result(PATIENCE)))
    assert results == [(1, 2), (3, 3)]
    assert DocumentSeries.objects.get().last == 3


DECISIONS = {
    "refuse": (S.REVIEW, authority.refuse, {"ground": "outside_duty", "facts": TEXT, "body": "12300"}, 6),
    "terminate": (S.MEDIATING, mediation.terminate, {"ground": "other_law", "facts": TEXT}, 8),
    "agreement": (S.MEDIATING, mediation.record_agreement, {"promises": (), "text": TEXT}, 9),
}


def decided(world: World, step: str = "refuse") -> OfficialDocument:
    """The decision of a closed case, where from now on two persons are asked for."""
    now = timezone.now()
    status, verb, text, form = DECISIONS[step]
    case = given.step(given.a_complaint(world, status=status, now=now), verb(**text), world.officer, now)
    Policy.objects.filter(name__startswith="two_persons.").update(number=1)
    return OfficialDocument.objects.get(complaint=case, form=form)


def a_correction(document: OfficialDocument, *, before: str = "更正：") -> handling.Move:
    """Its last paragraph that may change begins otherwise."""
    lines = documents.correctable(document.versions.get(number=1).content["paper"])
    where, text = [(where, text) for where, label, text in lines if not label][-1]
    changes = {where: before + text}
    return casework.correct_clerical_error(document_id=document.pk, text="漏了字。", version=1, changes=changes)


def sign(case: Complaint, move: handling.Move, actor: Any) -> list[str]:
    done = handling.take_each([(case.pk, proposals.approve(), actor), (case.pk, move, actor)], now=timezone.now())
    return [taken.refusal.code if taken.refusal else "" for taken in done]


@pytest.mark.parametrize("step", sorted(DECISIONS))
def test_what_two_decided_one_alone_does_not_correct_and_a_second_signs_after_closing(world: World, step: str) -> None:
    document = decided(world, step)
    for who in ("officer", "head"):
        code = given.refused(document.complaint, a_correction(document), world.actor(who), timezone.now())
        assert code == "two_persons"
    assert document.versions.count() == 1
    case, move = document.complaint, a_correction(document)
    given.step(case, proposals.propose(move=move), world.officer, timezone.now())
    assert (document.versions.count(), sign(case, move, world.officer)) == (1, ["own_proposal", "two_persons"])
    assert (sign(case, move, world.actor("head")), document.versions.count()) == (["", ""], 2)
    entry = HandlingStep.objects.get(complaint=case, step="correct_clerical_error")
    assert entry.data["officers"] == [world.rui_officer.pk, world.head_officer.pk]
    assert reloaded(case).status == S.CLOSED


def test_where_a_refusal_needs_the_head_so_does_its_correction(world: World) -> None:
    document = decided(world)
    Policy.objects.filter(name="head.refuse").update(number=1)
    move = a_correction(document)
    given.step(document.complaint, proposals.propose(move=move), world.actor("head"), timezone.now())
    assert sign(document.complaint, move, world.officer) == ["not_head", "two_persons"]


def test_a_paper_of_one_officer_is_corrected_by_one_and_an_enterprise_proposes_nothing(world: World) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=S.MEDIATING, now=now)
    Policy.objects.filter(name__startswith="two_persons.").update(number=1)
    document = OfficialDocument.objects.get(complaint=case, form=5)
    given.step(case, a_correction(document), world.officer, now)
    assert document.versions.count() == 2
    now = timezone.now()
    case = given.a_complaint(world, status=S.CLOSED, now=now)
    move = proposals.propose(move=handling.MOVES["reply_publicly"](text=TEXT))
    assert given.refused(case, move, world.handler, now) == "not_now"


def test_the_page_proposes_and_says_who_may_approve(world: World) -> None:
    document = decided(world)
    rui = signed_in(world.rui)
    page = shown(rui.get(place(document, "correct")))
    assert not missing_in(page, "提请批准", f"可以批准的人：{world.head_officer.user.name}")
    assert f"可以批准的人：{world.rui_officer.user.name}" not in page
    text, names = opened(rui, document)
    line = next(name for name in names.values() if "你于" in text[name])
    mine = text | {line: text[line].replace("你于", "您于")}
    assert send(rui, place(document, "correct"), mine).status_code == 302
    assert document.versions.count() == 1
    matter = Matter.objects.get(complaint=document.complaint, kind="proposal")
    url = f"/authority/approvals/{matter.pk}/"
    assert url in shown(rui.get(place(document))), "the paper says what waits"
    head = signed_in(world.head_officer.user)
    assert "更正笔误" in shown(head.get("/authority/approvals/"))
    page = shown(head.get(url))
    assert not missing_in(page, "您于", "原文：你于", document.reference, "写错。", "成为新的一版")
    assert send(head, url, {"decision": "grant"}).status_code == 302
    assert [v.number for v in document.versions.all()] == [1, 2]
    assert url not in shown(rui.get(place(document)))


def test_nobody_there_to_approve_is_said_before_anything_is_typed(world: World) -> None:
    document = decided(world)
    officers = Officer.objects.filter(authority=world.gulou)
    officers.exclude(pk=world.rui_officer.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    assert "现在没有另一名负责人" in shown(signed_in(world.rui).get(place(document, "correct")))


def test_a_mask_is_lifted_before_it_is_approved(world: World) -> None:
    document = decided(world)
    case, now = document.complaint, timezone.now()
    move = a_correction(document, before="陈试：")
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, now)
    given.step(case, proposals.propose(move=move), world.officer, now)
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    head = signed_in(world.head_officer.user)
    assert "陈试" not in shown(head.get(url))
    masked = send(head, url, {"decision": "grant"})
    assert (masked.status_code, "先说明理由" in shown(masked)) == (422, True)
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.actor("head"), timezone.now())
    assert "陈试：" in shown(head.get(url))
    assert send(head, url, {"decision": "grant"}).status_code == 302

"""An offer half written waits for whoever wrote it, and for nobody else."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from complaints.handling.steps import enterprise
from complaints.models import HandlingStep, Offer, OfferDraft
from complaints.privacy import erasing
from complaints.procedure.workflow import Status
from complaints.settlement import offer_terms
from database import row_security
from tests import PATIENCE, given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, moved_to_telecom, send, shown, signed_in

S = Status
NOW = WEDNESDAY + timedelta(hours=3)
HALF = {name: value for name, value in OFFER.items() if name not in ("answer-2", "send", "anyway")} | {"save": "1"}


def test_a_draft_waits_without_a_script_and_nobody_else_sees_or_writes_it(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    path = address(case, "offer")
    steps = HandlingStep.objects.count()
    saved = send(ming, path, HALF)
    assert saved.status_code == 200
    assert "草稿已保存 11月11日 13:00" in shown(saved)
    assert "error-summary" not in shown(saved)
    page = ming.get(path)
    assert "草稿已保存 11月11日 13:00" in shown(page)
    form = page.context["form"]
    assert form["reason-2"].value() == OFFER["reason-2"]
    assert form["promise-1-what"].value() == "退还多扣费用"
    assert (form.count, form["answer-1"].value()) == (1, "grant")
    assert HandlingStep.objects.count() == steps
    # The newest counts; and it can be thrown away.
    send(ming, path, HALF | {"message": "改了主意。"})
    assert ming.get(path).context["form"]["message"].value() == "改了主意。"
    assert send(ming, path, {"forget": "1"}).status_code == 302
    assert "丢掉草稿" not in shown(ming.get(path))
    assert not OfferDraft.objects.exists()
    send(ming, path, HALF)
    assert OFFER["reason-2"] not in shown(signed_in(world.lead).get(path)).partition('id="offer"')[2]
    assert send(signed_in(world.hua), path, HALF).status_code == 404
    assert send(signed_in(world.chen), path, HALF).status_code == 404
    send(signed_in(world.lead), path, HALF | {"message": "主管的草稿。"})
    assert ming.get(path).context["form"]["message"].value() == OFFER["message"]
    assert OfferDraft.objects.count() == 2


def test_a_script_is_told_in_a_line(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    text = HALF | {"idempotency_key": "kept-by-the-script"}
    for _ in range(2):
        answer = ming.post(address(case, "offer"), text, headers={"Accept": "application/json"})
        assert answer.json() == {"words": "草稿已保存 11月11日 13:00", "sum": "¥128.50 · 与要求相同"}
    typed = text | {"message": "字" * offer_terms.LONGEST_DRAFT}
    long = ming.post(address(case, "offer"), typed, headers={"Accept": "application/json"})
    assert long.json() == {"words": "太长，没有存为草稿。", "sum": "¥128.50 · 与要求相同"}
    less = ming.post(address(case, "offer"), text | {"promise-1-amount": "100"}, headers={"Accept": "application/json"})
    assert less.json()["sum"] == "¥100.00 · 比要求少¥28.50"
    assert OfferDraft.objects.get().typed["fields"]["message"] == OFFER["message"]


def test_it_is_sealed_and_goes_with_the_time_with_the_person_and_when_the_offer_went(world: World) -> None:
    case, ming = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    send(ming, address(case, "offer"), HALF)
    with connection.cursor() as cursor:
        cursor.execute("select typed from complaints_offerdraft")
        assert OFFER["reason-2"].encode() not in bytes(cursor.fetchone()[0])
    assert offer_terms.throw_away_old_drafts(now=NOW + offer_terms.DRAFTS_KEPT, limit=10) == 0
    assert offer_terms.throw_away_old_drafts(now=NOW + offer_terms.DRAFTS_KEPT + timedelta(seconds=1), limit=10) == 1
    send(ming, address(case, "offer"), HALF)
    erasing._empty_cases(case.consumer_key)
    assert not OfferDraft.objects.exists()
    send(ming, address(case, "offer"), HALF)
    assert send(ming, address(case, "offer"), OFFER).status_code == 302
    assert Offer.objects.count() == 1
    assert not OfferDraft.objects.exists()
    # Of another step it is no draft.
    send(ming, address(case, "replace"), HALF)
    assert OfferDraft.objects.get().typed["step"] == "replace_offer"
    assert offer_terms.kept_draft(case, user=world.ming, step="make_offer") is None


def test_a_draft_of_one_firm_is_not_in_the_way_at_the_next(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    old = case.engagements.get()
    with row_security.seeing_as(world.ming, day=NOW.date(), is_at_job=True):
        offer_terms.keep_draft(case, old, user=world.ming, step="make_offer", typed={"message": "旧的。"}, now=NOW)
    moved_to_telecom(world, case)
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, NOW)
    ming, path = signed_in(world.ming), address(case, "offer")
    assert "旧的。" not in shown(ming.get(path))
    for text in ("新的。", "更新的。"):
        assert send(ming, path, HALF | {"message": text}).status_code == 200
    assert ming.get(path).context["form"]["message"].value() == "更新的。"
    assert OfferDraft.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_first_savings_at_once_both_go_through(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    engagement, both, done = case.engagements.get(), threading.Barrier(2, timeout=PATIENCE), []

    def keep(text: str) -> None:
        try:
            both.wait()
            with row_security.seeing_as(world.ming, day=NOW.date(), is_at_job=True):
                done.append(
                    offer_terms.keep_draft(
                        case, engagement, user=world.ming, step="make_offer", typed={"message": text}, now=NOW
                    )
                )
                # Nobody commits before the other has looked.
                with suppress(threading.BrokenBarrierError):
                    both.wait(timeout=0.5)
        finally:
            connection.close()

    threads = [threading.Thread(target=keep, args=(text,)) for text in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == [True, True]
    assert OfferDraft.objects.get().typed["fields"]["message"] in ("甲", "乙")

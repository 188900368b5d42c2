"""The consumer's steps in time and with files: undo, lapses judged first, evidence kept or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.models import Evidence
from complaints.procedure.workflow import Outcome, Status
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import png as a_png
from tests.complaints.pages.at_home import accepted, at, clock, files, place, reported, withdrawn
from tests.complaints.pages.at_the_desk import send, shown, signed_in

__all__ = ["clock", "files"]

S = Status


def test_each_deciding_step_is_read_back_and_undone(world: World, clock: Any) -> None:
    refusal = {"answer": "decline", "reason": "other", "counter_demand": "全退"}
    ways = [
        (at(S.AWAITING_CONSUMER), "offer/1", {"answer": "accept"}, "退还多扣费用 ¥128.50"),
        (at(S.AWAITING_CONSUMER), "offer/1", refusal, "您希望：全退"),
        (at(S.NEGOTIATING), "stop", {}, "您不再与企业协商"),
        (at(S.NEGOTIATING), "withdraw", {"reason": "other"}, "您撤回了投诉"),
        (reported, "performed", {"answer-1": "done"}, "退还多扣费用：已兑现"),
    ]
    client = signed_in(world.chen)
    for prepare, name, text, label in ways:
        case = prepare(world)
        before = case.status
        assert send(client, place(case, name), text)["Location"] == place(case, "done")
        assert not missing_in(shown(client.get(place(case, "done"))), label, "点错了？")
        assert send(client, place(case, "undo"), {}).status_code == 302
        assert reloaded(case).status == before
        # Once only: the same step cannot be taken back again.
        assert client.get(place(case, "done"))["Location"] == place(case)


def test_files_come_with_a_statement_and_a_bad_one_costs_nothing(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.chen)
    page = shown(client.get(place(case, "statement")))
    assert 0 < page.index('name="text"') < page.index('name="uploads"')
    png = a_png()
    good = SimpleUploadedFile("账单.png", png)
    bad = SimpleUploadedFile("x.exe", b"MZ\x90\x00\x01\x02")
    answer = send(client, place(case, "statement"), {"text": "账单见附件，第二页。", "uploads": [good, bad]})
    assert (answer.status_code, "账单见附件，第二页。" in shown(answer)) == (422, True)
    assert "x.exe" in shown(answer)
    assert not Evidence.objects.filter(complaint=case).exists()
    answer = send(client, place(case, "statement"), {"uploads": [SimpleUploadedFile("账单.png", png)]})
    assert answer.status_code == 302
    page = shown(client.get(place(case)))
    row = Evidence.objects.get(complaint=case)
    assert place(case, f"files/{row.pk}") in page
    handed = client.get(place(case, f"files/{row.pk}"))
    assert b"".join(handed.streaming_content).startswith(b"\x89PNG")
    assert handed["Content-Disposition"].startswith("attachment")
    assert handed["X-Content-Type-Options"] == "nosniff"
    # The parties to the case have it too, strangers do not.
    assert signed_in(world.ming).get(place(case, f"files/{row.pk}")).status_code == 200
    assert signed_in(world.hua).get(place(case, f"files/{row.pk}")).status_code == 404


def test_undo_ends_at_midnight_of_the_next_working_day_and_an_answer_is_judged_after_the_lapse(
    world: World, clock: Any
) -> None:
    case = accepted(world)
    clock.move_to(datetime(2026, 11, 12, 15, 59, 59, tzinfo=UTC), tick=False)
    assert signed_in(world.chen).get(place(case, "undo")).status_code == 200
    clock.move_to(datetime(2026, 11, 12, 16, 0, tzinfo=UTC), tick=False)
    client = signed_in(world.chen)
    assert client.get(place(case, "undo")).status_code == 302
    assert send(client, place(case, "undo"), {}).status_code == 409
    # The page still shows the offer as no sweep ran; the clock decides all the same.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    clock.move_to(WEDNESDAY + timedelta(days=10), tick=False)
    client = signed_in(world.chen)
    refused = send(client, place(case, "offer/1"), {"answer": "accept", "text": "我当时在医院，现在接受这个方案。"})
    assert (refused.status_code, "我当时在医院" in shown(refused)) == (409, True)
    assert (reloaded(case).status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert "仍然可以答复" in shown(client.get(place(case)))


def test_a_refused_step_keeps_no_file(world: World, clock: Any, tmp_path: Any) -> None:
    case = given.a_complaint(world, status=S.AWAITING_MATERIAL)
    clock.move_to(WEDNESDAY + timedelta(days=14), tick=False)
    client = signed_in(world.chen)
    typed = {"text": "这是补充的账单，请查收。", "uploads": [SimpleUploadedFile("a.png", a_png(1))]}
    assert send(client, place(case, "material"), typed).status_code == 409
    assert not Evidence.objects.filter(complaint=case).exists()
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]
    assert reloaded(case).status == S.REVIEW


def test_the_page_names_the_authority_that_really_gets_the_case(world: World, clock: Any) -> None:
    """What is promised before the button is what the step does."""
    client = signed_in(world.chen)
    for prepare, name in ((at(S.NEGOTIATING), "stop"), (withdrawn, "refer")):
        case = prepare(world)
        page = shown(client.get(place(case, name)))
        assert send(client, place(case, name), {}).status_code == 302
        assert reloaded(case).status == S.REVIEW
        assert case.handling_authority.name in page

"""Words of an answer against one of several rows: what is refused or given in words is compared demand by demand."""

from decimal import Decimal

import pytest

from complaints.listening.answering import folded
from complaints.listening.row_by_row import Said, contradicted

AGAINST = [
    ("退款的事我们办不了，赔您的200元月底前打过去。", "refund grant 300, compensate grant 200", "text_refuses"),
    ("300元今天就退给您。要求赔的200元我们给不了。", "refund refuse, compensate grant 200", "text_grants"),
    ("300元今天就退给您。要求赔的200元我们给不了。", "refund grant 300, compensate grant 200", "text_refuses"),
    ("合同还在期内，解约不能同意。", "cancel_service grant, refund part 100", "text_refuses"),
    ("师傅明天上门给您修好。要求退的费没有依据，不退。", "fix_fault refuse, refund refuse", "text_grants"),
    ("屏幕压坏不在保修范围，换新我们不予支持。", "replace grant, explain grant", "text_refuses"),
    ("赔偿我们不予支持，最多送一张券。", "compensate part 300", "text_refuses"),
]
IN_LINE = [
    ("300元今天就退给您。要求赔的200元我们给不了。", "refund grant 300, compensate refuse"),
    ("两晚只坏了一晚，退一晚440元，另一晚不退。", "refund part 440"),
    ("全退做不到，一共给到350。", "refund part 350"),
    ("有医生的诊断证明，我们就把钱退给您；现在没有，还不能退。", "refund refuse, explain grant"),
    ("要是再修一次还不行，我们给您换新的，13号前先修好这一次。", "replace refuse, fix_fault grant"),
    ("您要求退款，客服当时说不能退是错的，300元明天退您。", "refund grant 300"),
    ("店员说的“概不退换”不作数，300元明天退您。", "refund grant 300"),
    ("相机不用退，留着吧，300元明天退您。", "refund grant 300"),
    ("这项服务上月已经退订，不用再办。", "cancel_service refuse"),
    ("第一笔不退，第二笔明天退您。", "refund grant 300, refund refuse"),
]


def rows_of(written: str) -> list[Said]:
    """``refund part 440, replace refuse``: kind, verdict and the sum that is granted."""
    found = []
    for row in written.split(", "):
        kind, verdict, *sums = row.split()
        found.append(Said(kind=kind, verdict=verdict, amount=Decimal(sums[0]) if sums else None))
    return found


@pytest.mark.parametrize(("words", "rows", "code"), AGAINST)
def test_words_against_one_of_the_rows_are_found(words: str, rows: str, code: str) -> None:
    assert code in [hit[0] for hit in contradicted(folded(words), rows_of(rows))]


@pytest.mark.parametrize(("words", "rows"), IN_LINE)
def test_words_that_say_what_the_rows_say_are_left_alone(words: str, rows: str) -> None:
    assert list(contradicted(folded(words), rows_of(rows))) == []

"""Texts of all kinds go through the form into the record and come out as they were typed."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from complaints.filing import drafts
from complaints.filing.held import COOKIE
from complaints.models import Complaint, FilingDraft, PersonalText
from tests import ROOT
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, fill, send, url
from tests.complaints.filing.test_submit import TRUTH

#: what is typed, what is kept (None: the same)
TABLE: list[tuple[str, str, str | None]] = [
    ("emoji with joiners", "客服说👨‍👩‍👧‍👦家庭套餐😡不能退🇨🇳", None),
    ("rare letters", "投诉人䶮、𬱖、㐆，店名“龘”", None),
    ("right to left", "الخدمة لا تعمل 宽带坏了", None),
    ("order of writing turned round", "订单\u202e0001\u202c号", None),
    ("zero width", "宽\u200b带\u200d断\ufeff网", None),
    ("combining marks", "Cafe\u0301 in 福州", "Café in 福州"),
    ("lines of Windows", "第一行\r\n第二行\r\n\r\n第四行", "第一行\n第二行\n\n第四行"),
    ("tabs and spaces inside", "金额\t128.50   元", None),
    ("markup", "<script>alert(1)</script><b>退款</b> & \"引号\" '单引号'", None),
    (
        "signs of templates and of the database",
        "{{ settings.SECRET_KEY }} {% csrf_token %} %(a)s %s '; drop table x; --",
        None,
    ),
    ("backslashes", r"C:\账单\n不是换行 \u0000", None),
    ("what cannot be seen", "前\x1b[31m后\x07", "前[31m后"),
    ("1,200 letters", "字" * 1200, None),
    ("1,200 letters outside the first plane", "𠀋" * 1200, None),
    ("uyghur and tibetan", "ئۇيغۇر تىلى བོད་ཡིག", None),
]


def filled(client: Client, town: Town) -> dict[str, Any]:
    """What a finished draft holds, its phone proven."""
    draft = begin(client, town)
    fill(client, draft)
    draft.refresh_from_db()
    client.force_login(User.objects.create_user(phone="+8619900000001"))
    return dict(draft.data) | {"proven": {"address": ["+8619900000001"]}}


def file_with(client: Client, data: dict[str, Any], text: str) -> tuple[Complaint, str]:
    """The text through step 3 and the check page; (case, what the check page showed)."""
    now, owner = timezone.now(), User.objects.with_phone("+8619900000001").get()
    draft, key = drafts.begin(now=now)
    draft.data, draft.owner = data, owner
    draft.save()
    client.cookies[COOKIE] = key
    response = send(client, url(draft, "problem"), answers.PROBLEM | {"statement": text})
    assert response.status_code == 302, response.content.decode()
    page = client.get(url(draft, "check")).content.decode()
    response = send(client, url(draft, "check"), TRUTH)
    assert response.status_code == 302, response.content.decode()
    return Complaint.objects.get(number=FilingDraft.objects.get(pk=draft.pk).filed_as[0]), page


def kept(case: Complaint) -> str:
    return PersonalText.objects.get(complaint=case, kind="consumer_statement").text


def test_odd_texts_are_kept_as_they_were_typed(client: Client, town: Town) -> None:
    data = filled(client, town)
    for name, typed, expected in TABLE:
        case, page = file_with(client, data, typed)
        wanted = typed if expected is None else expected
        assert kept(case) == wanted, name
        assert escape(wanted).replace("\n", "<br>") in page.replace("Cafe\u0301", "Café"), name
        shown = client.get(f"/cases/{case.number}/").content.decode()
        assert escape(wanted).replace("\n", "<br>") in shown, name


#: Public texts of complaints, beside the project and no part of it.
DATA = ROOT.parent / "shared" / "data" / "cn_12315" / "golden_100_labelled.json"


@pytest.mark.full
# So many requests are longer than one transaction may be.
@pytest.mark.django_db(transaction=True)
def test_a_hundred_real_texts_are_filed_unharmed(client: Client, town: Town) -> None:
    if not DATA.exists():
        pytest.skip("the folder shared/data with the public texts is not there")
    data = filled(client, town)
    texts = [row["problem_text"] for row in json.loads(DATA.read_text())]
    assert len(texts) == 100
    for text in texts:
        case, _page = file_with(client, data, text)
        assert kept(case) == text.strip()
    assert Complaint.objects.count() == 100

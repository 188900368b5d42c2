"""How the lines of the second screen name whom they ask about: carriers and other bodies."""

import json

import pytest
from django.test import Client

from complaints.filing import story
from complaints.procedure.duties import duties
from tests import missing_in
from tests.complaints.filing.test_drafts import screen, send, url
from tests.complaints.filing.test_story import full, heard, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]


def test_who_reads_english_is_asked_about_a_carrier_by_its_english_name(client: Client) -> None:
    client.cookies["django_language"] = "en"
    page = heard(client, tell(client, "移动每个月乱扣我20元，要求退还"))
    assert "A complaint about China Mobile?" in page
    page = heard(client, tell(client, "联通和电信都多扣了我的钱"))
    assert not missing_in(page, "China Unicom", "China Telecom")


def test_a_matter_that_several_bodies_may_take_is_asked_with_their_names_and_leads_to_the_chosen_one(
    client: Client,
) -> None:
    told = "护工把我妈摔下床，骨头断了，医院的科室说护工是外面公司的，不归他们管，我们找谁"
    draft = tell(client, told)
    draft.data[story.HEARD]["line"] = [json.dumps(["elsewhere", "medical|labour", "护工把我妈摔下床", False])]
    draft.save(update_fields=["data"])
    assert not missing_in(heard(client, draft), "像是哪个部门管的事？", "卫生健康部门", "劳动监察、劳动仲裁")
    given = full(client, draft)
    assert send(client, url(draft, "heard"), given | {"line_0": "finance"}).status_code == 422
    answer = send(client, url(draft, "heard"), given | {"line_0": "labour"})
    assert answer.headers["Location"] == url(draft, "guide")
    page = screen(client, draft, "guide")
    assert str(duties()["labour"].reason) in page
    assert str(duties()["medical"].reason) not in page

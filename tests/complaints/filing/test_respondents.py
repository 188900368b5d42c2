"""One matter, several respondents: linked cases that only the consumer sees together."""

from typing import Any

from django.test import Client

from complaints.filing import respondents
from complaints.models import Complaint, FilingDraft
from complaints.pages.consumer.people import siblings_of
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, fill, send, url
from tests.complaints.filing.test_submit import file, prove, ready


def more(client: Client, draft: FilingDraft, **said: Any) -> Any:
    return send(client, url(draft, "respondents"), {"add": "1"} | said)


def test_three_respondents_become_three_linked_cases(client: Client, town: Town) -> None:
    draft = ready(client, town)
    assert f'value="{town.cobbler.pk}--"' in client.get(url(draft, "respondents"), {"q": "鞋匠"}).content.decode()
    assert more(client, draft, respondent=f"{town.cobbler.pk}--").status_code == 302
    assert more(client, draft, named="街角复印店").status_code == 302
    assert "已经有3家" in client.get(url(draft, "respondents")).content.decode()
    # Whom the consents name has changed: they are asked again.
    assert "还有1步没有填好" in client.get(url(draft, "check")).content.decode()
    send(client, url(draft, "consents"), answers.CONSENTS)
    prove(client, draft)
    page = client.get(url(draft, "check")).content.decode()
    assert "测试鞋匠铺" in page
    assert "街角复印店" in page
    response = file(client, draft)
    cases = list(Complaint.objects.order_by("pk"))
    assert len(cases) == 3
    assert len({case.linked_group for case in cases}) == 1
    assert [case.picked_enterprise for case in cases] == [town.carrier, town.cobbler, None]
    assert cases[2].respondent_named == "街角复印店"
    receipt = client.get(response.headers["Location"]).content.decode()
    assert all(case.number in receipt for case in cases)
    assert "测试移动福州分公司" in receipt
    own = client.get(f"/cases/{cases[0].number}/").content.decode()
    assert "关联案件" in own
    assert all(case.number in own for case in cases[1:])
    person = cases[0].consumer
    assert person is not None
    assert [row["number"] for row in siblings_of(cases[1], person)] == [cases[0].number, cases[2].number]


def test_one_respondent_is_no_group_and_hears_nothing_of_it(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    file(client, draft)
    case = Complaint.objects.get()
    assert case.linked_group is None
    assert "关联案件" not in client.get(f"/cases/{case.number}/").content.decode()


# what is sent, words in the refusal
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "请搜索并选择企业，或写下它的名称"),
    ({"named": "  　 "}, "请搜索并选择企业，或写下它的名称"),
    ({"named": "长" * 121}, "最多120字"),
    ({"respondent": "named"}, "请从列表中选择企业"),
    ({"respondent": "99999999--"}, "请从列表中选择企业"),
    ({"respondent": "9" * 70}, "请从列表中选择企业"),
    ({"respondent": "1--2--3"}, "请从列表中选择企业"),
    ({"named": "甲店"}, "它已经在名单里了"),
]


def test_the_owner_adds_up_to_three_and_what_is_wrong_is_said_at_the_field(client: Client, town: Town) -> None:
    draft = begin(client, town)
    stranger = Client()
    assert stranger.get(url(draft, "respondents")).headers["Location"] == "/file/?lost=1"
    more(stranger, draft, named="甲店")
    draft.refresh_from_db()
    assert respondents.read(draft) == []
    more(client, draft, named="甲店")
    for said, words in BAD:
        response = more(client, draft, **said)
        assert response.status_code == 422
        assert words in response.content.decode()
        draft.refresh_from_db()
        assert respondents.names(draft) == ["甲店"]
    assert "它已经在名单里了" in more(client, draft, respondent=f"{town.carrier.pk}--").content.decode()
    more(client, draft, named="乙店")
    assert more(client, draft, named="丙店").status_code == 422
    fill(client, draft, until="problem")
    draft.refresh_from_db()
    assert len(respondents.read(draft)) == 2
    send(client, url(draft, "respondents"), {"remove": "0"})
    draft.refresh_from_db()
    assert respondents.names(draft) == ["乙店"]

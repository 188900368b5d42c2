"""One matter, several respondents: linked cases that only the consumer sees together."""

from typing import Any

from django.test import Client

from complaints.filing import respondents
from complaints.models import Complaint, FilingDraft
from complaints.pages.consumer.people import siblings_of
from tests import missing_in
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, fill, screen, send, url
from tests.complaints.filing.test_submit import file, prove, ready


def more(client: Client, draft: FilingDraft, **said: Any) -> Any:
    return send(client, url(draft, "respondents"), {"add": "1"} | said)


def test_three_respondents_become_three_linked_cases(client: Client, town: Town) -> None:
    draft = ready(client, town)
    assert f'value="{town.cobbler.pk}--"' in client.get(url(draft, "respondents"), {"q": "鞋匠"}).content.decode()
    assert more(client, draft, respondent=f"{town.cobbler.pk}--").status_code == 302
    assert more(client, draft, named="街角复印店").status_code == 302
    assert "已经有3家" in screen(client, draft, "respondents")
    # Whom the consents name has changed: the page names all of them.
    assert "测试鞋匠铺" in screen(client, draft)
    prove(client, draft)
    assert not missing_in(screen(client, draft), "测试鞋匠铺", "街角复印店")
    receipt = client.get(file(client, draft).headers["Location"]).content.decode()
    cases = list(Complaint.objects.order_by("pk"))
    first, second, third = (case.number for case in cases)
    assert len({case.linked_group for case in cases}) == 1
    assert [case.picked_enterprise for case in cases] == [town.carrier, town.cobbler, None]
    assert cases[2].respondent_named == "街角复印店"
    assert not missing_in(receipt, first, second, third, "测试移动福州分公司")
    assert not missing_in(client.get(f"/cases/{first}/").content.decode(), "关联案件", second, third)
    assert [row["number"] for row in siblings_of(cases[1], cases[0].consumer)] == [first, third]


def test_the_owner_adds_up_to_three_and_what_is_wrong_is_said_at_the_field(client: Client, town: Town) -> None:
    draft, stranger = begin(client, town), Client()

    def added() -> list[str]:
        draft.refresh_from_db()
        return respondents.names(draft)

    assert stranger.get(url(draft, "respondents")).headers["Location"] == "/file/?lost=1"
    more(stranger, draft, named="甲店")
    assert added() == []
    more(client, draft, named="甲店")
    for said, words in (
        ({}, "请搜索并选择企业，或写下它的名称"),
        ({"named": "  　 "}, "请搜索并选择企业，或写下它的名称"),
        ({"named": "长" * 121}, "最多120字"),
        *(({"respondent": typed}, "请从列表中选择企业") for typed in ("named", "99999999--", "9" * 70, "1--2--3")),
        ({"named": "甲店"}, "它已经在名单里了"),
        ({"respondent": f"{town.carrier.pk}--"}, "它已经在名单里了"),
    ):
        response = more(client, draft, **said)
        assert (response.status_code, words in response.content.decode()) == (422, True), said
        assert added() == ["甲店"]
    more(client, draft, named="乙店")
    assert more(client, draft, named="丙店").status_code == 422
    fill(client, draft, until="you")
    assert len(added()) == 2
    send(client, url(draft, "respondents"), {"remove": "0"})
    assert added() == ["乙店"]

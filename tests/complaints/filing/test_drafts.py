"""The draft in the browser: saved step by step, found again, held by nobody else."""

import re
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from authorities.loading import china_interval
from authorities.management.commands.write_regions import english_name
from authorities.models import Region
from complaints.filing import composing, drafts
from complaints.filing.held import COOKIE
from complaints.models import Evidence, FilingDraft
from complaints.procedure.filing_request import FilingRequest
from tests.complaints.evidence import files
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town

PNG = files.png()
KEY = {"idempotency_key": "0123456789abcdef"}


def send(
    client: Client, address: str, values: dict[str, Any], *, headers: dict[str, str] | None = None, **more: Any
) -> Any:
    return client.post(
        address, KEY | {name: value for name, value in values.items() if value is not None} | more, headers=headers
    )


def begin(client: Client, town: Town, **changed: Any) -> FilingDraft:
    given = {"service_region": town.gulou, "respondent": town.pick, "query": "测试移动"} | changed
    response = send(client, "/file/", given)
    assert response.status_code == 302, response.content.decode()
    return FilingDraft.objects.order_by("-created_at")[0]


def url(draft: FilingDraft, step: str) -> str:
    return f"/file/{draft.pk}/{step}/"


def fill(client: Client, draft: FilingDraft, *, until: str = "check", **changed: dict[str, Any]) -> None:
    for step in ("purchase", "problem", "demands", "evidence", "you", "consents"):
        if step == until:
            return
        given = answers.OF_STEP.get(step, {}) | changed.get(step, {})
        response = send(client, url(draft, step), given)
        assert response.status_code == 302, (step, response.content.decode())


def test_opening_the_form_writes_nothing_and_the_search_page_hands_over_its_choice(client: Client, town: Town) -> None:
    response = client.get("/file/")
    assert response.status_code == 200
    assert "第1步，共8步" in response.content.decode()
    assert not FilingDraft.objects.exists()
    assert COOKIE not in response.cookies
    page = client.get(f"/file/?query=移动&service_region={town.gulou}&pick={town.pick}").content.decode()
    assert f'value="{town.pick}" checked' in page
    assert f'<option value="{town.gulou}" selected>' in page
    page = client.get("/file/?query=街角小店&pick=named").content.decode()
    assert 'value="named" checked' in page
    assert 'name="named" value="街角小店"' in page
    for odd in ("pick=x", "service_region=abc", "service_region=99999999999"):
        assert client.get(f"/file/?{odd}").status_code == 200
    assert not FilingDraft.objects.exists()


def test_the_key_is_a_digest_and_eight_screens_lead_to_the_check_page_and_back(client: Client, town: Town) -> None:
    draft = begin(client, town)
    cookie = client.cookies[COOKIE]
    assert cookie.value not in (draft.key_digest, str(draft.pk))
    assert drafts.digest_of(cookie.value) == draft.key_digest
    assert cookie["httponly"]
    assert (cookie["samesite"], int(cookie["max-age"])) == ("Lax", 7 * 86400)
    token = drafts.tracking_token(draft, "key")
    assert token == drafts.tracking_token(draft, "key") != drafts.tracking_token(draft, "other")
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]", token)
    assert drafts.tracking_digest(token.lower().replace("0", "o").replace("-", " ")) == drafts.tracking_digest(token)
    fill(client, draft)
    page = client.get(url(draft, "check")).content.decode()
    for text in ("测试移动福州分公司", "千兆宽带", "¥128.50", "不明扣费", "陈雨桐", "199****0001", "9月1日（大约）"):
        assert text in page
    assert "还有" not in page
    assert "提交投诉" in page
    page = client.get(url(draft, "check")).content.decode()
    assert f"{url(draft, 'purchase')}?back=check" in page
    response = send(client, f"{url(draft, 'purchase')}?back=check", answers.PURCHASE | {"amount": "99"})
    assert response.headers["Location"] == url(draft, "check")
    assert "¥99.00" in client.get(url(draft, "check")).content.decode()


def test_search_offers_the_answering_branch_and_keeps_what_was_typed(client: Client, town: Town) -> None:
    response = send(client, "/file/", {"service_region": town.gulou, "query": "移动", "search": "1"})
    draft = FilingDraft.objects.get()
    assert response.headers["Location"] == f"{url(draft, 'enterprise')}#found"
    page = client.get(url(draft, "enterprise")).content.decode()
    assert "测试移动福州分公司" in page
    assert f'value="{town.pick}"' in page
    assert 'value="移动"' in page
    response = send(client, "/file/", {"service_region": town.gulou, "query": "鞋匠", "next": "1"})
    assert response.status_code == 302
    assert response.headers["Location"].endswith("#found")


def test_a_first_screen_with_errors_keeps_its_draft_and_refuses_what_the_directory_does_not_know(
    client: Client, town: Town
) -> None:
    page = send(client, "/file/", {"service_region": "", "respondent": ""}).content.decode()
    draft = FilingDraft.objects.get()
    assert f'action="{url(draft, "enterprise")}"' in page
    for pick in ("999999--", "{cobbler}-{branch}-", "{carrier}--999999", "１２--"):
        given = pick.format(cobbler=town.cobbler.pk, branch=town.branch.pk, carrier=town.carrier.pk)
        response = send(client, "/file/", {"service_region": town.gulou, "respondent": given})
        assert response.status_code == 422
        assert "请从列表中选择企业" in response.content.decode()
    for region in ("100000000", "777", "350102998"):
        response = send(client, "/file/", {"service_region": region, "respondent": "authority"})
        assert response.status_code == 422
        assert "请从列表中选择地区" in response.content.decode()


def test_what_is_missing_or_wrong_is_named_and_kept_until_later(client: Client, town: Town) -> None:
    draft = begin(client, town)
    page = client.get(url(draft, "check")).content.decode()
    assert "还有5步没有填好" in page
    assert f"{url(draft, 'demands')}?back=check&amp;check=1" in page
    assert "提交投诉" not in page
    assert "请至少选一项诉求" in client.get(f"{url(draft, 'demands')}?back=check&check=1").content.decode()
    response = send(client, url(draft, "purchase"), answers.PURCHASE | {"amount": "一百多", "item_name": ""})
    page = response.content.decode()
    assert response.status_code == 422
    for text in ("有误：", 'href="#id_amount"', "金额请填数字，例如 128.50", 'value="一百多"'):
        assert text in page
    again = client.get(url(draft, "purchase")).content.decode()
    assert 'value="一百多"' in again
    assert "有误" not in again
    response = send(client, url(draft, "purchase"), {"item_name": "年", "amount": "不知道", "later": "1"})
    assert response.headers["Location"] == "/file/?saved=1"
    page = client.get("/file/?saved=1").content.decode()
    assert "已经保存" in page
    assert url(draft, "purchase") in page
    assert "第2步，共8步" in page
    assert "没填完的那一份就不再保留" in client.get("/file/?new=1").content.decode()
    assert "不知道" in client.get(url(draft, "purchase")).content.decode()


def test_a_stranger_sees_no_draft(client: Client, town: Town) -> None:
    draft = begin(client, town)
    stranger = Client()
    begin(stranger, town)
    for other in (stranger, Client()):
        for step in ("enterprise", "purchase", "you", "check", "region"):
            assert other.get(url(draft, step)).headers["Location"] == "/file/?lost=1"
        assert other.get(f"/file/{draft.pk}/evidence/1/").status_code == 404


def test_what_is_sent_to_a_lost_draft_begins_a_new_one(client: Client, town: Town) -> None:
    draft = begin(client, town)
    FilingDraft.objects.filter(pk=draft.pk).delete()
    response = send(client, url(draft, "problem"), answers.PROBLEM)
    new = FilingDraft.objects.get()
    assert response.headers["Location"] == url(new, "enterprise")
    assert answers.STATEMENT in client.get(url(new, "problem")).content.decode()


def test_expired_drafts_go_with_their_files(client: Client, town: Town) -> None:
    send(client, url(begin(client, town), "evidence"), {"upload": "1"}, files=SimpleUploadedFile("a.png", PNG))
    place = drafts.storing.storage().path(Evidence.objects.get().path)
    now = timezone.now()
    assert drafts.throw_away_expired(now=now) == 0
    assert drafts.throw_away_expired(now=now + timedelta(days=7, minutes=1)) == 1
    assert not FilingDraft.objects.exists()
    assert not Evidence.objects.exists()
    assert not drafts.storing.storage().exists(place)


def test_region_is_found_by_province_and_by_the_name_that_people_know(client: Client, town: Town) -> None:
    draft = begin(client, town)
    page = client.get(url(draft, "region") + "?q=鼓楼").content.decode()
    assert f'value="{town.gulou}"' in page
    page = client.get(url(draft, "region") + "?province=350000000").content.decode()
    assert f'value="{town.gulou}"' in page
    assert f'value="{town.fuzhou}"' in page
    response = send(client, url(draft, "region"), {"region": str(town.fuzhou)})
    assert response.headers["Location"] == url(draft, "enterprise")
    assert f'<option value="{town.fuzhou}" selected>' in client.get(url(draft, "enterprise")).content.decode()
    assert send(client, url(draft, "region"), {"region": "abc"}).status_code == 422
    for code, name, level, above in (
        ("330000", "浙江省", "province", ""),
        ("330100", "杭州市", "city", "330000"),
        ("330110", "余杭区", "county", "330100"),
        ("310000", "上海市", "province", ""),
        ("310115", "浦东新区", "county", "310000"),
    ):
        first, last = china_interval(code)
        # All of China may be there already.
        parent = Region.objects.get(code=above) if above else Region.objects.get(level="country")
        names = {"name": name, "name_en": english_name(name, "city" if level == "province" else level)}
        place = {"last": last, "code": code, "level": level, "country": "CN", "parent": parent}
        Region.objects.get_or_create(id=first, defaults=names | place)
    for typed, named in (
        ("Hangzhou", "Hangzhou"),
        ("hangzhou", "Hangzhou"),
        ("上海", "Pudong New Area"),
        ("Shanghai", "Pudong New Area"),
        ("余杭", "Yuhang District"),
    ):
        page = client.get(f"{url(draft, 'region')}?q={typed}", headers={"accept-language": "en"}).content.decode()
        result = page.partition('class="choices"')[2].partition("</form>")[0]
        assert named in result
        assert not re.search("[\u4e00-\u9fff]", result)


def newest_code() -> str:
    result = re.search(r"\d{6}", OutgoingMessage.objects.order_by("-id")[0].body)
    assert result
    return result[0]


def test_a_code_goes_to_a_phone_only_and_who_gets_none_files_unverified_or_proves(client: Client, town: Town) -> None:
    draft = begin(client, town)
    response = send(client, url(draft, "you"), {"phone": "12", "send_code": "1"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "电话请填手机号" in page
    assert "请填您的姓名" not in page
    assert not OutgoingMessage.objects.exists()
    response = send(client, url(draft, "you"), answers.YOU | {"is_unverified": None})
    assert response.status_code == 422
    assert "收不到就勾选" in response.content.decode()
    assert send(client, url(draft, "you"), answers.YOU).status_code == 302
    given = answers.YOU | {"is_unverified": None}
    response = send(client, url(draft, "you"), given, send_code="1")
    assert response.headers["Location"] == f"{url(draft, 'you')}?sent=phone#id_code"
    page = client.get(f"{url(draft, 'you')}?sent=phone").content.decode()
    assert "已发到199****0001" in page
    assert "陈雨桐" in page
    wrong = send(client, url(draft, "you"), given, code="000000" if newest_code() != "000000" else "111111")
    assert "验证码不对或已过期，请重新获取；已填内容还在" in wrong.content.decode()
    response = send(client, url(draft, "you"), given, code=newest_code())
    assert response.headers["Location"] == url(draft, "consents")
    draft.refresh_from_db()
    user = User.objects.with_phone("+8619900000001").get()
    assert draft.owner == user
    assert drafts.is_proven(draft, "+8619900000001")
    assert not drafts.is_proven(draft, "+8619900000002")
    assert "code" not in draft.data["you"]
    # Signed in elsewhere, the same person goes on with the draft; nobody else does.
    elsewhere = Client()
    elsewhere.force_login(user)
    assert elsewhere.get(url(draft, "purchase")).status_code == 200
    assert url(draft, "you") in elsewhere.get("/file/").content.decode()
    other = Client()
    other.force_login(User.objects.create_user(phone="+8619900000009"))
    assert other.get(url(draft, "purchase")).headers["Location"] == "/file/?lost=1"


def test_the_draft_composes_into_one_request(client: Client, town: Town) -> None:
    draft = begin(client, town)
    send(client, url(draft, "evidence"), {"upload": "1", "kind": "screenshot"}, files=SimpleUploadedFile("a.png", PNG))
    fill(client, draft)
    draft.refresh_from_db()
    now = timezone.now()
    filing = composing.to_request(draft, now=now, tracking_digest="d")
    assert isinstance(filing, FilingRequest), filing.by_field()
    assert filing.respondents[0].enterprise_id == town.carrier.pk
    assert (filing.respondents[0].branch_id, filing.service_region_id) == (town.branch.pk, town.gulou)
    assert [(row.kind, str(row.amount)) for row in filing.demands] == [("refund", "128.50"), ("cancel_service", "None")]
    assert filing.evidence_ids == (Evidence.objects.get().pk,)
    assert not filing.contact_verified
    assert filing.consumer_id is None
    yes = dict.fromkeys(("share_with_enterprise", "pass_to_regulator", "delegated_mediation"), True)
    assert filing.consents == yes | {"publish_masked": False}
    plain = filing.as_json()
    assert (plain["amount"], plain["received_at"]) == ("128.50", now.isoformat())


def test_left_to_the_authority_asks_another_consent(client: Client, town: Town) -> None:
    draft = begin(client, town, respondent="authority")
    page = client.get(url(draft, "consents")).content.decode()
    assert 'name="pause_for_settlement"' in page
    assert 'name="share_with_enterprise"' not in page
    draft = begin(Client(), town)
    assert drafts.enrolled_name(draft) == town.carrier.name

"""The draft in the browser: saved step by step, found again, held by nobody else."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from authorities.loading import china_interval
from authorities.management.commands.write_regions import english_name
from authorities.models import Region
from complaints.filing import composing, drafts
from complaints.filing.held import COOKIE
from complaints.filing.steps import STEP_CODES, screen_of
from complaints.models import Evidence, FilingDraft
from complaints.procedure.filing_request import FilingRequest
from tests import missing_in
from tests.accounts.authenticator import another, newest_code
from tests.complaints.evidence import files
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town

PNG = files.png()
PHONE, OTHER_PHONE = "+8619900000001", "+8619900000009"
KEY = {"idempotency_key": "0123456789abcdef"}


def send(
    client: Client, address: str, values: dict[str, Any], *, headers: dict[str, str] | None = None, **more: Any
) -> Any:
    return client.post(
        address, KEY | {name: value for name, value in values.items() if value is not None} | more, headers=headers
    )


def begin(client: Client, town: Town, *, told: str = answers.STATEMENT, **changed: Any) -> FilingDraft:
    """A story told against whom a link hands over."""
    given = {"service_region": town.gulou, "pick": town.pick, "query": "测试移动"} | changed
    response = send(client, f"/file/?{urlencode(given)}", {"story": told})
    assert response.status_code == 302, response.content.decode()
    return FilingDraft.objects.order_by("-created_at")[0]


def url(draft: FilingDraft, code: str) -> str:
    """Of a screen, or of the screen on which a part is asked for."""
    return f"/file/{draft.pk}/{screen_of(code) if code in (*STEP_CODES, 'evidence') else code}/"


def screen(client: Client, draft: FilingDraft, step: str = "check") -> str:
    """A screen of filing as it is shown."""
    return client.get(url(draft, step)).content.decode()


def heard_with(**changed: dict[str, Any]) -> dict[str, Any]:
    """Good answers to the second screen, but for whom it is against."""
    parts = [answers.OF_STEP[part] | changed.get(part, {}) for part in ("purchase", "problem", "demands")]
    return {name: value for part in parts for name, value in part.items()} | {"problem": "none", "asked": "1"}


def fill(client: Client, draft: FilingDraft, *, until: str = "check", **changed: dict[str, Any]) -> None:
    for screen, given in (("heard", heard_with(**changed)), ("you", answers.YOU | changed.get("you", {}))):
        if screen == until:
            return
        response = send(client, url(draft, screen), given)
        assert response.status_code == 302, (screen, response.content.decode())


def test_opening_the_form_writes_nothing_and_what_is_searched_offers_the_answering_branch(
    client: Client, town: Town
) -> None:
    response = client.get("/file/?form=1")
    assert (response.status_code, "第1步，共4步" in response.content.decode()) == (200, True)
    assert COOKIE not in response.cookies
    handed = f"/file/?query=移动&service_region={town.gulou}&pick={town.pick}"
    assert "投诉测试移动福州分公司" in client.get(handed).content.decode()
    assert "投诉街角小店" in client.get("/file/?query=街角小店&pick=named").content.decode()
    for odd in ("pick=x", "pick=99999999-1-", "service_region=abc", "service_region=99999999999"):
        assert client.get(f"/file/?{odd}").status_code == 200
    assert not FilingDraft.objects.exists()
    send(client, handed, {"story": "我的钱"})
    page = screen(client, FilingDraft.objects.get(), "heard")
    assert not missing_in(page, f'value="{town.pick}" checked', f'<option value="{town.gulou}" selected>')
    send(client, "/file/?query=街角小店&pick=named", {"story": "我的钱"})
    draft = FilingDraft.objects.latest("created_at")
    assert (draft.data["enterprise"]["respondent"], drafts.first(draft, "enterprise", "named")) == (
        ["named"],
        "街角小店",
    )
    send(client, "/file/", {"story": "我的钱"})
    draft = FilingDraft.objects.latest("created_at")
    response = send(client, url(draft, "heard"), {"service_region": town.gulou, "query": "移动", "search": "1"})
    assert response.headers["Location"] == f"{url(draft, 'enterprise')}#found"
    result = screen(client, draft, "enterprise")
    assert not missing_in(result, "测试移动福州分公司", f'value="{town.pick}"', 'value="移动"')
    # Enter in the field searches too.
    response = send(client, url(draft, "heard"), {"service_region": town.gulou, "query": "鞋匠", "next": "1"})
    assert response.headers["Location"].endswith("#found")
    response = send(client, url(draft, "heard"), {"service_region": town.gulou, "query": "鞋匠", "next": "1"})
    assert (response.status_code, "请搜索并选择企业" in response.content.decode()) == (422, True)
    # One box for the name: nothing fits, so it is written down.
    send(client, url(draft, "heard"), {"query": "街角小店", "respondent": "named"})
    assert FilingDraft.objects.get(pk=draft.pk).data["enterprise"]["named"] == ["街角小店"]


def test_the_key_is_a_digest_and_four_screens_lead_to_the_check_page_and_back(client: Client, town: Town) -> None:
    draft = begin(client, town)
    cookie = client.cookies[COOKIE]
    assert cookie.value not in (draft.key_digest, str(draft.pk))
    assert drafts.digest_of(cookie.value) == draft.key_digest
    assert (cookie["httponly"], cookie["samesite"], int(cookie["max-age"])) == (True, "Lax", 7 * 86400)
    token = drafts.tracking_token(draft, "key")
    assert token == drafts.tracking_token(draft, "key") != drafts.tracking_token(draft, "other")
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]", token)
    assert drafts.tracking_digest(token.lower().replace("0", "o").replace("-", " ")) == drafts.tracking_digest(token)
    fill(client, draft)
    check = screen(client, draft)
    assert not missing_in(check, "测试移动福州分公司", "¥128.50", "不明扣费", "陈雨桐", "199****0001")
    assert not missing_in(check, "9月1日（大约）", "提交投诉", f"{url(draft, 'heard')}?back=check")
    assert "还有没" not in check
    changed = heard_with(demands={"amount_refund": "99"})
    response = send(client, f"{url(draft, 'heard')}?back=check", changed)
    assert response.headers["Location"] == url(draft, "check")
    assert "¥99.00" in screen(client, draft)


def test_what_the_directory_does_not_know_is_refused(client: Client, town: Town) -> None:
    send(client, "/file/", {"story": "我的钱"})
    draft = FilingDraft.objects.get()
    for pick in ("999999--", "{cobbler}-{branch}-", "{carrier}--999999", "１２--"):
        given = pick.format(cobbler=town.cobbler.pk, branch=town.branch.pk, carrier=town.carrier.pk)
        response = send(client, url(draft, "heard"), {"service_region": town.gulou, "respondent": given})
        assert (response.status_code, "请从列表中选择企业" in response.content.decode()) == (422, True)
    for region in ("100000000", "777", "350102998"):
        response = send(client, url(draft, "heard"), {"service_region": region, "respondent": "authority"})
        assert (response.status_code, "请从列表中选择地区" in response.content.decode()) == (422, True)


def test_what_is_missing_or_wrong_is_named_and_kept_until_later(client: Client, town: Town) -> None:
    draft = begin(client, town)
    check = screen(client, draft)
    assert not missing_in(check, "还有没填好的", f"{url(draft, 'heard')}?back=check&amp;check=1")
    assert "提交投诉" not in check
    assert "请至少选一项要求" in client.get(f"{url(draft, 'heard')}?back=check&check=1").content.decode()
    wrong = heard_with(demands={"amount_refund": "一百多"}, problem={"disputed_on": ""})
    response = send(client, url(draft, "heard"), wrong)
    text, again = response.content.decode(), screen(client, draft, "heard")
    assert response.status_code == 422
    assert not missing_in(text, 'href="#id_amount_refund"', "金额请填数字，例如 128.50", 'value="一百多"')
    assert not missing_in(text, 'href="#id_disputed_on"', "请填发生的日期")
    assert ('value="一百多"' in again, "需要修改" in again) == (True, False)
    response = send(client, url(draft, "heard"), {"query": "年", "note": "不知道", "later": "1"})
    assert response.headers["Location"] == "/file/?saved=1"
    saved = client.get("/file/?saved=1").content.decode()
    assert not missing_in(saved, "已经保存", url(draft, "heard"), "第2步，共4步")
    assert "没填完的那一份就不再保留" in client.get("/file/?new=1").content.decode()
    assert "不知道" in screen(client, draft, "heard")


def test_a_stranger_sees_no_draft_and_what_is_sent_to_a_lost_one_begins_a_new_one(client: Client, town: Town) -> None:
    draft = begin(client, town)
    stranger = Client()
    begin(stranger, town)
    for other in (stranger, Client()):
        for step in ("story", "heard", "guide", "you", "check", "region"):
            assert other.get(url(draft, step)).headers["Location"] == "/file/?lost=1"
        assert other.get(f"/file/{draft.pk}/evidence/1/").status_code == 404
    along = re.search(r'name="along" value="([^"]+)"', screen(client, draft, "heard"))
    assert along
    FilingDraft.objects.all().delete()
    for forged in ("", "abc", along[1][:-3] + "xyz"):
        response = send(client, url(draft, "heard"), heard_with() | {"along": forged})
        assert response.headers["Location"] == "/file/?lost=1"
    assert not FilingDraft.objects.exists()
    # What was told, whom it is against and what was just typed: all is there again.
    response = send(client, url(draft, "heard"), heard_with() | {"along": along[1]})
    new = FilingDraft.objects.get()
    assert response.headers["Location"] == url(new, "you")
    assert new.data["enterprise"]["respondent"] == [town.pick]
    page = screen(client, new, "heard")
    assert not missing_in(page, answers.STATEMENT, "059100000000", "您填的都保存在新的草稿里了")
    page = screen(client, new, "you")
    FilingDraft.objects.all().delete()
    along = re.search(r'name="along" value="([^"]+)"', page)
    assert along
    assert send(client, url(new, "you"), answers.YOU | {"along": along[1]}).status_code == 302
    assert "陈雨桐" in screen(client, FilingDraft.objects.get())


def test_region_is_found_by_province_and_by_the_name_that_people_know(client: Client, town: Town) -> None:
    draft = begin(client, town)
    assert f'value="{town.gulou}"' in client.get(url(draft, "region") + "?q=鼓楼").content.decode()
    province = client.get(url(draft, "region") + "?province=350000000").content.decode()
    assert not missing_in(province, f'value="{town.gulou}"', f'value="{town.fuzhou}"')
    response = send(client, url(draft, "region"), {"region": str(town.fuzhou)})
    assert response.headers["Location"] == url(draft, "enterprise")
    assert f'<option value="{town.fuzhou}" selected>' in screen(client, draft, "enterprise")
    assert send(client, url(draft, "region"), {"region": "abc"}).status_code == 422
    for code, name, level, above in (
        *(("330000", "浙江省", "province", ""), ("330100", "杭州市", "city", "330000")),
        *(("330110", "余杭区", "county", "330100"), ("310000", "上海市", "province", "")),
        ("310115", "浦东新区", "county", "310000"),
    ):
        first, last = china_interval(code)
        # All of China may be there already.
        parent = Region.objects.get(code=above) if above else Region.objects.get(level="country")
        names = {"name": name, "name_en": english_name(name, "city" if level == "province" else level)}
        place = {"last": last, "code": code, "level": level, "country": "CN", "parent": parent}
        Region.objects.get_or_create(id=first, defaults=names | place)
    for typed, named in (
        *(("Hangzhou", "Hangzhou"), ("hangzhou", "Hangzhou"), ("余杭", "Yuhang District")),
        *(("上海", "Pudong New Area"), ("Shanghai", "Pudong New Area")),
    ):
        english = client.get(f"{url(draft, 'region')}?q={typed}", headers={"accept-language": "en"}).content.decode()
        result = english.partition('class="choices"')[2].partition("</form>")[0]
        assert named in result
        assert not re.search("[\u4e00-\u9fff]", result)


def test_a_code_goes_to_a_phone_only_and_who_gets_none_files_unverified_or_proves(client: Client, town: Town) -> None:
    draft, proving = begin(client, town), answers.YOU | {"is_unverified": None}
    you = url(draft, "you")
    response = send(client, you, {"phone": "12", "send_code": "1"})
    text = response.content.decode()
    assert (response.status_code, "电话请填手机号" in text, "请填您的姓名" in text) == (422, True, False)
    assert not OutgoingMessage.objects.exists()
    response = send(client, you, proving)
    assert (response.status_code, "收不到就勾选" in response.content.decode()) == (422, True)
    assert send(client, you, answers.YOU).status_code == 302
    assert send(client, you, proving, send_code="1").headers["Location"] == f"{you}?sent=phone#id_code"
    assert not missing_in(client.get(f"{you}?sent=phone").content.decode(), "已发到199****0001", "陈雨桐")
    wrong = send(client, you, proving, code=another(newest_code()))
    assert "验证码不对或已过期，请重新获取；已填内容还在" in wrong.content.decode()
    assert send(client, you, proving, code=newest_code()).headers["Location"] == url(draft, "check")
    draft.refresh_from_db()
    user = User.objects.with_phone(PHONE).get()
    assert (draft.owner, "code" in draft.data["you"]) == (user, False)
    assert (drafts.is_proven(draft, PHONE), drafts.is_proven(draft, "+8619900000002")) == (True, False)
    # Signed in elsewhere, the same person goes on with the draft; nobody else does.
    elsewhere, other = Client(), Client()
    elsewhere.force_login(user)
    assert elsewhere.get(url(draft, "heard")).status_code == 200
    assert you in elsewhere.get("/file/").content.decode()
    other.force_login(User.objects.create_user(phone=OTHER_PHONE))
    assert other.get(url(draft, "purchase")).headers["Location"] == "/file/?lost=1"


def test_the_draft_composes_into_one_request_and_goes_with_its_files_at_its_end(client: Client, town: Town) -> None:
    draft = begin(client, town)
    send(client, url(draft, "evidence"), {"upload": "1", "kind": "screenshot"}, files=SimpleUploadedFile("a.png", PNG))
    fill(client, draft)
    draft.refresh_from_db()
    draft.data["consents"] = {name: [value] for name, value in answers.CONSENTS.items()}
    now = timezone.now()
    filing = composing.to_request(draft, now=now, tracking_digest="d")
    assert isinstance(filing, FilingRequest), filing.by_field()
    assert filing.respondents[0].enterprise_id == town.carrier.pk
    assert (filing.respondents[0].branch_id, filing.service_region_id) == (town.branch.pk, town.gulou)
    assert [(row.kind, str(row.amount)) for row in filing.demands] == [("refund", "128.50"), ("cancel_service", "None")]
    assert filing.evidence_ids == (Evidence.objects.get().pk,)
    assert (filing.contact_verified, filing.consumer_id) == (False, None)
    yes = dict.fromkeys(("share_with_enterprise", "pass_to_regulator", "delegated_mediation"), True)
    assert filing.consents == yes | {"publish_masked": False}
    plain = filing.as_json()
    assert (plain["amount"], plain["received_at"]) == ("128.50", now.isoformat())
    storage, path = drafts.storing.storage(), Evidence.objects.get().path
    assert storage.exists(path)
    assert drafts.throw_away_expired(now=now) == 0
    assert drafts.throw_away_expired(now=timezone.now() + timedelta(days=7, minutes=1)) == 1
    assert [table.objects.exists() for table in (FilingDraft, Evidence)] == [False, False]
    assert not storage.exists(path)

"""The pages of an enterprise's own entry and of the authority that decides: who reads what, who may do what, at which
cost.
"""

import datetime as dt
from typing import Any

from django.test import Client
from django.utils import timezone

from authorities.models import Officer
from complaints.procedure.filing_request import RespondentRequest
from enterprises.directory import changing
from enterprises.directory.spelling import NamesInText, fold_name, names_in, spellings
from enterprises.models import Alias, Branch, Brand, BrandHolding, DirectoryChange, ServiceArea, Staff
from routing.directory_changes import previewing
from routing.rules.facts import Directory, EnterpriseFacts, Facts, Holding, Match, Name, NoMatch, Rule
from routing.rules.matching import choose
from tests import found_in, given, missing_in, reloaded
from tests.access.test_team import branch_manager, person
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.server import A_REQUEST

HOME, NEW = "/enterprise/profile/", "/enterprise/profile/new/"


def wish(client: Client, kind: str, values: dict[str, Any], *, row: int | None = None) -> DirectoryChange:
    typed = {"why": "因机构调整。", "on_day": timezone.localdate().isoformat()} | values
    answer = send(client, f"{NEW}?kind={kind}" + (f"&row={row}" if row else ""), typed)
    assert answer.status_code == 302, shown(answer)
    change = DirectoryChange.objects.latest("pk")
    assert answer["Location"] == f"/enterprise/profile/changes/{change.pk}/"
    return change


def test_the_entry_is_read_by_managers_alone_and_of_very_many_branches_one_level_is_shown(world: World) -> None:
    page = shown(signed_in(world.lead).get(HOME))
    area = ServiceArea.objects.get(branch__name="中国移动福清分公司")
    assert not missing_in(page, "中国移动福州分公司", "福清市", "动感地带", "福州市鼓楼区市场监督管理局")
    assert not missing_in(page, "91350102MA0000001L", f"{NEW}?kind=area-end&amp;row={area.pk}")
    assert "中国电信" not in page
    for user in (world.ming, world.hua, world.chen, world.rui):
        assert signed_in(user).get(HOME).status_code == 404
    assert "企业资料" not in shown(signed_in(world.ming).get("/enterprise/queue/"))
    # A manager of a branch sees that branch and those below it, no name of the whole.
    page = shown(signed_in(branch_manager(Branch.objects.get(name="中国移动福清分公司"))).get(HOME))
    assert (missing_in(page, "中国移动福清分公司"), found_in(page, "中国移动平潭分公司", "动感地带")) == ([], [])
    Branch.objects.bulk_create(
        Branch(enterprise=world.mobile, name=f"营业厅{n}", parent=world.fuzhou) for n in range(210)
    )
    lead = signed_in(world.lead)
    page = shown(lead.get(HOME))
    assert ("营业厅7<" in page, f"?under={world.fuzhou.pk}" in page) == (False, True)
    assert "营业厅7" in shown(lead.get(f"{HOME}?under={world.fuzhou.pk}"))


def test_from_a_wish_to_the_directory(world: World) -> None:
    given.filed(world, now=timezone.now(), respondents=(RespondentRequest(named="榕城移动"),))
    given.filed(world, now=timezone.now(), respondents=(RespondentRequest(enterprise_id=world.mobile.pk),))
    lead, head = signed_in(world.lead), signed_in(world.head_officer.user)
    change = wish(lead, "alias-add", {"name": "榕城移动"})
    url, theirs = f"/enterprise/profile/changes/{change.pk}/", f"/authority/changes/{change.pk}/"
    page = shown(lead.get(url))
    assert ("正在试算" in page, "提交给监管部门" in page) == (True, False)
    assert send(lead, url, {"do": "file"}).status_code == 409
    previewing.sweep_previews(now=timezone.now())
    assert not missing_in(shown(lead.get(url)), "有1件会转到别处", "人工分送（没有找到对应的企业）")
    assert head.get(theirs).status_code == 404, "a draft is the enterprise's own"
    assert send(lead, url, {"do": "file"}).status_code == 302
    assert "榕城移动" in shown(head.get("/authority/changes/"))
    assert "企业变更</span><b>1</b>" in shown(head.get("/authority/"))
    assert not missing_in(shown(head.get(theirs)), "有1件会转到别处", "共看了")
    # An officer reads, the head decides; another authority's people find nothing.
    assert "提交决定" not in shown(signed_in(world.rui).get(theirs))
    assert send(signed_in(world.rui), f"{theirs}decide/", {"decision": "agree"}).status_code == 404
    above = person("above")
    Officer.objects.create(user=above, authority=world.city, role="approver")
    for client in (signed_in(above), signed_in(world.far_officer.user), lead, signed_in(world.chen)):
        assert client.get(theirs).status_code == 404
        assert send(client, f"{theirs}decide/", {"decision": "agree"}).status_code == 404
    assert send(head, f"{theirs}decide/", {"decision": "refuse"}).status_code == 422
    key = "a" * 32
    for _twice in range(2):
        assert send(head, f"{theirs}decide/", {"decision": "agree"}, key=key).status_code == 302
    assert Alias.objects.filter(name="榕城移动").count() == 1
    assert send(head, f"{theirs}decide/", {"decision": "refuse", "reason": "晚了。"}).status_code == 409
    assert "长试" in shown(lead.get(url))
    assert "榕城移动" in shown(lead.get(HOME))
    assert "已批准" in shown(lead.get("/enterprise/profile/changes/"))
    assert "榕城移动" in shown(head.get("/authority/changes/?view=decided"))


def test_what_cannot_be_read_or_done_is_said_at_its_field(world: World) -> None:
    lead = signed_in(world.lead)
    answer = send(lead, f"{NEW}?kind=area-add&row={world.fuzhou.pk}", {"region": "鼓楼区", "why": "", "on_day": "明天"})
    page = shown(answer)
    assert (answer.status_code, missing_in(page, "有3处需要修改", "320106", "日期请写成")) == (422, [])
    answer = send(lead, f"{NEW}?kind=branch-add", {"name": "中国移动福州分公司", "why": "x", "on_day": "2030-01-01"})
    assert (answer.status_code, "已经有（或有过）叫这个名称的分支机构" in shown(answer)) == (422, True)
    typed = {"name": "榕城移动", "why": "x", "on_day": "2020-01-01"}
    assert send(lead, f"{NEW}?kind=alias-add", typed).status_code == 422
    # What is gone when it is to be approved is told beside the form.
    change = wish(lead, "area-add", {"region": "350104"}, row=world.fuzhou.pk)
    previewing.sweep_previews(now=timezone.now())
    send(lead, f"/enterprise/profile/changes/{change.pk}/", {"do": "file"})
    Branch.objects.filter(pk=world.fuzhou.pk).update(ends_on="2020-01-01")
    answer = send(signed_in(world.head_officer.user), f"/authority/changes/{change.pk}/decide/", {"decision": "agree"})
    assert (answer.status_code, "中国移动福州分公司在" in shown(answer)) == (422, True)


def test_rows_of_others_are_not_there(world: World) -> None:
    lead = signed_in(world.lead)
    theirs = Branch.objects.filter(enterprise=world.telecom)[0]
    local = signed_in(branch_manager(Branch.objects.get(name="中国移动福清分公司")))
    sold = BrandHolding.objects.create(brand=Brand.objects.create(name="小灵通"), enterprise=world.telecom)
    for client, query in (
        (lead, f"kind=area-add&row={theirs.pk}"),
        (lead, f"kind=brand-end&row={sold.pk}"),
        (lead, "kind=area-end&row=x"),
        (lead, "kind=branch-end"),
        (local, f"kind=branch-end&row={world.fuzhou.pk}"),
        (local, "kind=branch-add"),
    ):
        assert client.get(f"{NEW}?{query}").status_code == 404, query
        assert send(client, f"{NEW}?{query}", {"why": "x"}).status_code == 404, query
    assert lead.get(f"{HOME}?under={theirs.pk}").status_code == 404
    # A kind for the whole enterprise is none for a branch: which there are.
    assert "增加品牌" not in shown(local.get(f"{NEW}?kind=brand-add"))
    own = wish(lead, "alias-add", {"name": "榕城移动"})
    hua_manager = person("hua2")
    Staff.objects.create(user=hua_manager, enterprise=world.telecom, role="manager")
    for client in (local, signed_in(hua_manager)):
        assert client.get(f"/enterprise/profile/changes/{own.pk}/").status_code == 404
        assert send(client, f"/enterprise/profile/changes/{own.pk}/", {"do": "withdraw"}).status_code == 404
        assert "榕城移动" not in shown(client.get("/enterprise/profile/changes/"))


def test_the_enterprise_learns_nothing_of_others_cases(world: World) -> None:
    """A wish costs nothing: it must not count a rival's complaints."""
    brand = BrandHolding.objects.filter(enterprise=world.telecom).select_related("brand")[0]
    for _ in range(3):
        case = given.filed(world, now=timezone.now(), respondents=(RespondentRequest(brand_id=brand.brand_id),))
    lead = signed_in(world.lead)
    change = wish(lead, "brand-add", {"name": brand.brand.name, "name_en": "", "category": ""})
    previewing.sweep_previews(now=timezone.now())
    url = f"/enterprise/profile/changes/{change.pk}/"
    page = shown(lead.get(url))
    assert ("没有一件会转到别处" in page, case.number in page) == (True, False)
    send(lead, url, {"do": "file"})
    page = shown(signed_in(world.head_officer.user).get(f"/authority/changes/{change.pk}/"))
    assert not missing_in(page, "有3件会转到别处", case.number)


def test_a_page_costs_the_same_however_much_there_is(world: World, django_assert_num_queries: Any) -> None:
    lead, head = signed_in(world.lead), signed_in(world.head_officer.user)
    now = timezone.now()
    for turn in range(30):
        branch = Branch.objects.create(enterprise=world.mobile, name=f"分公司{turn}", parent=world.fuzhou)
        ServiceArea.objects.create(branch=branch, region=world.region)
        if turn % 2:
            continue
        said = {"enterprise": world.mobile, "branch_ids": None, "why": "x", "by": world.lead}
        what, today = {"branch": branch.pk, "region": 350104000}, timezone.localdate(now)
        change = changing.draft("area-add", what, on_day=today, now=now, today=today, **said)
        DirectoryChange.objects.filter(pk=change.pk).update(preview_wanted_at=None, state="waiting", filed_at=now)
    own, theirs = "/enterprise/profile/changes/", "/authority/changes/"
    for client, path, queries in ((lead, HOME, 14), (lead, own, 7), (head, theirs, 6)):
        client.get(path)
        with django_assert_num_queries(queries + A_REQUEST):
            assert client.get(path).status_code == 200


def test_what_is_harmless_is_done_at_once_and_pages_speak_english(world: World) -> None:
    lead = signed_in(world.lead)
    change = wish(lead, "english-name", {"name_en": "Mobile of Fujian"})
    assert reloaded(world.mobile).name_en == "Mobile of Fujian"
    assert "已生效并备案" in shown(lead.get(f"/enterprise/profile/changes/{change.pk}/"))
    assert "Mobile of Fujian" in shown(signed_in(world.head_officer.user).get("/authority/changes/?view=decided"))
    for path in (HOME, NEW, f"{NEW}?kind=brand-add", "/enterprise/profile/changes/"):
        client = signed_in(world.lead)
        client.cookies["django_language"] = "en"
        assert not found_in(shown(client.get(path)), "变更", "品牌", "分支机构")


DAY = dt.date(2026, 9, 1)


def _directory(*enterprises: tuple[int, str, str]) -> Directory:
    names: dict[str, tuple[Name, ...]] = {}
    for pk, name, _town in enterprises:
        names[fold_name(name)] = (*names.get(fold_name(name), ()), Name("legal", pk))
    return Directory(
        names=names,
        enterprises={
            pk: EnterpriseFacts(pk, name, domicile_names=(town,) if town else ()) for pk, name, town in enterprises
        },
    )


def _route(named: str, *enterprises: tuple[int, str, str], address: str = "") -> int | str:
    result = choose(Facts(on=DAY, named=named, address=address), (), _directory(*enterprises))
    if isinstance(result, NoMatch):
        return result.reason
    assert isinstance(result, Match)
    return result.enterprise_id or 0


def test_a_legal_form_that_is_left_out_is_no_other_firm_and_another_form_or_word_is_left_to_a_person() -> None:
    for named, registered in (
        *(("Heron Bank", "Heron Bank, N.A."), ("HERON BANK NATIONAL ASSOCIATION", "Heron Bank N.A.")),
        *(("Heron Mortgage LLC", "Heron Mortgage"), ("Heron and Sons", "Heron & Sons Inc")),
        *(("Heron & Sons, Inc.", "Heron and Sons"), ("福州苍鹭网络", "福州苍鹭网络有限公司")),
        ("福州苍鹭网络有限责任公司", "福州苍鹭网络有限公司"),
    ):
        assert _route(named, (1, registered, "")) == 1
    for named, registered in (
        *(("Heron LLC", "Heron Inc"), ("福州苍鹭网络股份有限公司", "福州苍鹭网络有限公司")),
        *(("The Heron Center", "Heron Center"), ("Heron Bank", "Heron Savings Bank")),
    ):
        assert _route(named, (1, registered, "")) == "nothing_matched"
    # Of two forms of one name a person decides, or the town that was given.
    forms = ((1, "Heron Inc", ""), (2, "Heron LLC", ""))
    assert (_route("Heron", *forms), _route("Heron LLC", *forms)) == ("ambiguous", 2)
    towns = ((1, "Heron Motors", "Tacoma"), (2, "Heron Motors", "Auburn"), (3, "Heron Motors", ""))
    for address, expected in (("Auburn, WA, 98001", 2), ("Auburndale, WA", "ambiguous"), ("", "ambiguous")):
        assert _route("Heron Motors", *towns, address=address) == expected


def test_the_names_that_a_name_holds_and_the_present_one_decides_before_the_former() -> None:
    firm, shop, old = "福州苍鹭网络有限公司", "鼓楼白鹭数码店", "福州白鹭网络有限公司"
    for text, names in (
        ("Egret Fiber fka Gull Telephone", (("Egret Fiber",), (), ("Gull Telephone",))),
        ("Egret LLC d/b/a Egret Fiber/Egretnet", (("Egret LLC",), ("Egret Fiber", "Egretnet"), ())),
        (f"{firm}（原{old}）", ((firm,), (), (old,))),
        (f"{shop}/{firm}", ((shop, firm), (), ())),
        *((text, NamesInText()) for text in ("24/7 Locks", "c/o Egret", "中原网络有限公司", "Egret Fiber", "/ fka /")),
    ):
        assert names_in(text) == names
    for named, expected in (
        *(("Egret Fiber fka Gull Telephone", 1), ("Heron fka Gull Telephone", 2)),
        ("Egret Fiber / Gull Telephone", "ambiguous"),
    ):
        assert _route(named, (1, "Egret Fiber", ""), (2, "Gull Telephone", "")) == expected


FIRMS = ((1, "Egret Fiber", ""), (2, "Gull Telephone", ""), (3, "中国苍鹭集团福建有限公司", ""))


def test_who_stands_beside_an_unknown_name_is_only_suggested_and_names_all_known_need_nobody() -> None:
    shop, group = "鼓楼白鹭数码店", "中国苍鹭集团福建有限公司"
    for unknown, suggested, *texts in (
        (shop, [3], f"{shop}/{group}", f"{group}/{shop}", f"{shop}（又名{group}）"),
        ("Heron", [1, 2], "Heron / Egret Fiber / Gull Telephone"),
        ("Heron / Tern", [1], "Heron / Tern fka Egret Fiber"),
        ("Tern", [1], "Heron fka Egret Fiber/Tern"),
        ("Heron", [1], "Heron dba Egret Fiber", "Heron a/k/a Egret Fiber"),
        ("Heron", [1], "Heron dba Tern fka Egret Fiber", "Heron dba Tern/Egret Fiber"),
    ):
        for named in texts:
            result = choose(Facts(on=DAY, named=named), (), _directory(*FIRMS))
            assert isinstance(result, NoMatch)
            assert (result.reason, result.why[-1].values["named"]) == ("nothing_matched", unknown)
            assert [one.enterprise_id for one in result.suggestions] == suggested
    for named, expected in (
        *(("Egret Fiber/Egret Fiber Inc", 1), ("Egret Fiber dba Heron/Tern", 1)),
        *(("/ dba Egret Fiber aka Egret Fiber Inc", 1), (f"福州白鹭网络有限公司（原{group}）", 3)),
        ("Heron dba Tern/Auk", "nothing_matched"),
    ):
        assert _route(named, *FIRMS) == expected


def test_a_franchise_of_an_unknown_shop_is_left_to_a_person_with_the_holder_suggested() -> None:
    directory = Directory(
        names={fold_name("Planet Gym"): (Name("brand", 1, brand_id=7),)},
        holdings={7: (Holding(7, 1),)},
        enterprises={1: EnterpriseFacts(1, "Egret Fiber")},
    )
    by_brand = Rule("R1", 1, 1, "", brand_id=7, target_enterprise_id=1)
    result = choose(Facts(on=DAY, named="张三 dba Planet Gym"), (by_brand,), directory)
    assert isinstance(result, NoMatch)
    assert (result.reason, [one.enterprise_id for one in result.suggestions]) == ("nothing_matched", [1])
    assert isinstance(choose(Facts(on=DAY, named="Planet Gym"), (by_brand,), directory), Match)


def test_no_rule_hands_a_firm_what_names_an_unknown_one_too_but_an_authority_may_get_it() -> None:
    named = "鼓楼白鹭数码店/中国苍鹭集团福建有限公司"
    to_enterprise = Rule("R1", 1, 1, "", target_enterprise_id=3)
    of_enterprise = Rule("R2", 1, 1, "", enterprise_id=3, target_enterprise_id=3)
    to_authority = Rule("R3", 1, 2, "", target_authority_id=5)
    facts = Facts(on=DAY, named=named)
    assert isinstance(choose(facts, (to_enterprise, of_enterprise), _directory(*FIRMS)), NoMatch)
    result = choose(facts, (to_enterprise, of_enterprise, to_authority), _directory(*FIRMS))
    assert isinstance(result, Match)
    assert (result.enterprise_id, result.authority_id, result.rule) == (None, 5, "R3")


def test_rubbish_is_bounded() -> None:
    for text in ("", " ", "/", "((((", "fka", "Inc", "有限公司", "x" * 5000, "a/" * 500, "fka " * 500):
        assert len(spellings(text)) < 100
        assert sum(len(level) for level in names_in(text)) <= 8
        assert _route(text, (1, "Heron", "")) in ("nothing_matched", "left_to_authority")

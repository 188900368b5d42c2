"""Changes of an enterprise's own entry: what each writes, what stands against it, who decides, who comes first."""

import re
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import OutgoingMessage, SecurityEvent
from authorities.models import Authority
from enterprises.directory import changing
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.directory.finding import find
from enterprises.directory.naming import write_names
from enterprises.models import (
    Alias,
    Branch,
    BranchAuthority,
    Brand,
    BrandHolding,
    DirectoryChange,
    Enterprise,
    SearchName,
    ServiceArea,
    Staff,
    Succession,
)
from enterprises.team import team
from enterprises.team.rights import Post
from enterprises.team.staffing import branch_ids_seen_by, branch_subtree, branches_above
from tests import at_once, reloaded
from tests.cast import WEDNESDAY, World
from tests.enterprises.enrolments import suspended
from tests.languages import in_language

pytestmark = pytest.mark.django_db

TODAY = WEDNESDAY.date()
DAY = timedelta(days=1)


def wished(world: World, code: str, *, on: date = TODAY, branch_ids: Any = None, **what: Any) -> DirectoryChange:
    said = {"enterprise": world.mobile, "branch_ids": branch_ids, "on_day": on, "why": "因机构调整。", "by": world.lead}
    change = changing.draft(code, what, now=WEDNESDAY, today=TODAY, **said)
    # As if it had been counted.
    DirectoryChange.objects.filter(pk=change.pk).update(preview_wanted_at=None)
    return change


def decided(
    world: World, change: DirectoryChange, *, agrees: bool = True, reason: str = "", today: date = TODAY
) -> None:
    said = {"agrees": agrees, "reason": reason, "authority_ids": {world.gulou.pk}, "by": world.head_officer.user}
    changing.decide(change, now=WEDNESDAY, today=today, **said)


def filed(world: World, code: str, **what: Any) -> DirectoryChange:
    change = wished(world, code, **what)
    changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY)
    return change


def approved(world: World, code: str, **what: Any) -> DirectoryChange:
    change = filed(world, code, **what)
    decided(world, change)
    assert reloaded(change).state == "approved"
    return change


def refused(code: str, act: Any) -> str:
    with pytest.raises(ChangeRefused) as result:
        act()
    assert result.value.code == code
    return str(result.value)


def test_a_branch_is_added_where_it_belongs_moves_not_below_itself_and_ends_after_those_below(world: World) -> None:
    assert "中国移动" in refused("has_branches", lambda: wished(world, "branch-end", branch=world.fuzhou.pk))
    below = Branch.objects.get(name="中国移动福清分公司")
    approved(world, "branch-end", on=TODAY + DAY, branch=below.pk)
    assert reloaded(below).ends_on == TODAY + DAY
    refused("ended", lambda: wished(world, "branch-end", on=TODAY + DAY, branch=below.pk))
    fuqing, pingtan = (Branch.objects.get(name=f"中国移动{name}分公司") for name in ("福清", "平潭"))
    approved(world, "branch-move", branch=fuqing.pk, parent=pingtan.pk)
    assert reloaded(fuqing).parent == pingtan
    refused("circle", lambda: wished(world, "branch-move", branch=world.fuzhou.pk, parent=fuqing.pk))
    approved(world, "branch-move", branch=fuqing.pk, parent=None)
    assert reloaded(fuqing).parent is None
    approved(
        world, "branch-add", on=TODAY + 3 * DAY, branch=world.fuzhou.pk, name="中国移动马尾分公司", region=350105000
    )
    row = Branch.objects.get(name="中国移动马尾分公司")
    assert (row.parent, row.starts_on, row.enterprise) == (world.fuzhou, TODAY + 3 * DAY, world.mobile)
    assert [hit.branch for hit in find("移动马尾分公司", on=TODAY)] == [None]
    assert [hit.branch for hit in find("移动马尾分公司", on=TODAY + 3 * DAY)] == [row]
    refused("branch_known", lambda: wished(world, "branch-add", name="中国移动马尾分公司"))
    refused("name_taken", lambda: wished(world, "branch-add", name=world.telecom.name))


def test_areas_begin_and_end_and_another_county_takes_the_failed_cases(world: World) -> None:
    area = approved(world, "area-add", branch=world.fuzhou.pk, region=world.region.pk, category="service.telecom")
    row = ServiceArea.objects.get(branch=world.fuzhou, region=world.region, category="service.telecom")
    assert row.starts_on == TODAY
    refused("area_known", lambda: wished(world, "area-add", **area.what))
    refused(
        "bad_category",
        lambda: wished(world, "area-add", branch=world.fuzhou.pk, region=world.region.pk, category="电信"),
    )
    refused("no_region", lambda: wished(world, "area-add", branch=world.fuzhou.pk, region=17))
    approved(world, "area-end", area=row.pk, branch=world.fuzhou.pk)
    assert reloaded(row).ends_on == TODAY
    taijiang = Authority.objects.get(name="福州市台江区市场监督管理局")
    approved(world, "duty-set", on=TODAY + 10 * DAY, branch=world.fuzhou.pk, authority=taijiang.pk)
    for day, authority in ((TODAY + 9 * DAY, world.gulou), (TODAY + 10 * DAY, taijiang)):
        assert BranchAuthority.objects.on(day).get(branch=world.fuzhou).authority == authority
    refused("later_authority", lambda: wished(world, "duty-set", branch=world.fuzhou.pk, authority=taijiang.pk))


def test_brands_and_names_and_one_in_english_at_once(world: World) -> None:
    approved(world, "brand-add", name="榕城通", name_en="Rong City", category="")
    holding = BrandHolding.objects.get(brand__name="榕城通")
    assert find("榕城通", on=TODAY)[0].enterprise == world.mobile
    refused("brand_held", lambda: wished(world, "brand-add", name="榕城通"))
    approved(world, "brand-end", holding=holding.pk, name="榕城通", category="")
    assert [hit for hit in find("榕城通", on=TODAY + DAY) if not hit.is_similar] == []
    approved(world, "alias-add", name="榕城移动")
    approved(world, "alias-end", alias=Alias.objects.get(name="榕城移动").pk, name="榕城移动")
    assert Alias.objects.get(name="榕城移动").ends_on == TODAY
    approved(world, "former-add", on=date(2001, 5, 1), name="福州邮电移动局")
    assert find("福州邮电移动局", on=TODAY)[0].kind == "former"
    refused("future", lambda: wished(world, "former-add", on=TODAY + DAY, name="旧名"))
    assert wished(world, "english-name", name_en="Mobile of Fujian").state == "recorded"
    assert reloaded(world.mobile).name_en == "Mobile of Fujian"
    assert SearchName.objects.filter(enterprise=world.mobile, text="Mobile of Fujian").exists()
    refused("name_taken", lambda: wished(world, "english-name", name_en=world.telecom.name_en))
    # Nor a brand or another name of somebody else, however it is written: nobody is asked before it counts.
    brand = Brand.objects.create(name="小灵通", name_en="Little Smart")
    BrandHolding.objects.create(brand=brand, enterprise=world.telecom)
    Alias.objects.create(enterprise=world.telecom, name="Tianyi", kind=Alias.Kind.ALIAS)
    write_names([world.telecom.pk])
    for taken in ("LITTLE  smart", "tianyi"):
        assert world.telecom.name in refused(
            "name_taken", lambda name=taken: wished(world, "english-name", name_en=name)
        )
    wished(world, "english-name", name_en="Fuzhou", branch=world.fuzhou.pk)
    assert reloaded(world.fuzhou).name_en == "Fuzhou"


def test_successors_are_told_by_whoever_is_still_there(world: World) -> None:
    refused("says_itself", lambda: wished(world, "predecessor-add", enterprise=world.telecom.pk))
    gone = Enterprise.objects.create(name="榕城小灵通有限公司")
    approved(world, "predecessor-add", on=date(2020, 1, 1), enterprise=gone.pk)
    assert Succession.objects.get(predecessor=gone).successor == world.mobile
    refused("circle", lambda: wished(world, "successor-add", enterprise=gone.pk))
    approved(world, "successor-add", on=TODAY + 30 * DAY, enterprise=world.telecom.pk)
    assert Succession.objects.get(predecessor=world.mobile).on_day == TODAY + 30 * DAY


def test_nothing_is_written_before_the_approval_and_nothing_after_a_refusal(world: World) -> None:
    change = wished(world, "alias-add", name="榕城移动")
    refused("not_waiting", lambda: decided(world, change))
    changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY)
    refused("filed", lambda: changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY))
    assert not Alias.objects.filter(name="榕城移动").exists()
    refused("no_reason", lambda: decided(world, change, agrees=False))
    in_language("en", decided, world, change, agrees=False, reason="这个名称会与别家混淆。")
    assert (reloaded(change).state, change.decided_by) == ("refused", world.head_officer.user)
    assert not Alias.objects.filter(name="榕城移动").exists()
    letter = OutgoingMessage.objects.get()
    assert (letter.address, "这个名称会与别家混淆。" in letter.body) == ("lead@example.com", True)
    assert letter.subject.startswith("变更未批准："), "in the language of who reads it, not of who decided"
    assert "长试" in refused("decided", lambda: decided(world, change))
    kinds = set(SecurityEvent.objects.values_list("kind", flat=True))
    assert kinds >= {"directory_change_made", "directory_change_filed", "directory_change_refused"}


def test_what_became_impossible_is_refused_by_name(world: World) -> None:
    fuqing = Branch.objects.get(name="中国移动福清分公司")
    change = filed(world, "area-add", branch=fuqing.pk, region=world.region.pk)
    Branch.objects.filter(pk=fuqing.pk).update(ends_on=TODAY - DAY)
    assert "中国移动福清分公司" in refused("branch_ended", lambda: decided(world, change))
    assert "中国移动福清分公司" in changing.impossible(DirectoryChange.objects.get(), today=TODAY)
    # It can still be refused.
    decided(world, change, agrees=False, reason="分支机构已经终止。")


def test_only_whoever_enrolled_it_decides_and_a_late_approval_begins_on_its_own_day(world: World) -> None:
    change = filed(world, "alias-add", name="榕城移动")
    for ids, user, code in (
        ({world.city.pk}, world.head_officer.user, "not_yours"),
        (set(), world.rui, "not_yours"),
        ({world.gulou.pk}, world.lead, "own_proposal"),
    ):
        refused(
            code,
            lambda ids=ids, user=user: changing.decide(
                change, agrees=True, reason="", authority_ids=ids, by=user, now=WEDNESDAY, today=TODAY
            ),
        )
    decided(world, change, today=TODAY + 5 * DAY)
    assert Alias.objects.get(name="榕城移动").starts_on == TODAY + 5 * DAY
    refused("past_day", lambda: wished(world, "alias-add", on=TODAY - DAY, name="榕城通信"))


def test_who_filed_what_a_colleague_drafted_does_not_decide_it(world: World) -> None:
    change = wished(world, "alias-add", name="榕城移动")
    changing.file(change, by=world.head_officer.user, now=WEDNESDAY, today=TODAY)
    refused("own_proposal", lambda: decided(world, change))
    assert reloaded(change).state == "waiting"


def test_a_branch_manager_changes_the_own_part_of_the_tree(world: World) -> None:
    fuqing, pingtan = (Branch.objects.get(name=f"中国移动{name}分公司") for name in ("福清", "平潭"))
    own = frozenset({fuqing.pk})
    wished(world, "area-add", branch_ids=own, branch=fuqing.pk, region=world.region.pk)
    for code, what in (
        ("area-add", {"branch": pingtan.pk, "region": world.region.pk}),
        ("alias-add", {"name": "榕城移动"}),
        ("branch-move", {"branch": fuqing.pk, "parent": pingtan.pk}),
        ("branch-add", {"name": "新分公司"}),
    ):
        refused("not_yours", lambda code=code, what=what: wished(world, code, branch_ids=own, **what))
    with pytest.raises(ChangeRefused):
        wished(
            world, "area-add", branch=Branch.objects.filter(enterprise=world.telecom).first().pk, region=world.region.pk
        )


def test_it_is_counted_before_it_is_filed_and_before_it_is_approved(world: World) -> None:
    change = wished(world, "alias-add", name="榕城移动")
    changing.count_again(change, now=WEDNESDAY)
    refused("not_counted", lambda: changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY))
    DirectoryChange.objects.update(preview_wanted_at=None)
    changing.file(change, by=world.lead, now=WEDNESDAY, today=TODAY)
    changing.count_again(change, now=WEDNESDAY)
    refused("not_counted", lambda: decided(world, change))
    changing.withdraw(change, by=world.lead, now=WEDNESDAY)
    refused("not_waiting", lambda: decided(world, change))
    refused("decided", lambda: changing.withdraw(change, by=world.lead, now=WEDNESDAY))


@pytest.mark.django_db(transaction=True)
def test_of_two_heads_at_once_one_decides_and_the_other_is_told_who_did(world: World) -> None:
    change = filed(world, "alias-add", name="榕城移动")
    ways = [partial(decided, world, change, agrees=agrees, reason="因为。") for agrees in (True, False)]
    (told,) = filter(None, at_once(*ways, refusal=ChangeRefused))
    assert (told.code, "长试" in str(told)) == ("decided", True)
    assert Alias.objects.filter(name="榕城移动").count() == (reloaded(change).state == "approved")


def test_whoever_holds_the_entry_lets_others_point_at_it(world: World) -> None:
    """A case that is filed or an engagement that begins does not wait for a preview."""
    change = wished(world, "alias-add", name="榕城移动")

    def work_on_the_team() -> None:
        with team.locked(Post(enterprise=world.mobile)):
            pass

    for work in (
        partial(changing.write, change, today=TODAY),
        work_on_the_team,
        partial(suspended, world.mobile, world.head_officer.user, keeps_cases=True, now=WEDNESDAY),
    ):
        with CaptureQueriesContext(connection) as asked:
            work()
        locks = [query["sql"] for query in asked if re.search('"enterprises_enterprise".* FOR .*UPDATE', query["sql"])]
        assert locks
        assert [sql for sql in locks if "FOR NO KEY UPDATE" not in sql] == []


def test_a_branch_sees_itself_and_below_but_no_sibling_and_a_circle_in_the_tree_ends(
    django_assert_num_queries: object,
) -> None:
    enterprise = Enterprise.objects.create(name="某通信")

    def branch(name: str, parent: Branch | None = None) -> Branch:
        return Branch.objects.create(enterprise=enterprise, name=name, parent=parent)

    city = branch("市")
    county = branch("县", city)
    shop, other = branch("店", county), branch("另一县", city)
    assert branch_ids_seen_by(Staff(enterprise=enterprise, branch=None)) is None
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert branch_ids_seen_by(Staff(enterprise=enterprise, branch=county)) == [county.pk, shop.pk]
    assert branch_subtree([city.pk]) == [city.pk, county.pk, shop.pk, other.pk]
    assert (branch_subtree([]), branches_above(shop)) == ([], [county.pk, city.pk])
    one = branch("一")
    two = branch("二", one)
    Branch.objects.filter(pk=one.pk).update(parent=two)
    assert branch_subtree([one.pk]) == [one.pk, two.pk]

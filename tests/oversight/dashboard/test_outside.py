"""A place outside of the own regions is compared by what is published of both, and nothing else."""

from datetime import date

import pytest

from oversight.published import indicator_making
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.looking import browser, page_of
from tests.oversight.open_pages.test_places import GULOU, NOW, OCTOBER, number_of

pytestmark = pytest.mark.django_db
URL = "/oversight/compare/?outside="
SEPTEMBER = date(2026, 9, 1)


def published(world: World) -> None:
    """鼓楼 settles nine of ten, 思明 (of 厦门) six of ten; of 集美 too few."""
    for code, settled, failed in ((GULOU, 180, 20), ("350203", 120, 80), ("350211", 10, 10)):
        numbers = {"ended_settled": settled, "ended_failed": failed, "delivered": 200}
        stages(a_shop(world, code), SEPTEMBER, at=code, promise_due=100, promise_kept=80, **numbers)
        counted(code, OCTOBER, received=settled + failed)
    issued(SEPTEMBER, OCTOBER, now=NOW)
    indicator_making.publish(now=NOW)


def test_both_sides_are_what_everybody_reads_however_much_came_since(world: World) -> None:
    published(world)
    before = page_of(world.su, f"{URL}350203&region={GULOU}")
    section = before.partition('id="h-outside"')[2].partition("</section>")[0]
    assert not missing_in(section, "思明区", "鼓楼区", "200", "90%", "60%", "这里更高", "您看到的和公众一样")
    # Of how many: cases, and promises.
    assert not missing_in(section, "共200件，95%区间", "共100项，95%区间")
    assert not missing_in(page_of(None, f"/open/?region={number_of(GULOU)}"), "共200件", "共100项")
    for code in (GULOU, "350203"):
        counted(code, OCTOBER, received=77)
    after = page_of(world.su, f"{URL}350203&region={GULOU}")
    assert after.partition('id="h-outside"')[2].partition("</section>")[0] == section
    assert "277" not in section
    few = page_of(world.su, f"{URL}350211&region={GULOU}").partition('id="h-outside"')[2].partition("</section>")[0]
    assert not missing_in(few, "件数不足30，不列比率")
    assert not found_in(few, "这里更高", "50%")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("没有的市", "没有这个地方"),
        ("²", "没有这个地方"),
        ("鼓楼区", "叫这个名字的不止一处"),
        (GULOU, "这个地方在您的辖区里"),
    ],
)
def test_a_name_of_none_of_several_or_of_the_own_is_named(world: World, typed: str, said: str) -> None:
    answer = browser(world.su).get("/oversight/compare/", {"outside": typed})
    page = answer.content.decode()
    assert (answer.status_code, said in page, 'id="h-outside"' in page) == (200, True, False)


def test_before_anything_is_published_it_says_so(world: World) -> None:
    page = page_of(world.su, f"{URL}厦门市&region={GULOU}")
    assert not missing_in(page, "还没有公布过数字，不能对比", "厦门市")
    # By its English name, and as a file like every table.
    published(world)
    english = page_of(world.su, f"{URL}Xiamen&region={GULOU}", **{"accept-language": "en"})
    assert "only what is published" in english
    sheet = browser(world.su).get(f"{URL}350203&region={GULOU}&sheet=csv").content.decode("utf-8-sig")
    assert "思明区" in sheet

"""What a keystroke in the search for enterprises costs beside a look-up by primary key, over 120,000 enterprises.

`python -m benchmarks.search`: the directory is as large as China's number of enterprises that settle online, each with
its registered name and code, every third with a name people use, some with a former one. Floor: one enterprise by its
primary key through the same ORM, in slices that alternate; and the same two as bare SQL. Then the whole answer as the
browser gets it, and the page with the hits. First what is found: the queries of tests/enterprises/names/; those of
`strangers.tsv` were unread when they were counted first (docs/performance.md).
"""

import random
import statistics
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from benchmarks import ground
from benchmarks.lists import _alternating, _bare
from benchmarks.measuring import Figure, arguments, compared, publish, spread, tell, timed

PLACES = (
    "福州",
    "福州鼓楼",
    "福州台江",
    "福州仓山",
    "厦门",
    "泉州",
    "杭州",
    "上海",
    "北京",
    "广州",
    "深圳",
    "成都",
    "武汉",
    "西安",
    "长沙",
    "哈尔滨",
)
WORDS = (
    "金",
    "海",
    "华",
    "新",
    "恒",
    "泰",
    "瑞",
    "丰",
    "盛",
    "嘉",
    "宏",
    "兴",
    "安",
    "康",
    "乐",
    "美",
    "佳",
    "优",
    "天",
    "云",
    "风",
    "星",
    "龙",
    "凤",
    "山",
    "川",
    "江",
    "湖",
    "春",
    "秋",
    "明",
    "光",
    "达",
    "通",
    "顺",
    "利",
    "源",
    "宝",
    "玉",
    "石",
    "林",
    "木",
    "禾",
    "田",
    "园",
    "苑",
    "阳",
    "月",
    "辰",
    "晨",
    "熙",
    "悦",
    "诚",
    "信",
    "德",
    "仁",
    "义",
    "礼",
    "智",
    "和",
    "平",
    "凯",
    "旋",
    "胜",
    "奥",
    "博",
)
TRADES = (
    "餐饮管理",
    "健身服务",
    "家居用品",
    "电器销售",
    "网络科技",
    "教育咨询",
    "商贸",
    "物业服务",
    "汽车维修",
    "旅行社",
    "美容美发",
    "通信服务",
    "超市连锁",
    "装饰工程",
    "服装",
    "医疗器械",
    "食品",
    "酒店管理",
    "文化传播",
    "快递服务",
)
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "店")
RARE = "移动"
DAY = date(2026, 11, 30)


def measure(*, quick: bool) -> list[Figure]:
    size, rounds = (10_000, 5) if quick else (120_000, 11)
    with ground.database("benchmark_search") as base:
        ground.set_up(base)
        found = _found()
        tell(f"search: {size} enterprises")
        # The index is made after the rows, as it would be for a whole directory; what is measured is reading.
        base.run("drop index search_name_by_gram")
        fill(size)
        base.run("create index search_name_by_gram on enterprises_searchname using gin (grams)")
        base.settle()
        return [*found, *_figures(size, rounds)]


def _found() -> list[Figure]:
    """How often the right firm is on top, and a wrong one."""
    from tests.enterprises.names import judging as queries

    queries.others()
    figures = []
    for path in (queries.ASKED, queries.STRANGERS):
        verdicts = queries.counted(path, on=DAY)
        every, more = verdicts.total(), dict(verdicts)
        for what, share, goal in (
            ("right on top", verdicts[queries.RIGHT] / every, ("≥", 0.9)),
            ("a wrong firm as a certain hit", verdicts[queries.WRONG_AS_CERTAIN] / every, ("≤", 0.0)),
            ("a wrong firm under “like it”", verdicts[queries.WRONG_AS_LIKE_IT] / every, ("≤", 0.03)),
        ):
            figures.append(
                Figure(benchmark="search", what=f"{path.stem}: {what}", value=share, unit="", goal=goal, more=more)
            )
    return figures


def fill(size: int) -> None:
    """So many enterprises with the names that search knows; the real directory stands beside them."""
    from enterprises.directory.naming import write_names
    from enterprises.models import Alias, Enterprise

    chance = random.Random(12315)
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    enterprises = []
    for number in range(size):
        word = "".join(chance.choices(WORDS, k=chance.choice((2, 2, 3))))
        name = f"{chance.choice(PLACES)}{word}{chance.choice(TRADES)}{chance.choice(FORMS)}"
        code = "91" + "".join(chance.choices(letters, k=10)) + f"{number:06d}"
        enterprises.append((Enterprise(name=name, uscc=code), word))
    made = Enterprise.objects.bulk_create([enterprise for enterprise, _word in enterprises], batch_size=5000)
    others = [Alias(enterprise=enterprise, name=word, kind=Alias.Kind.ALIAS) for enterprise, word in enterprises[::3]]
    others += [
        Alias(enterprise=enterprise, name=f"{word}商行", kind=Alias.Kind.FORMER)
        for enterprise, word in enterprises[::10]
    ]
    Alias.objects.bulk_create(others, batch_size=5000)
    ids = [enterprise.pk for enterprise in made]
    for start in range(0, size, 5000):
        write_names(ids[start : start + 5000])


def _figures(size: int, rounds: int) -> list[Figure]:
    from enterprises.directory.finding import find, suggest
    from enterprises.models import Enterprise

    today = DAY
    ids = list(Enterprise.objects.order_by("pk").values_list("pk", flat=True))
    chance = random.Random(1)
    some = Enterprise.objects.order_by("pk")[len(ids) // 2]
    folded = some.name

    def by_key() -> Any:
        return Enterprise.objects.get(pk=chance.choice(ids))

    typed = {
        "two characters, few have them": RARE,
        "two characters in the middle": folded[2:4],
        "two characters, most have them": "公司",
        "two characters that begin many": "福州",
        "one character": "福",
        "four characters in the middle": folded[2:6],
        "eight characters, the beginning": folded[:8],
        "the whole name": folded,
        "the code": some.uscc or "",
        "pinyin initials": "zgyd",
        "pinyin initials of many": "fz",
        "two words": "福州 餐饮",
        "a slip in four characters": "中国移懂",
        "a slip in eight": folded[:3] + "囧" + folded[4:8],
        "nobody of that name": "囧囧囧",
    }
    figures = []
    for what, query in typed.items():
        look = _suggested(suggest, query, today)
        product, floors = _alternating(look, by_key, rounds)
        sql, sql_floor = _alternating(_bare(look), _bare(by_key), rounds)
        ratios = spread([one / other for one, other in zip(sql, sql_floor, strict=True)])
        more = {
            "sql_ms": statistics.median(sql),
            "sql_floor_ms": statistics.median(sql_floor),
            "sql_ratio": ratios,
            "found": len(look()),
        }
        figures.append(
            compared(
                product,
                floors,
                benchmark="search",
                what=f"{what}, {size:,} enterprises",
                unit="ms",
                floor_is="ms, by key",
                goal=("≤", 8),
                more=more,
            )
        )
        figures.append(
            compared(sql, sql_floor, benchmark="search", what=f"{what}, as SQL", unit="ms", floor_is="ms, by key")
        )
    for what, query in typed.items():
        times = [
            timed(lambda query=query: find(query, on=today, region_id=350102000, limit=11)) * 1000
            for _ in range(rounds)
        ]
        figures.append(
            Figure(
                benchmark="search",
                what=f"hits: {what}",
                value=statistics.median(times),
                unit="ms",
                goal=("≤", 60),
                rounds=rounds,
                more={"min_max": [min(times), max(times)]},
            )
        )
    return figures


def _suggested(suggest: Any, query: str, today: date) -> Callable[[], Any]:
    return lambda: suggest(query, on=today)


if __name__ == "__main__":
    sys.exit(publish("search", measure(quick=arguments(__doc__).quick)))

"""What the people of the demonstration write, varied by problem; the sentences stand in texts.toml."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

# The enterprises of the demonstration by name, as the directory has them.
MOBILE = "中国移动通信集团福建有限公司"
TELECOM = "中国电信股份有限公司福建分公司"
UNICOM = "中国联合网络通信有限公司福建省分公司"
MINTAO = "闽淘网络科技（福州）有限公司"
RANDONG = "燃动体育发展（福州）有限公司"
RONGMU = "榕木电器制造（福建）有限公司"
HAOLINLI = "好邻里便利连锁（福州）有限公司"
DRIVING = "闽江通驾驶培训有限公司"
TRAVEL = "海风假日旅行社（福州）有限公司"

CATEGORY_TELECOM, CATEGORY_INTERNET = "service.telecom", "service.internet"
CARRIERS = (MOBILE, TELECOM, UNICOM)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of trouble: against whom it may be, in which words, with which demands."""

    code: str
    category: str
    enterprises: tuple[str, ...]
    weight: int
    title: str
    statements: tuple[str, ...]
    demands: tuple[tuple[str, ...], ...]
    least: int = 20
    most: int = 300
    title_en: str = ""
    statement_en: str = ""


def _tuples(value: Any) -> Any:
    """Lists as tuples, however deep: a problem is a key of dictionaries."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _problem(read: dict[str, Any]) -> Problem:
    return Problem(**{name: _tuples(value) for name, value in read.items()})


_read: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PROBLEMS = [_problem(one) for one in _read.pop("problems")]
PROMOTION = _problem(_read.pop("promotion"))
TEMPLATES: list[tuple[str, str]] = [(name, text) for name, text in _read.pop("templates")]
#: Name of a list → its sentences.
SENTENCES: dict[str, list[str]] = _read


def statement(problem: Problem, *, rng: Random, amount: Decimal | None, month: int, language: str) -> tuple[str, str]:
    """Title and statement of one complaint about ``problem``."""
    slots = {
        "item": rng.choice(SENTENCES["items"]),
        "shop": rng.choice(SENTENCES["shops"]),
        "month": month,
        "day": rng.randint(1, 28),
        "months": rng.randint(3, 20),
        "amount": "" if amount is None else f"{amount:f}",
    }
    if language == "en" and problem.statement_en:
        return problem.title_en, problem.statement_en.format(**slots)
    body = rng.choice(problem.statements).format(**slots)
    opener, closer = (rng.choice(SENTENCES[name]) for name in ("openers", "closers"))
    return problem.title.format(**slots), f"{opener}{body}{closer}"

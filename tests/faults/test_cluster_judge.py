"""The judge of the cluster (tests/cluster/judge.py) names what is broken, and nothing else."""

from typing import Any

import pytest

from tests.cluster.judge import Seen, broken


def answer(mark: str, at: float, status: int = 201, **more: Any) -> dict[str, Any]:
    return {"what": "file", "mark": mark, "at": at, "took": 0.5, "status": status, "case": f"case {mark}"} | more


FILED = [answer("a", 1), answer("b", 3), answer("c", 5)]
STANDS = {"a": ["case a"], "b": ["case b"], "c": ["case c"]}


def words(answers: list[dict[str, Any]], stands: dict[str, list[str]] = STANDS, **how: Any) -> list[str]:
    return [sentence.split()[0] for sentence in broken(Seen(answers, stands, struck=2), **{"silence": 8} | how)]


def test_what_was_answered_and_stands_is_no_broken_promise() -> None:
    assert words(FILED) == []
    assert words([*FILED, answer("d", 6, 503), answer("d", 7, 0, text="TimeoutError")]) == []


@pytest.mark.parametrize(
    ("answers", "stands", "word"),
    [
        (FILED, STANDS | {"b": []}, "LOST"),
        (FILED, STANDS | {"b": ["another case"]}, "LOST"),
        (FILED, STANDS | {"b": ["case b", "another case"]}, "DOUBLED"),
        ([*FILED, answer("c", 6, case="another case")], STANDS | {"c": ["case c", "another case"]}, "DOUBLED"),
        ([*FILED, answer("c", 6, what="read", status=200, wrong=True)], STANDS, "WRONG"),
        ([*FILED[:2], answer("c", 12)], STANDS, "SILENT"),
        ([], STANDS, "SILENT"),
        ([*FILED, answer("d", 14, 503)], STANDS, "SILENT"),
        ([*FILED, answer("d", 6, 503, took=10.1)], STANDS, "HUNG"),
        ([*FILED, answer("d", 6, 403, text='{"code": "not_allowed"}')], STANDS, "REFUSED"),
        ([*FILED, answer("d", 6, 500)], STANDS, "REFUSED"),
    ],
)
def test_each_broken_promise_has_its_word(answers: Any, stands: Any, word: str) -> None:
    assert words(answers, stands) == [word]


def test_where_nobody_may_be_refused_a_fault_of_the_server_is_a_refusal() -> None:
    assert words([*FILED, answer("d", 6, 503)], none_refused=True) == ["REFUSED"]

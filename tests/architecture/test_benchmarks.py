"""What the benchmarks say of themselves: ratios round by round, goals met or missed, the CPU of children."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__, measuring
from benchmarks.measuring import Figure, compared, table, tree_cpu


def test_ratios_are_taken_round_by_round() -> None:
    figure = compared([10, 40, 30], [100, 100, 100], benchmark="b", what="w", unit="/s", goal=("≥", 0.3))
    assert figure.ratio == (0.3, 0.1, 0.4)
    assert figure.met
    with pytest.raises(ValueError, match="shorter"):
        compared([1, 2], [1], benchmark="b", what="w", unit="/s")
    # Without a floor the value meets the goal.
    for goal, met in ((("≤", 5), True), (("≤", 4.9), False), (("≥", 5.1), False), (None, None)):
        assert Figure(benchmark="b", what="w", value=5, unit="ms", goal=goal).met is met


def test_the_table_names_what_was_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [
        compared([1.0], [10.0], benchmark="sweeps", what="lapse", unit="/s", goal=("≥", 0.15)),
        Figure(benchmark="due_date", what="flat", value=1.0, unit="×", goal=("≤", 1.2)),
    ]
    lines = table(figures).splitlines()
    assert lines[2].endswith("MISSED")
    assert "0.1 (0.1–0.1)" in lines[2]
    assert lines[3].endswith("met")
    monkeypatch.setattr(measuring, "RESULTS", tmp_path)
    kept = json.loads(measuring.keep("all", measuring.machine(), figures).read_text(encoding="utf-8"))
    assert [row["met"] for row in kept["figures"]] == [False, True]
    assert kept["machine"]["cores"] >= 1


def test_the_cpu_of_children_counts_even_when_they_have_ended() -> None:
    before = tree_cpu(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert tree_cpu(os.getpid()) > before


def test_every_benchmark_can_be_named_and_run_alone_and_another_name_is_refused_before_anything_starts() -> None:
    for name in __main__.NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        assert callable(module.measure)
        assert f"benchmarks.{name}" in (module.__doc__ or "")
    unknown = [sys.executable, "-m", "benchmarks", "fillings"]
    asked = subprocess.run(unknown, cwd=measuring.ROOT, capture_output=True, text=True)
    assert asked.returncode == 2
    assert "there is no benchmark fillings; there are filing" in asked.stderr


def test_each_benchmark_begins_before_django_is_set_up() -> None:
    """Each makes a database of its own first."""
    modules = ", ".join(f"benchmarks.{name}" for name in __main__.NAMES)
    free = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    assert subprocess.run([sys.executable, "-c", f"import {modules}"], env=free, cwd=measuring.ROOT).returncode == 0

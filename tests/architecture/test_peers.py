"""The benchmarks beside another product and of a small machine: what they reckon, without what they start."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measuring import ROOT
from benchmarks.optional import small
from benchmarks.peers import __main__ as peers
from benchmarks.peers import growth, serving

WORKER = """
import os
import re
from benchmarks.peers.serving import serve

class Toy:
    def backend(self): return os.getpid()
    def ready(self, job, calls): return [job] * calls
    def work(self, job, given):
        print("a product prints what it likes")
        assert given.pop() == job
    def made_due(self, count): self.due = [0] * count
    def escalate(self, part):
        for number in range(0 if part in ("all", "first") else 1, len(self.due), 1 if part == "all" else 2):
            self.due[number] += 1
    def escalated(self): return self.due

serve(Toy())
"""


def cost(cpu: float, clock: float) -> dict[str, float]:
    return {"cpu": cpu, "clock": clock, "process": cpu / 2, "database": cpu / 2}


def test_a_job_is_compared_round_by_round_as_theirs_through_ours() -> None:
    figure = peers.compared(
        "list", [cost(10, 20), cost(20, 20), cost(10, 40)], [cost(20, 20), cost(20, 10), cost(30, 40)]
    )
    assert figure.ratio == (2, 1, 3)
    assert figure.met
    assert (figure.value, figure.floor) == (10, 20)
    assert figure.more["clock_ratio"] == (1, 0.5, 1)
    assert figure.more["theirs"] == {"clock": 20, "process": 10, "database": 10}
    assert peers.compared("file", [cost(10, 1)], [cost(9, 1)]).met is False


def test_what_a_round_cost_is_told_by_the_call() -> None:
    assert serving.between((1, 2, 3), (3, 3, 3.5), 2) == {"clock": 1000, "process": 500, "database": 250, "cpu": 750}


def test_a_product_in_another_process_answers_what_it_is_asked_and_nothing_that_it_prints(tmp_path: Path) -> None:
    (tmp_path / "toy_product.py").write_text(WORKER, encoding="utf-8")
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    lines = [
        {"do": "time", "job": "list", "calls": 3},
        {"do": "made_due", "count": 3},
        {"do": "escalate", "part": "first"},
        {"do": "escalated"},
        {"do": "escalate", "part": "all"},
        {"do": "escalated"},
    ]
    asked = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-m", "toy_product"], env=variables, input=asked, text=True, capture_output=True, check=True
    )
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(seen[0]) == {"clock", "process", "database", "cpu"}
    assert [seen[1], seen[3], seen[5]] == [None, [1, 0, 1], [2, 1, 2]]
    assert done.stderr.count("prints what it likes") == 3


def test_both_products_stand_on_the_same_django_and_driver() -> None:
    pins = [line for line in peers.wanted().splitlines() if not line.startswith("#")]
    ours = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    names = [pin.partition("==")[0] for pin in pins]
    assert "django-helpdesk" in names
    assert len(names) == len(set(names))
    for name in peers.SHARED:
        assert f"{pins[names.index(name)]} " in ours
    assert not [pin for pin in pins if "==" not in pin]


def test_memory_is_that_of_a_process_and_all_below_it_named_by_what_they_are() -> None:
    assert small.pss("00400000-7ffe [rollup]\nRss:  9000 kB\nPss:  2000 kB\nPss_Anon:  10 kB\n") == pytest.approx(2.048)
    assert small.pss("") == 0
    child = subprocess.Popen([sys.executable, "-c", "input()", "gunicorn"], stdin=subprocess.PIPE)
    try:
        parts = small.memory(os.getpid())
        assert parts["web"] > 0
        assert "web" not in small.memory(1 << 30)
    finally:
        child.communicate(b"\n")
    assert "web" not in small.memory(os.getpid())


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python -m gunicorn odr_portal.wsgi --bind 127.0.0.1:8000", "web"),
        ("python -m celery --quiet --app odr_portal.celery worker --concurrency 2", "worker"),
        ("python -m celery --quiet --app odr_portal.ticks beat --loglevel INFO", "beat"),
        ("python manage.py watch", "watch"),
        ("postgres: checkpointer", "postgres"),
        ("sleep 1", "other"),
    ],
)
def test_each_program_has_its_name(command: str, name: str) -> None:
    assert small.named(command) == name


def test_the_load_follows_links_of_pages_and_takes_no_files() -> None:
    page = '<a href="/cases/"></a><a href="/find/?a=1&amp;b=2#top"></a><a href="/static/a.css"></a>'
    page += '<a href="/cases/1/paper.pdf"></a><a href="https://example.com/"></a>'
    assert small.links(page) == ["/cases/", "/find/?a=1&b=2"]


RESULT = {
    "machine": {"at": "now", "commit": "abc", "cores": 2, "load_before": [1], "load_after": [1], "kernel": "6"},
    "figures": [
        {"what": "list, 10,000 cases", "value": 8.004, "more": {"ours": {}}},
        {"what": "list, 1,000,000 cases", "value": 16.0, "more": {"ours": {}}},
        {"what": "search, 10,000 cases", "value": 8.0, "more": {"ours": {}}},
        {"what": "list, 100,000 cases", "value": 8.0, "more": {"ours": {}}},
        {"what": "of 1000 due, escalated more than once", "value": 0.0, "more": {}},
    ],
}


def test_growth_takes_each_job_that_was_measured_at_several_numbers_of_cases() -> None:
    data = growth.taken([RESULT])
    assert data["jobs"] == {"list": [(10_000, 8.0), (100_000, 8.0), (1_000_000, 16.0)]}
    assert "kernel" not in data["runs"][0]
    lines = [line for line in growth.drawn(data).splitlines() if line.startswith("<polyline")]
    assert len(lines) == 1
    across = [tuple(map(float, point.split(","))) for point in re.search(r'points="([^"]*)"', lines[0])[1].split()]
    # As far from each other as the logarithms; what costs more stands higher.
    assert across[1][0] - across[0][0] == pytest.approx(across[2][0] - across[1][0], abs=0.2)
    assert across[0][1] == across[1][1] > across[2][1]


def test_the_picture_in_the_docs_is_drawn_from_the_figures_beside_it() -> None:
    assert growth.PICTURE.read_text(encoding="utf-8") == growth.drawn(
        json.loads(growth.DATA.read_text(encoding="utf-8"))
    )

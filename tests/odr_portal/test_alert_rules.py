"""Alert rules and panels name what a running portal gives out, and nothing else. By hand: `promtool check rules` and
`promtool test rules` of Debian's package prometheus, which are asked here where that is installed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from complaints import handling
from complaints.models import Heartbeat
from complaints.procedure.workflow import Status
from complaints.record import checkpoints
from odr_portal.clock_guard import run
from oversight.models import SystemCheck
from oversight.portal_state import signs
from tests import ROOT, given
from tests.cast import World
from tests.web.telemetry.test_counts import counting, metrics
from web.telemetry import counts

__all__ = ["counting"]

RULES = ROOT / "packaging/prometheus/odr-portal.rules.yml"
PANELS = ROOT / "packaging/grafana/odr-portal.json"
SCRAPE = ROOT / "packaging/prometheus/scrape.yml"
ADDED = {"job", "instance"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads(PANELS.read_text())["panels"])


def asked() -> Iterator[tuple[str, str, str]]:
    """(whose, PromQL, words that name labels in braces) of each rule and panel."""
    for rule in rules():
        yield rule["alert"], rule["expr"], " ".join(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
    for panel in panels():
        for target in panel["targets"]:
            words = " ".join(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m"), words


def parts_of(expression: Any) -> Iterator[Any]:
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        if (part := getattr(expression, name, None)) is not None:
            yield from parts_of(part)
    for part in getattr(expression, "args", None) or []:
        yield from parts_of(part)


Given = dict[str, dict[str, set[str]]]


def wrong(promql: str, words: str, told: Given) -> list[str]:
    """What this asks for that nobody gives: names, labels, values that a label never has."""
    results, labels = [], set(words.split())
    known = set(ADDED)
    for part in parts_of(promql_parser.parse(promql)):
        if isinstance(part, promql_parser.VectorSelector):
            if part.name not in told:
                results.append(f"{part.name} is not given out")
                continue
            known |= told[part.name].keys()
            for one in part.matchers.matchers:
                values = told[part.name].get(one.name)
                if one.name not in ADDED and values is None:
                    results.append(f"{part.name} has no {one.name}")
                elif values is not None and one.op == promql_parser.MatchOp.Equal and one.value not in values:
                    results.append(f"{one.name} of {part.name} is never {one.value}")
                elif values is not None and one.op in (promql_parser.MatchOp.Re, promql_parser.MatchOp.NotRe):
                    results += [f"{one.name} is never {each}" for each in one.value.split("|") if each not in values]
        if isinstance(part, promql_parser.AggregateExpr) and part.modifier is not None:
            labels |= set(part.modifier.labels)
    return [*results, *(f"no {label} there" for label in sorted(labels - known))]


@pytest.fixture
def told(world: World, counting: Any, tmp_path: Path) -> Given:
    """Of each metric that a running portal gives out its labels, with their values here: a day in which something of
    each kind happened."""
    now, key = timezone.now(), tmp_path / "key.pem"
    given.a_complaint(world, status=Status.NEGOTIATING, now=now - timedelta(days=40))
    handling.sweep_clocks(now=now)
    how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(*how))
    key.chmod(0o600)
    counting.SEAL_KEY_FILE = str(key)
    checkpoints.seal(now=now)
    for name in ("beat", "watch"):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now - timedelta(hours=2)})
    SystemCheck.objects.update_or_create(name=signs.RECORD, defaults={"at": now, "is_sound": True, "counted": 1})
    run("counters", int)
    with pytest.raises(ZeroDivisionError):
        run("counters", lambda: 1 / 0)
    counts.task("clocks", "held", 0.1)
    for status in (200, 500):
        counts.request("/a/", "GET", status, 0.1)
    (scraped,) = yaml.safe_load(SCRAPE.read_text())["scrape_configs"]
    # What Prometheus itself adds.
    results: Given = {"up": {"job": {scraped["job_name"]}, "instance": set()}}
    for family in text_string_to_metric_families(metrics()):
        for sample in family.samples:
            labels = results.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    assert "nobody_sweeps" in results["odr_alarm"]["condition"]
    # Not all of them at once: the words of each condition say which there are.
    results["odr_alarm"]["condition"] |= {*signs.SENTENCES}
    return results


@pytest.mark.django_db
def test_what_rules_and_panels_ask_for_is_given_out(told: Given) -> None:
    assert len(list(asked())) > 30
    assert {whose: found for whose, promql, words in asked() if (found := wrong(promql, words, told))} == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("promql", "words", "found"),
    [
        ("odr_alarms_total > 0", "", ["odr_alarms_total is not given out"]),
        ("sum by (path) (rate(odr_requests_total[5m]))", "", ["no path there"]),
        ('rate(odr_requests_total{code="500"}[5m])', "", ["odr_requests_total has no code"]),
        ('rate(odr_tasks_total{outcome="failure"}[5m])', "", ["outcome of odr_tasks_total is never failure"]),
        ('odr_alarm{condition=~"record_broken|gone"}', "", ["condition is never gone"]),
        ("max(odr_queue_age_seconds)", "name", ["no name there"]),
    ],
)
def test_a_wrong_name_is_found(told: Given, promql: str, words: str, found: list[str]) -> None:
    assert wrong(promql, words, told) == found


def test_each_rule_says_what_it_is_about_and_each_panel_has_a_place_of_its_own() -> None:
    for rule in rules():
        assert rule["annotations"]["summary"], rule
        assert rule["labels"]["severity"] in {"critical", "warning"}
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels()]
    assert len(set(places)) == len(places)
    assert len({one["id"] for one in panels()}) == len(places)


@pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus is not installed")
def test_prometheus_itself_reads_the_rules_and_their_own_tests() -> None:
    for words in (["check", "rules", RULES.name], ["test", "rules", "odr-portal.tests.yml"]):
        done = subprocess.run(["promtool", *words], cwd=RULES.parent, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

"""The rules of the enterprise that a program can check."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import APPS, ROOT

MODULES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.relative_to(ROOT).parts
)
LONGEST = 400
#: Longer since one layout holds for all; each may only leave this list.
TOO_LONG = {
    "complaints/procedure/sector_files.py",
    "complaints/procedure/workflow.py",
    "complaints/reading/case.py",
    "odr_portal/settings.py",
    "tests/browser/pictures.py",
    "tests/complaints/outbound/test_webhooks.py",
    "tests/walls/test_the_database_itself.py",
}
# The one place that writes a status, and the bulk writer below it.
STATUS_WRITERS = {
    "complaints/handling/transition/take.py",
    "complaints/handling/transition/writing.py",
    "complaints/handling/transition/effect.py",
}
BANNED_NAMES = {"utils", "helpers", "services", "manager", "common", "data", "info"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_list_of_modules_is_not_empty() -> None:
    assert len(MODULES) > 40


def test_apps_are_imported_in_one_direction() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_module_can_be_read_in_ten_minutes() -> None:
    tests = list((ROOT / "tests").rglob("*.py"))
    lines = {name_of(path): len(path.read_text().splitlines()) for path in [*MODULES, *tests]}
    long = {name for name, count in lines.items() if count > LONGEST}
    assert not long - TOO_LONG, f"over {LONGEST} lines: split by noun or audience"
    assert not TOO_LONG - long, "short enough now: take them off the list"
    assert max(lines.values()) <= 600


def test_a_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in MODULES
        if (tree := ast.parse(path.read_text())).body and ast.get_docstring(tree) is None
    ]
    assert not silent


def test_modules_have_names_of_the_field() -> None:
    assert not [name_of(path) for path in MODULES if path.stem in BANNED_NAMES]


def test_nobody_publishes_and_nobody_signals() -> None:
    """The row is the queue: what must happen later is a row that a sweep finds."""
    forbidden = re.compile(r"\.delay\(|\.apply_async\(|send_task\(|on_commit\(|post_save|pre_save|@receiver")
    # A key leaves its transaction only with the commit; a column is asked for its stored form by this name.
    of_django = {("accounts/keys/keyring.py", "on_commit("), ("accounts/keys/sealed_fields.py", "pre_save")}
    results = {(name_of(path), match[0]) for path in MODULES for match in forbidden.finditer(path.read_text())}
    assert not results - of_django


def test_only_take_writes_a_status() -> None:
    writers = set()
    for path in (ROOT / "complaints").rglob("*.py"):
        if "migrations" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "status":
                    writers.add(name_of(path))
    assert writers <= STATUS_WRITERS


def test_rules_know_no_broker_no_web_and_no_clock() -> None:
    rules = "handling webhooks notices documents stations casefile settlement acceptance triage"
    ground = "record parties wording models procedure"
    folders = [ROOT / "complaints" / name for name in (*rules.split(), *ground.split())]
    folders += [ROOT / "routing" / "rules", ROOT / "routing" / "forwarding"]
    forbidden = re.compile(
        r"^\s*(?:from|import) (celery|rest_framework|django\.http)\b|timezone\.now\(|datetime\.now\(", re.M
    )
    assert all(folder.is_dir() for folder in folders)
    assert not [
        f"{name_of(path)}: {match[0]}"
        for folder in folders
        for path in folder.rglob("*.py")
        for match in forbidden.finditer(path.read_text())
    ]


def test_the_web_process_does_not_even_load_the_broker() -> None:
    code = (
        "import sys; from odr_portal.wsgi import application; from django.urls import get_resolver; "
        "get_resolver().url_patterns; print([m for m in ('celery', 'kombu', 'redis') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_path_of_one_machine_and_no_index_is_written_down() -> None:
    text = re.compile("|".join(["/" + "work/", "/" + "root/", "--" + "index-url", "--" + "find-links"]))
    results = [
        f"{name_of(path)}: {match[0]}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".txt", ".in", ".toml", ".html", ".css", ".js", ".po", ""}
        and "tests/architecture" not in name_of(path)
        for match in text.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert not results


def test_each_pin_has_a_reason_and_each_locked_file_a_hash() -> None:
    for name in ("requirements", "requirements-dev"):
        pins = [line for line in (ROOT / f"{name}.in").read_text().splitlines() if line and line[0] not in "#-"]
        assert not [line for line in pins if not line.partition("  # ")[2]], f"{name}.in: say why"
        locked = re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text())
        pinned = [block for block in locked if "==" in block.split("\n")[0]]
        assert pinned
        assert not [block.split("\n")[0] for block in pinned if "--hash=sha256:" not in block]


def test_scripts_and_styles_stand_in_files() -> None:
    """The page policy is 'self' only: anything inline would silently not work."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=|\shx-on", re.I)
    results = [
        f"{name_of(path)}: {match[0]}"
        for path in (ROOT / "templates").rglob("*.html")
        if "documents" not in path.parts
        for match in inline.finditer(
            re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
        )
        if 'type="application/json"' not in match[0]
    ]
    assert not results

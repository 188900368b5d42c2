"""The rules of the project that a program can check: of its modules, of what documents name, of its tests."""

import ast
import re
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import Any

import gunicorn.workers.gthread
import heroicons
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.db.models import Manager, QuerySet
from django.http import QueryDict
from django.test import RequestFactory
from rest_framework.request import Request

from accounts.roles import Role
from enterprises.models import Brand
from tests import APPS, ROOT, slow
from tests.conftest import FULL

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
}
# The one place that writes a status, and the bulk writer below it.
STATUS_WRITERS = {f"complaints/handling/transition/{name}.py" for name in ("take", "writing", "effect")}
BANNED_NAMES = {"utils", "helpers", "services", "manager", "common", "data", "info"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


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


def test_a_module_says_what_it_is_for_and_has_a_name_of_the_field() -> None:
    assert len(MODULES) > 40
    for path in MODULES:
        tree = ast.parse(path.read_text())
        assert not tree.body or ast.get_docstring(tree), name_of(path)
        assert path.stem not in BANNED_NAMES, name_of(path)


def test_nobody_publishes_and_nobody_signals() -> None:
    """The row is the queue: what must happen later is a row that a sweep finds."""
    forbidden = re.compile(r"\.delay\(|\.apply_async\(|send_task\(|on_commit\(|post_save|pre_save|@receiver")
    # A key leaves its transaction only with the commit; a column is asked for its stored form by this name.
    of_django = {("accounts/keys/keyring.py", "on_commit(")}
    of_django |= {(f"accounts/keys/{name}.py", "pre_save") for name in ("sealed_fields", "row_tags")}
    results = {(name_of(path), match[0]) for path in MODULES for match in forbidden.finditer(path.read_text())}
    assert not results - of_django


def test_only_take_writes_a_status() -> None:
    writers = {
        name_of(path)
        for path in MODULES
        if name_of(path).startswith("complaints/")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Attribute) and target.attr == "status" for target in node.targets)
    }
    assert writers <= STATUS_WRITERS


def test_rules_know_no_broker_no_web_and_no_clock() -> None:
    rules = "handling webhooks notices documents stations casefile settlement acceptance triage"
    ground = "record parties wording models procedure"
    folders = [ROOT / "complaints" / name for name in (*rules.split(), *ground.split())]
    folders += [ROOT / "routing" / "rules", ROOT / "routing" / "forwarding"]
    forbidden = re.compile(
        r"^\s*(?:from|import) (celery|rest_framework|django\.http)\b|timezone\.now\(|datetime\.now\(", re.M
    )
    for folder in folders:
        assert folder.is_dir()
        found = {name_of(path) for path in folder.rglob("*.py") if forbidden.search(path.read_text())}
        # What compares the clocks reads them.
        assert found <= {"complaints/record/clock.py"}


def test_the_web_process_does_not_even_load_the_broker() -> None:
    code = (
        "import sys; from odr_portal.wsgi import application; from django.urls import get_resolver; "
        "get_resolver().url_patterns; print([m for m in ('celery', 'kombu', 'redis') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_path_of_one_machine_and_no_index_is_written_down() -> None:
    text = re.compile("|".join(["/" + "work/", "/" + "root/", "--" + "index-url", "--" + "find-links"]))
    suffixes = {".py", ".md", ".txt", ".in", ".toml", ".html", ".css", ".js", ".po", ""}
    for name in tracked():
        if Path(name).suffix in suffixes and not name.startswith("tests/architecture"):
            assert not text.search((ROOT / name).read_text(encoding="utf-8", errors="ignore")), name


def test_each_pin_has_a_reason_and_each_locked_file_a_hash() -> None:
    for name in ("requirements", "requirements-dev", "requirements-ocr"):
        pins = [line for line in (ROOT / f"{name}.in").read_text().splitlines() if line and line[0] not in "#-"]
        assert not [line for line in pins if not line.partition("  # ")[2]], f"{name}.in: say why"
        locked = re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text())
        pinned = [block for block in locked if "==" in block.split("\n")[0]]
        assert pinned
        assert not [block.split("\n")[0] for block in pinned if "--hash=sha256:" not in block]


def test_scripts_and_styles_stand_in_files() -> None:
    """The page policy is 'self' only: anything inline would silently not work."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=|\shx-on", re.I)
    comment = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}", re.S)
    for path in (ROOT / "templates").rglob("*.html"):
        found = inline.findall(comment.sub("", path.read_text())) if "documents" not in path.parts else []
        data = re.compile(r'type="application/(?:ld\+)?json"')
        assert not [match for match in found if not data.search(match)], path


#: Made while the program runs, and names that look like ours and are not.
NOT_IN_THE_TREE = {"benchmarks/results/", "database.dump", "demo.invalid"}
#: What happened once is told in the words of its day.
OF_THEIR_DAY = {"CHANGELOG.md"}
FOLDERS = (*APPS, "tests", "benchmarks", "templates", "static", "locale", "docs", "tools")
IN_QUOTES = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?<![\w./-])[\w-]+(?:/[\w-]+)*\.(?:py|html|css|js|typ|toml)\b(?!/)")
FOLDER = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/(?:[\w-]+/)*(?![\w.*…{{-])")
DOTTED = re.compile(rf"(?<![\w./-])(?:{'|'.join((*APPS, 'tests', 'benchmarks'))})(?:\.\w+)+")


def named_in(text: str) -> list[str]:
    return [
        given for quoted in IN_QUOTES.findall(text) for kind in (FILE, FOLDER, DOTTED) for given in kind.findall(quoted)
    ]


def is_there(text: str, *, files: set[str], names: set[str], beside: Path) -> bool:
    """A path from the project's folder or from the document's own; a bare name of a file; a module, or what it
    defines; a model by the name of its app.
    """
    if text.endswith("/"):
        return text in NOT_IN_THE_TREE or any(name.startswith(text) for name in files)
    if "/" in text or text in files:
        return text in files or (beside / text).as_posix() in files
    if text in names | NOT_IN_THE_TREE:
        return True
    if model := re.fullmatch(r"(\w+)\.([A-Z]\w+)", text):
        models = [name for name in files if re.match(rf"{model[1]}/models(\.py|/)", name)]
        return any(f"class {model[2]}(" in (ROOT / name).read_text() for name in models)
    parts = text.split(".")
    for size in range(len(parts), 0, -1):
        stem = "/".join(parts[:size])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if path in files:
                return size == len(parts) or re.search(rf"\b{parts[size]}\b", (ROOT / path).read_text()) is not None
    return False


def test_what_a_document_names_is_there_and_what_is_not_is_found() -> None:
    files = set(tracked())
    names = {Path(name).name for name in files}
    gone = "complaints/no_such.py no_such.py complaints/no_such/ complaints.no_such complaints.models.Nobody"
    for given in gone.split():
        assert named_in(f"see `{given}`") == [given]
        assert not is_there(given, files=files, names=names, beside=Path("docs")), given
    documents = [name for name in files if name.endswith(".md") and Path(name).name not in OF_THEIR_DAY]
    assert len(documents) > 40
    missing = {
        f"{document}: {given}"
        for document in documents
        for given in named_in((ROOT / document).read_text())
        if not is_there(given, files=files, names=names, beside=Path(document).parent)
    }
    assert not missing


def test_what_a_comment_names_is_there() -> None:
    """Names of modules, with as much of their path as the comment says."""
    files = tracked()
    for module in MODULES:
        for given in re.findall(r'(?<![\w./"-])\w+(?:/\w+)*\.py\b', module.read_text()):
            assert any(name == given or name.endswith(f"/{given}") for name in files), f"{module}: {given}"


def _tests() -> set[str]:
    results = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        place = file.relative_to(ROOT).as_posix()
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                results.add(f"{place}::{node.name}")
    return results


def test_each_line_names_a_test_once_and_in_order() -> None:
    lines = slow.LIST.read_text().splitlines()
    assert lines == sorted(set(lines))
    gone = set(lines) - _tests()
    assert not gone, "take these lines out of tests/slow.txt, or name them as they are called now"


def test_each_name_of_the_long_run_is_a_module_or_a_test() -> None:
    tests = _tests()
    assert not [name for name in FULL if name.partition("[")[0] not in tests and not (ROOT / name).is_file()]


def test_a_quick_look_has_something_of_every_package() -> None:
    assert set(APPS) <= {test.split("/")[1] for test in _tests() - slow.listed()}


def test_make_test_leaves_out_nothing_that_stands_in_the_list() -> None:
    """It leaves out what is `full`; only `make test-fast` asks for what is not `slow`."""
    rules = re.findall(r'^([a-z-]+):.*\n(?:\t.*\n)*?\t.*-m "([^"]*)"', (ROOT / "Makefile").read_text(), re.M)
    assert dict(rules)["test"] == "not full"
    assert [name for name, chosen in rules if "slow" in chosen] == ["test-fast"]


#: Private names of libraries that we use → where the pinned version has it. `_meta` and `_default_manager` are
#: documented by Django, `_value_` by enum.
OF_OTHERS: dict[str, Any] = {
    "_meta": Brand,
    "_default_manager": Brand,
    "_state": Brand(),
    "_value_": Role.CONSUMER,
    "_db": Manager(),
    "_fields": QuerySet(Brand),
    "_prefetch_related_lookups": QuerySet(Brand),
    "_mutable": QueryDict(),
    "_request": Request(RequestFactory().get("/")),
    "_get_or_create_session_key": SessionStore,
    "_js_module_import_aggregation_patterns": ManifestFilesMixin,
    "_DEFER": gunicorn.workers.gthread,
    "_render_icon": heroicons,
    # The name that a certificate is compared with; set, since we connect to an address that was checked.
    "_host": smtplib.SMTP(),
}
#: Our own marks on a request.
OURS = {"_caller", "_incident", "_incident_error", "_person_at_second_factor", "_request_transaction"}


def private_names() -> set[str]:
    """Names with one underscore that are reached through an object or imported, and defined by no code of ours."""
    own, result = set(), set()
    for node in (node for path in MODULES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                own.add(node.name)
            case ast.Name(ctx=ast.Store()):
                own.add(node.id)
            case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
                own.add(node.attr)
            case ast.ImportFrom() if (node.module or "").split(".")[0] not in APPS:
                result |= {alias.name for alias in node.names}
        if isinstance(node, ast.Attribute):
            result.add(node.attr)
    return {name for name in result - (own - OF_OTHERS.keys()) if name.startswith("_") and not name.startswith("__")}


def test_every_private_name_of_a_library_stands_here_and_the_library_still_has_it() -> None:
    assert private_names() - OURS == set(OF_OTHERS)
    assert not [name for name, place in OF_OTHERS.items() if not hasattr(place, name)]

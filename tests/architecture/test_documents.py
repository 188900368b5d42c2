"""What the documents name is there: a reader who follows a path finds the file."""

import re
import subprocess
from pathlib import Path

import pytest

from tests import APPS, ROOT

#: Made while the program runs, and names that look like ours and are not.
NOT_IN_THE_TREE = {"benchmarks/results/", "database.dump", "demo.invalid"}
#: What happened once is told in the words of its day.
OF_THEIR_DAY = {"CHANGELOG.md"}
FOLDERS = (*APPS, "tests", "benchmarks", "templates", "static", "locale", "docs", "tools")
IN_QUOTES = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?<![\w./-])[\w-]+(?:/[\w-]+)*\.(?:py|html|css|js|typ|toml)\b(?!/)")
FOLDER = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/(?:[\w-]+/)*(?![\w.*…{{-])")
DOTTED = re.compile(rf"(?<![\w./-])(?:{'|'.join((*APPS, 'tests', 'benchmarks'))})(?:\.\w+)+")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


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


def test_what_a_document_names_is_there() -> None:
    files = set(tracked())
    names = {Path(name).name for name in files}
    documents = [name for name in files if name.endswith(".md") and Path(name).name not in OF_THEIR_DAY]
    assert len(documents) > 40
    missing = {
        f"{document}: {given}"
        for document in documents
        for given in named_in((ROOT / document).read_text())
        if not is_there(given, files=files, names=names, beside=Path(document).parent)
    }
    assert not missing


@pytest.mark.parametrize(
    "said",
    ["complaints/no_such.py", "no_such.py", "complaints/no_such/", "complaints.no_such", "complaints.models.Nobody"],
)
def test_what_is_not_there_is_found(said: str) -> None:
    files = set(tracked())
    assert named_in(f"see `{said}`") == [said]
    assert not is_there(said, files=files, names={Path(name).name for name in files}, beside=Path("docs"))


def test_what_a_comment_names_is_there() -> None:
    """Names of modules, with as much of their path as the comment says."""
    files = tracked()
    modules = [name for name in files if name.startswith(tuple(f"{app}/" for app in APPS)) and name.endswith(".py")]
    missing = {
        f"{module}: {given}"
        for module in modules
        if "/migrations/" not in module
        for given in re.findall(r'(?<![\w./"-])\w+(?:/\w+)*\.py\b', (ROOT / module).read_text())
        if not any(name == given or name.endswith(f"/{given}") for name in files)
    }
    assert not missing

"""A reader of pictures that says what a test wants, in a child process as the real one: without its requirements."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from complaints.evidence import examining
from tests.complaints.listening.test_bills import printed

_SCRIPT = """import json, os, sys
with os.fdopen(int(sys.argv[5]), "w+b") as target, open({lines!r}, "rb") as lines:
    target.write(lines.read())
print(json.dumps({{"copy": "pieces", "thumbnail": False}}))
"""

Says = Callable[..., None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Says:
    """Called with lines: each picture says them from now on. ``script``: the reader's own program instead."""
    lines_file, program = tmp_path / "pieces", tmp_path / "reader.py"
    monkeypatch.setattr(examining, "reads_text", lambda: True)
    monkeypatch.setattr(examining, "TEXT_SCRIPT", program)

    def change(*lines: str | Sequence[str], script: str = "") -> None:
        pieces = printed([(line,) if isinstance(line, str) else tuple(line) for line in lines])
        written = [{"text": one.text, "corners": one.corners, "score": one.score} for one in pieces]
        lines_file.write_text("".join(json.dumps(one) + "\n" for one in written))
        program.write_text(script or _SCRIPT.format(lines=str(lines_file)))

    change()
    return change

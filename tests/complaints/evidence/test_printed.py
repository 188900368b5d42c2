"""The child process that reads print: what it writes, how it ends; with its requirements, what it reads."""

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from complaints.evidence import examining, picture_text
from complaints.listening.bills import read
from tests.complaints.evidence.drawn_bills import LAYOUTS, drawn
from tests.complaints.evidence.drawn_bills import jpeg as photo


class Found:
    """What the library gives for a picture."""

    def __init__(self, texts: list[str]) -> None:
        box = [[1, 2], [30, 2], [30, 12], [1, 12]]
        self.boxes: Any = [box] * len(texts) if texts else None
        self.txts = tuple(texts) if texts else None
        self.scores = (0.98765,) * len(texts)


def lines_of(texts: list[str], *, size: tuple[int, int] = (64, 48)) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    """(what the child writes, height and width of the picture that the library got)."""
    shapes: list[tuple[int, ...]] = []

    def reader(picture: Any) -> Found:
        shapes.append(picture.shape)
        return Found(texts)

    target = io.BytesIO()
    picture_text.pieces(reader, io.BytesIO(photo(Image.new("RGB", size, "white"))), target)
    return [json.loads(line) for line in target.getvalue().splitlines()], shapes[0]


def test_a_line_a_piece_as_much_as_a_bill_has() -> None:
    pytest.importorskip("numpy", reason="comes with the optional requirements (make ocr)")
    lines, shape = lines_of(["合计", "58.00"])
    assert lines[1] == {"text": "58.00", "corners": [[1, 2], [30, 2], [30, 12], [1, 12]], "score": 0.9877}
    assert (len(lines), shape) == (2, (48, 64, 3))
    assert lines_of([])[0] == []
    lines, shape = lines_of(["长" * 9999] * 9999, size=(4000, 100))
    assert (len(lines), len(lines[0]["text"])) == (picture_text.MOST_PIECES, picture_text.LONGEST_PIECE)
    assert max(shape) == picture_text.SIDE


@pytest.mark.skipif(examining.reads_text(), reason="it is installed here")
def test_without_its_requirements_the_reader_ends_and_nothing_is_read() -> None:
    ended = subprocess.run(
        [sys.executable, "-I", str(examining.TEXT_SCRIPT), "image/jpeg", "5", "0", "0", "1", "1"], capture_output=True
    )
    assert ended.returncode == 1
    assert b"ModuleNotFoundError" in ended.stderr


@pytest.mark.full
@pytest.mark.skipif(not examining.reads_text(), reason="the optional requirements are not installed (make ocr)")
@pytest.mark.parametrize("number", range(0, 5 * LAYOUTS, 7))
def test_of_a_photographed_bill_nothing_is_read_wrongly(number: int, settings: Any, tmp_path: Any) -> None:
    """How much is missed tells `python -m benchmarks.optional.bills`."""
    from datetime import date

    from complaints.evidence.printed import pieces_of

    settings.EVIDENCE_ROOT = str(tmp_path)
    content, truth, look = drawn(number)
    with open(tmp_path / "bill.jpg", "w+b") as copy:
        copy.write(content)
        found = {one.field: one.value for one in read(pieces_of(copy, "image/jpeg"), date(2026, 11, 29))}
    assert found.items() <= truth.items()
    assert found or look == "far"

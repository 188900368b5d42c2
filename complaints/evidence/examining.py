"""Has a file examined in a child process that is bounded in time, memory and what it may touch. The portal's own
process never decodes what somebody sent; it reads one short line of the child."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from django.conf import settings

from complaints.evidence import examine, page, picture_text, sheet

#: At once in this process; each may take up to 300 MB and a core.
AT_ONCE = threading.BoundedSemaphore(2)
#: Reading what is printed takes longer: it has a turn of its own, so that files are looked into meanwhile.
READING = threading.BoundedSemaphore(1)
#: Long screenshots and photographs of 24 million pixels fit; JPEG is decoded smaller and may have four times as many.
PIXELS = 40_000_000
SHEET_SCRIPT, PAGE_SCRIPT, TEXT_SCRIPT = Path(sheet.__file__), Path(page.__file__), Path(picture_text.__file__)
#: Of machines with less memory none reads pictures: it takes some 500 MB beside all else.
LEAST_MEMORY_TO_READ = 3 * 2**30
_SCRIPT = Path(examine.__file__)
_LONGEST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Examination:
    """``copy_type`` "" where there is no copy; ``seconds`` of a recording, else None."""

    copy_type: str
    has_thumbnail: bool
    seconds: int | None = None


class Unreadable(Exception):
    """The file was looked at and is not taken; the text is a code of `limits.py`."""


def look_into(
    source: IO[bytes], media_type: str, *, copy: IO[bytes], thumbnail: IO[bytes], longest: int = 0
) -> Examination:
    """What our copy is and whether there is a thumbnail (of a PDF its first page, where that can be drawn); how long a
    recording lasts.

    ``source`` is an open file on disk; ``longest``: seconds that a recording may last (0: any). Raises Unreadable:
    long, broken, pixels, memory, slow, busy, pdf_…."""
    answer = _in_turn(_SCRIPT, source, media_type, copy, thumbnail, longest=longest)
    seconds_long = answer.get("seconds")
    has_thumbnail = _draws(source, thumbnail) if media_type == "application/pdf" else bool(answer["thumbnail"])
    return Examination(str(answer["copy"]), has_thumbnail, seconds_long if isinstance(seconds_long, int) else None)


def _draws(source: IO[bytes], thumbnail: IO[bytes]) -> bool:
    """Whether ``thumbnail`` holds the first page of this PDF now."""
    try:
        with open(os.devnull, "r+b") as nothing:
            _in_turn(PAGE_SCRIPT, source, "application/pdf", nothing, thumbnail, longest=0)
    except Unreadable:
        return False
    return True


def sheet_into(source: IO[bytes], rows: IO[bytes]) -> None:
    """The rows of a workbook's first sheet, a line of JSON each. Raises Unreadable: also no_sheet, far."""
    with open(os.devnull, "r+b") as nothing:
        _in_turn(SHEET_SCRIPT, source, "workbook", rows, nothing, longest=0)


@cache
def reads_text() -> bool:
    """Whether what is printed in pictures is read here: the optional requirements are installed (`make ocr`), and the
    machine is not too small for them."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return find_spec("rapidocr") is not None and memory >= LEAST_MEMORY_TO_READ


def text_into(source: IO[bytes], media_type: str, pieces: IO[bytes]) -> None:
    """What is printed in our copy of a picture, a line of JSON a piece. Raises Unreadable."""
    with open(os.devnull, "r+b") as nothing:
        _in_turn(TEXT_SCRIPT, source, media_type, pieces, nothing, longest=0, turn=READING)


def _in_turn(
    script: Path,
    source: IO[bytes],
    media_type: str,
    copy: IO[bytes],
    thumbnail: IO[bytes],
    *,
    longest: int,
    turn: threading.BoundedSemaphore = AT_ONCE,
) -> dict[str, object]:
    if not turn.acquire(timeout=settings.EVIDENCE_INSPECTION_SECONDS):
        raise Unreadable("busy")
    try:
        answer = _ask(script, source, media_type, (copy.fileno(), thumbnail.fileno()), longest=longest)
    finally:
        turn.release()
    if "refused" in answer:
        raise Unreadable(str(answer["refused"]))
    return answer


def _ask(script: Path, source: IO[bytes], media_type: str, fds: tuple[int, int], *, longest: int) -> dict[str, object]:
    source.seek(0)
    seconds = settings.EVIDENCE_INSPECTION_SECONDS
    with subprocess.Popen(
        [sys.executable, "-I", str(script), media_type, str(seconds), str(PIXELS), str(longest), *map(str, fds)],
        stdin=source.fileno(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=fds,
        cwd="/",
        # Nothing of ours: neither addresses nor secrets.
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        start_new_session=True,
    ) as child:
        try:
            given, _nothing = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            return {"refused": "slow"}
    if child.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return {"refused": "slow"}
    if child.returncode:
        # The library itself fell: out of memory, or worse.
        return {"refused": "memory" if child.returncode in {-signal.SIGABRT, 1} else "broken"}
    try:
        answer = json.loads(given[:_LONGEST_ANSWER])
    except ValueError:
        return {"refused": "broken"}
    return answer if isinstance(answer, dict) and ("refused" in answer or "copy" in answer) else {"refused": "broken"}

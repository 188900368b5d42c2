"""What is printed in a kept picture, where this machine can read it."""

import json
import logging
import shutil
from typing import IO

from complaints.evidence import examining, storing
from complaints.listening.bills import Piece
from complaints.models.evidence import Evidence
from database.row_security import nothing_held

#: Bytes that the child may have written, and pixels from the corner.
_MOST_WRITTEN, _FARTHEST = 1_000_000, 100_000
log = logging.getLogger(__name__)


def printed_in(row: Evidence) -> list[Piece]:
    """The pieces of our copy of this picture; none where it is no picture or could not be read. Takes seconds, up to
    twice EVIDENCE_INSPECTION_SECONDS where others are read before it: hold no lock."""
    if not row.copy_type.startswith("image/") or not examining.reads_text():
        return []
    try:
        with nothing_held(), storing.scratch() as source:
            with storing.storage().open(row.copy_path, "rb") as copy:
                shutil.copyfileobj(copy, source)
            return pieces_of(source, row.copy_type)
    except (examining.Unreadable, OSError) as error:
        log.warning("a picture was not read: %s", error if isinstance(error, examining.Unreadable) else type(error))
        return []


def pieces_of(copy: IO[bytes], media_type: str) -> list[Piece]:
    """The same of an open file on disk. Raises Unreadable."""
    copy.flush()
    with storing.scratch() as target:
        examining.text_into(copy, media_type, target)
        target.seek(0)
        written = target.read(_MOST_WRITTEN)
    try:
        return [_piece(line) for line in written.splitlines()]
    except (ValueError, KeyError, TypeError):
        # Nothing of a child that read a stranger's file is believed.
        raise examining.Unreadable("broken") from None


def _piece(line: bytes) -> Piece:
    """Raises ValueError, KeyError, TypeError."""
    said = json.loads(line)
    first, second, third, fourth = ((float(x), float(y)) for x, y in said["corners"])
    corners = (first, second, third, fourth)
    if not all(abs(number) < _FARTHEST for corner in corners for number in corner):
        raise ValueError("no place in a picture")
    return Piece(str(said["text"]), corners, float(said["score"]))

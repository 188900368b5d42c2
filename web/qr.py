"""A QR code as one path of an SVG that stands in the page: no picture file, no style attribute.

Error level Q and a quiet zone of four modules, so that an old telephone reads it from paper.
"""

from dataclasses import dataclass

import segno


@dataclass(frozen=True, slots=True)
class Code:
    """``size`` modules wide, quiet zone included."""

    size: int
    path: str


def qr_code(text: str) -> Code:
    rows = [list(row) for row in segno.make(text, error="q", micro=False).matrix_iter(border=4)]
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                parts.append(f"M{x} {y}h{run - x}v1h-{run - x}z")
            x = max(run, x + 1)
    return Code(len(rows), "".join(parts))

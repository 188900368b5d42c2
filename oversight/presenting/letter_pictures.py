"""The pictures of the first page as one PNG, for a letter: the trend of twelve weeks, and the backlog.

Drawn from the same templates as on the page, so that both show the same.
"""

import json
from collections.abc import Sequence
from typing import Any

import typst
from django.template.loader import render_to_string

from complaints.documents.printing import fonts

#: Dots for each point of the drawing: sharp on a phone, and some 40 kB.
_DOTS = 2
_SHEET = """#let given = json(bytes(sys.inputs.pictures))
#set page(width: auto, height: auto, margin: 16pt, fill: white)
#set text(font: "Noto Sans SC", size: 13pt, fill: rgb("#17202b"))
#for one in given {
  block(above: 20pt, strong(one.title))
  image(bytes(one.svg), format: "svg")
}"""


def drawn(pictures: Sequence[tuple[str, str]]) -> bytes:
    """PNG of these pictures one below the other: (what it says, its SVG)."""
    given = [{"title": title, "svg": svg} for title, svg in pictures]
    compiler = typst.Compiler(_SHEET.encode(), font_paths=fonts(), ignore_system_fonts=True)
    made = compiler.compile(
        format="png", ppi=72 * _DOTS, sys_inputs={"pictures": json.dumps(given, ensure_ascii=False)}
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single picture")
    return made


def trend(shown: dict[str, Any]) -> str:
    """The SVG of last_week.picture."""
    plot, weeks, runs = shown["plots"][0]
    about = {"plot": plot, "weeks": weeks, "runs": runs, "trend": shown, "is_desk": True}
    return _svg("oversight/_trend_plot.html", plot.width, plot.height, about)


def backlog(shown: dict[str, Any]) -> str:
    """The SVG of backlog.panel."""
    picture = shown["pictures"][0]
    return _svg(
        "oversight/_forecast_plot.html", picture["width"], picture["height"], {"picture": picture, "forecast": shown}
    )


def _svg(body: str, width: int, height: int, about: dict[str, Any]) -> str:
    return render_to_string("oversight/letter_picture.svg", {"width": width, "height": height, "body": body, **about})

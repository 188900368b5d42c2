"""Draws the first page of a PDF, in a process of its own: `python -I page.py TYPE SECONDS … COPY THUMBNAIL`.

Only a file that `examine.py` took comes here, and what cannot be drawn has no picture: it is no reason to refuse a
file. Run by `examining.py` in the same way as `examine.py`, whose limits it takes; the page is drawn by the program
that prints our documents, which reads PDF without a line of C, runs nothing in it and follows no address.
"""

import io
import json
import os
import runpy
import sys
from typing import IO, Any

#: The longer side in pixels: a bill can be read, and it stays small enough for a list.
SIDE = 640
#: The file is standard input; its first page, however large, as a page of ours.
_PAGE = f"""#set page(width: auto, height: auto, margin: 0pt)
#let first = image.with("/proc/self/fd/0", format: "pdf", page: 1)
#context {{
  let size = measure(first())
  first(width: calc.max(1pt, {SIDE}pt * (size.width / calc.max(size.width, size.height))))
}}"""


def draw(thumbnail: IO[bytes]) -> None:
    """As a JPEG on white. Raises what the libraries raise."""
    import typst
    from PIL import Image

    drawn = typst.Compiler(_PAGE.encode(), root="/", ignore_system_fonts=True).compile(format="png", ppi=72)
    if not isinstance(drawn, bytes):
        raise TypeError("typst gave no single picture")
    with Image.open(io.BytesIO(drawn), formats=["PNG"]) as picture:
        # A strip of one pixel may still be long.
        picture.thumbnail((SIDE, SIDE))
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    white.save(thumbnail, "JPEG", quality=75)


def main() -> dict[str, Any]:
    # Loaded before the limits.
    import typst  # noqa: F401
    from PIL import JpegImagePlugin, PngImagePlugin  # noqa: F401

    shut_in = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "examine.py"))["shut_in"]
    shut_in(int(sys.argv[2]), needs_threads=True)
    try:
        with os.fdopen(int(sys.argv[6]), "w+b") as thumbnail:
            draw(thumbnail)
    except MemoryError:
        return {"refused": "memory"}
    except BaseException as error:
        # The drawing program's own panic is no ordinary exception.
        return {"refused": "broken", "error": type(error).__name__}
    return {"copy": "", "thumbnail": True}


if __name__ == "__main__":
    print(json.dumps(main()), flush=True)

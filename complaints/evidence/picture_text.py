"""Reads what is printed in a picture, in a process of its own: `python -I picture_text.py TYPE SECONDS … COPY
THUMBNAIL`. The pieces go to COPY, a line of JSON each: {"text", "corners", "score"} (complaints/listening/bills.Piece).

The picture is standard input: our own copy, which `examine.py` wrote. It needs the optional requirements of
requirements-ocr.txt, whose wheel holds its models: nothing is fetched. Run by `examining.py` in the same way as
`examine.py`; the models are loaded before the limits, the picture after them. One at a time on this machine, since
each takes some 500 MB: whoever comes second waits at this very file."""

import fcntl
import json
import logging
import os
import runpy
import sys
from typing import IO, Any

MEGABYTE = 1024 * 1024
MEMORY, ADDRESSES = 900 * MEGABYTE, 4096 * MEGABYTE
#: The longer side in pixels: small print is read, and a photograph costs no more than a screenshot.
SIDE = 2000
MOST_PIECES, LONGEST_PIECE = 400, 200


def engine() -> Any:
    """The reader on one core, with its models, which it loads when it first reads."""
    logging.disable(logging.CRITICAL)
    import cv2
    import numpy
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    alone = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
    read = RapidOCR(params={f"EngineConfig.onnxruntime.{name}": number for name, number in alone.items()})
    white = numpy.full((48, 320, 3), 255, "uint8")
    for finds_rows in (False, True):
        read(white, use_det=finds_rows)
    return read


def pieces(read: Any, source: IO[bytes], target: IO[bytes]) -> None:
    """A line a piece, at most MOST_PIECES. ``read``: what `engine` gives. Raises what the libraries raise."""
    import numpy
    from PIL import Image

    with Image.open(source, formats=["JPEG", "PNG"]) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    # Blue comes first there.
    found = read(numpy.ascontiguousarray(numpy.asarray(picture)[:, :, ::-1]))
    if found.boxes is None or found.txts is None:
        return
    for box, text, score in list(zip(found.boxes, found.txts, found.scores, strict=True))[:MOST_PIECES]:
        corners = [[round(float(x), 1), round(float(y), 1)] for x, y in box]
        piece = {"text": str(text)[:LONGEST_PIECE], "corners": corners, "score": round(float(score), 4)}
        target.write(json.dumps(piece, ensure_ascii=False).encode() + b"\n")


def main() -> dict[str, Any]:
    mine = os.open(os.path.abspath(__file__), os.O_RDONLY)
    fcntl.flock(mine, fcntl.LOCK_EX)
    from PIL import JpegImagePlugin, PngImagePlugin  # noqa: F401

    read = engine()
    shut_in = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "examine.py"))["shut_in"]
    shut_in(int(sys.argv[2]), memory=MEMORY, addresses=ADDRESSES)
    try:
        with os.fdopen(0, "rb") as source, os.fdopen(int(sys.argv[5]), "w+b") as target:
            pieces(read, source, target)
    except MemoryError:
        return {"refused": "memory"}
    except Exception as error:
        return {"refused": "broken", "error": type(error).__name__}
    return {"copy": "pieces", "thumbnail": False}


if __name__ == "__main__":
    print(json.dumps(main()), flush=True)

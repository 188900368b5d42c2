"""Files for the tests, made here: real pictures, recordings and PDFs, and ones that only look like it.

Nothing is downloaded, and each builder makes the same bytes each time.
"""

import array
import fractions
import io
import math
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import av
import pikepdf
import pillow_heif
from PIL import Image

GPS = b"GPS-26.0745-119.2965"


def _picture(
    form: str, shade: int = 0, *, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any
) -> bytes:
    whole = io.BytesIO()
    colours = Image.getmodebands(mode)
    Image.new(mode, size, tuple([shade % 256, 120, 200, 90][:colours]) if colours > 1 else shade).save(
        whole, form, **options
    )
    return whole.getvalue()


def exif(turned: int = 1) -> Image.Exif:
    given = Image.Exif()
    given[0x0112] = turned
    given[0x010E] = GPS.decode()
    given.get_ifd(0x8825)[1] = "N"
    given.get_ifd(0x8825)[2] = (26.0, 4.0, 28.0)
    return given


@cache
def png(shade: int = 0, mode: str = "RGB") -> bytes:
    return _picture("PNG", shade, mode=mode)


@cache
def jpeg(turned: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    return _picture("JPEG", size=size, exif=exif(turned))


@cache
def webp() -> bytes:
    return _picture("WEBP", exif=exif())


@cache
def heic() -> bytes:
    pillow_heif.register_heif_opener()
    return _picture("HEIF", exif=exif())


def png_that_says(width: int, height: int) -> bytes:
    """A head with this size over a few rows of zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(50_000))) + chunk(b"IEND", b"")
    )


def pdf(change: Callable[[pikepdf.Pdf], None] | None = None, **options: Any) -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 200))
    if change is not None:
        change(document)
    whole = io.BytesIO()
    document.save(whole, **options)
    return whole.getvalue()


#: Codec, samples a second, form of a sample, samples a frame where the codec does not say.
SOUND = {"mp3": ("mp3", 44100, "fltp", 1152), "webm": ("libopus", 48000, "flt", 960)}


@cache
def recording(form: str, seconds: float = 1.5) -> bytes:
    """A tone, and for mp4 a grey picture. ``form``: mp4, ipod (m4a), mp3, webm (what a browser records)."""
    whole = io.BytesIO()
    codec, rate, sample, least = SOUND.get(form, ("aac", 44100, "fltp", 1024))
    with av.open(whole, "w", format=form) as container:
        container.metadata["comment"] = GPS.decode()
        sound = container.add_stream(codec, rate=rate)
        sound.layout = "mono"
        seen: Any = None
        if form == "mp4":
            seen = container.add_stream("mpeg4", rate=10)
            seen.width, seen.height, seen.pix_fmt = 64, 48, "yuv420p"
        samples = sound.codec_context.frame_size or least
        for number in range(int(seconds * rate) // samples):
            frame = av.AudioFrame(format=sample, layout="mono", samples=samples)
            frame.sample_rate, frame.pts = rate, number * samples
            frame.time_base = fractions.Fraction(1, rate)
            tone = array.array("f", [0.3 * math.sin((number * samples + n) / 16) for n in range(samples)])
            frame.planes[0].update(tone.tobytes())
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        if seen is not None:
            for _number in range(15):
                container.mux(seen.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), "grey"))))
            container.mux(seen.encode(None))
    return whole.getvalue()

"""Looks into one untrusted file, in a process of its own: `python -I examine.py TYPE SECONDS PIXELS LONGEST COPY
THUMBNAIL`.

Limits first, then the libraries that read the file; whatever happens in here, the portal only reads one line of JSON:
{"refused": code} or {"copy": type or "", "thumbnail": true or false}, for a recording with its "seconds".

The file is standard input; COPY and THUMBNAIL are numbers of open files to write to. It is run by `examining.py`, knows
nothing of Django, and gets neither the environment nor the network of the portal."""

import ctypes
import json
import os
import re
import resource
import sys
import warnings
import zlib
from collections.abc import Iterator
from typing import IO, Any, cast

MEGABYTE = 1024 * 1024
#: Private memory; with the libraries' own pages it stays below 300 MB.
MEMORY = 280 * MEGABYTE
ADDRESSES = 1536 * MEGABYTE
WRITTEN = 64 * MEGABYTE
#: The longer side of a copy and of a thumbnail, in pixels: the sealed original has them all.
COPY_SIDE, THUMBNAIL_SIDE = 4096, 240
PDF_OBJECTS = 100_000
PDF_STREAM = 128 * MEGABYTE
PDF_STREAMS = 512 * MEGABYTE
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_CHUNK = 1 * MEGABYTE


class Refused(Exception):
    """The file is not taken; the text is a code that `examining.py` has the words for."""


def shut_in(seconds: int, *, needs_threads: bool = False, memory: int = MEMORY, addresses: int = ADDRESSES) -> None:
    """Limits that this process cannot lift again. Called before anything of the file is read."""
    # No further process or thread; root alone is not bound by it. The decoder of HEIC cannot do without a thread.
    alone = () if needs_threads else ((resource.RLIMIT_NPROC, 0),)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, addresses),
        *alone,
    ):
        resource.setrlimit(limit, (most, most))
    libc = ctypes.CDLL(None)
    # Where the machine allows it, a network without any way out.
    libc.unshare(_NEW_USER | _NEW_NETWORK)
    # No new rights by any program, should one ever be started.
    libc.prctl(38, 1, 0, 0, 0)


# --- pictures ---------------------------------------------------------------------------------------------------


def picture(kind: str, source: IO[bytes], copy: IO[bytes], thumbnail: IO[bytes], *, pixels: int) -> str:
    """Decodes all of it and writes it anew, without EXIF, place or comments; (type of the copy)."""
    from PIL import Image, ImageOps

    opened = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}[kind]
    try:
        image: Any = Image.open(source, formats=[opened])
        # A JPEG is decoded at a fraction of its size, so a large photograph costs little; HEIC is held twice.
        most = {"image/jpeg": pixels * 4, "image/heic": pixels * 5 // 8}.get(kind, pixels)
        if image.width * image.height > most:
            raise Refused("pixels")
        if kind == "image/jpeg":
            image.draft("RGB", (COPY_SIDE, COPY_SIDE))
            if image.width * image.height > pixels:
                raise Refused("pixels")
        image.load()
        turned = image.getexif().get(0x0112, 1)
        image = _plain(image)
        # Smaller before it is turned: turning needs room for two.
        image.thumbnail((COPY_SIDE, COPY_SIDE))
        if turned in range(2, 9):
            exif = image.getexif()
            exif.clear()
            exif[0x0112] = turned
            image = ImageOps.exif_transpose(image)
        image.info.clear()
    except Image.DecompressionBombError:
        raise Refused("pixels") from None
    if kind == "image/png":
        image.save(copy, "PNG", compress_level=4)
    else:
        image = _on_white(image)
        image.save(copy, "JPEG", quality=88, subsampling=0 if kind == "image/webp" else -1)
    small(image, thumbnail)
    return "image/png" if kind == "image/png" else "image/jpeg"


def _plain(image: Any) -> Any:
    """RGB, with transparency where the file has it; palettes and depths of every other kind end here."""
    if image.mode in {"RGB", "RGBA", "L"}:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return image.convert("L")
    return image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")


def _on_white(image: Any) -> Any:
    from PIL import Image

    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def small(image: Any, thumbnail: IO[bytes]) -> None:
    image = image.copy() if max(image.size) <= THUMBNAIL_SIDE else image.resize(_fitted(image.size), reducing_gap=2.0)
    _on_white(image).save(thumbnail, "JPEG", quality=80)


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = THUMBNAIL_SIDE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


# --- PDF --------------------------------------------------------------------------------------------------------

_SUSPECT = re.compile(
    rb"/(JS|JavaScript|OpenAction|AA|Launch|EF|EmbeddedFiles?|XFA|RichMedia\w*|ImportData|SubmitForm"
    rb"|GoToE|Rendition|AF|Collection)\b"
)
_SCRIPTS = {"/JS", "/JavaScript", "/XFA"}
_FILES = {"/EF", "/EmbeddedFiles", "/EmbeddedFile", "/AF", "/Collection"}
_ACTS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition", "/RichMediaExecute"}
#: What may happen by itself when the file is opened.
_HARMLESS = {"/GoTo", "/Named"}


def pdf(source: IO[bytes], *, pixels: int) -> None:
    """Reads every object; refuses scripts, actions, files inside, passwords and bombs."""
    import pikepdf

    try:
        document = pikepdf.open(cast(Any, source), inherit_page_attributes=False)
    except pikepdf.PasswordError:
        raise Refused("pdf_locked") from None
    if document.is_encrypted:
        raise Refused("pdf_locked")
    if len(document.objects) > PDF_OBJECTS:
        raise Refused("pdf_size")
    if not len(document.pages):
        raise Refused("broken")
    inflated = 0
    for item in document.objects:
        is_stream = isinstance(item, pikepdf.Stream)
        if is_stream:
            inflated += _inflated(item, pixels=pixels)
            if inflated > PDF_STREAMS:
                raise Refused("pdf_size")
        if is_stream or _SUSPECT.search(item.unparse(resolved=True)):
            _walk(item)
    _walk(document.trailer)


def _walk(item: Any) -> None:
    """Every dictionary below this object, as far as it is written inside it."""
    import pikepdf

    waiting: list[Any] = [item]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += [part for part in list(one) if _is_nested(part)]
            continue
        if not isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            continue
        for key in list(one.keys()):
            value = one.get(key)
            if key in _SCRIPTS:
                raise Refused("pdf_script")
            if key in _FILES and value is not None and _has_content(value):
                raise Refused("pdf_files")
            if key == "/S" and isinstance(value, pikepdf.Name) and str(value) in _ACTS:
                raise Refused("pdf_script")
            if key == "/Subtype" and str(value) in {"/RichMedia", "/FileAttachment", "/3D"}:
                raise Refused("pdf_files")
            if key == "/OpenAction" and isinstance(value, pikepdf.Dictionary) and str(value.get("/S")) not in _HARMLESS:
                raise Refused("pdf_script")
            if key == "/AA" and isinstance(value, pikepdf.Dictionary) and len(value):
                raise Refused("pdf_script")
            if _is_nested(value):
                waiting.append(value)


def _has_content(value: Any) -> bool:
    try:
        return len(value) > 0
    except (TypeError, ValueError):
        return True


def _is_nested(value: Any) -> bool:
    import pikepdf

    # What has a number of its own is an object of the list and looked at there.
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _inflated(stream: Any, *, pixels: int) -> int:
    """How large the stream becomes in a reader. Raises Refused for bombs."""
    import pikepdf

    if stream.get("/Subtype") == "/Image":
        width, height = int(stream.get("/Width", 0)), int(stream.get("/Height", 0))
        if width * height > pixels * 4:
            raise Refused("pixels")
    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters or "")]
    if sum(name in {"/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode"} for name in names) > 1:
        raise Refused("pdf_size")
    raw = stream.read_raw_bytes()
    if names[0] not in {"/FlateDecode", "/Fl"}:
        return len(raw)
    inflating, size = zlib.decompressobj(), 0
    try:
        while raw and not inflating.eof:
            size += len(inflating.decompress(raw, _CHUNK))
            raw = inflating.unconsumed_tail
            if size > PDF_STREAM:
                raise Refused("pdf_size")
    except zlib.error:
        # Broken in the middle: a reader shows what came before.
        return size
    return size


# --- sound and moving pictures ----------------------------------------------------------------------------------


_PACKED = {"audio/mpeg": "mp3", "audio/webm": "webm"}


def recording(
    kind: str, source: IO[bytes], copy: IO[bytes], thumbnail: IO[bytes], *, pixels: int, longest: int = 0
) -> dict[str, Any]:
    """Decodes the first second and packs the same sound and pictures anew, without place and other remarks.
    ``longest``: seconds that it may last; 0 is any. Returns whether there is a thumbnail, and how long it lasts."""
    import av

    form = _PACKED.get(kind, "mp4")
    # A format and an open file: no address that stands in the file is ever followed.
    with av.open(source, "r", format=form, metadata_errors="ignore") as container:
        shown = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        heard = list(container.streams.audio)
        if (kind == "video/mp4" and not shown + heard) or (kind != "video/mp4" and (shown or not heard)):
            raise Refused("broken")
        for stream in shown:
            if stream.width * stream.height > pixels:
                raise Refused("pixels")
        first = _first_second(container, (shown or heard)[0], pixels=pixels)
    if shown:
        small(first.to_image(threads=1), thumbnail)
    source.seek(0)
    with av.open(source, "r", format=form, metadata_errors="ignore") as container:
        seconds = _repack(container, copy, form)
    if longest and seconds > longest:
        raise Refused("long")
    return {"thumbnail": bool(shown), "seconds": round(seconds)}


def _first_second(container: Any, stream: Any, *, pixels: int) -> Any:
    """The first picture or sound; all of the first second must come out right."""
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    first: Any = None
    for frame in container.decode(stream):
        first = first or frame
        if hasattr(frame, "width") and frame.width * frame.height > pixels:
            raise Refused("pixels")
        if frame.time is not None and first.time is not None and frame.time - first.time >= 1:
            break
    if first is None:
        raise Refused("broken")
    return first


def _repack(container: Any, copy: IO[bytes], form: str) -> float:
    """How many seconds it lasts, by the last packet."""
    import av

    seconds = 0.0
    with av.open(copy, "w", format=form) as packed:
        kept = {}
        for stream in container.streams:
            is_picture = stream.type == "video" and stream.disposition & av.stream.Disposition.attached_pic
            if stream.type in {"video", "audio"} and not is_picture:
                kept[stream.index] = packed.add_stream_from_template(stream, opaque=True)
                kept[stream.index].metadata.clear()
        for packet in container.demux([container.streams[index] for index in kept]):
            if packet.dts is not None:
                ends = (packet.pts or packet.dts) + (packet.duration or 0)
                seconds = max(seconds, float(ends * packet.time_base))
                packet.stream = kept[packet.stream.index]
                packed.mux(packet)
    return seconds


# --- plain text -------------------------------------------------------------------------------------------------

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
MARKUP = re.compile(r"\s*<[a-z!?/%]", re.IGNORECASE)


def text(source: IO[bytes], copy: IO[bytes]) -> str:
    """All of it must be text; a copy in UTF-8 where it is written otherwise."""
    whole = source.read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            label = whole.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(label) or MARKUP.match(label):
            raise Refused("broken")
        if encoding == "utf-8-sig":
            return ""
        copy.write(label.encode())
        return "text/plain"
    raise Refused("broken")


# --- the page or the API
# ---------------------------------------------------------------------------------------------------


def examine(
    kind: str, source: IO[bytes], copy: IO[bytes], thumbnail: IO[bytes], *, pixels: int, longest: int = 0
) -> dict[str, Any]:
    """One file of this type. Every failure of a library means: it is not what it says."""
    try:
        if kind.startswith("image/"):
            return {"copy": picture(kind, source, copy, thumbnail, pixels=pixels), "thumbnail": True}
        if kind == "application/pdf":
            pdf(source, pixels=pixels)
            return {"copy": "", "thumbnail": False}
        if kind == "text/plain":
            return {"copy": text(source, copy), "thumbnail": False}
        return {**recording(kind, source, copy, thumbnail, pixels=pixels, longest=longest), "copy": kind}
    except Refused as refused:
        return {"refused": str(refused)}
    except MemoryError:
        return {"refused": "memory"}
    except Exception as error:
        return {"refused": "broken", "error": type(error).__name__}


def _libraries(kind: str) -> None:
    """Loaded before the limits: afterwards nothing more is opened."""
    if kind.startswith(("image/", "video/")):
        from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

        # Our own limit is told from the size in the head, before anything is decoded.
        Image.MAX_IMAGE_PIXELS = None
        warnings.simplefilter("ignore")
    if kind == "image/heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    if kind == "application/pdf":
        import pikepdf  # noqa: F401
    if kind.startswith(("audio/", "video/")):
        import av

        av.logging.set_level(None)


def main() -> Iterator[str]:
    kind, seconds, pixels, longest, copy, thumbnail = sys.argv[1], *map(int, sys.argv[2:])
    _libraries(kind)
    shut_in(seconds, needs_threads=kind == "image/heic")
    with os.fdopen(0, "rb") as source, os.fdopen(copy, "w+b") as target, os.fdopen(thumbnail, "w+b") as small_target:
        yield json.dumps(examine(kind, source, target, small_target, pixels=pixels, longest=longest))


if __name__ == "__main__":
    for line in main():
        print(line, flush=True)

"""What comes in with a request: bounded before it is read, exact before a page sees it.

A body that is too long is refused unread, and a text that no database could hold (NUL, half a letter)
is refused in one sentence; every other text is NFC from here on, so that the same words are the same everywhere.
"""

import re
import unicodedata
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.utils.translation import gettext as _

from web.errors import answer
from web.kept import Kept, kept_text

MEGABYTE = 1024 * 1024
#: Beside the largest file: other files of the same form, and its texts.
ROOM = 11 * MEGABYTE
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")


class ExactText:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _length(request) > longest(request):
            return _refused(request, 413, _("发送的内容太大了。文件请分几次上传，每次少选几个。"))
        if request.META.get("QUERY_STRING"):
            request.GET = exact(request.GET)  # type: ignore[assignment]
        # Only forms: other bodies are read by whoever knows their kind, and judged there.
        if request.method == "POST" and (request.content_type or "").startswith(FORMS):
            try:
                request.POST = exact(request.POST)  # type: ignore[assignment]
            except UnreadablePostError:
                # Whoever sent it has gone: nobody reads this.
                return HttpResponse(status=400)
            except TooManyFieldsSent:
                return _refused(request, 413, _("一次选的太多了，请分几次办理。"))
        for typed in (request.GET, request.POST if request.method == "POST" else None):
            if typed and any(_IMPOSSIBLE.search(text) for name in typed for text in (name, *typed.getlist(name))):
                return _refused(request, 400, _("文字里有看不见、也不能保存的字符，请删去后重试。"))
        return self.get_response(request)


FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def longest(request: HttpRequest) -> int:
    """In bytes: a form with files, or anything else."""
    if (request.content_type or "").startswith("multipart/form-data"):
        return max(settings.EVIDENCE_FILE_MB, settings.EVIDENCE_VIDEO_MB) * MEGABYTE + ROOM
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def _length(request: HttpRequest) -> int:
    """As the head says; a body without a length is not read at all (WSGI)."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        # No length that can be read is no length.
        request.META["CONTENT_LENGTH"] = ""
        return 0


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: the fields that were sent, None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


#: Of the longest id that is read: those of a province's portal have sixteen (database/id_ranges.py).
ID_DIGITS = 18


def whole(text: str | None, digits: int) -> int | None:
    """A number that was typed in at most so many digits 0 to 9; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits else None


def exact(typed: QueryDict) -> QueryDict:
    """The same in NFC; the very same where nothing changes, as with most."""
    if all(text.isascii() for name in typed for text in (name, *typed.getlist(name))):
        return typed
    result = QueryDict(mutable=True, encoding=typed.encoding)
    for name in typed:
        result.setlist(_nfc(name), [_nfc(text) for text in typed.getlist(name)])
    result._mutable = False
    return result


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _refused(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    kept = [Kept(one.label, _IMPOSSIBLE.sub("", one.text)) for one in kept_text(request)] if status == 400 else []
    return answer(
        request, "errors/typed.html", status=status, title="Not taken", detail=reason, reason=reason, kept=kept
    )

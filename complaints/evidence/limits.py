"""How much may come in; from the settings, and told on the page before anything is sent.

The number that a page tells is the number that refuses.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MEGABYTE = 1024 * 1024
#: One part of an upload that can be taken up again.
PART = MEGABYTE
#: A statement by voice; recorders stop a little late.
VOICE_SECONDS, VOICE_SLACK = 180, 5
SHOWN_TYPES = gettext_lazy("jpg、png、webp、heic、pdf、mp4、mp3、m4a、webm（录音）、txt")
ACCEPTED = ".jpg,.jpeg,.png,.webp,.heic,.heif,.pdf,.mp4,.mp3,.m4a,.weba,.webm,.txt,image/*"


def files_at_filing() -> int:
    return int(settings.EVIDENCE_FILES_AT_FILING)


def files_a_case() -> int:
    return int(settings.EVIDENCE_FILES_A_CASE)


def bytes_a_case() -> int:
    return int(settings.EVIDENCE_CASE_MB) * MEGABYTE


def bytes_a_file(media_type: str = "") -> int:
    """Of this type; without one, of everything that is no video."""
    return int(settings.EVIDENCE_VIDEO_MB if media_type == "video/mp4" else settings.EVIDENCE_FILE_MB) * MEGABYTE


def bytes_of_the_largest() -> int:
    return max(bytes_a_file(), bytes_a_file("video/mp4"))


def told() -> str:
    """「可以用：jpg … 每个不超过10 MB，视频不超过50 MB。」"""
    return _("可以用：%(types)s。每个不超过%(size)s，视频不超过%(video)s。") % {
        "types": SHOWN_TYPES,
        "size": f"{settings.EVIDENCE_FILE_MB} MB",
        "video": f"{settings.EVIDENCE_VIDEO_MB} MB",
    }

"""How much may come in, told on the page before anything is sent; and why a file is not taken, in words."""

from __future__ import annotations

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.evidence.files import shown_name

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


class EvidenceRefused(Exception):
    """The file is not taken; the text says why and what to do. Filing goes on."""


#: What the examination answers (examine.py) -> the sentence.
_EXAMINED = {
    "broken": gettext_lazy("“%(file)s”打不开，可能已损坏，或者内容与类型不符；请换一个文件，或截图后上传"),
    "pixels": gettext_lazy("“%(file)s”的像素太多，请用较小的尺寸，或截图后上传"),
    "memory": gettext_lazy("“%(file)s”展开后太大，请用较小的尺寸，或截图后上传"),
    "long": gettext_lazy("“%(file)s”超过3分钟，没有收下；请重录短一点的，或者在下面写几句"),
    "slow": gettext_lazy("“%(file)s”检查用时太长，请换一个较小的文件，或截图后上传"),
    "busy": gettext_lazy("现在同时上传的人多，“%(file)s”还没有检查；请稍后再传一次"),
    "pdf_script": gettext_lazy("“%(file)s”里有脚本或会自动执行的动作，不能接收；请打印成新的PDF，或截图后上传"),
    "pdf_files": gettext_lazy("“%(file)s”里还夹带了别的文件，不能接收；请把它们分别上传，或打印成新的PDF"),
    "pdf_locked": gettext_lazy("“%(file)s”有密码，我们打不开；请去掉密码，或打印成新的PDF"),
    "pdf_size": gettext_lazy("“%(file)s”展开后太大，请打印成新的PDF，或截图后上传"),
}


def examined(code: str, name: str | None) -> EvidenceRefused:
    return EvidenceRefused(_EXAMINED.get(code, _EXAMINED["broken"]) % {"file": shown_name(name)})


def no_sound(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(_("“%(file)s”不是录音；请选录音文件，或者在下面写几句") % {"file": shown_name(name)})


def empty(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(_("“%(file)s”是空文件，请重新选择") % {"file": shown_name(name)})


def unknown_type(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(
        _("“%(file)s”的类型不能接收，可以用：%(types)s；可先提交，稍后补充")
        % {"file": shown_name(name), "types": SHOWN_TYPES}
    )


def too_large(name: str | None, size: int, most: int) -> EvidenceRefused:
    return EvidenceRefused(
        _("“%(file)s”有%(size)s，上限%(max)s；可先提交，稍后补充")
        % {"file": shown_name(name), "size": filesizeformat(size), "max": filesizeformat(most)}
    )


def already_there(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(_("“%(file)s”已经在列表里，不用再传") % {"file": shown_name(name)})


def too_many_at_filing(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(
        _("提交时最多%(most)d个文件，“%(file)s”没有收下；其余的可以提交后补充")
        % {"most": files_at_filing(), "file": shown_name(name)}
    )


def too_much_for_a_case(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(
        _("一件投诉最多%(most)d个文件、共%(bytes)s，“%(file)s”没有收下")
        % {"most": files_a_case(), "bytes": filesizeformat(bytes_a_case()), "file": shown_name(name)}
    )


def no_room(name: str | None) -> EvidenceRefused:
    return EvidenceRefused(
        _("我们这边存放文件的地方满了，“%(file)s”没有收下；请先提交，稍后补充") % {"file": shown_name(name)}
    )


def already_filed() -> EvidenceRefused:
    return EvidenceRefused(_("材料已经随投诉提交，不能删除"))

"""How much may come in, told on the page before anything is sent; and why a file is not taken, in words."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from complaints.evidence.files import shown_name

#: One part of an upload that can be taken up again: a megabyte.
PART = 1024 * 1024
#: A statement by voice; recorders stop a little late.
VOICE_SECONDS, VOICE_SLACK = 180, 5
SHOWN_TYPES = _("jpg、png、webp、heic、pdf、mp4、mp3、m4a、webm（录音）、txt")
ACCEPTED = ".jpg,.jpeg,.png,.webp,.heic,.heif,.pdf,.mp4,.mp3,.m4a,.weba,.webm,.txt,image/*"


def files_at_filing() -> int:
    return int(settings.EVIDENCE_FILES_AT_FILING)


def files_a_case() -> int:
    return int(settings.EVIDENCE_FILES_A_CASE)


def bytes_a_case() -> int:
    return int(settings.EVIDENCE_CASE_MB) * PART


def bytes_a_file(media_type: str = "") -> int:
    """Of this type; without one, of everything that is no video."""
    return int(settings.EVIDENCE_VIDEO_MB if media_type == "video/mp4" else settings.EVIDENCE_FILE_MB) * PART


def bytes_of_the_largest() -> int:
    return max(bytes_a_file(), bytes_a_file("video/mp4"))


def help_text() -> str:
    """「可以用：jpg … 每个不超过10 MB，视频不超过50 MB。」"""
    return str(_("可以用：%(types)s。每个不超过%(size)s，视频不超过%(video)s。")) % {
        "types": SHOWN_TYPES,
        "size": f"{settings.EVIDENCE_FILE_MB} MB",
        "video": f"{settings.EVIDENCE_VIDEO_MB} MB",
    }


class EvidenceRefused(Exception):
    """The file is not taken; the text says why and what to do. Filing goes on."""


#: Why a file is not taken: what the examination answers (examine.py), and what else may be wrong -> the sentence.
_REFUSALS = {
    "broken": _("“%(file)s”打不开，可能已损坏，或者内容与类型不符；请换一个文件，或截图后上传"),
    "no_picture": _("“%(file)s”不是图片，或者图片已经损坏；请重新拍一张，或截图后上传"),
    "pixels": _("“%(file)s”的像素太多，请用较小的尺寸，或截图后上传"),
    "memory": _("“%(file)s”展开后太大，请用较小的尺寸，或截图后上传"),
    "long": _("“%(file)s”超过3分钟，没有收下；请重录短一点的，或者在下面写几句"),
    "slow": _("“%(file)s”检查用时太长，请换一个较小的文件，或截图后上传"),
    "busy": _("现在同时上传的人多，“%(file)s”还没有检查；请稍后再传一次"),
    "pdf_script": _("“%(file)s”里有脚本或会自动执行的动作，不能接收；请打印成新的PDF，或截图后上传"),
    "pdf_files": _("“%(file)s”里还夹带了别的文件，不能接收；请把它们分别上传，或打印成新的PDF"),
    "pdf_locked": _("“%(file)s”有密码，我们打不开；请去掉密码，或打印成新的PDF"),
    "pdf_size": _("“%(file)s”展开后太大，请打印成新的PDF，或截图后上传"),
    "no_sound": _("“%(file)s”不是录音；请选录音文件，或者在下面写几句"),
    "empty": _("“%(file)s”是空文件，请重新选择"),
    "unknown_type": _("“%(file)s”的类型不能接收，可以用：%(types)s；可先提交，稍后补充"),
    "too_large": _("“%(file)s”有%(size)s，上限%(max)s；可先提交，稍后补充"),
    "already_there": _("“%(file)s”已经在列表里，不用再传"),
    "too_many_at_filing": _("提交时最多%(most)d个文件，“%(file)s”没有收下；其余的可以提交后补充"),
    "too_much_for_a_case": _("一件投诉最多%(most)d个文件、共%(bytes)s，“%(file)s”没有收下"),
    "no_room": _("我们这边存放文件的地方满了，“%(file)s”没有收下；请先提交，稍后补充"),
    "storage_away": _("存放文件的地方没有回应，“%(file)s”没有收下；请稍后再试，或者先提交，稍后补充"),
    "not_clean": _("“%(file)s”没有通过查毒，没有收下；请换一个文件"),
    "changed": _("“%(file)s”在传送中损坏，请重新选择"),
    "already_filed": _("材料已经随投诉提交，不能删除"),
}


def refused(code: str, name: str | None = "", *, size: int = 0, most: int = 0) -> EvidenceRefused:
    """The refusal of the file called ``name``; ``size`` and ``most``: its bytes and how many it may have."""
    slots: dict[str, Any] = {"file": shown_name(name), "types": SHOWN_TYPES, "most": files_at_filing()}
    if code == "too_large":
        slots |= {"size": filesizeformat(size), "max": filesizeformat(most)}
    elif code == "too_much_for_a_case":
        slots |= {"most": files_a_case(), "bytes": filesizeformat(bytes_a_case())}
    return EvidenceRefused(_REFUSALS.get(code, _REFUSALS["broken"]) % slots)

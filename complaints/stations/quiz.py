"""The training sheet for people at enterprises, and its quiz: what is right by docs of the procedure, in six questions.

Nothing with a number in it: terms differ by region and change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

#: So many right answers pass.
PASSES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """``answers``: by code; ``right`` is one of them, ``why`` what the training sheet says."""

    code: str
    text: Any
    answers: tuple[tuple[str, Any], ...]
    right: str
    why: Any


QUESTIONS = (
    Question(
        "silence",
        _("方案发出去了，消费者一直没有答复。算谈成吗？"),
        (("yes", _("算")), ("no", _("不算"))),
        "no",
        _("消费者确认了才算谈成，没有答复的不算。"),
    ),
    Question(
        "withdraw",
        _("可以先让消费者撤回投诉，再退钱吗？"),
        (("yes", _("可以，双方说好就行")), ("no", _("不可以"))),
        "no",
        _("不能拿撤回投诉作条件。"),
    ),
    Question(
        "refuse",
        _("有一项要求不同意，怎么写？"),
        (("short", _("写“按规定办理”")), ("ground", _("写明为什么，依据是什么"))),
        "ground",
        _("每项不同意的都要写理由和依据。"),
    ),
    Question(
        "others",
        _("一看不是本企业的事，怎么办？"),
        (("wait", _("放着，到期自然转走")), ("return", _("马上写明理由退回"))),
        "return",
        _("退得早，消费者等得短。"),
    ),
    Question(
        "done",
        _("答应退的钱，什么时候算做到？"),
        (("said", _("写进方案就算")), ("paid", _("钱到账、有凭证、消费者没有异议"))),
        "paid",
        _("答应了不算，按时做到才算；守约率对外公布。"),
    ),
    Question(
        "counter",
        _("消费者在柜台说要投诉，不会上网。怎么办？"),
        (("away", _("请他自己回家想办法")), ("help", _("指给他海报上的二维码，或者12315电话"))),
        "help",
        _("谁都可以投诉：扫码、打12315，或者到就近的服务站。"),
    ),
)


def wrong_in(given: Mapping[str, str]) -> list[Question]:
    """Questions that were answered otherwise, or not at all."""
    return [one for one in QUESTIONS if given.get(one.code) != one.right]

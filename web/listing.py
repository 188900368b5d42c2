"""Several names in one line, joined as the reader's language does it.

Nothing but marks between words, so that no page in English shows 、 or ：.
"""

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(names: Iterable[object]) -> str:
    """鼓楼区、台江区 / Gulou, Taijiang."""
    return pgettext("between names", "、").join(map(str, names))


def joined(sentences: Iterable[object]) -> str:
    """没有凭证；没有订单号 / no receipt; no order number."""
    return pgettext("between conditions", "；").join(map(str, sentences))


def labelled(label: object, text: object) -> str:
    """答复期限：5个工作日 / Answer: 5 working days."""
    return f"{label}{pgettext('after a label', '：')}{text}"


def remarked(text: object, remark: object) -> str:
    """鼓楼区（食品） / Gulou (food); the words alone where there is no remark."""
    if not remark:
        return str(text)
    return f"{text}{pgettext('opens a remark', '（')}{remark}{pgettext('closes a remark', '）')}"

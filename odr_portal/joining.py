"""Several names in one line, joined as the reader's language does it.

The one rule: nothing but marks between words, so that no page in English shows 、 or ：.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(names: Iterable[object]) -> str:
    """鼓楼区、台江区 / Gulou, Taijiang."""
    return pgettext("between names", "、").join(map(str, names))


def labelled(label: object, words: object) -> str:
    """答复期限：5个工作日 / Answer: 5 working days."""
    return f"{label}{pgettext('after a label', '：')}{words}"

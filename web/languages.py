"""The language of the reader, and that of what stands in the database.

Names, typed text and the law stand in Chinese, names often in English beside it; nothing else asks which
language is read, for everything that we say goes through gettext.
"""

from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import get_language, override, pgettext


def reads_chinese() -> bool:
    """Whether names and typed text stand in the reader's language."""
    return (get_language() or "zh-hans").startswith("zh")


def name_in_language(name: str, name_en: str) -> str:
    """The name for whoever reads Chinese, else the English one where there is one."""
    return name_en if name_en and not reads_chinese() else name


def named(row: object) -> str:
    """The name of a row of the directory in the language of the reader."""
    return name_in_language(str(getattr(row, "name", "")), str(getattr(row, "name_en", "")))


def base_language() -> str:
    """The language that is read without its script or region, as papers name it: zh, en."""
    return (get_language() or settings.LANGUAGE_CODE).partition("-")[0]


def language_tag(code: str) -> str:
    """A language as pages name it: zh-hans → zh-Hans, en → en, pt-br → pt-BR."""
    first, *rest = code.split("-")
    return "-".join([first, *(part.title() if len(part) == 4 else part.upper() for part in rest)])


class Language(NamedTuple):
    """``tag``: as pages name it; ``name``, ``short``: what it calls itself."""

    code: str
    tag: str
    name: str
    short: str


@cache
def languages() -> tuple[Language, ...]:
    """Those of the settings, in their order."""
    results = []
    for code, name in settings.LANGUAGES:
        with override(code):
            results.append(Language(code, language_tag(code), str(name), pgettext("this language", "中文")))
    return tuple(results)

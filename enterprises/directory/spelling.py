"""One spelling for the eye's one name, and what a written name says; pure, read by search and by routing.

Two names are the same when their folded forms are the same. A name without a legal form may
be one with any form; two different forms are two enterprises.
"""

import re
import unicodedata
from typing import NamedTuple

from web.chinese import simplified

_DROPPED = re.compile(r"[\s·•.,，。、'’\"“”()（）\[\]【】<>《》&/_\-—]+")
LONGEST = 200
#: Legal forms as they are folded; those of one line are one form.
FORMS = (
    ("有限公司", "有限责任公司"),
    ("股份有限公司",),
    ("inc", "incorporated"),
    ("llc",),
    ("corp", "corporation"),
    ("co", "company"),
    ("ltd", "limited"),
    ("lp",),
    ("llp",),
    ("ps",),
    ("na", "nationalassociation"),
    ("gmbh",),
)
_WRITTEN_FORM = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|(?<=[\s,.])(?:inc|incorporated|l\.?l\.?c|corp|corporation|co|company|ltd|limited"
    r"|l\.?p|l\.?l\.?p|p\.?s|n\.?a|national association|gmbh)\.?)[\s,.]*$",
    re.IGNORECASE,
)
#: What stands between a name and another one of the same enterprise.
_MARKS = re.compile(
    r"[\s,;/]+(?P<former>f/?k/?a|formerly known as|formerly)[.:]?\s+"
    r"|[\s,;/]+(?:d/?b/?a|a/?k/?a|doing business as|trading as|also known as)[.:]?\s+"
    r"|\s*[(（]\s*(?P<former_zh>原名?|曾用名)[:： ]*"
    r"|\s*[(（]\s*(?:又名|简称|别称)[:： ]*",
    re.IGNORECASE,
)
#: A slash between single letters or figures (c/o, 24/7) does not part two names.
_SLASH = re.compile(r"(?<!\b\w)/(?!\w\b)(?!\d)")
_SHORTEST = 3
#: A text of more names than these is a list, not an enterprise.
_MOST_NAMES = 8

#: Pairs that most enterprises have in their names and that tell nothing.
COMMON = frozenset({"有限", "限公", "公司", "股份", "份有", "集团", "团有", "分公", "中国", "福州", "福建"})
#: How most names begin, spelled.
COMMON_SOUNDS = ("zhongguo", "fujian", "fuzhou")


#: So many letters of a spelling are kept as one gram: enough to tell, and no longer than what is typed first.
SOUND = 4
_LATIN = re.compile(r"[a-z0-9]+|[^a-z0-9]+")


def fold_name(text: str) -> str:
    """NFKC, lower case, simplified characters, no punctuation, no spaces."""
    return _DROPPED.sub("", simplified(unicodedata.normalize("NFKC", text).casefold()))[:LONGEST]


def spelled_as(text: str) -> str:
    """How a name is spelled in letters, a space between syllables and between words.

    中国移动5G → zhong guo yi dong 5g; China Mobile → china mobile.
    """
    units: list[str] = []
    # An apostrophe is inside a word.
    for word in re.sub(r"['’]", "", simplified(unicodedata.normalize("NFKC", text).casefold())).split():
        for run in _LATIN.findall(word):
            if run.isascii() and run.isalnum():
                units.append(run)
            elif not run.isascii() and (folded := fold_name(run)):
                # Half a second and 32 MB to load, so only where Chinese is read.
                from pypinyin import lazy_pinyin

                units += [unit for unit in lazy_pinyin(folded) if unit.isascii() and unit.isalnum()]
    return " ".join(units)


def sounds_of(spelled: str) -> list[str]:
    """The first letters from each syllable or word on, once: what finds yidong in zhong guo yi dong."""
    units = spelled.split()
    runs = ("".join(units[i : i + SOUND])[:SOUND] for i in range(len(units)))
    return list(dict.fromkeys(run for run in runs if len(run) == SOUND))


def grams_of(folded: str) -> list[str]:
    """Each character and each pair of neighbours, once: what two-character search needs."""
    pairs = (folded[i : i + 2] for i in range(len(folded) - 1))
    return list(dict.fromkeys([*folded, *pairs]))


def wanted_grams(folded: str) -> list[str]:
    """The grams a name must have to contain this fragment."""
    if len(folded) < 2:
        return [folded] if folded else []
    return list(dict.fromkeys(folded[i : i + 2] for i in range(len(folded) - 1)))


def telling_sound(letters: str) -> str:
    """The sound by which to look for letters that begin with a syllable: not one that most names begin with."""
    rest = letters
    for common in COMMON_SOUNDS:
        rest = rest.removeprefix(common)
    return (rest if len(rest) >= SOUND else letters)[:SOUND]


def spellings(text: str) -> tuple[str, ...]:
    """Folded names that are this one but for the legal form and for “and”; the name itself is none."""
    itself = fold_name(text)
    form = _WRITTEN_FORM.search(text)
    bare = text[: form.start()] if form else text
    stems = {
        fold_name(bare),
        fold_name(re.sub(r"\s+and\s+", " ", bare, flags=re.IGNORECASE)),
        fold_name(re.sub(r"\s*&\s*", " and ", bare)),
    }
    stems = {stem for stem in stems if len(stem) >= _SHORTEST}
    written = fold_name(form.group()) if form else ""
    endings = [one for forms in FORMS if not written or written in forms for one in forms]
    return tuple(sorted({stem + ending for stem in stems for ending in ("", *endings)} - {itself}))


class NamesInText(NamedTuple):
    """The names inside one written name: of now, other ones of the same enterprise, and former ones."""

    present: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


def names_in(text: str) -> NamesInText:
    """The names that a written name holds.

    “A fka B” and “甲（原乙）” name A, formerly B; “A dba B” names A, and what A is called; “A/B” may
    be one enterprise or two. Empty when the text is one name.
    """
    names: dict[str, list[str]] = {"present": [], "other": [], "former": []}
    start, kind = 0, "present"
    for mark in _MARKS.finditer(text):
        names[kind] += _parted(text[start : mark.start()])
        start = mark.end()
        kind = "former" if mark.group("former") or mark.group("former_zh") else "other"
    names[kind] += _parted(text[start:])
    if not 1 < sum(map(len, names.values())) <= _MOST_NAMES:
        return NamesInText()
    return NamesInText(*map(tuple, names.values()))


def _parted(text: str) -> list[str]:
    parts = [part.strip(" \t,;:/-–\"'") for part in _SLASH.split(text)]
    if any(len(fold_name(part)) < _SHORTEST for part in parts):
        parts = [text.strip(" \t,;:/-–\"'")]
    closed = (part[:-1] if part.endswith((")", "）")) and not re.search(r"[(（]", part) else part for part in parts)
    return [part for part in closed if fold_name(part)]

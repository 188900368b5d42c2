"""English names of Chinese places: 杭州市 → Hangzhou, 恩施土家族苗族自治州 → Enshi Tujia and Miao Autonomous …

The pinyin of the name with the English word of its level, as road signs write it; what is known abroad by the name of
another language, or is read otherwise than its characters mostly are, stands in data/place_names.csv.
"""

from pypinyin import Style, lazy_pinyin

from authorities.loading import DATA
from authorities.tables import rows_of

_ROWS = [row for _line, row in rows_of(DATA / "place_names.csv", required=("kind", "chinese", "english", "least"))]
#: Ending → (from how many characters on, the English word).
SUFFIXES = {row["chinese"]: (int(row["least"]), row["english"]) for row in _ROWS if row["kind"] == "suffix"}


def _of_kind(kind: str) -> dict[str, str]:
    return {row["chinese"]: row["english"] for row in _ROWS if row["kind"] == kind}


PEOPLES, KNOWN, READ, READ_CHARACTERS = map(_of_kind, ("people", "known", "read", "character"))


def english_name(name: str, level: str) -> str:
    """The English name of a city, a county or a district; a city of its own level is its name alone."""
    ending, word = next(
        ((end, word) for end, (least, word) in SUFFIXES.items() if name.endswith(end) and len(name) >= least), ("", "")
    )
    stem, peoples = _without_peoples(name.removesuffix(ending))
    texts = [KNOWN.get(name) or READ.get(name) or KNOWN.get(stem) or READ.get(stem) or PEOPLES.get(stem) or spelt(stem)]
    if peoples:
        texts.append(" and ".join(filter(None, (", ".join(peoples[:-1]), peoples[-1]))))
    if word and not (word == "City" and level == "city"):
        texts.append(word)
    return " ".join(texts)


def _without_peoples(stem: str) -> tuple[str, list[str]]:
    results: list[str] = []
    while people := next((one for one in PEOPLES if stem.endswith(one) and len(stem) > len(one)), ""):
        results.insert(0, PEOPLES[people])
        stem = stem.removesuffix(people)
    return stem, results


def spelt(name: str) -> str:
    """One word: Xi'an, Luoyang."""
    read = lazy_pinyin(name, style=Style.NORMAL)
    syllables = [READ_CHARACTERS.get(character, one) for character, one in zip(name, read, strict=True)]
    first, *rest = syllables
    return (first + "".join(f"'{one}" if one[0] in "aoe" else one for one in rest)).replace("v", "u").capitalize()

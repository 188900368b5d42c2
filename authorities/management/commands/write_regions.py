"""manage.py write_regions FOLDER: make regions_cn.csv anew from the gazetteer's JSON.

Facts only. FOLDER holds divisions_v1.json and townships_v1.json of the package named in authorities/data/README.md.
English names that stand in the table are kept; a new one is the pinyin with the English word of its level, as road
signs write it, unless data/place_names.csv knows better: 杭州市 → Hangzhou.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pypinyin import Style, lazy_pinyin

from authorities.loading import CHINA, DATA
from authorities.tables import rows_of

#: Townships are kept where offices stand: in the counties of Fuzhou.
TOWNSHIPS_OF = "3501"
COLUMNS = ("code", "name", "name_en", "level", "parent_code")


class Command(BaseCommand):
    help = "Write authorities/data/regions_cn.csv from the JSON of the gazetteer package."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--to", type=Path, default=DATA / "regions_cn.csv")

    def handle(self, *args: Any, folder: Path, to: Path, **options: Any) -> None:
        try:
            divisions = json.loads((folder / "divisions_v1.json").read_text(encoding="utf-8"))
            townships = json.loads((folder / "townships_v1.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        old = DATA / "regions_cn.csv"
        english = {row["code"]: row["name_en"] for _line, row in rows_of(old, required=("code", "name_en"))}
        comments = [line for line in old.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        rows = sorted(_rows(divisions, townships), key=lambda row: (row[0].ljust(9, "0"), len(row[0])))
        with to.open("w", encoding="utf-8", newline="") as out:
            out.writelines(f"{line}\n" for line in comments)
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(
                (
                    code,
                    name,
                    english.get(code) or (english_name(name, level) if level in ("city", "county") else ""),
                    level,
                    above,
                )
                for code, name, level, above in rows
            )
        self.stdout.write(f"{to.name}: {len(rows)} places; source fetched {divisions['meta']['fetched_at']}")


def _rows(divisions: dict[str, Any], townships: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for province, in_province in divisions["provinces"].items():
        province_code = in_province["code"][:6]
        yield province_code, province, "province", CHINA
        for city, in_city in in_province["cities"].items():
            # Counties right under a province (municipalities, 济源 …) have a city without code.
            city_code = in_city["code"][:6] if in_city["code"] else province_code
            if in_city["code"]:
                yield city_code, city, "city", province_code
            for county, code in in_city["counties"].items():
                yield code[:6], county, "county", city_code
                if code.startswith(TOWNSHIPS_OF):
                    for township, township_code in townships[code]["townships"].items():
                        yield township_code[:9], township, "township", code[:6]


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

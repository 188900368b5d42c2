"""manage.py write_regions FOLDER: make regions_cn.csv anew from the gazetteer's JSON.

Facts only. FOLDER holds divisions_v1.json and townships_v1.json of the package named in authorities/data/README.md;
English names that stand in the table are kept, new ones are spelt (authorities/romanising.py).
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from authorities.loading import CHINA, DATA
from authorities.romanising import english_name
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

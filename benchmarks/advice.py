"""How well the words of complaints point to grounds 1, 2 and 5: precision and recall on a labelled file.

    python -m benchmarks.advice FILE

The patterns of complaints/acceptance/review_advice.py were written on the even ids alone; what counts are
the odd ones.
FILE: a list of {"id": "…_001", "problem_text": …, "expected_reason_type": "ARTICLE16_1_…" or absent}. It is not kept
here.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

LABELS = {"outside_duty": "ARTICLE16_1_", "already_handled": "ARTICLE16_2_", "material_missing": "ARTICLE16_5_"}


def main() -> None:
    import django

    django.setup()
    from complaints.acceptance.review_advice import advise

    rows = json.loads(Path(sys.argv[1]).read_text())
    for part, name in ((0, "even ids (written on)"), (1, "odd ids (reported)")):
        asked = [row for row in rows if int(row["id"].rpartition("_")[2]) % 2 == part]
        print(f"{name}: {len(asked)} texts")
        for ground, label in LABELS.items():
            hits = [
                (
                    any(one.ground == ground for one in advise(row["problem_text"])),
                    str(row.get("expected_reason_type") or "").startswith(label),
                )
                for row in asked
            ]
            right = sum(result and is_so for result, is_so in hits)
            result, so = sum(f for f, _ in hits), sum(s for _, s in hits)
            print(
                f"  {ground}: precision {right}/{result} = {right / (result or 1):.2f},"
                f" recall {right}/{so} = {right / (so or 1):.2f}"
            )


if __name__ == "__main__":
    main()

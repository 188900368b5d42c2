"""Learns the weights of complaints/listening/matter_scores.py from stories that say which body takes them, or none.

    python -m benchmarks.learning.matters            writes complaints/listening/matter_weights.tsv
    python -m benchmarks.learning.matters --check    counts stories with weights learnt from others alone

How it is learnt: benchmarks/learning/separating.py. The same texts give the same file: its first line is their digest,
which a test compares."""

import argparse
import hashlib
import os
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import django

import benchmarks.listening as listening
from benchmarks.learning.separating import rarity_of, separated, together
from complaints.listening.weights import Weights, written

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
django.setup()

from complaints.listening import matter_scores  # noqa: E402
from complaints.listening.folding import fold, in_clauses  # noqa: E402
from complaints.listening.hearing import heard  # noqa: E402
from complaints.listening.matter_scores import ELSEWHERE, FILE, marks, words_of_marks  # noqa: E402

HERE = Path("tests/complaints/listening")
#: Stories of other authors, which `--check` leaves out one set after the other, and our own, of which it leaves parts.
OTHERS = ("built.jsonl", "held.jsonl", "unseen-c.jsonl", "hard-d.jsonl")
OWN = ("seen.tsv", "matters.tsv", "passing.txt", "stories.tsv")
PARTS = 4
#: How much a story may weigh.
MOST = 0.5
#: Asks only, and is heard by its own words.
NO_MATTER = "advice"

#: A story, and the code of the matter, or nothing.
Story = tuple[str, str]


def stories(name: str) -> list[Story]:
    if name in OWN[1:]:
        lines = (HERE / name).read_text(encoding="utf-8").splitlines()
        told = [line.rpartition("\t") for line in lines if line and line[0] != "#"]
        return [(text, code.strip("-")) for code, _tab, text in told]
    rows = listening.read(HERE / name)
    return [(row["text"], row["elsewhere"]) for row in rows if row["elsewhere"] != NO_MATTER]


def learn(told: Sequence[Story]) -> Weights:
    """Whether a story is any body's matter, learnt from all; whose it is, from those that are."""
    every = [(marks(in_clauses(fold(text).text)), code) for text, code in told]
    others = [(found, code) for found, code in every if code]
    rarity = rarity_of([found for found, _code in every])
    of_others = {mark: rarity[mark] for mark in rarity_of([found for found, _code in others])}
    learnt = {ELSEWHERE: separated([(found, bool(code)) for found, code in every], rarity, most=MOST)}
    for code in sorted({code for _found, code in others}):
        learnt[code] = separated([(found, one == code) for found, one in others], of_others, most=MOST)
    return together(learnt, rarity, {})


def digest() -> str:
    """Of all that is learnt from: the stories, and the words that are marks."""
    parts = [
        *((HERE / name).read_bytes() for name in (*OTHERS, *OWN)),
        *(f"{name} {words.pattern}".encode() for name, words in words_of_marks()),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check() -> None:
    told = {name: stories(name) for name in (*OTHERS, *OWN)}
    parts = [(name, told[name]) for name in OTHERS]
    own = [one for name in OWN for one in told[name]]
    random.Random(1).shuffle(own)
    parts += [(f"part {number + 1} of our own", own[number::PARTS]) for number in range(PARTS)]
    for name, left_out in parts:
        without = set(left_out)
        learnt = learn([one for rows in told.values() for one in rows if one not in without])
        vars(matter_scores)["weights"] = partial(_same, learnt)
        count = Counter[str]()
        for text, code in left_out:
            asked = [one.value.split("|") for one in heard(text, listening.TODAY_OF_KINDS) if one.field == "elsewhere"]
            kind = "matters" if code else "ordinary"
            count[kind] += 1
            count[f"{kind}, asked"] += bool(asked)
            count[f"{kind}, right"] += bool(asked) and code in asked[0]
        print(f"{name}: ordinary {count['ordinary']}, asked {count['ordinary, asked']};", end=" ")
        print(f"matters {count['matters']}, asked {count['matters, asked']}, the right body {count['matters, right']}")


def _same(learnt: Weights) -> Weights:
    return learnt


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        check()
    else:
        told = [one for name in (*OTHERS, *OWN) for one in stories(name)]
        FILE.write_text(written(learn(told), digest()), encoding="utf-8")


if __name__ == "__main__":
    main()

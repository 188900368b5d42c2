"""Learns the weights of complaints/listening/answer_scores.py from texts of answers that say what they are.

    python -m benchmarks.answers.weights            writes complaints/listening/answer_weights.tsv
    python -m benchmarks.answers.weights --check    counts each set with weights learnt from the others alone

How it is learnt: benchmarks/learning/separating.py. The same texts give the same file: its first line is their digest,
which a test compares."""

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import benchmarks.listening as listening
from benchmarks.learning.separating import rarity_of, separated, together
from complaints.listening import answer_scores
from complaints.listening.answer_scores import FILE, SCORES, marks, sentences
from complaints.listening.answering import folded
from complaints.listening.weights import Weights, written

HERE = Path("tests/complaints/listening")
#: How much a text may weigh.
MOST = 30.0
#: What is taken off each score, so that above 0 hardly a good text remains (`--check`).
TAKEN_OFF = {"alone": 0.25, "condition": 0.0, "empty": 0.1, "refuses": 0.0}
#: A threat and an insult are one finding.
ALONE = (*listening.NEVER_ALONE, "insult")
EMPTY = {"no_reason", "vague", "boilerplate", "as_agreed", "unreached", "brush_off", "unreachable"}

#: Kinds whose words may say neither yes nor no.
UNCLEAR = {"against_rows", "contradiction", "unreached", "unreachable", "boilerplate"}

#: A text, folded, and what it is: a kind of poor answers, or nothing.
Example = tuple[str, str]


def texts_of(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def answers_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def lines() -> list[Example]:
    """What stands in one sentence each: threats and conditions, and what only looks like them."""
    found = [line.partition(" ")[::2] for line in texts_of("never_alone_answers.txt")]
    fine = [*texts_of("confusable_answers.txt"), *texts_of("fine_messages.txt")]
    return [*((folded(text), code) for code, text in found), *((folded(text), "") for text in fine)]


def learn(answers: Sequence[dict[str, Any]], single: Sequence[Example]) -> Weights:
    whole = [(folded(one["text"]), one["kind"]) for one in answers]
    pieces = [
        (text[begins:ends], "")
        for text, kind in whole
        if kind not in ALONE
        for begins, ends in sentences(text)
        if ends - begins < len(text)
    ]
    everything = [(marks(text), kind) for text, kind in [*whole, *single, *pieces]]
    rarity = rarity_of([found for found, _kind in everything])
    alone = [(found, kind in ALONE) for found, kind in everything]
    condition = [(found, kind == "condition") for found, kind in everything if kind in ALONE]
    empty = [(found, kind in EMPTY) for found, kind in everything[: len(whole)] if not kind or kind in EMPTY]
    refuses = [(everything[at][0], says) for at, one in enumerate(answers) if (says := _refuses(one)) is not None]
    learnt = dict(
        zip(SCORES, (separated(of, rarity, most=MOST) for of in (alone, condition, empty, refuses)), strict=True)
    )
    return together(learnt, rarity, TAKEN_OFF)


def _refuses(answer: dict[str, Any]) -> bool | None:
    """Whether the words refuse; None where they may say neither, or partly, or their author did not say how they differ
    from the rows."""
    verdicts = {row["verdict"] for row in answer["rows"]}
    if (
        answer["kind"] in ("against_rows", "contradiction")
        or len(verdicts) > 1
        or "part" in verdicts
        or _is_words(answer)
    ):
        return None
    return (verdicts == {"refuse"}) != (answer["kind"] == "against_row")


def _is_words(answer: dict[str, Any]) -> bool:
    return all(row["demand"] in ("explain", "other") for row in answer["rows"])


def digest() -> str:
    """Of all that is learnt from: the texts and the kinds of words."""
    files = sorted([*listening.ANSWERS, *HERE.glob("*_answers.txt"), HERE / "fine_messages.txt"])
    kinds = [f"{row.code} {row.words.pattern}" for row in answer_scores.answer_patterns().of("words")]
    parts = [*(path.read_bytes() for path in files), *(kind.encode() for kind in kinds)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check(paths: Iterable[Path]) -> None:
    every = {path: answers_of(path) for path in paths}
    for path in every:
        learnt = learn([one for other, rows in every.items() if other != path for one in rows], lines())
        vars(answer_scores)["weights"] = partial(_same, learnt)
        listening.answers_told(path)


def _same(learnt: Weights) -> Weights:
    return learnt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        check(listening.ANSWERS)
    else:
        answers = [one for path in listening.ANSWERS for one in answers_of(path)]
        FILE.write_text(written(learn(answers, lines()), digest()), encoding="utf-8")


if __name__ == "__main__":
    main()

"""A file of a sector: what is read from it, and that a slip in one is told by file and key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from complaints.procedure.sector_files import FOLDER, SectorProblem, read
from tests import ROOT

FERRY = Path(__file__).with_name("ferry.toml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "ferry.toml").write_text(FERRY, encoding="utf-8")
    return tmp_path


def test_the_sectors_stand_in_their_order_and_nothing_is_read_without_what_is_common(folder: Path) -> None:
    assert [sector.code for sector in read(FOLDER)] == ["telecom", "online_retail", "general"]
    assert [sector.code for sector in read(folder)] == ["telecom", "online_retail", "ferry", "general"]
    (folder / "general.toml").unlink()
    with pytest.raises(SectorProblem, match=r"general\.toml is missing"):
        read(folder)


def test_what_a_file_says_is_what_the_sector_has(folder: Path) -> None:
    ferry = next(sector for sector in read(folder) if sector.code == "ferry")
    assert ferry.has("service.ferry")
    assert not ferry.is_asked_for("goods.phones")
    sailing, cabin = ferry.questions
    expected = ("consumer_sailing", True, 30, "航班号")
    assert (sailing.text_kind, sailing.required, sailing.longest, str(sailing.short)) == expected
    assert [(one.code, one.is_active) for one in cabin.choices] == [("deck", True), ("berth", False)]
    assert cabin.choice_label("berth") == "卧铺"
    (appeal,) = ferry.appeals
    limits = {"ferry.late": 3, "ferry.late.twice": 3, "ferry.later": 12, "quality": 12}
    assert {code: appeal.limit(code).months for code in limits} == limits


NAMED_OTHERWISE = "ferry.toml: code: must be 'ferry', the name of the file"
NO_CODE = "ferry.toml: categories[0].code: 'service.Ferry' is no code"
#: What is typed wrong: (what stands there, what is put in its place, what is told).
SLIPS = {
    "no TOML": ('name = "渡轮"', "name = ", "ferry.toml: Invalid value"),
    "another name": ('code = "ferry"\nname', 'code = "ships"\nname', NAMED_OTHERWISE),
    "no code": ('"service.ferry", n', '"service.Ferry", n', NO_CODE),
    "neither": ('"service.ferry", n', '"ferry", n', "ferry.toml: categories[0].code: 'ferry' must begin with goods."),
    "no name": ('name = "渡轮客运"', 'name = " "', "ferry.toml: categories[0].name: is missing"),
    "misspelt": ("usual_for", "usual", "ferry.toml: causes[0].usual: is not known here"),
    "no text": ("phone = ", "web = 1, phone = ", "ferry.toml: bodies[0].web: must be a str"),
    "no number": ("longest = 30", "longest = true", "ferry.toml: questions.list[0].longest: must be a int"),
    "no length": ("longest = 30", "", "ferry.toml: questions.list[0].longest: says how many characters"),
    "no such kind": ('"choice"', '"radio"', "ferry.toml: questions.list[1].kind: 'radio' is none of text, long_text"),
    "nothing to choose": ("choices =", "#", "ferry.toml: questions.list[1].choices: are what a choice is made of"),
    "taken": ('code = "sailing"', 'code = "statement"', "ferry.toml: questions.list[0].code: 'statement' is taken"),
    "asked twice": ('code = "sailing"', 'code = "plan"', "ferry.toml: questions: 'plan' stands in telecom.toml"),
    "listed twice": ('code = "harbour"', 'code = "post"', "general.toml: bodies: 'post' stands in ferry.toml already"),
    "not its own": ('"ferry.late", name', '"quality.late", name', "'quality.late' must begin with ferry."),
    "no such problem": (
        'usual_for = ["ferry.late"]',
        'usual_for = ["ferry.l"]',
        "no problem is or begins with 'ferry.l'",
    ),
    "no such cause": ("fault =", "faults =", "ferry.toml: usual_causes: no cause 'faults'"),
    "no such body": ('body = "harbour"', 'body = "habour"', "ferry.toml: appeals: no body 'habour'"),
    "nothing for the rest": (', { months = 12, why = "其他，1年内" }', "", "appeals[0].within: needs a last line"),
    "no months": ("months = 12", "months = 0", "ferry.toml: appeals[0].within[1].months: must be 1 or more"),
    "no verdict": ('"but"', '"maybe"', "ferry.toml: trades[0].verdict: 'maybe' is none of yes, but, elsewhere"),
    "not told why": ('reason = "可以先在这里和解。"', "", "ferry.toml: trades[0].reason: is missing"),
    "no such category": ('category = "service.ferry"', 'category = "service.x"', "trades: no category 'service.x'"),
}


def test_a_slip_is_told_by_file_and_key(folder: Path) -> None:
    for slip in SLIPS:
        there, instead, shown = SLIPS[slip]
        assert FERRY.count(there) == 1
        (folder / "ferry.toml").write_text(FERRY.replace(there, instead), encoding="utf-8")
        with pytest.raises(SectorProblem) as result:
            read(folder)
        assert shown in str(result.value)


HERE = Path(__file__).parent


def test_a_sector_that_is_added_as_one_file_is_there_everywhere(tmp_path: Path) -> None:
    folder = tmp_path / "sectors"
    shutil.copytree(FOLDER, folder)
    shutil.copy(HERE / "ferry.toml", folder)
    texts = ["-q", "-x", "-p", "tests.complaints.procedure.with_a_ferry", str(HERE / "ferry_in_the_portal.py")]
    env = os.environ | {"SECTORS_OF_THIS_RUN": str(folder)}
    done = subprocess.run([sys.executable, "-m", "pytest", *texts], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "8 passed" in done.stdout

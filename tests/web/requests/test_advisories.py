"""What we build on is held against a list of known vulnerabilities that is given as a file."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests import ROOT

TOOL = ROOT / "tools" / "advisories.py"
TODAY = datetime.now(UTC)


def advisory(name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": f"TEST-{name}", "modified": TODAY.isoformat(), "affected": [affected]} | more


def said(tmp_path: Path, *listed: dict[str, Any]) -> tuple[int, str]:
    lock = tmp_path / "lock.txt"
    lock.write_text("django-thing[x]==5.2.1 \\\n    --hash=sha256:0\nother==1.0 ; python_version > '3' \\\n")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number, one in enumerate(listed):
            archive.writestr(f"{number}.json", json.dumps(one))
    done = subprocess.run([sys.executable, TOOL, tmp_path / "all.zip", lock], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_T78_a_pinned_package_with_a_known_vulnerability_fails_and_a_mended_one_passes(tmp_path: Path) -> None:
    for events, code in (
        (({"introduced": "0"}, {"fixed": "5.2.2"}), 1),
        (({"introduced": "0"}, {"fixed": "5.2.1"}), 0),
        (({"introduced": "5.2"}, {"last_affected": "5.2.1"}), 1),
        (({"introduced": "5.1"}, {"last_affected": "5.2.0"}), 0),
        (({"introduced": "5.3"},), 0),
        (({"introduced": "0"}, {"fixed": "4.2"}, {"introduced": "5.0"}, {"fixed": "5.3"}), 1),
        (({"fixed": "4.2"}, {"introduced": "0"}), 0),
    ):
        done = said(tmp_path, advisory("Django_Thing", *events), advisory("unused", {"introduced": "0"}))
        assert done[0] == code, (events, done)
        assert ("django-thing 5.2.1: TEST-Django_Thing" in done[1]) == bool(code)
    named = advisory("other")
    named["affected"][0]["versions"] = ["1.0"]
    assert said(tmp_path, named)[0] == 1
    assert said(tmp_path, named | {"withdrawn": TODAY.isoformat()})[0] == 0


def test_T78_a_list_that_is_old_or_none_is_told(tmp_path: Path) -> None:
    then = TODAY - timedelta(days=90)
    old = advisory("unused", {"introduced": "0"}, modified=then.isoformat())
    told = said(tmp_path, old)[1]
    # The tests may have begun yesterday.
    assert f"the list is {(datetime.now(UTC).date() - then.date()).days} days old" in told
    assert said(tmp_path)[0] == said(tmp_path, {"not": "one"})[0] == 2
    (tmp_path / "odd").write_text("no list")
    done = subprocess.run([sys.executable, TOOL, tmp_path / "odd", "requirements.txt"], cwd=ROOT, capture_output=True)
    assert done.returncode == 2
    assert b"no list of advisories" in done.stderr


def test_T78_make_check_hands_the_list_over_and_fails_with_it(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps([advisory("django", {"introduced": "0"})]))
    tool = ROOT / "tools" / "check-supply-chain"
    ours = tool.read_text(encoding="utf-8").partition('if [ -n "${ADVISORIES:-}" ]; then')[2].partition("fi\n")[0]
    script = f"set -eu\nbin=.venv/bin\n{ours}"
    env = {**os.environ, "ADVISORIES": str(tmp_path / "list.json")}
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, "TEST-django" in done.stdout) == (1, True)
    assert 'ADVISORIES="$(ADVISORIES)" tools/check-supply-chain' in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "Advisories: NOT CHECKED" in tool.read_text(encoding="utf-8")

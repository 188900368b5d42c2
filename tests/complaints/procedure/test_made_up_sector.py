"""A sector is one file: with it in the folder, filing, triage, letters, ways left, causes and league know it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from complaints.procedure.sector_files import FOLDER
from tests import ROOT

HERE = Path(__file__).parent


def test_a_sector_that_is_added_as_one_file_is_there_everywhere(tmp_path: Path) -> None:
    folder = tmp_path / "sectors"
    shutil.copytree(FOLDER, folder)
    shutil.copy(HERE / "ferry.toml", folder)
    texts = ["-q", "-x", "-p", "tests.complaints.procedure.with_a_ferry", str(HERE / "ferry_in_the_portal.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *texts],
        cwd=ROOT,
        env=os.environ | {"SECTORS_OF_THIS_RUN": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "9 passed" in done.stdout

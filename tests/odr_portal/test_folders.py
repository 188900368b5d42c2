"""The folders of `make run` are the portal's own, whoever was there before."""

import os
import pwd
from pathlib import Path

import pytest
from django.conf import settings

from odr_portal.processes.local import make_folder


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; everybody else runs the portal as such"
)
def test_a_folder_that_a_command_made_before_is_given_to_the_portal(tmp_path: Path) -> None:
    """Found by `make run` after `make test`: files of the platform could not be written, and no demo was loaded."""
    user = pwd.getpwnam("nobody")
    made_before, fresh = tmp_path / "exports", tmp_path / "evidence"
    made_before.mkdir()
    for folder in (made_before, fresh):
        make_folder(folder, user)
        assert folder.stat().st_uid == user.pw_uid


def test_tests_keep_nothing_among_the_files_of_make_run() -> None:
    local = str(settings.LOCAL)
    assert [place for place in (settings.EVIDENCE_ROOT, settings.EXPORT_ROOT) if place.startswith(local)] == []

"""The twins of what is proved beside the rows of a case (tests/proof/twins.py)."""

from tests.faults.twins import Change
from tests.walls.twins import Twin

BESIDE: tuple[Twin, ...] = (
    Twin(
        "directory-not-compared",
        "what a firm is called is taken from its row, whoever wrote it",
        ("tests/proof/beside/test_directory.py", "-k", "past_the_portal_is_named"),
        [
            Change(
                "complaints/record/beside/directory.py",
                "                    if value != stands:\n",
                "                    if stands is None:\n",
            )
        ],
    ),
    Twin(
        "directory-covers-up",
        "an honest change of a firm takes in whatever else was changed",
        ("tests/proof/beside/test_directory.py", "-k", "covers_no_other"),
        [Change("complaints/record/beside/directory.py", "if name in columns else old for", "if name else old for")],
    ),
    Twin(
        "notices-not-followed",
        "whether somebody was told is what the rows of letters say",
        ("tests/proof/beside/test_notices.py", "-k", "deleted_is_named"),
        [Change("complaints/record/commitments.py", "        if self.reads_notices:\n", "        if not entries:\n")],
    ),
    Twin(
        "letter-sent-by-hand",
        "a letter counts as sent whoever says so",
        ("tests/proof/beside/test_notices.py", "-k", "falsely_sent"),
        [
            Change(
                "complaints/record/beside/notices.py",
                "        elif state not in Notice.WAITING and ",
                "        elif not state and ",
            )
        ],
    ),
    Twin(
        "verdict-not-verified",
        "what a scanner said is what the row says",
        ("tests/proof/beside/test_files.py", "-k", "infected"),
        [
            Change(
                "complaints/record/commitments.py",
                "if self.has_verdicts and not row_tags.is_of(",
                "if not self.has_verdicts and row_tags.is_of(",
            )
        ],
    ),
    Twin(
        "verdict-opens",
        "a file is handed out as its row says, whoever wrote it",
        ("tests/proof/beside/test_files.py", "-k", "infected"),
        [
            Change(
                "complaints/evidence/handing_out.py",
                "    return is_open and row_tags.stands(evidence)\n",
                "    return is_open or not row_tags\n",
            )
        ],
    ),
    Twin(
        "name-of-a-file-not-opened",
        "a file is called what its row says",
        ("tests/proof/beside/test_files.py", "-k", "name_of_a_file"),
        [Change("complaints/record/commitments.py", "                        self._name_of_file(entry, row)\n", "")],
    ),
    Twin(
        "sample-not-compared",
        "who is called back is what the rows say",
        ("tests/proof/beside/test_draws.py", "-k", "taken_out"),
        [
            Change(
                "complaints/record/beside/draws.py",
                '            yield from _sample(row, said["cases"], number=number)\n',
                "            yield from ()\n",
            )
        ],
    ),
    Twin(
        "seed-exchanged",
        "the last word on the digest of a seed counts",
        ("tests/proof/beside/test_draws.py", "-k", "exchanged"),
        [
            Change(
                "complaints/record/beside/draws.py",
                'entry.data | told.get(entry.data["month"], {})',
                'told.get(entry.data["month"], {}) | entry.data',
            )
        ],
    ),
    Twin(
        "recorder-not-compared",
        "whoever wrote down may lie under any key",
        ("tests/proof/beside/test_recorder.py", "-k", "hidden"),
        [Change("complaints/record/commitments.py", 'body.get("recorder", "")', '""')],
    ),
    Twin(
        "moved-by-anybody",
        "whatever row says so, a case is taken for moved",
        ("tests/proof/beside/test_archive.py", "-k", "no_entry_names or itself_proved"),
        [
            Change(
                "complaints/record/moved/named.py",
                'if (said.get("cases"), said.get("root")) != (len(named), rows.root_of(named)):',
                'if said.get("cases") is None:',
            )
        ],
    ),
    Twin(
        "archive-not-compared",
        "what was read in the archive need not be what was written",
        ("tests/proof/beside/test_archive.py", "-k", "did_not_arrive"),
        [Change("complaints/privacy/archiving.py", "        if found != here:\n", "        if not found:\n")],
    ),
    Twin(
        "archive-believed",
        "what the archive holds is shown whatever was signed",
        ("tests/proof/beside/test_archive_pages.py", "-k", "changed_in_the_archive"),
        [
            Change(
                "complaints/record/moved/named.py",
                "        if any(heads.get(row.complaint_id)",
                "        if not heads and any(heads.get(row.complaint_id)",
            )
        ],
    ),
)

"""Teeth of the proof: a copy of the portal with one check taken away must turn a test red.

    python -m tests.proof.twins [NAME …]

As for the walls: a change that no longer fits the source is an error, and the test is green before the check is gone.
"""

import sys

from tests.faults.twins import Change, prove_each
from tests.proof.beside.twins import BESIDE
from tests.walls.twins import Twin, prove

_OUTSIDE = ("tests/proof/test_only_outside.py", "-m", "not full", "-k", "held_outside")
_ANCHORS = "complaints/record/anchors.py"
_DOSSIER, _CHEATS = "docs/verify/verify_dossier.py", ("tests/complaints/dossier/test_one_form.py", "-k", "cheat")

_SEALER, _KEYS = "complaints/record/checkpoints.py", "complaints/record/seal_keys.py"
_ADMISSION = "complaints/record/admission.py"

_VERIFY, _VERIFICATION = ("tests/proof/test_verify.py", "-k"), "complaints/record/verification.py"

TWINS: tuple[Twin, ...] = (
    *BESIDE,
    Twin(
        "tag-not-checked",
        "an entry gets its leaf whoever wrote it",
        ("tests/proof/test_admission.py", "-k", "forged_entry"),
        [Change(_ADMISSION, '        return entry, "tag"\n', "        pass\n")],
    ),
    Twin(
        "out-of-turn-not-looked-for",
        "what was put among old entries is left to the night",
        ("tests/proof/test_admission.py", "-k", "forged_entry"),
        [Change(_ADMISSION, "        if standing == expected:\n", "        if standing >= expected:\n")],
    ),
    Twin(
        "late-steps-lost",
        "the sealer looks only at transactions that began after the newest checkpoint",
        ("tests/complaints/record/test_log.py", "-k", "open_for_long"),
        [
            Change(
                _SEALER, "since = last.horizon if last and is_same and", "since = last.ceiling if last and is_same and"
            )
        ],
    ),
    Twin(
        "checkpoint-believed",
        "a checkpoint is a row of the database, whoever signed it",
        ("tests/proof/test_admission.py", "-k", "laid"),
        [
            Change(
                _SEALER,
                "        if not any(log_checks.checkpoint_findings(row, keys, restored)):\n",
                "        if row:\n",
            )
        ],
    ),
    Twin(
        "leaves-believed",
        "whoever lays a leaf has it signed",
        ("tests/proof/test_admission.py", "-k", "laid"),
        [Change(_SEALER, "        _judge_again(cursor, last.size, size, rules)\n", "        pass\n")],
    ),
    Twin(
        "leaf-not-compared",
        "a leaf is a leaf, whatever the entry says by now",
        ("tests/proof/test_log.py", "-k", "named_at_its_place"),
        [
            Change(
                "complaints/record/log_checks.py",
                "                if standing[n] == chosen[n] and chosen[n]:\n",
                "                if standing[n]:\n",
            )
        ],
    ),
    Twin(
        "any-key-signs",
        "a key may sign once it was named, also after it was replaced or revoked",
        ("tests/proof/test_seal_keys.py", "-k", "stolen"),
        [
            Change(
                _KEYS,
                '        return span.ended if span.until is not None and size >= span.until else ""\n',
                '        return ""\n',
            )
        ],
    ),
    Twin(
        "commitments-not-followed",
        "what an entry names is not looked for",
        (*_VERIFY, "test_a_text"),
        [
            Change(
                _VERIFICATION, "        commitments.follow(among, entries, names, unread)\n", "        list(entries)\n"
            )
        ],
    ),
    Twin(
        "tag-not-verified",
        "an entry that is hashed and chained passes for ours",
        (*_VERIFY, "put_in"),
        [Change(_VERIFICATION, "            if not is_ours and ", "            if not digest and ")],
    ),
    Twin(
        "words-not-compared",
        "what people said in rows beside the record is taken as it stands",
        (*_VERIFY, "words"),
        [Change("complaints/record/comparing.py", "checking.check(wanted, erased)", "checking.check([], erased)")],
    ),
    Twin(
        "each-its-own-state",
        "processes that verify together read what is there when each of them begins",
        ("tests/complaints/record/test_two_processes.py", "-k", "one_state"),
        [Change(_VERIFICATION, "        if snapshot:\n", "        if not snapshot and is_alone is None:\n")],
    ),
    Twin(
        "witness-signs-anything",
        "the witness signs a record without a proof that it grew from the one that it saw",
        ("tests/proof/test_witness.py", "-k", "saw_is_refused"),
        [Change("docs/verify/witness.py", "        if size and not grew(", "        if not size and not grew(")],
    ),
    Twin(
        "anchor-not-compared",
        "a checkpoint from outside is read, and its root is held against nothing",
        _OUTSIDE,
        [Change(_ANCHORS, "    if root != note.root:\n", "    if not root:\n")],
    ),
    Twin(
        "restore-believes-anchor",
        "a restore takes any checkpoint for one of the record",
        ("tests/proof/test_restore.py", "-k", "no_key_of"),
        [
            Change(
                "odr_portal/backup/checking.py",
                "        if not anchor.note or _is_signed(connection, anchor):\n",
                "        if anchor.source or _is_signed(connection, anchor):\n",
            )
        ],
    ),
    Twin(
        "receipt-not-compared",
        "a receipt is read, and its entry is held against nothing",
        _OUTSIDE,
        [
            Change(
                _ANCHORS,
                "    if there is not None and bytes(there) == receipt.hash:\n",
                "    if there is not None or receipt.hash:\n",
            )
        ],
    ),
    Twin(
        "guard-off",
        "every clock is trusted",
        ("tests/proof/test_clock.py", "-k", "T95 and host and not whatever"),
        [
            Change(
                "complaints/record/clock.py",
                '        return Verdict(Answer.REFUSE, "differ")\n',
                '        return Verdict(Answer.GO, "differ")\n',
            )
        ],
    ),
    Twin(
        "no-hold",
        "time alone acts while people are served",
        ("tests/proof/test_clock.py", "-k", "T95 and machine"),
        [
            Change(
                "complaints/handling/transition/take.py",
                "    if not time_may_act():\n        return\n    while",
                "    while",
            )
        ],
    ),
    Twin(
        "manifest-bare",
        "the manifest is signed, and its parts are not held against what it lists",
        _CHEATS,
        [
            Change(
                _DOSSIER,
                "        elif (parts.sizes[name], digest) != listed[name]:\n",
                "        elif (parts.sizes[name], digest) == ():\n",
            )
        ],
    ),
    Twin(
        "reasons-believed",
        "what the keeper says why a part is missing is believed",
        _CHEATS,
        [
            Change(
                _DOSSIER,
                '        elif reason != "not_yours" or not _is_not_theirs(',
                "        elif reason == _is_not_theirs(",
            )
        ],
    ),
    Twin(
        "held-back-believed",
        "an entry about one file proves that another one is held back",
        ("tests/proof/test_dossier.py", "-k", "T96 and scanner_objects"),
        [
            Change(
                _DOSSIER,
                '        if is_of_portal and body["data"]["sha256"] == digest:\n',
                "        if is_of_portal:\n",
            )
        ],
    ),
    Twin(
        "erasure-believed",
        "a part is missing as erased though the record has no such erasure",
        ("tests/proof/test_dossier.py", "-m", "not full", "-k", "superuser"),
        [
            Change(
                _DOSSIER,
                '        elif reason == "erased" and what != "entry" and index["log"] is not None:\n',
                '        elif reason == "erased" and what == "entry" and index["log"] is not None:\n',
            )
        ],
    ),
    Twin(
        "papers-unsigned",
        "official documents enter the record without a signature",
        ("tests/complaints/documents/test_printing.py", "-k", "signs_it"),
        [
            Change(
                "complaints/handling/printing_documents.py",
                "    content = signing.sign_pdf(printing.print_of(version))\n",
                "    content = printing.print_of(version)\n",
            )
        ],
    ),
    Twin(
        "receipts-unsigned",
        "a receipt is handed out without a signature",
        ("tests/complaints/dossier/test_signed_receipt.py", "-k", "who_filed"),
        [
            Change(
                "complaints/dossier/building.py",
                "signing.sign_pdf(receipts.paper(said, at=now))",
                "receipts.paper(said, at=now)",
            )
        ],
    ),
    Twin(
        "reports-unsigned",
        "a monthly report is printed without a signature",
        ("tests/oversight/test_reports.py", "-k", "no_report_is_printed"),
        [
            Change(
                "oversight/reports/keeping.py",
                "            content = signing.sign_pdf(pdf(report))\n",
                "            content = pdf(report)\n",
            )
        ],
    ),
    Twin(
        "state-not-replayed",
        "what entries carry of the state is read, and no column is held against it",
        ("tests/proof/test_state.py", "-m", "not full", "-k", "proved_column"),
        [
            Change(
                "complaints/record/comparing.py",
                "                if known.get(column, empty) != stands.get(column, empty):\n",
                "                if known.get(column, empty) is stands:\n",
            )
        ],
    ),
    Twin(
        "derived-not-recomputed",
        "columns that follow from others are believed",
        ("tests/proof/test_state.py", "-m", "not full", "-k", "follows_from_others"),
        [Change("complaints/record/deriving.py", "            if value != is_now:\n", "            if value is pk:\n")],
    ),
    Twin(
        "words-of-others-stay",
        "what staff and officers write lies under their own keys, and outlives the consumer",
        ("tests/proof/test_erase.py", "-k", "no_page_and_in_no_table"),
        [
            Change(
                "complaints/handling/transition/take.py",
                '(actor.side == "consumer" and actor.person_key) or complaint.case_key',
                "actor.person_key or complaint.case_key",
            )
        ],
    ),
    Twin(
        "drafts-under-one-key",
        "what is typed before filing lies under the portal's own key, which is never destroyed",
        ("tests/complaints/filing/test_draft_keys.py", "-k", "ends_with_its_key"),
        [
            Change(
                "complaints/models/evidence.py",
                'SealedJSON(blank=True, whose="id", place=["id"])',
                'SealedJSON(blank=True, place=["id"])',
            )
        ],
    ),
    Twin(
        "kept-for-good",
        "nobody is erased who does not ask",
        ("tests/proof/test_terms.py", "-k", "never_asked"),
        [
            Change(
                "complaints/privacy/terms.py",
                '"before": now - kept_for(now), "most": LOOKED_AT}',
                '"before": now - 99 * kept_for(now), "most": LOOKED_AT}',
            )
        ],
    ),
    Twin(
        "posts-not-asked",
        "who works for an enterprise is erased for an old case of his own",
        ("tests/proof/test_terms.py", "-k", "reason_to_stay"),
        [
            Change(
                "complaints/privacy/terms.py",
                "        and not exists (select from enterprises_staff s where s.user_id = t.account)\n",
                "",
            )
        ],
    ),
    Twin(
        "hold-not-asked",
        "who is under a legal hold is erased all the same",
        ("tests/proof/test_holds.py", "-k", "stops_erasing"),
        [
            Change(
                "complaints/privacy/erasing.py",
                "    if hold is not None:\n",
                "    if hold is not None and not found:\n",
            )
        ],
    ),
    Twin(
        "posts-not-judged",
        "who was planted as an officer or as staff works",
        ("tests/proof/test_planted.py", "-k", "planted_post"),
        [
            Change(
                "accounts/keys/row_tags.py",
                "    return [] if planted else listed\n",
                "    return listed if planted else listed\n",
            )
        ],
    ),
    Twin(
        "row-tag-not-checked",
        "a password, phone, factor, token or administrator opens whoever wrote the row",
        ("tests/proof/test_planted.py", "-k", "T38"),
        [
            Change(
                "accounts/keys/row_tags.py",
                '    if tags.is_tagged(f"odr {table}", _message(field.covered(row)),'
                " bytes(getattr(row, field.attname))):\n",
                "    if table and field:\n",
            )
        ],
    ),
)


if __name__ == "__main__":
    sys.exit(prove_each(TWINS, sys.argv[1:], prove))

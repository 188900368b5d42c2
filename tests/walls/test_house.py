"""What a program can check of the second wall's own rule: steps work beyond the caller's sight in few places only."""

from __future__ import annotations

import re
from functools import cache

from tests import APPS, ROOT
from tests.walls.twins import TWINS

#: Where it stands, and what was asked under the caller's role before.
BEYOND_SIGHT = {
    "complaints/handling/transition/take.py": "the cases were found under the caller's role",
    "complaints/handling/steps/filing.py": "new cases",
    "complaints/handling/transition/previewing.py": "the case was found under the caller's role; nothing is written",
    "complaints/triage/own_signs.py": "what stands out in a case that the caller has, as kinds and numbers",
    "complaints/pages/filing/elsewhere.py": "whether a number is kept here, for a portal that signed its question",
    "complaints/pages/authority/triage/taking_back.py": "whether anybody opened the case that the caller sent",
    "complaints/record/moved/named.py": "a moved case that its page or step looks for as for any other, afterwards",
    "complaints/pages/shared/archived_reads.py": "whether a case is moved; its page asks for rights afterwards",
    "complaints/evidence/keeping.py": "files of a case that the caller has",
    "complaints/evidence/uploads.py": "whether an id is taken by somebody else",
    "complaints/forms/fields.py": "files that came with a refused step",
    "complaints/notices/notice_choices.py": "the own cases were found under the caller's role",
    "complaints/links/answer_links.py": "the one case of a live link, which was found by its digest",
    "complaints/links/proving.py": "a case whose number was proven by a code, and others with the same number",
    "complaints/links/slips.py": "the mark of a case that the caller found; the one case whose slip was shown",
    "complaints/links/joining.py": "links of a case that the caller has; whoever is asked was found by the own link",
    "accounts/sign_in/contacts.py": "the account of an address that somebody proves or has proved",
    "accounts/sign_in/codes.py": "codes of an address, by its digest",
    "accounts/sign_in/factors.py": "the account of a password, and factors of whoever shows one, by their keys",
    "accounts/sign_in/own_phone.py": "whether a proved phone is somebody else's in the same house",
    "accounts/sign_in/sessions.py": "sessions, by the digest of a cookie",
    "accounts/idempotency.py": "whether a form says what it said before, by a digest of it",
    "accounts/retention.py": "the own account, which its owner closes",
    "accounts/views/account.py": "sessions of whoever asks",
    "accounts/views/factors.py": "digests of the own recovery codes, which can be brought back",
    "accounts/views/sign_in.py": "a person of the demo, in a demo",
    "enterprises/pages/invitation.py": "the account of whoever accepts an invitation: made, or its first password",
    "oversight/administration/duties.py": "an account that the security administrator switches off",
    "enterprises/programs/tokens.py": "a token that waits for the manager who agrees",
    "complaints/stations/stations.py": "an entry of a station, by the digest of its link; cases filed, as a number",
    "complaints/privacy/erasing.py": "a person who closes the own account, or whose closing was decided",
    "complaints/tables/exporting/lifecycle.py": "the digest of an export's link",
    "accounts/sign_in/changes.py": "the account of whoever changes or undoes how they get in",
    "accounts/sign_in/persons.py": "who asked for what the caller decides on: whether it is another phone",
    "complaints/handling/transition/two_persons.py": "who proposed what the caller decides on: the same",
    "complaints/pages/authority/intake/intake.py": "the account of a number, once it is known that the person has it",
    "accounts/views/links.py": "whether a link was opened before, by the digest of its key",
    "enterprises/team/organising.py": "the number of a colleague within the reach of whoever gives it",
    "enterprises/team/team.py": "a job or office within the reach of whoever gives or ends it, which was asked before",
    "enterprises/enrolment/enrolled.py": "the enrolment that the head of its authority decided on",
    "enterprises/enrolment/enrolling.py": "the enterprise whose application was decided",
    "enterprises/directory/changing.py": "a change of the directory that was judged and decided",
    "complaints/law/changing.py": "a policy or calendar that a head approved",
    "routing/rule_desk/rule_changing.py": "a rule that a second head approved",
    "accounts/keys/keyring.py": "keys that are destroyed, restricted or shown again, for whoever decided so",
    "complaints/desks/contact_looks.py": "counts of the security log: of the own people, or at cases found before",
    "complaints/stations/posters.py": "how many cases came by a station's own poster: a number alone",
    "complaints/notices/delivery.py": "the notice was found under the caller's role",
    "api/filing.py": "a draft of the caller's own for as long as a recording is filed",
    "api/cases.py": "the own engagement was found under the caller's role",
    "complaints/dossier/proving.py": "whoever shows the digest of an entry holds that record; told yes, no, numbers",
    "complaints/pages/public/open_pages.py": "shown by an authority with consent, asked by that alone and masked",
    "database/decided_rows.py": "the statement that writes one row, which its page found and judged",
    "odr_portal/health.py": "counts and ages of all that waits",
    "oversight/administration/brake_views.py": "counts of deadlines and of persons that wait, for administrators",
    "oversight/administration/hold_views.py": "holds by case numbers and keys, for administrators; no case is read",
    "oversight/administration/views.py": "counts of deadlines, entries by their names, duties; for administrators",
    "oversight/administration/duty_views.py": "who is to hold a duty, for administrators; no case is read",
    "demo/mailbox.py": "the mailbox of everybody, in a demo",
    "oversight/counters/further.py": "causes that several enterprises named, added up; nothing of a case",
    "oversight/hot_spots/campaign_counts.py": "counts of enterprises that are compared, nothing of a case",
    "oversight/hot_spots/campaign.py": "the control group of a campaign that the caller calls",
    "oversight/hot_spots/campaign_effects.py": "what a sweep found of a campaign",
    "oversight/remedies/affected.py": "the list of a remedy found before; of a proven phone whether it is on it",
    "oversight/portal_state/signs.py": "counts and ages of everything together, nothing of a case",
    "oversight/portal_state/state.py": "counts and codes for administrators, who see no case",
}


@cache
def modules() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.relative_to(ROOT).parts
    }


def test_steps_work_beyond_sight_in_named_places_only() -> None:
    using = {name for name, text in modules().items() if "working_as_steps(" in text} - {"database/row_security.py"}
    assert using == set(BEYOND_SIGHT), "find the rows under the caller's role first, then say so here"


def test_T05_the_context_is_told_by_one_module_and_for_a_transaction_only() -> None:
    telling = re.compile(r"set_config\('(role|app\.)|set (session |local )?role\b|set session\b", re.IGNORECASE)
    results = {name for name, text in modules().items() if telling.search(text)}
    # That one takes roles, and a session that begins anew has none.
    assert results <= {"database/row_security.py", "database/sessions.py"}
    assert re.findall(telling, modules()["database/sessions.py"]) == [("", "")]
    text = modules()["database/row_security.py"]
    calls = re.findall(r"set_config\((.*?)\)", text.replace("begin_request('{}', '{}')", "…"))
    assert calls == ["'role', …, true"]
    # And what says that the steps work is said by the same one.
    assert {name for name, text in modules().items() if "work_as_steps(" in text} == {"database/row_security.py"}


def test_no_view_hands_out_rows_after_its_transaction() -> None:
    """A stream is read after the answer was given, under nobody's role: it must not ask the database."""
    assert [name for name, text in modules().items() if "StreamingHttpResponse" in text] == []


def test_a_twin_changes_what_is_there_and_names_tests_that_exist() -> None:
    for twin in TWINS:
        assert (ROOT / twin.tests[0]).is_file(), twin.name
        for change in twin.changes:
            assert (ROOT / change.file).read_text(encoding="utf-8").count(change.before) == 1, change

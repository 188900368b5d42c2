"""Teeth: a copy of the portal with one wall taken away must turn a test red.

    python -m tests.walls.twins [NAME …]

A change that no longer fits the source is an error, never a twin that quietly changes nothing; and the test
is green in the copy before the wall is taken away.
"""

import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

from tests.faults.twins import Change, change, copy_of_the_clone, prove_each

#: `tests`: what pytest is given; all of it is green with the wall and some of it red without.
Twin = namedtuple("Twin", "name what tests changes")
_CASES, _DATABASE = "complaints/models/complaint.py", ("tests/walls/test_the_database_itself.py", "-k")
_DUTIES = "oversight/administration/duty_changes.py"
_REGIONS = ("tests/walls/test_regions.py", "-k")
_INJECTED, _WORDS = ("tests/walls/test_injected.py", "-k"), ("tests/walls/test_request_words.py",)
_COLUMNS, _POOLED = ("tests/walls/test_columns.py", "-k"), "tests/walls/test_pooled.py"
_FRESH = "sessions.fresh(connection)"
_NUMBER = "str(lent.number if lent else line.info.backend_pid)"
_SESSIONS, _ROW_SECURITY, _TOLD_ALONE = (
    "database/sessions.py",
    "database/row_security.py",
    "complaints/migrations/0024_told_roles_alone.py",
)
_SIGNED, _ONCE = "complaints/migrations/0021_signed_context.py", "complaints/migrations/0026_told_once.py"
_SEEN = "        return self.filter(seen).exclude(status=Status.DRAFT)\n"
_AGREED = "persons.decide(persons.matter_of(held), by, asked=[held.user_id, held.created_by_id], now=timezone.now())"
_ALL = "        return self.exclude(status=Status.DRAFT)\n"
_OR = "            seen |= lies_in(region)\n"
_RULE = '    """The rule of D15: an address of the open internet, whatever it is wrapped in."""\n'
_IS_OPEN = "        if is_public(resource, action) or is_held_by_key(resource, action):\n"
_CODES, _LINKS = "accounts/sign_in/codes.py", "accounts/views/links.py"
_LOOKS = "complaints/handling/transition/contact_access.py"
_STEP_UP = ("tests/accounts/test_step_up.py", "-k")
_CONTACTS, _LIMITS = ("tests/api/test_contact_data.py", "-k"), ("tests/accounts/test_codes_and_limits.py", "-k")
_SEEN_BY_A_PERSON = "seen.filter(person_key=actor.person_key).count()"
_SEEN_BY_COLLEAGUES = "seen.filter(person_key__in=colleagues).count()"
_WRITTEN = "_deliver(contact, code, language=language, is_withheld=not _reaches(user, purpose), now=now)"
_END_TOKENS = 'end_tokens(tokens_of(user, now=now), user=user, address=address if by is None else "", now=now)'
_KEY = "foreign key (engagement_id) references complaints_engagement (id)"
_WHOLE_KEY = "foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)"

TWINS: tuple[Twin, ...] = (
    Twin(
        "queryset-wall",
        "visible_to, of_offices and held_by find every case; requests read past row-level security as well",
        (*_REGIONS, "second_wall_off"),
        (
            Change(_CASES, f"        for region in regions_of(row_tags.standing(offices)):\n{_OR}{_SEEN}", _ALL),
            Change(_CASES, f"        for region in regions[1:]:\n{_OR}{_SEEN}", _ALL),
            Change(_CASES, _SEEN.replace("seen", "held"), _ALL),
        ),
    ),
    Twin(
        "row-policy",
        "PostgreSQL shows every caller every row; the first wall is off as well",
        (*_REGIONS, "first_wall_off"),
        [Change("complaints/migrations/0004_row_security.py", "{role} using ({condition})", "{role} using (true)")],
    ),
    Twin(
        "signed-context",
        "a role is enough, whoever took it",
        # A list of a real page of each side, with every payload; what they saw and wrote is printed.
        (*_INJECTED, "nor_does and not some", "-s"),
        [
            Change(_ONCE, '_TOLD = f"((select true where {_ASKED}) is not null)"', '_TOLD = "true"'),
            Change(_ONCE, '_TOLD_TO_STEPS = f"(nullif({_ASKED}, false) is not null)"', '_TOLD_TO_STEPS = "true"'),
        ],
    ),
    Twin(
        "signature",
        "any word is taken for signed",
        _WORDS,
        [Change(_SIGNED, "    return parts[2] = pg_backend_pid()::text and parts[3] = kind;", "    return true;")],
    ),
    Twin(
        "closed-functions",
        "everybody may call what sets a setting",
        (*_WORDS, "-k", "refused_functions"),
        [Change("database/roles.py", '    *("set_config",),\n', "")],
    ),
    Twin(
        "fresh-session",
        "a request begins in the session as it was left",
        (*_INJECTED, "consumer and some"),
        [
            Change(_ROW_SECURITY, f"if role else {_FRESH}", 'if role else ""'),
            Change(_ROW_SECURITY, 'before = sessions.fresh(connection) if is_first else ""', 'before = ""'),
        ],
    ),
    Twin(
        "fresh-before-sign-in",
        "who is signed in is asked in the session as it was left",
        (*_INJECTED, "nor_does and consumer and some"),
        [Change(_ROW_SECURITY, 'before = sessions.fresh(connection) if is_first else ""', 'before = ""')],
    ),
    Twin(
        "withheld-columns",
        "callers are granted every column",
        (*_COLUMNS, "one_injected and consumer"),
        [Change("database/columns.py", "columns if not is_withheld)", "columns)")],
    ),
    Twin(
        "told-roles-alone",
        "a role that a statement took reads what is withheld",
        (*_COLUMNS, "stacked and consumer"),
        [Change(_TOLD_ALONE, "to portal_steps using ({_TOLD})", "to portal_steps using (true)")],
    ),
    Twin(
        "words-for-digests",
        "whoever is served compares digests without a word",
        (*_COLUMNS, "what_compares_digests"),
        [
            Change(
                "complaints/migrations/0028_no_digest_for_callers.py",
                "if public.is_signed(said, mac, '{kind}') is not true then",
                "if false then",
            )
        ],
    ),
    Twin(
        "words-outside-requests",
        "the login looks up who is signed in without a word: with row security nobody is",
        (*_COLUMNS, "stacked and consumer"),
        [Change(_ROW_SECURITY, "if _CURRENT.get() is None and caller() is None", "if False and caller() is None")],
    ),
    Twin(
        "rights-at-start",
        "wider rights are not looked at",
        _WORDS,
        [Change("database/rights.py", "[row[0] for row in cursor.fetchall()]", "[]")],
    ),
    Twin(
        "lent-sessions",
        "behind a pooler what was prepared in one session is looked for in another",
        [_POOLED],
        [Change("database/prepared.py", "session = sessions.lent(line)\n", "session = sessions.Session(0, '')\n")],
    ),
    Twin(
        "lent-anew",
        "behind a pooler a transaction begins with the limits that another process left",
        [_POOLED],
        [Change(_SESSIONS, "settings.DATABASE_SAYS.items() if", "() if"), Change(_SESSIONS, "reset all; ", "")],
    ),
    Twin(
        "lent-number",
        "behind a pooler words are signed for the number that the pooler tells",
        [_POOLED],
        [Change("database/request_words.py", _NUMBER, "str(line.info.backend_pid)")],
    ),
    Twin(
        "limit-from-outside",
        "nobody cancels what lifted its own limits",
        (*_WORDS, "-k", "each_second"),
        [Change("odr_portal/processes/web_worker.py", "        sessions.cancel_overdue(now)\n", "")],
    ),
    Twin(
        "limit-before-sign-in",
        "nobody sees what is asked before a request has said for whom it works",
        (*_WORDS, "-k", "before_a_request"),
        [
            Change(
                _ROW_SECURITY,
                "    sessions.running[statement] = time.monotonic() + settings.LONGEST_TRANSACTION, line\n",
                "",
            )
        ],
    ),
    Twin(
        "steps-alone",
        "whoever takes a role writes the directory, policies and keys",
        ("tests/walls/test_writing.py", "-k", "a_role_that"),
        [Change("oversight/migrations/0010_steps_alone.py", "and split_part(", "and false and split_part(")],
    ),
    Twin(
        "composite-key",
        "what hangs on an engagement may name another enterprise",
        (*_DATABASE, "T03"),
        [Change("complaints/migrations/0003_append_only.py", f'f"{_WHOLE_KEY}"', f'f"{_KEY}"')],
    ),
    Twin(
        "idempotency-constraint",
        "a key may stand twice",
        (*_DATABASE, "T87_a_key"),
        [Change("accounts/migrations/0001_models.py", 'fields=("actor", "key")', 'fields=("actor", "key", "id")')],
    ),
    Twin(
        "formula-guard",
        "cells leave as they were typed",
        ("tests/web/test_safe_cells.py",),
        [Change("web/safe_cells.py", '    return f"\'{text}"\n', "    return text\n")],
    ),
    Twin(
        "ssrf-rule",
        "every address counts as one of the open internet",
        ("tests/web/test_outgoing.py",),
        [Change("web/safe_http.py", _RULE, f"{_RULE}    if address:\n        return True\n")],
    ),
    Twin(
        "demo-people",
        "accounts of a demo come in everywhere",
        ("tests/accounts/test_people_of_a_demo.py", "-k", "T25"),
        [
            Change(
                "accounts/models/people.py",
                "return self.is_active and (settings.DEMO or not self.is_demo)",
                "return self.is_active",
            )
        ],
    ),
    Twin(
        "second-duty",
        "a duty is given by two of the same duty",
        ("tests/access/test_duty_changes.py", "-k", "a_duty_is_given"),
        [
            Change(
                "oversight/administration/duty_changes.py", 'return duty_of(by) not in ("", change.duty) and', "return"
            )
        ],
    ),
    Twin(
        "fresh-first-factor",
        "a session that lies about adds a first factor of its own",
        (*_STEP_UP, "stale_session_cannot"),
        [Change("accounts/views/factors.py", "@fresh_factor\ndef _set_up_anew", "def _set_up_anew")],
    ),
    Twin(
        "one-code-one-session",
        "a code that is sent twice at once opens a session each time",
        (*_STEP_UP, "one_code_opens_one_session"),
        [Change(_CODES, "Use.AGAIN if is_again else Use.WRONG", "Use.RIGHT if is_again else Use.WRONG")],
    ),
    Twin(
        "second-manager",
        "whoever asked for contact data agrees to it",
        (*_CONTACTS, "second_manager"),
        [Change("enterprises/programs/tokens.py", f"        {_AGREED}\n", "")],
    ),
    Twin(
        "contacts-of-a-person",
        "nobody counts how many contacts a person sees in a day",
        (*_CONTACTS, "so_many_a_day"),
        [Change(_LOOKS, f'if {_SEEN_BY_A_PERSON} >= limit("contacts_a_day"):', "if False:")],
    ),
    Twin(
        "contacts-of-a-firm",
        "nobody counts how many contacts an enterprise sees in a day",
        (*_CONTACTS, "so_many_a_day"),
        [Change(_LOOKS, f'if {_SEEN_BY_COLLEAGUES} >= limit("contacts_a_day_enterprise"):', "if False:")],
    ),
    Twin(
        "known-browser",
        "the owner's own browser counts among strangers",
        (*_LIMITS, "lock_nobody_out"),
        [Change(_CODES, "    is_known = browser is not None", "    is_known = False and browser is not None")],
    ),
    Twin(
        "line-of-ipv6",
        "each address of a line counts apart",
        (*_LIMITS, "one_line_of_ipv6"),
        [
            Change(
                "accounts/sign_in/limits.py",
                'return network_of(address) if ":" in address else address',
                "return address",
            )
        ],
    ),
    Twin(
        "same-work",
        "nothing is written for an address that nobody has",
        ("tests/accounts/test_same_work.py", "-k", "lost_password"),
        [Change(_CODES, f"        {_WRITTEN}", f"        if _reaches(user, purpose):\n            {_WRITTEN}")],
    ),
    Twin(
        "health-of-strangers",
        "/healthz tells everybody all",
        ("tests/odr_portal/test_health.py", "-k", "a_stranger_is_told"),
        [
            Change(
                "odr_portal/health.py",
                'return JsonResponse(found if may_read(request) else {"status": found["status"]})',
                "return JsonResponse(found)",
            )
        ],
    ),
    Twin(
        "link-by-looking",
        "whoever looks at a link has opened it",
        ("tests/accounts/test_links.py", "-k", "only_looks"),
        [
            Change(_LINKS, 'if request.method != "POST" and AGAIN not in request.GET:', "if False:"),
            Change(_LINKS, 'if "open" in request.POST:', 'if request.method != "POST" or "open" in request.POST:'),
        ],
    ),
    Twin(
        "tokens-end-too",
        "programs go on when a person ends everything",
        ("tests/accounts/test_ending_everything.py", "-k", "a_person_ends_every"),
        [Change("accounts/sign_in/changes.py", f"        {_END_TOKENS}\n", "")],
    ),
    Twin(
        "second-person",
        "two accounts are two persons, whatever their phones",
        ("tests/access/test_two_people.py", "-k", "two_mailboxes"),
        [
            Change(
                "accounts/sign_in/persons.py",
                "        if part.phone and _is_one_phone(part, second):\n",
                "        if not part:\n",
            )
        ],
    ),
    Twin(
        "gate",
        "a page without a line is open",
        ("tests/access/test_permissions.py", "-k", "T09 or before_the_view"),
        [Change("access/middleware.py", f"{_IS_OPEN}            return None\n", "        return None\n")],
    ),
)


def tested(twin: Twin, target: Path) -> tuple[str, str]:
    """green, red or broken; and what was seen first, or what injected statements saw and wrote."""
    command = [sys.executable, "-m", "pytest", "-q", *twin.tests]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]
    failed = next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "")
    if done.returncode == 0:
        told = [line.lstrip(".") for line in done.stdout.splitlines() if " payloads on " in line]
        return "green", "\n".join(told) or last[0]
    # 1: tests failed. Anything else (nothing collected, an error on the way) proves nothing.
    is_red = done.returncode == 1 and bool(failed)
    return ("red", failed.removeprefix("FAILED ")) if is_red else ("broken", " ".join(last))


def prove(twin: Twin) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="odr-walls-") as folder:
        target = Path(folder, twin.name)
        copy_of_the_clone(target)
        before, seen = tested(twin, target)
        if before != "green":
            return False, f"{before} already with the wall: {seen}"
        if " payloads on " in seen:
            print(f"with the wall:\n{seen}", flush=True)
        change(target, twin.name, twin.changes)
        after, seen = tested(twin, target)
        return after == "red", seen[:150] if after == "red" else f"{after}: {seen}"


if __name__ == "__main__":
    sys.exit(prove_each(TWINS, sys.argv[1:], prove))

"""Columns that no caller reads: one list for the whole portal.

The roles of callers and the login that serves pages are granted the other columns of these tables only, so a
statement that got into one of their queries reads none of these. The steps and the owner read the whole, and row
security shows the rows to a role that was told alone (complaints/migrations/0024_told_roles_alone.py). What is asked
before a request has said for whom it works (whose session it is, who that is) is asked as the steps
(database/row_security.py).

Django leaves the columns out of the rows that it reads for a caller (database/backend/): there they are deferred, as by
``defer()``. What has to find a row by one of them, or to judge by it, does that as the steps, or asks a function of the
database for a signed word (complaints/migrations/0028_no_digest_for_callers.py).

`grant` says so to the database after each migrate and restore: a new column is granted by the same list.
tests/walls/test_columns.py looks through all models for columns that belong in here.
"""

from typing import Any

from database import roles

#: Table → what is withheld.
WITHHELD = {
    # A hash of the password, and who has the same phone or mailbox.
    "accounts_user": ("password", "email_index", "phone_index", "second_phone_index", "own_phone_index"),
    "accounts_housephone": ("phone_index",),
    "enterprises_enrolmentapplication": ("email_index",),
    # Keys and ids of second factors.
    "accounts_secondfactor": ("key", "credential_id"),
    # Keys of people: wrapped, and asked for by each page (accounts/keys/keyring.py).
    "accounts_personkey": ("wrapped",),
    # Digests of what lets somebody in, once or for long. No row of a session or of an opened link is read at all.
    "accounts_browsersession": ("session_key",),
    "accounts_openedlink": ("key_digest", "form_digest"),
    "accounts_signincode": ("address_digest", "flow_digest", "code_digest", "used_by_form"),
    "accounts_recoverycode": ("code_digest",),
    "accounts_accountchange": ("key_digest",),
    "enterprises_apitoken": ("digest",),
    "enterprises_invitation": ("token_digest", "address_digest"),
    "complaints_export": ("link_digest",),
    "complaints_stationentry": ("token_digest",),
    "complaints_complaint": ("tracking_digest",),
    "complaints_participant": ("token_digest",),
    "complaints_answerlink": ("token_digest",),
    "complaints_filingdraft": ("key_digest",),
    # A digest of what was typed: few numbers make a phone.
    "accounts_idempotencykey": ("body_digest",),
    # By what people are found and told from others: the people of a case, who tries, who decides from where.
    "complaints_persondigest": ("digest",),
    "accounts_countedtry": ("who_digest",),
    "accounts_decisionpart": ("session", "device"),
    # Whose number is on a list of affected.
    "oversight_remedylist": ("digest",),
}

#: Columns of a table that are there already, withheld or not: a migration may just have gone back to before one.
_THERE = """
select attname, attname = any(%s) from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum"""


def of(table: str) -> tuple[str, ...]:
    """What is withheld of this table; nothing of most."""
    return WITHHELD.get(table, ())


def grant(connection: Any) -> None:
    """Give each role just what the list says. As the owner; Django's connection or psycopg2's."""
    with connection.cursor() as cursor:
        for table, withheld in WITHHELD.items():
            cursor.execute(_THERE, [list(withheld), f"public.{table}"])
            columns = cursor.fetchall()
            if not columns:
                continue
            open_ = ", ".join(f'"{name}"' for name, is_withheld in columns if not is_withheld)
            # What is taken from a table is taken from each of its columns as well. In one message, which is one
            # transaction: people are served while a release migrates.
            cursor.execute(
                f"revoke select on public.{table} from {roles.APP};"  # noqa: S608 - our own names
                f" grant select ({open_}) on public.{table} to {roles.APP};"
                f" grant select on public.{table} to {roles.STEPS}"
            )

"""A system user a process: whoever breaks into the pages must not find the key that signs the record.

``PROCESS_USERS`` names the users of a machine; each process compares at its start who can read its keys with who needs
them, and refuses where somebody else can. Without it nothing is compared, and the page of the record says so.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

#: Who reads which key; beat ticks and reads none.
NEEDS: Mapping[str, frozenset[str]] = {
    "VAULT_KEY_FILE": frozenset({"web", "worker", "watch"}),
    "DOCUMENT_KEY_FILE": frozenset({"worker", "watch"}),
    "SEAL_KEY_FILE": frozenset({"watch"}),
}


def can_read(user: str, file: os.stat_result) -> bool:
    """By owner, group and mode of the file; the folders above it may shut out more. False for who is not on this
    machine, True for root."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return False
    if entry.pw_uid == 0:
        return True
    # The owner is judged by the bits of the owner alone, and so on, as the kernel does.
    if file.st_uid == entry.pw_uid:
        return bool(file.st_mode & stat.S_IRUSR)
    if file.st_gid in os.getgrouplist(user, entry.pw_gid):
        return bool(file.st_mode & stat.S_IRGRP)
    return bool(file.st_mode & stat.S_IROTH)


def found(process: str = "") -> list[str]:
    """What is not separated on this machine, a sentence each. ``process``: web, worker, beat, watch; "" for a command,
    which runs as nobody of these."""
    users: Mapping[str, str] = settings.PROCESS_USERS
    results = []
    for user in sorted(set(users.values())):
        same = [name for name in users if users[name] == user]
        if len(same) > 1:
            results.append(f"{' and '.join(same)} are one system user, {user}: give each its own.")
    me = pwd.getpwuid(os.geteuid()).pw_name
    if process and users[process] != me:
        results.append(f"{process} runs as {me}, and PROCESS_USERS says {users[process]}.")
    for name, needed_by in NEEDS.items():
        place = getattr(settings, name)
        if not place:
            continue
        if process and process not in needed_by:
            results.append(f"{process} needs no {name}: take it out of its environment.")
        try:
            file = Path(place).stat()
        except OSError:
            continue
        for other, user in users.items():
            if other not in needed_by and can_read(user, file):
                results.append(f"{user} ({other}) can read {name} and needs no such key: see its owner and mode.")
    return results


def refuse_to_start(process: str) -> None:
    """Ends a process whose keys are open to others, where PROCESS_USERS is set."""
    if settings.PROCESS_USERS and (sentences := found(process)):
        raise SystemExit("PROCESS_USERS: " + " ".join(sentences))

"""A system user a process: whoever breaks into the pages must not find the key that signs the record.

``PROCESS_USERS`` names the users of a machine; each process compares at its start who can read its keys with who needs
them, and who can work in the folders of files with who shares them; it refuses where these differ. Without it nothing
is compared, and the page of the record says so.
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
#: What `manage.py make_keys` lays beside the seal key, to be carried away.
RECOVERY_KEY = "seal-recovery-key.pem"
#: Files that come in and go out (web/private_files.py).
FOLDERS = ("EVIDENCE_ROOT", "EXPORT_ROOT")
SHARED_BY = frozenset({"web", "worker", "watch"})
_READ, _WORK = 0o4, 0o7


def can_read(user: str, file: os.stat_result) -> bool:
    return _bits(user, file) & _READ == _READ


def _bits(user: str, file: os.stat_result) -> int:
    """What the user may do (read 4, write 2, enter 1) by owner, group and mode; the folders above may shut out more.
    0 for who is not on this machine, all for root."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return 0
    if entry.pw_uid == 0:
        return _WORK
    # The owner is judged by the bits of the owner alone, and so on, as the kernel does.
    if file.st_uid == entry.pw_uid:
        return file.st_mode >> 6 & _WORK
    if file.st_gid in os.getgrouplist(user, entry.pw_gid):
        return file.st_mode >> 3 & _WORK
    return file.st_mode & _WORK


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
    return results + _of_folders(users)


def _of_folders(users: Mapping[str, str]) -> list[str]:
    """One that is not there yet is made by who needs it first."""
    results = []
    for name in FOLDERS:
        try:
            folder = Path(getattr(settings, name)).stat()
        except OSError:
            continue
        if not folder.st_mode & stat.S_ISGID:
            results.append(f"{name} does not hand its group down: run `chmod 2770` on it.")
        for process, user in users.items():
            if process in SHARED_BY and _bits(user, folder) != _WORK:
                results.append(f"{user} ({process}) cannot work in {name}: give it to a group of {user}, mode 2770.")
            elif process not in SHARED_BY and _bits(user, folder):
                results.append(f"{user} ({process}) can enter {name} and needs no files: see its group and mode.")
    return results


def refuse_to_start(process: str) -> None:
    """Ends a process whose keys are open to others, where PROCESS_USERS is set."""
    if settings.PROCESS_USERS and (sentences := found(process)):
        raise SystemExit("PROCESS_USERS: " + " ".join(sentences))

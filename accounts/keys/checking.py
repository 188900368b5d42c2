"""Opens many sealed values and says which are not what they should be: those of the record, when it is verified."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from accounts.keys import keyring, sealing
from accounts.keys.ciphers import CannotOpen


class Closed(NamedTuple):
    """One value as it stands, and what it should be. ``of``, ``row``, ``column``: by what the caller knows it;
    ``bound``: what it is bound to; ``owner``: the key under which it should lie; ``is_right``: whether the opened text,
    under this key, is what is ``expected``. ``needs_key``: also where it is not encrypted. ``is_gone``: whether it may
    be empty though its key was not erased."""

    of: Any
    row: str
    column: str
    sealed: bytes
    bound: bytes
    owner: str
    is_right: Callable[[str, bytes, Any], bool]
    expected: Any
    needs_key: bool = False
    is_gone: Callable[[], bool] | None = None


def check(wanted: Collection[Closed], erased: Collection[str]) -> Iterator[tuple[Closed, str, str]]:
    """Each that is not as it should be, with a code (``emptied``, ``key_gone``, ``other_key``, ``changed``) and what is
    wrong with its key; the keys of all in one query. ``erased``: keys whose erasure is recorded, so that nothing is
    asked of what lies under them."""
    persons = {owner: UUID(owner) for owner in {one.owner for one in wanted}.difference(erased)}
    opened, wrong = keyring.examined(persons.values())
    known = {owner: (person.bytes, opened.get(person, b""), wrong.get(person, "")) for owner, person in persons.items()}
    for one in wanted:
        if one.owner not in known:
            continue
        person, secret, why = known[one.owner]
        if not one.sealed:
            if one.is_gone is None or not one.is_gone():
                yield one, "emptied", ""
            continue
        try:
            head = sealing.head_of(one.sealed)
            if head and head != person:
                yield one, "other_key", ""
            elif why and (head or one.needs_key):
                yield one, "key_gone", why
            elif not one.is_right(
                sealing.open_sealed(one.sealed, secret=secret, place=one.bound), secret, one.expected
            ):
                yield one, "changed", ""
        except (CannotOpen, ValueError, KeyError, TypeError):
            yield one, "changed", ""

"""The number of a case: the day, the province whose portal keeps it, 60 random bits, a check character. A number tells
nothing about how many there are, and a slip of the pen is noticed (Luhn mod 32 over the alphabet without I, L, O, U).
Numbers of before the province stood in them stay as they are; the length tells the two apart."""

import re
import secrets
from datetime import date
from uuid import UUID, uuid5

from django.conf import settings

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: index for index, letter in enumerate(ALPHABET)}
_LENGTH = 12
#: Day, province (no province in an older number), letters, check character.
_FORM = re.compile(r"([0-9]{8})([0-9]{2})?([0-9A-HJKMNP-TV-Z]{12})([0-9A-HJKMNP-TV-Z])")
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_number(day: date) -> str:
    """``20261118-35-7K3Q9M2PT4RA-5``; 00 for the province where the portal is of no single one."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    parts = f"{day:%Y%m%d}", settings.PROVINCE, letters
    return "-".join([*parts, check_character("".join(parts))])


def province_of(number: str) -> str:
    """Two digits (GB/T 2260), whose portal keeps the case; "" in an older number."""
    match = _FORM.fullmatch(number.replace("-", ""))
    return (match[2] or "") if match else ""


def new_mark(letter: str, day: date) -> str:
    """``E261118-7K3Q9M2P``: of an export, a table or a change of the law; short enough to be read out."""
    return f"{letter}{day:%y%m%d}-" + "".join(secrets.choice(ALPHABET[2:]) for _ in range(8))


def check_character(text: str) -> str:
    """Luhn mod N; finds every single wrong character and most swaps of neighbours."""
    factor, total = 2, 0
    for letter in reversed(text):
        addend = factor * _VALUE[letter]
        factor = 3 - factor
        total += addend // len(ALPHABET) + addend % len(ALPHABET)
    return ALPHABET[-total % len(ALPHABET)]


def tidy(typed: str) -> str:
    """What a person typed as a number should look like; empty when it cannot be one."""
    letters = "".join(c for c in typed.upper().translate(_MISREAD) if c in _VALUE)
    match = _FORM.fullmatch(letters)
    if match is None or check_character(letters[:-1]) != letters[-1]:
        return ""
    return "-".join(filter(None, match.groups()))


#: Name space of the keys of cases.
_CASE_KEYS = UUID("7f1f4d0e-3f0a-5c55-9d6c-1b1f0b6a6c22")


def case_key_of(number: str) -> UUID:
    """The key of a case, under which lies what others than its consumers write in it. It follows from the number (RFC
    9562, version 5), so whoever reads the record knows it."""
    return uuid5(_CASE_KEYS, number)

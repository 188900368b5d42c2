"""The number of a case: the day, 60 random bits, a check character. A number tells nothing about how many there are,
and a slip of the pen is noticed (Luhn mod 32 over the alphabet without I, L, O, U)."""

import secrets
from datetime import date
from uuid import UUID, uuid5

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: index for index, letter in enumerate(ALPHABET)}
_LENGTH = 12
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_number(day: date) -> str:
    """``20261118-7K3Q9M2PT4RA-5``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return f"{day:%Y%m%d}-{letters}-{check_character(f'{day:%Y%m%d}{letters}')}"


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
    if len(letters) != 8 + _LENGTH + 1 or check_character(letters[:-1]) != letters[-1]:
        return ""
    return f"{letters[:8]}-{letters[8:-1]}-{letters[-1]}"


#: Name space of the keys of cases.
_CASE_KEYS = UUID("7f1f4d0e-3f0a-5c55-9d6c-1b1f0b6a6c22")


def case_key_of(number: str) -> UUID:
    """The key of a case, under which lies what others than its consumers write in it. It follows from the number (RFC
    9562, version 5), so whoever reads the record knows it."""
    return uuid5(_CASE_KEYS, number)

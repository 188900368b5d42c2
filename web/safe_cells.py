"""Cells of a table that a spreadsheet must not take for formulas, and the way back.

Every cell that leaves the portal in a CSV or XLSX file goes through ``safe_cell``. A
text that begins with a sign of a formula, or with a quote before one, gets a quote in front; a plain
number stays a number. ``plain_cell`` takes away exactly what ``safe_cell`` put there.
"""

import re

#: What a spreadsheet begins a formula, a command or a new cell with; full-width signs too.
SIGNS = "=+\\-@\t\r\n\0|%＝＋－＠"
#: Blanks of any kind, the byte order mark and other signs that nobody sees.
_UNSEEN = (
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]*"
)
_IS_FORMULA = re.compile(rf"'*{_UNSEEN}[{SIGNS}]|'*[\t\r\n\0]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,20})?")


def safe_cell(text: str) -> str:
    """``text`` as it may stand in a cell. Neutralises by the list of D16; strict numbers pass as they are."""
    if _NUMBER.fullmatch(text) or not _IS_FORMULA.match(text):
        return text
    return f"'{text}"


def plain_cell(text: str) -> str:
    """What was written: ``plain_cell(safe_cell(text)) == text`` for every text."""
    if text.startswith("'") and _IS_FORMULA.match(text):
        return text[1:]
    return text

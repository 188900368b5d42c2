"""A poster (A4) or a counter card (A6) as PDF, for a wall or a counter where people speak Chinese and English.

The same owner, form, place and numbers give the same bytes, and the code can be read from paper by an old
telephone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import override

from authorities.limits import Limits
from complaints.documents import typesetting
from complaints.documents.readable import readable
from complaints.stations.posters import A4, Poster
from web.qr import qr_code

TEMPLATE = Path(__file__).with_name("poster.typ")
#: A poster names no day, so its file does not either.
_DATED = datetime(2026, 1, 1, tzinfo=UTC)


def poster_pdf(poster: Poster, *, place: str, name: str, lines: list[str], limits: Limits) -> bytes:
    """``place``: where the portal stands, https://host. ``lines``: under the name (address, whose hall it is).
    ``limits``: those in force where it will hang."""
    address = f"{place}/go/{poster.code}/"
    code = qr_code(address)
    return typesetting.typeset(
        readable(
            {
                "paper": poster.form or A4,
                "name": name,
                "lines": [line for line in lines if line],
                "negotiation": {code: _in(language, limits) for code, language in (("zh", "zh-hans"), ("en", "en"))},
                "address": address.split("//", 1)[-1],
                "qr": (
                    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {code.size} {code.size}">'
                    f'<path fill="#fff" d="M0 0h{code.size}v{code.size}H0z"/><path d="{code.path}"/></svg>'
                ),
            }
        ),
        at=_DATED,
        template=TEMPLATE,
    )


def _in(language: str, limits: Limits) -> str:
    """How long both sides have to settle, in this language: a poster has two."""
    with override(language):
        return limits["negotiation"]

"""Tables of a month told in multiples of 5, drawn until they leave enough values open; and what they were told from."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from django.utils.crypto import salted_hmac

from authorities.models import Region
from oversight.figures.rounding import FARTHEST, POSSIBLE, Reader, Version, rounded
from oversight.figures.suppression import TOTAL, Axis, Key, with_sums
from oversight.open_data.cells import Cells, payments_of, sums_told


class TellsTooMuch(Exception):
    """However it is drawn, the table would leave too few values open of some small number; nothing is issued."""


class Rounding:
    """A teller of rounded tables, which keeps what it was told from: ``counted`` of a set.

    ``before``: that of the version before, which it is held against.
    """

    #: A table is drawn so often before it is given up; the later half without keeping to the version before.
    TRIED = 60
    #: Where at most one number in so many tells too much, or lies too far from the truth, only their rows are drawn
    #: anew: however large a table, some number would be wrong each time.
    WRONG = 1000
    #: Held as known exactly: how many cases of the whole country were closed. Another page tells it too, rounded apart
    #: (/open/call-backs/).
    KNOWN: Mapping[str, Collection[Key]] = {"closed": [(TOTAL, TOTAL)]}

    def __init__(self, about: str, before: Mapping[str, Any]) -> None:
        self.about, self.before = about, before
        self.counted: dict[str, Any] = {}

    def __call__(
        self, name: str, counts: Mapping[Key, int], axes: Sequence[Axis], _already: Collection[Key]
    ) -> dict[Key, int | None]:
        if was := self.before.get(name):
            # What came to nothing since still has its place.
            axes = [
                Axis(tuple({**old, **new} for old, new in zip(olds, axis.divisions, strict=True)))
                for olds, axis in zip(was["axes"], axes, strict=True)
            ]
        earlier: list[Version] = [{(row, code): (n, told) for row, code, n, told in was["cells"]}] if was else []
        said: dict[Key, int] = {key: told for version in earlier for key, (_n, told) in version.items()}
        numbers = with_sums(counts, axes)
        anew = Counter[str]()
        for attempt in range(self.TRIED):
            kept = said if was and attempt < self.TRIED // 2 else None
            told = rounded(counts, axes, partial(self._drawn, name, anew), before=kept)
            version = {key: (numbers.get(key, 0), told.get(key, 0)) for key in numbers.keys() | told.keys()}
            most = len(version) // self.WRONG
            wrong = [key for key, (n, shown) in version.items() if abs(n - shown) > FARTHEST]
            if not wrong:
                reader = Reader([*earlier, version], axes, known=self.KNOWN.get(name, ()))
                few = (key for key in reader.small() if reader.possible(key) < POSSIBLE)
                wrong = list(islice(few, most + 1))
            if not wrong:
                break
            anew.update({row for row, _code in (wrong if len(wrong) <= most else version)})
        else:
            raise TellsTooMuch(f"{self.about} {name}")
        self.counted[name] = {
            "axes": [axis.divisions for axis in axes],
            "cells": [[*key, *pair] for key, pair in sorted(version.items())],
        }
        return dict(told)

    def _drawn(self, name: str, anew: Mapping[str, int], key: Key, n: int) -> float:
        """From 0 to below 1, by HMAC of the secret of the installation. ``anew``: how often each row was drawn anew."""
        about = repr((self.about, name, key, n, anew.get(key[0], 0)))
        digest = salted_hmac("oversight.open_data.rounding", about, algorithm="sha256").digest()
        return int.from_bytes(digest[:6]) / 2**48

    def tell_money(self, cells: Cells, month: date) -> None:
        """Once: a later version repeats what the first one told, as a sum that moved would tell the payment."""
        if "money" not in self.before:
            places = {region.pk: region for region in Region.objects.all()}
            self.counted["money"] = {
                str(pk): yuan for pk, yuan in sums_told(payments_of(month, places), places).items()
            }
        else:
            self.counted["money"] = self.before["money"]
        for pk, numbers in cells.regions.items():
            yuan = self.counted["money"].get(str(pk))
            numbers["recovered"] = None if yuan is None else 100 * yuan

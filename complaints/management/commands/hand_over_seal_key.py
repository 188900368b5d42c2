"""manage.py hand_over_seal_key: another key signs the record from now on, or one more, or a stolen one no more."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.record import checkpoints, seal_keys


class Command(BaseCommand):
    help = (
        "Write into the record which key signs it from now on. --by OLD --to NEW: the new key takes the place of the"
        " old one. With --add both sign, for a second watch. --by RECOVERY --to NEW --recovered: the old key is lost."
        " --by RECOVERY --end PUBLIC: a stolen key ends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", type=Path, required=True, help="file of a key that signs now, or the recovery key")
        parser.add_argument("--to", type=Path, help="file of the new key (make_seal_key)")
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--add", action="store_const", dest="way", const=seal_keys.ADD)
        way.add_argument("--recovered", action="store_const", dest="way", const=seal_keys.RECOVERED)
        way.add_argument("--end", help="public half of the stolen key, 64 hexadecimal digits")
        parser.add_argument("--from-size", type=int, help="with --end: from this size on it counts no more; else now")

    def handle(self, *args: Any, by: Path, to: Path | None, end: str | None, **options: Any) -> None:
        if (to is None) == (end is None):
            raise CommandError("Give --to FILE with the new key, or --end with the public half of a stolen one.")
        try:
            old, _ = seal_keys.read(by)
            with checkpoints.between_seals() as next_size:
                now = timezone.now()
                if to is not None:
                    new, recovery = seal_keys.read(to)
                    way = options["way"] or seal_keys.REPLACE
                    entry = seal_keys.hand_over(old, new, way=way, size=next_size, now=now, recovery=recovery)
                else:
                    size = next_size if options["from_size"] is None else options["from_size"]
                    entry = seal_keys.revoke(_raw(end or ""), by=old, size=size, now=now)
        except (seal_keys.UnusableKey, checkpoints.CannotSeal) as wrong:
            raise CommandError(str(wrong)) from None
        said = entry.data
        self.stdout.write(f"Written into the record (house entry {entry.sequence}), from size {said['from']} on.")
        if to is not None:
            self.stdout.write(f"Start the watch with SEAL_KEY_FILE={to}; tell witnesses its public half {said['key']}.")


def _raw(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise seal_keys.UnusableKey("--end: the public half of a key has 64 hexadecimal digits.")
    return raw

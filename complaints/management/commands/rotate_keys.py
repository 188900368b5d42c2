"""manage.py rotate_keys: everything under the newest vault keys; begun again after a stop, it goes on where it was."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import key_rotation
from accounts.keys import keyring
from accounts.keys.ciphers import CannotOpen
from accounts.keys.keys import UnusableKeys
from complaints.models import Heartbeat
from complaints.record import person_digests


class Command(BaseCommand):
    help = "Wrap the keys of people and make the blind indexes with the newest keys of VAULT_KEY_FILE."

    def handle(self, *args: Any, **options: Any) -> None:
        self._reported_at = 0.0
        try:
            keys = keyring.keys()
            wrapped = key_rotation.wrap_anew(tell=self._tell)
            indexed = key_rotation.index_anew(tell=self._tell)
            digests = self._digests(keys.index_version)
        except UnusableKeys as problem:
            raise CommandError(str(problem)) from None
        except CannotOpen:
            raise CommandError(
                "A key of a person does not open: put the wrapping keys used until now back into the key file."
            ) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. What is done stays done: run it again to go on.") from None
        # Which wrapping key is in use since when; the alarm ``keys_old`` asks.
        Heartbeat.objects.get_or_create(name=f"wrapped {keys.wrap_version}", defaults={"at": timezone.now()})
        self.stdout.write(
            f"{wrapped} keys of people, {indexed} users and {digests} digests of cases are under wrap"
            f" {keys.wrap_version} and index {keys.index_version} now."
        )
        if len(keys.wrap) > 1 or len(keys.index) > 1:
            self.stdout.write(
                "Older keys of wrap and index may go from the key file a day from now, when the last code of before is"
                " dead. Keys of entries stay."
            )

    def _digests(self, version: int) -> int:
        done = after = 0
        while True:
            count, after = person_digests.make_anew(version=version, after=after, limit=key_rotation.BATCH)
            if not count:
                return done
            done += count
            self._tell("digests of cases", done, done)

    def _tell(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._reported_at > 1 or done == total:
            self._reported_at = time.monotonic()
            self.stdout.write(f"{what}: {done} of {total}")

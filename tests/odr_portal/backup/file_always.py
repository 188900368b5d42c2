"""Files complaints by the verb until it is killed, as a process of its own beside a backup."""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    from django.utils import timezone

    from accounts.sign_in.contacts import Contact, user_for
    from complaints import handling
    from complaints.parties import actors
    from tests.faults.seed import request

    chen = user_for(Contact("sms", "+8613800000001"), name="陈试")
    while True:
        now = timezone.now()
        handling.file([request(chen, now)], actor=actors.consumer(chen), now=now)


if __name__ == "__main__":
    main()

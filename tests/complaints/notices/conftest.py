"""The servers that every test of notices may ask for."""

from tests.complaints.notices.post_office import gateway, mail, post_office, sms

__all__ = ["gateway", "mail", "post_office", "sms"]

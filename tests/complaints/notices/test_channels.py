"""E-mail and short messages against real servers on this machine, good ones and bad ones."""

import base64
import hashlib
import hmac
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from complaints.notices.channels import mail, open_channels, signing
from complaints.notices.channels.letter import Bounced, Letter, ServerAway, TryAgain
from complaints.notices.channels.mail import Mail
from complaints.notices.channels.sms import Sms
from tests import PATIENCE
from tests.complaints.notices.post_office import SECRET, Gateway, PostOffice
from web import environment, time_limit

NOW = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
SENDER = "portal@example.org"
BODY = "轮到您了。\n.\n查看案件：/cases/7/"
LETTER = Letter(key="7:email:0:0", subject="【12315】7：有新方案", body=BODY, short="【12315】7有新方案")


def mail_to(office: PostOffice) -> Mail:
    server = environment.mail_server("EMAIL_URL", office.url)
    assert server is not None
    return Mail(server, sender=SENDER)


def test_a_letter_arrives_as_it_was_written_under_a_name_of_its_own(post_office: PostOffice) -> None:
    door = mail_to(post_office)
    door.send(LETTER, "chen@example.com")
    door.send(Letter(key="8", subject="a\r\nBcc: all@example.com", body="b"), "ming@example.com")
    door.close()
    first, second = post_office.accepted
    assert (first.to, first.message["To"], first.message["From"]) == ("chen@example.com", "chen@example.com", SENDER)
    assert first.message["Subject"] == LETTER.subject
    assert first.message.get_content().strip().splitlines() == LETTER.body.splitlines()
    assert (first.key, first.message["Auto-Submitted"]) == (mail.message_id(LETTER.key, SENDER), "auto-generated")
    assert (second.message["Subject"], second.message["Bcc"]) == ("a Bcc: all@example.com", None)
    assert post_office.connections == 1
    for key in ("1", "1", "2"):
        mail_to(post_office).send(Letter(key=key, subject="a", body="b"), "chen@example.com")
    one, again, two = post_office.keys[-3:]
    assert one == again != two


def test_a_picture_comes_beside_the_words(post_office: PostOffice) -> None:
    drawn = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    mail_to(post_office).send(replace(LETTER, picture=drawn), "chen@example.com")
    words, [picture] = (
        post_office.accepted[0].message.get_body(),
        list(post_office.accepted[0].message.iter_attachments()),
    )
    assert words is not None
    assert words.get_content().strip().splitlines() == LETTER.body.splitlines()
    assert (picture.get_content_type(), picture.get_content()) == ("image/png", drawn)


def test_T65_what_is_no_address_is_never_said_and_who_takes_nothing_has_lost_none(post_office: PostOffice) -> None:
    for address in ["", "chen", "chen@example.com\r\nRCPT TO:<x@example.com>", "a b@example.com", "a@b@c"]:
        with pytest.raises(Bounced, match="bad_address"):
            mail_to(post_office).send(LETTER, address)
        assert post_office.connections == 0
    post_office.answers["chen@example.com"] = 554
    post_office.words = "5.7.1 "
    with pytest.raises(ServerAway, match=r"^smtp_554_policy$"):
        mail_to(post_office).send(LETTER, "chen@example.com")


def test_an_answer_about_the_address_or_the_letter(post_office: PostOffice) -> None:
    for code, kind in ((450, TryAgain), (451, TryAgain), (550, Bounced), (553, Bounced)):
        post_office.answers["chen@example.com"], post_office.connections = code, 0
        post_office.accepted.clear()
        door = mail_to(post_office)
        with pytest.raises(kind, match=f"^smtp_{code}$") as refused:
            door.send(LETTER, "chen@example.com")
        assert not isinstance(refused.value, ServerAway)
        # The line goes on with the next one.
        door.send(LETTER, "ming@example.com")
        assert [taken.to for taken in post_office.accepted] == ["ming@example.com"]
        assert post_office.connections == 1
        door.close()
    post_office.answers.clear()
    post_office.accepted.clear()
    for code, kind in ((452, TryAgain), (554, Bounced)):
        post_office.data_code = code
        with pytest.raises(kind, match=f"^smtp_{code}$"):
            mail_to(post_office).send(LETTER, "chen@example.com")
        assert not post_office.accepted


def test_a_server_that_breaks_off_has_accepted_nothing(post_office: PostOffice) -> None:
    for number, mode in enumerate(("dies", "hangs_up", "421"), 1):
        post_office.mode = mode
        door = mail_to(post_office)
        with pytest.raises(ServerAway):
            door.send(LETTER, "chen@example.com")
        post_office.mode = "accept"
        door.send(LETTER, "chen@example.com")
        assert len(post_office.accepted) == number
        if mode == "dies":
            assert post_office.heard[0].key == post_office.accepted[0].key


def test_a_limit_not_reached_leaves_nothing_behind_and_neither_server_nor_gateway_there_is_told() -> None:
    server = environment.mail_server("EMAIL_URL", "smtp://127.0.0.1:1")
    assert server is not None
    with pytest.raises(ServerAway, match="refused"):
        Mail(server, sender=SENDER).send(LETTER, "chen@example.com")
    with pytest.raises(ServerAway, match="refused"):
        sms_to(Gateway(port=1)).send(LETTER, "+8613800000001")
    with time_limit.Limit(60) as unused:
        pass
    assert not unused.is_over
    assert unused._timer.finished.is_set()


@pytest.mark.parametrize("mode", ["tarpit", "silent"])
def test_a_server_holds_us_for_a_moment(post_office: PostOffice, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "SEND_WITHIN", 0.6)
    monkeypatch.setattr(signing, "SEND_WITHIN", 0.5)
    post_office.mode = mode
    begun = time.monotonic()
    with pytest.raises(ServerAway, match="timeout"):
        mail_to(post_office).send(LETTER, "chen@example.com")
    assert time.monotonic() - begun < PATIENCE / 10, "it held us until it hung up"
    with pytest.raises(ServerAway):
        sms_to(Gateway(port=post_office.port)).send(LETTER, "+8613800000001")


def sms_to(gateway: Gateway, *secrets: str) -> Sms:
    result = environment.gateway("SMS_GATEWAY_URL", gateway.url, "SMS_GATEWAY_SECRET", list(secrets or (SECRET,)))
    assert result is not None
    return Sms(result, now=NOW)


def test_T62_T65_a_short_message_is_signed_as_the_published_example(gateway: Gateway) -> None:
    other = "whsec_" + base64.b64encode(b"o" * 24).decode()
    sms_to(gateway, SECRET, other).send(LETTER, "+8613800000001")
    sms_to(gateway).send(LETTER, "+8613800000001")
    (headers, body), (again, _) = gateway.posts
    assert (gateway.texts, headers["webhook-id"]) == ([LETTER.short] * 2, again["webhook-id"])
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digests = [hmac.new(key, text, hashlib.sha256).digest() for key in (b"k" * 32, b"o" * 24)]
    assert headers["webhook-signature"].split() == ["v1," + base64.b64encode(one).decode() for one in digests]
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signing.signatures([key], key="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_gateway_answers_and_what_does_not_fit_is_not_cut(gateway: Gateway) -> None:
    for short in ["", "x" * 71]:
        with pytest.raises(Bounced, match="no_short_form"):
            sms_to(gateway).send(Letter(key="1", subject="", body="", short=short), "+8613800000001")
        assert not gateway.posts
    answers = {TryAgain: (409,), Bounced: (400, 410, 422), ServerAway: (429, 401, 302, 500, 503)}
    for status, kind in [(status, kind) for kind, statuses in answers.items() for status in statuses]:
        gateway.status = status
        with pytest.raises(kind, match=f"^http_{status}$"):
            sms_to(gateway).send(LETTER, "+8613800000001")


def test_a_mail_server_and_an_odd_one_refuses_without_its_password() -> None:
    assert environment.mail_server("EMAIL_URL", "") is None
    for url, expected in [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", "plain")),
        ("smtp://me:p%40ss@127.0.0.1:2525", ("127.0.0.1", 2525, "me", "p@ss", "plain")),
        ("smtps://me:x@mail.example.org", ("mail.example.org", 465, "me", "x", "tls")),
        ("smtp+starttls://me:x@mail.example.org", ("mail.example.org", 587, "me", "x", "starttls")),
    ]:
        result = environment.mail_server("EMAIL_URL", url)
        assert (result.host, result.port, result.user, result.password, result.security) == expected
        assert "p@ss" not in repr(result)
    odd = "mail.example.org http://me:secret@mail smtp://me:secret@mail:many smtp:// smtp://me@mail smtp://mail:0"
    for url in [*odd.split(), "smtp://me:secret@mail/path", "smtp://me:secret@mail?x=1"]:
        with pytest.raises(SystemExit, match="write smtp://") as refused:
            environment.mail_server("EMAIL_URL", url)
        assert "secret" not in str(refused.value)


def test_T65_an_odd_gateway_sender_or_site_refuses() -> None:
    assert environment.gateway("SMS_GATEWAY_URL", "", "SMS_GATEWAY_SECRET", []) is None
    odd = [(url, [SECRET]) for url in ("http://sms.example.org/", "ftp://sms.example.org/", "https://", "")]
    for url, secrets in [*odd, *(("https://sms.example.org/", one) for one in ([], ["whsec_short"], ["k" * 40]))]:
        with pytest.raises(SystemExit):
            environment.gateway("SMS_GATEWAY_URL", url, "SMS_GATEWAY_SECRET", secrets)
    for value in ["portal", "a@b", "Portal <a@b.org>", "a@b.org\nBcc: c@d.org", "a b@c.org"]:
        with pytest.raises(SystemExit, match="write one address"):
            environment.mail_address("EMAIL_FROM", value)
    for url in ["example.org", "https://example.org/path", "https://exa mple.org", "javascript:x"]:
        with pytest.raises(SystemExit, match="write https://host"):
            environment.site("SITE_URL", url)


def test_without_settings_and_in_a_demo_all_lands_in_the_own_mailbox(settings: object, post_office: PostOffice) -> None:
    with open_channels(now=NOW) as channels:
        assert channels.is_mailbox
        assert channels.takes("sms")
        channels.send("sms", LETTER, "anything")
    settings.MAIL_SERVER = environment.mail_server("EMAIL_URL", post_office.url)  # type: ignore[attr-defined]
    with open_channels(now=NOW) as channels:
        assert (channels.takes("email"), channels.takes("sms")) == (True, False)
        with pytest.raises(Bounced, match="no_channel"):
            channels.send("sms", LETTER, "+8613800000001")
    settings.DEMO = True  # type: ignore[attr-defined]
    with open_channels(now=NOW) as channels:
        assert channels.is_mailbox

"""E-mail over SMTP: one connection for many letters. Only a 250 after the last dot counts as delivered; the Message-ID
is made of the letter's key, so the same letter sent twice is recognised by whoever receives it."""

import contextlib
import re
import smtplib
import socket
import ssl
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.crypto import salted_hmac

from complaints.notices.channels.letter import SEND_WITHIN, Bounced, Letter, ServerAway, TryAgain
from web.environment import MailServer
from web.time_limit import Limit

#: For one answer of the server.
ANSWER_WITHIN = 4.0
#: Servers count; a new connection costs little.
LETTERS_A_CONNECTION = 50
#: RFC 3463: refused by policy or for security, not for want of a mailbox.
_BY_POLICY = b"5.7."
#: What mail programs make a link of, and the letters that stop them.
_CLICKED = re.compile(r"(?i)[a-z][a-z0-9+.-]*:(?=/)|\bwww\.|\bmailto:")
_DULL = str.maketrans({":": "：", ".": "．"})
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Mail:
    """A mail server that takes our letters."""

    def __init__(self, server: MailServer, *, sender: str, site: str = "") -> None:
        self.server, self.sender, self.site = server, sender, site
        self._connection: smtplib.SMTP | None = None
        self._limit: Limit | None = None
        self._handed_over = 0

    def send(self, letter: Letter, address: str) -> None:
        wire = _written(letter, address, self.sender, self.site)
        with Limit(SEND_WITHIN) as limit:
            self._limit = limit
            try:
                self._hand_over(wire, address)
            except (TryAgain, Bounced):
                raise
            except (OSError, smtplib.SMTPException, ValueError) as error:
                self._hang_up()
                raise ServerAway("timeout" if limit.is_over else _code(error)) from None
            finally:
                self._limit = None

    def close(self) -> None:
        """Say good-bye, but wait for no answer that does not come."""
        if self._connection is not None and self._connection.sock is not None:
            with Limit(1.0) as limit, contextlib.suppress(OSError, smtplib.SMTPException):
                limit.holds(self._connection.sock)
                self._connection.quit()
        self._hang_up()

    def _hang_up(self) -> None:
        connection, self._connection, self._handed_over = self._connection, None, 0
        if connection is not None:
            connection.close()

    def _hand_over(self, wire: bytes, address: str) -> None:
        if self._handed_over >= LETTERS_A_CONNECTION:
            self.close()
        connection = self._open()
        self._handed_over += 1
        try:
            connection.sendmail(self.sender, [address], wire)
        except smtplib.SMTPRecipientsRefused as refused:
            raise self._judged(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPDataError as refused:
            raise self._judged(refused.smtp_code, refused.smtp_error) from None
        except smtplib.SMTPSenderRefused as refused:
            # Our own name is not welcome; the addressee has nothing to do with it.
            self._hang_up()
            raise ServerAway(f"smtp_{refused.smtp_code}") from None

    def _judged(self, code: int, text: bytes | str) -> Exception:
        given = text.encode() if isinstance(text, str) else text
        if code == 421:
            self._hang_up()
            return ServerAway("smtp_421")
        if code >= 500 and given.startswith(_BY_POLICY):
            # It may take nothing from us at all: no reason to call every address dead.
            return ServerAway(f"smtp_{code}_policy")
        return Bounced(f"smtp_{code}") if code >= 500 else TryAgain(f"smtp_{code}")

    def _open(self) -> smtplib.SMTP:
        if self._connection is not None:
            if self._connection.sock is not None and self._limit is not None:
                self._limit.holds(self._connection.sock)
            return self._connection
        server = self.server
        made = _connection(server, self._meet)
        self._connection = made
        made.connect(server.host, server.port)
        made.ehlo_or_helo_if_needed()
        # A relay on this machine offers it with a certificate that nobody signed, and no line to protect.
        is_offered = made.has_extn("starttls") and server.host not in _LOOPBACK
        if server.security == "starttls" or (server.security == "plain" and is_offered):
            made.starttls(context=ssl.create_default_context())
        if server.user:
            if server.security == "plain" and server.host not in _LOOPBACK and not isinstance(made.sock, ssl.SSLSocket):
                raise smtplib.SMTPException("no password over an open line")
            made.login(server.user, server.password)
        return made

    def _meet(self, sock: socket.socket) -> None:
        if self._limit is not None:
            self._limit.holds(sock)


def _connection(server: MailServer, meet: Any) -> smtplib.SMTP:
    """One that shows each new socket before anything is said over it."""
    name = socket.gethostname() or "localhost"
    kind: type[smtplib.SMTP] = smtplib.SMTP_SSL if server.security == "tls" else smtplib.SMTP

    class Shown(kind):  # type: ignore[valid-type, misc]
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            sock = socket.create_connection((host, port), timeout)
            meet(sock)
            if server.security == "tls":
                return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            return sock

    # Without a host nothing is connected yet.
    made: smtplib.SMTP = Shown(timeout=ANSWER_WITHIN, local_hostname=name)
    made._host = server.host  # type: ignore[attr-defined]
    return made


def only_our_links(text: str, site: str) -> str:
    """A name may look like an address: nothing but addresses of ``site`` can be clicked in a letter."""

    def dulled(result: re.Match[str]) -> str:
        is_ours = site and text.startswith(f"{site}/", result.start())
        return result[0] if is_ours else result[0].translate(_DULL)

    return _CLICKED.sub(dulled, text)


def _written(letter: Letter, address: str, sender: str, site: str) -> bytes:
    """The letter on the wire; a line break in a header cannot come through, nor a link that is not ours."""
    try:
        validate_email(address)
        receiver = sanitize_address(address, "utf-8")
    except (ValidationError, ValueError):
        raise Bounced("bad_address") from None
    message = EmailMessage(
        subject=only_our_links(" ".join(letter.subject.split()), site),
        body=only_our_links(letter.body, site),
        from_email=sender,
        to=[receiver],
        headers={
            "Message-ID": message_id(letter.key, sender),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **_one_click(letter.unsubscribe),
        },
    )
    if letter.picture:
        message.attach("12315.png", letter.picture, "image/png")
    return bytes(message.message().as_bytes(linesep="\r\n"))


def _one_click(address: str) -> dict[str, str]:
    """RFC 8058: the mail program shows a button, and posts what stands here."""
    if not address:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message_id(key: str, sender: str) -> str:
    """The same for the same letter, and no number that could be counted up."""
    digest = salted_hmac("complaints.notices.channels.mail", key, algorithm="sha256").hexdigest()
    return f"<{digest[:40]}@{sender.rpartition('@')[2]}>"


def _code(error: Exception) -> str:
    """What went wrong, without a word of the server: those may hold an address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp_{error.smtp_code}"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "hung_up"
    return "unreachable"

"""How the address of the portal speaks TLS, asked as any browser could: for `manage.py check --deploy`."""

import socket
import ssl
import warnings

from web.safe_http import CONNECT_WITHIN, look_up

#: What TLS 1.2 should not offer: suites that do not authenticate what they encrypt.
_OLD_SUITES = "ALL:!AESGCM:!AESCCM:!CHACHA20:!ARIAGCM:@SECLEVEL=0"


def found(host: str, port: int, *, trusted: ssl.SSLContext | None = None) -> list[str] | None:
    """What is wrong there, a sentence each; None where nobody answers. ``trusted``: whose certificates are (default:
    those of this machine, as browsers have them)."""
    addresses = look_up(host, port)
    if not addresses or not _listens(addresses[0], port):
        return None
    results = []
    try:
        if not _shakes_hands(addresses[0], host, port, trusted or ssl.create_default_context()):
            results.append(f"{host} speaks neither TLS 1.2 nor TLS 1.3.")
    except ssl.SSLCertVerificationError as problem:
        results.append(f"The certificate of {host} is not one that browsers trust: {problem.verify_message}.")
    with warnings.catch_warnings():
        # These versions are deprecated, which is why they are asked for.
        warnings.simplefilter("ignore", DeprecationWarning)
        before = _asking("ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    if _shakes_hands(addresses[0], host, port, before):
        results.append(f"{host} still speaks TLS 1.0 or 1.1.")
    if _shakes_hands(addresses[0], host, port, _asking(_OLD_SUITES, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)):
        results.append(f"{host} still takes cipher suites without authenticated encryption.")
    return results


def _asking(suites: str, least: ssl.TLSVersion, most: ssl.TLSVersion) -> ssl.SSLContext:
    """Asks for these alone, whatever the certificate."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    result.check_hostname, result.verify_mode = False, ssl.CERT_NONE
    result.minimum_version, result.maximum_version = least, most
    result.set_ciphers(suites)
    return result


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), CONNECT_WITHIN).close()
    except OSError:
        return False
    return True


def _shakes_hands(address: str, host: str, port: int, context: ssl.SSLContext) -> bool:
    """Raises SSLCertVerificationError."""
    try:
        with (
            socket.create_connection((address, port), CONNECT_WITHIN) as line,
            context.wrap_socket(line, server_hostname=host),
        ):
            return True
    except ssl.SSLCertVerificationError:
        raise
    except OSError:
        return False

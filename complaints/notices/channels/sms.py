"""Short messages: through the gateway that the settings name, or through Alibaba Cloud."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from django.utils.crypto import salted_hmac

from complaints.notices.channels.letter import SEND_WITHIN, Bounced, Letter, ServerAway, TryAgain
from complaints.notices.channels.signing import post
from web import safe_http
from web.environment import AliyunSms, Gateway

LONGEST = 70


class Sms:
    """The gateway; it knows a message by its webhook-id and sends it once."""

    def __init__(self, gateway: Gateway, *, now: datetime) -> None:
        self.gateway, self.now = gateway, now

    def send(self, letter: Letter, address: str) -> None:
        text = letter.short
        if not text or len(text) > LONGEST:
            raise Bounced("no_short_form")
        post(
            self.gateway.url,
            {"type": "sms.send", "timestamp": self.now.isoformat(), "data": {"to": address, "text": text}},
            key=webhook_id(letter.key),
            keys=self.gateway.keys,
            now=self.now,
        )

    def close(self) -> None:
        """Each message has a connection of its own."""


def webhook_id(key: str) -> str:
    """The same for the same letter, and no number that could be counted up."""
    return "msg_" + salted_hmac("complaints.notices.channels.sms", key, algorithm="sha256").hexdigest()[:40]


VERSION, ACTION = "2017-05-25", "SendSms"
LONGEST_VARIABLE = 35
#: A text of 70 Chinese characters, encoded, and all that stands around it.
_RULE = replace(safe_http.OPERATOR, longest=4000)
_KEEP = 8192
#: The signature of the sender stands in front of every message anyway.
_OUR_SIGN = re.compile(r"^(?:【12315】|\[12315\] ?)")
#: The short link at the end (complaints/notices/digests.py).
_ADDRESS = re.compile(r" \S+/c/(\S+)$")
#: Six digits alone: a run of digits within a case number is no code.
_CODE = re.compile(r"(?<![A-Za-z0-9-])\d{6}(?![A-Za-z0-9-])")
#: Their codes (list of errors of the service) → what we write down.
_NUMBER = {"isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "MOBILE_NOT_ON_SERVICE", "isv.BLACK_LIST"}
_CONTENT = {
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.INVALID_JSON_PARAM",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
}
_LIMIT = {"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.SMS_TEST_NUMBER_LIMIT"}
_ACCOUNT = {
    *("isv.OUT_OF_SERVICE", "isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE", "isv.ACCOUNT_NOT_EXISTS"),
    *("isv.ACCOUNT_ABNORMAL", "isv.AMOUNT_NOT_ENOUGH", "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_TEMPLATE_ILLEGAL"),
    *("isv.TEMPLATE_MISSING_PARAMETERS", "isv.SMS_SIGN_ILLEGAL", "isp.RAM_PERMISSION_DENY", "SignatureDoesNotMatch"),
    *("InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "InvalidTimeStamp.Expired", "Forbidden.RAM"),
}


class Aliyun:
    """The service; each message is one call."""

    def __init__(self, account: AliyunSms, *, now: datetime) -> None:
        self.account, self.now = account, now

    def send(self, letter: Letter, address: str) -> None:
        if not letter.short or len(letter.short) > LONGEST:
            raise Bounced("no_short_form")
        template, variables = self._worded(letter)
        query = canonical_query(
            {
                # Of the mainland without +86, of elsewhere with the country and without the plus.
                "PhoneNumbers": address.removeprefix("+86").removeprefix("+"),
                "SignName": self.account.sign,
                "TemplateCode": template,
                "TemplateParam": json.dumps(variables, ensure_ascii=False),
                "OutId": webhook_id(letter.key),
            }
        )
        headers = signed_headers(
            account=self.account, action=ACTION, version=VERSION, query=query, at=self.now, nonce=secrets.token_hex(16)
        )
        try:
            status, given = safe_http.ask(
                f"{self.account.url}?{query}", body=b"", headers=headers, rule=_RULE, within=SEND_WITHIN, keep=_KEEP
            )
        except (safe_http.Refused, safe_http.NoAnswer) as error:
            raise ServerAway(error.code) from None
        _judge(status, given)

    def close(self) -> None:
        """Each message has a connection of its own."""

    def _worded(self, letter: Letter) -> tuple[str, dict[str, str]]:
        """The template, and what stands in its holes; none may be empty."""
        code = _CODE.search(letter.short) if letter.key.startswith("message:") else None
        if code and self.account.code_template:
            return self.account.code_template, {"code": code[0]}
        # It takes no addresses: the code of the case stands alone, and the template says where to enter it.
        text = _ADDRESS.sub(r" \1", _OUR_SIGN.sub("", letter.short))
        if len(text) > 2 * LONGEST_VARIABLE:
            raise Bounced("no_short_form")
        cut = min(LONGEST_VARIABLE, len(text) - 1)
        return self.account.template, {"text1": text[:cut], "text2": text[cut:]}


def canonical_query(values: Mapping[str, str]) -> str:
    """Sorted, RFC 3986: a space is %20, a tilde stays."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(values.items()))


def signed_headers(
    *, account: AliyunSms, action: str, version: str, query: str, at: datetime, nonce: str, method: str = "POST"
) -> dict[str, str]:
    """The headers of one call without a body, signed (ACS3-HMAC-SHA256)."""
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": urlsplit(account.url).netloc,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-content-sha256": empty,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = "\n".join([method, "/", query, lines, names, empty])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
    signature = hmac.new(account.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return headers | {
        "Authorization": f"ACS3-HMAC-SHA256 Credential={account.key_id},SignedHeaders={names},Signature={signature}"
    }


def _judge(status: int, given: bytes) -> None:
    try:
        answer = json.loads(given)
        code = answer.get("Code") if isinstance(answer, dict) else None
    except (ValueError, RecursionError):
        code = None
    if code == "OK" and 200 <= status < 300:
        return
    if code in _NUMBER:
        raise Bounced("sms_number")
    if code in _CONTENT:
        raise Bounced("sms_content")
    if code in _LIMIT:
        raise TryAgain("sms_limit")
    if code in _ACCOUNT:
        raise ServerAway("sms_account")
    if status == 429 or status >= 500 or not isinstance(code, str) or code.startswith(("isp.", "Throttling")):
        raise ServerAway(f"http_{status}" if status >= 300 else "sms_refused")
    raise TryAgain("sms_refused")

"""Short messages by the protocol of Alibaba Cloud: against a real server that checks the signature as documented."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from complaints.notices.channels import SMS, open_channels
from complaints.notices.channels.letter import Bounced, Letter, ServerAway, TryAgain
from complaints.notices.channels.sms import Aliyun, canonical_query, signed_headers
from tests.complaints.notices.post_office import answering, serving
from web import environment

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
KEY_ID, SECRET = "LTAItestonly0000", "not-a-real-secret-0000"
SHORT = "【12315】20261111-3F0D653J30NH-W有新方案，请在12月2日24:00前答复"
LETTER = Letter(key="7:sms", subject="", body="", short=SHORT)


@dataclass
class Service:
    """Answers ``code``; what came with a wrong signature is refused as the service does."""

    code: str = "OK"
    status: int = 200
    body: bytes | None = None
    taken: list[dict[str, str]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def judge(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """The rules of "signature V3", written down a second time from the documentation."""
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(pair.split("=", 1) for pair in rest.split(","))
        query = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
        canonical = "&".join(sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query.items()))
        digest = hashlib.sha256(body).hexdigest()
        signed = parts["SignedHeaders"].split(";")
        must = {"host", *(name for name in headers if name.startswith("x-acs-"))}
        lines = "".join(f"{name}:{headers[name]}\n" for name in signed)
        request = f"POST\n/\n{canonical}\n{lines}\n{parts['SignedHeaders']}\n{digest}"
        text = f"{scheme}\n{hashlib.sha256(request.encode()).hexdigest()}".encode()
        said = (scheme, parts["Credential"], signed, headers["x-acs-content-sha256"], parts["Signature"])
        signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        if said != ("ACS3-HMAC-SHA256", KEY_ID, sorted(must), digest, signature):
            no = {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched."}
            return 400, json.dumps(no).encode()
        assert (headers["x-acs-action"], headers["x-acs-version"]) == ("SendSms", "2017-05-25")
        assert headers["x-acs-signature-nonce"] not in self.nonces
        self.nonces.add(headers["x-acs-signature-nonce"])
        self.taken.append(query)
        given = {"Code": self.code, "Message": "13800000001 said the service", "RequestId": "0", "BizId": "1"}
        return self.status, json.dumps(given).encode() if self.body is None else self.body


@pytest.fixture
def service() -> Iterator[Service]:
    result = Service()
    with serving(answering(result.judge)) as result.port:
        yield result


def values(service: Service | None = None, **changes: str) -> dict[str, str]:
    result = {"KEY_ID": KEY_ID, "KEY_SECRET": SECRET, "SIGN": "12315", "TEMPLATE": "SMS_1540001"}
    result |= {"URL": service.url if service else ""}
    return result | changes


def sms_to(service: Service, **changes: str) -> Aliyun:
    return Aliyun(environment.aliyun_sms(values(service, **changes)), now=NOW)


def test_the_signature_of_the_published_example() -> None:
    """The worked example of the documentation of signature V3."""
    account = environment.AliyunSms("https://ecs.cn-shanghai.aliyuncs.com/", "YourAccessKeyId", "YourAccessKeySecret")
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    asked = {"query": canonical_query({"RegionId": "cn-shanghai", "ImageId": image}), "account": account}
    asked |= {"at": datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC), "nonce": "3156853299f313e23d1673dc12e1703d"}
    signature = signed_headers(action="RunInstances", version="2014-05-26", **asked)["Authorization"]
    assert signature.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_T62_T65_a_message_is_signed_and_arrives_whole(service: Service) -> None:
    for address in ("+8613800000001", "+85251234567"):
        sms_to(service).send(LETTER, address)
    first, second = service.taken
    assert (first["PhoneNumbers"], second["PhoneNumbers"]) == ("13800000001", "85251234567")
    assert (first["SignName"], first["TemplateCode"]) == ("12315", "SMS_1540001")
    holes = json.loads(first["TemplateParam"])
    assert "【12315】" + holes["text1"] + holes["text2"] == LETTER.short
    assert all(1 <= len(text) <= 35 for text in holes.values())
    # The same letter tried again is known by the same name, which counts nothing.
    assert first["OutId"] == second["OutId"]


def test_any_text_is_signed_as_it_goes_out_and_a_code_goes_by_its_own_template(service: Service) -> None:
    code = Letter(key="message:5", subject="", body="", short="【12315】验证码 482913，10分钟内有效")
    sms_to(service, CODE_TEMPLATE="SMS_1540002").send(code, "+8613800000001")
    sms_to(service).send(code, "+8613800000001")
    assert json.loads(service.taken[0]["TemplateParam"]) == {"code": "482913"}
    assert [call["TemplateCode"] for call in service.taken] == ["SMS_1540002", "SMS_1540001"]
    for short in ("~ +&=%/?#\"'\\", "é ü 您好 𠮷 👍", "x.", "x" * 70, "[12315] a b"):
        sms_to(service).send(Letter(key="1", subject="", body="", short=short), "+8613800000001")
        holes = json.loads(service.taken[-1]["TemplateParam"])
        assert holes["text1"] + holes["text2"] == short.removeprefix("[12315] ")


def test_what_the_service_answers(service: Service) -> None:
    for code, status, kind, word in [
        ("isv.MOBILE_NUMBER_ILLEGAL", 200, Bounced, "sms_number"),
        ("isv.BLACK_KEY_CONTROL_LIMIT", 200, Bounced, "sms_content"),
        ("isv.BUSINESS_LIMIT_CONTROL", 200, TryAgain, "sms_limit"),
        ("isv.AMOUNT_NOT_ENOUGH", 200, ServerAway, "sms_account"),
        ("isv.SMS_TEMPLATE_ILLEGAL", 200, ServerAway, "sms_account"),
        ("InvalidAccessKeyId.NotFound", 404, ServerAway, "sms_account"),
        ("isp.SYSTEM_ERROR", 200, ServerAway, "sms_refused"),
        ("Throttling.User", 400, ServerAway, "http_400"),
        ("ServiceUnavailable", 503, ServerAway, "http_503"),
        ("something.new", 200, TryAgain, "sms_refused"),
        ("OK", 500, ServerAway, "http_500"),
    ]:
        service.code, service.status = code, status
        with pytest.raises(kind) as caught:
            sms_to(service).send(LETTER, "+8613800000001")
        assert type(caught.value) is kind
        assert str(caught.value) == word


def test_an_answer_that_says_nothing_is_no_yes(service: Service) -> None:
    for body in [b"", b"<html>", b"[]", b"null", b'{"Code": 1}', b'{"Code":"OK"' + b" " * 70000, b"[" * 9000]:
        service.body = body
        with pytest.raises(ServerAway, match="sms_refused"):
            sms_to(service).send(LETTER, "+8613800000001")


def test_nothing_goes_out_that_does_not_fit_nor_with_a_wrong_secret(service: Service) -> None:
    for short in ["", "x" * 71]:
        with pytest.raises(Bounced, match="no_short_form"):
            sms_to(service).send(Letter(key="1", subject="", body="", short=short), "+8613800000001")
        assert not service.taken
    with pytest.raises(ServerAway, match="sms_account"):
        sms_to(service, KEY_SECRET="another").send(LETTER, "+8613800000001")
    assert not service.taken
    with pytest.raises(ServerAway, match="refused"):
        sms_to(Service(port=1)).send(LETTER, "+8613800000001")


def test_the_settings_open_it_and_nothing_said_is_no_service(settings: Any, service: Service) -> None:
    assert environment.aliyun_sms({}) is None
    account = environment.aliyun_sms(values())
    assert account.url == "https://dysmsapi.aliyuncs.com/"
    assert SECRET not in repr(account)
    settings.DEMO, settings.SMS_ALIYUN = False, environment.aliyun_sms(values(service))
    with open_channels(now=NOW) as channels:
        channels.send(SMS, LETTER, "+8613800000001")
    assert len(service.taken) == 1


def test_an_odd_or_half_account_refuses_without_its_secret() -> None:
    odd = [{name: ""} for name in ("KEY_ID", "KEY_SECRET", "SIGN", "TEMPLATE")]
    odd += [{"URL": url} for url in ("http://sms.example.org", "https://u:p@sms.example.org", "ftp://127.0.0.1")]
    for changes in [*odd, {"TEMPLATE": "1540001"}, {"CODE_TEMPLATE": "x"}, {"KEY_ID": "a b"}]:
        with pytest.raises(environment.OddValue, match="SMS_ALIYUN_") as caught:
            environment.aliyun_sms(values(None, **changes))
        assert SECRET not in str(caught.value)

"""Consumers who have signed in and only have to press “file”: users, sessions and finished drafts.

Everything here is what the pages themselves leave behind, and one of each kind is judged by the real
forms before it is copied; nothing that is timed is prepared here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

STATEMENT = "9月起每个月账单多出一项“智家体验包”，我没有开通过。打过两次客服电话，到现在没有结果，要求退还多扣的费用。"
ENTERPRISE = "中国移动通信集团福建有限公司"
REGION = 350102000


@dataclass(frozen=True)
class Ready:
    """What one browser sends when it files: session cookie and the draft's id."""

    session: str
    draft: str


def typed(pick: str, phone: str, now: datetime) -> dict[str, dict[str, list[str]]]:
    """The answers of all screens, as a draft keeps them."""
    disputed = (now - timedelta(days=60)).date().isoformat()
    contacted = (now - timedelta(days=30)).date().isoformat()
    values: dict[str, dict[str, Any]] = {
        "enterprise": {"service_region": str(REGION), "query": "移动", "respondent": pick},
        "purchase": {
            "object_category": "service.telecom",
            "item_name": "千兆宽带",
            "amount": "128.50",
            "is_online": "no",
        },
        "problem": {
            "problem_category": "telecom.fees.unexplained_charge",
            "disputed_on": disputed,
            "is_approximate": "on",
            "statement": STATEMENT,
            "has_contacted": "yes",
            "contacted_on": contacted,
            "service_number": "059100000000",
        },
        "demands": {"demand": ["refund", "cancel_service"], "amount_refund": "128.50"},
        "you": {"name": "陈试", "phone": phone, "address": "福州市鼓楼区某路1号", "behalf": "self"},
        "consents": {
            "share_with_enterprise": "yes",
            "pass_to_regulator": "yes",
            "delegated_mediation": "yes",
            "publish_masked": "no",
        },
    }
    kept = {
        step: {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
        for step, fields in values.items()
    }
    return kept | {"proven": {"address": [f"+86{phone}"]}}


def ready_to_file(count: int, *, now: datetime, first: int = 0) -> list[Ready]:
    """So many people from number ``first`` on, each with a session of their own and one finished draft."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password

    from accounts.keys import keyring
    from accounts.models import BrowserSession, User
    from accounts.sign_in.entering import BACKEND, ENTERED, SEEN
    from accounts.sign_in.sessions import SessionStore, stored_key
    from complaints.filing import composing, drafts
    from complaints.models import FilingDraft
    from enterprises.models import Enterprise

    pick = f"{Enterprise.objects.get(name=ENTERPRISE).pk}--"
    unusable = make_password(None)
    phones = [f"199{number:08d}" for number in range(first, first + count)]
    people = [User(phone=f"+86{phone}", name="陈试", password=unusable, language="zh-hans") for phone in phones]
    keyring.secrets_of([person.person_key for person in people], make=True)
    users = User.objects.bulk_create(people)
    store = SessionStore()
    until = now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    keys = [uuid.uuid4().hex for _ in users]
    sessions = [
        BrowserSession(
            session_key=stored_key(key),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: BACKEND,
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                    ENTERED: int(now.timestamp()),
                    # Nothing that is timed here is long after the screen before; else each filing would save a session.
                    SEEN: int((now + timedelta(hours=1)).timestamp()),
                }
            ),
            expire_date=until,
            user=user,
        )
        for user, key in zip(users, keys, strict=True)
    ]
    BrowserSession.objects.bulk_create(sessions)
    expires_at = now + drafts.kept_for(now, is_owned=True)
    made = [
        FilingDraft(
            key_digest=uuid.uuid4().hex * 2,
            owner=user,
            data=typed(pick, phone, now),
            step="consents",
            created_at=now,
            saved_at=now,
            expires_at=expires_at,
        )
        for user, phone in zip(users, phones, strict=True)
    ]
    FilingDraft.objects.bulk_create(made)
    judged = composing.to_request(made[0], now=now)
    if isinstance(judged, composing.Unfinished) or not judged.contact_verified:
        raise SystemExit(f"the prepared draft would be refused: {getattr(judged, 'by_field', lambda: 'unproven')()}")
    return [Ready(key, str(draft.pk)) for key, draft in zip(keys, made, strict=True)]

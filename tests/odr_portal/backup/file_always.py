"""Files complaints by the verb until it is killed, as a process of its own beside a backup."""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    from django.utils import timezone

    from accounts.sign_in.contacts import Contact, user_for
    from authorities.models import Region
    from complaints import handling
    from complaints.parties import actors
    from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest
    from enterprises.models import Enterprise

    chen = user_for(Contact("sms", "+8613800000001"), name="陈试")
    enterprise = Enterprise.objects.get(name="中国移动通信集团福建有限公司")
    region = Region.objects.get(code="350102")
    while True:
        now = timezone.now()
        request = FilingRequest(
            received_at=now,
            respondents=(RespondentRequest(enterprise_id=enterprise.pk),),
            service_region_id=region.pk,
            object_kind="service",
            object_category="service.telecom",
            item_name="宽带",
            is_online=False,
            problem_category="telecom.fees.unexplained_charge",
            disputed_on=now.date(),
            statement="账单多出一项，我没有开通过。",
            demands=(DemandRequest(kind="cancel_service"),),
            consumer_id=chen.pk,
            consumer_name="陈试",
            consumer_phone="+8613800000001",
            consumer_address="福州市鼓楼区某路1号",
            contact_verified=True,
            consents={"share_with_enterprise": True, "pass_to_regulator": True, "publish_masked": False},
            consent_version="2026-11",
        )
        handling.file([request], actor=actors.consumer(chen), now=now)


if __name__ == "__main__":
    main()

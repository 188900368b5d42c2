"""The addresses of the enterprise's side: the queue, the case, a page a step."""

from django.urls import path

from complaints.views import (
    enterprise_case,
    enterprise_offer,
    enterprise_queue,
    enterprise_return,
    enterprise_steps,
    enterprise_tokens,
    enterprise_webhooks,
    saved_views,
)

CASE = "enterprise/cases/<str:number>/"

urlpatterns = [
    path("enterprise/", enterprise_case.home, name="enterprise-home"),
    path("enterprise/queue/", enterprise_queue.queue, name="enterprise-queue"),
    path("enterprise/views/", saved_views.views, name="enterprise-views"),
    path("enterprise/tokens/", enterprise_tokens.tokens, name="enterprise-tokens"),
    path("enterprise/tokens/new/", enterprise_tokens.token_new, name="enterprise-token-new"),
    path("enterprise/tokens/<int:pk>/", enterprise_tokens.token, name="enterprise-token"),
    path("enterprise/webhooks/", enterprise_webhooks.webhooks, name="enterprise-webhooks"),
    path("enterprise/webhooks/new/", enterprise_webhooks.webhook_new, name="enterprise-webhook-new"),
    path("enterprise/webhooks/<uuid:public_id>/", enterprise_webhooks.webhook, name="enterprise-webhook"),
    path("enterprise/webhooks/<uuid:public_id>/messages/<str:message>/", enterprise_webhooks.webhook_message,
         name="enterprise-webhook-message"),
    path(CASE, enterprise_case.workspace, name="enterprise-case"),
    path(f"{CASE}offer/", enterprise_offer.make_offer, name="enterprise-offer"),
    path(f"{CASE}replace/", enterprise_offer.replace_offer, name="enterprise-replace"),
    path(f"{CASE}return/", enterprise_return.return_case, name="enterprise-return"),
    *(
        path(f"{CASE}{slug}/", enterprise_steps.step, {"slug": slug}, name=f"enterprise-{slug}")
        for slug in enterprise_steps.PAGES
    ),
]

"""The addresses of the enterprise's side: the queue, the case, a page a step."""

from django.urls import path

from complaints.pages.enterprise import (
    approvals,
    case,
    instructions,
    measures,
    offer,
    queue,
    round_trip,
    saved_views,
    steps,
    team,
    templates,
    together,
    tokens,
    webhooks,
    work,
)
from complaints.pages.enterprise.steps import PAGES
from complaints.pages.shared import contact_looks

CASE = "enterprise/cases/<str:number>/"

urlpatterns = [
    path("enterprise/", case.home, name="enterprise-home"),
    path("enterprise/queue/", queue.queue, name="enterprise-queue"),
    path("enterprise/mine/", queue.work, name="enterprise-work"),
    path("enterprise/views/", saved_views.views, name="enterprise-views"),
    path("enterprise/templates/", templates.templates, name="enterprise-templates"),
    path("enterprise/templates/new/", templates.template_new, name="enterprise-template-new"),
    path("enterprise/templates/<int:pk>/", templates.template, name="enterprise-template"),
    path("enterprise/causes/", work.causes, name="enterprise-causes"),
    path("enterprise/team/", team.team, name="enterprise-team"),
    path("enterprise/team/rules/", team.rules, name="enterprise-rules"),
    path("enterprise/team/rules/<int:pk>/", team.rule, name="enterprise-rule"),
    path("enterprise/approvals/", approvals.approvals, name="enterprise-approvals"),
    path("enterprise/approvals/<int:pk>/", approvals.approval, name="enterprise-approval"),
    path("enterprise/looks/", contact_looks.enterprise, name="enterprise-looks"),
    path("enterprise/tokens/", tokens.tokens, name="enterprise-tokens"),
    path("enterprise/tokens/new/", tokens.token_new, name="enterprise-token-new"),
    path("enterprise/tokens/<int:pk>/", tokens.token, name="enterprise-token"),
    path("enterprise/webhooks/", webhooks.webhooks, name="enterprise-webhooks"),
    path("enterprise/webhooks/new/", webhooks.webhook_new, name="enterprise-webhook-new"),
    path("enterprise/webhooks/<uuid:public_id>/", webhooks.webhook, name="enterprise-webhook"),
    path(
        "enterprise/webhooks/<uuid:public_id>/messages/<str:message>/",
        webhooks.webhook_message,
        name="enterprise-webhook-message",
    ),
    path("enterprise/measures/", measures.measures, name="enterprise-measures"),
    path("enterprise/measures/new/", measures.measure_new, name="enterprise-measure-new"),
    path("enterprise/measures/together/", together.together, name="enterprise-together"),
    path("enterprise/measures/<uuid:public_id>/", measures.measure, name="enterprise-measure"),
    path(
        "enterprise/measures/<uuid:public_id>/approval/", approvals.measure_approval, name="enterprise-measure-approval"
    ),
    path("enterprise/measures/<uuid:public_id>/performed/", measures.performed, name="enterprise-measure-performed"),
    path("enterprise/round-trip/", round_trip.round_trips, name="enterprise-round-trips"),
    path("enterprise/round-trip/table/", round_trip.table, name="enterprise-round-trip-table"),
    path("enterprise/round-trip/<slug:mark>/", round_trip.round_trip, name="enterprise-round-trip"),
    path("enterprise/round-trip/<slug:mark>/decide/", round_trip.decide, name="enterprise-round-trip-decide"),
    path("enterprise/round-trip/<slug:mark>/results/", round_trip.results, name="enterprise-round-trip-results"),
    path("enterprise/urges/", instructions.listed, name="enterprise-urges"),
    path("enterprise/urges/<int:pk>/", instructions.instruction, name="enterprise-urge"),
    path(CASE, case.workspace, name="enterprise-case"),
    path(f"{CASE}offer/", offer.make_offer, name="enterprise-offer"),
    path(f"{CASE}replace/", offer.replace_offer, name="enterprise-replace"),
    path(f"{CASE}files/<int:pk>/", case.view_file, name="enterprise-file"),
    *(path(f"{CASE}{slug}/", steps.step, {"slug": slug}, name=f"enterprise-{slug}") for slug in PAGES),
]

"""The addresses of the enterprise's side: the queue, the case, a page a step."""

from django.urls import path

from complaints.pages.enterprise import approvals as enterprise_approvals
from complaints.pages.enterprise import case as enterprise_case
from complaints.pages.enterprise import causes as enterprise_causes
from complaints.pages.enterprise import files as enterprise_files
from complaints.pages.enterprise import instructions, measure_approval, measures, round_trip, saved_views
from complaints.pages.enterprise import offer as enterprise_offer
from complaints.pages.enterprise import queue as enterprise_queue
from complaints.pages.enterprise import rules as enterprise_rules
from complaints.pages.enterprise import steps as enterprise_steps
from complaints.pages.enterprise import team as enterprise_team
from complaints.pages.enterprise import templates as enterprise_templates
from complaints.pages.enterprise import tokens as enterprise_tokens
from complaints.pages.enterprise import webhooks as enterprise_webhooks
from complaints.pages.enterprise.pages import PAGES

CASE = "enterprise/cases/<str:number>/"

urlpatterns = [
    path("enterprise/", enterprise_case.home, name="enterprise-home"),
    path("enterprise/queue/", enterprise_queue.queue, name="enterprise-queue"),
    path("enterprise/views/", saved_views.views, name="enterprise-views"),
    path("enterprise/templates/", enterprise_templates.templates, name="enterprise-templates"),
    path("enterprise/templates/new/", enterprise_templates.template_new, name="enterprise-template-new"),
    path("enterprise/templates/<int:pk>/", enterprise_templates.template, name="enterprise-template"),
    path("enterprise/causes/", enterprise_causes.causes, name="enterprise-causes"),
    path("enterprise/team/", enterprise_team.team, name="enterprise-team"),
    path("enterprise/team/rules/", enterprise_rules.rules, name="enterprise-rules"),
    path("enterprise/team/rules/<int:pk>/", enterprise_rules.rule, name="enterprise-rule"),
    path("enterprise/approvals/", enterprise_approvals.approvals, name="enterprise-approvals"),
    path("enterprise/approvals/<int:pk>/", enterprise_approvals.approval, name="enterprise-approval"),
    path("enterprise/tokens/", enterprise_tokens.tokens, name="enterprise-tokens"),
    path("enterprise/tokens/new/", enterprise_tokens.token_new, name="enterprise-token-new"),
    path("enterprise/tokens/<int:pk>/", enterprise_tokens.token, name="enterprise-token"),
    path("enterprise/webhooks/", enterprise_webhooks.webhooks, name="enterprise-webhooks"),
    path("enterprise/webhooks/new/", enterprise_webhooks.webhook_new, name="enterprise-webhook-new"),
    path("enterprise/webhooks/<uuid:public_id>/", enterprise_webhooks.webhook, name="enterprise-webhook"),
    path(
        "enterprise/webhooks/<uuid:public_id>/messages/<str:message>/",
        enterprise_webhooks.webhook_message,
        name="enterprise-webhook-message",
    ),
    path("enterprise/measures/", measures.measures, name="enterprise-measures"),
    path("enterprise/measures/new/", measures.measure_new, name="enterprise-measure-new"),
    path("enterprise/measures/<uuid:public_id>/", measures.measure, name="enterprise-measure"),
    path(
        "enterprise/measures/<uuid:public_id>/approval/", measure_approval.approval, name="enterprise-measure-approval"
    ),
    path("enterprise/measures/<uuid:public_id>/performed/", measures.performed, name="enterprise-measure-performed"),
    path("enterprise/round-trip/", round_trip.round_trips, name="enterprise-round-trips"),
    path("enterprise/round-trip/table/", round_trip.table, name="enterprise-round-trip-table"),
    path("enterprise/round-trip/<slug:mark>/", round_trip.round_trip, name="enterprise-round-trip"),
    path("enterprise/round-trip/<slug:mark>/decide/", round_trip.decide, name="enterprise-round-trip-decide"),
    path("enterprise/round-trip/<slug:mark>/results/", round_trip.results, name="enterprise-round-trip-results"),
    path("enterprise/urges/", instructions.urges, name="enterprise-urges"),
    path("enterprise/urges/<int:pk>/", instructions.urge, name="enterprise-urge"),
    path(CASE, enterprise_case.workspace, name="enterprise-case"),
    path(f"{CASE}offer/", enterprise_offer.make_offer, name="enterprise-offer"),
    path(f"{CASE}replace/", enterprise_offer.replace_offer, name="enterprise-replace"),
    path(f"{CASE}files/<int:pk>/", enterprise_files.view_file, name="enterprise-file"),
    *(path(f"{CASE}{slug}/", enterprise_steps.step, {"slug": slug}, name=f"enterprise-{slug}") for slug in PAGES),
]

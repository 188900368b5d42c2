"""The authority's addresses of the review desk and of the register of violations."""

from django.urls import path

from complaints.pages.authority.review import review as authority_review
from complaints.pages.authority.review import review_case
from complaints.pages.authority.review import violations as authority_violations

urlpatterns = [
    path("authority/review/", authority_review.review, name="authority-review"),
    path("authority/review/<str:number>/", review_case.review_case, name="authority-review-case"),
    path("authority/violations/", authority_violations.violations, name="authority-violations"),
    path("authority/violations/<int:pk>/", authority_violations.violation, name="authority-violation"),
]

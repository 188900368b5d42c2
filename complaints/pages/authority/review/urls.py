"""The authority's addresses of the review desk and of the register of violations."""

from django.urls import path

from complaints.pages.authority.review import review, review_case, violations

urlpatterns = [
    path("authority/review/", review.review, name="authority-review"),
    path("authority/review/<str:number>/", review_case.review_case, name="authority-review-case"),
    path("authority/violations/", violations.violations, name="authority-violations"),
    path("authority/violations/<int:pk>/", violations.violation, name="authority-violation"),
]

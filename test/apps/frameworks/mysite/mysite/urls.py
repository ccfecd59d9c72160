"""A greeting page with a form, and a streaming view."""

from django.urls import path

from mysite import views

urlpatterns = [path("", views.greeting), path("stream/", views.stream), path("error/", views.error)]

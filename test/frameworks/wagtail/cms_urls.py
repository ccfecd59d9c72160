from cms.urls import urlpatterns as cms_urlpatterns
from grid.urls import urlpatterns as django_urlpatterns

# The first page and the admin are Wagtail's.
urlpatterns = [pattern for pattern in django_urlpatterns if str(pattern.pattern) not in ("", "admin/")] + cms_urlpatterns

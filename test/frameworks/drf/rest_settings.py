"""A site with Django REST framework; all that is not about it is the Django site's."""

from grid.settings import *  # noqa: F403
from grid.settings import INSTALLED_APPS

ROOT_URLCONF = "rest_urls"
INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework"]

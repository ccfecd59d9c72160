"""The site that `wagtail start` has made, with its database elsewhere, WhiteNoise, and the Django site's routes beside its pages."""

import os
from pathlib import Path

from cms.settings.dev import *  # noqa: F403
from cms.settings.dev import MIDDLEWARE, STATICFILES_DIRS

GRID_DIR = Path(os.environ["GRID_DIR"])

DEBUG = False
ROOT_URLCONF = "cms_urls"
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": GRID_DIR / "db.sqlite3"}}
STATIC_ROOT = GRID_DIR / "collected"
STATICFILES_DIRS = [*STATICFILES_DIRS, Path(__file__).parents[1] / "static"]

// Django's collected static files, the admin's among them, without WhiteNoise and without a proxy.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const SETTINGS = `from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
USE_TZ = True
`;

const URLS = `from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
`;

const WSGI = `import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
application = get_wsgi_application()
`;

scenario(
  'Django: every file that the login page of the admin names comes from the gateway, and a missing one is a short 404',
  async (scene) => {
    const files = { 'shop/__init__.py': '', 'shop/settings.py': SETTINGS, 'shop/urls.py': URLS, 'shop/wsgi.py': WSGI };
    const collect = await scene.program({
      args: ['-m', 'django', 'collectstatic', '--noinput'],
      files,
      env: { DJANGO_SETTINGS_MODULE: 'shop.settings', PYTHONPATH: scene.dir },
    });
    const { code, text } = await collect.ended();
    assert.equal(code, 0, text);
    const server = await scene.tunicorn({
      app: 'shop.wsgi',
      chdir: scene.dir,
      args: ['--static-path-mount', 'staticfiles', '--static-path-expires', '31536000'],
    });
    const page = await getText(server.target, '/admin/login/?next=/admin/');
    const named = [...page.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(named.length >= 4 && named.some((path) => /base\.[0-9a-f]{12}\.css$/.test(path)), named.join(' '));
    for (const path of [...named, '/static/admin/img/icon-yes.svg', '/static/admin/js/vendor/jquery/jquery.min.js']) {
      const response = await request(server.target, path);
      assert.equal(response.status, 200, path);
      assert.match(field(response, 'Content-Type') ?? '', /^(?:text|image)\//, path);
      assert.equal(field(response, 'Cache-Control'), 'max-age=31536000');
    }
    const missing = await request(server.target, '/static/admin/css/nothing.css');
    assert.deepEqual([missing.status, missing.body.includes('Django')], [404, false]);
  },
  onlyTunicorn,
);

from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

import shop

application = SentryWsgiMiddleware(shop.application)

wsgi_app = "flask_shop:create_app()"
loglevel = "debug"
errorlog = "errors.log"

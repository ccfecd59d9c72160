import gunicorn

# Clients need not know the server's name.
gunicorn.SERVER_SOFTWARE = "shop"
gunicorn.SERVER = "shop"

limit_request_line = 120
limit_request_fields = 6
limit_request_field_size = 100
header_map = "refuse"

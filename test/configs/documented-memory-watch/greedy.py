import shop

kept = []


def application(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        kept.append(bytearray(500 * 1024 * 1024))
    return shop.application(environ, start_response)

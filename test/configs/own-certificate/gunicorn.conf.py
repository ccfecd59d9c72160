import ssl

certfile = "tls/server.crt"
keyfile = "tls/server.key"
ca_certs = "tls/ca.crt"
cert_reqs = ssl.CERT_OPTIONAL
ciphers = "ECDHE+AESGCM"
do_handshake_on_connect = True


def ssl_context(conf, default_ssl_context_factory):
    context = default_ssl_context_factory()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context

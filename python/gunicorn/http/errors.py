"""The exceptions of Gunicorn's parser, for code that catches them. Tunicorn raises none: the gateway
rejects such requests.

NoMoreData is an OSError: wsgi.input raises one if a client leaves in the middle of a body.
"""

from __future__ import annotations

from gunicorn import _missing


class ParseException(Exception):
    """A request that is not HTTP."""


class NoMoreData(OSError):
    def __init__(self, buf: object = None) -> None:
        super().__init__(f"No more data after: {buf!r}")
        self.buf = buf


class ConfigurationProblem(ParseException): ...


class InvalidRequestLine(ParseException): ...


class InvalidRequestMethod(ParseException): ...


class ExpectationFailed(ParseException): ...


class InvalidHTTPVersion(ParseException): ...


class InvalidHeader(ParseException): ...


class ObsoleteFolding(ParseException): ...


class InvalidHeaderName(ParseException): ...


class UnsupportedTransferCoding(ParseException): ...


class InvalidChunkSize(OSError): ...


class InvalidChunkExtension(OSError): ...


class ChunkMissingTerminator(OSError): ...


class LimitRequestLine(ParseException): ...


class LimitRequestHeaders(ParseException): ...


class InvalidProxyLine(ParseException): ...


class InvalidProxyHeader(ParseException): ...


class ForbiddenProxyRequest(ParseException): ...


class InvalidSchemeHeaders(ParseException): ...


__getattr__ = _missing.getattr_of(__name__)

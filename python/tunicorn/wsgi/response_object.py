"""The `resp` that post_request gets: the arguments of start_response, and the state of the response. It is
gunicorn.http.wsgi.Response, which configuration files replace to change the Server header: see server_name.py.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import gunicorn
from tunicorn.wsgi.response import Response


class ResponseView:
    def __init__(self, response: Response, sock: object = None, cfg: object = None) -> None:
        self._response = response
        self._status: Optional[str] = None
        self._headers: List[Tuple[str, str]] = []
        self._hint_bytes = 0
        self.must_close = False
        self.upgrade = False
        #: As in Gunicorn: the value of the Server header.
        self.version = gunicorn.SERVER

    def started(self, status: str, headers: List[Tuple[str, str]]) -> None:
        self._status = status
        self._headers = list(headers)

    def early_hints(self, headers: Any) -> None:
        """Wraps the response's own function, to count hints apart from the body."""
        before = self._response.passed_bytes
        self._response.early_hints(headers)
        self._hint_bytes += self._response.passed_bytes - before

    @property
    def status_code(self) -> Optional[int]:
        return self._response.status_code

    @property
    def status(self) -> Optional[str]:
        """As the application gave it; the server's own if the application failed before it sent anything."""
        code = self._response.status_code
        if self._status is not None and code is not None and self._status.startswith(str(code)):
            return self._status
        return None if code is None else f"{code} Internal Server Error"

    @property
    def headers(self) -> List[Tuple[str, str]]:
        return self._headers

    @property
    def sent(self) -> int:
        """Bytes of the body sent."""
        return self._response.passed_bytes - self._hint_bytes + self._response.page_bytes

    @property
    def response_length(self) -> Optional[int]:
        return self._response.declared_length

    @property
    def headers_sent(self) -> bool:
        return self._response.phase.has_begun

    @property
    def chunked(self) -> bool:
        """Whether the gateway must frame the body, because its length is unknown."""
        return self._response.declared_length is None and self.headers_sent

    def default_headers(self) -> List[str]:
        """The header lines that the gateway adds, as far as this process knows them."""
        from email.utils import formatdate

        date = formatdate(usegmt=True)
        return [
            f"HTTP/1.1 {self.status}\r\n",
            f"Server: {self.version}\r\n",
            f"Date: {date}\r\n",
            f"Connection: {'close' if self.should_close() else 'keep-alive'}\r\n",
        ]

    def force_close(self) -> None:
        self.must_close = True
        self._response.closes = True

    def is_cancelled(self) -> bool:
        return self._response.is_cancelled()

    def should_close(self) -> bool:
        return self.must_close

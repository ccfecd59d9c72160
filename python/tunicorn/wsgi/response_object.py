"""The `resp` that post_request gets: what the application said to start_response, and what became of it."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from tunicorn.wsgi.response import STARTED, UNSTARTED, Response


class ResponseView:
    def __init__(self, response: Response) -> None:
        self._response = response
        self._status: Optional[str] = None
        self._headers: List[Tuple[str, str]] = []
        self._hint_bytes = 0
        self.must_close = False
        self.upgrade = False
        self.version = (1, 1)

    def started(self, status: str, headers: List[Tuple[str, str]]) -> None:
        self._status = status
        self._headers = list(headers)

    def early_hints(self, headers: Any) -> None:
        """In place of the response's own, to tell hints from body."""
        before = self._response.passed_bytes
        self._response.early_hints(headers)
        self._hint_bytes += self._response.passed_bytes - before

    @property
    def status_code(self) -> Optional[int]:
        return self._response.status_code

    @property
    def status(self) -> Optional[str]:
        """As the application gave it; the server's own when the application has failed before it sent anything."""
        code = self._response.status_code
        if self._status is not None and code is not None and self._status.startswith(str(code)):
            return self._status
        return None if code is None else f"{code} Internal Server Error"

    @property
    def headers(self) -> List[Tuple[str, str]]:
        return self._headers

    @property
    def sent(self) -> int:
        """Bytes of the body."""
        return self._response.passed_bytes - self._hint_bytes

    @property
    def response_length(self) -> Optional[int]:
        return self._response.declared_length

    @property
    def headers_sent(self) -> bool:
        return self._response.phase not in (UNSTARTED, STARTED)

    @property
    def chunked(self) -> bool:
        """Whether the gateway has to frame it: no length is known."""
        return self._response.declared_length is None and self.headers_sent

    def is_cancelled(self) -> bool:
        return self._response.is_cancelled()

    def should_close(self) -> bool:
        return self.must_close

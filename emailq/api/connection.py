"""A connection of the API: a head has a time limit and a size, and what is refused before a route is a problem too."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from emailq.api.problems import problem

HEAD_BYTES = 32_768
HEAD_S = 10.0  # within which the head of a request has to arrive; uvicorn itself would wait for ever


class Connection(H11Protocol):
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.trailing_data[0]:  # the next request has begun already
            self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget_head()

    def _watch_head(self) -> None:
        """One deadline from the first byte on, or from the start; more bytes do not move it."""
        if self.conn.their_state is not h11.IDLE:
            self._forget_head()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEAD_S, self._refuse, 408, f"no request within {HEAD_S:g} s")

    def _forget_head(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        is_long = len(self.conn.trailing_data[0]) > HEAD_BYTES
        self._refuse(431 if is_long else 400, f"a head may have {HEAD_BYTES} bytes" if is_long else msg)

    def _refuse(self, status: int, detail: str) -> None:
        """Answer and hang up, unless an answer is on its way already."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem(status, detail, {"connection": "close"})
            for event in (
                h11.Response(status_code=status, headers=answer.raw_headers),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

"""A relay between clients and a server that counts what passes, and cuts connections: a network that fails."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

__all__ = ["Relay"]

CHUNK = 16_384


class Relay:
    """Listens on a port of its own and passes everything on, until it is told otherwise.

    `upwards` and `downwards` count the bytes to and from the server. Once `cut_upwards` or `cut_downwards` of them
    have passed, in the middle of a message where that falls so, every connection is cut, once. While `shut`,
    new connections are refused.
    """

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.shut = False
        self.shut_when_cut = False
        self.cuts = 0
        self.renew()

    @property
    def shut(self) -> bool:
        """Whether nobody listens, so that new connections are refused."""
        return self._listener is None

    @shut.setter
    def shut(self, shut: bool) -> None:
        with self._lock:
            if shut == self.shut:
                return
            listener, self._listener = self._listener, None
            if listener is None:
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
                self.port = int(self._listener.getsockname()[1])
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
                return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a client
        listener.close()

    @property
    def address(self) -> str:
        """What clients open; `bolt`, as `neo4j` would be told the server's own port."""
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def passed(self) -> int:
        """Bytes in both directions."""
        return self.upwards + self.downwards

    def renew(self, *, cut_upwards: int | None = None, cut_downwards: int | None = None) -> None:
        """Count from nought, and cut after so many bytes in one of the directions."""
        self.upwards = self.downwards = 0
        self._cut_upwards, self._cut_downwards = cut_upwards, cut_downwards

    def cut(self) -> None:
        """End every connection at once."""
        with self._lock:
            gone, self._open = self._open, set()
        for end in gone:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.cuts += 1

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # shut
                return
            try:
                server = socket.create_connection(self._server, timeout=10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, origin: socket.socket, target: socket.socket, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := origin.recv(CHUNK):
                left = self._left(up)
                if left is not None and left <= len(data):
                    target.sendall(data[:left])
                    self.shut = self.shut_when_cut
                    self._cut_upwards = self._cut_downwards = None
                    self.cut()
                    return
                target.sendall(data)
                with self._lock:
                    self.upwards += len(data) * up
                    self.downwards += len(data) * (not up)
        for end in (origin, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._lock:
            self._open -= {origin, target}

    def _left(self, up: bool) -> int | None:
        limit, passed = (self._cut_upwards, self.upwards) if up else (self._cut_downwards, self.downwards)
        return None if limit is None else max(0, limit - passed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut = True
        self.cut()

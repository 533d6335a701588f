"""An end to waiting: httpx has no total timeout, and a server that drips never trips the others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakSet

Sockets = WeakSet[socket.socket]


class Deadline:
    """The moment by which a request must have ended, with all its tries."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = self._try_at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left for the request."""
        return max(0.0, self._at - time.monotonic())

    @property
    def left_of_try(self) -> float:
        """Seconds left for the try under way: half of all, so that one stuck try is not the end."""
        return max(0.0, self._try_at - time.monotonic())

    def put_off(self, seconds: float) -> None:
        """Give more time, to the request and to the try under way."""
        self._at += seconds
        self._try_at += seconds

    @contextmanager
    def watch(self, sockets: Sockets) -> Iterator[None]:
        """Shut `sockets` when the time of the try, which is the block, is over.

        Whoever reads from one then sees its end at once; closing it would not wake the reader.
        """
        self._try_at = min(self._at, time.monotonic() + self._seconds / 2)
        is_done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(sockets, is_done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            is_done.set()
            watcher.join()

    def _watch(self, sockets: Sockets, is_done: threading.Event) -> None:
        while not is_done.wait(self.left_of_try or 0.1):
            if self.left_of_try == 0:
                for own in list(sockets):
                    with suppress(OSError):
                        # not the method of a TLS socket, which would drop the layer being read
                        socket.socket.shutdown(own, socket.SHUT_RDWR)

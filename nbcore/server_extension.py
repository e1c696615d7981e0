"""A Jupyter server extension that sends each kernel message at once, so that pictures follow the hand.

Jupyter's server leaves Nagle's algorithm on for the websocket between page and kernel: a small reply
waits until the page has acknowledged the one before, and the page's system may hold that acknowledgment
back for 40 ms (delayed ACK). While a slider is dragged, most pictures would arrive that much too late.
TCP_NODELAY turns the algorithm off.

It also lets each kernel use one thread for matrix products, unless OPENBLAS_NUM_THREADS says otherwise: the networks
of the lessons gain nothing from more, and the threads of a class on one machine wait for each other.

Installing nbcore enables the extension (jupyter-config/jupyter_server_config.d/nbcore.json), for
`make lab`, Binder and a class hub alike. The lessons work without it, only less smoothly.
"""

import os
from typing import Any

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbcore.server_extension"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Let every kernel websocket of this server set TCP_NODELAY when it opens, and kernels use one BLAS thread."""
    # Kernels inherit it. Thirty students with two threads each on two cores wait for each other five times as long.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    original = KernelWebsocketHandler.open
    if getattr(original, "sets_nodelay", False):  # a second server in the same process
        return

    async def open_without_delay(self: KernelWebsocketHandler, kernel_id: str) -> None:
        self.set_nodelay(True)  # tornado skips sockets that are not TCP
        await original(self, kernel_id)

    open_without_delay.sets_nodelay = True  # type: ignore[attr-defined]
    KernelWebsocketHandler.open = open_without_delay  # type: ignore[method-assign]
    server_app.log.debug("nbcore: kernel websockets send without delay (TCP_NODELAY)")

"""The server extension, proved on a real server: does the socket of a kernel websocket have TCP_NODELAY?

The server runs in its own process with a second extension, written here, that reads the option off the
server's own sockets. nbcore's extension is enabled only by the config file that installing nbcore put in
place, as for a learner.
"""

import asyncio
import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tools import browser

TOKEN = "a-token-for-this-test"

PROBE = '''
"""GET /probe lists TCP_NODELAY for each kernel websocket that is open."""
import gc
import json
import socket

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler


class Probe(JupyterHandler):
    def get(self):
        handlers = [x for x in gc.get_objects() if isinstance(x, KernelWebsocketHandler) and x.ws_connection]
        sockets = [handler.ws_connection.stream.socket for handler in handlers]
        self.finish(json.dumps([s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for s in sockets]))


def _jupyter_server_extension_points():
    return [{"module": "nodelay_probe"}]


def _load_jupyter_server_extension(app):
    app.web_app.add_handlers(".*", [(app.web_app.settings["base_url"] + "probe", Probe)])
'''


@contextmanager
def server(folder: Path, extensions: dict[str, bool]) -> Iterator[str]:
    """A running Jupyter server, with `extensions` on top of what is installed; gives its address."""
    config = folder / "config"
    (config / "jupyter_server_config.d").mkdir(parents=True)
    enabled = {"ServerApp": {"jpserver_extensions": {"nodelay_probe": True} | extensions}}
    (config / "jupyter_server_config.d" / "test.json").write_text(json.dumps(enabled))
    (folder / "nodelay_probe.py").write_text(PROBE)
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "JUPYTER_CONFIG_PATH": str(config),  # comes before the config of .venv, which is read as well
        "JUPYTER_CONFIG_DIR": str(folder / "user"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_TOKEN": TOKEN,
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder}", "--ServerApp.port=0"]
    with browser.running(command, environment, cwd=folder) as said:
        yield said[: said.index("/", len("http://")) + 1]


def ask(address: str, path: str, body: dict | None = None):
    request = urllib.request.Request(
        address + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=browser.HUNG) as answer:
        return json.load(answer)


def options_of_open_websockets(address: str) -> list[int]:
    """Start a kernel, open its websocket, and let the server say how the socket is set."""
    kernel = ask(address, "api/kernels", {"name": "python3"})["id"]

    async def look() -> list[int]:
        url = f"{address.replace('http', 'ws')}api/kernels/{kernel}/channels"
        websocket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
        try:
            await asyncio.wait_for(websocket.read_message(), browser.HUNG)  # the kernel speaks: the socket is in use
            return await asyncio.to_thread(ask, address, "probe")
        finally:
            websocket.close()
            while await websocket.read_message() is not None:  # None: the server has closed its side
                pass

    return asyncio.run(look())


# The second case shows that the first can fail, and that the cure is still needed. Should it find the
# option set without the extension, then Jupyter sets it by itself, and the extension can go.
@pytest.mark.parametrize(("enabled", "option"), [(True, 1), (False, 0)])
def test_kernel_websockets_send_without_delay(tmp_path, enabled, option):
    extensions = {} if enabled else {"nbcore.server_extension": False}
    with server(tmp_path, extensions) as address:
        assert options_of_open_websockets(address) == [option]


# ---- when a server counts as running


def test_a_line_that_is_half_written_tells_no_address():
    line = b"[I] at:\n    http://127.0.0.1:8889/lab/tree/a.ipynb?token=0123456789abcdef\n"
    whole = "http://127.0.0.1:8889/lab/tree/a.ipynb?token=0123456789abcdef"
    assert [browser.address_in(line[:k]) for k in range(len(line))] == [None] * len(line)
    assert browser.address_in(line) == whole
    assert browser.address_in(line + b"    http://127.0.0.1:88") == whole


SLOW = """
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
for letter in f"at http://127.0.0.1:{s.getsockname()[1]}/lab or\\n":
    sys.stdout.write(letter)
    sys.stdout.flush()
    time.sleep(0.01)
time.sleep(0.5)
s.listen()
time.sleep(600)
"""


def test_a_server_runs_when_it_takes_connections_however_late_that_is():
    with browser.running([sys.executable, "-c", SLOW], dict(os.environ)) as said:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/lab", said)
        assert browser.listens(said)


def test_a_server_that_ends_says_why():
    with (
        pytest.raises(RuntimeError, match="did not start:\nthe port is taken"),
        browser.running([sys.executable, "-c", "print('the port is taken')"], dict(os.environ)),
    ):
        pytest.fail("it runs")


def test_loading_twice_wraps_once(monkeypatch):
    from jupyter_server.serverapp import ServerApp
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    from nbcore import server_extension

    monkeypatch.setattr(KernelWebsocketHandler, "open", KernelWebsocketHandler.open)  # put back afterwards
    app = ServerApp()
    server_extension._load_jupyter_server_extension(app)
    once = KernelWebsocketHandler.open
    server_extension._load_jupyter_server_extension(app)
    assert KernelWebsocketHandler.open is once

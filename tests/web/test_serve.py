"""Starting the API: the address is taken first, and only then told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pipeline.__main__ import main


def test_a_taken_port_is_named_and_no_address_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--home", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"[127.0.0.1:{port}] cannot be listened on" in printed.err
    assert "--port" in printed.err


def test_a_host_that_is_no_address_here_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--host", "192.0.2.1", "--home", str(tmp_path)]) == 1
    assert "[192.0.2.1:8000] cannot be listened on" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "99999999", "http", "²"])
def test_what_is_no_port_is_wrong_use(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["serve", "--port", port])
    assert exit_.value.code == 2
    assert repr(port) in capsys.readouterr().err


def test_the_address_that_is_told_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pipeline", "serve", "--port", str(port)]
    environment = {**os.environ, "CONFRERE_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(f"pages on http://127.0.0.1:{port}, API")
        assert httpx.get(f"http://127.0.0.1:{port}/api", timeout=20).status_code == 200
        server.send_signal(signal.SIGTERM)

"""Run the DAGs on this machine.

    python -m dags run DAG_ID… [--date YYYY-MM-DDTHH:MM]   here and now, without a scheduler
    python -m dags up                                      Airflow and the API, until Ctrl-C

Airflow keeps its own database and logs in $AIRFLOW_HOME (default $CONFRERE_HOME/airflow).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

DAGS = ("ingest_pubmed", "recommend_collaborators", "send_suggestions", "train_models")
PORT = 8080
HEALTH = f"http://127.0.0.1:{PORT}/api/v2/monitor/health"
SECONDS_TO_START = 120


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dags", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run DAGs in this process")
    run.add_argument("dag_ids", nargs="+", choices=DAGS, metavar="DAG_ID")
    run.add_argument("--date", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    commands.add_parser("up", help="start Airflow's services and the API")
    options = parser.parse_args()
    prepare_environment()
    if options.command == "up":
        return up()
    return run_here(options.dag_ids, options.date)


def prepare_environment() -> None:
    """Give Airflow a home and this folder of DAGs; what is set already stays."""
    home = Path(os.environ.get("CONFRERE_HOME", ".confrere")).resolve()
    os.environ.setdefault("CONFRERE_HOME", str(home))
    airflow_home = Path(os.environ.setdefault("AIRFLOW_HOME", str(home / "airflow")))
    airflow_home.mkdir(parents=True, exist_ok=True)
    for name, value in {
        "CORE__DAGS_FOLDER": str(Path(__file__).parent),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": "4",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # bound to loopback below
        "API__HOST": "127.0.0.1",
        "API__PORT": str(PORT),
        "API__WORKERS": "1",
        "API__BASE_URL": f"http://127.0.0.1:{PORT}",
    }.items():
        os.environ.setdefault(f"AIRFLOW__{name}", value)


def run_here(dag_ids: list[str], date: datetime | None) -> int:
    """Run whole DAGs one after the other; stop at the first that fails."""
    log = Path(os.environ["AIRFLOW_HOME"]) / "run.log"
    with _output_to(log) as terminal:
        from airflow.utils.db import initdb

        initdb()
        for dag_id in dag_ids:
            started = time.monotonic()
            dag = getattr(importlib.import_module(f"dags.{dag_id}"), dag_id)()
            for task in dag.tasks:
                task.retries = 0  # here and now: a failure shows at once
            result = dag.test(logical_date=date) if date else dag.test()
            state = "failed" if result is None else str(result.state)
            print(
                f"{dag_id}: {state}, {time.monotonic() - started:.1f} s", file=terminal, flush=True
            )
            if state != "success":
                print(f"its log: {log}", file=terminal, flush=True)
                return 1
    return 0


@contextlib.contextmanager
def _output_to(path: Path) -> Iterator[TextIO]:
    """Send what Airflow prints to a file; yield the terminal."""
    sys.stdout.flush()
    with path.open("ab") as log, os.fdopen(os.dup(1), "w") as terminal:
        kept = os.dup(2)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(terminal.fileno(), 1)
            os.dup2(kept, 2)
            os.close(kept)


def up() -> int:
    """Start the API server, wait for its health page, then the others; stop all together."""
    airflow = [sys.executable, "-m", "airflow"]
    print(f"starting Airflow (about a minute); its log: {_log()}", flush=True)
    with _log().open("ab") as log:
        for arguments in (["db", "migrate"], ["pools", "set", "ncbi", "4", "requests to PubMed"]):
            subprocess.run([*airflow, *arguments], check=True, stdout=log, stderr=log)
    signal.signal(signal.SIGTERM, _interrupt)
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(_start([*airflow, "api-server"]))
        _wait_until_healthy(running[0])
        running += [_start([*airflow, s]) for s in ("scheduler", "dag-processor", "triggerer")]
        running.append(_start([sys.executable, "-m", "pipeline", "serve"]))
        print(f"Airflow: http://127.0.0.1:{PORT}\npages and API: http://127.0.0.1:8000", flush=True)
        print("Ctrl-C stops both", flush=True)
        while all(process.poll() is None for process in running):
            time.sleep(1)
        print("a service ended by itself: stopping the others", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(running)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # a process group of its own, so that its children end with it
    with _log().open("ab") as log:
        return subprocess.Popen(command, start_new_session=True, stdout=log, stderr=log)


def _log() -> Path:
    return Path(os.environ["AIRFLOW_HOME"]) / "up.log"


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in running:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until_healthy(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(HEALTH, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise SystemExit(f"Airflow's API server did not answer at {HEALTH}: is the port taken?")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

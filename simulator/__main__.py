"""The command `python -m simulator`."""

import argparse
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from simulator.app import create_app
from simulator.config import Config, ConfigRefused, ServiceCode

BLOCKING_THREADS = 64
"""A phone waiting for Zamu and a send held by a knob use one each; all state is in this one process."""
_SHUTDOWN_SECONDS = 2
_LOOK_FOR_PARENT_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; 2 if the settings are refused, 1 if the port is taken."""
    parsed = vars(_parser().parse_args(arguments))
    quiet = parsed.pop("quiet")
    written = parsed.pop("codes").split(",")
    try:
        config = Config(codes=tuple(ServiceCode.parse(code) for code in written if code.strip()), **parsed)
    except ConfigRefused as refusal:
        print(f"simulator: {refusal}", file=sys.stderr)
        return 2
    port = _free_port(config.host, config.port)
    if port is None:
        print(f"simulator: port {config.port} is taken; choose another with --port.", file=sys.stderr)
        return 1
    serve(config, port, quiet=quiet)
    return 0


def serve(config: Config, port: int, *, quiet: bool) -> None:
    """Serve on this port until SIGINT or SIGTERM. quiet: somebody else says where."""
    server = Granian(
        "simulator.app:create_app",
        address=config.host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        workers_kill_timeout=_SHUTDOWN_SECONDS,
        websockets=False,
        log_level=LogLevels.critical,
    )
    if not quiet:
        server.on_startup(partial(print, f"Simulator: http://{config.host}:{port}/", flush=True))
    # Called in the worker: the threads of the simulated network must start there, after the fork.
    load: Callable[..., Any] = partial(_load, config, os.getpid())
    server.serve(target_loader=load, wrap_loader=False)


def _load(config: Config, parent: int) -> Flask:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return create_app(config)


def _end_with(parent: int) -> None:
    """End this worker when its parent was killed: it would go on serving the port, and nobody would know of it."""
    while os.getppid() == parent:
        time.sleep(_LOOK_FOR_PARENT_SECONDS)
    os._exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m simulator",
        description="A telco on your desk.",
        allow_abbrev=False,
        fromfile_prefix_chars="@",
        epilog="@FILE reads arguments from a file, one a line: keys are not for everybody to see.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; loopback only")
    parser.add_argument("--port", type=int, default=8192, help="0 takes any free port")
    parser.add_argument("--callback", default="http://127.0.0.1:8191", help="Zamu's base address; loopback only")
    parser.add_argument("--secret", required=True, help="the path segment Zamu expects in callbacks")
    parser.add_argument(
        "--codes", default="*191*9#", help="service codes, comma-separated; a shared one with its prefix: *384*7#=77"
    )
    parser.add_argument("--username", default="sandbox", help='always "sandbox"')
    parser.add_argument("--api-key", required=True, help="what a send must carry in its apiKey header")
    parser.add_argument("--short-code", default="22191", help="the number people send SMS to")
    parser.add_argument("--balance", type=_amount, default=Decimal(1_000_000), help="the account's credit in KES")
    parser.add_argument("--quiet", action="store_true", help="do not print the address")
    return parser


def _amount(written: str) -> Decimal:
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise argparse.ArgumentTypeError("not an amount") from None
    if not amount.is_finite():
        raise argparse.ArgumentTypeError("not an amount")
    return amount


def _free_port(host: str, port: int) -> int | None:
    """The port if nobody listens on it, any free one for 0, None if it is taken.

    The server shares its port with other processes that ask for sharing, and would not notice another simulator.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return None
        found: int = probe.getsockname()[1]
        return found


if __name__ == "__main__":
    sys.exit(main())

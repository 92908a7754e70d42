import os
import socket

import pytest

from web.local.errors import StartError
from web.local.listening import check_port


def check(port: int) -> None:
    check_port(port, setting="ZAMU_PORT", purpose="the web server")


def test_a_free_port_is_free(free_ports):
    check(free_ports[0])


def test_a_port_just_left_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass
    check(port)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_told_with_who_has_it_and_what_to_set(host):
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]
        us = rf"taken by \S+ \(process {os.getpid()}\)"
        with pytest.raises(
            StartError, match=rf"^Port {port} for the web server is {us}: set ZAMU_PORT to another port\.$"
        ):
            check(port)

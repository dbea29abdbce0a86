import socket
import time

from hitless.host.source_ports import count_towards


def test_what_holds_source_ports_towards_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        remote = f"127.0.0.1:{port}"
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        served = [server.accept()[0] for _ in clients]
        clients[0].close()  # who closes first keeps the port for a while
        served[0].close()
        deadline = time.monotonic() + 30
        while count_towards(port)["127.0.0.1", remote, True] != 1:
            assert time.monotonic() < deadline
        assert count_towards(port)["127.0.0.1", remote, False] == 2
        for connection in (*clients, *served):
            connection.close()

import json
import socket

from hitless.hold.held import Held, Instance, LetGo, Process
from hitless.hold.instance import InstanceSpec
from hitless.hold.status import status_document
from hitless.holding import parse_status
from tests.hold.synthetic import listener


def test_what_is_said_can_be_read() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=5) as listening:
        host, port = listening.getsockname()
        held = Held(listener(7, f"{host}:{port}", descriptor=listening.fileno()), (44,))
        path = Held(listener(8, "/run/x.sock.1.tmp"), (), 1.0)
        instance = Instance(InstanceSpec("web", user="x"), {7: held, 8: path}, members=(Process(44, 1),))
        instance.let_go.append(LetGo("@x", 9, "why", 1.5))
        document = json.loads(json.dumps(status_document({"web": instance}, "/run/x", 0.0)))
    found = parse_status(document)
    (web,) = found.instances
    assert (web.name, web.user, web.processes) == ("web", "x", (44,))
    assert (web.sockets[0].queue_length, web.sockets[0].queue_limit) == (0, 5)
    assert web.sockets[0].unattended_s is None
    assert web.sockets[1].queue_length is None
    assert (web.sockets[1].unattended_s or 0) > 0
    assert web.unattended == (web.sockets[1],)
    assert web.let_go[0].why == "why"

"""Held sockets that are made up."""

import socket

from hitless.host.held_listener import HeldListener


def listener(
    inode: int, endpoint: str = "127.0.0.1:80", *, descriptor: int = -1, namespace: str = ""
) -> HeldListener:
    return HeldListener(
        descriptor=descriptor,
        number=0,
        inode=inode,
        kind=socket.SOCK_STREAM,
        endpoint=endpoint,
        owner_uid=0,
        namespace=namespace,
    )

"""Two requests of rtnetlink: bring an interface up, and make a whole address family local.

iproute2 may be missing where hitless runs, and two messages do not need a library.
"""

import errno
import os
import socket
import struct

__all__ = ["add_local_route", "set_link_up"]

_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 1, 4, 0x200, 0x400
_NLMSG_ERROR = 2
_RTM_NEWLINK, _RTM_NEWROUTE = 16, 24
_RTA_OIF = 4
_RT_TABLE_LOCAL, _RTPROT_STATIC, _RTN_LOCAL = 255, 4, 2
_RT_SCOPE = {socket.AF_INET: 254, socket.AF_INET6: 0}  # host; IPv6 has no scopes (always universe)
_IFF_UP = 1

_HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence, port."""
_ROUTE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags."""
_LINK = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, change."""
_ATTRIBUTE_U32 = struct.Struct("=HHI")
"""struct rtattr with a 32-bit value: length, type, value."""
_ERROR = struct.Struct("=i")

_ANSWER_TIMEOUT_S = 2.0


def set_link_up(interface: str) -> None:
    """Bring an interface of this network namespace up.

    Raises: OSError from the kernel, or TimeoutError.
    """
    body = _LINK.pack(socket.AF_UNSPEC, 0, socket.if_nametoindex(interface), _IFF_UP, _IFF_UP)
    _ask_kernel(_RTM_NEWLINK, 0, body, f"link {interface} up")


def add_local_route(family: socket.AddressFamily, interface: str) -> None:
    """Make every address of a family this namespace's own: `local default dev INTERFACE table local`.

    A route that is there already is fine.
    Raises: OSError from the kernel (EAFNOSUPPORT or EOPNOTSUPP: the family is off), or TimeoutError.
    """
    body = _ROUTE.pack(family, 0, 0, 0, _RT_TABLE_LOCAL, _RTPROT_STATIC, _RT_SCOPE[family], _RTN_LOCAL, 0)
    body += _ATTRIBUTE_U32.pack(_ATTRIBUTE_U32.size, _RTA_OIF, socket.if_nametoindex(interface))
    try:
        _ask_kernel(_RTM_NEWROUTE, _NLM_F_CREATE | _NLM_F_EXCL, body, f"local route of {family.name}")
    except FileExistsError:
        return


def _ask_kernel(kind: int, flags: int, body: bytes, about: str) -> None:
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    ) as kernel:
        kernel.settimeout(_ANSWER_TIMEOUT_S)
        kernel.bind((0, 0))
        length = _HEADER.size + len(body)
        kernel.sendto(_HEADER.pack(length, kind, _NLM_F_REQUEST | _NLM_F_ACK | flags, 1, 0) + body, (0, 0))
        answer = kernel.recv(4096)
    number = _parse_acknowledgement(answer)
    if number:
        raise OSError(number, os.strerror(number), about)


def _parse_acknowledgement(answer: bytes) -> int:
    """Return the errno of a netlink acknowledgement; 0 is success."""
    if len(answer) < _HEADER.size + _ERROR.size:
        return errno.EBADMSG
    _, kind, _, sequence, _ = _HEADER.unpack_from(answer)
    if kind != _NLMSG_ERROR or sequence != 1:
        return errno.EBADMSG
    return -int(_ERROR.unpack_from(answer, _HEADER.size)[0])

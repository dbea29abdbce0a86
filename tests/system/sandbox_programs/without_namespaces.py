"""`without_namespaces.py UID PROGRAM …`, as root: run a program where no namespace is granted to anybody.

A user namespace that maps every user to itself and allows no namespaces inside; then UID, without capabilities.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_CAPBSET_DROP = 24
CAP_SYS_ADMIN = 21
"""Source: Linux include/uapi/linux/{sched,prctl,capability}.h."""

libc = ctypes.CDLL(None, use_errno=True)


def map_everybody(pid: int) -> None:
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{pid}/{name}").write_text("0 0 65536", encoding="ascii")


def main(uid: int, program: list[str]) -> None:
    entered, go = os.pipe(), os.pipe()
    mapper, child = os.getpid(), os.fork()
    if child == 0:
        os.read(entered[0], 1)
        map_everybody(mapper)
        os.write(go[1], b"g")
        os._exit(0)
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    os.write(entered[1], b"e")
    os.read(go[0], 1)
    os.waitpid(child, 0)
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    libc.prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(program[0], program)


main(int(sys.argv[1]), sys.argv[2:])

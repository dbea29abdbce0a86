"""Trees that are laid out like a host."""

from pathlib import Path

CONFIGURATION = """\
global
    user haproxy
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660
defaults
    mode http
frontend f
    bind :80
    bind 192.0.2.1:443 ssl crt /etc/haproxy/web.pem
"""
UNIT = """\
[Service]
Environment=CONFIG=/etc/haproxy/haproxy.cfg
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p /run/haproxy.pid
User=lb
RuntimeDirectory=haproxy
"""


def make_tree(root: Path, *, unit: bool = True) -> Path:
    """Debian's layout, as far as it matters here."""
    for name in ("etc/haproxy", "lib/systemd/system", "run", "var/lib/haproxy"):
        (root / name).mkdir(parents=True)
    (root / "etc/haproxy/haproxy.cfg").write_text(CONFIGURATION)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nhaproxy:x:107:113::/:/bin/sh\n")
    (root / "etc/group").write_text("haproxy:x:113:\n")
    if unit:
        (root / "lib/systemd/system/haproxy.service").write_text(UNIT)
    return root

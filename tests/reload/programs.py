"""Programs that stand for HAProxy: they print what they were started with, and live until they are told."""

import stat
from pathlib import Path

LIVES = """\
#!/bin/sh
child=
trap 'echo "[NOTICE]   ($$) : Reloading HAProxy"' HUP USR2
trap 'kill $child; exit 143' TERM
sleep 600 >/dev/null 2>&1 &
child=$!
echo "[NOTICE]   ($$) : started with: $*"
while kill -0 $child; do wait $child; done
"""
"""Like a master: a child of its own, two signals that reload, one that ends."""

ENDS = '#!/bin/sh\necho "[ALERT]    ($$) : cannot bind socket"\nexit 3\n'


def write_program(path: Path, text: str = LIVES) -> str:
    """Write an executable script and return its path."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)

import json
import os
import subprocess

import pytest

from hitless.sandbox.entry import TierKind
from hitless.sandbox.tier import probe_tier
from tests.system.conftest import require
from tests.system.sandbox_helpers import python_for, search_path

pytestmark = pytest.mark.system


def test_root_gets_the_best_tier_and_no_excuses() -> None:
    require(os.geteuid() == 0, "needs root")
    tier = probe_tier()
    assert tier.kind is TierKind.ROOT
    assert tier.why == ()


_PROBE = (
    "import json; from hitless.sandbox.tier import probe_tier; tier = probe_tier(); "
    "print(json.dumps([tier.kind, tier.why]))"
)
_MASK_PROC = (
    "from hitless.sandbox.syscalls import *; unshare(Namespace.MOUNT); "
    "mount('none', '/', flags=MountFlag.REC | MountFlag.PRIVATE); mount('none', '/proc/sysvipc', 'tmpfs'); "
    "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534); os.environ['HOME'] = '/tmp'; "
)


def test_a_machine_that_masks_proc_grants_only_loopback_and_the_reason_is_given() -> None:
    require(os.geteuid() == 0, "needs root")
    command = [python_for("user"), "-c", _MASK_PROC + _PROBE]
    environment = {"PYTHONPATH": search_path(), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    kind, why = json.loads(done.stdout)
    assert kind == "loopback"
    assert "not root" in why[0]
    assert "systempaths=unconfined" in why[1]

"""Stands for hitless: starts a program in the sandbox, says where, and waits. Arguments: tier, program..."""

import json
import os
import sys

import msgspec

from hitless.sandbox.entry import TierKind
from hitless.sandbox.namespace import start_in_sandbox


def main() -> int:
    tier, *program = sys.argv[1:]
    with start_in_sandbox(TierKind(tier), program) as sandbox:
        report = sandbox.wait_ready()
        line = {"launcher": sandbox.process.pid, "report": msgspec.to_builtins(report)}
        os.write(1, json.dumps(line).encode() + b"\n")
        return sandbox.wait()


sys.exit(main())

"""Runs inside the sandbox: starts from a configuration about which nothing is known but what HAProxy says.

Arguments: haproxy, the configuration, the tier. Output: JSON.
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from hitless.config.model import Address, Bind, Directive, Model, Proxy
from hitless.sandbox.entry import TierKind
from hitless.sandbox.limits import apply_adaptations, plan_limit_adaptations, raise_descriptor_limit
from hitless.sandbox.private_files import place_file
from hitless.sandbox.refusals import learn_from_refusal, resolve_references
from hitless.sandbox.standins import plan_for_refusal
from hitless.sandbox.write_standins import write_stand_ins

_TRIES = 20


def _model(configuration: str) -> Model:
    binds = []
    global_ = []
    for number, line in enumerate(Path(configuration).read_text(encoding="utf-8").splitlines(), 1):
        words = tuple(line.split())
        where = f"{configuration}:{number}"
        if words[:1] == ("bind",) and "crt" in words:
            crt = (words[words.index("crt") + 1],)
            binds.append(Bind((Address("ip", "10.0.0.1"),), {"crt": crt}, where))
        if words and words[0] in {"maxconn", "ulimit-n", "nbthread"}:
            global_.append(Directive(words, where))
    return Model((configuration,), tuple(global_), (Proxy("frontend", "f", "", "http", tuple(binds)),))


def _try(haproxy: str, configuration: str) -> str | None:
    """Return what HAProxy says when it refuses, or None if its worker is there to stay."""
    with subprocess.Popen([haproxy, "-W", "-f", configuration], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said, patience_s = b"", 20.0
        while select.select([process.stderr], [], [], patience_s)[0]:
            chunk = os.read(process.stderr.fileno(), 65536)
            if not chunk:
                return said.decode()
            said += chunk
            if b"Loading success" in said:
                patience_s = 4.0  # a worker that cannot enter its chroot dies after the master's success
        process.terminate()
        return None


def main() -> None:
    haproxy, configuration, tier = sys.argv[1:]
    raise_descriptor_limit()
    supplied: list[str] = []
    adapted: list[str] = []
    result: dict[str, object] = {"supplied": supplied, "adapted": adapted, "runs": False}
    for _ in range(_TRIES):
        messages = _try(haproxy, configuration)
        if messages is None:
            result["runs"] = True
            break
        result["messages"] = messages
        model = _model(configuration)
        lacking, _ = resolve_references(learn_from_refusal(messages), model, directory=str(Path.cwd()))
        plans = [plan for found in lacking for plan in plan_for_refusal(found, tier=TierKind(tier))]
        adaptations = plan_limit_adaptations(model, messages)
        if not (plans or adaptations):
            break
        stand_ins, _ = write_stand_ins(plans)
        supplied += [entry.name for entry in stand_ins]
        adapted += [adaptation.line for adaptation in adaptations]
        data = apply_adaptations(Path(configuration).read_bytes(), configuration, adaptations)
        place_file(configuration, data)
    sys.stdout.write(json.dumps(result))


main()

"""Break hitless on purpose, in a copy, and see the lab turn red: a suite that stays green then proves nothing.

Each mutation is a text that is replaced in a module or a scenario; `hitless lab run` with it must not exit 0.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "hitless"
DEADLINE_S = 180
SCENARIO = "HL501-idle-close-under-clients"
SCENARIO_FILE = f"lab/scenarios/{SCENARIO}.toml"


@dataclass(frozen=True)
class Mutation:
    """What is broken, where, and how."""

    what: str
    file: str
    old: str
    new: str


MUTATIONS = (
    Mutation(
        "the fix of the scenario is taken away",
        SCENARIO_FILE,
        'words = { idle = "option idle-close-on-response" }',
        'words = { idle = "" }',
    ),
    Mutation(
        "the kernel's evidence is not collected",
        "evidence/tracefs.py",
        "    for mount_point in _MOUNT_POINTS:\n",
        '    raise EvidenceError("mutated")\n    for mount_point in _MOUNT_POINTS:\n',
    ),
    Mutation(
        "a request lost on a reused connection is called ok",
        "load/classify.py",
        "        return Outcome.STALE_REUSE\n",
        "        return Outcome.OK\n",
    ),
    Mutation(
        "nothing is reloaded",
        "lab/verbs/service.py",
        "    stage.master.send_signal(number)\n",
        "",
    ),
    Mutation(
        "the rule of the audit never fires",
        "audit/rules/clients_reset/idle_close_under_clients.py",
        "    for where, proxies in sections_without(subject).items():\n",
        "    for where, proxies in dict[str, list[Proxy]]().items():\n",
    ),
)


def main(arguments: list[str]) -> int:
    """Run every mutation, or those whose number is named; return 1 if one survives."""
    chosen = [MUTATIONS[int(word)] for word in arguments] or list(MUTATIONS)
    return 0 if all(is_killed(mutation) for mutation in chosen) else 1


def is_killed(mutation: Mutation) -> bool:
    """Return whether the lab notices."""
    with tempfile.TemporaryDirectory(prefix="hitless-mutation-") as scratch:
        copy = Path(scratch) / "hitless"
        shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
        mutate(copy, mutation)
        environment = os.environ | {"PYTHONPATH": scratch, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hitless", "lab", "run", SCENARIO, "--mode", "master-worker"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    told = next((line for line in done.stdout.splitlines() if line.startswith("  ")), done.stderr.strip())
    killed = done.returncode in {1, 3} and SCENARIO in done.stdout
    print(f"{'killed' if killed else 'SURVIVED'} ({done.returncode}): {mutation.what}: {told.strip()}")
    return killed


def mutate(copy: Path, mutation: Mutation) -> None:
    """Apply it.

    Raises: ValueError if the text is not there: the mutation is out of date.
    """
    path = copy / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.file} has {text.count(mutation.old)} times {mutation.old!r}")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Audit mutated configurations, units and scripts: no rule may break, take long, or find what cannot be drawn.

The seeds are the fixtures of all rules. Each round changes the texts of one of them, now and then mixing in another's,
and audits the result. A failure is written as a snapshot that `hitless audit --snapshot FILE` shows again.

Run: PYTHONPATH=src:. python scripts/fuzz_audit.py [--seconds N] [--seed N] [--out DIRECTORY]
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hitless.audit.engine import audit
from hitless.audit.table import MODULES, load_rule
from hitless.cli.rule_texts import rule_text
from hitless.facts import FileText, RunMode, Snapshot
from hitless.findings import Severity
from hitless.gather.configuration import configuration_file
from hitless.gather.document import render_snapshot, settle
from hitless.host.unit_files import read_unit_files
from hitless.report.audit import junit, markdown, sarif, text
from tests.audit.fixtures import cases

SLOW_S = 5.0
_PIECES = (
    *(
        b"",
        b" ",
        b"\t",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\xff\xfe",
        b"\xc3",
        b"\x1b[2J",
        b"\\",
        b"'",
        b'"',
        b"#",
        b"$",
    ),
    *(
        b"${",
        b"}",
        b"$X",
        b"%",
        b"{",
        b"(",
        b")",
        b",",
        b":",
        b"@",
        b"-",
        b"[::]",
        b"0",
        b"-1",
        b"9" * 30,
        b"1" * 5000,
    ),
    *(
        b".if 1",
        b".else",
        b".endif",
        b".elif defined(",
        b"no ",
        b"default_",
        b"unix@",
        b"fd@",
        b"ipv6@",
        b"quic4@",
    ),
    *(b":0-65535", b":1-", b"1d", b"1us", b"99999999999d", b"A" * 3000, "\u202e\u2028世界".encode()),
)


def mutate(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return the text after a few changes: bytes, words and lines cut, doubled, swapped, or put in."""
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        lines = data.split(b"\n")
        kind = chance.randint(0, 7)
        if kind == 0:
            data = data[:at] + chance.choice(_PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[min(to, at + 20) :]
        elif kind == 2:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 3:
            chance.shuffle(lines)
            data = b"\n".join(lines)
        elif kind == 4:
            data = b"\n".join([*lines, *(chance.choice(lines) for _ in range(5))])
        elif kind == 5:
            data = data[:at] + chance.choice(others)[:4000] + data[at:]
        elif kind == 6:
            number = chance.randrange(len(lines))
            words = lines[number].split(b" ")
            words[chance.randrange(len(words))] = chance.choice(
                (*_PIECES, *chance.choice(others).split()[:40])
            )
            lines[number] = b" ".join(words)
            data = b"\n".join(lines)
        else:
            data = data[:to]
    return data[:200_000]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def mutated(chance: random.Random, seed: Snapshot, pool: Sequence[bytes]) -> Snapshot:
    """Return the snapshot with other texts, another version and mode."""
    instances = []
    for instance in seed.instances:
        files = tuple(
            configuration_file(f.path, mutate(chance, f.text.encode("utf-8", "surrogateescape"), pool))
            for f in instance.configuration
        )
        unit = instance.unit
        if unit is not None and unit.files and chance.random() < 0.7:
            unit_files = tuple(
                FileText(path=f.path, text=_text(mutate(chance, f.text.encode(), pool))) for f in unit.files
            )
            unit = read_unit_files(unit.name, unit_files)
        changed = msgspec.structs.replace(instance, configuration=files, unit=unit)
        if chance.random() < 0.3:
            changed = msgspec.structs.replace(changed, mode=chance.choice(list(RunMode)))
        if chance.random() < 0.3:
            version = chance.choice([(2, 2, 9), (2, 4, 0), (2, 6, 12), (2, 8, 25), (3, 0, 11), (3, 2, 26)])
            changed = msgspec.structs.replace(changed, binary=None, assumed_version=version)
        instances.append(changed)
    host = seed.host
    if host is not None and host.scripts:
        scripts = tuple(
            msgspec.structs.replace(s, text=_text(mutate(chance, s.text.encode(), pool)))
            for s in host.scripts
        )
        host = msgspec.structs.replace(host, scripts=scripts)
    return msgspec.structs.replace(seed, instances=tuple(instances), host=host)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for so long; return 1 after a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fuzz-failures"))
    chosen = parser.parse_args(arguments)
    chance = random.Random(chosen.seed)  # noqa: S311 - reproducible, not secret
    rules = [load_rule(code) for code in sorted(MODULES)]
    texts = {code: rule_text(code) for code in sorted(MODULES)}
    seeds = [case.snapshot for code in sorted(MODULES) for case in cases(code)]
    pool = [
        f.text.encode("utf-8", "surrogateescape") for s in seeds for i in s.instances for f in i.configuration
    ]
    pool += [s.text.encode() for seed in seeds if seed.host for s in seed.host.scripts or ()]
    end = time.monotonic() + chosen.seconds
    rounds, failures, slowest = 0, 0, 0.0
    while time.monotonic() < end:
        snapshot = settle(mutated(chance, chance.choice(seeds), pool))
        start = time.monotonic()
        result = audit(snapshot, rules)
        took = time.monotonic() - start
        slowest = max(slowest, took)
        json.loads(sarif.render(result, texts, threshold=Severity.WARNING, directory="/"))
        text.render(result, texts, width=80, colour=False)
        junit.render(result, texts, threshold=Severity.WARNING)
        markdown.render(result, texts, threshold=Severity.WARNING)
        rounds += 1
        if result.internal_errors or took > SLOW_S:
            failures += 1
            chosen.out.mkdir(parents=True, exist_ok=True)
            path = chosen.out / f"{chosen.seed}-{rounds}.json"
            path.write_text(render_snapshot(snapshot))
            broken = [(f.message, f.evidence) for f in result.findings if f.code == "HL000"]
            print(f"{path}: {took:.1f} s {broken}")
    print(f"{rounds} rounds, {failures} failures, slowest audit {slowest * 1e3:.0f} ms, seed {chosen.seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""The words that say what `hitless audit`, `fix` and `snapshot` look at; what they mean is in `GatherOptions`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.gather.options import GatherOptions

__all__ = ["GATHER_PARAMETERS", "GATHER_WORDS", "parse_version_word", "read_gather_options"]

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?(?:-\S*)?", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)

GATHER_PARAMETERS: tuple[click.Parameter, ...] = (
    click.Argument(["configuration"], nargs=-1, type=click.Path()),
    click.Option(
        ["-f", "--file", "files"],
        multiple=True,
        type=click.Path(),
        help="A configuration file or directory, alone; several, as for HAProxy.",
    ),
    click.Option(
        ["--root"],
        type=click.Path(),
        default="/",
        show_default=True,
        help="A directory laid out like a host (an image, a mounted disk).",
    ),
    click.Option(
        ["--config", "used_configuration"],
        type=click.Path(),
        help="Of several instances the one that uses this configuration.",
    ),
    click.Option(["--pid"], type=click.IntRange(1), help="Of several instances the one of this process."),
    click.Option(["--unit"], metavar="NAME", help="Of several instances the one of this systemd unit."),
    click.Option(
        ["--unit-file"], type=click.Path(), help="The unit file that starts these configuration files."
    ),
    click.Option(
        ["--scripts"],
        multiple=True,
        type=click.Path(),
        help="A file or directory of scripts (deployment, Ansible) to look through as well.",
    ),
    click.Option(["--haproxy"], help="The HAProxy that the advice is for  [default: the one that runs]"),
    click.Option(
        ["--haproxy-version"], metavar="X.Y[.Z]", help="Its version, where the program is not here."
    ),
    click.Option(
        ["--mode"],
        type=click.Choice(["master-worker", "classic"]),
        help="How HAProxy runs, where nothing here says it.",
    ),
    click.Option(
        ["--check/--no-check"],
        default=None,
        help="Let HAProxy check the configuration  [default: on a host, for its own service]",
    ),
    click.Option(
        ["--env", "variables"], multiple=True, metavar="NAME=VALUE", help="A variable of the service."
    ),
    click.Option(
        ["--snapshot"], type=click.Path(), help="Read this snapshot of `hitless snapshot`, not the host."
    ),
)

GATHER_WORDS = frozenset(str(parameter.name) for parameter in GATHER_PARAMETERS)
"""The names under which click passes them."""


def read_gather_options(words: Mapping[str, Any]) -> GatherOptions:
    """Return the options in a command's words (others may stand among them).

    Raises: UsageError for what cannot be, each with what to write instead.
    """
    from hitless.facts import RunMode
    from hitless.gather.options import GatherOptions

    files = (*words["files"], *words["configuration"])
    _refuse_contradictions(words, files)
    return GatherOptions(
        files=files,
        snapshot=words["snapshot"] or "",
        root=words["root"],
        configuration=words["used_configuration"] or "",
        pid=words["pid"],
        unit=words["unit"] or "",
        unit_file=words["unit_file"] or "",
        scripts=tuple(words["scripts"]),
        haproxy=words["haproxy"] or "",
        haproxy_version=parse_version_word(words["haproxy_version"]) if words["haproxy_version"] else None,
        mode=RunMode(words["mode"]) if words["mode"] else None,
        check=words["check"],
        environment=tuple(_variable(text) for text in words["variables"]),
    )


def _refuse_contradictions(words: Mapping[str, Any], files: tuple[str, ...]) -> None:
    if any(not name or "\0" in name for name in files):
        raise UsageError("A file's name is empty or holds a NUL.")
    of_a_host = {"--pid": "pid", "--unit": "unit", "--config": "used_configuration"}
    chosen = [option for option, name in of_a_host.items() if words[name]]
    if files and (chosen or words["root"] != "/"):
        option = chosen[0] if chosen else "--root"
        raise UsageError(
            f"{option} chooses on a host, and files are looked at alone: not both at once.",
            hint="For a running instance name no files, and choose it with --config, --unit or --pid.",
        )
    if words["unit_file"] and not files:
        raise UsageError(
            "--unit-file starts configuration files: name them.", hint="For a host's unit: --unit NAME."
        )
    if words["snapshot"] and (files or chosen or words["root"] != "/" or words["haproxy"]):
        raise UsageError("--snapshot reads everything from that file: name no files and no host beside it.")
    if words["haproxy"] and words["haproxy_version"]:
        raise UsageError("--haproxy and --haproxy-version both say the version: give one of them.")


def parse_version_word(text: str) -> tuple[int, int, int]:
    """Return a version as a person writes it; a branch alone stands for its newest release. Raises: UsageError."""
    from hitless.facts import NEWEST_PATCH

    match = _VERSION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--haproxy-version {text!r} is no version.", hint="For example: --haproxy-version 2.8"
        )
    return int(match[1]), int(match[2]), int(match[3]) if match[3] else NEWEST_PATCH


def _variable(text: str) -> tuple[str, str]:
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise UsageError(f"--env {text!r} is no assignment.", hint="For example: --env PORT=8080")
    return match[1], match[2]

"""Faults of this version that would make a failure worse, or a good reload a bad one.

They are said beforehand and stop nothing: the checks that keep such a failure from happening have names of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.reload.preflight.answers import Answers
from hitless.subject.version_faults import failed_bind_ends_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_known_faults", "judge_known_faults"]

_ANSWER = Answers("known-faults")


def check_known_faults(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Compare version, mode and configuration with what is known."""
    del options
    if not any(target.version):
        message = "the version that runs is not known"
        return (_ANSWER.unknown(message),)
    version = target.subject.version_text
    return (judge_known_faults(tuple(_faults(target)), version),)


def judge_known_faults(faults: Sequence[Evidence], version: str) -> PreflightCheck:
    """Judge what was found; the text of each is a sentence without its end."""
    if not faults:
        message = f"no fault of HAProxy {version} is known that this configuration meets"
        return _ANSWER.passed(message)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = f"HAProxy {version}: {faults[0].text}{more}"
    return _ANSWER.warned(message, tuple(faults), hint="Upgrade HAProxy within its branch.")


def _faults(target: Target) -> Iterator[Evidence]:
    subject = target.subject
    version = f"HAProxy {subject.version_text}"
    if failed_bind_ends_service(subject):
        yield Evidence(text="a bind that fails during this reload would end the service", source=version)
    for line in subject.in_global("resetenv")[:1]:
        if target.mode is RunMode.MASTER_WORKER:
            # Tried on 2.2.9 to 3.2.26: `show proc` forgets its counts; on 2.2 the third reload opened its sockets anew.
            outcome = ", and its sockets with them" if target.version < (2, 5) else ""
            text = f"`resetenv` makes the master forget its workers at each reload{outcome}"
            yield Evidence(text=text, source=line.where)

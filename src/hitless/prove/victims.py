"""Who was hurt by the reloads: failures beyond what the control run leads to expect, each with its cause. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import FLAG_REUSED, OUTCOME_CODES, OUTCOMES
from hitless.causes import UNEXPLAINED
from hitless.evidence.matching import match_events
from hitless.prove.attribute import attribute
from hitless.prove.rows import MOSTLY_FAILED, background_allowance
from hitless.prove.why.moment import Attribution, Moment, Victim
from hitless.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from hitless.evidence.listeners import Gap
    from hitless.prove.case import Case
    from hitless.prove.rows import Baseline
    from hitless.records import ClientClass, Event

    Mask = npt.NDArray[np.bool_]

__all__ = ["Hurt", "attribute_victims", "drop_background", "set_aside_slow", "set_aside_usual"]


@dataclass(frozen=True, slots=True)
class Hurt:
    """One victim: the index of its row, what it was, and why."""

    row: int
    victim: Victim
    attribution: Attribution


def drop_background(case: Case, failed: Mapping[ClientClass, Mask]) -> tuple[dict[ClientClass, Mask], int]:
    """Return the failures under reload that the control run does not account for, and how many it does.

    Of a kind of failure that the control run knew, only what exceeds its allowance remains: those nearest after a
    reload's trigger.
    """
    kept = {client_class: mask & case.periods.reload for client_class, mask in failed.items()}
    triggers_ns = np.array([reload.trigger_ns for reload in case.timeline.reloads], dtype=np.int64)
    dropped = 0
    for stream in case.facts.streams:
        mine = case.periods.reload & (case.rows["stream"] == stream.number)
        baseline = case.baselines[stream.number]
        for code, status in baseline.failures:
            allowance = background_allowance(baseline, (code, status), int(mine.sum()))
            of_kind = np.flatnonzero(mine & (case.rows["outcome"] == code) & (case.rows["status"] == status))
            background = _farthest(case.rows["end_ns"], of_kind, triggers_ns, allowance)
            dropped += len(background)
            for mask in kept.values():
                mask[background] = False
    return kept, dropped


def _farthest(
    end_ns: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.intp],
    triggers_ns: npt.NDArray[np.int64],
    count: int,
) -> npt.NDArray[np.intp]:
    """Return so many of the rows as lie farthest after the last trigger before them, first what lies before all."""
    if not len(triggers_ns) or not len(candidates):
        return candidates[:count]
    ends = end_ns[candidates]
    last = np.searchsorted(triggers_ns, ends, side="right") - 1
    after_ns = np.where(last < 0, np.iinfo(np.int64).max, ends - triggers_ns[np.clip(last, 0, None)])
    order = np.argsort(-after_ns, kind="stable")
    return candidates[order[:count]]


def attribute_victims(case: Case, hurt: Mask, gaps: Sequence[Gap]) -> list[Hurt]:
    """Name the cause of every victim, in order of time."""
    indices = np.flatnonzero(hurt)
    indices = indices[np.argsort(case.rows["end_ns"][indices], kind="stable")]
    matched = match_events(case.rows, indices, case.facts.streams, case.events)
    moment = Moment(
        timeline=case.timeline,
        via=case.facts.via,
        gaps=gaps,
        frontends={frontend.name: frontend for frontend in case.facts.frontends},
        close_spread_time=case.facts.close_spread_time,
        max_reloads=case.facts.mworker_max_reloads,
        opened_anew=case.opened_anew,
        all_opened_anew=case.all_opened_anew,
        nothing_handed_over=case.nothing_handed_over,
        counters=dict(case.kernel.counter_changes),
    )
    victims = [(row, _victim(case, row, matched.get(row, ()))) for row in indices.tolist()]
    return [Hurt(row, victim, attribute(victim, moment)) for row, victim in victims]


def set_aside_slow(
    victims: Sequence[Hurt], hurt: Mapping[ClientClass, Mask]
) -> tuple[list[Hurt], list[Hurt]]:
    """Return the victims without those that were answered late and nothing else, and these.

    A late answer is harm where something of the reload explains it: a pause, a restart, a lost SYN. Where nothing does,
    the request was served, and a machine that had other things to do is as good an explanation. `hurt` loses them too.
    """
    return _part(
        victims,
        lambda one: one.victim.outcome is Outcome.SLOW and one.attribution.code == UNEXPLAINED,
        hurt,
    )


def set_aside_usual(case: Case, victims: Sequence[Hurt], hurt: Mapping[ClientClass, Mask]) -> list[Hurt]:
    """Return the victims without those of what failed without a reload, too. `hurt` loses them as well.

    Where nothing worked in the control run, a failure under reload says nothing about it, whatever its evidence looks
    like; where one kind of failure was common there, one more of that kind says nothing unless something explains it.
    Such a stream is incomplete, so that the verdict does not pass.
    """
    return _part(victims, lambda one: _is_usual(case.baselines[one.victim.stream.number], one), hurt)[0]


def _is_usual(baseline: Baseline, one: Hurt) -> bool:
    lost = (
        baseline.lost
    )  # what makes a stream incomplete, and nothing else: else a verdict could pass over this
    if not baseline.attempts:
        return False
    if sum(lost.values()) == baseline.attempts:
        return True
    seen = lost.get((OUTCOME_CODES[one.victim.outcome], one.victim.status), 0)
    return one.attribution.code == UNEXPLAINED and seen > MOSTLY_FAILED * baseline.attempts


def _part(
    victims: Sequence[Hurt], is_aside: Callable[[Hurt], bool], hurt: Mapping[ClientClass, Mask]
) -> tuple[list[Hurt], list[Hurt]]:
    """Return the victims that stay, and those that are set aside, which the masks lose."""
    aside: list[Hurt] = []
    others: list[Hurt] = []
    for one in victims:
        (aside if is_aside(one) else others).append(one)
    for mask in hurt.values():
        mask[[one.row for one in aside]] = False
    return others, aside


def _victim(case: Case, row: int, events: tuple[Event, ...]) -> Victim:
    data = case.rows[row]
    return Victim(
        stream=case.streams[int(data["stream"])],
        outcome=OUTCOMES[int(data["outcome"])],
        status=int(data["status"]),
        errno=int(data["errno"]),
        opened_ns=int(data["opened_ns"]),
        connected_ns=int(data["connected_ns"]),
        start_ns=int(data["start_ns"]),
        end_ns=int(data["end_ns"]),
        reused=bool(data["flags"] & FLAG_REUSED),
        events=events,
    )

"""The reloads and the worker generations of a run, as the verdict shows them. Pure."""

from hitless.prove.timeline import ReloadPhases, Timeline
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND
from hitless.verdict import Generation, Phase, Reload, ReloadPhase

__all__ = ["generation_table", "phase_at", "reload_table"]


def _phases(reload: ReloadPhases) -> list[tuple[Phase, int]]:
    """Return the phases seen, in order of time."""
    moments = [
        (Phase.TRIGGERED, reload.trigger_ns),
        (Phase.NEW_PROCESS_STARTED, reload.started_ns),
        (Phase.LISTENERS_OWNED, reload.owned_ns),
        (Phase.OLD_STOPPED_LISTENING, reload.released_ns),
        (Phase.FIRST_ANSWER, reload.first_accept_ns),
        (Phase.CONFIRMED, reload.reply_ns),
        (Phase.OLD_GONE, reload.old_gone_ns),
    ]
    return sorted(((phase, t_ns) for phase, t_ns in moments if t_ns), key=lambda moment: moment[1])


def reload_table(timeline: Timeline, via: str, origin_ns: int, victims: dict[int, int]) -> tuple[Reload, ...]:
    """Return the reloads; `victims` counts them by the reload's number."""
    return tuple(
        Reload(
            number=reload.number,
            t_s=(reload.trigger_ns - origin_ns) / NANOSECONDS_PER_SECOND,
            via=via,
            ok=not reload.failed,
            message=reload.message,
            old_pid=reload.old_pids[-1] if reload.old_pids else 0,
            new_pid=reload.new_pid,
            phases=tuple(
                ReloadPhase(name=phase, t_ms=(t_ns - reload.trigger_ns) / NANOSECONDS_PER_MILLISECOND)
                for phase, t_ns in _phases(reload)
            ),
            victims=victims.get(reload.number, 0),
        )
        for reload in timeline.reloads
    )


def phase_at(reload: ReloadPhases | None, t_ns: int) -> str:
    """Return the last phase that a reload had reached at this moment; "" before any."""
    passed = [phase for phase, at_ns in _phases(reload) if at_ns <= t_ns] if reload is not None else []
    return passed[-1].value if passed else ""


def generation_table(
    timeline: Timeline, initial_pids: tuple[int, ...], origin_ns: int
) -> tuple[Generation, ...]:
    """Return every serving process in order of its start."""
    ready = {reload.new_pid: reload.owned_ns for reload in timeline.reloads if reload.new_pid}
    released = {pid: reload.released_ns for reload in timeline.reloads for pid in reload.old_pids}

    def seconds(t_ns: int | None) -> float | None:
        return None if not t_ns else (t_ns - origin_ns) / NANOSECONDS_PER_SECOND

    pids = dict.fromkeys([*initial_pids, *sorted(timeline.started_ns, key=timeline.started_ns.__getitem__)])
    return tuple(
        Generation(
            pid=pid,
            start_s=seconds(timeline.started_ns.get(pid)),
            ready_s=seconds(ready.get(pid)),
            stopped_listening_s=seconds(released.get(pid)),
            exit_s=seconds(timeline.exited_ns.get(pid)),
            exit_code=timeline.exit_codes.get(pid),
        )
        for pid in pids
    )

"""Re-training intervals: which re-training jobs serve which inferences of a model, and how many of them."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass

from lineage.costs import Job

__all__ = ["Retraining", "retrainings"]


@dataclass(frozen=True, slots=True)
class Retraining:
    """The re-training jobs of one interval and the inferences that it serves.

    `start` and `end` are ISO dates; "" and None leave a side open. A given end includes its whole day (or year),
    the start of the next re-training is not included. `n` is how many inferences the interval holds, None if
    unknown. `total_size` is the size of all inference jobs in it; None where one has no size, or no date (or one that
    is too coarse) and may lie in another interval or in none.
    """

    jobs: tuple[Job, ...]
    start: str
    end: str | None
    end_included: bool
    n: float | None
    total_size: float | None

    def holds(self, date: str) -> bool | None:
        """Return whether an ISO date lies in the interval; None where it is too coarse to tell ("2024")."""
        return _holds(self.start, self.end, self.end_included, date)


def _holds(start: str, end: str | None, end_included: bool, date: str) -> bool | None:
    """Return whether an interval holds a date, None where it holds only a part of its year, month or day."""
    first, last = (_inside(start, end, end_included, moment) for moment in _span(date))
    if first == last:
        # Both ends of a year may lie outside of an interval that lies inside of the year.
        return None if not first and start.startswith(date) and len(date) < len(start) else first
    return None


def _inside(start: str, end: str | None, end_included: bool, moment: str) -> bool:
    if moment[: len(start)] < start:
        return False
    if end is None:
        return True
    return moment[: len(end)] <= end if end_included else moment < end


def _span(date: str) -> tuple[str, str]:
    """Return the first and the last second of a year, month or day in UTC; another date stands for itself.

    >>> _span("2024-02")
    ('2024-02-01T00:00:00Z', '2024-02-29T23:59:59Z')
    """
    if len(date) not in (4, 7, 10):
        return date, date
    year, month = date[:4], date[5:7]
    last_month = month or "12"
    days = calendar.monthrange(int(year), int(last_month))[1]
    first, last = date[8:] or "01", date[8:] or f"{days:02}"
    return f"{year}-{month or '01'}-{first}T00:00:00Z", f"{year}-{last_month}-{last}T23:59:59Z"


def retrainings(jobs: Sequence[Job]) -> list[Retraining]:
    """Return the re-training intervals of one model, given its re-training and inference jobs.

    An interval is as the re-training job says (interval_start, interval_end); what it does not say is its own
    start and the start of the model's next re-training. Jobs of one interval belong together; where they give
    different numbers of inferences, n is unknown.
    """
    training = [job for job in jobs if job.phase == "retraining"]
    serving = [job for job in jobs if job.phase == "inference"]
    starts = sorted({_start(job) for job in training})
    groups: dict[tuple[str, str | None, bool], list[Job]] = {}
    for job in training:
        following = [start for start in starts if start > _start(job)]
        given = job.interval_end is not None
        end = job.interval_end if given else following[0] if following else None
        groups.setdefault((_start(job), end, given), []).append(job)
    placed = len(groups) < 2 or all(job.started_at is not None for job in serving)
    made = []
    for (start, end, given), members in sorted(
        groups.items(), key=lambda group: (group[0][0], group[0][1] or "")
    ):
        numbers = {job.inferences for job in members if job.inferences is not None}
        n = numbers.pop() if len(numbers) == 1 else None
        held = [x.started_at is None or _holds(start, end, given, x.started_at) for x in serving]
        inside = [job for job, there in zip(serving, held, strict=True) if there]
        size = _total_size(inside) if placed and None not in held else None
        made.append(Retraining(tuple(members), start, end, given, n, size))
    return made


def _total_size(jobs: list[Job]) -> float | None:
    sizes = [job.size for job in jobs]
    return None if not sizes or None in sizes else sum(size for size in sizes if size is not None)


def _start(job: Job) -> str:
    return job.interval_start or job.started_at or ""

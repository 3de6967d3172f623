"""Jobs on procrastinate: PostgreSQL is the queue, and any number of processes work."""

from certcore.adapters.procrastinate.queue import ProcrastinateJobs
from certcore.adapters.procrastinate.worker import Worker

__all__ = ["ProcrastinateJobs", "Worker"]

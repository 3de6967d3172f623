"""Measuring: what a job costs beside its floor, the least work that leaves the same rows, taken in the same run."""

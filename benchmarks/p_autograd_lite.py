"""These workloads under the names that a comparison driver with one adapter a library asks for."""

from benchmarks.ours import WORKLOADS

__all__ = ["WORKLOADS", "configure"]


def configure(name: str, threads: int) -> None:
    """Nothing to set: BLAS reads the number of threads from the environment."""

"""What a worker counts: the catalogue of its metrics, and the registry that they are exposed from."""

from streams.metrics.worker import Metrics

__all__ = ["Metrics"]

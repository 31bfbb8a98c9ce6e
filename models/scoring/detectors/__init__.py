"""Detectors: what says how odd a vector, a value or a population is. The score contract stands in `base`."""

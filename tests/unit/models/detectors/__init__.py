"""Detectors over vectors, values and populations."""

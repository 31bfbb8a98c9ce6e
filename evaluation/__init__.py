"""How good the detectors are: fleets, faults put into them, what was found, and detectors side by side."""

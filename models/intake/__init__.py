"""What is let in: event time, and the checks a block must pass."""

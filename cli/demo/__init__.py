"""`meterwatch demo`: real meters through a real Kafka, faults injected and found.

`run` tells the story; `feed` is what is sent, `kafka` and `embedded` are the two ways it goes, `seen` is what came of
it, `screen` shows that while it runs and `report` when it is over.
"""

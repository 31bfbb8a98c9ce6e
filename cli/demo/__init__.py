"""`meterwatch demo`: real meters through a real Kafka, faults injected and found.

`run` tells the story. `feed` is what is sent; `kafka` (as a `guest`, on a cluster that is not its own) and `embedded`
are the two ways it goes; `seen` is what came of it; `screen` shows that while it runs, `report` when it is over.
"""

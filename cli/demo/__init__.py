"""`meterwatch demo`: a town, or real meters, through a real Kafka; faults injected and found, and acted on.

`run` tells the story. What is played is a `Show`: `town` makes one, `real` another. `feed` is what is sent of it;
`kafka` (as a `guest`, on a cluster that is not its own; with `worker` and `receiving` beside it) and `embedded` are the
two ways it goes; `seen` is what came of it; `screen` shows that while it runs, `report` when it is over, and `checks`
says whether it was good enough.
"""

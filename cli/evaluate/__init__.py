"""`meterwatch evaluate`: labelled data replayed and judged, made, or detectors held against each other.

`labelled` has the story; `request` what is asked for, `record` makes plain values of what a replay wrote, `screen`
shows the figures; `contest` is detectors side by side.
"""

"""`meterwatch replay`: files in, files out, the same pipeline as the agents, no Kafka.

`run` tells the story; `files` and `columns` read any table, `readings` and `reference` the inputs of the contract,
`lanes` cuts readings into blocks a partition, `output` and `summary` write the folder.
"""

"""Systems that receive our actions, each a consumer with a group of its own: the samples that real teams start from.

At-least-once in, effect once: what was done is in a journal, committed before the offset. One page each in
`docs/receivers/`.
"""

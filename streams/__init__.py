"""The thin shell around the models: Faust app, agents, topics, codecs, state store, publishing, metrics."""

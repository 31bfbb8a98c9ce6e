"""Faust's agents, a screen each."""

"""The world outside: households, weather, head-ends, and the faults that are injected into them."""

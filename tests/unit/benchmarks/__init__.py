"""The benchmarks measure what they say, on something small."""

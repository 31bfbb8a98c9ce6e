"""The words everything else is written in: columns, times, qualities, units, causes, ids."""

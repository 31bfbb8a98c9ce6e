"""What Meterwatch knows and decides: pure functions over arrays and plain values, without I/O, clock or environment."""

"""What several tests build their input and hold their output with."""

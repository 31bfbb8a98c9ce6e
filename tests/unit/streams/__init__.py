"""The shell, with fakes where Kafka would be."""

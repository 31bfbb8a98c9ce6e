"""The contracts with the world outside: topics and files."""

"""How fast, against what, by one command."""

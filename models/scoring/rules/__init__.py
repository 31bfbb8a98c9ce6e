"""The rule catalogue, a module a commodity and one for data."""

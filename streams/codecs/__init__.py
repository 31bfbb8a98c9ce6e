"""Bytes on the wire to columns, one module a format."""

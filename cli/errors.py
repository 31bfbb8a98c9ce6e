"""What the command line says when it is handed something it cannot work with."""

from models.domain.errors import MeterwatchError


class UnusableError(MeterwatchError):
    """An argument or file that cannot be used: one line that says which, where, and what to do. Exit code 2."""

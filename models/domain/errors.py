"""What can be raised on purpose. Bad data is never raised, see `models.domain.blocks.Rejected`.

MeterwatchError
+- PolicyError     a policy file that cannot be used: names the key, what was allowed and what was got
+- VersionError    state written with another layout
"""


class MeterwatchError(Exception):
    """Anything we say ourselves, in one line that tells what to do."""


class PolicyError(MeterwatchError):
    """A policy that cannot be used."""


class VersionError(MeterwatchError):
    """State of another layout than this program's."""

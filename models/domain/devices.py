"""What a meter's own events mean to us, by their IEC 61968-9 codes `type.domain.sub-domain.event`."""

from typing import Final

TAMPER, OUTAGE, RESTORED, OTHER = range(4)
_MEANING: Final = {
    "12.43.257": TAMPER,  # tamper detected
    "12.141.212": TAMPER,  # cover opened
    "12.66.242": TAMPER,  # strong magnetic field
    "12.6.219": TAMPER,  # reverse run
    "26.0.85": OUTAGE,  # primary power failed
    "26.0.216": RESTORED,  # primary power restored
}
"""By domain, sub-domain and event, whatever kind of device says it. Source: detection rules; IEC 61968-9 annex E."""


def meaning_of(code: str) -> int:
    """TAMPER, OUTAGE, RESTORED, or OTHER for what changes nothing here."""
    return _MEANING.get(code.strip().partition(".")[2], OTHER)

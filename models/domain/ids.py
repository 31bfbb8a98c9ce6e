"""Identifiers that come out the same however often a reading is read again."""

import uuid
from typing import Final

from models.domain.times import to_text

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:meterwatch:anomaly")


def anomaly_id(meter_id: str, family: str, opened: int) -> str:
    """UUIDv5 of (meter, problem family, start of the interval that opened it, in microseconds), for life."""
    return str(uuid.uuid5(_NAMESPACE, f"{meter_id}\x1f{family}\x1f{to_text(opened)}"))


def event_id(anomaly: str, sequence: int) -> str:
    """``ce_id`` of one line in the life of an anomaly: a consumer drops what it has seen and still gets updates."""
    return str(uuid.uuid5(uuid.UUID(anomaly), str(sequence)))


def murmur2(key: bytes) -> int:
    """MurmurHash2 of a key as Kafka's Java client computes it, a non-negative 31-bit integer."""
    length = len(key)
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ length) & mask
    for at in range(0, length - length % 4, 4):
        k = int.from_bytes(key[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    tail = key[length - length % 4 :]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def partition_of(meter_id: str, partitions: int) -> int:
    """The partition of `ami.readings` that a meter belongs to: part of the contract, checked by the worker."""
    return murmur2(meter_id.encode()) % partitions

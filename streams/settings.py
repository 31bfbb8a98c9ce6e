"""What a worker can be told. Plain values; only `cli` knows where they come from."""

import pathlib
import socket
from typing import Annotated, Final, Self

import pydantic

MOST_DISTRICTS: Final = 200
"""More labels than that are no help to anyone."""
Seconds = Annotated[float, pydantic.Field(gt=0)]
Count = Annotated[int, pydantic.Field(gt=0)]


class Topics(pydantic.BaseModel):
    """Names of the topics this program reads and writes, see docs/operating.md."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    readings: str = "ami.readings"
    meters: str = "ami.meters"
    anomalies: str = "ami.anomalies"
    dead_letters: str = "ami.readings.dlq"
    meter_events: str = "ami.meter-events"
    accounts: str = "cis.accounts"
    context: str = "cis.context"
    outcomes: str = "field.outcomes"
    decisions: str = "billing.decisions"
    groups: str = "meterwatch.groups"
    cases: str = "meterwatch.cases"
    work_orders: str = "field.work-orders"
    notifications: str = "customer.notifications"
    holds: str = "billing.holds"
    audit: str = "ami.audit"
    labels: str = "sim.labels"
    """The simulator's ground truth; workers do not read it."""
    state: str = "meterwatch.state"
    """Changelog of the partitions' state."""
    state_groups: str = "meterwatch.state.groups"
    state_cases: str = "meterwatch.state.cases"


class Settings(pydantic.BaseModel):
    """One worker. Workers with the same `app_id` share the partitions of `ami.readings`."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    app_id: str = "meterwatch"
    """Consumer group."""
    bootstrap_servers: str = "localhost:9092"
    """host:port, several with commas between them."""
    instance_id: str = pydantic.Field(default_factory=lambda: f"{socket.gethostname()}-1")
    """Static membership: a worker that comes back under its old name within the session timeout keeps its partitions.
    Two workers of a group must not share it."""
    topics: Topics = Topics()
    partitions: Count = 8
    """Of `ami.readings`, and so of every topic of ours."""
    replication: Count = 1

    state_dir: pathlib.Path = pathlib.Path("build/state")
    """Local snapshots; may be lost at any time, the changelog has it all."""
    snapshot_every_s: Seconds = 180

    batch_messages: Count = 1000
    """A batch closes at so many messages ..."""
    batch_wait_s: Seconds = 0.1
    """... or after so long."""
    record_batch_bytes: Count = 512 * 1024
    """Size of one record batch to Kafka."""

    max_message_bytes: Count = 256 * 1024
    """Larger messages on `ami.readings` are dead letters `too_large`."""
    parked_blocks: Count = 10_000
    """Blocks of unknown meters a partition keeps ..."""
    parked_bytes: Count = 16 * 1024 * 1024
    """... and their bytes; what comes when it is full is a dead letter at once."""

    mark_every_s: Seconds = 300
    """Event time between two marks of a partition: how late the stages across meters hear that nothing more comes."""
    tick_after_s: Annotated[float, pydantic.Field(ge=0)] = 60
    """Without a record for so long event time moves on by itself; 0 = never, as where time is made to run faster."""

    session_timeout_s: Seconds = 10
    heartbeat_s: Seconds = 3
    commit_every_s: Seconds = 0.5
    request_timeout_s: Seconds = 60
    """How long a broker may be away before the worker gives up and exits."""
    stalled_after_s: Seconds = 120
    """With lag and no progress for so long the worker exits, so that whoever started it starts it again."""

    affairs_every_s: Seconds = 15
    """How often open cases, losses, episodes and actions are counted for `/metrics`."""
    districts: Annotated[int, pydantic.Field(gt=0, le=MOST_DISTRICTS)] = 20
    """Transformers or water districts that metrics tell apart."""
    input_stopped_after_s: Seconds = 3600
    """A partition of readings with known meters and no record for so long counts as stopped."""
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, pydantic.Field(ge=0, le=65_535)] | None = None
    """`/livez`, `/readyz`, `/metrics`; 0 = any free port, none = no server."""

    @pydantic.model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.heartbeat_s * 3 > self.session_timeout_s:
            raise ValueError(
                f"heartbeat_s {self.heartbeat_s:g} is more than a third of session_timeout_s {self.session_timeout_s:g}"
            )
        if self.session_timeout_s > self.request_timeout_s:
            raise ValueError("session_timeout_s is longer than request_timeout_s")
        return self

"""Topics for the time of a demo. On a cluster that is not its own it is a guest and takes everything with it."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

from streams import topics
from streams.settings import Settings


@contextlib.asynccontextmanager
async def at(settings: Settings, groups: Sequence[str], *, guest: bool) -> AsyncIterator[None]:
    """The topics of `settings` exist inside; after it a guest's are gone, and so are its consumer groups."""
    try:
        await topics.create(settings)
        yield
    finally:
        if guest:
            await topics.delete(settings)
            for group in groups:
                with contextlib.suppress(KafkaError):  # without offsets and members brokers forget it by themselves
                    await _forget(group, settings.bootstrap_servers)


async def _forget(group: str, bootstrap_servers: str) -> None:
    """A static member stays in its group until its session ends: it is taken out, so that the group can go at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(group)
        (described,) = await admin.describe_consumer_groups([group], coordinator)
        for member in described.to_object()["groups"][0]["members"]:
            await admin._send_request(LeaveGroupRequest(group, member["member_id"]), coordinator)
        await admin._send_request(DeleteGroupsRequest([group]), coordinator)
    finally:
        await admin.close()

"""Topics for the time of a demo. On a cluster that is not its own it is a guest and takes everything with it."""

import contextlib
from collections.abc import AsyncIterator

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

from streams import topics
from streams.settings import Settings


@contextlib.asynccontextmanager
async def at(settings: Settings, *, guest: bool) -> AsyncIterator[None]:
    """The topics of `settings` exist inside; after it a guest's are gone, and so is the consumer group."""
    try:
        await topics.create(settings)
        yield
    finally:
        if guest:
            await topics.delete(settings)
            with contextlib.suppress(KafkaError):  # without offsets and members brokers forget a group by themselves
                await _forget_group(settings)


async def _forget_group(settings: Settings) -> None:
    """A static member stays in its group until its session ends: it is taken out, so that the group can go at once."""
    admin, group = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers), settings.app_id
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(group)
        (described,) = await admin.describe_consumer_groups([group], coordinator)
        for member in described.to_object()["groups"][0]["members"]:
            await admin._send_request(LeaveGroupRequest(group, member["member_id"]), coordinator)
        await admin._send_request(DeleteGroupsRequest([group]), coordinator)
    finally:
        await admin.close()

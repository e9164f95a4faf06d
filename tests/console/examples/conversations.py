"""Conversations that tests look at."""

from __future__ import annotations

from uuid import UUID

from gateway.kernel.database import driver
from gateway.notices import Asked, Taken
from gateway.outbox.carriers import InboundText

from ..world import World, example


async def reachable(world: World, at: int) -> str:
    """The account at this place among those of the first district that a text reaches."""
    async with world.database.connection() as connection:
        rows = await connection.fetch(
            """SELECT a.account_no FROM account a WHERE a.account_no = ANY($1::text[]) AND 1 = (
                 SELECT count(*) FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
                 WHERE l.account_id = a.id AND p.line = 'mobile' AND p.state = 'active'
                   AND l.state IN ('unverified', 'verified')
                   AND 1 = (SELECT count(*) FROM contact_link o WHERE o.contact_point_id = p.id))
               ORDER BY a.account_no""",
            world.accounts["东湖区"],
        )
    found: str = rows[at]["account_no"]
    return found


async def written_to(world: World, account_no: str, text: str) -> UUID:
    """A text to the account that has gone out."""
    async with world.database.session() as session:
        connection = await driver(session)
        asked = Asked(template="announcement", values={"text": text}, account_no=account_no)
        (taken,) = await world.house.acceptor.accept(connection, [asked], now=world.clock.now())
        assert isinstance(taken, Taken)
        await connection.execute(
            "UPDATE message SET state = 'sent', sent_at = $2 WHERE id = $1 AND state = 'queued'",
            taken.id,
            world.clock.now(),
        )
        await session.commit()
    return taken.id


async def said(world: World, account_no: str, text: str) -> UUID:
    """Something that the account's default contact said; read and acted on."""
    async with world.database.connection() as connection:
        number = await connection.fetchval(
            """SELECT p.address FROM contact_link l JOIN account a ON a.id = l.account_id
               JOIN contact_point p ON p.id = l.contact_point_id
               WHERE a.account_no = $1 AND p.line = 'mobile' ORDER BY l.is_default DESC LIMIT 1""",
            account_no,
        )
    key = f"SM-{account_no}-{len(world.made)}"
    world.made[key] = account_no
    heard = InboundText(carrier_id=key, sender=number, recipient="+8695598", text=text, raw={"Body": [text]})
    async with world.database.connection() as connection, connection.transaction():
        await world.house.intake.put(connection, heard, channel="sms")
    await world.house.reader.round()
    async with world.database.connection() as connection:
        found: UUID = await connection.fetchval("SELECT id FROM inbound WHERE carrier_id = $1", key)
    return found


@example("/conversations/{account_no}")
async def one(world: World) -> str:
    account = await reachable(world, 0)
    if "conversation" not in world.made:
        world.made["conversation"] = await written_to(world, account, "明天检修，请留意。")
        await said(world, account, "收到，谢谢")
    return f"/conversations/{account}"

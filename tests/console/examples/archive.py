"""Accounts, numbers and customers that tests look at: of the first district."""

from __future__ import annotations

from ..world import World, example


@example("/accounts/{no}")
async def account(world: World) -> str:
    return f"/accounts/{world.accounts['东湖区'][0]}"


@example("/numbers/{id}")
async def number(world: World) -> str:
    async with world.database.connection() as connection:
        found = await connection.fetchval(
            """SELECT l.contact_point_id FROM contact_link l JOIN account a ON a.id = l.account_id
               WHERE a.account_no = $1 ORDER BY l.id LIMIT 1""",
            world.accounts["东湖区"][0],
        )
    return f"/numbers/{found}"


@example("/customers/{id}")
async def customer(world: World) -> str:
    async with world.database.connection() as connection:
        found = await connection.fetchval(
            "SELECT customer_id FROM account WHERE account_no = $1", world.accounts["东湖区"][0]
        )
    return f"/customers/{found}"

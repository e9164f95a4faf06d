"""过户: noting that a file gives an account another holder.

What was written down for the holder before says little about the new one (domain notes §5.1). Another spelling of
the name, or a firm that goes by another name, is no transfer.
"""

from __future__ import annotations

from typing import Final

from gateway.archive.importing.kinds import Run
from gateway.archive.names import is_group, same_person
from gateway.kernel.database import Work

# The day on which the utility changed the account, where the file says it, else that of the import.
_CHANGED: Final = """
SELECT a.id, a.holder_name, s.holder_name,
       least($1, CASE WHEN s.updated_on > coalesce(a.updated_on, '-infinity')
                      THEN s.updated_on::timestamp AT TIME ZONE $2 END)
FROM staged_account s JOIN account a ON a.id = s.account_id
WHERE s.holder_name <> '' AND s.holder_name <> a.holder_name
"""


async def note(work: Work, run: Run) -> None:
    """Write down the transfers among the accounts that are staged, before they take their new names."""
    changed = [
        row
        for row in await work.fetch(_CHANGED, run.now, run.zone.key)
        if not same_person(row[1], row[2]) and not (is_group(row[1]) and is_group(row[2]))
    ]
    if changed:
        await work.execute(
            """INSERT INTO account_transfer (account_id, from_name, to_name, at, import_id)
               SELECT *, $5::uuid FROM unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[])""",
            *(list(column) for column in zip(*changed, strict=True)),
            run.import_id,
        )

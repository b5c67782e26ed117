"""The floor: what one turn costs when nothing but its SQL and its hops is done (bare asyncio, psycopg and redis)."""

"""Calls functions through asyncpg, which takes only values of the types that
the server tells it. Reads a JSON array of [query, parameters] from its argument
and prints a line for each: its rows, or the error's SQLSTATE. libpq's
environment variables say where the server is."""

import asyncio
import json
import sys

import asyncpg


async def main():
    connection = await asyncpg.connect()
    try:
        for query, parameters in json.loads(sys.argv[1]):
            try:
                rows = await connection.fetch(query, *parameters)
                print(";".join("|".join(map(str, row.values())) for row in rows))
            except asyncpg.PostgresError as error:
                print("error", error.sqlstate)
    finally:
        await connection.close()


asyncio.run(main())

"""Calls m2m through psycopg 3, which sends numbers and lists with a type and
strings without. Reads a JSON array of [query, parameters] from its argument
and prints the rows of each answer as a line of JSON. libpq's environment
variables say where the server is.
"""

import json
import sys

import psycopg

with psycopg.connect(autocommit=True) as connection:
    for query, parameters in json.loads(sys.argv[1]):
        rows = connection.execute(query, parameters).fetchall()
        print(json.dumps(rows, separators=(",", ":")))

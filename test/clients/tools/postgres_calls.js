// The same as asyncpg_calls.py, with postgres.js.
"use strict";

const postgres = require("postgres");

async function main() {
  const sql = postgres({
    host: process.env.PGHOST,
    port: process.env.PGPORT,
    database: process.env.PGDATABASE,
    username: process.env.PGUSER,
    max: 1,
  });

  try {
    for (const [query, parameters] of JSON.parse(process.argv[2])) {
      try {
        const rows = await sql.unsafe(query, parameters).values();

        console.log(rows.map((row) => row.join("|")).join(";"));
      } catch (error) {
        if (!error.code) throw error;
        console.log("error", error.code);
      }
    }
  } finally {
    await sql.end();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

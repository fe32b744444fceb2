// Calls m2m through node-postgres, which sends every parameter without a type
// and a JavaScript array as '{…}'. Reads a JSON array of [query, parameters]
// from its argument and prints the rows of each answer as a line of JSON.
// libpq's environment variables say where the server is.
"use strict";

const { Client } = require("pg");

async function main() {
  const client = new Client();

  await client.connect();
  try {
    for (const [text, values] of JSON.parse(process.argv[2])) {
      const { rows } = await client.query({ text, values, rowMode: "array" });
      console.log(JSON.stringify(rows));
    }
  } finally {
    await client.end();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

// Has PostGraphile 4, with its plugin for many-to-many relations, build its
// schema on a database and answer the GraphQL documents of a JSON array, the
// program's argument; prints a line of JSON for each. libpq's environment
// variables say where the server is.
"use strict";

const {
  createPostGraphileSchema,
  withPostGraphileContext,
} = require("postgraphile");
const { default: PgManyToManyPlugin } = require("@graphile-contrib/pg-many-to-many");
const { graphql } = require("graphql");
const { Pool } = require("pg");

async function main() {
  const pgPool = new Pool();

  try {
    const schema = await createPostGraphileSchema(pgPool, "public", {
      appendPlugins: [PgManyToManyPlugin],
    });
    for (const source of JSON.parse(process.argv[2])) {
      const answer = await withPostGraphileContext({ pgPool }, (contextValue) =>
        graphql({ schema, source, contextValue }));
      console.log(JSON.stringify(answer));
    }
  } finally {
    await pgPool.end();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

// drizzle-kit's settings: libpq's environment variables say where the server
// is, $DRIZZLE_OUT where `pull` puts what it finds, $DRIZZLE_SCHEMA what
// `push` is to bring about.
"use strict";

module.exports = {
  dialect: "postgresql",
  out: process.env.DRIZZLE_OUT,
  schema: process.env.DRIZZLE_SCHEMA,
  verbose: true,
  dbCredentials: {
    host: process.env.PGHOST,
    port: Number(process.env.PGPORT),
    user: process.env.PGUSER,
    database: process.env.PGDATABASE,
    ssl: false,
  },
};

// Has PostGraphile 4, with its plugin for many-to-many relations, serve a
// database over HTTP and answer the GraphQL documents of a JSON array, the
// program's argument; prints a line of JSON for each. libpq's environment
// variables say where the database is.
"use strict";

const http = require("http");
const { postgraphile } = require("postgraphile");
const { default: PgManyToManyPlugin } = require("@graphile-contrib/pg-many-to-many");
const { Pool } = require("pg");
const { answer } = require("../graphql.js");

const pool = new Pool();

answer(
  http.createServer(
    postgraphile(pool, "public", {
      appendPlugins: [PgManyToManyPlugin],
      disableQueryLog: true,
      dynamicJson: true,
      graphiql: false,
    })),
  () => pool.end());

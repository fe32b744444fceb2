// The same as postgraphile4.js, with PostGraphile 5.
import http from "http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import pg from "pg";
import graphql from "../graphql.js";

// Debian's Node is older than PostGraphile asks for; this is all it lacks.
Promise.withResolvers ??= function () {
  const deferred = {};
  deferred.promise = new this((resolve, reject) =>
    Object.assign(deferred, { resolve, reject }));
  return deferred;
};

const pool = new pg.Pool();
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  grafserv: { graphiql: false },
  pgServices: [makePgService({ pool, schemas: ["public"] })],
});
const server = http.createServer();

await instance.createServ(grafserv).addTo(server);
await graphql.answer(server, async () => {
  await instance.release();
  await pool.end();
});

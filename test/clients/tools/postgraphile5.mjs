// The same as postgraphile4.js, with PostGraphile 5.
import { makeSchema } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafast } from "postgraphile/grafast";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import pg from "pg";

// Debian's Node is older than PostGraphile asks for; this is all it lacks.
Promise.withResolvers ??= function () {
  const deferred = {};
  deferred.promise = new this((resolve, reject) =>
    Object.assign(deferred, { resolve, reject }));
  return deferred;
};

const pool = new pg.Pool();

try {
  const { schema, resolvedPreset } = await makeSchema({
    extends: [PostGraphileAmberPreset],
    pgServices: [makePgService({ pool, schemas: ["public"] })],
  });
  for (const source of JSON.parse(process.argv[2])) {
    const answer = await grafast({ schema, source, resolvedPreset, requestContext: {} });
    console.log(JSON.stringify(answer));
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await pool.end();
}

// Lets an HTTP server listen on a port of this machine, sends it the GraphQL
// documents of a JSON array, the program's argument, prints a line of JSON for
// each answer, and ends.
"use strict";

exports.answer = async function (server, end) {
  try {
    await new Promise((resolve, reject) =>
      server.on("error", reject).listen(0, "127.0.0.1", resolve));
    for (const query of JSON.parse(process.argv[2])) {
      const response = await fetch(`http://127.0.0.1:${server.address().port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      console.log(JSON.stringify(await response.json()));
    }
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    server.close();
    server.closeAllConnections();
    await end();
  }
};

// An application with TypeORM whose entities are author and book, with
// author_book between them. Its arguments are what it is to do, in this order;
// prints a line of JSON for each:
//   synchronize  brings the schema to the entities; the statements it took
//   find         all authors with their books
//   drop         drops all that is in the schema
// libpq's environment variables say where the server is.
"use strict";

const { DataSource, EntitySchema } = require("typeorm");

const Author = new EntitySchema({
  name: "Author",
  tableName: "author",
  columns: {
    id: { type: "int", primary: true },
    name: { type: "text" },
  },
  relations: {
    books: {
      type: "many-to-many",
      target: "Book",
      inverseSide: "authors",
      joinTable: {
        name: "author_book",
        joinColumn: { name: "author_id" },
        inverseJoinColumn: { name: "book_id" },
      },
    },
  },
});

const Book = new EntitySchema({
  name: "Book",
  tableName: "book",
  columns: {
    id: { type: "int", primary: true },
    title: { type: "text" },
  },
  relations: {
    authors: { type: "many-to-many", target: "Author", inverseSide: "books" },
  },
});

const source = new DataSource({
  type: "postgres",
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  username: process.env.PGUSER,
  database: process.env.PGDATABASE,
  entities: [Author, Book],
});

const actions = {
  async synchronize() {
    const { upQueries } = await source.driver.createSchemaBuilder().log();

    await source.synchronize();
    return upQueries.map(({ query }) => query);
  },
  async find() {
    return source.getRepository(Author).find({
      relations: { books: true },
      order: { id: "ASC", books: { id: "ASC" } },
    });
  },
  async drop() {
    await source.dropDatabase();
    return "dropped";
  },
};

async function main() {
  await source.initialize();
  try {
    for (const action of process.argv.slice(2)) {
      console.log(JSON.stringify(await actions[action]()));
    }
  } finally {
    await source.destroy();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

// The endpoints as an application that says nothing of the relationship would
// have them, and a column that the database has not.
import { integer, pgTable, text } from "drizzle-orm/pg-core";

export const author = pgTable("author", {
  id: integer().primaryKey(),
  name: text().notNull(),
  born: integer(),
});

export const book = pgTable("book", {
  id: integer().primaryKey(),
  title: text().notNull(),
});

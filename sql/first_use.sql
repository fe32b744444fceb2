-- First use makes nothing beside what is there: where a join table could have
-- been meant, m2m_link asks, and m2m_create says so.
\set SHOW_CONTEXT never
CREATE SCHEMA first_use;
SET search_path = first_use, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE tag (id int PRIMARY KEY);
INSERT INTO author VALUES (1, 'Ann'), (2, 'Ben'); INSERT INTO book VALUES (1, 'one'), (2, 'two'); INSERT INTO tag VALUES (1);

-- A join table under a name that m2m would not have given it
CREATE TABLE authorship (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
INSERT INTO authorship VALUES (1, 1);
SELECT m2m_link('author', 1, 'book', 1);
SELECT m2m_link('book', 1, 'author', 1);
SELECT * FROM m2m_load('author', 'book', 'SELECT 1, 1');
-- other calls find none, and make none, as ever
SELECT m2m_unlink('author', 1, 'book', 1);
SELECT m2m_set('author', 1, 'book', '{1}');
SELECT m2m_link('author', 1, 'book', 1, via => 'authorship');
SET m2m.auto_create = off;
SELECT m2m_link('author', 1, 'book', 1);
RESET m2m.auto_create;
-- m2m_create goes ahead, and says it
BEGIN;
SELECT m2m_create('author', 'book');
SELECT m2m_create('author', 'book', if_not_exists => true);
SELECT m2m_link('author', 2, 'book', 1);
TABLE authorship;
ROLLBACK;
-- either of the two calls that the hint names is the end of it
BEGIN;
SELECT m2m_adopt('first_use.authorship');
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', 2, 'book', 1);
TABLE authorship;
ROLLBACK;
-- Several
CREATE TABLE edits (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, at timestamptz NOT NULL);
CREATE TABLE reads (author_id int REFERENCES author, book_id int REFERENCES book, tag_id int REFERENCES tag);
SELECT m2m_link('author', 1, 'book', 1);
SET m2m.auto_adopt = on;
SELECT m2m_link('author', 1, 'book', 1);
SET m2m.auto_adopt = off;
DROP TABLE edits, reads;

-- What is no choice: a required column, one to many, an entity that others refer
-- to, a table of a relationship, a guess
DROP TABLE authorship;
CREATE TABLE stock (author_id int REFERENCES author, book_id int REFERENCES book, n int NOT NULL, PRIMARY KEY (author_id, book_id));
CREATE TABLE credit (author_id int REFERENCES author, book_id int REFERENCES book, job text, PRIMARY KEY (author_id, book_id, job));
CREATE TABLE third (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, tag_id int NOT NULL REFERENCES tag);
CREATE TABLE favourite (author_id int PRIMARY KEY REFERENCES author, book_id int NOT NULL REFERENCES book);
CREATE TABLE contract (id serial PRIMARY KEY, author_id int REFERENCES author, book_id int REFERENCES book);
CREATE TABLE clause (contract_id int REFERENCES contract);
CREATE TABLE author_books_unsaid (author_id int, book_id int);
BEGIN;
SELECT m2m_link('author', 1, 'book', 1);
SELECT association FROM m2m_relationships();
ROLLBACK;
DROP TABLE stock, credit, third, favourite, clause, contract, author_books_unsaid;
-- a self-relationship needs two keys to one table
CREATE TABLE fan (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
BEGIN;
SELECT m2m_link('author', 1, 'author', 2);
SELECT association FROM m2m_relationships();
ROLLBACK;
DROP TABLE fan;
CREATE TABLE follows (a int REFERENCES author, b int REFERENCES author, PRIMARY KEY (a, b));
SELECT m2m_link('author', 1, 'author', 2);
DROP TABLE follows;

-- Whose it is: a stranger's table is nobody's choice, and adopts nothing
CREATE ROLE regress_m2m_shop; CREATE ROLE regress_m2m_stranger; CREATE ROLE regress_m2m_user;
GRANT ALL ON SCHEMA first_use TO PUBLIC;
ALTER TABLE author OWNER TO regress_m2m_shop; ALTER TABLE book OWNER TO regress_m2m_shop;
GRANT REFERENCES, SELECT ON author, book TO PUBLIC;
SET ROLE regress_m2m_stranger;
CREATE TABLE trap (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
SELECT m2m_link('author', 1, 'book', 1);
RESET ROLE;
BEGIN;
SET LOCAL m2m.auto_adopt = on;
SET LOCAL ROLE regress_m2m_user;
SELECT m2m_link('author', 1, 'book', 1);
SELECT association, owner FROM m2m_relationships();
ROLLBACK;
-- the owner's own is, with his rights
SET ROLE regress_m2m_shop;
CREATE TABLE authorship (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
GRANT ALL ON authorship TO regress_m2m_user;
RESET ROLE;
SET ROLE regress_m2m_user;
SELECT m2m_link('author', 1, 'book', 1);
RESET ROLE;
BEGIN;
SET LOCAL m2m.auto_adopt = on;
SET LOCAL ROLE regress_m2m_user;
SELECT m2m_link('author', 1, 'book', 1);
SELECT association, left_view, owner FROM m2m_relationships();
SELECT relowner::regrole FROM pg_class WHERE oid = 'author_books'::regclass;
SELECT current_user;
ROLLBACK;
-- but not for who could not link there
REVOKE ALL ON authorship FROM regress_m2m_user;
BEGIN;
SET LOCAL m2m.auto_adopt = on;
SET LOCAL ROLE regress_m2m_user;
SELECT m2m_link('author', 1, 'book', 1);
ROLLBACK;
GRANT ALL ON authorship TO regress_m2m_user;
-- nor where its owner may make no views
REVOKE CREATE ON SCHEMA first_use FROM PUBLIC;
BEGIN;
SET LOCAL m2m.auto_adopt = on;
SET LOCAL ROLE regress_m2m_user;
SELECT m2m_link('author', 1, 'book', 1);
ROLLBACK;
DROP TABLE authorship, trap;

-- A partition in place of its table
CREATE TABLE paper (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE paper_1 PARTITION OF paper FOR VALUES IN (1) PARTITION BY LIST (id);
CREATE TABLE paper_1_1 PARTITION OF paper_1 FOR VALUES IN (1);
INSERT INTO paper VALUES (1);
SELECT m2m_link('author', 1, 'paper_1_1', 1);
SELECT m2m_link('paper_1', 1, 'author', 1);
SELECT m2m_link('author', 1, 'paper', 1);
-- also with the table's relationship there; unless one was made for it
SELECT m2m_link('author', 1, 'paper_1_1', 1);
SELECT m2m_create('author', 'paper_1_1');
SELECT m2m_link('author', 1, 'paper_1_1', 1);

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA first_use CASCADE;
DROP ROLE regress_m2m_shop, regress_m2m_stranger, regress_m2m_user;
SELECT count(*) FROM m2m_relationships();

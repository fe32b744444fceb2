--
-- Order where policies hide links: calls give those that the caller sees the order
-- that they say, among each other; what he does not see stays where it is
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_order_policies;
SET search_path = rule_order_policies, public;
CREATE ROLE rule_order_policies_clerk;
GRANT USAGE ON SCHEMA rule_order_policies TO rule_order_policies_clerk;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO book SELECT generate_series(1, 99);
CREATE TABLE dense (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
SELECT m2m_create('author', 'book');
SELECT m2m_adopt('dense', left_view => 'dense_of', right_view => 'dense_to');
SELECT m2m_order('author_book', 'author', 'place'), m2m_order('dense', 'author', 'place', dense => true);
GRANT SELECT ON author, book TO rule_order_policies_clerk;
-- no right to update, none on the position
GRANT SELECT (author_id, book_id), INSERT, DELETE ON author_book, dense TO rule_order_policies_clerk;
SELECT m2m_link('author', 1, 'book', ARRAY[2, 50, 1, 60, 3], via => v) FROM unnest('{author_book,dense}'::text[]) v;
ALTER TABLE author_book ENABLE ROW LEVEL SECURITY;
ALTER TABLE dense ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON author_book USING (book_id < 50);
CREATE POLICY p ON dense USING (book_id < 50);
CREATE VIEW lists AS
	SELECT 'author_book' AS association, string_agg(book_id::text, ' ' ORDER BY place, book_id), count(DISTINCT place) = count(*) AS apart FROM author_book WHERE author_id = 1
	UNION ALL SELECT 'dense', string_agg(book_id || '@' || place, ' ' ORDER BY place, book_id), count(DISTINCT place) = count(*) FROM dense WHERE author_id = 1;
TABLE lists;
SET ROLE rule_order_policies_clerk;
SELECT v, m2m_set('author', 1, 'book', ARRAY[3, 2, 1], via => v) FROM unnest('{author_book,dense}'::text[]) v;
RESET ROLE;
TABLE lists;
-- new ones, and links that go
SET ROLE rule_order_policies_clerk;
SELECT v, m2m_set('author', 1, 'book', ARRAY[7, 3, 6, 1], via => v) FROM unnest('{author_book,dense}'::text[]) v;
RESET ROLE;
TABLE lists;
SET ROLE rule_order_policies_clerk;
SELECT v, m2m_link('author', 1, 'book', ARRAY[20, 10, 15], via => v) FROM unnest('{author_book,dense}'::text[]) v;
RESET ROLE;
TABLE lists;
-- one of those that he names, and does not see
SET ROLE rule_order_policies_clerk;
SELECT m2m_set('author', 1, 'book', ARRAY[60, 1, 3], via => 'author_book');
SELECT m2m_set('author', 1, 'book', ARRAY[60, 1, 3], via => 'dense');
RESET ROLE;
TABLE lists;
SELECT * FROM m2m_check() WHERE severity = 'error';
DROP SCHEMA rule_order_policies CASCADE;
DROP ROLE rule_order_policies_clerk;

-- Statements are kept as plans for each set of columns, but not for ever more of
-- them: links with properties come with any of these, and a session stays.
SET client_min_messages = warning;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 400);
INSERT INTO book VALUES (1);
SELECT m2m_create('author', 'book');
ALTER TABLE author_book ADD c0 int, ADD c1 int, ADD c2 int, ADD c3 int, ADD c4 int, ADD c5 int, ADD c6 int, ADD c7 int, ADD c8 int;
-- each call in a transaction of its own, with a set of columns of its own
CREATE PROCEDURE link_each(sets int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. sets LOOP
        PERFORM m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
            FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0));
        COMMIT;
    END LOOP;
END
$$;
CALL link_each(400);
SELECT count(*), count(c0), count(c8), sum(c0) FROM author_book;
SELECT count(*) BETWEEN 200 AND 300 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
-- in one transaction none is prepared twice, and as many outlast it
BEGIN;
SELECT sum(m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
    FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0))) FROM generate_series(1, 400) i;
SELECT count(*) AS plans FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%' \gset
SELECT sum(m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
    FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0))) FROM generate_series(1, 400) i;
SELECT count(*) <= :plans AS same FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
COMMIT;
SELECT count(*) BETWEEN 200 AND 300 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
-- the description goes, and its plans with it
ALTER TABLE author_book DROP c8;
SELECT m2m_link('author', 1, 'book', 1, properties => '{"c0": 7}');
SELECT count(*) < 20 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';

-- Many more are made while a call further up the stack is executing one
CREATE FUNCTION link_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        FOR i IN 1 .. 255 LOOP
            PERFORM m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, -i)
                FROM generate_series(0, 7) b WHERE i & (1 << b) <> 0));
        END LOOP;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER others AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION link_others();
DELETE FROM author_book WHERE author_id IN (399, 400);
SELECT m2m_link('author', ARRAY[399, 400], 'book', 1, properties => '{"c1": 1}');
SELECT count(*), sum(c0), sum(c1) FROM author_book;
SELECT m2m_drop('author_book');
DROP PROCEDURE link_each;
DROP FUNCTION link_others;
DROP TABLE author, book;

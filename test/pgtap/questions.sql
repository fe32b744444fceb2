-- questions.sql: m2m_counts, m2m_related and m2m_reach against what plain SQL
-- says of the same links. If a test here fails, a number is wrong, a row is
-- missing or is there twice, or something is shown that the caller may not see.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.7);

-- Rows as text, in order; or the error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; all_rows text := '';
BEGIN
	FOR r IN EXECUTE sql LOOP all_rows := concat_ws(' ', nullif(all_rows, ''), r::text); END LOOP;
	RETURN all_rows;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE tag (ns text, name text, PRIMARY KEY (ns, name));
INSERT INTO book SELECT n, 'book ' || n FROM generate_series(1, 80) n;
INSERT INTO tag SELECT 'ns' || n % 3, 'tag ' || n FROM generate_series(1, 20) n;
SELECT m2m_create('book', 'tag') \g /dev/null
INSERT INTO book_tag SELECT id, ns, name FROM book, tag WHERE id < 75 AND name < 'tag 9' AND random() + 0 * id < 4.0 / length(name) / length(name);

-- the same links with doubles and nulls in a table without keys
CREATE TABLE loose (book_id int REFERENCES book, ns text, name text, FOREIGN KEY (ns, name) REFERENCES tag);
INSERT INTO loose SELECT * FROM book_tag UNION ALL (SELECT * FROM book_tag ORDER BY book_id LIMIT 20);
INSERT INTO loose VALUES (1, NULL, NULL), (1, 'ns1', NULL), (NULL, 'ns1', 'tag 1');
SELECT m2m_adopt('loose') \g /dev/null

SELECT is((SELECT jsonb_object_agg((r.row).id, links) FROM m2m_counts(NULL::book, 'tag', via => 'book_tag') r),
	(SELECT jsonb_object_agg(id, (SELECT count(*) FROM book_tag WHERE book_id = id)) FROM book), 'counts');
SELECT is((SELECT jsonb_object_agg((r.row)::text, links) FROM m2m_counts(NULL::tag, 'book', via => 'book_tag') r),
	(SELECT jsonb_object_agg(tag::text, (SELECT count(*) FROM book_tag b WHERE (b.tag_ns, b.tag_name) = (ns, name))) FROM tag), 'counts, several key columns');
SELECT is((SELECT jsonb_object_agg((r.row).id, links) FROM m2m_counts(NULL::book, 'tag', via => 'loose') r),
	(SELECT jsonb_object_agg(id, (SELECT count(*) FROM loose WHERE book_id = id AND name IS NOT NULL)) FROM book), 'counts of links that are there twice');

CREATE FUNCTION related(b int) RETURNS TABLE (id int, shared bigint, jaccard float8) LANGUAGE sql AS $$
	WITH x AS (SELECT id, ARRAY(SELECT tag_name FROM book_tag WHERE book_id = id) AS has FROM book),
		y AS (SELECT x.id, (SELECT count(*) FROM unnest(x.has) h WHERE h = ANY (m.has)) AS shared, x.has, m.has AS mine
			FROM x, x m WHERE m.id = b AND x.id <> b)
	SELECT id, shared, shared::float8 / (cardinality(has) + cardinality(mine) - shared) FROM y WHERE shared > 0
$$;
SELECT is(result(format('SELECT (f.row).id, shared, jaccard FROM m2m_related(NULL::book, %s, %L, via => %L) f', b, 'tag', via)),
	result(format('SELECT * FROM related(%s) ORDER BY shared DESC, jaccard DESC, id', b)), format('related to %s via %s', b, via))
	FROM generate_series(1, 80, 7) b, (VALUES ('book_tag'), ('loose')) v (via);
SELECT is(result(format('SELECT (f.row).id, shared, jaccard FROM m2m_related(NULL::book, %L, %L, max_rows => %s, via => %L) f', b, 'tag', n, 'book_tag')),
	result(format('SELECT * FROM related(%s) ORDER BY shared DESC, jaccard DESC, id LIMIT %s', b, n)), format('the first %s related to %s', n, b))
	FROM generate_series(2, 80, 9) b, (VALUES (0), (1), (5), (1000)) v (n);
SELECT is((SELECT count(*) FROM m2m_related(NULL::tag, ROW('ns1', 'tag 1'), 'book', via => 'book_tag')),
	(SELECT count(DISTINCT b.tag_name) FROM book_tag a JOIN book_tag b USING (book_id) WHERE a.tag_name = 'tag 1' AND b.tag_name <> 'tag 1'), 'related, several key columns');

-- Steps along links
CREATE TABLE node (id bigint PRIMARY KEY, name text);
INSERT INTO node SELECT n, 'node ' || n FROM generate_series(1, 60) n;
SELECT m2m_create('node', 'node', 'edge', left_role => 'from', right_role => 'to') \g /dev/null
INSERT INTO edge SELECT a.id, b.id FROM node a, node b WHERE random() + 0 * (a.id + b.id) < 0.03;
CREATE FUNCTION reached(n int, out_too bool, in_too bool, most int) RETURNS TABLE (id bigint, depth int) LANGUAGE sql AS $$
	WITH RECURSIVE arrow (a, b) AS (SELECT from_id, to_id FROM edge WHERE out_too UNION SELECT to_id, from_id FROM edge WHERE in_too),
		r (id, depth) AS (SELECT n::bigint, 0 UNION SELECT b, depth + 1 FROM r JOIN arrow ON a = r.id WHERE depth < most)
	SELECT id, min(depth) FROM r WHERE id <> n GROUP BY id
$$;
SELECT is((SELECT string_agg(format('%s:%s', (f.row).id, f.depth), ' ' ORDER BY f.depth, (f.row).id) FROM m2m_reach(NULL::node, n, direction => way, max_depth => most) f),
	(SELECT string_agg(format('%s:%s', id, depth), ' ' ORDER BY depth, id) FROM reached(n, way <> 'in', way <> 'out', coalesce(most, 30))),
	format('reached from %s, %s, by %s', n, way, coalesce(most::text, 'any number')))
	FROM generate_series(1, 60, 6) n, (VALUES ('in'), ('out'), ('both')) v (way), (VALUES (0), (1), (3), (NULL)) w (most);
SELECT is((SELECT count(*) FROM m2m_reach(NULL::node, 1, direction => 'both') f WHERE (f.path)[1] <> '1' OR (f.path)[depth + 1] <> (f.row).id::text OR cardinality(path) <> depth + 1), 0::bigint, 'paths go from the row to what is reached');
SELECT is((SELECT count(*) FROM m2m_reach(NULL::node, 1) f, generate_series(1, f.depth) i
	WHERE NOT EXISTS (SELECT FROM edge WHERE from_id = (f.path)[i]::bigint AND to_id = (f.path)[i + 1]::bigint)), 0::bigint, 'by links');
SELECT ok((SELECT max(depth) > 3 FROM m2m_reach(NULL::node, 1)), 'and some way');

-- A key of several columns, and links with doubles
CREATE TABLE place (x int, y text, PRIMARY KEY (x, y));
INSERT INTO place SELECT n, 'y' FROM generate_series(1, 5) n;
CREATE TABLE road (ax int, ay text, bx int, b_y text, FOREIGN KEY (ax, ay) REFERENCES place, FOREIGN KEY (bx, b_y) REFERENCES place);
INSERT INTO road VALUES (1, 'y', 2, 'y'), (1, 'y', 2, 'y'), (2, 'y', 3, 'y'), (3, 'y', 1, 'y'), (3, 'y', NULL, 'y'), (3, 'y', 4, 'y');
SELECT m2m_adopt('road', left_columns => '{ax,ay}', right_columns => '{bx,b_y}') \g /dev/null
SELECT is(result($$SELECT * FROM m2m_reach(NULL::place, ROW(1, 'y'))$$),
	$$("(2,y)",1,"{""(1,y)"",""(2,y)""}") ("(3,y)",2,"{""(1,y)"",""(2,y)"",""(3,y)""}") ("(4,y)",3,"{""(1,y)"",""(2,y)"",""(3,y)"",""(4,y)""}")$$, 'reached, several key columns');

-- Rows that are marked instead of deleted are no links
CREATE TABLE shelf (id int PRIMARY KEY);
INSERT INTO shelf SELECT generate_series(1, 4);
CREATE TABLE lending (shelf_id int REFERENCES shelf, book_id int REFERENCES book, deleted_at timestamptz, PRIMARY KEY (shelf_id, book_id));
INSERT INTO lending VALUES (1, 1, NULL), (1, 2, now()), (2, 1, now()), (3, 1, NULL), (3, 2, NULL);
SELECT m2m_adopt('lending', deleted => 'deleted_at') \g /dev/null
SELECT is(result(question), answer, question) FROM (VALUES
	($$SELECT id FROM m2m_find(NULL::shelf, 'book', all_of => 1)$$, '(1) (3)'),
	($$SELECT id FROM m2m_find(NULL::shelf, 'book', none_of => 2)$$, '(1) (2) (4)'),
	($$SELECT id FROM m2m_find(NULL::shelf, 'book', exactly => 1)$$, '(1)'),
	($$SELECT id FROM m2m_find(NULL::shelf, 'book', at_least => 1)$$, '(1) (3)'),
	($$SELECT (f.row).id, links FROM m2m_counts(NULL::shelf, 'book') f ORDER BY 1$$, '(1,1) (2,0) (3,2) (4,0)'),
	($$SELECT (f.row).id, shared, jaccard FROM m2m_related(NULL::shelf, 1, 'book') f$$, '(3,1,0.5)')) v (question, answer);
CREATE TABLE way (node_id bigint REFERENCES node, to_id bigint REFERENCES node, gone boolean NOT NULL DEFAULT false, PRIMARY KEY (node_id, to_id));
INSERT INTO way VALUES (1, 2, false), (2, 3, true), (1, 4, false), (4, 5, false);
SELECT m2m_adopt('way', deleted => 'gone') \g /dev/null
SELECT is(result($$SELECT (f.row).id, depth FROM m2m_reach(NULL::node, 1, via => 'way') f$$), '(2,1) (4,1) (5,2)', 'nor do they lead on');
SELECT m2m_drop('way') \g /dev/null

-- Keys that are equal and not the same
CREATE TABLE stop (id numeric PRIMARY KEY);
INSERT INTO stop VALUES (1), (2), (3);
CREATE TABLE leg (stop_id numeric REFERENCES stop, to_id numeric REFERENCES stop, PRIMARY KEY (stop_id, to_id));
INSERT INTO leg VALUES (1.0, 2.0), (2, 3), (3, 1), (3, 2);
SELECT m2m_adopt('leg') \g /dev/null
SELECT is(result($$SELECT (f.row).id, depth FROM m2m_reach(NULL::stop, 1.00) f$$), '(2,1) (3,2)', 'a cycle ends where it began, however that was written');

-- A column of both keys
CREATE TABLE member (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE team (tenant int, id int, PRIMARY KEY (tenant, id));
INSERT INTO member SELECT t, i FROM generate_series(1, 2) t, generate_series(1, 3) i;
INSERT INTO team SELECT t, i FROM generate_series(1, 2) t, generate_series(1, 3) i;
SELECT m2m_create('member', 'team', left_columns => '{tenant,member_id}', right_columns => '{tenant,team_id}') \g /dev/null
INSERT INTO member_team VALUES (1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1);
SELECT is(result(question), answer, question) FROM (VALUES
	($$SELECT * FROM m2m_find(NULL::member, 'team', all_of => ARRAY[ROW(1,1), ROW(1,2)])$$, '(1,1)'),
	($$SELECT * FROM m2m_find(NULL::member, 'team', all_of => ARRAY[ROW(1,1), ROW(2,1)])$$, ''),
	($$SELECT * FROM m2m_find(NULL::member, 'team', any_of => ARRAY[ROW(1,2), ROW(2,1)])$$, '(1,1) (2,1)'),
	($$SELECT f.row::text, links FROM m2m_counts(NULL::team, 'member') f WHERE links > 0 ORDER BY 1$$, '("(1,1)",2) ("(1,2)",1) ("(2,1)",1)'),
	($$SELECT f.row::text, shared FROM m2m_related(NULL::member, ROW(1, 1), 'team') f$$, '("(1,2)",1)')) v (question, answer);

-- Errors
SELECT is(result(call), answer, call) FROM (VALUES
	($$SELECT * FROM m2m_reach(NULL::node, 1, direction => 'up')$$, '22023: direction must be "out", "in" or "both"'),
	($$SELECT * FROM m2m_reach(NULL::node, 1, max_depth => -1)$$, '22023: max_depth must be at least 0'),
	($$SELECT * FROM m2m_reach(NULL::node, NULL::int)$$, '22004: id of table "node" must not be null'),
	($$SELECT * FROM m2m_reach(NULL::book, 1)$$, '42704: no relationship between "book" and "book"'),
	($$SELECT * FROM m2m_counts(NULL::book, 'tag')$$, '42P08: several relationships between "book" and "tag"'),
	($$SELECT * FROM m2m_counts(1, 'tag')$$, '42809: the first argument must be of a table''s row type'),
	($$SELECT * FROM m2m_related(NULL::book, ARRAY[1,2], 'tag', via => 'book_tag')$$, '22023: one id of table "book" is needed here, not an array')) v (call, answer);
SELECT is(result($$SELECT * FROM m2m_reach(NULL::node, 1000)$$), '', 'from a row that is not there');
SELECT is(result($$SELECT * FROM m2m_related(NULL::book, 1000, 'tag', via => 'loose')$$), '', 'related to one');

-- What the caller may not see
CREATE ROLE m2m_test_asker;
GRANT SELECT ON node, book, tag, book_tag TO m2m_test_asker;
SET ROLE m2m_test_asker;
SELECT is(result($$SELECT * FROM m2m_reach(NULL::node, 1)$$), '42501: permission denied for table edge', 'links of which nothing may be read');
RESET ROLE;
GRANT SELECT ON edge TO m2m_test_asker;
TRUNCATE edge;
INSERT INTO edge VALUES (1, 2), (2, 3), (1, 4), (4, 5), (5, 3);
ALTER TABLE node ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_2 ON node USING (id <> 2);
ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_1 ON tag USING (name <> 'tag 1');
SET ROLE m2m_test_asker;
SELECT is(result($$SELECT (f.row).id, depth FROM m2m_reach(NULL::node, 1) f$$), '(4,1) (5,2) (3,3)', 'a row that is hidden leads nowhere');
SELECT is((SELECT sum(links) FROM m2m_counts(NULL::book, 'tag', via => 'book_tag')), (SELECT count(*)::numeric FROM book_tag WHERE tag_name <> 'tag 1'), 'links to hidden rows do not count');
SELECT is((SELECT count(*) FROM m2m_related(NULL::book, 1, 'tag', via => 'book_tag')),
	(SELECT count(DISTINCT b.book_id) FROM book_tag a JOIN book_tag b USING (tag_name) WHERE a.book_id = 1 AND b.book_id <> 1 AND tag_name <> 'tag 1'), 'nor are they shared');
RESET ROLE;
-- who is hidden takes no place among the first
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_books ON book USING (id = 1 OR id % 4 = 0);
SET ROLE m2m_test_asker;
SELECT is(result(format($$SELECT (f.row).id, shared FROM m2m_related(NULL::book, 1, 'tag', via => 'book_tag', max_rows => %s) f$$, n)),
	result(format($$SELECT (f.row).id, shared FROM m2m_related(NULL::book, 1, 'tag', via => 'book_tag') f LIMIT %s$$, n)), 'the first ' || n || ' of those that are seen') FROM unnest('{1,3,9}'::int[]) n;
RESET ROLE;
ALTER TABLE book DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON tag FROM m2m_test_asker;
SET ROLE m2m_test_asker;
SELECT is(result($$SELECT * FROM m2m_counts(NULL::book, 'tag', via => 'book_tag')$$), '42501: permission denied for table tag', 'nothing of the other table may be read');
RESET ROLE;
DROP OWNED BY m2m_test_asker;
DROP ROLE m2m_test_asker;

SELECT * FROM finish();

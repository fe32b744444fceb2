-- symmetric.sql: links without a direction, over keys of all sorts, by both
-- write paths and by hand. If a test here fails, a link is there in one
-- direction only, or counted twice, or the two paths do not agree.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.25);

-- What a statement returns, as text, or its error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; all_rows text := '';
BEGIN
	FOR r IN EXECUTE sql LOOP all_rows := concat_ws(' ', nullif(all_rows, ''), r::text); END LOOP;
	RETURN all_rows;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- A random call, for two relationships that are to be the same: one with %s for
-- the name of its association.
CREATE FUNCTION random_call(v text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a text := quote_literal(v[1 + floor(random() * cardinality(v))]);
	b text := quote_literal(v[1 + floor(random() * cardinality(v))]);
	many text := (SELECT 'ARRAY[' || string_agg(quote_literal(e), ',') || ']' FROM (SELECT e FROM unnest(v) e ORDER BY random() LIMIT 1 + floor(random() * 4)) e);
	more text := (SELECT 'ARRAY[' || string_agg(quote_literal(e), ',') || ']' FROM (SELECT e FROM unnest(v) e ORDER BY random() LIMIT 3) e);
	three text := (SELECT 'ARRAY[' || string_agg(quote_literal(e), ',') || ']' FROM (SELECT e FROM unnest(v) e ORDER BY random() LIMIT 3) e);
BEGIN
	-- arrays of text are arrays of ids only where they say so
	many := many || '::text[]'; more := more || '::text[]'; three := three || '::text[]';
	RETURN CASE floor(random() * 12)
		WHEN 0 THEN format('SELECT m2m_link(''node'', %s::text, ''node'', %s::text, via => %%1$L)', a, b)
		WHEN 1 THEN format('SELECT m2m_link(''node'', %s::text, ''node'', %s, via => %%1$L)', a, many)
		WHEN 2 THEN format('SELECT m2m_link(''node'', %s, ''node'', %s, via => %%1$L, role => ''friend'')', more, three)
		WHEN 3 THEN format('SELECT m2m_unlink(''node'', %s::text, ''node'', %s::text, via => %%1$L)', a, b)
		WHEN 4 THEN format('SELECT m2m_unlink(''node'', %s::text, ''node'', %s, via => %%1$L)', a, many)
		WHEN 5 THEN format('SELECT m2m_set(''node'', %s::text, ''node'', %s, via => %%1$L)', a, many)
		WHEN 6 THEN format('SELECT m2m_set(''node'', %s::text, ''node'', %s, via => %%1$L, role => ''friend'')', a, more)
		WHEN 7 THEN format('SELECT m2m_toggle(''node'', %s::text, ''node'', %s::text, via => %%1$L)', a, b)
		WHEN 8 THEN format('SELECT m2m_clear(''node'', %s::text, ''node'', via => %%1$L)', a)
		WHEN 9 THEN format('SELECT m2m_clear(''node'', %s, ''node'', via => %%1$L)', more)
		WHEN 10 THEN format('SELECT m2m_linked(''node'', %s::text, ''node'', %s::text, via => %%1$L), m2m_count(''node'', %s::text, ''node'', via => %%1$L)', a, b, a)
		ELSE format('SELECT m2m_unlink(''node'', %s, ''node'', %s, via => %%1$L)', more, three)
	END;
END
$$;

-- One table with keys v, of columns key, and relationships that take one path
-- each: the direct path, the general path, the general path with link
-- properties. What they return, and hold, has to be the same, and each link
-- there in both directions.
CREATE FUNCTION check_key(label text, columns text, key text, v text[], calls int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	call text; direct text; general text; noted text; before bigint; after bigint; n int := 0;
	links text := (SELECT string_agg('node_' || c || ',friend_' || c, ',') FROM unnest(string_to_array(key, ',')) c);
	one text := (SELECT string_agg('node_' || c, ',') FROM unnest(string_to_array(key, ',')) c);
	other text := (SELECT string_agg('friend_' || c, ',') FROM unnest(string_to_array(key, ',')) c);
	wrong text[] := '{}';
	alone bigint;
BEGIN
	EXECUTE format('CREATE TABLE node (%s, PRIMARY KEY (%s))', columns, key);
	FOR i IN 1 .. cardinality(v) LOOP
		EXECUTE format('INSERT INTO node SELECT (r).* FROM (SELECT %s AS r) q', CASE WHEN key LIKE '%,%' THEN quote_literal(v[i]) || '::node' ELSE 'ROW(' || quote_literal(v[i]) || ')::node' END);
	END LOOP;
	PERFORM m2m_create('node', 'node', name => n_, symmetrical => true, right_role => 'friend', left_view => n_ || '_view') FROM unnest('{direct,general,noted}'::text[]) n_;
	ALTER TABLE noted ADD COLUMN note text DEFAULT 'x', ADD COLUMN mark uuid DEFAULT gen_random_uuid();
	FOR i IN 1 .. calls LOOP
		call := random_call(v);
		SET m2m.direct_path = on;
		direct := result(format(call, 'direct'));
		SET m2m.direct_path = off;
		general := result(format(call, 'general'));
		noted := result(format(call, 'noted'));
		IF (direct, direct) IS DISTINCT FROM (general, noted) THEN
			wrong := wrong || format('%s: %s, %s, %s', call, direct, general, noted);
		END IF;
		EXECUTE format('SELECT count(*) FROM ((TABLE direct EXCEPT TABLE general) UNION ALL (TABLE general EXCEPT TABLE direct) UNION ALL (TABLE direct EXCEPT SELECT %s FROM noted) UNION ALL (SELECT %1$s FROM noted EXCEPT TABLE direct)) d',
			one || ',' || other) INTO n;
		EXECUTE format('SELECT count(*) FROM noted a WHERE NOT EXISTS (SELECT FROM noted b WHERE (a.%s) = (b.%s) AND (a.%s) = (b.%s) AND a.note = b.note AND a.mark = b.mark)',
			replace(one, ',', ',a.'), replace(other, ',', ',b.'), replace(other, ',', ',a.'), replace(one, ',', ',b.')) INTO alone;
		IF n > 0 OR alone > 0 THEN
			wrong := wrong || format('%s: %s differ, %s alone', call, n, alone);
			EXIT;
		END IF;
	END LOOP;
	RESET m2m.direct_path;
	SET CONSTRAINTS ALL IMMEDIATE;
	RETURN NEXT is(wrong, '{}', label || ': calls by both paths do the same, in both directions');
	RETURN NEXT is((SELECT count(*) FROM m2m_check()), 0::bigint, label || ': nothing to be found');
	DROP TABLE node, direct, general, noted CASCADE;
END
$$;

SELECT check_key('int', 'id int', 'id', '{1,2,3,4,5,6}', 400);
SELECT check_key('bigint', 'id bigint', 'id', '{-5,2,3000000000,4,5}', 200);
SELECT check_key('text', 'id text', 'id', '{a,B,"c d","''",é,"{1}"}', 300);
SELECT check_key('uuid', 'id uuid', 'id', '{00000000-0000-0000-0000-000000000001,f0000000-0000-0000-0000-000000000002,00000000-0000-0000-0000-000000000003,a0000000-0000-0000-0000-000000000004}', 200);
SELECT check_key('numeric', 'id numeric', 'id', '{1.0,2,3.50,-4}', 200);
SELECT check_key('date', 'id date', 'id', '{2020-01-01,2021-01-01,1999-12-31,2000-01-01}', 100);
SELECT check_key('composite', 'a int, b text', 'a,b', '{"(1,x)","(1,y)","(2,x)","(2,z)","(3,x)"}', 300);

SELECT * FROM finish();

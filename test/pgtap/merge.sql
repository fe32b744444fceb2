-- merge.sql: m2m_merge and m2m_copy against what sets say, over keys of all sorts
-- of types, by both write paths, with and without properties, from either side,
-- and within one table. If a test here fails, a link or its properties are lost,
-- doubled or invented when rows are merged or their links copied.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.13);

-- The nth value of a type.
CREATE FUNCTION value(type text, n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE type
		WHEN 'text' THEN (ARRAY['a', '(1,2)', 'b "c"', '{1,2}', 'it''s', 'é\', ' ', 'NULL'])[1 + n % 8]
		WHEN 'uuid' THEN format('00000000-0000-0000-0000-%s', lpad(n::text, 12, '0'))
		WHEN 'date' THEN (date '2024-01-01' + n)::text
		WHEN 'numeric' THEN (n / 2.0)::text
		WHEN 'int[]' THEN format('{%s,0}', n)
		WHEN 'word' THEN 'w' || n
		ELSE n::text END
$$;
CREATE DOMAIN word AS varchar(20) CHECK (VALUE <> '');

-- How many rows a query has, or an error.
CREATE FUNCTION report(sql text) RETURNS TABLE (association text, role text, n bigint, dropped bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE sql;
END
$$;

-- Rows of one table, l, merged at random, or links copied; what is amiss. Links
-- are compared as text with those computed from what was there before.
CREATE FUNCTION check_key(type text, swapped boolean, rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	keys text[] := ARRAY(SELECT value(type, n) FROM generate_series(0, 7) n);
	froms text[]; into_id text; is_copy boolean; said text; expected text;
BEGIN
	DROP TABLE IF EXISTS l, r, pairs, notes, jobs, self CASCADE;
	EXECUTE format('CREATE TABLE l (id %s PRIMARY KEY)', type);
	CREATE TABLE r (id int PRIMARY KEY);
	INSERT INTO r SELECT generate_series(1, 9);
	EXECUTE CASE WHEN swapped THEN 'SELECT m2m_create(''r'', ''l'', ''pairs'')' ELSE 'SELECT m2m_create(''l'', ''r'', ''pairs'')' END;
	EXECUTE format('CREATE TABLE notes (l_id %1$s REFERENCES l ON DELETE CASCADE, r_id int REFERENCES r, note text, PRIMARY KEY (l_id, r_id))', type);
	EXECUTE format('CREATE TABLE jobs (l_id %1$s NOT NULL REFERENCES l ON DELETE CASCADE, r_id int NOT NULL REFERENCES r, job int, fee int, UNIQUE NULLS NOT DISTINCT (l_id, r_id, job))', type);
	PERFORM m2m_adopt('notes', left_view => 'n_l', right_view => 'n_r'), m2m_adopt('jobs', left_view => 'j_l', right_view => 'j_r'), m2m_create('l', 'l', 'self');
	FOR round IN 1 .. rounds LOOP
		TRUNCATE pairs, notes, jobs, self;
		EXECUTE format('INSERT INTO l SELECT k::%s FROM unnest($1) k ON CONFLICT DO NOTHING', type) USING keys;
		INSERT INTO pairs (l_id, r_id) SELECT l.id, r.id FROM l, r WHERE random() < 0.4;
		INSERT INTO notes SELECT l.id, r.id, format('%s of %s', r.id, l.id) FROM l, r WHERE random() < 0.4;
		INSERT INTO jobs SELECT l.id, r.id, nullif(j, 3), random() * 100 FROM l, r, generate_series(1, 3) j WHERE random() < 0.2;
		INSERT INTO self SELECT a.id, b.id FROM l a, l b WHERE random() < 0.3;
		CREATE TEMP TABLE was ON COMMIT DROP AS
			SELECT 'pairs' AS t, l_id::text AS a, r_id::text AS b, '' AS kind, '' AS note FROM pairs
			UNION ALL SELECT 'notes', l_id::text, r_id::text, '', note FROM notes
			UNION ALL SELECT 'jobs', l_id::text, r_id::text, coalesce(job::text, '-'), fee::text FROM jobs
			UNION ALL SELECT 'self', from_l_id::text, to_l_id::text, '', '' FROM self;
		is_copy := random() < 0.3;
		froms := ARRAY(SELECT k FROM unnest(keys) k ORDER BY random() LIMIT CASE WHEN is_copy THEN 1 ELSE 1 + floor(random() * 4) END);
		into_id := keys[1 + floor(random() * 8)];
		PERFORM set_config('m2m.direct_path', CASE WHEN random() < 0.5 THEN 'on' ELSE 'off' END, true);
		IF is_copy THEN
			SELECT string_agg(format('%s %s %s', association, role, n), ', ' ORDER BY association, role) INTO said
				FROM report(format('SELECT association::text, role_name, copied, 0::bigint FROM m2m_copy(''l'', %L::%s, ''l'', %L)', froms[1], type, into_id));
		ELSE
			SELECT string_agg(format('%s %s %s %s', association, role, n, dropped), ', ' ORDER BY association, role) INTO said
				FROM report(format('SELECT association::text, role, moved, dropped FROM m2m_merge(''l'', %L::text[], %L)', froms, into_id));
		END IF;
		CREATE TEMP TABLE now ON COMMIT DROP AS
			SELECT 'pairs' AS t, l_id::text AS a, r_id::text AS b, '' AS kind, '' AS note FROM pairs
			UNION ALL SELECT 'notes', l_id::text, r_id::text, '', note FROM notes
			UNION ALL SELECT 'jobs', l_id::text, r_id::text, coalesce(job::text, '-'), fee::text FROM jobs
			UNION ALL SELECT 'self', from_l_id::text, to_l_id::text, '', '' FROM self;
		IF is_copy THEN
			CREATE TEMP TABLE due ON COMMIT DROP AS
				SELECT DISTINCT ON (t, a, b, kind) t, a, b, kind, note FROM (
					SELECT *, 0 AS o FROM was
					UNION ALL SELECT t, into_id, b, kind, note, 1 FROM was WHERE t <> 'self' AND a = froms[1]
					UNION ALL SELECT t, CASE WHEN a = froms[1] THEN into_id ELSE a END, CASE WHEN b = froms[1] THEN into_id ELSE b END, kind, note, 1
						FROM was WHERE t = 'self' AND froms[1] IN (a, b) AND (a = b OR into_id NOT IN (a, b))) x ORDER BY t, a, b, kind, o;
		ELSE
			-- the row that stays first, then as given
			CREATE TEMP TABLE due ON COMMIT DROP AS
				SELECT DISTINCT ON (t, a, b, kind) t, a, b, kind, note FROM (
					SELECT t, CASE WHEN a = ANY (froms) THEN into_id ELSE a END AS a, CASE WHEN t = 'self' AND b = ANY (froms) THEN into_id ELSE b END AS b, kind, note,
						CASE WHEN a = into_id THEN 0 ELSE coalesce(array_position(froms, a), 0) END AS o
					FROM was WHERE NOT (t = 'self' AND a <> b AND a = ANY (froms || into_id) AND b = ANY (froms || into_id))) x
				ORDER BY t, a, b, kind, o;
			IF EXISTS (SELECT FROM l WHERE id::text = ANY (array_remove(froms, into_id))) OR (SELECT count(*) FROM l) <> 8 - cardinality(array_remove(froms, into_id)) THEN
				RETURN NEXT format('%s %s into %s: rows are there still, or too many gone', type, froms, into_id);
			END IF;
		END IF;
		RETURN QUERY SELECT format('%s swapped %s, %s %s into %s, direct path %s: %s', type, swapped, CASE WHEN is_copy THEN 'copied' ELSE 'merged' END, froms, into_id, current_setting('m2m.direct_path'), q)
			FROM ((SELECT 'lost: ' || x::text FROM (TABLE due EXCEPT ALL TABLE now) x) UNION ALL (SELECT 'too much: ' || x::text FROM (TABLE now EXCEPT ALL TABLE due) x)) y (q);
		-- what the call says of it
		IF is_copy THEN
			SELECT string_agg(format('%s %s', t, n), ', ' ORDER BY t) INTO expected FROM (SELECT t, (SELECT count(*) FROM due d WHERE d.t = x.t) - (SELECT count(*) FROM was w WHERE w.t = x.t) AS n FROM (VALUES ('pairs'), ('notes'), ('jobs'), ('self')) x (t)) y;
			SELECT string_agg(format('%s %s', t, n), ', ' ORDER BY t) INTO said FROM (SELECT split_part(s, ' ', 1) AS t, sum(split_part(s, ' ', 3)::int) AS n FROM unnest(string_to_array(said, ', ')) s GROUP BY 1) y;
		ELSE
			SELECT string_agg(format('%s %s', t, n), ', ' ORDER BY t) INTO expected FROM (SELECT t, (SELECT count(*) FROM was w WHERE w.t = x.t) - (SELECT count(*) FROM due d WHERE d.t = x.t) AS n FROM (VALUES ('pairs'), ('notes'), ('jobs'), ('self')) x (t)) y;
			SELECT string_agg(format('%s %s', t, n), ', ' ORDER BY t) INTO said FROM (SELECT split_part(s, ' ', 1) AS t, sum(split_part(s, ' ', 4)::int) AS n FROM unnest(string_to_array(said, ', ')) s GROUP BY 1) y;
		END IF;
		IF said IS DISTINCT FROM expected THEN
			RETURN NEXT format('%s %s %s into %s: said %s, and is %s', type, is_copy, froms, into_id, said, expected);
		END IF;
		DROP TABLE was, now, due;
	END LOOP;
END
$$;

SELECT is_empty(format('SELECT check_key(%L, %L, 12)', type, swapped), format('keys of type %s%s', type, CASE WHEN swapped THEN ', on the right' ELSE '' END))
FROM unnest(ARRAY['int', 'bigint', 'smallint', 'text', 'uuid', 'date', 'numeric', 'int[]', 'word']) type, unnest(ARRAY[false, true]) swapped;

-- Every index knows what was moved, at every size of a group, and the heap is sound.
CREATE EXTENSION amcheck;
CREATE TABLE big (id int PRIMARY KEY);
CREATE TABLE tag (id bigint PRIMARY KEY);
INSERT INTO big SELECT generate_series(1, 5000);
INSERT INTO tag SELECT generate_series(1, 9);
SELECT m2m_create('big', 'tag'), m2m_create('tag', 'big', 'turned', left_view => 'turned_bigs', right_view => 'turned_tags') \g /dev/null
INSERT INTO big_tag SELECT b.id, t.id FROM big b, tag t WHERE (b.id * t.id) % 7 < 3;
INSERT INTO turned SELECT tag_id, big_id FROM big_tag;
CREATE TABLE due AS SELECT DISTINCT big_id, CASE WHEN tag_id IN (2, 3, 5) THEN 1 ELSE tag_id END AS tag_id FROM big_tag;
SELECT is(array_agg(format('%s %s', association, moved + dropped) ORDER BY association::text), ARRAY(SELECT format('%s %s', t, (SELECT count(*) FROM turned WHERE tag_id IN (2, 3, 5))) FROM unnest(ARRAY['big_tag', 'turned']) t),
	'many links') FROM (SELECT * FROM m2m_merge('tag', '{5,2,3}', 1)) m;
SET enable_seqscan = off;
SELECT bag_eq('SELECT big_id, tag_id FROM big_tag', 'TABLE due', 'many links are moved, each once');
SELECT bag_eq('SELECT big_id, tag_id FROM turned', 'TABLE due', 'also where the row is on the left');
RESET enable_seqscan;
SELECT lives_ok(format('SELECT bt_index_check(%L, true)', indexrelid::regclass), format('index %s', indexrelid::regclass)) FROM pg_index WHERE indrelid IN ('big_tag'::regclass, 'turned'::regclass);
-- Links of a statement that is still running, whose foreign keys are not checked yet.
SELECT throws_ok('WITH i AS (INSERT INTO big_tag SELECT 0, 6 RETURNING 1) SELECT m2m_merge(''tag'', 6, 1) FROM i', '23503', NULL, 'a link to no row that is moved before its foreign key is checked');
SELECT lives_ok('WITH i AS (INSERT INTO big VALUES (0) RETURNING id), l AS (INSERT INTO big_tag SELECT id, 6 FROM i RETURNING 1) SELECT m2m_merge(''tag'', 6, 1) FROM l', 'to one that the statement has made');
SELECT is_empty('SELECT big_id FROM big_tag EXCEPT SELECT id FROM big', 'no link is to nothing');
SELECT is_empty('SELECT * FROM m2m_check(''big_tag'') UNION ALL SELECT * FROM m2m_check(''turned'')', 'nothing to be found by m2m_check');

SELECT * FROM finish();

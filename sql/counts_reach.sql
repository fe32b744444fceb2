-- m2m_counts and m2m_reach from indexes and by SQL: the same rows, of all kinds
-- of keys, links and rights; and from indexes only where these tell.
CREATE EXTENSION IF NOT EXISTS m2m;
CREATE SCHEMA cr;
SET search_path = cr, public;
SET client_min_messages = warning;
-- VACUUM is to know what is visible
SET synchronous_commit = on;
CREATE ROLE regress_cr_reader;
CREATE ROLE regress_cr_columns;
GRANT USAGE ON SCHEMA cr TO regress_cr_reader, regress_cr_columns;

-- ask(question, index): its rows; whether they are the same by SQL, in the same
-- order if it has one; whether the index was read.
CREATE FUNCTION ask(question text, index regclass, ordered boolean DEFAULT false, as_role text DEFAULT 'none',
	OUT n bigint, OUT same boolean, OUT by_index boolean)
LANGUAGE plpgsql
SET enable_indexscan = off SET enable_indexonlyscan = off SET enable_bitmapscan = off
AS $$
DECLARE
	before bigint := pg_stat_get_xact_numscans(index);
	one text;
	other text;
	q text := format('SELECT count(*), coalesce(string_agg(q::text, E''\n'' ORDER BY %s), '''') FROM (SELECT q, row_number() OVER () AS o FROM (%s) q) q',
		CASE WHEN ordered THEN 'o' ELSE 'q::text' END, question);
BEGIN
	PERFORM set_config('m2m.index_runs', 'on', true), set_config('role', as_role, true);
	EXECUTE q INTO n, one;
	PERFORM set_config('role', 'none', true);
	by_index := pg_stat_get_xact_numscans(index) > before;
	PERFORM set_config('m2m.index_runs', 'off', true), set_config('role', as_role, true);
	EXECUTE q INTO n, other;
	PERFORM set_config('role', 'none', true), set_config('m2m.index_runs', 'on', true);
	same := one = other;
END
$$;

-- integers of all widths, negative ones, rows without links, in no order; others are for SQL
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['smallint', 'integer', 'bigint', 'text', 'numeric'] LOOP
		EXECUTE format('CREATE TABLE %1$s_row (id %1$s PRIMARY KEY, gone int, note text)', t);
		EXECUTE format('CREATE TABLE %s_far (id int PRIMARY KEY)', t);
		EXECUTE format('INSERT INTO %s_row SELECT (i * 37 %% 501 - 250)::%1$s, i, repeat(''x'', i) FROM generate_series(1, 500) i', t);
		EXECUTE format('INSERT INTO %s_far SELECT generate_series(1, 30)', t);
		PERFORM m2m_create((t || '_row')::regclass, (t || '_far')::regclass, t || '_link', 'near', 'far', left_view => t || '_fars', right_view => t || '_rows');
		EXECUTE format('INSERT INTO %1$s_link SELECT r.id, f.id FROM %1$s_row r, %1$s_far f WHERE gone %% (f.id + 3) = 1 AND gone %% 7 <> 0', t);
		EXECUTE format('ALTER TABLE %s_row DROP COLUMN gone, ADD COLUMN late text DEFAULT ''now''', t);
	END LOOP;
END
$$;
VACUUM ANALYZE smallint_link, integer_link, bigint_link, text_link, numeric_link, smallint_row, integer_row, bigint_row, text_row, numeric_row;
SELECT t, side, a.* FROM unnest(ARRAY['smallint', 'integer', 'bigint', 'text', 'numeric']) t, (VALUES ('row', 'far'), ('far', 'row')) s (side, other),
	ask(format('SELECT * FROM m2m_counts(NULL::%s_%s, %L)', t, side, t || '_' || other),
		(SELECT i.indexrelid FROM pg_index i WHERE indrelid = (t || '_link')::regclass
			AND indkey[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = CASE side WHEN 'row' THEN 'near_id' ELSE 'far_id' END)))  a
	ORDER BY t, side;
SELECT sum(links) = (SELECT count(*) FROM integer_link) AS total FROM m2m_counts(NULL::integer_row, 'integer_far');

-- what this and other transactions have changed since VACUUM
BEGIN;
DELETE FROM integer_link WHERE far_id = 1 AND near_id < 0;
INSERT INTO integer_link SELECT id, 30 FROM integer_row ON CONFLICT DO NOTHING;
DELETE FROM integer_row WHERE id BETWEEN 20 AND 30;
UPDATE integer_row SET note = repeat(md5(id::text), 2000) WHERE id BETWEEN 5 AND 9;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey');
DECLARE before CURSOR FOR SELECT sum(links), count(*) FROM m2m_counts(NULL::integer_row, 'integer_far');
SAVEPOINT s;
DELETE FROM integer_link;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey');
FETCH before;
ROLLBACK TO s;
SELECT count(*), sum(links) FROM m2m_counts(NULL::integer_row, 'integer_far');
ROLLBACK;

-- many pages changed: the table is read
UPDATE bigint_link SET far_id = far_id;
ANALYZE bigint_link;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::bigint_row, ''bigint_far'')', 'bigint_link_pkey');
VACUUM ANALYZE bigint_link;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::bigint_row, ''bigint_far'')', 'bigint_link_pkey');

-- rights: of the rows as a whole, of the link column; and policies on each of the three
GRANT SELECT ON integer_row, integer_far, integer_link TO regress_cr_reader;
GRANT SELECT (id) ON integer_row TO regress_cr_columns;
GRANT SELECT ON integer_far, integer_link TO regress_cr_columns;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey', as_role => 'regress_cr_reader');
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey', as_role => 'regress_cr_columns');
GRANT SELECT ON integer_row TO regress_cr_columns;
REVOKE SELECT ON integer_link FROM regress_cr_columns;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey', as_role => 'regress_cr_columns');
CREATE POLICY p ON integer_row USING (id > 0);
CREATE POLICY p ON integer_far USING (id > 5);
CREATE POLICY p ON integer_link USING (far_id <> 9);
DO $$
DECLARE
	t text;
	r record;
BEGIN
	FOREACH t IN ARRAY ARRAY['integer_row', 'integer_far', 'integer_link'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		SELECT * INTO r FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'')', 'integer_link_pkey', as_role => 'regress_cr_reader');
		RAISE WARNING '%: %', t, r;
		EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
	END LOOP;
END
$$;

-- what is no link: nulls of an adopted table, and rows marked as deleted; links that are there twice
CREATE TABLE loose (near int REFERENCES integer_row, far int REFERENCES integer_far);
INSERT INTO loose SELECT near_id, far_id FROM integer_link UNION ALL SELECT near_id, far_id FROM integer_link WHERE far_id = 3;
INSERT INTO loose VALUES (1, NULL), (NULL, 1);
CREATE INDEX loose_near ON loose (near, far);
SELECT m2m_adopt('loose') IS NOT NULL AS adopted;
VACUUM ANALYZE loose;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'', via => ''loose'')', 'loose_near');
DELETE FROM loose WHERE near IS NULL OR far IS NULL;
ALTER TABLE loose ALTER near SET NOT NULL, ALTER far SET NOT NULL;
VACUUM ANALYZE loose;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'', via => ''loose'')', 'loose_near');
CREATE TABLE marked (near int NOT NULL REFERENCES integer_row, far int NOT NULL REFERENCES integer_far, deleted_at timestamptz, PRIMARY KEY (near, far));
INSERT INTO marked SELECT near_id, far_id, CASE WHEN far_id % 2 = 0 THEN now() END FROM integer_link;
SELECT m2m_adopt('marked', deleted => 'deleted_at') IS NOT NULL AS adopted;
VACUUM ANALYZE marked;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::integer_row, ''integer_far'', via => ''marked'')', 'marked_pkey');

-- slots: few links of a row are counted, many are not
SELECT m2m_counter('smallint_link', 'near'), m2m_counter('smallint_link', 'far');
VACUUM ANALYZE smallint_link, smallint_far, smallint_row;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::smallint_row, ''smallint_far'')', 'smallint_link_pkey');
SELECT sum(links) = (SELECT count(*) FROM smallint_link) AS total FROM m2m_counts(NULL::smallint_far, 'smallint_row');

-- counts that would not fit into memory: those of rows that have links, of which
-- there are no more than links, nor than rows where their number is known
CREATE TABLE many_row (id int PRIMARY KEY) WITH (autovacuum_enabled = off);
CREATE TABLE many_far (id int PRIMARY KEY) WITH (autovacuum_enabled = off);
INSERT INTO many_row SELECT generate_series(1, 6000);
INSERT INTO many_far VALUES (1), (2);
SELECT m2m_create('many_row', 'many_far');
ALTER TABLE many_row_many_far SET (autovacuum_enabled = off);
INSERT INTO many_row_many_far SELECT id, 1 + id % 2 FROM many_row;
VACUUM ANALYZE many_row_many_far;
SET work_mem = '64kB'; -- for 4,096 of them
SET hash_mem_multiplier = 1;
SELECT reltuples FROM pg_class WHERE oid = 'many_row'::regclass;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::many_row, ''many_far'')', 'many_row_many_far_pkey');
VACUUM ANALYZE many_row, many_far;
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::many_row, ''many_far'')', 'many_row_many_far_pkey');
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::many_far, ''many_row'')', 'many_row_many_far_many_far_id_many_row_id_idx');
SET work_mem = '128kB';
SELECT * FROM ask('SELECT * FROM m2m_counts(NULL::many_row, ''many_far'')', 'many_row_many_far_pkey');
RESET work_mem;
RESET hash_mem_multiplier;

-- reach: cycles, a row's link to itself, both directions, several links of two rows
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['integer', 'text', 'uuid', 'int[]'] LOOP
		EXECUTE format('CREATE TABLE %I (id %s PRIMARY KEY, gone int, note text)', 'node ' || t, t);
		EXECUTE format('INSERT INTO %I SELECT %s, i, repeat(''x'', i) FROM generate_series(1, 200) i', 'node ' || t,
			CASE t WHEN 'integer' THEN 'i - 100' WHEN 'text' THEN '''n'' || i' WHEN 'uuid' THEN 'md5(i::text)::uuid' ELSE 'ARRAY[i]' END);
		PERFORM m2m_create(format('%I', 'node ' || t)::regclass, format('%I', 'node ' || t)::regclass, 'edge ' || t, 'a', 'b', left_view => 'bs ' || t, right_view => 'as ' || t);
		EXECUTE format('INSERT INTO %I SELECT f.id, t.id FROM %I f, %2$I t WHERE t.gone IN (f.gone * 3 %% 199 + 1, f.gone * 7 %% 200, f.gone - f.gone %% 5)', 'edge ' || t, 'node ' || t);
		EXECUTE format('ALTER TABLE %I DROP COLUMN gone, ADD COLUMN late text DEFAULT ''now''', 'node ' || t);
	END LOOP;
END
$$;
SELECT t, direction, depth, a.* FROM unnest(ARRAY['integer', 'text', 'uuid', 'int[]']) t, unnest(ARRAY['out', 'in', 'both']) direction,
	(VALUES (0), (1), (3), (NULL)) d (depth),
	ask(format('SELECT * FROM m2m_reach(NULL::%I, %L, max_depth => %L, direction => %L)', 'node ' || t,
			CASE t WHEN 'integer' THEN '7' WHEN 'text' THEN 'n7' WHEN 'uuid' THEN md5('7') ELSE '{7}' END, depth, direction),
		(quote_ident('edge ' || t || '_pkey'))::regclass, true) a
	ORDER BY t, direction, depth;
-- rows that are not there, or not visible, lead nowhere
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM "node integer" WHERE id % 10 = 2;
SELECT * FROM ask('SELECT * FROM m2m_reach(NULL::"node integer", 7)', '"edge integer_pkey"', true);
ROLLBACK;
GRANT SELECT ON "node integer", "edge integer" TO regress_cr_reader;
SELECT * FROM ask('SELECT * FROM m2m_reach(NULL::"node integer", 7)', '"edge integer_pkey"', true, 'regress_cr_reader');
CREATE POLICY p ON "node integer" USING (id % 10 <> 2);
CREATE POLICY p ON "edge integer" USING (b_id % 10 <> 3);
ALTER TABLE "node integer" ENABLE ROW LEVEL SECURITY;
SELECT * FROM ask('SELECT * FROM m2m_reach(NULL::"node integer", 7)', '"edge integer_pkey"', true, 'regress_cr_reader');
ALTER TABLE "node integer" DISABLE ROW LEVEL SECURITY;
ALTER TABLE "edge integer" ENABLE ROW LEVEL SECURITY;
SELECT * FROM ask('SELECT * FROM m2m_reach(NULL::"node integer", 7)', '"edge integer_pkey"', true, 'regress_cr_reader');
REVOKE SELECT ON "edge integer" FROM regress_cr_reader;
SELECT * FROM ask('SELECT * FROM m2m_reach(NULL::"node integer", 7)', '"edge integer_pkey"', true, 'regress_cr_reader');

-- lists of keys that are far from each other, and near, by pages
CREATE TABLE wide (id bigint PRIMARY KEY, name text);
CREATE TABLE mark (id int PRIMARY KEY);
INSERT INTO wide SELECT CASE WHEN i < 3000 THEN i WHEN i < 6000 THEN i::bigint * 1000000007 ELSE 9223372036854775807 - i END, 'w' || i FROM generate_series(1, 9000) i;
INSERT INTO wide SELECT -9223372036854775807 + i, 'm' || i FROM generate_series(1, 2000) i;
INSERT INTO mark SELECT generate_series(1, 4);
SELECT m2m_create('wide', 'mark');
INSERT INTO wide_mark SELECT w.id, m.id FROM wide w, mark m WHERE hashint8(w.id) % (m.id * m.id) = 0;
VACUUM ANALYZE wide_mark, wide;
SELECT a.* FROM (VALUES ('all_of => ARRAY[1, 2]'), ('all_of => ARRAY[2, 3, 4]'), ('all_of => ARRAY[1], none_of => ARRAY[2]'),
	('all_of => 4, none_of => 3'), ('any_of => ARRAY[2, 3, 4], at_least => 2'), ('all_of => ARRAY[1, 3], after => 1'),
	('all_of => 1, after => -9223372036854775000, max_rows => 4000')) q (question),
	ask(format('SELECT * FROM m2m_find(NULL::wide, ''mark'', %s)', question), (SELECT indexrelid FROM pg_index WHERE indrelid = 'wide_mark'::regclass AND NOT indisprimary), true) a;

DROP SCHEMA cr CASCADE;
DROP ROLE regress_cr_reader, regress_cr_columns;

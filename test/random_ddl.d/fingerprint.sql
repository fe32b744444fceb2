-- What both databases know: their tables, in words, to be compared.
CREATE SCHEMA oracle;
GRANT USAGE ON SCHEMA oracle TO PUBLIC;

-- tables, and views of the user's on tables (uv_...)
CREATE FUNCTION oracle.mine() RETURNS TABLE (relid oid, name text)
LANGUAGE sql STABLE AS $$
	SELECT c.oid, format('%I.%I', nspname, relname)
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'oracle')
	AND (relkind IN ('r', 'p') OR relkind = 'v' AND relname ~ '^uv_')
$$;

-- row by row, as text; a table without columns has rows too
CREATE FUNCTION oracle.rows(relid oid, name text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT count(*) || md5(coalesce(string_agg(t::text, E''\n'''
		' ORDER BY t::text), '''')) FROM %s t', name) INTO result;
	RETURN result;
END $$;

CREATE FUNCTION oracle.tables(excluded text[]) RETURNS TABLE (line text)
LANGUAGE sql AS $$
	WITH mine AS (SELECT * FROM oracle.mine() WHERE name <> ALL (excluded))
	SELECT concat_ws(' | ', 'table', name, relkind, relpersistence,
		relowner::regrole, relacl, reloptions, relhastriggers,
		obj_description(c.oid, 'pg_class'),
		CASE WHEN relkind = 'r' THEN oracle.rows(c.oid, name) END,
		CASE WHEN relkind = 'v' THEN pg_get_viewdef(c.oid) END)
	FROM mine JOIN pg_class c ON c.oid = relid
	UNION ALL
	SELECT concat_ws(' | ', 'column', name, attnum, attname,
		format_type(atttypid, atttypmod), attcollation::regcollation,
		attnotnull, attisdropped, attgenerated, attidentity, attacl,
		attinhcount, attislocal, pg_get_expr(adbin, adrelid),
		col_description(relid, attnum))
	FROM mine JOIN pg_attribute ON attrelid = relid AND attnum > 0
	LEFT JOIN pg_attrdef ON adrelid = relid AND adnum = attnum
	UNION ALL
	SELECT concat_ws(' | ', 'constraint', name, conname, convalidated,
		pg_get_constraintdef(c.oid))
	FROM mine JOIN pg_constraint c ON conrelid = relid
	UNION ALL
	SELECT concat_ws(' | ', 'index', name, pg_get_indexdef(indexrelid),
		indisclustered, indisvalid, indisreplident)
	FROM mine JOIN pg_index ON indrelid = relid
	UNION ALL
	SELECT concat_ws(' | ', 'inherits', name, inhparent::regclass)
	FROM mine JOIN pg_inherits ON inhrelid = relid
	ORDER BY 1
$$;
CREATE FUNCTION oracle.fingerprint(excluded text[]) RETURNS text
LANGUAGE sql AS $$
	SELECT md5(string_agg(line, E'\n')) FROM oracle.tables(excluded)
$$;

-- Every relationship of a database, compared with SQL by hand: what its link views
-- and functions show, and what each call does to its links. Each line printed is
-- something wrong, but for the last: how many relationships were tried, and how.

\ir value.sql

-- The key columns of a row of an endpoint, as an id
CREATE FUNCTION pg_temp.id(alias text, cols text[]) RETURNS text
LANGUAGE sql AS $$
	SELECT CASE WHEN cardinality(cols) = 1 THEN format('%s.%I::text', alias, cols[1])
		ELSE format('ROW(%s)::text', (SELECT string_agg(format('%s.%I', alias, c), ', ' ORDER BY n)
			FROM unnest(cols) WITH ORDINALITY x(c, n))) END
$$;

-- All rows of a table, whatever order they are in
CREATE FUNCTION pg_temp.state(tab regclass) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
	result text[];
BEGIN
	EXECUTE format('SELECT coalesce(array_agg(t::text ORDER BY t::text), ''{}'') FROM %s t', tab) INTO result;
	RETURN result;
END $$;

-- What a statement fails with; what it did is undone.
CREATE FUNCTION pg_temp.error(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RAISE EXCEPTION 'it does not';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;

-- How the link view of one direction, and its function, differ from the join
CREATE FUNCTION pg_temp.differs(r record, other boolean) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	link_view regclass := CASE WHEN other THEN r.right_view ELSE r.left_view END;
	fun regprocedure := CASE WHEN other THEN r.right_function ELSE r.left_function END;
	near regclass := CASE WHEN other THEN r.right_table ELSE r.left_table END;
	far regclass := CASE WHEN other THEN r.left_table ELSE r.right_table END;
	near_cols text[] := CASE WHEN other THEN r.right_columns ELSE r.left_columns END;
	far_cols text[] := CASE WHEN other THEN r.left_columns ELSE r.right_columns END;
	near_key text[] := CASE WHEN other THEN r.right_key ELSE r.left_key END;
	far_key text[] := CASE WHEN other THEN r.left_key ELSE r.right_key END;
	far_join text;
	near_join text;
	given text;
	link_key text;
	properties text;
	n bigint;
BEGIN
	SELECT string_agg(format('l.%I = f.%I', c, k), ' AND ') INTO far_join FROM unnest(far_cols, far_key) x(c, k);
	SELECT string_agg(format('l.%I = n.%I', c, k), ' AND ') INTO near_join FROM unnest(near_cols, near_key) x(c, k);
	SELECT string_agg(format('l.%I IS NOT NULL', c), ' AND ') INTO given FROM unnest(near_cols) c;
	-- what the view shows after the far row: the link properties
	SELECT coalesce(string_agg(format(', l.%I', attname), '' ORDER BY attnum), '') INTO properties FROM pg_attribute
		WHERE attrelid = r.association AND attnum > 0 AND NOT attisdropped AND NOT attname = ANY (near_cols || far_cols);
	SELECT string_agg(format('l.%I', c), ', ' ORDER BY o) INTO link_key FROM unnest(near_cols) WITH ORDINALITY x(c, o);
	EXECUTE format($q$
		WITH j AS (SELECT ROW(%1$s, f.*%2$s)::text AS t FROM %3$s l JOIN %4$s f ON %5$s WHERE %6$s),
			v AS (SELECT v::text AS t FROM %7$s v)
		SELECT count(*) FROM ((TABLE j EXCEPT ALL TABLE v) UNION ALL (TABLE v EXCEPT ALL TABLE j)) d $q$,
		link_key, properties, r.association, far, far_join, given, link_view) INTO n;
	IF n > 0 THEN
		RETURN NEXT format('%s: %s rows of %s are not those of the join', r.association, n, link_view);
	END IF;
	-- a function has no more than a row for each link
	IF fun IS NULL THEN
		RETURN NEXT format('%s: no link function beside %s', r.association, link_view);
	ELSE
		EXECUTE format($q$
			WITH j AS (SELECT ROW(n.*, f.*)::text AS t FROM %1$s l JOIN %2$s n ON %3$s JOIN %4$s f ON %5$s),
				v AS (SELECT ROW(n.*, f.*)::text AS t FROM %2$s n, %6$s(n) f)
			SELECT count(*) FROM ((TABLE j EXCEPT ALL TABLE v) UNION ALL (TABLE v EXCEPT ALL TABLE j)) d $q$,
			r.association, near, near_join, far, far_join, fun::oid::regproc) INTO n;
		IF n > 0 THEN
			RETURN NEXT format('%s: %s rows of %s are not those of the join', r.association, n, fun);
		END IF;
	END IF;
END $$;

-- Each call there and back, on a pair that is not linked; %s what is wrong.
CREATE FUNCTION pg_temp.round_trip(r record, ahead boolean, OUT wrong text[], OUT tried int, OUT refused text)
LANGUAGE plpgsql AS $$
DECLARE
	before text[] := pg_temp.state(r.association);
	via text := quote_literal(r.association::text);
	-- the side that comes first in the calls
	near regclass := CASE WHEN ahead THEN r.left_table ELSE r.right_table END;
	far regclass := CASE WHEN ahead THEN r.right_table ELSE r.left_table END;
	near_cols text[] := CASE WHEN ahead THEN r.left_columns ELSE r.right_columns END;
	far_cols text[] := CASE WHEN ahead THEN r.right_columns ELSE r.left_columns END;
	near_key text[] := CASE WHEN ahead THEN r.left_key ELSE r.right_key END;
	far_key text[] := CASE WHEN ahead THEN r.right_key ELSE r.left_key END;
	near_view regclass := CASE WHEN ahead THEN r.left_view ELSE r.right_view END;
	role text := CASE WHEN r.left_table = r.right_table AND NOT ahead
		THEN format(', role => %L', r.right_role) ELSE '' END;
	own_key boolean := r.identity IS NOT NULL
		AND r.identity <@ (r.left_columns || r.right_columns);
	properties text;		-- what a new link has to be given
	required boolean;
	saved jsonb[];
	pair record;
	ids text;				-- of the far rows that are linked
	link jsonb;
	n bigint;
	m bigint;
	b boolean;
	s record;
	step text := 'start';
BEGIN
	wrong := '{}';
	tried := 0;
	-- Where a pair may have several links, a new one has its own identity.
	SELECT coalesce(jsonb_object_agg(attname, pg_temp.value(atttypid, atttypmod,
			-- further foreign keys find the first row
			CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype = 'f' AND attnum = ANY (conkey))
				THEN 1 ELSE 77 END)), '{}')::text, count(*) > 0
		INTO properties, required
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
		WHERE attrelid = r.association AND attnum > 0 AND NOT attisdropped
			AND NOT attname = ANY (r.left_columns || r.right_columns)
			AND attnotnull AND d.oid IS NULL AND attidentity = '' AND attgenerated = '';
	FOR pair IN EXECUTE format($q$
		SELECT %1$s AS near, %2$s AS far FROM %3$s n, %4$s f
		WHERE NOT EXISTS (SELECT FROM %5$s l WHERE %6$s AND %7$s) ORDER BY 1, 2 LIMIT 3 $q$,
		pg_temp.id('n', near_key), pg_temp.id('f', far_key), near, far, r.association,
		(SELECT string_agg(format('l.%I = n.%I', c, k), ' AND ') FROM unnest(near_cols, near_key) x(c, k)),
		(SELECT string_agg(format('l.%I = f.%I', c, k), ' AND ') FROM unnest(far_cols, far_key) x(c, k)))
	LOOP
		tried := tried + 1;
		step := 'm2m_count';
		EXECUTE format('SELECT m2m_count(%L, %L, %L, via => %s%s)', near, pair.near, far, via, role) INTO n;
		EXECUTE format('SELECT count(*) FROM %s l WHERE %s = %L', r.association, pg_temp.id('l', near_cols), pair.near) INTO m;
		IF n <> m AND own_key THEN wrong := wrong || format('m2m_count says %s of %s', n, m); END IF;

		step := 'm2m_link';
		EXECUTE format('SELECT m2m_linked(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO b;
		IF b THEN wrong := wrong || 'm2m_linked before linking'::text; END IF;
		EXECUTE format('SELECT m2m_link(%L, %L, %L, %L, via => %s, properties => %L%s)', near, pair.near, far, pair.far, via, properties, role) INTO n;
		IF n <> 1 THEN wrong := wrong || format('m2m_link says %s', n); END IF;
		EXECUTE format('SELECT m2m_linked(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO b;
		IF NOT b THEN wrong := wrong || 'not m2m_linked after linking'::text; END IF;
		IF cardinality(pg_temp.state(r.association)) <> cardinality(before) + 1 THEN
			wrong := wrong || 'm2m_link made no row'::text;
		END IF;
		IF own_key THEN
			EXECUTE format('SELECT m2m_link(%L, %L, %L, %L, via => %s, properties => %L%s)', near, pair.near, far, pair.far, via, properties, role) INTO n;
			IF n <> 0 THEN wrong := wrong || 'm2m_link linked twice'::text; END IF;
		END IF;
		wrong := wrong || ARRAY(SELECT 'with a new link: ' || x FROM pg_temp.differs(r, false) x
			UNION ALL SELECT 'with a new link: ' || x FROM pg_temp.differs(r, true) x);
		step := 'm2m_unlink';
		EXECUTE format('SELECT m2m_unlink(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO n;
		IF n <> 1 THEN wrong := wrong || format('m2m_unlink says %s', n); END IF;
		IF pg_temp.state(r.association) <> before THEN
			wrong := wrong || 'm2m_link and m2m_unlink leave other links'::text;
		END IF;

		IF NOT required THEN
			step := 'm2m_toggle';
			EXECUTE format('SELECT m2m_toggle(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO b;
			IF NOT b THEN wrong := wrong || 'm2m_toggle did not link'::text; END IF;
			EXECUTE format('SELECT m2m_toggle(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO b;
			IF b THEN wrong := wrong || 'm2m_toggle did not unlink'::text; END IF;
			IF pg_temp.state(r.association) <> before THEN
				wrong := wrong || 'm2m_toggle twice leaves other links'::text;
			END IF;
		END IF;

		step := 'm2m_set';
		EXECUTE format('SELECT coalesce(array_agg(DISTINCT %s), ''{}'')::text FROM %s l WHERE %s = %L AND %s',
			pg_temp.id('l', far_cols), r.association, pg_temp.id('l', near_cols), pair.near,
			(SELECT string_agg(format('l.%I IS NOT NULL', c), ' AND ') FROM unnest(far_cols) c)) INTO ids;
		EXECUTE format('SELECT * FROM m2m_set(%L, %L, %L, %L::text[], via => %s%s)', near, pair.near, far, ids, via, role) INTO s;
		IF s.linked <> '{}' OR s.unlinked <> '{}' OR pg_temp.state(r.association) <> before THEN
			wrong := wrong || format('m2m_set of what is linked: %s', s);
		END IF;
		IF NOT required THEN
			EXECUTE format('SELECT * FROM m2m_set(%L, %L, %L, %L::text[], via => %s%s)', near, pair.near, far,
				(ids::text[] || pair.far)::text, via, role) INTO s;
			IF cardinality(s.linked) <> 1 OR s.unlinked <> '{}' THEN
				wrong := wrong || format('m2m_set of one more: %s', s);
			END IF;
			EXECUTE format('SELECT * FROM m2m_set(%L, %L, %L, %L::text[], via => %s%s)', near, pair.near, far, ids, via, role) INTO s;
			IF s.linked <> '{}' OR cardinality(s.unlinked) <> 1 OR pg_temp.state(r.association) <> before THEN
				wrong := wrong || format('m2m_set back: %s', s);
			END IF;

			step := 'INSERT and DELETE';
			EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s n, %s f WHERE %s = %L AND %s = %L',
				near_view,
				(SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
					WHERE attrelid = near_view AND attnum <= cardinality(near_cols)) || ', ' ||
				(SELECT string_agg(quote_ident(v.attname), ', ' ORDER BY k.o) FROM unnest(far_key) WITH ORDINALITY k(c, o)
					JOIN pg_attribute v ON v.attrelid = near_view AND v.attnum = cardinality(near_cols) +
						(SELECT count(*) FROM pg_attribute f WHERE f.attrelid = far AND NOT f.attisdropped
							AND f.attnum BETWEEN 1 AND (SELECT attnum FROM pg_attribute WHERE attrelid = far AND attname = k.c))),
				(SELECT string_agg(format('n.%I', c), ', ' ORDER BY o) FROM unnest(near_key) WITH ORDINALITY x(c, o)) || ', ' ||
				(SELECT string_agg(format('f.%I', c), ', ' ORDER BY o) FROM unnest(far_key) WITH ORDINALITY x(c, o)),
				near, far, pg_temp.id('n', near_key), pair.near, pg_temp.id('f', far_key), pair.far);
			GET DIAGNOSTICS n = ROW_COUNT;
			EXECUTE format('SELECT m2m_linked(%L, %L, %L, %L, via => %s%s)', near, pair.near, far, pair.far, via, role) INTO b;
			IF n <> 1 OR NOT b THEN wrong := wrong || format('INSERT into %s says %s', near_view, n); END IF;
			EXECUTE format('DELETE FROM %s v WHERE %s = %L AND %s = %L', near_view,
				pg_temp.id('v', (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
					WHERE attrelid = near_view AND attnum BETWEEN 1 AND cardinality(near_cols))), pair.near,
				pg_temp.id('v', (SELECT array_agg(v.attname::text ORDER BY k.o) FROM unnest(far_key) WITH ORDINALITY k(c, o)
					JOIN pg_attribute v ON v.attrelid = near_view AND v.attnum = cardinality(near_cols) +
						(SELECT count(*) FROM pg_attribute f WHERE f.attrelid = far AND NOT f.attisdropped
							AND f.attnum BETWEEN 1 AND (SELECT attnum FROM pg_attribute WHERE attrelid = far AND attname = k.c)))), pair.far);
			GET DIAGNOSTICS n = ROW_COUNT;
			IF n <> 1 OR pg_temp.state(r.association) <> before THEN
				wrong := wrong || format('DELETE FROM %s says %s', near_view, n);
			END IF;
		END IF;
	END LOOP;

	-- A row's links, all taken away and made again from what they were
	FOR pair IN EXECUTE format('SELECT DISTINCT %s AS near FROM %s l WHERE %s ORDER BY 1 LIMIT 2', pg_temp.id('l', near_cols), r.association,
		(SELECT string_agg(format('l.%I IS NOT NULL', c), ' AND ') FROM unnest(near_cols || far_cols) c))
	LOOP
		step := 'm2m_clear';
		EXECUTE format('SELECT array_agg(to_jsonb(l) || jsonb_build_object(''far id'', %s)) FROM %s l WHERE %s = %L',
			pg_temp.id('l', far_cols), r.association, pg_temp.id('l', near_cols), pair.near) INTO saved;
		EXECUTE format('SELECT m2m_clear(%L, %L, %L, via => %s%s)', near, pair.near, far, via, role) INTO n;
		IF n <> cardinality(saved) THEN wrong := wrong || format('m2m_clear says %s of %s', n, cardinality(saved)); END IF;
		step := 'm2m_link of what was there';
		FOREACH link IN ARRAY saved LOOP
			EXECUTE format('SELECT m2m_link(%L, %L, %L, %L, via => %s, properties => %L%s)', near, pair.near, far,
				link->>'far id', via, (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(link)
					WHERE key <> 'far id' AND NOT key = ANY (near_cols || far_cols)
						AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = r.association AND attname = key AND attgenerated <> '')), role)
				INTO n;
			IF n <> 1 THEN wrong := wrong || format('m2m_link of what was there says %s', n); END IF;
		END LOOP;
		IF pg_temp.state(r.association) <> before THEN
			wrong := wrong || 'm2m_clear and m2m_link leave other links'::text;
		END IF;
		tried := tried + 1;
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	-- A table may have its own reasons. Then SQL by hand says the same.
	IF SQLERRM = pg_temp.error(format('INSERT INTO %1$s SELECT * FROM %1$s l WHERE %2$s = %3$L ON CONFLICT DO NOTHING',
			r.association, pg_temp.id('l', near_cols), pair.near))
		OR SQLERRM = pg_temp.error(format('INSERT INTO %s (%s) SELECT %s FROM %s n, %s f, jsonb_populate_record(NULL::%s, %L) p WHERE %s = %L AND %s = %L',
			r.association,
			(SELECT string_agg(quote_ident(c), ', ') FROM (SELECT unnest(near_cols) UNION ALL SELECT unnest(far_cols)
				UNION ALL SELECT jsonb_object_keys(properties::jsonb)) x(c)),
			(SELECT string_agg(c, ', ') FROM (SELECT format('n.%I', k) FROM unnest(near_key) k UNION ALL SELECT format('f.%I', k) FROM unnest(far_key) k
				UNION ALL SELECT format('p.%I', k) FROM jsonb_object_keys(properties::jsonb) k) x(c)),
			near, far, r.association, properties, pg_temp.id('n', near_key), pair.near, pg_temp.id('f', far_key), pair.far))
	THEN
		refused := SQLERRM;
	ELSE
		wrong := wrong || format('%s: %s %s', step, SQLSTATE, SQLERRM);
	END IF;
END $$;

CREATE FUNCTION pg_temp.check_all() RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	r record;
	t record;
	n int := 0;
	filled int := 0;
	tried int := 0;
	refused int := 0;
	rows bigint;
BEGIN
	FOR r IN SELECT * FROM m2m_relationships() ORDER BY association::text LOOP
		n := n + 1;
		RETURN QUERY SELECT pg_temp.differs(r, false);
		RETURN QUERY SELECT pg_temp.differs(r, true);
		EXECUTE format('SELECT count(*) FROM %s', r.association) INTO rows;
		filled := filled + (rows > 0)::int;
		FOR i IN 0 .. 1 LOOP
			SELECT * INTO t FROM pg_temp.round_trip(r, i = 0);
			tried := tried + t.tried;
			refused := refused + (t.refused IS NOT NULL)::int;
			RETURN QUERY SELECT format('%s, %s first: %s', r.association,
				CASE WHEN i = 0 THEN r.left_role ELSE r.right_role END, w) FROM unnest(t.wrong) w;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT format('m2m_check: %s: %s', relationship, finding) FROM m2m_check() WHERE severity = 'error';
	RETURN NEXT format('%s relationships, %s with links, %s round trips, %s times refused as by hand', n, filled, tried, refused);
END $$;

-- Constraint triggers of the schema's own may find our rows odd at commit.
BEGIN;
SELECT pg_temp.check_all();
ROLLBACK;

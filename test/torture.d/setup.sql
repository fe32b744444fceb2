-- What test/t/torture.pl adds to test/equality.d/setup.sql and test/oracle.sql:
-- relationships whose links can be counted, rows to begin with, grants, and the
-- functions that say what is wrong.

-- A random choice of the rows that operations name is there at first.
DO $$
DECLARE rel text; side text;
BEGIN
	FOREACH rel IN ARRAY '{ints,wide,narrow,deferred,triggered,parted,self}'::text[] LOOP
		FOREACH side IN ARRAY '{l,r}'::text[] LOOP
			CONTINUE WHEN rel = 'self' AND side = 'r';
			EXECUTE format('INSERT INTO %I (id) SELECT generate_series(1, 10)', rel || '_' || side);
		END LOOP;
	END LOOP;
END $$;
INSERT INTO big_l (id) SELECT generate_series(1, 400);
INSERT INTO big_r (id) SELECT generate_series(1, 400);
INSERT INTO pairs_l (a, b) SELECT chr(97 + i % 3), i % 5 FROM generate_series(1, 12) i ON CONFLICT DO NOTHING;
INSERT INTO pairs_r (id) SELECT generate_series(1, 10);

-- A subscriber finds rows by a key, and m2m_check, which is to be silent, misses
-- an index.
ALTER TABLE old_tenants REPLICA IDENTITY USING INDEX old_tenants_r_id_l_id_t_key;
CREATE INDEX ON old_tenants (r_id, t);
CREATE INDEX ON tagged_tenants (t, r_id);

-- counted: what each statement says that it did, in the statement's own
-- transaction, adds up to the links that there are.
SELECT lib.make('counted', 'int', 'int');
INSERT INTO counted_l (id) SELECT generate_series(1, 6);
INSERT INTO counted_r (id) SELECT generate_series(1, 15);
-- bare: the same, where no index keeps links unique and calls have to.
SELECT lib.make('bare', 'int', 'int', NULL);
CREATE TABLE bare (l_id int REFERENCES bare_l ON UPDATE CASCADE ON DELETE CASCADE,
	r_id int REFERENCES bare_r ON UPDATE CASCADE ON DELETE CASCADE);
CREATE INDEX ON bare (l_id, r_id);
CREATE INDEX ON bare (r_id, l_id);
ALTER TABLE bare REPLICA IDENTITY FULL;
SELECT m2m_adopt('bare', 'l', 'r', left_view => 'bare_lv', right_view => 'bare_rv');
INSERT INTO bare_l (id) SELECT generate_series(1, 6);
INSERT INTO bare_r (id) SELECT generate_series(1, 15);
CREATE TABLE lib.ledger (association text NOT NULL, n bigint NOT NULL);

CREATE FUNCTION lib.count_rows(sql text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE sql;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

-- own: each session has a row of its own there, and keeps the books of its links.
SELECT lib.make('own', 'int', 'int');
INSERT INTO own_l (id) SELECT generate_series(1, 20);
INSERT INTO own_r (id) SELECT generate_series(1, 40);
CREATE TABLE lib.own (l_id int, r_id int, PRIMARY KEY (l_id, r_id));

-- A statement on the link view within one on the same view, and undone.
CREATE FUNCTION lib.undone(session int, id int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO own_lv (l_id, id) VALUES (session, 1 + id % 40), (session, 1 + (id + 7) % 40);
	RAISE EXCEPTION USING ERRCODE = 'M2M00';
EXCEPTION WHEN SQLSTATE 'M2M00' THEN
	RETURN id;
END $$;

-- One that stays: the inner statement's links, too, are the session's.
CREATE FUNCTION lib.done(session int, id int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO own_lv (l_id, id) VALUES (session, id % 40 + 1);
	RETURN id;
END $$;

CREATE FUNCTION lib.own(session int, way text, ids int[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE should bigint; got bigint; one record; wrong text;
BEGIN
	IF way = 'nested' THEN
		INSERT INTO lib.own SELECT session, id % 40 + 1 FROM unnest(ids) id ON CONFLICT DO NOTHING;
	END IF;
	IF way IN ('link', 'load', 'view', 'undone', 'nested') THEN
		WITH i AS (INSERT INTO lib.own SELECT session, id FROM unnest(ids) id ORDER BY 2
			ON CONFLICT DO NOTHING RETURNING 1)
		SELECT count(*) INTO should FROM i;
	ELSE
		WITH d AS (DELETE FROM lib.own WHERE l_id = session AND CASE way
				WHEN 'clear' THEN true WHEN 'set' THEN r_id <> ALL (ids) ELSE r_id = ANY (ids) END RETURNING 1)
		SELECT count(*) INTO should FROM d;
	END IF;
	CASE way
		WHEN 'link' THEN got := m2m_link('own_l', session, 'own_r', ids);
		WHEN 'load' THEN
			got := m2m_load('own_r', 'own_l', format('SELECT unnest(%L::int[]), %s', ids, session));
		WHEN 'view' THEN INSERT INTO own_lv (l_id, id) SELECT session, unnest(ids);
		WHEN 'undone' THEN INSERT INTO own_lv (l_id, id) SELECT session, lib.undone(session, id) FROM unnest(ids) id;
		WHEN 'nested' THEN INSERT INTO own_lv (l_id, id) SELECT session, lib.done(session, id) FROM unnest(ids) id;
		WHEN 'unlink' THEN got := m2m_unlink('own_r', ids, 'own_l', session);
		WHEN 'clear' THEN got := m2m_clear('own_l', session, 'own_r');
		WHEN 'delete' THEN
			DELETE FROM own_lv WHERE l_id = session AND id = ANY (ids);
			GET DIAGNOSTICS got = ROW_COUNT;
		WHEN 'set' THEN
			SELECT * INTO one FROM m2m_set('own_l', session, 'own_r', ids);
			got := cardinality(one.unlinked);
			INSERT INTO lib.own SELECT session, id FROM unnest(ids) id ON CONFLICT DO NOTHING;
			IF cardinality(one.linked) + one.kept <> (SELECT count(*) FROM lib.own WHERE l_id = session) THEN
				RAISE EXCEPTION 'm2m_set %: linked %, kept %', ids, one.linked, one.kept USING ERRCODE = 'M2M01';
			END IF;
	END CASE;
	IF got <> should THEN
		RAISE EXCEPTION '% % said %, should say %', way, ids, got, should USING ERRCODE = 'M2M01';
	END IF;
	SELECT string_agg(r_id || CASE WHEN o.l_id IS NULL THEN ' too much' ELSE ' lost' END, ', ') INTO wrong
	FROM (SELECT * FROM public.own WHERE l_id = session) a
		FULL JOIN (SELECT * FROM lib.own WHERE l_id = session) o USING (r_id)
	WHERE a.l_id IS NULL OR o.l_id IS NULL;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'after % %: %', way, ids, wrong USING ERRCODE = 'M2M01';
	END IF;
	RETURN should;
END $$;

-- guarded: the clerk may link rows with even numbers, and nobody links others.
SELECT lib.make('guarded', 'int', 'int');
INSERT INTO guarded_l (id) SELECT generate_series(1, 10);
INSERT INTO guarded_r (id) SELECT generate_series(1, 10);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON guarded TO clerk USING (l_id % 2 = 0);
GRANT SELECT, INSERT, DELETE ON guarded TO clerk;
GRANT SELECT ON guarded_l, guarded_r TO clerk;
GRANT SELECT, INSERT, DELETE ON guarded_lv, guarded_rv TO clerk;
-- What the owner lets everybody do, in the midst of the clerk's own statement.
CREATE FUNCTION lib.suggest(l int, r int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO guarded_lv (l_id, id) VALUES (l, r);
	RETURN r;
END $$;
GRANT ALL ON own, own_lv, own_l, own_r, lib.own TO clerk;
-- Not for the clerk.
SELECT lib.make('closed', 'int', 'int');
INSERT INTO closed_l (id) SELECT generate_series(1, 3);
INSERT INTO closed_r (id) SELECT generate_series(1, 3);
GRANT SELECT ON closed, closed_l, closed_r TO clerk;

-- serial: what the histories run on
SELECT lib.make('serial', 'int', 'int');
INSERT INTO serial_l (id) SELECT generate_series(1, 3);
INSERT INTO serial_r (id) SELECT generate_series(1, 3);

-- scratch: is dropped and made again
SELECT lib.make('scratch', 'int', 'int');
INSERT INTO scratch_l (id) SELECT generate_series(1, 5);
INSERT INTO scratch_r (id) SELECT generate_series(1, 5);

-- what DDL has nothing to do with relationships about
CREATE TYPE lib.other_type AS ENUM ('one', 'other');

GRANT SELECT ON ints_lv, ints_rv, texts_lv, pairs_rv TO clerk;
COMMENT ON VIEW texts_rv IS 'kept';

-- All rows of all tables and views, for those who should have the same; of
-- replicated tables only columns that stay.
CREATE FUNCTION lib.all_rows(replicated boolean) RETURNS TABLE (name text, rows text) LANGUAGE plpgsql AS $$
DECLARE r record; list text;
BEGIN
	FOR r IN SELECT c.oid::regclass AS rel, c.oid, relkind, relname, nspname FROM pg_class c
		JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname IN ('public', 'lib') AND relkind IN ('r', 'p', 'v') AND relpersistence <> 'u'
			AND relname NOT IN ('unlogs_lv', 'unlogs_rv')
			AND relname !~ '^scratch|^temps|^other_' AND (NOT replicated OR relkind <> 'v')
		ORDER BY c.oid::regclass::text COLLATE "C"
	LOOP
		list := CASE WHEN NOT replicated THEN 't::text' ELSE
			(SELECT format('concat_ws('','', %s)', string_agg(quote_ident(attname) || '::text', ', ' ORDER BY attname))
				FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped
					AND attname !~ '^extra') END;
		name := r.rel;
		EXECUTE format('SELECT string_agg(%s, E''\n'' ORDER BY %1$s COLLATE "C") FROM %s t', list, r.rel) INTO rows;
		RETURN NEXT;
	END LOOP;
END $$;

-- What no history can lead to.
CREATE FUNCTION lib.all_wrong() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	FOR r IN SELECT association::text AS a, left_table::text AS l, right_table::text AS r,
			array_to_string(left_columns, ', ') AS lc, array_to_string(right_columns, ', ') AS rc,
			array_to_string(left_key, ', ') AS lk, array_to_string(right_key, ', ') AS rk
		FROM m2m_relationships() WHERE association::text <> 'loose'
	LOOP
		RETURN QUERY SELECT lib.wrong(r.a, r.l, r.r, r.lc, r.rc, r.lk, r.rk);
	END LOOP;
	RETURN QUERY SELECT concat_ws(': ', relationship, what) FROM oracle.wrong(but => 'info')
		WHERE relationship <> 'loose' AND what <> 'warning: no index keeps links unique';
	RETURN QUERY SELECT format('changed: %s, %s: %s, now %s', object, fact, before, after) FROM oracle.changes()
		WHERE fact <> 'columns' AND object !~ '^scratch' AND fact !~ 'of column extra'
			AND after IS DISTINCT FROM 'fillfactor=30' AND after IS DISTINCT FROM 'fillfactor=100';
	RETURN QUERY SELECT format('%s: %s links, should be %s', a, links, booked)
		FROM (SELECT 'counted' AS a, count(*) AS links FROM counted UNION ALL SELECT 'bare', count(*) FROM bare) x,
			LATERAL (SELECT coalesce(sum(n), 0) AS booked FROM lib.ledger WHERE association = a) b
		WHERE links <> booked;
	RETURN QUERY SELECT format('own: (%s,%s) %s', l_id, r_id, CASE WHEN o IS NULL THEN 'too much' ELSE 'lost' END)
		FROM public.own a FULL JOIN lib.own o USING (l_id, r_id) WHERE a IS NULL OR o IS NULL;
	RETURN QUERY SELECT format('guarded: the clerk linked (%s,%s)', l_id, r_id) FROM guarded WHERE l_id % 2 <> 0;
	RETURN QUERY SELECT format('closed: the clerk linked (%s,%s)', l_id, r_id) FROM closed;
END $$;

SELECT m2m_repair('narrow'), m2m_repair('parted');
CALL oracle.remember();

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

-- Rules. Those of "ruled" and "slotted" are in test/equality.d/setup.sql; bounded:
-- at least one link, and at most so many. lib.rules_wrong() says what each rule
-- promises: the invariant of another one goes there.
SELECT lib.make('bounded', 'int', 'int');
INSERT INTO bounded_l (id) SELECT generate_series(1, 8);
INSERT INTO bounded_r (id) SELECT generate_series(1, 8);
SELECT m2m_link('bounded_l', array_agg(i), 'bounded_r', array_agg(i)) FROM generate_series(1, 8) i;
SELECT m2m_counter('bounded', 'l'), m2m_counter('bounded', 'r', counter => 'links'),
	m2m_limit('bounded', 'l', min => 1, max => 3), m2m_limit('bounded', 'r', max => 4);
INSERT INTO ruled_l (id) SELECT generate_series(1, 8);
INSERT INTO ruled_r (id) SELECT generate_series(1, 8);
INSERT INTO slotted_l (id) SELECT generate_series(1, 8);
INSERT INTO slotted_r (id) SELECT generate_series(1, 8);
-- no right on what the rules keep
GRANT ALL ON bounded, bounded_lv, bounded_rv, bounded_l, bounded_r, ruled, ruled_lv, ruled_rv, ruled_l, ruled_r,
	slotted, slotted_lv, slotted_rv, slotted_l, slotted_r TO clerk;

-- ordered: the links of each row have an order. mutual: both rows of a link or
-- none. used: rows at the right are made together with a link, and go with the
-- last one.
SELECT lib.make('ordered', 'int', 'int'), lib.make('used', 'int', 'int'), lib.make('mutual', 'int', NULL, NULL);
SELECT lib.make('dense', 'int', 'int');
SELECT m2m_order('ordered', 'l', 'place'), m2m_order('dense', 'l', 'place', dense => true), m2m_orphans('used', 'r', 'delete'),
	m2m_create('mutual_l', 'mutual_l', name => 'mutual', left_role => 'l', right_role => 'r', left_view => 'mutual_lv', symmetrical => true);
INSERT INTO ordered_l (id) SELECT generate_series(1, 8);
INSERT INTO ordered_r (id) SELECT generate_series(1, 8);
INSERT INTO dense_l (id) SELECT generate_series(1, 8);
INSERT INTO dense_r (id) SELECT generate_series(1, 8);
INSERT INTO mutual_l (id) SELECT generate_series(1, 8);
INSERT INTO used_l (id) SELECT generate_series(1, 8);
INSERT INTO used_r (id) SELECT generate_series(1, 8);
SELECT m2m_link('used_l', array_agg(i), 'used_r', array_agg(i)) FROM generate_series(1, 8) i;
GRANT ALL ON ordered, ordered_lv, ordered_rv, ordered_l, ordered_r, dense, dense_lv, dense_rv, dense_l, dense_r, mutual, mutual_lv, mutual_l,
	used, used_lv, used_rv, used_l, used_r TO clerk;

-- What a question says, and what the same says by a join.
CREATE FUNCTION lib.same(question text, by_join text) RETURNS void STABLE LANGUAGE plpgsql AS $$
DECLARE a text; b text;
BEGIN
	EXECUTE format('SELECT string_agg(x, '', '' ORDER BY x) FROM (%s) q (x)', question) INTO a;
	EXECUTE format('SELECT string_agg(x, '', '' ORDER BY x) FROM (%s) q (x)', by_join) INTO b;
	IF a IS DISTINCT FROM b THEN
		RAISE EXCEPTION '% said %, should say %', question, a, b USING ERRCODE = 'M2M01';
	END IF;
END $$;

-- What links a session has seen, and by which snapshot.
CREATE TABLE lib.seen (association text NOT NULL, at pg_snapshot NOT NULL, links text NOT NULL);
GRANT INSERT ON lib.seen TO clerk;
CREATE FUNCTION lib.links(association text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(concat_ws(' ', l_id, r_id, n), ', ' ORDER BY l_id, r_id), '')
	FROM (SELECT l_id, r_id, NULL AS n FROM ruled WHERE association = 'ruled'
		UNION ALL SELECT l_id, r_id, n FROM slotted WHERE association = 'slotted') x
$$;
-- The same, by the history, of the transactions that a snapshot shows.
CREATE FUNCTION lib.links_at(association text, at pg_snapshot) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(string_agg(concat_ws(' ', l_id, r_id, properties->>'n'), ', ' ORDER BY l_id, r_id), '')
	FROM (SELECT l_id, r_id, properties, from_xid, to_xid FROM ruled_history WHERE association = 'ruled'
		UNION ALL SELECT l_id, r_id, properties, from_xid, to_xid FROM slotted_history WHERE association = 'slotted') x
	WHERE pg_visible_in_snapshot(from_xid, at) AND (to_xid IS NULL OR NOT pg_visible_in_snapshot(to_xid, at))
$$;

CREATE FUNCTION lib.rules_wrong() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE a text; s text; min bigint; max bigint;
BEGIN
	-- counters in columns: count(*)
	FOR a, s IN VALUES ('ruled', 'l'), ('ruled', 'r'), ('bounded', 'r') LOOP
		RETURN QUERY EXECUTE format('SELECT format(''%1$s_%2$s: counter of %%s is %%s, has %%s links'', id, links, n)
			FROM (SELECT id, links, (SELECT count(*) FROM %1$s a WHERE a.%2$s_id = e.id) AS n FROM %1$s_%2$s e) x
			WHERE links IS DISTINCT FROM n', a, s);
	END LOOP;
	-- counters in slots: the sum is count(*)
	FOR a, s IN VALUES ('slotted', 'l'), ('slotted', 'r'), ('bounded', 'l') LOOP
		RETURN QUERY EXECUTE format('SELECT format(''%1$s_%2$s_counter: counter of %%s is %%s, has %%s links'', k, c.n, a.n)
			FROM (SELECT %2$s_id AS k, sum(n) AS n FROM %1$s_%2$s_counter GROUP BY 1) c
			FULL JOIN (SELECT %2$s_id AS k, count(*) AS n FROM %1$s GROUP BY 1) a USING (k)
			WHERE coalesce(c.n, 0) <> coalesce(a.n, 0)', a, s);
	END LOOP;
	-- limits
	FOR a, s, min, max IN VALUES ('ruled', 'l', 0, 5), ('slotted', 'r', 0, 4), ('bounded', 'l', 1, 3), ('bounded', 'r', 0, 4) LOOP
		RETURN QUERY EXECUTE format('SELECT format(''%1$s_%2$s: %%s has %%s links, not %3$s to %4$s'', id, n)
			FROM (SELECT id, (SELECT count(*) FROM %1$s a WHERE a.%2$s_id = e.id) AS n FROM %1$s_%2$s e) x
			WHERE n NOT BETWEEN %3$s AND %4$s', a, s, min, max);
	END LOOP;
	-- histories: what is open is linked, what a snapshot showed is still the answer
	FOREACH a IN ARRAY '{ruled,slotted}'::text[] LOOP
		RETURN QUERY EXECUTE format('SELECT format(''%1$s_history: (%%s,%%s) has %%s open rows, %%s links'', l_id, r_id, coalesce(h.n, 0), coalesce(a.n, 0))
			FROM (SELECT l_id, r_id, coalesce(properties->>''n'', '''') AS p, count(*) AS n FROM %1$s_history WHERE to_xid IS NULL GROUP BY 1, 2, 3) h
			FULL JOIN (SELECT l_id, r_id, %2$s AS p, count(*) AS n FROM %1$s GROUP BY 1, 2, 3) a USING (l_id, r_id, p)
			WHERE h.n IS DISTINCT FROM a.n OR h.n <> 1', a, CASE a WHEN 'slotted' THEN 'coalesce(n::text, '''')' ELSE '''''::text' END);
		RETURN QUERY EXECUTE format('SELECT format(''%1$s_history: (%%s,%%s) from %%s to %%s, %%s'', l_id, r_id, from_xid, to_xid, during)
			FROM %1$s_history WHERE upper_inf(during) <> (to_xid IS NULL) OR isempty(during) OR from_xid = to_xid', a);
	END LOOP;
	-- an order, links without a direction, rows that go with their last link
	RETURN QUERY SELECT format('ordered: (%s,%s) has no place', l_id, r_id) FROM ordered WHERE place IS NULL;
	RETURN QUERY SELECT format('dense: the links of %s have the places %s', l_id, string_agg(place::text, ' ' ORDER BY place))
		FROM dense GROUP BY l_id HAVING (min(place), max(place), count(DISTINCT place)) <> (1, count(*), count(*));
	RETURN QUERY SELECT format('mutual: (%s,%s) is alone', l_id, r_id) FROM mutual a
		WHERE NOT EXISTS (SELECT FROM mutual b WHERE (b.l_id, b.r_id) = (a.r_id, a.l_id));
	RETURN QUERY SELECT format('used_r: %s has no link', id) FROM used_r e
		WHERE NOT EXISTS (SELECT FROM used a WHERE a.r_id = e.id);
	-- (TRUNCATE takes rows from snapshots of before, too: of these there is no history)
	RETURN QUERY SELECT format('%s as of %s was %s, by its history %s', association, at, links, lib.links_at(association, at))
		FROM lib.seen WHERE links NOT IN ('', lib.links_at(association, at));
END $$;

-- named: rows at the right are made by name
SELECT lib.make('named', 'int', 'int', NULL);
ALTER TABLE named_r ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY, ADD COLUMN name text NOT NULL UNIQUE;
SELECT m2m_create('named_l', 'named_r', name => 'named', left_role => 'l', right_role => 'r', left_view => 'named_lv', right_view => 'named_rv');
INSERT INTO named_l (id) SELECT generate_series(1, 5);
GRANT ALL ON named, named_l, named_r TO clerk;

-- serial: what the histories run on
SELECT lib.make('serial', 'int', 'int');
INSERT INTO serial_l (id) SELECT generate_series(1, 3);
INSERT INTO serial_r (id) SELECT generate_series(1, 3);
-- (the row is there again, without links)
CREATE FUNCTION lib.merged(l int, other int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text;
BEGIN
	SELECT moved || ' ' || dropped INTO STRICT said FROM m2m_merge('serial_l', l, other);
	INSERT INTO serial_l (id) VALUES (l) ON CONFLICT DO NOTHING;
	RETURN said;
END $$;

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
		WHERE relationship <> 'loose' AND what <> 'warning: no index keeps links unique'
			AND NOT (relationship = 'mutual' AND what = 'no link view of role r');
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
	RETURN QUERY SELECT lib.rules_wrong();
END $$;

SELECT m2m_repair('narrow'), m2m_repair('parted');
CALL oracle.remember();

-- Rows for a schema that somebody else made. Row n of each table has n, or what
-- is made of it, in each column, so that foreign keys find their rows without
-- our knowing them. Only columns that have to be given, keys and foreign keys are
-- filled; tables whose constraints want more stay empty, and so do those that
-- refer to them.

\ir value.sql

CREATE FUNCTION pg_temp.fill(nrows int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	tab record;
	fk record;
	attempt int;
	cols text;
	vals text;
	gone bigint;
	more boolean := true;
BEGIN
	PERFORM set_config('session_replication_role', 'replica', true);
	FOR tab IN
		SELECT c.oid, c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname !~ '^(pg_|information_schema$)'
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
	LOOP
		FOR n IN 1 .. nrows LOOP
			-- once more with all columns, where a check wants another as well
			FOR attempt IN 1 .. 2 LOOP
				SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
					string_agg(quote_nullable(pg_temp.value(atttypid, atttypmod, n)), ', ' ORDER BY attnum)
					INTO cols, vals
					FROM pg_attribute a LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
					WHERE attrelid = tab.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
						AND (attempt = 2 OR attnotnull AND d.oid IS NULL
							OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = tab.oid AND attnum = ANY (conkey)
								AND contype IN ('p', 'f', 'u')));
				CONTINUE WHEN cols IS NULL;
				BEGIN
					EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)', tab.name, cols, vals);
					EXIT;
				EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
				END;
			END LOOP;
		END LOOP;
	END LOOP;
	-- What refers to rows that could not be made goes, until nothing does.
	WHILE more LOOP
		more := false;
		FOR fk IN
			SELECT conrelid::regclass AS tab, confrelid::regclass AS ref,
				(SELECT string_agg(format('r.%I = t.%I', f.attname, a.attname), ' AND ')
					FROM unnest(conkey, confkey) k(a, f) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.a
					JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = k.f) AS same,
				(SELECT string_agg(format('t.%I IS NOT NULL', attname), ' AND ') FROM pg_attribute
					WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS given
			FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
		LOOP
			EXECUTE format('DELETE FROM %s t WHERE %s AND NOT EXISTS (SELECT FROM %s r WHERE %s)',
				fk.tab, fk.given, fk.ref, fk.same);
			GET DIAGNOSTICS gone = ROW_COUNT;
			more := more OR gone > 0;
		END LOOP;
	END LOOP;
	PERFORM set_config('session_replication_role', 'origin', true);
END $$;

SELECT pg_temp.fill(:rows);
-- numbers that are given come after ours
SELECT count(setval(seqrelid, least(seqmax, 1000))) FROM pg_sequence WHERE seqincrement > 0;

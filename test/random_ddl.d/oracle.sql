-- What the test knows of the relationships, in tables, so that it rolls back
-- with them: how link views are to look, which follows from how they looked and
-- what became of the tables.
CREATE TABLE oracle.slot (slot text PRIMARY KEY, relid oid);
CREATE TABLE oracle.rel (rel text PRIMARY KEY, relid oid, name text, owner oid,
	adopted boolean, gone boolean DEFAULT false);
CREATE TABLE oracle.side (rel text, side int, endpoint oid, role text,
	link int[], key int[], view_schema oid, view_name name,
	view_there boolean DEFAULT true, function oid,
	view_is text, function_is text, PRIMARY KEY (rel, side));
CREATE TABLE oracle.col (rel text, side int, pos int, kind text, attnum int,
	alias text, source text, col_is text);
CREATE TABLE oracle.flag (findings boolean);
INSERT INTO oracle.flag VALUES (false);

-- What a link view shows of a domain's column: its base type.
CREATE FUNCTION oracle.base_type(type oid) RETURNS oid LANGUAGE sql STABLE AS $$
	WITH RECURSIVE base AS (
		SELECT type AS oid
		UNION ALL SELECT typbasetype FROM base JOIN pg_type t USING (oid) WHERE typtype = 'd')
	SELECT base.oid FROM base JOIN pg_type t USING (oid) WHERE typtype <> 'd'
$$;

CREATE FUNCTION oracle.attnums(relation oid, names text[]) RETURNS int[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(attnum::int ORDER BY n)
	FROM unnest(names) WITH ORDINALITY AS u(name, n)
	JOIN pg_attribute ON attrelid = relation AND attname = name
$$;

CREATE FUNCTION oracle.att(relation oid, num int) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT attname FROM pg_attribute
	WHERE attrelid = relation AND attnum = num AND NOT attisdropped
$$;

CREATE FUNCTION oracle.table_name(relation oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format('%I.%I', nspname, relname)
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE c.oid = relation
$$;

CREATE FUNCTION oracle.view_of(s oracle.side) RETURNS oid LANGUAGE sql STABLE AS $$
	SELECT oid FROM pg_class
	WHERE relnamespace = s.view_schema AND relname = s.view_name AND relkind = 'v'
$$;

-- all that is to stay as it is about a view, a function, a column
CREATE FUNCTION oracle.view_is(view oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' | ', relowner::regrole, 'acl ' || relacl::text,
		'options ' || reloptions::text, obj_description(view, 'pg_class'),
		(SELECT string_agg(concat_ws(' ', regexp_replace(pg_get_triggerdef(t.oid), ' ON .* FOR ', ' FOR '),
				obj_description(t.oid, 'pg_trigger'),
				(SELECT count(*) FROM pg_depend
				 WHERE classid = 'pg_trigger'::regclass AND objid = t.oid AND deptype = 'x')),
			'; ' ORDER BY tgname) FROM pg_trigger t WHERE tgrelid = view),
		(SELECT string_agg(concat(deptype, refobjid::regrole), ' '
				ORDER BY objsubid, deptype, refobjid::regrole::text COLLATE "C")
		 FROM pg_shdepend WHERE objid = view AND classid = 'pg_class'::regclass
		 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		 AND objsubid = 0))
	FROM pg_class WHERE oid = view
$$;
CREATE FUNCTION oracle.function_is(function oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' | ', proowner::regrole, proacl, proconfig, procost, prorows,
		provolatile, proparallel, prosecdef, obj_description(function, 'pg_proc'))
	FROM pg_proc WHERE oid = function
$$;
CREATE FUNCTION oracle.col_is(view oid, num int) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' | ', attacl, col_description(view, num), pg_get_expr(adbin, adrelid))
	FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	WHERE attrelid = view AND attnum = num
$$;

CREATE FUNCTION oracle.difference(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('was %s, is %s',
		(SELECT array_agg(p) FROM unnest(string_to_array(a, ' | ')) p
		 WHERE p <> ALL (string_to_array(b, ' | '))),
		(SELECT array_agg(p) FROM unnest(string_to_array(b, ' | ')) p
		 WHERE p <> ALL (string_to_array(a, ' | '))))
$$;

-- a name for one more column of a link view: its own, or with a prefix
CREATE FUNCTION oracle.alias(r text, s int, but_pos int, name text, prefix text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text := name; i int := 0;
BEGIN
	WHILE EXISTS (SELECT FROM oracle.col c WHERE rel = r AND side = s
			AND pos IS DISTINCT FROM but_pos AND c.alias = result) LOOP
		i := i + 1;
		result := prefix || '_' || name || CASE WHEN i > 1 THEN '_' || i ELSE '' END;
	END LOOP;
	RETURN result;
END $$;

-- appends what a link view should show and does not
CREATE FUNCTION oracle.append(r oracle.rel, near oracle.side, far oracle.side)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
	FOR c IN
		SELECT * FROM (
			SELECT 1 part, n::int AS n, 'key' AS kind, link AS attnum,
				oracle.att(r.relid, link) AS name, near.role AS prefix
			FROM unnest(near.link) WITH ORDINALITY AS u(link, n)
			UNION ALL
			SELECT 2, attnum, 'far', attnum, attname, far.role
			FROM pg_attribute
			WHERE attrelid = far.endpoint AND attnum > 0 AND NOT attisdropped
			UNION ALL
			SELECT 3, attnum, 'property', attnum, attname, 'link'
			FROM pg_attribute
			WHERE attrelid = r.relid AND attnum > 0 AND NOT attisdropped
			AND attnum <> ALL (near.link) AND attnum <> ALL (far.link)
		) x
		WHERE NOT EXISTS (SELECT FROM oracle.col o WHERE o.rel = near.rel
			AND o.side = near.side AND o.kind = x.kind AND o.attnum = x.attnum)
		ORDER BY part, n
	LOOP
		INSERT INTO oracle.col
		SELECT near.rel, near.side, coalesce(max(pos), 0) + 1, c.kind, c.attnum,
			oracle.alias(near.rel, near.side, NULL, c.name, c.prefix), c.name, ''
		FROM oracle.col WHERE rel = near.rel AND side = near.side;
	END LOOP;
END $$;

-- begins to watch a relationship that was just made
CREATE FUNCTION oracle.relate(which text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE m record; r oracle.rel; near oracle.side; far oracle.side;
BEGIN
	DELETE FROM oracle.rel WHERE rel = which;
	DELETE FROM oracle.side WHERE rel = which;
	DELETE FROM oracle.col WHERE rel = which;
	SELECT * INTO STRICT m FROM public.m2m_relationships()
	WHERE association = (SELECT relid FROM oracle.slot WHERE slot = which);
	INSERT INTO oracle.rel SELECT which, m.association, oracle.table_name(m.association),
		m.owner, m.origin = 'adopted';
	INSERT INTO oracle.side
	SELECT which, 0, m.left_table, m.left_role,
		oracle.attnums(m.association, m.left_columns),
		oracle.attnums(m.left_table, m.left_key), relnamespace, relname, true,
		m.left_function FROM pg_class WHERE oid = m.left_view
	UNION ALL
	SELECT which, 1, m.right_table, m.right_role,
		oracle.attnums(m.association, m.right_columns),
		oracle.attnums(m.right_table, m.right_key), relnamespace, relname, true,
		m.right_function FROM pg_class WHERE oid = m.right_view;
	SELECT * INTO r FROM oracle.rel WHERE rel = which;
	FOR near IN SELECT * FROM oracle.side WHERE rel = which LOOP
		SELECT * INTO far FROM oracle.side WHERE rel = which AND side <> near.side;
		PERFORM oracle.append(r, near, far);
	END LOOP;
	PERFORM oracle.accept(which);
END $$;

-- takes what stands there about views and functions for right
CREATE FUNCTION oracle.accept(which text) RETURNS void LANGUAGE sql AS $$
	UPDATE oracle.side s SET view_is = oracle.view_is(oracle.view_of(s)),
		function_is = oracle.function_is(function) WHERE rel = which;
	UPDATE oracle.col c SET col_is = oracle.col_is(oracle.view_of(s), pos)
	FROM oracle.side s WHERE s.rel = which AND c.rel = s.rel AND c.side = s.side;
$$;

-- link views that had been dropped were made anew, by whatever name
CREATE FUNCTION oracle.remade() RETURNS void LANGUAGE plpgsql AS $$
DECLARE r oracle.rel; near oracle.side; far oracle.side; m record;
BEGIN
	FOR near IN SELECT s.* FROM oracle.side s JOIN oracle.rel USING (rel)
		WHERE NOT gone AND NOT view_there
	LOOP
		SELECT * INTO r FROM oracle.rel WHERE rel = near.rel;
		SELECT * INTO far FROM oracle.side WHERE rel = near.rel AND side <> near.side;
		SELECT CASE near.side WHEN 0 THEN left_view ELSE right_view END AS view,
			CASE near.side WHEN 0 THEN left_function ELSE right_function END AS function
		INTO m FROM public.m2m_relationships() WHERE association = r.relid;
		CONTINUE WHEN m.view IS NULL;
		UPDATE oracle.side SET view_there = true, view_schema = relnamespace,
			view_name = relname, function = m.function
		FROM pg_class WHERE oid = m.view AND rel = near.rel AND side = near.side;
		DELETE FROM oracle.col WHERE rel = near.rel AND side = near.side;
		PERFORM oracle.append(r, near, far);
		PERFORM oracle.accept(near.rel);
	END LOOP;
END $$;

-- do two queries give the same rows?
CREATE FUNCTION oracle.same(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE result boolean;
BEGIN
	EXECUTE format('SELECT (SELECT array_agg(a ORDER BY a COLLATE "C") FROM (%s) a(a))'
		' IS NOT DISTINCT FROM (SELECT array_agg(b ORDER BY b COLLATE "C") FROM (%s) b(b))', a, b)
		INTO result;
	RETURN result;
END $$;

CREATE FUNCTION oracle.columns(alias text, relation oid, nums int[]) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg(format('%s.%I', alias, oracle.att(relation, num)), ', ' ORDER BY n)
	FROM unnest(nums) WITH ORDINALITY AS u(num, n)
$$;

-- one side of one relationship
CREATE FUNCTION oracle.check_side(r oracle.rel, near oracle.side, far oracle.side,
	tags text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	c oracle.col; other oracle.col; view oid := oracle.view_of(near); shown text[]; expected text[];
	now_is text; i int := 0; name text; list text; joined text; here text; prefix text;
BEGIN
	here := format('%s of %s: ', near.view_name, near.rel);
	-- columns: those that were there, renamed if their source was
	DELETE FROM oracle.col WHERE rel = near.rel AND side = near.side
	AND oracle.att(CASE kind WHEN 'far' THEN far.endpoint ELSE r.relid END, attnum) IS NULL;
	FOR c IN SELECT * FROM oracle.col WHERE rel = near.rel AND side = near.side
		ORDER BY pos
	LOOP
		i := i + 1;
		UPDATE oracle.col SET pos = i WHERE rel = near.rel AND side = near.side AND pos = c.pos;
	END LOOP;
	FOR c IN SELECT * FROM oracle.col WHERE rel = near.rel AND side = near.side
		ORDER BY pos
	LOOP
		name := oracle.att(CASE c.kind WHEN 'far' THEN far.endpoint ELSE r.relid END, c.attnum);
		CONTINUE WHEN name = c.source;
		prefix := CASE c.kind WHEN 'far' THEN far.role WHEN 'key' THEN near.role ELSE 'link' END;
		IF c.alias = c.source OR left(c.alias, length(prefix || c.source) + 1) = prefix || '_' || c.source
			AND substr(c.alias, length(prefix || c.source) + 2) ~ '^(_[0-9]+)?$'
		THEN
			-- the near key keeps its name, what shows that gets its prefix
			SELECT o.* INTO other FROM oracle.col o WHERE c.kind = 'key' AND o.kind <> 'key'
			AND o.rel = near.rel AND o.side = near.side AND o.alias = name AND o.source = name;
			IF FOUND THEN
				UPDATE oracle.col o SET alias = name WHERE o.rel = c.rel AND o.side = c.side AND o.pos = c.pos;
				UPDATE oracle.col o SET alias = oracle.alias(near.rel, near.side, other.pos, name,
					CASE other.kind WHEN 'far' THEN far.role ELSE 'link' END)
				WHERE o.rel = c.rel AND o.side = c.side AND o.pos = other.pos;
			END IF;
			c.alias := oracle.alias(near.rel, near.side, c.pos, name, prefix);
		END IF;
		UPDATE oracle.col o SET source = name, alias = c.alias
		WHERE rel = c.rel AND side = c.side AND pos = c.pos;
	END LOOP;
	PERFORM oracle.append(r, near, far);
	IF view IS NULL THEN
		IF near.view_there THEN
			RETURN NEXT here || 'view is missing';
		END IF;
		RETURN;
	ELSIF NOT near.view_there THEN
		RETURN NEXT here || 'view was dropped and is there';
	END IF;

	SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attcollation
		ORDER BY attnum) INTO shown FROM pg_attribute WHERE attrelid = view;
	IF 'alias' = ANY (tags) THEN
		UPDATE oracle.col o SET alias = attname FROM pg_attribute
		WHERE rel = near.rel AND side = near.side AND attrelid = view AND o.pos = pg_attribute.attnum;
	END IF;
	SELECT array_agg(alias || ' ' || format_type(oracle.base_type(atttypid), atttypmod) || ' ' || attcollation
		ORDER BY pos), string_agg(format('%s.%I', CASE kind WHEN 'far' THEN 'r' ELSE 'l' END,
		source), ', ' ORDER BY pos)
	INTO expected, list
	FROM oracle.col o JOIN pg_attribute a ON a.attnum = o.attnum
	AND attrelid = CASE kind WHEN 'far' THEN far.endpoint ELSE r.relid END
	WHERE rel = near.rel AND side = near.side;
	IF shown IS DISTINCT FROM expected THEN
		RETURN NEXT format('%scolumns are %s, should be %s', here, shown, expected);
		RETURN;
	END IF;

	-- rows
	SELECT format(' FROM %s l JOIN %s r ON (%s) = (%s)', oracle.table_name(r.relid),
		oracle.table_name(far.endpoint), oracle.columns('r', far.endpoint, far.key),
		oracle.columns('l', r.relid, far.link)) INTO joined;
	IF NOT (SELECT coalesce('security_invoker=true' = ANY (reloptions), false)
		FROM pg_class WHERE oid = view)
	THEN
		NULL; -- its owner may not be able to read it; m2m_check() reports that
	ELSIF NOT oracle.same(format('SELECT ROW(v.*)::text FROM %s v', oracle.table_name(view)),
		format('SELECT ROW(%s)::text %s WHERE num_nulls(%s) = 0', list, joined,
			oracle.columns('l', r.relid, near.link)))
	THEN
		RETURN NEXT here || 'rows differ from the join''s';
	END IF;
	IF oracle.function_is(near.function) IS NULL THEN
		RETURN NEXT here || 'function is missing';
	ELSIF NOT oracle.same(
		format('SELECT ROW(%s, f.*)::text FROM %s n, %s(n) f',
			oracle.columns('n', near.endpoint, near.key), oracle.table_name(near.endpoint),
			(SELECT format('%I.%I', nspname, proname) FROM pg_proc p
			 JOIN pg_namespace s ON s.oid = pronamespace WHERE p.oid = near.function)),
		format('SELECT ROW(%s, r.*)::text %s JOIN %s n ON (%s) = (%s)',
			oracle.columns('n', near.endpoint, near.key), joined,
			oracle.table_name(near.endpoint),
			oracle.columns('l', r.relid, near.link), oracle.columns('n', near.endpoint, near.key)))
	THEN
		RETURN NEXT here || 'rows of the function differ from the join''s';
	END IF;

	-- what stays
	now_is := oracle.view_is(view);
	IF now_is IS DISTINCT FROM near.view_is AND tags && ARRAY['any', 'view:' || near.view_name] IS NOT TRUE THEN
		RETURN NEXT here || 'view ' || oracle.difference(near.view_is, now_is);
	END IF;
	UPDATE oracle.side SET view_is = now_is WHERE rel = near.rel AND side = near.side;
	now_is := oracle.function_is(near.function);
	IF now_is IS DISTINCT FROM near.function_is AND 'any' <> ALL (tags) THEN
		RETURN NEXT here || 'function ' || oracle.difference(near.function_is, now_is);
	END IF;
	UPDATE oracle.side SET function_is = now_is WHERE rel = near.rel AND side = near.side;
	FOR c IN SELECT * FROM oracle.col WHERE rel = near.rel AND side = near.side LOOP
		now_is := oracle.col_is(view, c.pos);
		IF now_is IS DISTINCT FROM c.col_is AND tags && ARRAY['any', 'view:' || near.view_name] IS NOT TRUE THEN
			RETURN NEXT format('%scolumn %s was "%s", is "%s"', here, c.alias, c.col_is, now_is);
		END IF;
		UPDATE oracle.col SET col_is = now_is
		WHERE rel = near.rel AND side = near.side AND pos = c.pos;
	END LOOP;
END $$;

-- what is left of a relationship that lost a table, or a column of a key
CREATE FUNCTION oracle.check_gone(r oracle.rel, tags text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	s oracle.side; lost_table boolean := false; stands text := oracle.table_name(r.relid);
	dropper text := (SELECT substr(t, 6) FROM unnest(tags) t WHERE t ~ '^role:');
BEGIN
	FOR s IN SELECT * FROM oracle.side WHERE rel = r.rel LOOP
		IF oracle.table_name(s.endpoint) IS NULL THEN
			lost_table := true;
		END IF;
	END LOOP;
	IF NOT lost_table AND stands IS NOT NULL THEN
		RETURN;
	END IF;
	FOR s IN SELECT * FROM oracle.side WHERE rel = r.rel LOOP
		-- one that a view of the user's reads stands, as a view like any other
		IF oracle.view_of(s) IS NOT NULL AND NOT (
				EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
					WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
						AND d.refobjid = oracle.view_of(s) AND w.ev_class <> d.refobjid)
				AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = oracle.view_of(s))) THEN
			RETURN NEXT format('view %s is left of %s', s.view_name, s.rel);
		END IF;
		IF oracle.function_is(s.function) IS NOT NULL THEN
			RETURN NEXT format('function %s is left of %s', s.function::regprocedure, s.rel);
		END IF;
	END LOOP;
	IF dropper IS NOT NULL AND lost_table AND stands IS NOT NULL AND NOT r.adopted
		AND pg_has_role(dropper, r.owner, 'USAGE')
		AND NOT EXISTS (SELECT FROM pg_depend WHERE refobjid = r.relid
			AND classid = 'pg_rewrite'::regclass)
	THEN
		RETURN NEXT format('association table of %s still stands', r.rel);
	END IF;
END $$;

-- tags: what a statement was about, and may have changed; see the callers
CREATE FUNCTION oracle.check(tags text[]) RETURNS SETOF text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE r oracle.rel; near oracle.side; far oracle.side; listed oid[]; due oid[];
BEGIN
	FOR r IN SELECT * FROM oracle.rel WHERE NOT gone ORDER BY rel LOOP
		IF oracle.table_name(r.relid) IS NULL
			OR EXISTS (SELECT FROM oracle.side s, unnest(s.key || s.link) WITH ORDINALITY u(num, n)
				WHERE s.rel = r.rel AND oracle.att(CASE WHEN n <= cardinality(s.key)
					THEN s.endpoint ELSE r.relid END, num) IS NULL)
		THEN
			RETURN QUERY SELECT oracle.check_gone(r, tags);
			UPDATE oracle.rel SET gone = true WHERE rel = r.rel;
			CONTINUE;
		END IF;
		UPDATE oracle.rel SET name = oracle.table_name(r.relid), owner = relowner
		FROM pg_class WHERE oid = r.relid AND rel = r.rel;
		FOR near IN SELECT * FROM oracle.side WHERE rel = r.rel ORDER BY side LOOP
			SELECT * INTO far FROM oracle.side WHERE rel = r.rel AND side <> near.side;
			RETURN QUERY SELECT oracle.check_side(r, near, far, tags);
		END LOOP;
	END LOOP;
	SELECT array_agg(association::oid ORDER BY association::oid) INTO listed FROM public.m2m_relationships()
	WHERE left_view IS NOT NULL OR right_view IS NOT NULL;
	SELECT array_agg(o.relid ORDER BY o.relid) INTO due FROM oracle.rel o
	WHERE NOT gone AND EXISTS (SELECT FROM oracle.side s WHERE s.rel = o.rel AND view_there);
	IF listed IS DISTINCT FROM due THEN
		RETURN NEXT format('m2m_relationships lists %s', listed::regclass[]);
	END IF;
	IF NOT (SELECT findings FROM oracle.flag) THEN
		RETURN QUERY SELECT format('m2m_check: %s: %s', relationship, finding)
		FROM public.m2m_check() m WHERE severity <> 'info'
			-- one that lost a key goes on resting
			AND NOT (finding ~ 'at rest' AND EXISTS (SELECT FROM oracle.rel
				WHERE gone AND relid = m.relationship));
	END IF;
END $$;

-- the same between the statements of a DO block
CREATE FUNCTION oracle.step(role text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE problem text;
BEGIN
	FOR problem IN SELECT oracle.check(ARRAY['role:' || role]) LOOP
		RAISE WARNING 'oracle: %', problem;
	END LOOP;
END $$;

-- what the generator of statements needs to know
CREATE FUNCTION oracle.state() RETURNS json LANGUAGE sql STABLE AS $$
	SELECT json_build_object(
		'tables', (SELECT json_object_agg(slot, json_build_object(
			'name', oracle.table_name(relid), 'schema', nspname, 'table', relname,
			'owner', relowner::regrole, 'persistence', relpersistence,
			'columns', (SELECT json_agg(json_build_object('num', attnum, 'name', attname,
				'type', format_type(atttypid, atttypmod), 'notnull', attnotnull,
				'default', atthasdef, 'generated', attgenerated,
				'key', EXISTS (SELECT FROM pg_constraint WHERE conrelid = relid
					AND contype IN ('p', 'f') AND attnum = ANY (conkey)
					OR confrelid = relid AND attnum = ANY (confkey)))
				ORDER BY attnum)
				FROM pg_attribute WHERE attrelid = relid AND attnum > 0 AND NOT attisdropped),
			'constraints', (SELECT json_agg(json_build_object('name', conname, 'type', contype)
				ORDER BY conname) FROM pg_constraint WHERE conrelid = relid),
			'indexes', (SELECT json_agg(format('%I.%I', n2.nspname, c2.relname) ORDER BY c2.relname)
				FROM pg_index i JOIN pg_class c2 ON c2.oid = indexrelid
				JOIN pg_namespace n2 ON n2.oid = c2.relnamespace WHERE indrelid = slot.relid),
			'rows', reltuples))
			FROM oracle.slot JOIN pg_class c ON c.oid = relid
			JOIN pg_namespace n ON n.oid = relnamespace
			WHERE NOT EXISTS (SELECT FROM oracle.rel WHERE rel = slot AND gone)),
		'views', (SELECT json_agg(json_build_object('rel', rel, 'side', side,
				'name', oracle.table_name(oracle.view_of(s)), 'view', view_name,
				'function', (SELECT format('%I.%I', nspname, proname) FROM pg_proc p
					JOIN pg_namespace ns ON ns.oid = pronamespace WHERE p.oid = s.function),
				'endpoint', oracle.table_name(endpoint),
				'owner', relowner::regrole,
				'columns', (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
					WHERE attrelid = oracle.view_of(s)))
				ORDER BY rel, side)
			FROM oracle.side s JOIN oracle.rel USING (rel)
			JOIN pg_class vc ON vc.oid = oracle.view_of(s)
			WHERE NOT gone AND view_there),
		'gone', (SELECT json_agg(rel ORDER BY rel) FROM oracle.rel WHERE gone),
		'excluded', (SELECT coalesce(array_agg(name ORDER BY name), '{}')::text FROM oracle.rel WHERE gone),
		'findings', (SELECT findings FROM oracle.flag),
		'schemas', (SELECT json_agg(nspname ORDER BY nspname) FROM pg_namespace
			WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'oracle')),
		'extra', (SELECT json_agg(json_build_object('name', oracle.table_name(oid),
				'kind', relkind, 'table', relname) ORDER BY relname)
			FROM pg_class WHERE relname ~ '^(uv|lv|extra)_' AND relkind IN ('r', 'v')),
		'lf', (SELECT json_agg(oid::regprocedure::text ORDER BY proname) FROM pg_proc
			WHERE proname ~ '^lf_'),
		'types', (SELECT json_agg(format_type(t.oid, NULL) ORDER BY typname) FROM pg_type t
			JOIN pg_namespace n ON n.oid = typnamespace
			WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'oracle')
			AND (typtype IN ('d', 'e') OR typtype = 'c'
				AND (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c')))
$$;

-- one random row of a table as literals: {id as m2m takes it, values}
CREATE FUNCTION oracle.pick(relation oid, nums int[], dice float) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE result text[]; cols text[];
BEGIN
	SELECT array_agg(quote_ident(oracle.att(relation, num)) ORDER BY n) INTO cols
	FROM unnest(nums) WITH ORDINALITY AS u(num, n);
	EXECUTE format('SELECT ARRAY[%s] FROM %s t ORDER BY t::text COLLATE "C"'
		' OFFSET floor(%s * (SELECT count(*) FROM %2$s))::int LIMIT 1',
		(SELECT string_agg(c || '::text', ', ') FROM unnest(cols) c),
		oracle.table_name(relation), dice) INTO result;
	IF result IS NULL THEN
		RETURN NULL;
	ELSIF cardinality(nums) > 1 THEN
		result := (SELECT '(' || string_agg('"' || replace(replace(v, '\', '\\'), '"', '\"') || '"', ',' ORDER BY n) || ')'
			FROM unnest(result) WITH ORDINALITY AS u(v, n)) || result;
	ELSE
		result := result || result;
	END IF;
	RETURN result;
END $$;

-- a statement that links or unlinks, and what says the same in the twin
CREATE FUNCTION oracle.link(which text, way int, d1 float, d2 float, OUT call text, OUT plain text)
LANGUAGE plpgsql AS $$
DECLARE
	r oracle.rel; l oracle.side; s oracle.side; lid text[]; sid text[];
	cols text; vals text;
BEGIN
	SELECT * INTO r FROM oracle.rel WHERE rel = which;
	SELECT * INTO l FROM oracle.side WHERE rel = which AND side = 0;
	SELECT * INTO s FROM oracle.side WHERE rel = which AND side = 1;
	lid := oracle.pick(l.endpoint, l.key, d1);
	sid := oracle.pick(s.endpoint, s.key, d2);
	IF lid IS NULL OR sid IS NULL THEN
		RETURN;
	END IF;
	cols := concat_ws(', ',
		(SELECT string_agg(quote_ident(oracle.att(r.relid, num)), ', ' ORDER BY n)
		 FROM unnest(l.link || s.link) WITH ORDINALITY AS u(num, n)));
	vals := (SELECT string_agg(quote_literal(v), ', ' ORDER BY n)
		FROM unnest(lid[2:] || sid[2:]) WITH ORDINALITY AS u(v, n));
	IF way IN (0, 2, 4) THEN
		plain := format('INSERT INTO %s (%s) SELECT * FROM (VALUES (%s)) v WHERE NOT EXISTS'
			' (SELECT FROM %1$s WHERE (%2$s) = (%3$s))', oracle.table_name(r.relid), cols,
			(SELECT string_agg(format('%L::%s', v, format_type(atttypid, atttypmod)), ', ' ORDER BY n)
			 FROM unnest(l.link || s.link, lid[2:] || sid[2:]) WITH ORDINALITY AS u(num, v, n)
			 JOIN pg_attribute ON attrelid = r.relid AND attnum = num));
	ELSE
		plain := format('DELETE FROM %s WHERE (%s) = (%s)', oracle.table_name(r.relid), cols, vals);
	END IF;
	IF way IN (0, 1) THEN
		call := format('SELECT m2m_%s(%L, %L, %L, %L, via => %L)',
			CASE way WHEN 0 THEN 'link' ELSE 'unlink' END,
			oracle.table_name(l.endpoint), lid[1], oracle.table_name(s.endpoint), sid[1],
			oracle.table_name(r.relid));
	ELSE
		-- by a view, from either side
		IF way IN (4, 5) THEN
			SELECT * INTO l FROM oracle.side WHERE rel = which AND side = 1;
			SELECT * INTO s FROM oracle.side WHERE rel = which AND side = 0;
			vals := (SELECT string_agg(quote_literal(v), ', ' ORDER BY n)
				FROM unnest(sid[2:] || lid[2:]) WITH ORDINALITY AS u(v, n));
		END IF;
		SELECT string_agg(quote_ident(alias), ', ' ORDER BY part, n) INTO cols FROM (
			SELECT 0 AS part, n, alias FROM unnest(l.link) WITH ORDINALITY AS u(num, n)
			JOIN oracle.col c ON c.rel = which AND c.side = l.side AND kind = 'key' AND attnum = num
			UNION ALL
			SELECT 1, n, alias FROM unnest(s.key) WITH ORDINALITY AS u(num, n)
			JOIN oracle.col c ON c.rel = which AND c.side = l.side AND kind = 'far' AND attnum = num) x;
		IF way IN (2, 4) THEN
			call := format('INSERT INTO %s (%s) VALUES (%s)',
				oracle.table_name(oracle.view_of(l)), cols, vals);
		ELSE
			call := format('DELETE FROM %s WHERE (%s) = (%s)',
				oracle.table_name(oracle.view_of(l)), cols, vals);
		END IF;
	END IF;
END $$;

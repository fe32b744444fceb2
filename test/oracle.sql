--
-- What the pg_regress tests of "relationships follow the schema" compare with.
-- Include it; it makes the schema "oracle":
--
--      \getenv abs_srcdir PG_ABS_SRCDIR
--      \set ECHO none
--      \i :abs_srcdir/test/oracle.sql
--      \set ECHO all
--
-- wrong()                  what is not as it should be: no rows
-- CALL remember()          notes owners, grants, comments, options, columns,
--                          defaults, triggers and rules of all relationships
-- changes()                what is otherwise than it was then
-- alias                    columns of link views that users have renamed
-- objects(schema)          the tables, views and functions that are there
--
CREATE SCHEMA oracle;
GRANT USAGE ON SCHEMA oracle TO PUBLIC;

-- source: as the link view itself says, r.column or l.column
CREATE TABLE oracle.alias (view text, name text, source text);
GRANT ALL ON oracle.alias TO PUBLIC;

-- The two directions of all relationships.
CREATE VIEW oracle.direction AS
    SELECT association, properties, d.*, far_shared
    FROM public.m2m_relationships() CROSS JOIN LATERAL (VALUES
        ('left', left_view, left_function, left_role, left_table, left_key, left_columns,
         right_role, right_table, right_key, right_columns),
        ('right', right_view, right_function, right_role, right_table, right_key, right_columns,
         left_role, left_table, left_key, left_columns))
        d (near, view, function, near_role, near_table, near_key, near_columns,
           far_role, far_table, far_key, far_columns)
         CROSS JOIN LATERAL (
             SELECT coalesce(array_agg(k), '{}') FROM unnest(d.far_key, d.far_columns) u (k, c)
             WHERE c = ANY (shared)) f (far_shared);
GRANT SELECT ON oracle.direction TO PUBLIC;

-- "a.x = b.y AND ...", with the collation of the first, and with the operator of
-- a type that comes from elsewhere
CREATE FUNCTION oracle.equal(a text, tab regclass, keys text[], b text, columns text[]) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT string_agg(format('%s.%I %s %s.%I', a, k,
                             CASE WHEN typnamespace <> 'pg_catalog'::regnamespace AND typtype = 'b'
                             THEN format('OPERATOR(%s.=)', typnamespace::regnamespace) ELSE '=' END, b, c) ||
                      coalesce(' COLLATE ' || nullif(attcollation, 0)::regcollation, ''), ' AND ')
    FROM unnest(keys, columns) u (k, c) JOIN pg_attribute ON attrelid = tab AND attname = k
         JOIN pg_type t ON t.oid = atttypid
$$;

-- A name without what differs from session to session.
CREATE FUNCTION oracle.name(name text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(name, 'pg_temp_\d+', 'pg_temp', 'g')
$$;

-- What a link view shows of a domain's column: its base type.
CREATE FUNCTION oracle.base_type(type oid) RETURNS oid LANGUAGE sql SET search_path = pg_catalog AS $$
    WITH RECURSIVE base AS (
        SELECT type AS oid
        UNION ALL SELECT typbasetype FROM base JOIN pg_type t USING (oid) WHERE typtype = 'd')
    SELECT base.oid FROM base JOIN pg_type t USING (oid) WHERE typtype <> 'd'
$$;

-- Rows of two queries that are not in both.
CREATE FUNCTION oracle.differing(a text, b text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) x', a, b) INTO n;
    RETURN n;
END
$$;

-- Each link view against the recomputed join, columns and rows; each link
-- function against the same; and what m2m_check() has to say, of all
-- relationships or of one. "but": a severity to pass over.
CREATE FUNCTION oracle.wrong(one regclass DEFAULT NULL, but text DEFAULT '', OUT relationship text, OUT what text)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    d record;
    s record;
    shown text[];       -- columns of the view
    names text[];       -- those that are accounted for
    sources text[];     -- by what
    name text;
    joined text;
BEGIN
    FOR d IN SELECT * FROM oracle.direction WHERE one IS NULL OR association = one
             ORDER BY association::text COLLATE "C", near LOOP
        relationship := d.association;
        IF d.view IS NULL THEN
            what := oracle.name(format('no link view of role %s', d.near_role));
            RETURN NEXT;
            CONTINUE;
        END IF;
        IF d.function IS NULL THEN
            what := oracle.name(format('no link function of role %s', d.near_role));
            RETURN NEXT;
        END IF;
        joined := format(' FROM %s l JOIN %s r ON %s ', d.association, d.far_table,
                         oracle.equal('r', d.far_table, d.far_key, 'l', d.far_columns));

        -- columns: all of them, nothing else, of the right types
        shown := array(SELECT attname::text FROM pg_attribute
                       WHERE attrelid = d.view AND attnum > 0 AND NOT attisdropped);
        names := '{}';
        sources := '{}';
        FOR s IN
            SELECT kind, format('%s.%I', source, attname) AS source, attname::text AS own, prefix,
                   atttypid, atttypmod, attcollation
            FROM (SELECT 1, d.association, 'l', d.near_role, n, c FROM unnest(d.near_columns) WITH ORDINALITY u (c, n)
                  UNION ALL
                  SELECT 2, d.far_table, 'r', d.far_role, attnum, attname FROM pg_attribute
                  WHERE attrelid = d.far_table AND attnum > 0 AND NOT attisdropped
                        -- what both keys have is shown once, unless there is nothing else
                        AND (attname <> ALL (d.far_shared) OR NOT EXISTS (
                            SELECT FROM pg_attribute o WHERE o.attrelid = d.far_table AND o.attnum > 0
                                   AND NOT o.attisdropped AND o.attname <> ALL (d.far_shared)))
                  UNION ALL
                  SELECT 3, d.association, 'l', 'link', n, c FROM unnest(d.properties) WITH ORDINALITY u (c, n))
                 x (kind, tab, source, prefix, n, c)
                 JOIN pg_attribute a ON a.attrelid = x.tab AND a.attname = x.c
            ORDER BY kind, n
        LOOP
            SELECT u INTO name
            FROM unnest(coalesce((SELECT array_agg(alias.name) FROM oracle.alias
                                  WHERE d.view = to_regclass(alias.view) AND alias.source = s.source),
                                 ARRAY[s.own, s.prefix || '_' || s.own, s.prefix || '_' || s.own || '_2'])) u
            WHERE u = ANY (shown) AND u <> ALL (names) LIMIT 1;
            IF name IS NULL THEN
                what := oracle.name(format('%s does not show %s', d.view, s.source));
                RETURN NEXT;
                CONTINUE;
            END IF;
            names := names || name;
            sources := sources || s.source;
            IF NOT EXISTS (SELECT FROM pg_attribute v WHERE v.attrelid = d.view AND v.attname = name
                           AND v.atttypid = oracle.base_type(s.atttypid) AND v.atttypmod = s.atttypmod
                           AND v.attcollation = s.attcollation) THEN
                what := oracle.name(format('%s: column %I is not of the type of %s', d.view, name, s.source));
                RETURN NEXT;
            END IF;
        END LOOP;
        FOREACH name IN ARRAY shown LOOP
            IF name <> ALL (names) THEN
                what := oracle.name(format('%s shows a column %I', d.view, name));
                RETURN NEXT;
            END IF;
        END LOOP;

        -- rows
        BEGIN
            IF oracle.differing(
                format('SELECT ROW(%s)::text FROM %s', (SELECT string_agg(quote_ident(n), ', ') FROM unnest(names) n), d.view),
                format('SELECT ROW(%s)::text %s WHERE %s', array_to_string(sources, ', '), joined,
                       (SELECT string_agg(format('l.%I IS NOT NULL', c), ' AND ') FROM unnest(d.near_columns) c))) > 0 THEN
                what := oracle.name(format('%s is not the recomputed join', d.view));
                RETURN NEXT;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            what := oracle.name(format('%s cannot be read: %s', d.view, sqlerrm));
            RETURN NEXT;
        END;
        IF d.function IS NOT NULL THEN
            BEGIN
                IF oracle.differing(
                    format('SELECT ROW("a row", f.*)::text FROM %s "a row", %s("a row") f', d.near_table,
                           (SELECT format('%s.%I', pronamespace::regnamespace, proname) FROM pg_proc WHERE oid = d.function)),
                    format('SELECT ROW("a row", r.*)::text %s JOIN %s "a row" ON %s', joined, d.near_table,
                           oracle.equal('"a row"', d.near_table, d.near_key, 'l', d.near_columns))) > 0 THEN
                    what := oracle.name(format('%s is not the recomputed join', d.function));
                    RETURN NEXT;
                END IF;
            EXCEPTION WHEN OTHERS THEN
                what := oracle.name(format('%s fails: %s', d.function, sqlerrm));
                RETURN NEXT;
            END;
        END IF;
    END LOOP;
    FOR relationship, what IN
        SELECT c.relationship, severity || ': ' || finding FROM public.m2m_check(one) c WHERE severity <> but
    LOOP
        RETURN NEXT;
    END LOOP;
END
$$;

-- Everything about the parts of all relationships that is not their shape (and
-- but for MAINTAIN, which PostgreSQL has from 17 on).
CREATE FUNCTION oracle.facts(OUT object text, OUT fact text, OUT value text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH part AS (
        SELECT view::oid AS oid, oracle.name(view::text) AS name FROM oracle.direction WHERE view IS NOT NULL
        UNION
        SELECT association, oracle.name(association::text) FROM oracle.direction
    ), part_column AS (
        SELECT p.*, a.*, a.attname::text AS col FROM part p
        JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped
    ), function AS (
        SELECT p.*, oracle.name(function::text) AS name FROM oracle.direction JOIN pg_proc p ON p.oid = function
    ), roles AS (
        SELECT classid, objid, string_agg(DISTINCT deptype::text || ':' || refobjid::regrole, ', ') AS roles
        FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
             AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY classid, objid
    )
    SELECT name, f.fact, f.value
    FROM part JOIN pg_class c USING (oid)
         LEFT JOIN roles ON classid = 'pg_class'::regclass AND objid = c.oid
         CROSS JOIN LATERAL (VALUES
            ('owner', relowner::regrole::text), ('grants', regexp_replace(relacl::text, '=([a-zA-Z*]*)m\*?/', '=\1/', 'g')), ('roles', roles),
            ('options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(reloptions) o)), ('comment', obj_description(c.oid, 'pg_class')),
            ('persistence', relpersistence::text)) f (fact, value)
    UNION ALL
    SELECT name, 'columns', string_agg(quote_ident(col) || ' ' || format_type(atttypid, atttypmod) ||
                                       CASE WHEN attcollation NOT IN (0, 100) THEN ' COLLATE ' || attcollation::regcollation
                                       ELSE '' END, ', ' ORDER BY attnum)
    FROM part_column WHERE oid IN (SELECT view FROM oracle.direction) GROUP BY name
    UNION ALL
    SELECT name, f.fact || ' of column ' || quote_ident(col), f.value
    FROM part_column LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         CROSS JOIN LATERAL (VALUES
            ('grants', attacl::text), ('comment', col_description(attrelid, attnum)),
            ('default', pg_get_expr(adbin, adrelid))) f (fact, value)
    UNION ALL
    SELECT name, f.fact || ' of trigger ' || quote_ident(tgname), f.value
    FROM part JOIN pg_trigger t ON tgrelid = part.oid AND NOT tgisinternal
         CROSS JOIN LATERAL (VALUES
            ('definition', pg_get_triggerdef(t.oid) || ' ' || tgenabled::text),
            ('comment', obj_description(t.oid, 'pg_trigger')),
            ('extension', (SELECT string_agg(e.extname, ', ') FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
                           WHERE classid = 'pg_trigger'::regclass AND objid = t.oid AND deptype = 'x'))) f (fact, value)
    UNION ALL
    SELECT name, f.fact || ' of rule ' || quote_ident(rulename), f.value
    FROM part JOIN pg_rewrite w ON ev_class = part.oid AND rulename <> '_RETURN'
         CROSS JOIN LATERAL (VALUES
            ('definition', pg_get_ruledef(w.oid) || ' ' || ev_enabled::text),
            ('comment', obj_description(w.oid, 'pg_rewrite'))) f (fact, value)
    UNION ALL
    SELECT name, f.fact, f.value
    FROM function LEFT JOIN roles ON classid = 'pg_proc'::regclass AND objid = function.oid
         CROSS JOIN LATERAL (VALUES
            ('owner', proowner::regrole::text), ('grants', proacl::text), ('roles', roles),
            ('comment', obj_description(oid, 'pg_proc')), ('settings', proconfig::text),
            ('cost, rows, volatile, parallel, leakproof, strict, definer',
             concat_ws(', ', procost, prorows, provolatile, proparallel, proleakproof, proisstrict, prosecdef))) f (fact, value)
$$;

CREATE TABLE oracle.remembered (object text, fact text, value text);
GRANT ALL ON oracle.remembered TO PUBLIC;

CREATE PROCEDURE oracle.remember() LANGUAGE sql SET search_path = pg_catalog AS $$
    DELETE FROM oracle.remembered;
    INSERT INTO oracle.remembered SELECT * FROM oracle.facts();
$$;

CREATE FUNCTION oracle.changes(OUT object text, OUT fact text, OUT before text, OUT after text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog AS $$
    SELECT object, fact, b.value, a.value
    FROM (SELECT * FROM oracle.remembered WHERE value IS NOT NULL) b
         FULL JOIN (SELECT * FROM oracle.facts() WHERE value IS NOT NULL) a USING (object, fact)
    WHERE a.value IS DISTINCT FROM b.value
    ORDER BY object COLLATE "C", fact COLLATE "C"
$$;

CREATE FUNCTION oracle.objects(schema regnamespace) RETURNS SETOF text
LANGUAGE sql SET search_path = pg_catalog AS $$
    SELECT * FROM (
        SELECT CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' ELSE 'table ' END || quote_ident(relname)
        FROM pg_class WHERE relnamespace = schema AND relkind IN ('r', 'p', 'v', 'm')
        UNION ALL
        SELECT 'function ' || quote_ident(proname) FROM pg_proc WHERE pronamespace = schema) x (name)
    ORDER BY name COLLATE "C"
$$;

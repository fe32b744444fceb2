-- keys.sql: keys of all sorts of types. If a test here fails, rows with such
-- a key cannot be linked in some form that a client sends them in, or are
-- taken for other rows, or the association stores keys of another type than
-- its endpoint has.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();

-- The rows that a statement returns, as text, or its error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; all_rows text := '';
BEGIN
	FOR r IN EXECUTE sql LOOP all_rows := concat_ws(' ', nullif(all_rows, ''), r::text); END LOOP;
	RETURN all_rows;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- Key columns of an association that are not of the very type, type modifier
-- and collation of the endpoint's.
CREATE FUNCTION other_types(_association regclass) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s for %s %s', l.attname, format_type(l.atttypid, l.atttypmod), e.attname, format_type(e.atttypid, e.atttypmod))
	FROM m2m_relationships() r,
		LATERAL (SELECT r.left_table, unnest(r.left_key), unnest(r.left_columns)
			UNION ALL SELECT r.right_table, unnest(r.right_key), unnest(r.right_columns)) c (endpoint, key, col)
		JOIN pg_attribute e ON e.attrelid = c.endpoint AND e.attname = c.key
		JOIN pg_attribute l ON l.attname = c.col
	WHERE r.association = _association AND l.attrelid = _association
		AND ((l.atttypid, l.atttypmod, l.attcollation) IS DISTINCT FROM (e.atttypid, e.atttypmod, e.attcollation) OR NOT l.attnotnull)
$$;

-- Both views and functions of a relationship against the joins.
CREATE FUNCTION wrong_views(_association regclass) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	view text; calls text; by_hand text;
BEGIN
	FOR r IN
		SELECT left_table AS near, left_key AS near_key, left_columns AS near_link, left_view AS view, left_function::oid AS f, right_table AS far, right_key AS far_key, right_columns AS far_link
			FROM m2m_relationships() WHERE association = _association
		UNION ALL SELECT right_table, right_key, right_columns, right_view, right_function::oid, left_table, left_key, left_columns
			FROM m2m_relationships() WHERE association = _association
	LOOP
		view := 'TABLE ' || r.view;
		by_hand := format('SELECT %s, r.* FROM %s l JOIN %s r ON (%s) = (%s)', (SELECT string_agg(format('l.%I AS near_%s', c, n), ', ') FROM unnest(r.near_link) WITH ORDINALITY x (c, n)),
			_association, r.far, (SELECT string_agg(format('r.%I', c), ', ') FROM unnest(r.far_key) c), (SELECT string_agg(format('l.%I', c), ', ') FROM unnest(r.far_link) c));
		calls := format('SELECT %s, f.* FROM %s n, %s(n) f', (SELECT string_agg(format('n.%I AS near_%s', c, i), ', ') FROM unnest(r.near_key) WITH ORDINALITY x (c, i)),
			r.near, r.f::regproc);
		RETURN QUERY EXECUTE format('(SELECT ''not in view: '' || q::text FROM (%1$s EXCEPT ALL %2$s) q) UNION ALL (SELECT ''in view: '' || q::text FROM (%2$s EXCEPT ALL %1$s) q)', by_hand, view);
		RETURN QUERY EXECUTE format('(SELECT ''not from function: '' || q::text FROM (%1$s EXCEPT ALL %2$s) q) UNION ALL (SELECT ''from function: '' || q::text FROM (%2$s EXCEPT ALL %1$s) q)', by_hand, calls);
	END LOOP;
END
$$;

-- One relationship between a table with a key of the type under test and one
-- with an integer key: every form of id, both ways round.
CREATE FUNCTION check_key(_key regclass, other regclass, type text, v text[], bulk boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	rel regclass := (SELECT association FROM m2m_relationships() WHERE (left_table, right_table) IN ((_key, other), (other, _key)));
	this text := type || CASE WHEN (SELECT left_table FROM m2m_relationships() r WHERE r.association = rel) = _key THEN ' on the left: ' ELSE ' on the right: ' END;
	typed text[] := ARRAY(SELECT format('%L::%s', x, type) FROM unnest(v) WITH ORDINALITY u (x, n) ORDER BY n);
	is_array boolean := type ~ '\[\]$';
	-- text[] would be one key of type text[]
	many text := CASE type WHEN 'text[]' THEN 'varchar[]' ELSE 'text[]' END;
	all_typed text := CASE WHEN is_array THEN format('%L::%s', v, many) ELSE format('ARRAY[%s]', array_to_string(typed, ',')) END;
	canonical text[];
	rest text[];
	answer text;
BEGIN
	EXECUTE format('SELECT ARRAY[%s::text, %s::text, %s::text]', typed[1], typed[2], typed[3]) INTO canonical;
	RETURN NEXT is((SELECT string_agg(t, ', ') FROM other_types(rel) t), NULL, this || 'the association has the endpoint''s type, modifier, collation, and NOT NULL');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, %s, %L, 1)', _key, typed[1], other)), '(1)', this || 'linked by a typed value');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, %L, %L, 1)', _key, v[2], other)), '(1)', this || 'by an untyped literal');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, ''1'', %L, %L::text)', other, _key, v[3])), '(1)', this || 'by text');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, 1, %L, %L::varchar)', other, _key, v[3])), '(0)', this || 'by varchar');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, 1, %L, key) FROM %s', other, _key, _key)), '(0) (0) (0)', this || 'by the column');
	RETURN NEXT is(result(format('SELECT m2m_count(%L, 1, %L)', other, _key)), '(3)', this || 'all are counted');
	RETURN NEXT is(result(format('SELECT m2m_linked(%L, %s, %L, 1), m2m_linked(%1$L, %4$L, %3$L, 1), m2m_linked(%3$L, 1, %1$L, %5$L::text), m2m_linked(%1$L, %2$s, %3$L, 2)', _key, typed[1], other, v[1], v[1])),
		'(t,t,t,f)', this || 'and found, in every form');
	RETURN NEXT is((SELECT string_agg(t, ', ') FROM wrong_views(rel) t), NULL, this || 'views and functions are the join');
	RETURN NEXT is(result(format('SELECT linked, unlinked, kept FROM m2m_set(%L, 1, %L, (%s)[1:2])', other, _key, all_typed)),
		ROW('{}'::text[], canonical[3:3], 2)::text, this || 'set by an array');
	RETURN NEXT is(result(format('SELECT linked, unlinked, kept FROM m2m_set(%L, 1, %L, %L)', other, _key, v[2:3])),
		ROW(canonical[3:3], canonical[1:1], 1)::text, this || 'set by an array literal');
	RETURN NEXT is(result(format('SELECT linked, unlinked, kept FROM m2m_set(%L, %s, %L, ''{2,3}'')', _key, typed[1], other)), ROW('{2,3}'::text[], '{}'::text[], 0)::text, this || 'set of its own links');
	RETURN NEXT is(result(format('SELECT m2m_unlink(%L, %s, %L, 1), m2m_clear(%1$L, %4$L, %3$L), m2m_clear(%1$L, %5$L::text, %3$L)', _key, typed[2], other, v[3], v[1])), '(1,1,2)', this || 'unlinked and cleared');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, 2, %L, %s)', other, _key, all_typed)), '(3)', this || 'linked by an array');
	RETURN NEXT is(result(format('SELECT m2m_link(%L, %L::%s, %L, ARRAY[3,3,3])', _key, v, many, other)), '(3)', this || 'linked pairwise by an array of text');
	answer := result(format('SELECT m2m_link(%L, 4, %L, %L)', other, _key, v::text));
	IF bulk THEN
		RETURN NEXT is(answer, '(3)', this || 'linked by an array literal');
	ELSE
		RETURN NEXT matches(answer, '^2', this || 'an array literal is one id');
	END IF;
	RETURN NEXT is(result(format('SELECT m2m_toggle(%L, %s, %L, 5), m2m_toggle(%L, 5, %L, %s)', _key, typed[1], other, other, _key, typed[1])), '(t,f)', this || 'toggled');
	EXECUTE format('DEALLOCATE ALL; PREPARE p AS SELECT m2m_link($1, $2, $3, $4)');
	RETURN NEXT is(result(format('EXECUTE p(%L, %L, %L, 5)', _key, v[1], other)) || result(format('EXECUTE p(%L, 5, %L, %L)', other, _key, v[2])), '(1)(1)', this || 'by untyped parameters');
	-- what m2m_set reports can be given back to it
	SELECT unlinked INTO rest FROM m2m_set(other, 2, _key, '{}');
	RETURN NEXT is(result(format('SELECT * FROM m2m_set(%L, 2, %L, %L::%s) s', other, _key, rest, many)), ROW(rest, '{}'::text[], 0)::text, this || 'what m2m_set reports can be given to it again');
	RETURN NEXT is((SELECT s::text FROM m2m_set(other, 2, _key, rest::text) s), ROW('{}'::text[], '{}'::text[], 3)::text, this || 'also as text');
	RETURN NEXT is((SELECT string_agg(t, ', ') FROM wrong_views(rel) t), NULL, this || 'views and functions are the join after that');
	EXECUTE format('UPDATE %s SET note = ''seen'' WHERE key = %s', (SELECT CASE WHEN left_table = other THEN left_view ELSE right_view END FROM m2m_relationships() r WHERE r.association = rel), typed[1]);
	RETURN NEXT is(result(format('SELECT count(*) FROM %s WHERE note = ''seen''', _key)), '(1)', this || 'its row is changed through the view');
	EXECUTE format('DELETE FROM %s WHERE key = %s', (SELECT CASE WHEN left_table = other THEN left_view ELSE right_view END FROM m2m_relationships() r WHERE r.association = rel), typed[1]);
	RETURN NEXT is(result(format('SELECT m2m_clear(%L, %L, %L)', _key, v[1], other)), '(0)', this || 'and unlinked through it');
	EXECUTE format('DELETE FROM %s WHERE key = %s', _key, typed[2]);
	RETURN NEXT is(result(format('SELECT m2m_clear(%L, %L, %L)', _key, v[2], other)), '(0)', this || 'a deleted row takes its links along');
END
$$;
CREATE TABLE thing (id int PRIMARY KEY);
CREATE TABLE item (id int PRIMARY KEY);
INSERT INTO thing SELECT generate_series(1, 5);
INSERT INTO item SELECT generate_series(1, 5);
CREATE SEQUENCE key_number;

-- type as in CREATE TABLE, three values in key order, and whether text that
-- is an array literal is an array of such keys
CREATE FUNCTION keys_of(type text, v text[], bulk boolean DEFAULT false, of text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	name text := 'key_' || nextval('key_number');
BEGIN
	EXECUTE format('CREATE TABLE %I (key %s %s PRIMARY KEY, note text)', name, type, of);
	EXECUTE format('INSERT INTO %I SELECT x::%s FROM unnest(%L::text[]) x', name, type, v);
	PERFORM m2m_create(name::regclass, 'thing');
	PERFORM m2m_create('item', name::regclass);
	RETURN QUERY SELECT check_key(name::regclass, 'thing', type, v, bulk);
	EXECUTE format('TRUNCATE %I CASCADE; INSERT INTO %1$I SELECT x::%s FROM unnest(%L::text[]) x', name, type, v);
	RETURN QUERY SELECT check_key(name::regclass, 'item', type, v, bulk);
END
$$;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'very {happy}');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN email AS varchar(40) CHECK (VALUE ~ '@');
CREATE DOMAIN ident AS uuid;
CREATE DOMAIN deep AS positive;
CREATE TYPE point3 AS (x int, y int, z text);
SELECT keys_of('smallint', '{-1,2,32767}', true);
SELECT keys_of('integer', '{-1,2,2147483647}', true);
SELECT keys_of('bigint', '{-1,2,9223372036854775807}', true);
SELECT keys_of('numeric', '{-1.50,0,123456789012345678901234567890.5}', true);
SELECT keys_of('numeric(10,2)', '{-1.5,0.10,100}', true);
SELECT keys_of('real', '{-1.5,0,1e20}', true);
SELECT keys_of('double precision', '{-1.5,0.1,1e100}', true);
SELECT keys_of('oid', '{1,2,4294967295}', true);
SELECT keys_of('uuid', '{00000000-0000-0000-0000-000000000001,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,b0eebc999c0b4ef8bb6d6bb9bd380a11}', true);
SELECT keys_of('date', '{2001-02-03,2004-05-06,infinity}', true);
SELECT keys_of('timestamp', '{"2001-02-03 04:05:06.789","2004-05-06 00:00:00","infinity"}', true);
SELECT keys_of('timestamptz(3)', '{"2001-02-03 04:05:06.789+00","2004-05-06 00:00:00+02","infinity"}', true);
SELECT keys_of('time', '{04:05:06,10:00,23:59:59.5}', true);
SELECT keys_of('positive', '{1,2,3}', true);
SELECT keys_of('deep', '{1,2,3}', true);
SELECT keys_of('ident', '{00000000-0000-0000-0000-000000000001,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', true);
SELECT keys_of('text', ARRAY['', ' a,"b"\c ', 'ü']);
SELECT keys_of('text', ARRAY['(x)', 'NULL', '[1,2]']);
SELECT keys_of('varchar', '{a,b,c}');
SELECT keys_of('varchar(20)', '{a,b,"c d"}');
SELECT keys_of('char(5)', '{a,bcd,efghi}');
SELECT keys_of('char(1)', '{a,b,c}');
SELECT keys_of('name', '{a,b,c}');
SELECT keys_of('mood', '{sad,ok,"very {happy}"}');
SELECT keys_of('email', '{a@x,b@x,"{c@x}"}');
SELECT keys_of('bytea', ARRAY['\x00', '\x0102', '\xff']);
SELECT keys_of('inet', '{10.0.0.1,10.0.0.0/8,::1}');
SELECT keys_of('bit(3)', '{001,010,111}');
SELECT keys_of('int4range', '{empty,"[1,3)","[5,)"}');
SELECT keys_of('jsonb', ARRAY['"a"', '1', '[1, 2]']);
SELECT keys_of('point3', ARRAY['(1,2,a)', '(1,2,"b,c")', '(3,,)']);
SELECT keys_of('text', '{a,b,c}', of => 'COLLATE "POSIX"');
SELECT keys_of('varchar(9)', '{a,b,c}', of => 'COLLATE "C"');
SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'en-x-icu') AS icu, EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') AS citext \gset
\if :icu
SELECT keys_of('text', '{a,B,c}', of => 'COLLATE "en-x-icu"');
\endif

-- Arrays as keys: an argument of the key's own type is one id, and so is text
SELECT keys_of('text[]', ARRAY['{}', '{a,b}', '{b,NULL,"c d"}']);
SELECT keys_of('int[]', ARRAY['{}', '{1,2}', '{{2,1},{3,4}}']);

-- Text that looks like an array is one text key
CREATE TABLE word (w text PRIMARY KEY);
INSERT INTO word VALUES ('{a,b}'), ('a'), ('b'), ('{}');
SELECT m2m_create('word', 'thing') \g /dev/null
SELECT is(m2m_link('word', '{a,b}', 'thing', 1), 1::bigint, 'text: {a,b} is one id');
SELECT is(m2m_link('thing', '{1,2}', 'word', '{}'), 2::bigint, 'text: {} is one id, where {1,2} is two numbers');
SELECT is((SELECT linked FROM m2m_set('thing', 3, 'word', '{a,b}')), '{a,b}', 'text: but for m2m_set {a,b} is two');
SELECT is((SELECT linked FROM m2m_set('thing', 3, 'word', ARRAY['{a,b}', '{}'])), ARRAY['{a,b}', '{}'], 'text: and an array of {a,b} and {} is these');
SELECT bag_eq('TABLE word_thing', $$VALUES ('{a,b}', 1), ('{}', 1), ('{}', 2), ('{a,b}', 3), ('{}', 3)$$, 'text: all of which is there');

-- Equal keys that are spelled differently
CREATE FUNCTION spelled(type text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	name text := 'spelled_' || nextval('key_number');
BEGIN
	EXECUTE format('CREATE TABLE %I (key %s PRIMARY KEY, note text)', name, type);
	EXECUTE format('INSERT INTO %I VALUES (''Alpha''), (''beta''), (''GAMMA'')', name);
	RETURN NEXT is(m2m_link(name::regclass, 'ALPHA', 'thing', 1), 1::bigint, type || ': linked in another spelling');
	RETURN NEXT is((SELECT string_agg(t, ', ') FROM other_types((name || '_thing')::regclass) t), NULL, type || ': the association has the type and collation');
	RETURN NEXT is(m2m_link('thing', 1, name::regclass, ARRAY['alpha', 'Alpha']), 0::bigint, type || ': one link however it is spelled');
	RETURN NEXT is(m2m_link('thing', 1, name::regclass, ARRAY['Beta', 'BETA', 'beta']), 1::bigint, type || ': also within one call');
	RETURN NEXT ok(m2m_linked('thing', 1, name::regclass, 'aLPHA'), type || ': found in any spelling');
	RETURN NEXT is(m2m_count(name::regclass, 'BeTa', 'thing'), 1::bigint, type || ': counted in any spelling');
	RETURN NEXT is((SELECT string_agg(t, ', ') FROM wrong_views((name || '_thing')::regclass) t), NULL, type || ': views and functions are the join');
	RETURN NEXT is((SELECT kept FROM m2m_set('thing', 1, name::regclass, '{alpha,bEta,gamma}')), 2::bigint, type || ': m2m_set keeps links in any spelling');
	RETURN NEXT is(result(format('INSERT INTO %I (thing_id, key) VALUES (1, ''ALPHA'') RETURNING key', 'thing_' || name || 's')), '(Alpha)', type || ': RETURNING of the view shows the row''s own spelling');
	RETURN NEXT is(result(format('DELETE FROM %I WHERE key = ''gamma'' RETURNING key', 'thing_' || name || 's')), '(GAMMA)', type || ': DELETE from the view');
	RETURN NEXT is(m2m_unlink('thing', 1, name::regclass, '{ALPHA,alpha,BETA}'::text[]), 2::bigint, type || ': unlinked in any spelling');
END
$$;
\if :icu
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT spelled('text COLLATE ignore_case');
SELECT spelled('varchar(10) COLLATE ignore_case');
\endif
\if :citext
CREATE EXTENSION citext;
SELECT spelled('citext');
\endif
CREATE TABLE price (amount numeric PRIMARY KEY);
INSERT INTO price VALUES (1.50), (2);
SELECT is(m2m_link('price', 1.5, 'thing', 1) + m2m_link('price', '1.500', 'thing', 1) + m2m_link('thing', 1, 'price', '{2.0,2,2.00}'), 2::bigint, 'numeric: 1.5 is 1.50');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('price_thing') t), NULL, 'numeric: views are the join');

-- Values are coerced as in an assignment to the column
CREATE TABLE rounded (key numeric(4,1) PRIMARY KEY);
INSERT INTO rounded VALUES (1.3);
SELECT m2m_create('rounded', 'thing') \g /dev/null
SELECT is(m2m_link('rounded', 1.26, 'thing', 1) + m2m_link('rounded', '1.26', 'thing', 1) + m2m_link('rounded', 1.26::float8, 'thing', 1) + m2m_link('rounded', ARRAY[1.26, 1.3], 'thing', 1), 1::bigint,
	'numeric(4,1): 1.26 is assigned as 1.3, in whatever form');
SELECT ok(m2m_linked('rounded', 1.26, 'thing', 1), 'numeric(4,1): and so it is found');
CREATE TABLE short (key varchar(3) PRIMARY KEY);
INSERT INTO short VALUES ('abc');
SELECT m2m_create('short', 'thing') \g /dev/null
SELECT matches(result(format($$SELECT m2m_link('short', %s, 'thing', 1)$$, id)), '^22001', 'varchar(3): too long, ' || id) FROM unnest(ARRAY['''abcd''', '''abcd''::text', '''abcd''::varchar', '''abcd''::name', '''{abcd}''::text[]']) id;
SELECT is(result(format($$SELECT m2m_link('short', %s, 'thing', %s)$$, id, n)), '(1)', 'varchar(3): trailing blanks go, ' || id) FROM unnest(ARRAY['''abc  ''', '''abc  ''::text', '''abc  ''::varchar', '''{"abc "}''::text[]']) WITH ORDINALITY x (id, n);
CREATE TABLE whole (key int PRIMARY KEY);
INSERT INTO whole VALUES (2);
SELECT m2m_create('whole', 'thing') \g /dev/null
SELECT is(m2m_link('whole', 1.5, 'thing', 1), 1::bigint, 'integer: 1.5 is assigned as 2');
SELECT matches(result($$SELECT m2m_link('whole', 3000000000, 'thing', 1)$$), '^22003', 'integer: out of range');
CREATE TABLE checked (key positive PRIMARY KEY);
SELECT m2m_create('checked', 'thing') \g /dev/null
SELECT matches(result($$SELECT m2m_link('checked', -1, 'thing', 1)$$), '^23514', 'domain: its constraint holds for a typed value');
SELECT matches(result($$SELECT m2m_link('checked', '-1', 'thing', 1)$$), '^23514', 'domain: its constraint holds for text');
SELECT matches(result($$SELECT m2m_link('checked', ARRAY[1,-1], 'thing', 1)$$), '^23514', 'domain: its constraint holds for an array');
CREATE DOMAIN several AS int[];
SELECT is(m2m_link('whole', '{2}'::several, 'thing', 2), 1::bigint, 'an array may be of a domain, too');
CREATE TYPE old_id AS (n int);
CREATE FUNCTION from_old(old_id) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.n + 1';
SELECT matches(result($$SELECT m2m_link('whole', ROW(1)::old_id, 'thing', 3)$$), '^42804', 'no cast, no id');
CREATE CAST (old_id AS int) WITH FUNCTION from_old(old_id) AS ASSIGNMENT;
SELECT is(m2m_link('whole', ROW(1)::old_id, 'thing', 3), 1::bigint, 'a cast of one''s own, made after that');
DROP CAST (old_id AS int);
SELECT matches(result($$SELECT m2m_link('whole', ROW(1)::old_id, 'thing', 3)$$), '^42804', 'and not after it was dropped');

-- Composite keys
CREATE TABLE seat (hall text, number int, note text, PRIMARY KEY (hall, number));
CREATE TABLE ticket (id uuid PRIMARY KEY);
INSERT INTO seat VALUES ('A', 1), ('A', 2), ('B, "x"', 1), ('', 0), ('{}', 5);
INSERT INTO ticket SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid FROM generate_series(1, 9) n;
CREATE TYPE place AS (hall varchar, number bigint);
SELECT m2m_create('seat', 'ticket') \g /dev/null
CREATE FUNCTION t(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid$$;
SELECT is((SELECT string_agg(t, ', ') FROM other_types('seat_ticket') t), NULL, 'composite: the association has the endpoints'' types');
SELECT is(result(format('SELECT m2m_link(''seat'', %s, ''ticket'', t(%s))', id, n)), '(1)', 'composite: ' || id)
FROM unnest(ARRAY[$$ROW('A', 1)$$, $$('A', 1)$$, $$ROW('A'::text, 1::bigint)$$, $$ROW('A'::varchar, 1::smallint)$$, $$('A', 1)::place$$, $$'(A,1)'$$, $$'("A", 1)'::text$$, $$ROW('A'::char(1), '1')$$, $$ROW('A', '1'::text)$$])
	WITH ORDINALITY x (id, n);
SELECT is((SELECT array_agg(DISTINCT (seat_hall, seat_number)::text) FROM seat_ticket), '{"(A,1)"}', 'composite: all are that row');
SELECT is(m2m_count('seat', ROW('A', 1), 'ticket'), 9::bigint, 'composite: count');
SELECT is(m2m_clear('seat', '(A,1)', 'ticket'), 9::bigint, 'composite: clear');
SELECT is(result(format('SELECT m2m_link(%s, ''ticket'', t(%s))', id, n)), '(2)', 'composite, several: ' || id)
FROM unnest(ARRAY[$$'seat', ARRAY[ROW('A', 1), ROW('A', 2)]$$, $$'seat', ARRAY[('A', 1)::place, ('A', 2)::place]$$, $$'seat', '{"(A,1)","(A,2)"}'$$, $$'seat', '{"(A,1)","(A,2)"}'::text[]$$, $$'seat', ARRAY['(A,1)', '(A,2)']$$,
	$$'seat', (SELECT array_agg((hall, number)) FROM seat WHERE hall = 'A')$$, $$'seat', (SELECT array_agg((hall, number)::text) FROM seat WHERE hall = 'A')$$]) WITH ORDINALITY x (id, n);
SELECT is((SELECT linked FROM m2m_set('ticket', t(9), 'seat', '{"(\"B, \"\"x\"\"\",1)","(\"\",0)","({},5)"}')), (SELECT array_agg((hall, number)::text ORDER BY hall, number) FROM seat WHERE hall <> 'A'), 'composite: set by text');
SELECT is((SELECT s::text FROM m2m_set('ticket', t(9), 'seat', ARRAY[ROW('A', 2), ROW('', 0)]) s), ROW(ARRAY['(A,2)'], ARRAY['("B, ""x""",1)', '({},5)'], 1)::text, 'composite: set by rows; the difference is rows as text');
SELECT is((SELECT kept FROM m2m_set('ticket', t(9), 'seat', (SELECT array_agg((hall, number)) FROM ticket_seats WHERE ticket_id = t(9)))), 2::bigint, 'composite: set to what is there');
SELECT ok(m2m_linked('seat', ROW('A', 2), 'ticket', t(9)) AND m2m_linked('ticket', t(9), 'seat', '("",0)') AND NOT m2m_linked('seat', ROW('A', 1), 'ticket', t(9)), 'composite: linked');
SELECT is(m2m_unlink('ticket', t(9), 'seat', ARRAY[ROW('A', 2), ROW('A', 1)]), 1::bigint, 'composite: unlink');
SELECT ok(NOT m2m_toggle('ticket', t(9), 'seat', '("",0)') AND m2m_toggle('ticket', t(9), 'seat', ROW('', 0)), 'composite: toggle');
SELECT is(m2m_link('seat', ARRAY[ROW('A', 1), ROW('', 0)], 'ticket', ARRAY[t(8), t(8)]), 2::bigint, 'composite: pairwise');
PREPARE composite AS SELECT m2m_link($1, $2, $3, $4);
SELECT is(result($$EXECUTE composite('seat', '({},5)', 'ticket', '00000000-0000-0000-0000-000000000008')$$), '(1)', 'composite: by untyped parameters');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('seat_ticket') t), NULL, 'composite: views and functions are the join');
UPDATE seat SET hall = 'C', number = 7 WHERE hall = 'A' AND number = 1;
SELECT ok(m2m_linked('seat', '(C,7)', 'ticket', t(8)), 'composite: links follow a change of the key');
DELETE FROM seat WHERE hall = 'C';
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('seat_ticket') t), NULL, 'composite: and end with the row');
-- on both sides, and with itself
CREATE TABLE slot (day date, hour smallint, PRIMARY KEY (day, hour));
INSERT INTO slot SELECT date '2020-01-01', n FROM generate_series(1, 3) n;
SELECT is(m2m_link('seat', ROW('A', 2), 'slot', '{"(2020-01-01,1)","(2020-01-01,2)"}'), 2::bigint, 'composite on both sides');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('seat_slot') t), NULL, 'composite on both sides: views and functions are the join');
SELECT is(m2m_link('slot', '(2020-01-01,1)', 'slot', '{"(2020-01-01,2)","(2020-01-01,3)"}'), 2::bigint, 'composite, with itself');
SELECT is(m2m_count('slot', ROW(date '2020-01-01', 3), 'slot', role => 'to_slot'), 1::bigint, 'composite, with itself, the other end');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('slot_slot') t), NULL, 'composite, with itself: views and functions are the join');

-- A key other than the primary one: left_key, right_key
CREATE TABLE employee (id int PRIMARY KEY, badge text UNIQUE, country text NOT NULL, number int NOT NULL, UNIQUE (country, number));
CREATE TABLE skill (id int PRIMARY KEY, code char(3) NOT NULL UNIQUE);
INSERT INTO employee VALUES (1, 'b1', 'de', 10), (2, 'b2', 'de', 20), (3, NULL, 'fr', 10);
INSERT INTO skill VALUES (1, 'sql'), (2, 'c');
SELECT m2m_create('employee', 'skill', left_key => '{badge}', right_key => '{code}') \g /dev/null
SELECT is(m2m_link('employee', 'b1', 'skill', ARRAY['sql', 'c']), 2::bigint, 'unique keys on both sides');
SELECT bag_eq('SELECT * FROM employee_skill', $$VALUES ('b1', 'sql'::char(3)), ('b1', 'c')$$, 'are what the association stores');
SELECT is((SELECT string_agg(t, ', ') FROM other_types('employee_skill') t), NULL, 'in their types');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('employee_skill') t), NULL, 'views and functions join by them');
SELECT matches(result($$SELECT m2m_link('employee', '1', 'skill', 'sql')$$), '^23503', 'the primary key is no id here');
SELECT is(result($$INSERT INTO skill_employees (skill_code, id, badge, country, number) VALUES ('sql', 9, 'b9', 'it', 1) RETURNING skill_code, id, badge$$), '(sql,9,b9)', 'a new row through the view is linked by it');
SELECT is(result($$UPDATE skill_employees SET id = 90 WHERE badge = 'b9' RETURNING id, badge$$), '(90,b9)', 'where the primary key is a column like others');
SELECT m2m_create('employee', 'skill', 'hired_for', 'hired', 'for_skill', left_key => '{number,country}') \g /dev/null
SELECT is(m2m_link('employee', ROW('de', 20), 'skill', 1, 'hired_for') + m2m_link('skill', 2, 'employee', '{"(fr,10)","(de,10)"}', 'hired_for'), 3::bigint, 'a composite unique key, its columns named in another order: ids keep that of the key');
SELECT is((SELECT left_key FROM m2m_relationships() WHERE association = 'hired_for'::regclass), '{country,number}', 'as m2m_relationships has it');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('hired_for') t), NULL, 'its views and functions are the join');
-- without a primary key, the only unique one over NOT NULL columns
CREATE TABLE plant (latin text NOT NULL UNIQUE, common text UNIQUE);
INSERT INTO plant VALUES ('rosa', 'rose'), ('quercus', NULL);
SELECT is(m2m_link('plant', '{rosa}'::text[], 'skill', 1), 1::bigint, 'the only usable unique key is found');
SELECT is((SELECT left_key FROM m2m_relationships() WHERE left_table = 'plant'::regclass), '{latin}', 'and is it');

-- Many keys at once
CREATE TABLE big (key text PRIMARY KEY);
INSERT INTO big SELECT md5(n::text) || repeat('x', n % 50) FROM generate_series(1, 5000) n;
SELECT m2m_create('big', 'thing') \g /dev/null
SELECT is(m2m_link('big', (SELECT array_agg(key) || array_agg(key) FROM big), 'thing', 1), 5000::bigint, 'ten thousand ids, each twice');
SELECT is((SELECT string_agg(t, ', ') FROM wrong_views('big_thing') t), NULL, 'are all there');
SELECT is((SELECT kept FROM m2m_set('thing', 1, 'big', (SELECT array_agg(key ORDER BY random()) FROM big))), 5000::bigint, 'and are kept');

SELECT * FROM finish();

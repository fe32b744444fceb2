# Random DDL on three relationships, and the same DDL on the same tables in a
# twin database without m2m. If this fails, somebody's DDL ends otherwise
# because m2m is there, or leaves a relationship that is not what it should be.
#
# After each statement:
#
# - it ended as it did in the twin (SQLSTATE, and no warning), and the tables
#   are what they are there: columns, constraints, indexes, owners, privileges,
#   rows. Only user objects that depend on link views, which the twin cannot
#   have, may make a command fail, and only with PostgreSQL's own codes;
# - each link view and function shows the recomputed join, by columns and rows;
# - what m2m did not need to change about them is as it was: owners, grants,
#   comments, options, defaults, users' names for columns;
# - m2m_check() is silent, unless the statement took away what it reports; and
#   then m2m_repair() mends it.
#
# Outside transactions a second session does the looking, and links and unlinks
# by calls and views between the statements.
#
#   M2M_SEED=…          replays a run; it is printed
#   M2M_RANDOM_DDL=N    number of statements
#   M2M_KEEP_GOING=N    goes on after a failure, up to N, on fresh databases
use strict;
use warnings;
use IPC::Open3;
use JSON::PP;
use List::Util qw(any first max shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{M2M_SEED} // int(rand(1_000_000_000));
my $wanted = $ENV{M2M_RANDOM_DDL} // 500;
my $failures_wanted = $ENV{M2M_KEEP_GOING} // 1;

srand($seed);
note("M2M_SEED=$seed M2M_RANDOM_DDL=$wanted");

my $node = PostgreSQL::Test::Cluster->new('random_ddl');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
$node->start;

# The databases of one world, copied from templates: m2m's, and the twin.
my ($ddl, $twin, $other);
my $state;
my (@log, @failures, %seen);
my $number = 0;
my $in_transaction = 0;

make_templates();
fresh_world();
while ($number < $wanted && @failures < $failures_wanted)
{
	my $before = @failures;

	run_action(choose_action());
	fresh_world() if @failures > $before && @failures < $failures_wanted;
}
close_sessions();
is(scalar(@failures), 0, "$number random statements, seed $seed");
my $n = 0;
is($seen{$_} ? 1 : 0, 1, "some of them: $_")
  for $wanted < 300
  ? ()
  : (
	'add column', 'drop column', 'rename column', 'alter type',
	'savepoint', 'do block', 'linked between',
	'failed as in the twin');
diag("$_: $seen{$_}") for $ENV{M2M_RANDOM_DDL} ? sort keys %seen : ();
done_testing();

# ---------------------------------------------------------------------------
# sessions: psql processes that answer one statement at a time

sub open_session
{
	my ($database) = @_;
	my $errors = "$PostgreSQL::Test::Utils::tmp_check/$database." . rand();
	my ($in, $out);

	open my $err, '>', $errors or die "$errors: $!";
	my $pid = open3(
		$in, $out,
		'>&' . fileno($err),
		'psql', '-X', '-q', '-A', '-t',
		'-h', $node->host, '-p', $node->port,
		'-d', $database);
	open my $read, '<', $errors or die "$errors: $!";
	my $session = {
		in => $in, out => $out, err => $read, pid => $pid,
		file => $errors
	};
	$in->autoflush(1);
	query($session, 'SET statement_timeout = 60000');
	query($session, 'SET client_min_messages = notice');
	return $session;
}

sub close_session
{
	my ($session) = @_;

	close $session->{in};
	waitpid $session->{pid}, 0;
	close $session->{out};
	close $session->{err};
	unlink $session->{file};
	return;
}

# Runs a statement; what it printed, its SQLSTATE, its messages.
sub execute
{
	my ($session, $sql) = @_;
	my $rows = '';

	print { $session->{in} } "$sql;\n\\echo '@@@' :SQLSTATE\n";
	while (my $line = readline $session->{out})
	{
		if ($line =~ /^@@@ (\S+)$/)
		{
			my $sqlstate = $1;

			seek $session->{err}, 0, 1;
			my $messages = join '', readline $session->{err};
			chomp $rows;
			return ($rows, $sqlstate, $messages);
		}
		$rows .= $line;
	}
	die "psql went away at: $sql\n"
	  . join('', @log, readline $session->{err});
}

# The same for statements of the test's own, which do not fail.
sub query
{
	my ($session, $sql) = @_;
	my ($rows, $sqlstate, $messages) = execute($session, $sql);

	die "$sql\n$messages\n" . join("\n", @log) if $sqlstate ne '00000';
	return $rows;
}

# ---------------------------------------------------------------------------
# the world

sub make_templates
{
	$node->safe_psql('postgres', q{
		CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE carol;
		CREATE ROLE reader; GRANT bob TO alice;
		CREATE DATABASE m2m_template; CREATE DATABASE twin_template;
	});
	my $tables = q{
		GRANT CREATE, USAGE ON SCHEMA public TO alice, bob;
		CREATE SCHEMA s1 AUTHORIZATION alice;
		CREATE SCHEMA "S 2" AUTHORIZATION alice;
		GRANT CREATE, USAGE ON SCHEMA s1, "S 2" TO bob;
		GRANT USAGE ON SCHEMA s1, "S 2" TO PUBLIC;
		SET ROLE alice;
		CREATE DOMAIN public.words AS text CHECK (length(value) < 100);
		CREATE TYPE public.size AS ENUM ('s', 'm', 'l');
		CREATE TYPE public.spot AS (x int, y int);
		CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, born int);
		CREATE TABLE place (note text, area public.words);
		CREATE TABLE room (building text, number int, seats int DEFAULT 10,
			PRIMARY KEY (building, number)) INHERITS (place);
		CREATE TABLE course (code varchar(20) PRIMARY KEY, title text NOT NULL,
			kind public.size);
		CREATE TABLE enrolment (
			person_id int NOT NULL REFERENCES person ON DELETE CASCADE,
			course_code varchar(20) NOT NULL REFERENCES course
				ON UPDATE CASCADE ON DELETE CASCADE,
			grade numeric(2,1), note text DEFAULT 'new',
			PRIMARY KEY (person_id, course_code));
		CREATE INDEX ON enrolment (course_code, person_id);
		INSERT INTO person SELECT i, 'p' || i, 1900 + i FROM generate_series(1, 6) i;
		INSERT INTO room SELECT 'n' || i, 'a', chr(64 + i % 3), i
			FROM generate_series(1, 6) i;
		INSERT INTO course SELECT 'c' || i, 't' || i, 's' FROM generate_series(1, 5) i;
		RESET ROLE;
	};
	my $joins = q{
		SET ROLE alice;
		CREATE TABLE follow (
			follower_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
			followed_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
			PRIMARY KEY (follower_id, followed_id));
		CREATE INDEX ON follow (followed_id, follower_id);
		CREATE TABLE person_room (
			person_id int NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE CASCADE,
			room_building text NOT NULL, room_number int NOT NULL,
			PRIMARY KEY (person_id, room_building, room_number),
			FOREIGN KEY (room_building, room_number) REFERENCES room
				ON UPDATE CASCADE ON DELETE CASCADE);
		CREATE INDEX ON person_room (room_building, room_number, person_id);
		RESET ROLE;
	};
	my $links = q{
		INSERT INTO follow VALUES (1, 2), (2, 1), (3, 3), (4, 1);
		INSERT INTO person_room SELECT i, building, number
			FROM room, generate_series(1, 3) i;
		INSERT INTO enrolment SELECT i, 'c' || i, i FROM generate_series(1, 4) i;
	};
	my $tables_of_the_twin = qq{$tables $joins $links};

	$node->safe_psql('twin_template', common_sql() . $tables_of_the_twin . q{
		CREATE FUNCTION oracle.step() RETURNS void LANGUAGE sql AS '';
	});
	$node->safe_psql('m2m_template', common_sql() . $tables . q{
		CREATE EXTENSION m2m;
		SET ROLE alice;
		SELECT m2m_create('person', 'person', name => 'follow',
			left_role => 'follower', right_role => 'followed',
			left_view => 'following', right_view => 'followers');
		SELECT m2m_create('person', 'room');
		SELECT m2m_adopt('enrolment');
		RESET ROLE;
	} . $links . oracle_sql() . q{
		INSERT INTO oracle.slot SELECT n, n::regclass
			FROM unnest('{person,place,room,course,follow,person_room,enrolment}'::text[]) n;
		SELECT oracle.relate(r) FROM unnest('{follow,person_room,enrolment}'::text[]) r;
		GRANT SELECT ON following TO reader WITH GRANT OPTION;
		SET ROLE reader;
		GRANT SELECT ON following TO carol;
		RESET ROLE;
		GRANT SELECT (person_id, note), UPDATE (note) ON person_rooms TO reader;
		GRANT INSERT, DELETE ON course_people TO bob;
		COMMENT ON COLUMN room_people.name IS 'their name';
		SELECT oracle.check('{any}');
	});
	# comments that m2m gave to tables are no difference
	my $comments = $node->safe_psql('m2m_template', q{
		SELECT format('COMMENT ON TABLE %s IS %L;', relid::regclass,
			obj_description(relid, 'pg_class')) FROM oracle.slot});
	$node->safe_psql('twin_template', $comments);
	return;
}

sub fresh_world
{
	close_sessions();
	@log = ();
	foreach my $name (qw(m2m twin))
	{
		$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name");
		$node->safe_psql('postgres',
			"CREATE DATABASE $name TEMPLATE ${name}_template");
	}
	$ddl = open_session('m2m');
	$other = open_session('m2m');
	$twin = open_session('twin');
	read_state();
	return;
}

sub close_sessions
{
	close_session($_) for grep { defined } $ddl, $other, $twin;
	($ddl, $other, $twin) = ();
	return;
}

# What both databases know: their tables, in words.
sub common_sql
{
	return q{
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
	};
}

# What the test knows of the relationships, in tables, so that it rolls back
# with them: how link views are to look, which follows from how they looked and
# what became of the tables.
sub oracle_sql
{
	return q{
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
		(SELECT string_agg(concat_ws(' ', pg_get_triggerdef(t.oid),
				obj_description(t.oid, 'pg_trigger'),
				(SELECT count(*) FROM pg_depend
				 WHERE classid = 'pg_trigger'::regclass AND objid = t.oid AND deptype = 'x')),
			'; ' ORDER BY tgname) FROM pg_trigger t WHERE tgrelid = view),
		(SELECT string_agg(concat(deptype, refobjid::regrole), ' '
				ORDER BY objsubid, deptype, refobjid::regrole::text COLLATE "C")
		 FROM pg_shdepend WHERE objid = view AND classid = 'pg_class'::regclass
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
	SELECT * INTO STRICT m FROM public.m2m_relationships
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

-- a link view was made anew
CREATE FUNCTION oracle.remade(which text, at int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE near oracle.side; far oracle.side; r oracle.rel;
BEGIN
	DELETE FROM oracle.col WHERE rel = which AND side = at;
	UPDATE oracle.side s SET view_there = true WHERE rel = which AND side = at;
	SELECT * INTO r FROM oracle.rel WHERE rel = which;
	SELECT * INTO near FROM oracle.side WHERE rel = which AND side = at;
	SELECT * INTO far FROM oracle.side WHERE rel = which AND side <> at;
	PERFORM oracle.append(r, near, far);
	PERFORM oracle.accept(which);
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
	c oracle.col; view oid := oracle.view_of(near); shown text[]; expected text[];
	now_is text; i int := 0; name text; list text; joined text; here text;
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
		IF c.alias = c.source THEN
			c.alias := oracle.alias(near.rel, near.side, c.pos, name,
				CASE c.kind WHEN 'far' THEN far.role ELSE 'link' END);
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
	SELECT array_agg(alias || ' ' || format_type(atttypid, atttypmod) || ' ' || attcollation
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
	IF NOT oracle.same(format('SELECT ROW(v.*)::text FROM %s v', oracle.table_name(view)),
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
		RETURN NEXT format('%sview was "%s", is "%s"', here, near.view_is, now_is);
	END IF;
	UPDATE oracle.side SET view_is = now_is WHERE rel = near.rel AND side = near.side;
	now_is := oracle.function_is(near.function);
	IF now_is IS DISTINCT FROM near.function_is AND 'any' <> ALL (tags) THEN
		RETURN NEXT format('%sfunction was "%s", is "%s"', here, near.function_is, now_is);
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
		IF oracle.view_of(s) IS NOT NULL THEN
			RETURN NEXT format('view %s is left of %s', s.view_name, s.rel);
		END IF;
		IF oracle.function_is(s.function) IS NOT NULL THEN
			RETURN NEXT format('function %s is left of %s', s.function::regprocedure, s.rel);
		END IF;
	END LOOP;
	IF 'sweep' = ANY (tags) OR dropper IS NULL THEN
		RETURN;
	END IF;
	IF lost_table AND stands IS NOT NULL AND NOT r.adopted
		AND pg_has_role(dropper, r.owner, 'USAGE')
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
	SELECT array_agg(association::oid ORDER BY 1) INTO listed FROM public.m2m_relationships
	WHERE left_view IS NOT NULL OR right_view IS NOT NULL;
	SELECT array_agg(relid ORDER BY 1) INTO due FROM oracle.rel r
	WHERE NOT gone AND EXISTS (SELECT FROM oracle.side s WHERE s.rel = r.rel AND view_there);
	IF listed IS DISTINCT FROM due THEN
		RETURN NEXT format('m2m_relationships lists %s', listed::regclass[]);
	END IF;
	IF NOT (SELECT findings FROM oracle.flag) THEN
		RETURN QUERY SELECT format('m2m_check: %s: %s', relationship, finding)
		FROM public.m2m_check() WHERE severity <> 'info';
	END IF;
END $$;

-- the same between the statements of a DO block
CREATE FUNCTION oracle.step() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE problem text;
BEGIN
	FOR problem IN SELECT oracle.check(ARRAY['role:' || session_user]) LOOP
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
		'excluded', (SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM oracle.rel WHERE gone),
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
	EXECUTE format('SELECT ARRAY[%s] FROM %s t ORDER BY 1 COLLATE "C"'
		' OFFSET floor(%s * (SELECT count(*) FROM %2$s))::int LIMIT 1',
		(SELECT string_agg(c || '::text', ', ') FROM unnest(cols) c),
		oracle.table_name(relation), dice) INTO result;
	IF cardinality(nums) > 1 THEN
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
		plain := format('INSERT INTO %s (%s) SELECT %s WHERE NOT EXISTS'
			' (SELECT FROM %1$s WHERE (%2$s) = (%3$s))', oracle.table_name(r.relid), cols, vals);
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
};
}

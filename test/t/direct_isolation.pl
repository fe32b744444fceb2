# The concurrency specs on both write paths and by plain SQL. If this fails,
# waiting for another session, or what comes of it, depends on m2m.direct_path,
# or is not as PostgreSQL's own foreign keys and ON CONFLICT have it.
#
# The isolation suite runs the specs on the direct path, where a relationship
# is eligible. Here the same expected output is demanded of the general path
# from the specs direct_*.spec, and of plain SQL: functions of the names of
# ours come first in the search_path then.
use strict;
use warnings;
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $tester =
  dirname($ENV{PG_REGRESS}) . '/../isolation/isolationtester';
# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

my $node = PostgreSQL::Test::Cluster->new('direct_isolation');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
	-- the tables come with each spec
	SET check_function_bodies = off;
	CREATE EXTENSION m2m;
	CREATE SCHEMA by_hand;
	CREATE FUNCTION by_hand.insert_pairs(a int[], b int[]) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE n bigint;
	BEGIN
		INSERT INTO author_book SELECT * FROM unnest(a, b) ORDER BY 1, 2
			ON CONFLICT (author_id, book_id) DO NOTHING;
		GET DIAGNOSTICS n = ROW_COUNT;
		RETURN n;
	END $$;
	-- in the order of the keys, as the rows are locked one by one
	CREATE FUNCTION by_hand.delete_pairs(a int[], b int[]) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE n bigint := 0; m bigint; p record;
	BEGIN
		FOR p IN SELECT DISTINCT * FROM unnest(a, b) x (a, b) ORDER BY 1, 2 LOOP
			DELETE FROM author_book WHERE author_id = p.a AND book_id = p.b;
			GET DIAGNOSTICS m = ROW_COUNT;
			n := n + m;
		END LOOP;
		RETURN n;
	END $$;
	CREATE FUNCTION by_hand.m2m_linked(l regclass, a int, r regclass, b int) RETURNS boolean LANGUAGE sql STABLE AS
		'SELECT EXISTS (SELECT FROM author_book WHERE author_id = a AND book_id = b)';
	CREATE FUNCTION by_hand.m2m_count(l regclass, a int, r regclass) RETURNS bigint LANGUAGE sql STABLE AS
		'SELECT count(*) FROM author_book WHERE author_id = a';
	CREATE FUNCTION by_hand.m2m_clear(l regclass, a int[], r regclass) RETURNS bigint LANGUAGE sql AS
		'WITH d AS (DELETE FROM author_book WHERE author_id = ANY (a) RETURNING 1) SELECT count(*) FROM d';
	CREATE FUNCTION by_hand.m2m_clear(l regclass, a int, r regclass) RETURNS bigint LANGUAGE sql AS
		'WITH d AS (DELETE FROM author_book WHERE author_id = a RETURNING 1) SELECT count(*) FROM d';
	DO $do$
	DECLARE f text; g text; x text; y text;
	BEGIN
		FOREACH f IN ARRAY ARRAY['m2m_link', 'm2m_unlink'] LOOP
			g := CASE f WHEN 'm2m_link' THEN 'insert_pairs' ELSE 'delete_pairs' END;
			FOREACH x IN ARRAY ARRAY['int', 'int[]'] LOOP
				FOREACH y IN ARRAY ARRAY['int', 'int[]'] LOOP
					EXECUTE format('CREATE FUNCTION by_hand.%I(l regclass, a %s, r regclass, b %s) RETURNS bigint LANGUAGE plpgsql AS $f$
						DECLARE x int[] := %s; y int[] := %s;
						BEGIN
							IF cardinality(x) = 1 THEN x := array_fill(x[1], ARRAY[cardinality(y)]); END IF;
							IF cardinality(y) = 1 THEN y := array_fill(y[1], ARRAY[cardinality(x)]); END IF;
							IF l = ''author''::regclass THEN RETURN by_hand.%I(x, y); END IF;
							RETURN by_hand.%I(y, x);
						END $f$', f, x, y, CASE x WHEN 'int' THEN 'ARRAY[a]' ELSE 'a' END, CASE y WHEN 'int' THEN 'ARRAY[b]' ELSE 'b' END, g, g);
				END LOOP;
			END LOOP;
		END LOOP;
	END $do$});

foreach my $spec (sort glob 'test/isolation/specs/direct_*.spec')
{
	my $name = basename($spec, '.spec');
	my @expected =
	  map { slurp_file($_) =~ s/^Parsed test spec.*\n//mr } grep { -f } glob "test/isolation/expected/${name}{,_[0-9]}.out";

	foreach my $way (
		[ 'general path', '-c m2m.direct_path=off' ],
		[ 'plain SQL', '-c search_path=by_hand,public' ])
	{
		my ($what, $options) = @$way;
		my $output = '';

		local $ENV{PGOPTIONS} = $options;
		local $ENV{PGISOLATIONTIMEOUT} = 30;
		IPC::Run::run(
			[ $tester, $node->connstr('postgres') ],
			'<' => $spec, '>' => \$output, '2>' => \$output,
			IPC::Run::timeout(300));
		# which is written to the other stream, and so comes anywhere
		$output =~ s/^Parsed test spec.*\n//m;
		ok((grep { $_ eq $output } @expected) > 0, "$name: $what")
		  or diag(first_difference($output, @expected));
	}
}
refused_in_full();
done_testing();

# The specs show no more than an error's message. Here is all that is said of a
# row that has gone while we waited for it: columns in the order of the foreign
# key, text as it is.
sub refused_in_full
{
	my @calls = (
		[ q{m2m_link('author', 1, 'edition', ROW('it''s', 2))}, q{(1, 2, 'it''s')} ],
		[ q{m2m_link('edition', ROW('it''s', 2), 'author', 1)}, q{(1, 2, 'it''s')} ],
		[ q{m2m_link('author', 1, 'edition', ARRAY[ROW('x', 3), ROW('it''s', 2)])}, q{(1, 2, 'it''s'), (1, 3, 'x')} ],
		[ q{m2m_link('author', ARRAY[2, 1], 'edition', ROW('x', 3))}, q{(1, 3, 'x'), (2, 3, 'x')} ]);

	$node->safe_psql('postgres', q{
		CREATE ROLE clerk;
		CREATE TABLE author (id int PRIMARY KEY);
		CREATE TABLE edition (no text, book int, PRIMARY KEY (no, book));
		INSERT INTO author VALUES (1), (2);
		INSERT INTO edition VALUES ('it''s', 2), ('x', 3);
		CREATE TABLE "author's edition" (
			author int REFERENCES author ON DELETE CASCADE ON UPDATE CASCADE, book int, "no." text,
			PRIMARY KEY (author, book, "no."),
			FOREIGN KEY (book, "no.") REFERENCES edition (book, no) ON DELETE CASCADE ON UPDATE CASCADE);
		SELECT m2m_adopt('"author''s edition"');
		GRANT SELECT, INSERT ON "author's edition" TO clerk});
	foreach my $remake (
		'DELETE FROM author WHERE id = 1; INSERT INTO author VALUES (1)',
		'DELETE FROM edition; INSERT INTO edition VALUES (\'it\'\'s\', 2), (\'x\', 3)')
	{
		foreach my $call (@calls)
		{
			my $hand = 'INSERT INTO "author\'s edition" VALUES ' . $call->[1];
			my $expected = refusal('', $remake, $hand);

			like($expected, qr/^ERROR:  23503: .*^DETAIL:  Key \((?:author|book, no\.)\)=.*^CONSTRAINT NAME: /ms, "$hand after $remake");
			is(refusal('', $remake, "SELECT $call->[0]"), $expected, 'direct path: the same');
			is(refusal('-c m2m.direct_path=off', $remake, "SELECT $call->[0]"), $expected, 'general path: the same');
		}
	}
	return;
}

# What a statement of the clerk's says that has waited for another session's.
sub refusal
{
	my ($options, $first, $second) = @_;
	my $other = $node->background_psql('postgres');
	local $ENV{PGOPTIONS} = $options;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');

	$session->query_safe('SET ROLE clerk');
	$other->query_safe("BEGIN; $first");
	$session->query_until(qr/^begun$/m, "\\set VERBOSITY verbose\n\\echo begun\n$second;\n");
	$node->poll_query_until('postgres', "SELECT cardinality(pg_blocking_pids($pid)) > 0")
	  or die "nobody waits: $second";
	$other->query_safe('COMMIT');
	$session->query('SELECT 1');
	my $error = $session->{stderr};
	$session->quit;
	$other->quit;
	# in which statement of ours, and where in the code
	$error =~ s/^CONTEXT:.*\n//mg;
	$error =~ s/^LOCATION:.*\n?//mg;
	$error =~ s/^psql:.*?: //mg;
	return $error;
}

# The permutation and the lines where an output first differs.
sub first_difference
{
	my ($output, @expected) = @_;
	my @got = split /^/, $output;
	my @best = ('', 0);

	foreach my $expected (@expected)
	{
		my @lines = split /^/, $expected;
		my $n = 0;
		my $permutation = '';

		while ($n < @lines && $n < @got && $lines[$n] eq $got[$n])
		{
			$permutation = $got[$n] if $got[$n] =~ /^starting permutation/;
			$n++;
		}
		@best = ($permutation . "line $n, got: " . ($got[$n] // "(end)\n") . 'expected: ' . ($lines[$n] // "(end)\n"), $n)
		  if $n >= $best[1];
	}
	return $best[0];
}

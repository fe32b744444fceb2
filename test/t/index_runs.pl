# Bulk work of the direct path, with keys looked up in B-tree indexes a page at
# a time. If this fails, it has damaged a table or an index, here, on a standby
# or after a crash; has made a pair twice; or has kept something from a
# serializable transaction.
#
# The same work is done three times, on twin tables in three schemas: "runs",
# "rows" (with m2m.index_runs off), and "hand", by plain SQL. PostgreSQL itself
# compares each page that a WAL record changes with what becomes of it on the
# standby (wal_consistency_checking), and each index with its table (amcheck).
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

my @schemas = qw(runs rows hand);
my $primary = PostgreSQL::Test::Cluster->new('primary');
my $standby = PostgreSQL::Test::Cluster->new('standby');

# Relationships of endpoints <name>_l and <name>_r, with types of keys, number
# of rows of the endpoints, number of pairs of the first call, indexes of the
# user's.
my @kinds = (
	{ name => 'big', type => [qw(bigint bigint)], rows => [ 2000, 2000 ], pairs => 20000 },
	# Equal entries in plenty: posting lists, and what deduplication makes of them
	{
		name => 'few', type => [qw(int int)], rows => [ 1000, 12 ], pairs => 1500,
		indexes => [
			'(r_id)', '(r_id DESC, l_id)', '(r_id) INCLUDE (l_id)',
			'(l_id) WITH (deduplicate_items = off)', 'USING hash (l_id)', 'USING brin (l_id)'
		]
	},
	{
		name => 'texts', type => [ 'text COLLATE "lib"', 'uuid' ], rows => [ 300, 300 ], pairs => 1500,
		indexes => [ '(l_id text_pattern_ops)', '(l_id COLLATE "C" DESC, r_id)', '(l_id COLLATE lib_ignore_case)' ]
	},
	{ name => 'nums', type => [qw(numeric name)], rows => [ 300, 300 ], pairs => 1500, fillfactor => [ 100, 10 ] },
	{ name => 'pairs', type => [qw(pair int)], rows => [ 300, 300 ], pairs => 1500, fillfactor => [ 10, 100 ] },
	# Some of these entries are larger than a run takes.
	{ name => 'longs', type => [qw(long long)], rows => [ 100, 100 ], pairs => 400 },
	{ name => 'unlogs', type => [qw(int bigint)], rows => [ 500, 500 ], pairs => 1500, persistence => 'UNLOGGED' },
	{ name => 'temps', type => [qw(int uuid)], rows => [ 500, 500 ], pairs => 1500, persistence => 'TEMPORARY' });
my %key = (
	bigint => ['3 * n'],
	int => ['n'],
	numeric => ['n / 7.0'],
	name => [q{'n' || md5(n::text)}],
	uuid => ['md5(n::text)::uuid'],
	pair => [ 'md5((n / 7)::text)', 'n' ],
	long => [q{(SELECT left(string_agg(md5(n || '.' || i), ''), 10 + n * 37 % 1280) FROM generate_series(1, 41) i)}]);

start_servers();
make_tables();
check_work();
check_spread_entries();
check_errors();
check_memory();
check_index_build();
check_common_wait();
check_sessions();
check_serializable();
check_standby();
check_crash();
check_minimal_wal();
$standby->stop;
$primary->stop;
done_testing();

# ---------------------------------------------------------------------------
# The parts

sub start_servers
{
	$primary->init(
		allows_streaming => 1,
		extra => [ '--encoding=UTF8', '--locale=C', '--data-checksums' ]);
	$primary->append_conf(
		'postgresql.conf', q{
		autovacuum = off
		shared_buffers = 32MB
		checkpoint_timeout = 1h
		max_wal_size = 4GB
		wal_keep_size = 2GB
		wal_consistency_checking = all
		max_pred_locks_per_page = 20
	});
	$primary->start;
	$primary->backup('base', backup_options => [ '--checkpoint', 'fast' ]);
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->start;
	return;
}

sub make_tables
{
	$primary->safe_psql(
		'postgres', q{
		CREATE EXTENSION m2m;
		CREATE EXTENSION amcheck;
		CREATE EXTENSION pageinspect;
		CREATE EXTENSION pg_walinspect;
		CREATE TABLE pair (kind text, step int, l int, r int, PRIMARY KEY (kind, step, l, r));
		CREATE COLLATION lib FROM "C";
		CREATE COLLATION lib_ignore_case FROM "C";
		-- the real ones, where PostgreSQL has ICU
		DO $$ BEGIN
			IF EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') THEN
				DROP COLLATION lib;
				DROP COLLATION lib_ignore_case;
				CREATE COLLATION lib (provider = icu, locale = 'de-u-co-phonebk');
				CREATE COLLATION lib_ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
			END IF;
		END $$;
		-- an error if an index or a table is not as it should be
		CREATE FUNCTION check_tables(parent boolean) RETURNS void LANGUAGE plpgsql AS $$
		DECLARE i regclass; t regclass; wrong text;
		BEGIN
			FOR i, t IN SELECT c.oid, x.indrelid FROM pg_class c JOIN pg_index x ON x.indexrelid = c.oid
				WHERE c.relam = 403 AND indrelid >= 16384 AND indisvalid
				AND c.relname ~ '^(big|few|texts|nums|pairs|longs|unlogs|temps|seen|spread|minimal)_(pkey|r_id|l_id|[0-9])'
				AND (c.relpersistence = 'p' OR NOT pg_is_in_recovery())
				AND (c.relpersistence <> 't' OR c.relnamespace = pg_my_temp_schema())
			LOOP
				IF parent THEN
					PERFORM bt_index_parent_check(i, true, true);
				ELSE
					PERFORM bt_index_check(i, true);
				END IF;
				SELECT string_agg(v::text, '; ') INTO wrong FROM verify_heapam(t) v;
				IF wrong IS NOT NULL THEN
					RAISE '%: %', t, wrong;
				END IF;
			END LOOP;
		END $$;
	});
	my $sql = "SET wal_consistency_checking = '';\n";
	foreach my $kind (@kinds)
	{
		my ($left, $right) = @{ $kind->{rows} };
		my $n = $kind->{pairs};
		my $some = $n > 1500 ? 1500 : $n / 2;

		# step: pairs, of left rows from .. to
		my %steps = (
			1 => [ $n, 1, $left ],
			2 => [ $some, 1, $left ],
			3 => [ 1, 1, $left ],
			4 => [ 2, 1, $left ],
			5 => [ 7, 1, $left ],
			6 => [ 60, 1, $left ],
			7 => [ $some, $left * 7 / 8, $left ],
			8 => [ $some / 2, 1, $left ],
			9 => [ $some, $left / 4, $left / 2 ],
			10 => [ $some / 4, 1, $left ]);
		foreach my $step (sort { $a <=> $b } keys %steps)
		{
			my ($pairs, $from, $to) = map { int } @{ $steps{$step} };

			$sql .= "SELECT setseed($step / 10.0);
				INSERT INTO pair SELECT '$kind->{name}', $step, $from + floor(random() * ($to - $from + 1)), 1 + floor(random() * $right)
				FROM generate_series(1, $pairs) ON CONFLICT DO NOTHING;\n";
		}
	}
	foreach my $schema (@schemas)
	{
		$sql .= join '', "CREATE SCHEMA $schema; SET search_path = $schema, public;\n",
		  map { definition($_) } grep { !temporary($_) } @kinds;
	}
	$primary->safe_psql('postgres', $sql);
	return;
}

# The SQL that makes the tables of a relationship.
sub definition
{
	my ($kind) = @_;
	my $persistence = $kind->{persistence} // '';
	my $name = $kind->{name};
	my $sql = '';

	foreach my $side (0, 1)
	{
		my $table = $name . '_' . (qw(l r))[$side];
		my $type = $kind->{type}[$side];
		my $columns =
			$type eq 'pair' ? 'a text, b int, PRIMARY KEY (a, b)'
		  : $type eq 'long' ? 'id text PRIMARY KEY'
		  :                   "id $type PRIMARY KEY";
		my $values = $type =~ /^text/
		  ? [q{translate(md5(n::text), 'abcdef0', 'äÖéßçñ-')}]
		  : $key{$type};

		$sql .= "CREATE $persistence TABLE $table (n int UNIQUE, $columns);
			INSERT INTO $table SELECT n, " . join(', ', @$values)
		  . " FROM generate_series(1, $kind->{rows}[$side]) n;\n";
	}
	$sql .= "SELECT m2m_create('${name}_l', '${name}_r', name => '$name', left_role => 'l', right_role => 'r', left_view => '${name}_lv', right_view => '${name}_rv');\n";
	foreach my $index (@{ $kind->{indexes} // [] })
	{
		my $number = ++$kind->{number};
		$sql .= "CREATE INDEX ${name}_$number ON $name $index;\n";
	}
	if ($kind->{fillfactor})
	{
		my ($first, $second) = @{ $kind->{fillfactor} };
		my $other = $kind->{type}[0] eq 'pair' ? 'r_id_l_a_l_b' : 'r_id_l_id';

		$sql .= "ALTER INDEX ${name}_pkey SET (fillfactor = $first);
			ALTER INDEX ${name}_${other}_idx SET (fillfactor = $second);\n";
	}
	delete $kind->{number};
	return $sql;
}

sub temporary
{
	my ($kind) = @_;

	return ($kind->{persistence} // '') eq 'TEMPORARY';
}

# All kinds of work on all relationships, three times; with the same outcome.
sub check_work
{
	my %result;

	foreach my $schema (@schemas)
	{
		my $preamble = "SET search_path = $schema, public; SET client_min_messages = warning;\n"
		  . ($schema eq 'runs' ? '' : "SET wal_consistency_checking = '';\n")
		  . ($schema eq 'rows' ? "SET m2m.index_runs = off;\n" : '');
		my @permanent = grep { !temporary($_) } @kinds;
		my @temporary = grep { temporary($_) } @kinds;

		$result{$schema} = $primary->safe_psql('postgres',
			$preamble . work($schema, @permanent) . rows(@permanent));
		$result{$schema} .= $primary->safe_psql('postgres',
			$preamble . join('', map { definition($_) } @temporary)
			  . work($schema, @temporary) . rows(@temporary)
			  . 'SELECT check_tables(true)');
	}
	is($result{runs}, $result{rows}, 'the same with runs and without');
	is($result{runs}, $result{hand}, 'the same with runs and by plain SQL');
	sound('after all work');
	wait_for_standby();
	return;
}

# The SQL of the work.
sub work
{
	my ($schema, @those) = @_;
	my $sql = '';

	$sql .= call($schema, $_, 'load', 1) foreach @those;
	$sql .= "CHECKPOINT;\n" if $schema eq 'runs';
	foreach my $kind (@those)
	{
		my $name = $kind->{name};
		my $range = "(SELECT " . ($kind->{type}[0] eq 'pair' ? 'a, b' : 'id')
		  . " FROM ${name}_l WHERE n BETWEEN $kind->{rows}[0] / 4 AND $kind->{rows}[0] / 2)";
		my $left = $kind->{type}[0] eq 'pair' ? '(l_a, l_b)' : 'l_id';

		$sql .= call($schema, $kind, 'link', $_) foreach 2 .. 6;
		$sql .= call($schema, $kind, 'view', 7);
		# entries without rows, of transactions that are gone
		$sql .= "BEGIN;\n" . call($schema, $kind, 'load', 8) . "ROLLBACK;\n";
		$sql .= "BEGIN;\nSAVEPOINT s;\n" . call($schema, $kind, 'link', 8)
		  . "ROLLBACK TO s;\n" . call($schema, $kind, 'link', 10) . call($schema, $kind, 'link', 8) . "COMMIT;\n";
		# pages that VACUUM takes out of the tree
		$sql .= "DELETE FROM $name WHERE $left IN $range;\nVACUUM $name;\n";
		$sql .= call($schema, $kind, 'copy', 9);
		# dead entries of the very pairs, and places that are given again
		$sql .= call($schema, $kind, 'delete', 7) . call($schema, $kind, 'link', 7);
		$sql .= call($schema, $kind, 'unlink', 2) . "VACUUM $name;\n" . call($schema, $kind, 'load', 2);
		$sql .= call($schema, $kind, 'set', $_) foreach 7, 10;
		# all there
		$sql .= call($schema, $kind, 'link', $_) foreach 1, 9;
	}
	return $sql;
}

# One call, or the SQL for it.
sub call
{
	my ($schema, $kind, $what, $step) = @_;
	my $name = $kind->{name};
	my $composite = $kind->{type}[0] eq 'pair';
	my $left = $composite ? 'l.a, l.b' : 'l.id';
	my $links = $composite ? 'l_a, l_b, r_id' : 'l_id, r_id';
	my $id = $composite ? 'ROW(l.a, l.b)' : 'l.id';
	my $same = $composite ? '(t.l_a, t.l_b, t.r_id)' : '(t.l_id, t.r_id)';
	my $from = "FROM pair p JOIN ${name}_l l ON l.n = p.l JOIN ${name}_r r ON r.n = p.r WHERE p.kind = '$name' AND p.step = $step";
	my $pairs = "SELECT $left, r.id $from";
	my $file = $primary->basedir . "/$name.copy";
	my $insert = "INSERT INTO $name ($links) $pairs ORDER BY $left, r.id ON CONFLICT DO NOTHING";
	my $delete = "DELETE FROM $name t USING ($pairs) d ($links) WHERE $same = (" . ($composite ? 'd.l_a, d.l_b, d.r_id' : 'd.l_id, d.r_id') . ')';

	return "WITH d AS ($delete RETURNING 1) SELECT count(*) FROM d;\n"
	  if $what eq 'delete' || $schema eq 'hand' && $what eq 'unlink';
	if ($what eq 'set')
	{
		# the first row of the step gets all right rows of it
		my $one = "(SELECT min(l) FROM pair WHERE kind = '$name' AND step = $step)";
		my $some = "FROM ${name}_l l, ${name}_r r WHERE l.n = $one AND r.n IN (SELECT r FROM pair WHERE kind = '$name' AND step = $step LIMIT 90)";

		return "SELECT cardinality(s.linked), cardinality(s.unlinked), s.kept FROM (SELECT $id AS l, array_agg(r.id) AS r $some GROUP BY $left) x, m2m_set('${name}_l', x.l, '${name}_r', x.r) s;\n"
		  if $schema ne 'hand';
		my $of_row = join ' AND ', map { my $c = $_; "t.l_$c = l.$c" } $composite ? qw(a b) : 'id';
		return "WITH wanted AS (SELECT $left, r.id AS r $some),
			gone AS (DELETE FROM $name t USING ${name}_l l WHERE l.n = $one AND $of_row
				AND t.r_id NOT IN (SELECT r FROM wanted) RETURNING 1),
			added AS (INSERT INTO $name ($links) SELECT * FROM wanted ON CONFLICT DO NOTHING RETURNING 1)
			SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM gone), (SELECT count(*) FROM wanted) - (SELECT count(*) FROM added);\n";
	}
	return "COPY ($pairs) TO '$file';\nCOPY ${name}_lv ("
	  . ($composite ? 'l_a, l_b' : 'l_id') . ", id) FROM '$file';\n"
	  if $what eq 'copy' && $schema ne 'hand';
	return "INSERT INTO ${name}_lv (" . ($composite ? 'l_a, l_b' : 'l_id') . ", id) $pairs;\n"
	  if $what eq 'view' && $schema ne 'hand';
	return "$insert;\n" if $what eq 'copy' || $what eq 'view';
	return "WITH i AS ($insert RETURNING 1) SELECT count(*) FROM i;\n" if $schema eq 'hand';
	return "SELECT m2m_load('${name}_l', '${name}_r', \$\$$pairs\$\$);\n" if $what eq 'load';
	return "SELECT m2m_$what('${name}_l', array_agg($id), '${name}_r', array_agg(r.id)) $from;\n";
}

# The SQL that shows all rows, by the table and by its primary key alone.
sub rows
{
	my $sql = '';

	foreach my $kind (@_)
	{
		my $links = $kind->{type}[0] eq 'pair' ? 'l_a, l_b, r_id' : 'l_id, r_id';

		$sql .= "SELECT '$kind->{name}', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM $kind->{name} t;
			SELECT count(*), md5(string_agg(t, ' ')) FROM (SELECT ($links)::text AS t FROM $kind->{name} ORDER BY $links) t;\n";
	}
	return "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_sort = off;\n$sql";
}

sub sound
{
	my ($what) = @_;

	is($primary->safe_psql('postgres', 'SELECT check_tables(true)'),
		'', "$what: indexes and tables are sound");
	return;
}

# Pairs that were linked and unlinked so often that their entries filled many
# pages. VACUUM cannot take all of these out of the tree; an empty one that
# stays is where the search for the pair ends, whose entry is on a page behind.
sub check_spread_entries
{
	$primary->safe_psql(
		'postgres', q{
		SET wal_consistency_checking = '';
		CREATE TABLE spread_l (id text PRIMARY KEY);
		CREATE TABLE spread_r (id text PRIMARY KEY);
		INSERT INTO spread_l SELECT n || repeat(md5(n::text), 14) FROM generate_series(1, 5) n;
		INSERT INTO spread_r SELECT repeat(md5('r'), 14);
		SELECT m2m_create('spread_l', 'spread_r', name => 'spread', left_role => 'l', right_role => 'r', left_view => 'spread_lv', right_view => 'spread_rv');
		ALTER INDEX spread_pkey SET (deduplicate_items = off);
		DO $$ BEGIN
			FOR i IN 1 .. 1000 LOOP
				DELETE FROM spread WHERE l_id LIKE i % 5 + 1 || '%';
				INSERT INTO spread SELECT l.id, r.id FROM spread_l l, spread_r r WHERE l.id LIKE i % 5 + 1 || '%';
			END LOOP;
		END $$});
	$primary->safe_psql('postgres', 'VACUUM spread');
	is( $primary->safe_psql(
			'postgres', q{SELECT m2m_link('spread_l', array_agg(l.id), 'spread_r', r.id) FROM spread_l l, spread_r r GROUP BY r.id;
			SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
			SELECT count(*) FROM spread}),
		"0\n5",
		'an entry on a page behind the one that it is looked for on');
	sound('entries on a page behind');
	return;
}

# Keys that do not fit an index: the error of PostgreSQL, and nothing is done.
sub check_errors
{
	$primary->safe_psql(
		'postgres', q{
		CREATE TABLE huge_l (id text PRIMARY KEY);
		CREATE TABLE huge_r (id text PRIMARY KEY);
		INSERT INTO huge_l SELECT string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(1, 70) i;
		INSERT INTO huge_r SELECT string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(71, 90) i;
		INSERT INTO huge_r VALUES ('small');
		SELECT m2m_create('huge_l', 'huge_r', name => 'huge', left_role => 'l', right_role => 'r', left_view => 'huge_lv', right_view => 'huge_rv')});
	# into an empty table, and where there is something to look for
	foreach my $first ('SELECT', "SELECT m2m_link('huge_l', l.id, 'huge_r', 'small') FROM huge_l l")
	{
		my %error;

		foreach my $sql (
			q{SELECT m2m_load('huge_l', 'huge_r', 'SELECT l.id, r.id FROM huge_l l, huge_r r')},
			q{SET m2m.index_runs = off; SELECT m2m_load('huge_l', 'huge_r', 'SELECT l.id, r.id FROM huge_l l, huge_r r')},
			'INSERT INTO huge SELECT l.id, r.id FROM huge_l l, huge_r r ON CONFLICT DO NOTHING')
		{
			my ($status, $out, $err) =
			  $primary->psql('postgres', "\\set VERBOSITY verbose\n$first; $sql");

			$error{$1} = 1 if $err =~ /ERROR:  (.*)/;
		}
		like(join("\n", keys %error), qr/^54000: index row size \d+ exceeds .*$/, 'the error for a key that is too large');
	}
	return;
}

# Memory is that of one batch, also where the keys are large and all there.
sub check_memory
{
	$primary->safe_psql(
		'postgres', q{
		SET wal_consistency_checking = '';
		CREATE TABLE wide_l (id text PRIMARY KEY);
		CREATE TABLE wide_r (id int PRIMARY KEY);
		INSERT INTO wide_l VALUES (repeat('a', 60000));
		INSERT INTO wide_r SELECT generate_series(1, 400);
		SELECT m2m_create('wide_l', 'wide_r', name => 'wide', left_role => 'l', right_role => 'r', left_view => 'wide_lv', right_view => 'wide_rv');
		SELECT m2m_link('wide_l', repeat('a', 60000), 'wide_r', array_agg(id)) FROM wide_r});
  SKIP:
	{
		my $session = $primary->background_psql('postgres');
		my $pid = $session->query_safe('SELECT pg_backend_pid()');

		skip 'no /proc', 2 unless -r "/proc/$pid/status";
		$session->query_safe(q{SELECT count(md5(l_id)) FROM wide});
		my $before = peak($pid);
		is( $session->query_safe(
				q{SELECT m2m_link('wide_l', repeat('a', 60000), 'wide_r', array_agg(id)) FROM wide_r}),
			'0', 'large keys that are there');
		cmp_ok(peak($pid) - $before, '<', 12_000, 'take little memory');
		$session->quit;
	}
	return;
}

# The most memory that a process has had, in kB.
sub peak
{
	my ($pid) = @_;

	return slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m ? $1 : die;
}

# An index that is built, or built anew, while rows come in.
sub check_index_build
{
	foreach my $sql ('CREATE INDEX CONCURRENTLY few_9 ON runs.few (r_id, l_id)',
		'REINDEX INDEX CONCURRENTLY runs.few_9')
	{
		my $linker = $primary->background_psql('postgres');
		my $builder = $primary->background_psql('postgres');
		my $pid = $builder->query_safe('SELECT pg_backend_pid()');
		my $batch = q{SELECT m2m_link('few_l', array_agg(l), 'few_r', array_agg(r)) FROM (
			SELECT 1 + floor(random() * 1000) AS l, 1 + floor(random() * 12) AS r FROM generate_series(1, %d)) x};

		$linker->query_safe('SET search_path = runs, public; DELETE FROM few WHERE l_id % 3 = 0; BEGIN;'
			  . sprintf $batch, 200);
		$builder->query_until(qr/^begun$/m, "\\echo begun\n$sql;\n");
		$primary->poll_query_until('postgres', "SELECT cardinality(pg_blocking_pids($pid)) > 0")
		  or die 'it does not wait';
		$linker->query_safe(sprintf($batch, 200) . '; COMMIT');
		$linker->query_safe(sprintf $batch, 1 + 40 * ($_ % 3)) foreach 1 .. 10;
		$builder->query_safe('SELECT 1');
		$linker->query_safe(sprintf $batch, 100);
		$linker->quit;
		$builder->quit;
		sound($sql);
	}
	return;
}

# Two batches find a pair of a third session only when they enter it, take
# theirs back, and wait for that session. When it gives up, they must not wait
# for each other's row that is no more.
sub check_common_wait
{
	my @call = map { "SELECT m2m_link('seen_l', array[$_, 1900], 'seen_r', array[$_, 77])" } 1800, 1801;
	my @holder = map { $primary->background_psql('postgres') } 0 .. 2;
	my @batch = map { $primary->background_psql('postgres', on_error_stop => 0) } 0, 1;
	my @pid = map { $_->query_safe('SELECT pg_backend_pid()') } @batch;

	$primary->safe_psql('postgres',
		definition({ name => 'seen', type => [qw(int int)], rows => [ 2000, 2000 ] })
		  . "SELECT m2m_load('seen_l', 'seen_r', 'SELECT i, i FROM generate_series(1, 2000, 2) i');"
		  . 'DELETE FROM seen WHERE l_id >= 1800');
	# each has a first pair to wait for, after it has looked for the second
	$holder[$_]->query_safe("BEGIN; INSERT INTO seen VALUES (180$_, 180$_)") foreach 0, 1;
	foreach my $i (0, 1)
	{
		$batch[$i]->query_until(qr/^begun$/m, "\\echo begun\n$call[$i];\n");
		waits($pid[$i], $holder[$i]);
	}
	$holder[2]->query_safe('BEGIN; INSERT INTO seen VALUES (1900, 77)');
	foreach my $i (0, 1)
	{
		$holder[$i]->query_safe('ROLLBACK');
		waits($pid[$i], $holder[2]);
	}
	$holder[2]->query_safe('ROLLBACK');
	my @result = map { $_->query('') =~ s/\n.*//sr } @batch;
	is(join(' ', sort @result), '1 2', 'two that have waited for the same third');
	is(join('', map { $_->{stderr} } @batch), '', 'do not wait for each other');
	$_->{stderr} = '' foreach @batch;
	$_->quit foreach @batch, @holder;
	sound('two waiting for a third');
	return;
}

# Waits until a backend waits for another session, and for nobody else.
sub waits
{
	my ($pid, $session) = @_;
	my $other = $session->query_safe('SELECT pg_backend_pid()');

	$primary->poll_query_until('postgres', "SELECT pg_blocking_pids($pid) = ARRAY[$other]")
	  or die 'it does not wait';
	return;
}

# Several sessions at once, in differing orders.
sub check_sessions
{
	my @scripts = (
		q{SELECT m2m_link('few_l', array_agg(l), 'few_r', array_agg(r)) FROM (
			SELECT 1 + floor(random() * 150) AS l, 1 + floor(random() * 12) AS r FROM generate_series(1, 120)) x;},
		q{SELECT m2m_load('few_r', 'few_l', 'SELECT 1 + floor(random() * 12)::int, 1 + floor(random() * 150)::int FROM generate_series(1, 120)');},
		q{INSERT INTO few (l_id, r_id) SELECT DISTINCT 1 + floor(random() * 150)::int, 1 + floor(random() * 12)::int
			FROM generate_series(1, 30) ORDER BY 1, 2 ON CONFLICT DO NOTHING;},
		"\\set l random(1, 150)\n\\set r random(1, 12)\nDELETE FROM few WHERE l_id = :l AND r_id = :r;",
		"\\set l random(1, 150)\nSELECT m2m_clear('few_l', array[:l, :l + 1, :l + 2], 'few_r');",
		'VACUUM few;');
	my @files;

	foreach my $i (0 .. $#scripts)
	{
		my $file = $primary->basedir . "/script$i";

		append_to_file($file, $scripts[$i]);
		push @files, '-f', $file . '@' . ($i == $#scripts ? 1 : 3);
	}
	foreach my $level ('read committed', 'serializable')
	{
		local $ENV{PGOPTIONS} = '-c search_path=runs,public -c default_transaction_isolation=' . $level =~ s/ /\\ /r;
		my ($out, $err) = ('', '');
		# at SERIALIZABLE 40001 is no failure, also where another session is held up
		# and one fails again and again because of it
		my @retry = $level eq 'serializable' ? ('--max-tries=100000') : ();

		IPC::Run::run(
			[
				'pgbench', '-n', '-c', 4, '-t', 50, '--random-seed=1', @retry, @files,
				'-h', $primary->host, '-p', $primary->port, 'postgres'
			],
			'>', \$out, '2>', \$err, IPC::Run::timeout(120));
		like($out, qr{^number of transactions actually processed: 200/200$}m, "$level: no session fails") or diag($err);
		is( $primary->safe_psql(
				'postgres', 'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
				SELECT l_id, r_id FROM runs.few GROUP BY 1, 2 HAVING count(*) > 1'),
			'', "$level: no pair is there twice");
		sound($level);
	}
	return;
}

# What one transaction has read, another writes, and the reverse: one of them
# fails. If neither reads what the other writes, none does.
sub check_serializable
{
	my @answers;

	$primary->safe_psql(
		'postgres', q{
		CREATE TABLE skew_l (id int PRIMARY KEY);
		CREATE TABLE skew_r (id int PRIMARY KEY);
		INSERT INTO skew_l SELECT generate_series(1, 3000);
		INSERT INTO skew_r SELECT generate_series(1, 10);
		SELECT m2m_create('skew_l', 'skew_r', name => 'skew', left_role => 'l', right_role => 'r', left_view => 'skew_lv', right_view => 'skew_rv')});
	foreach my $writer (qw(runs rows hand))
	{
		foreach my $checkpoint ($writer eq 'runs' ? (0, 1) : 0)
		{
			# half empty pages, none of which will be split
			$primary->safe_psql('postgres', 'TRUNCATE skew; ALTER INDEX skew_pkey SET (fillfactor = 60);
				ALTER INDEX skew_r_id_l_id_idx SET (fillfactor = 60);
				INSERT INTO skew SELECT l, r FROM generate_series(1, 3000) l, generate_series(1, 3) r; REINDEX TABLE skew; VACUUM ANALYZE skew');
			$primary->safe_psql('postgres', 'CHECKPOINT') if $checkpoint;
			my $what = $writer . ($checkpoint ? ', images' : '');

			is(skew($writer, 'read', 10, 2900), '40001', "$what: one of two that write what the other has read");
			is(skew($writer, 'write', 20, 2800), '40001', "$what: one of two that read what the other has written");
			is(skew($writer, 'apart', 30, 2700), '', "$what: none of two that have nothing to do with each other");
		}
	}
	return;
}

sub skew
{
	my ($writer, $order, $a, $b) = @_;
	my %link = map {
		$_ => $writer eq 'hand'
		  ? "INSERT INTO skew SELECT $_, r FROM generate_series(4, 8) r ON CONFLICT DO NOTHING"
		  : "SELECT m2m_link('skew_l', $_, 'skew_r', array_agg(r)) FROM generate_series(4, 8) r"
	} $a, $b;
	my %read = map { $_ => "SELECT count(*) FROM skew WHERE l_id BETWEEN $_ AND $_ + 1" } $a, $b, $a + 1000, $b - 1000;
	my @session = map { $primary->background_psql('postgres', on_error_stop => 0) } 0, 1;
	my @errors;

	foreach my $session (@session)
	{
		$session->query_safe("SET m2m.index_runs = " . ($writer eq 'rows' ? 'off' : 'on'));
		$session->query_safe('SET enable_seqscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0');
		$session->query("\\set VERBOSITY sqlstate");
		$session->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE');
	}
	my @reads =
	  $order eq 'apart'
	  ? ($read{ $a + 1000 }, $read{ $b - 1000 })
	  : ($read{$a}, $read{$b});
	my @writes = ($link{$b}, $link{$a});
	foreach my $statements ($order eq 'write' ? (\@writes, \@reads) : (\@reads, \@writes), [ 'COMMIT', 'COMMIT' ])
	{
		$session[$_]->query($statements->[$_]) foreach 0, 1;
	}
	foreach my $session (@session)
	{
		push @errors, $1 while $session->{stderr} =~ /ERROR:  (\w{5})/g;
		$session->{stderr} = '';
		$session->quit;
	}
	return join ' ', grep { $_ ne '25P02' } @errors;
}

# The standby has replayed everything, and has it.
sub check_standby
{
	my $rows = 'SET search_path = runs, public;' . rows(permanent());

	$primary->safe_psql('postgres', 'SET search_path = runs; VACUUM');
	wait_for_standby();
	is($standby->safe_psql('postgres', $rows), $primary->safe_psql('postgres', $rows), 'standby: the same rows');
	like($standby->safe_psql('postgres', 'SET search_path = runs; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
			EXPLAIN (COSTS off) SELECT l_id, r_id FROM big ORDER BY l_id, r_id'),
		qr/^Index Only Scan using big_pkey/, 'by the index alone');
	is($standby->safe_psql('postgres', 'SELECT check_tables(false)'),
		'', 'standby: indexes and tables are sound');
	return;
}

# Waits until the standby has replayed everything; it gives up where a page is
# not what it was on the primary.
sub wait_for_standby
{
	my $until = $primary->lsn('flush');
	my ($status, $replayed);

	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		($status, $replayed) = $standby->psql('postgres', "SELECT pg_last_wal_replay_lsn() >= '$until'");
		last if $status != 0 || $replayed eq 't';
		usleep(100_000);
	}
	return if ok($status == 0 && $replayed eq 't', 'standby: replays everything');
	diag(grep { /PANIC|FATAL/ } split /^/, slurp_file($standby->logfile));
	die 'no standby';
}

# What outlives a crash and can be read by a standby.
sub permanent
{
	return grep { !$_->{persistence} } @kinds;
}

# The primary replays everything since the last checkpoint.
sub check_crash
{
	my $rows = 'SET search_path = runs, public;' . rows(permanent());
	my ($unlogged) = grep { $_->{name} eq 'unlogs' } @kinds;

	$primary->safe_psql('postgres', 'SET search_path = runs, public; CHECKPOINT;' . join '',
		map { call('runs', $_, 'unlink', 2) . call('runs', $_, 'load', 2) . call('runs', $_, 'link', 8) } permanent());
	my $before = $primary->safe_psql('postgres', $rows);
	$primary->stop('immediate');
	$primary->start;
	is($primary->safe_psql('postgres', $rows), $before, 'crash: the same rows');
	sound('crash');
	is($primary->safe_psql('postgres', 'SET search_path = runs, public; SET client_min_messages = warning;
			INSERT INTO unlogs_l SELECT generate_series(1, 500), generate_series(1, 500);
			INSERT INTO unlogs_r SELECT generate_series(1, 500), 3 * generate_series(1, 500);'
			  . call('runs', $unlogged, 'load', 1)),
		$primary->safe_psql('postgres', q{SELECT count(*) FROM pair WHERE kind = 'unlogs' AND step = 1}),
		'crash: unlogged tables start anew');
	sound('crash, unlogged');
	return;
}

# With wal_level = minimal, new tables are not logged at all.
sub check_minimal_wal
{
	my $kind = { name => 'minimal', type => [qw(int int)], rows => [ 500, 500 ] };

	$primary->append_conf('postgresql.conf', "wal_level = minimal\nmax_wal_senders = 0\nwal_skip_threshold = 0\narchive_mode = off");
	$primary->restart;
	$primary->safe_psql('postgres', 'BEGIN;' . definition($kind)
		  . q{SELECT m2m_load('minimal_l', 'minimal_r', 'SELECT i, 1 + i * 7 % j FROM generate_series(1, 500) i, generate_series(100, 110) j'); COMMIT});
	my $before = $primary->safe_psql('postgres', rows($kind));
	$primary->stop('immediate');
	$primary->start;
	is($primary->safe_psql('postgres', rows($kind)), $before, 'wal_level minimal, crash: the same rows');
	sound('wal_level minimal, crash');
	return;
}

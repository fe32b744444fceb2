# What other sessions see of a running m2m_load in pg_stat_progress_copy. If this
# fails, it shows nothing, the wrong numbers, or something that has ended.
#
# A load is held up, at places known beforehand, by a lock of another session;
# what it shows there cannot change until that session goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

my $node = PostgreSQL::Test::Cluster->new('load_progress');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY);
	CREATE TABLE book (id int PRIMARY KEY);
	INSERT INTO author SELECT generate_series(1, 3);
	INSERT INTO book SELECT generate_series(1, 1000);
	SELECT m2m_link('author', 1, 'book', array_agg(i)) FROM generate_series(1, 10) i;
	-- waits for whoever has the lock of that number
	CREATE FUNCTION passes(n int) RETURNS boolean LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_advisory_xact_lock_shared(n); RETURN true; END'});

# Rows are read a thousand at a time. Ten of these pairs are linked already.
my $pairs = q{SELECT 1 + i / 1000, 1 + i % 1000 FROM generate_series(0, 2499) i
	WHERE CASE WHEN i IN (1000, 2000) THEN passes(i) ELSE true END};
my $load = "SELECT m2m_load('author', 'book', \$\$$pairs\$\$)";
my $missing = $load =~ s/SELECT 1 \+/SELECT 2 +/r;
my $start = "postgres|t|author_book|COPY FROM|CALLBACK";
my $linked = $node->safe_psql('postgres', 'TABLE author_book');

my $session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query_safe('SELECT pg_backend_pid()');
my $error = '';

# From start to end
my $first = hold('SELECT pg_advisory_xact_lock(1000)');
my $second = hold('SELECT pg_advisory_xact_lock(2000)');
my $pair = hold(q{SELECT m2m_link('author', 2, 'book', 500)});
my $row = hold('SELECT FROM book WHERE id = 700 FOR UPDATE');

is(progress(), '', 'nothing before');
begin($load);
waits_for($first);
like(progress(), qr/^\Q$start\E\|[1-9]\d*\|0\|0$/, 'a thousand pairs read');
my $bytes = (split /\|/, progress())[5];
release($first);
waits_for($second);
is(progress(), join('|', $start, 2 * $bytes, 0, 0), 'two thousand pairs read');
release($second);
waits_for($pair);
is(progress(), join('|', $start, 2.5 * $bytes, 1489, 10), 'links made and passed over, as far as the pair of another session');
release($pair);
waits_for($row);
is(progress(), join('|', $start, 2.5 * $bytes, 2490, 10), 'all links made');
release($row);
is(finish(), '2490', 'the result');
is(progress(), '', 'nothing after the end');
$node->safe_psql('postgres', 'DELETE FROM author_book WHERE author_id > 1 OR book_id > 10');

# The other write path shows what it reads.
$session->query_safe('SET m2m.direct_path = off');
$first = hold('SELECT pg_advisory_xact_lock(1000)');
begin($load);
waits_for($first);
is(progress(), join('|', $start, $bytes, 0, 0), 'general path: a thousand pairs read');
release($first);
is(finish(), '2490', 'general path: the result');
is(progress(), '', 'general path: nothing after the end');
$node->safe_psql('postgres', 'DELETE FROM author_book WHERE author_id > 1 OR book_id > 10');
$session->query_safe('RESET m2m.direct_path');

# An error, a caught one with the transaction still open, a cancelled one
fails('an error', $missing, qr/23503/);
fails('an error that is caught', "BEGIN;
	DO \$do\$ BEGIN PERFORM ($missing); EXCEPTION WHEN foreign_key_violation THEN RAISE WARNING 'caught'; END \$do\$", qr/caught/);
is($node->safe_psql('postgres', "SELECT state FROM pg_stat_activity WHERE pid = $pid"),
	'idle in transaction', 'the transaction is open');
$session->query_safe('ROLLBACK');
fails('cancelled while reading', $load, qr/57014/, 1);
$pair = hold(q{SELECT m2m_link('author', 2, 'book', 500)});
begin($load);
waits_for($pair);
is(progress(), join('|', $start, 2.5 * $bytes, 1489, 10), 'cancelled while linking: in between');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
finish();
like($error, qr/57014/, 'cancelled while linking: the error');
is(progress(), '', 'cancelled while linking: nothing after it');
release($pair);
is($node->safe_psql('postgres', 'TABLE author_book'), $linked, 'nothing is linked');

# What runs a load shows itself.
$first = hold('SELECT pg_advisory_xact_lock(1000)');
begin("COPY ($load) TO STDOUT");
waits_for($first);
like(progress(), qr/^postgres\|t\|-\|COPY TO\|/, 'within COPY: what COPY shows');
release($first);
is(finish(), '2490', 'within COPY: the result');
is(progress(), '', 'within COPY: nothing after the end');

$session->quit;
done_testing();

# Everything that is shown; "t" for our session.
sub progress
{
	return $node->safe_psql('postgres', "
		SELECT datname, pid = $pid, relid::regclass, command, type, bytes_processed, tuples_processed, tuples_excluded
		FROM pg_stat_progress_copy");
}

# A session that holds something up.
sub hold
{
	my ($sql) = @_;
	my $other = $node->background_psql('postgres');

	$other->{backend} = $other->query_safe('SELECT pg_backend_pid()');
	$other->query_safe("BEGIN; $sql");
	return $other;
}

sub release
{
	my ($other) = @_;

	$other->query_safe('ROLLBACK');
	$other->quit;
	return;
}

# Starts a statement.
sub begin
{
	my ($sql) = @_;

	$session->query_until(qr/^begun$/m, "\\set VERBOSITY verbose\n\\echo begun\n$sql;\n");
	return;
}

# What it gave in the end; $error is what it complained of.
sub finish
{
	my $result = $session->query('') =~ s/\n.*//sr;

	$error = $session->{stderr};
	$session->{stderr} = '';
	return $result;
}

sub waits_for
{
	my ($other) = @_;

	$node->poll_query_until('postgres', "SELECT pg_blocking_pids($pid) = ARRAY[$other->{backend}]")
	  or die 'it does not wait';
	return;
}

# A load that ends by an error.
sub fails
{
	my ($what, $sql, $expected, $cancel) = @_;
	my $other = hold('SELECT pg_advisory_xact_lock(1000)');

	begin($sql);
	waits_for($other);
	is(progress(), join('|', $start, $bytes, 0, 0), "$what: before it");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)") if $cancel;
	release($other) if !$cancel;
	finish();
	like($error, $expected, "$what: it is");
	is(progress(), '', "$what: nothing after it");
	release($other) if $cancel;
	return;
}

# Crashes, prepared transactions and standbys. If this fails, half a
# relationship is left after a crash, or a standby shows other links than its
# primary, or fails in another way than PostgreSQL would.
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

my $node = PostgreSQL::Test::Cluster->new('primary');

# All that there is of relationships, and what they hold
my $state = q{
	SELECT to_jsonb(r) FROM m2m_relationships() r ORDER BY association::text;
	SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^m2m_' ORDER BY 1;
	SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname !~ '^m2m_' ORDER BY 1;
	SELECT attrelid::regclass, attname FROM pg_attribute WHERE attrelid IN ('author_books'::regclass, 'book_authors'::regclass) ORDER BY 1, attnum;
	SELECT * FROM author_books ORDER BY 1, 2;
	SELECT * FROM book_authors ORDER BY 1, 2;
	SELECT a.id, b.id FROM author a, author_books(a) b ORDER BY 1, 2;};
my $recomputed = q{
	SELECT count(*) FROM (
		SELECT l.author_id, b.* FROM author_book l JOIN book b ON b.id = l.book_id
		EXCEPT ALL SELECT * FROM author_books) d;
	SELECT count(*) FROM (SELECT author_id, book_id FROM author_book EXCEPT ALL SELECT id, book_id FROM book_authors) d};

# Does everything that can be under way, and holds still; then the server goes.
sub crash_during
{
	my ($what, @statements) = @_;

	my $before = $node->safe_psql('postgres', $state);
	my $session = $node->background_psql('postgres');
	$session->query_safe('SET client_min_messages = warning; BEGIN');
	$session->query_safe($_) foreach @statements;
	# what is not committed is on disk, too
	$node->safe_psql('postgres', 'CHECKPOINT');
	$node->stop('immediate');
	# its connection is lost
	$session->{run}->kill_kill;
	$node->start;
	is($node->safe_psql('postgres', $state),
		$before, "$what: all is as before");
	is($node->safe_psql('postgres', 'SELECT * FROM m2m_check()'),
		'', "$what: m2m_check is silent");
	is($node->safe_psql('postgres', $recomputed),
		"0\n0", "$what: link views are the joins");
	return;
}

$node->init(
	allows_streaming => 1,
	extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title text);
	CREATE TABLE tag (name text PRIMARY KEY);
	CREATE UNLOGGED TABLE visitor (id int PRIMARY KEY);
	INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 100) i;
	INSERT INTO book SELECT i, 'book ' || i FROM generate_series(1, 100) i;
	INSERT INTO tag VALUES ('sql'), ('c');
	INSERT INTO visitor VALUES (1);
	SELECT m2m_link('author', array_agg(i), 'book', array_agg(i)) FROM generate_series(1, 50) i;
	SELECT m2m_link('visitor', 1, 'book', 1)});

crash_during('links', q{SELECT m2m_link('author', 1, 'book', array_agg(i)) FROM generate_series(1, 100) i},
	q{SELECT m2m_clear('author', 2, 'book')},
	q{SELECT * FROM m2m_set('author', 3, 'book', ARRAY[4, 5])},
	q{INSERT INTO author_books (author_id, id, title) VALUES (1, 101, 'new')},
	q{DELETE FROM book_authors WHERE book_id = 10});
crash_during('first use', q{SELECT m2m_link('author', 1, 'tag', '{sql,c}'::text[])});
crash_during('create and drop',
	q{SELECT m2m_create('author', 'author')},
	q{SELECT m2m_drop('author_book')});
crash_during(
	'DDL that is followed',
	'ALTER TABLE book ADD COLUMN pages int',
	'ALTER TABLE book RENAME COLUMN title TO name',
	'ALTER TABLE author ALTER COLUMN name TYPE varchar(50)',
	'ALTER TABLE book DROP COLUMN name',
	'ALTER TABLE author RENAME TO writer');
crash_during('DROP TABLE', 'DROP TABLE book CASCADE');
crash_during('DROP EXTENSION', 'DROP EXTENSION m2m');
# Unlogged tables are emptied together with their links.
is( $node->safe_psql(
		'postgres', q{SELECT (SELECT count(*) FROM visitor), (SELECT count(*) FROM visitor_book),
		(SELECT count(*) FROM visitor_books)}),
	'0|0|0',
	'unlogged tables are empty after a crash');

# What was committed right before is there.
$node->safe_psql(
	'postgres', q{SELECT m2m_link('author', 1, 'tag', 'c');
	ALTER TABLE tag ADD COLUMN note text;
	INSERT INTO author_tags (author_id, name, note) VALUES (2, 'java', 'n')});
$node->stop('immediate');
$node->start;
is( $node->safe_psql('postgres', 'SELECT * FROM author_tags ORDER BY 1'),
	"1|c|\n2|java|n",
	'what was committed before a crash is there');
is($node->safe_psql('postgres', 'SELECT * FROM m2m_check()'),
	'', 'and nothing is amiss');

# Prepared transactions outlive a crash, links and first use in them. Those of
# different tables do not wait for each other.
$node->safe_psql(
	'postgres', q{SET lock_timeout = '10s';
	BEGIN;
	SELECT m2m_link('book', 1, 'tag', 'c'), m2m_set('author', 5, 'book', '{1,2,3}');
	ALTER TABLE author ADD COLUMN born int;
	ALTER TABLE author DROP COLUMN name;
	PREPARE TRANSACTION 'kept';
	BEGIN;
	INSERT INTO visitor VALUES (1);
	SELECT m2m_link('visitor', 1, 'visitor', 1);
	PREPARE TRANSACTION 'given up'});
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres',
	q{COMMIT PREPARED 'kept'; ROLLBACK PREPARED 'given up'});
is( $node->safe_psql(
		'postgres', q{SELECT * FROM book_tags; SELECT count(*) FROM author_books WHERE author_id = 5;
		SELECT count(*) FROM visitor;
		SELECT * FROM book_authors WHERE book_id = 3 ORDER BY id;
		SELECT count(*) FROM m2m_relationships(); SELECT * FROM m2m_check()}),
	"1|c|\n3\n0\n3|3|\n3|5|\n4",
	'prepared transactions');

# A standby reads all there is, and writes nothing.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql(
	'postgres', q{SELECT m2m_link('author', 60, 'book', '{1,2}');
	SELECT m2m_create('tag', 'tag', left_role => 'broader', right_role => 'narrower');
	SELECT m2m_link('tag', 'c', 'tag', 'sql')});

sub same_on_standby
{
	my ($what, $sql) = @_;

	$node->wait_for_catchup($standby);
	is( $standby->safe_psql('postgres', $sql),
		$node->safe_psql('postgres', $sql),
		"standby: $what");
	return;
}

same_on_standby('relationships, link views and functions', $state);
same_on_standby('m2m_check', 'SELECT * FROM m2m_check()');
my $calls = q{SELECT m2m_linked('author', 60, 'book', 2), m2m_linked('book', 2, 'author', 61),
	m2m_count('author', 60, 'book'), m2m_count('tag', 'sql', 'tag', role => 'narrower')};
same_on_standby('m2m_linked and m2m_count', $calls);
is($standby->safe_psql('postgres', $calls),
	't|f|2|1', 'standby: the answers');

# A session that has looked before sees what has changed since.
my $reader = $standby->background_psql('postgres');
$reader->query_safe($calls);
$node->safe_psql(
	'postgres', q{SELECT m2m_unlink('author', 60, 'book', 2);
	ALTER TABLE book ADD COLUMN pages int DEFAULT 1;
	ALTER TABLE tag ALTER COLUMN name TYPE varchar(20);
	ALTER TABLE book DROP COLUMN title});
$node->wait_for_catchup($standby);
is($reader->query_safe($calls), 'f|f|1|1',
	'standby: a session sees what has changed');
is($reader->query_safe('SELECT * FROM author_books WHERE author_id = 60'),
	'60|1|1', 'standby: views have followed');
$reader->quit;
same_on_standby('after DDL', $state);

# Unlogged tables have no rows there, nor files to read.
foreach my $call (
	q{SELECT m2m_find(NULL::visitor, 'book', all_of => 1)},
	q{SELECT m2m_find(NULL::book, 'visitor', all_of => 1)},
	q{SELECT m2m_seek(NULL::int, 'visitor_book', 'visitor', all_of => 1)})
{
	my ($status, $out, $err) = $standby->psql('postgres', $call);

	like(
		$err,
		qr/cannot access temporary or unlogged relations during recovery/,
		"standby: $call");
}

# Expected of each is PostgreSQL's own error for what it would write.
foreach my $call (
	q{SELECT m2m_link('author', 1, 'book', 9)},
	q{SELECT m2m_link('visitor', 1, 'tag', 'c')},
	q{SELECT m2m_unlink('author', 60, 'book', 1)},
	q{SELECT * FROM m2m_set('author', 60, 'book', '{}')},
	q{SELECT m2m_clear('author', 60, 'book')},
	q{SELECT m2m_toggle('author', 60, 'book', 1)},
	q{SELECT m2m_create('author', 'author')},
	q{SELECT m2m_adopt('author_book')},
	q{SELECT m2m_drop('author_book')},
	q{SELECT m2m_repair()},
	q{INSERT INTO author_books (author_id, id) VALUES (60, 1)},
	q{UPDATE author_books SET pages = 2},
	q{DELETE FROM author_books})
{
	my ($status, $out, $err) =
	  $standby->psql('postgres', "\\set VERBOSITY verbose\n$call");

	like(
		$err,
		qr/ERROR:  25006: cannot execute \w[\w ]*\(?\)? (?:in a read-only transaction|during recovery)/,
		"standby: $call");
	($status, $out, $err) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nBEGIN READ ONLY;\n$call");
	like(
		$err,
		qr/ERROR:  25006: cannot execute \w[\w ]*\(?\)? in a read-only transaction/,
		"read only: $call");
}

# It can take over.
$standby->promote;
is( $standby->safe_psql(
		'postgres', q{SELECT m2m_link('author', 60, 'book', 2), m2m_link('visitor', '{}', 'tag', '{}');
		INSERT INTO author_books (author_id, id) VALUES (61, 2);
		ALTER TABLE book DROP COLUMN pages;
		SELECT m2m_count('author', 60, 'book'); SELECT * FROM m2m_check()
		WHERE severity <> 'info'}),
	"1|0\n2",
	'standby: works after promotion');
is($standby->safe_psql('postgres', $recomputed),
	"0\n0", 'standby: link views are the joins after promotion');

done_testing();

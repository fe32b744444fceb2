# Orphans where it takes more than a session: transactions that are prepared, dumps
# and restores, a subscriber, an extension that goes. If this fails, a row is deleted
# that has links, or one that has lost all of them stays.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('orphans');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 5\nclient_min_messages = warning");
$node->start;
my $make = q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY);
	CREATE TABLE book (id int PRIMARY KEY);
	INSERT INTO author SELECT generate_series(1, 9);
	INSERT INTO book SELECT generate_series(1, 9);
	SELECT m2m_create('author', 'book');
	SELECT m2m_orphans('author_book', 'book', 'delete');
	SELECT m2m_history('author_book');
	SELECT m2m_link('author', i, 'book', i) FROM generate_series(1, 9) i};
my $books = q{SELECT string_agg(id::text, ' ' ORDER BY id) FROM book};

$node->safe_psql('postgres', $make);

# What is prepared has been looked at; who links a row meanwhile waits for it
$node->safe_psql('postgres', q{BEGIN; SELECT m2m_unlink('author', 1, 'book', 1); PREPARE TRANSACTION 'one'});
my ($status, $stdout, $stderr) = $node->psql('postgres', q{SET lock_timeout = '100ms'; SELECT m2m_link('author', 2, 'book', 1)});
like($stderr, qr/lock timeout/, 'a row that is going to be deleted is not linked');
is($node->safe_psql('postgres', $books), '1 2 3 4 5 6 7 8 9', 'it is there still');
$node->safe_psql('postgres', q{COMMIT PREPARED 'one'});
is($node->safe_psql('postgres', $books), '2 3 4 5 6 7 8 9', 'and then is not');
$node->safe_psql('postgres', q{BEGIN; SELECT m2m_unlink('author', 2, 'book', 2); PREPARE TRANSACTION 'two'; ROLLBACK PREPARED 'two'});
is($node->safe_psql('postgres', $books), '2 3 4 5 6 7 8 9', 'what is rolled back deletes nothing');

# Two that remove the last two links, the first of them prepared
$node->safe_psql('postgres', q{SELECT m2m_link('author', 1, 'book', 2)});
$node->safe_psql('postgres', q{BEGIN; SELECT m2m_unlink('author', 1, 'book', 2); PREPARE TRANSACTION 'one'});
my $other = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $other->query_safe('SELECT pg_backend_pid()');

$other->query_until(qr/start/, "\\echo start\nSELECT m2m_unlink('author', 2, 'book', 2);\n");
$node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid")
  or die 'it does not wait';
$node->safe_psql('postgres', q{COMMIT PREPARED 'one'});
$other->query('SELECT 1');
$other->quit;
is($node->safe_psql('postgres', $books), '3 4 5 6 7 8 9', 'the second sees that the first has');

# A trigger that makes an orphan of each one that goes: it ends with an error, and
# nothing is done. Prepared, what triggers unlink then is looked at, too
$node->safe_psql('postgres', q{
	CREATE FUNCTION anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO book VALUES (OLD.id + 100);
		INSERT INTO author_book VALUES (1, OLD.id + 100);
		DELETE FROM author_book WHERE book_id = OLD.id + 100;
		RETURN NULL;
	END $$;
	CREATE CONSTRAINT TRIGGER anew AFTER DELETE ON book DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION anew()});
($status, $stdout, $stderr) = $node->psql('postgres', q{SELECT m2m_unlink('author', 3, 'book', 3)});
like($stderr, qr/what rules do when the transaction commits does not come to an end
DETAIL:  .* links of "author_book"/, 'there is an end');
is($node->safe_psql('postgres', $books), '3 4 5 6 7 8 9', 'and nothing is done');
$node->safe_psql('postgres', q{
	CREATE OR REPLACE FUNCTION anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM author_book WHERE book_id = 9; RETURN NULL; END $$;
	BEGIN; DELETE FROM author WHERE id = 3; PREPARE TRANSACTION 'one'; COMMIT PREPARED 'one'});
is($node->safe_psql('postgres', $books), '4 5 6 7 8', 'what a deferred trigger unlinks then is looked at');
$node->safe_psql('postgres', q{DROP FUNCTION anew CASCADE; INSERT INTO author VALUES (3); INSERT INTO book VALUES (3), (9);
	SELECT m2m_link('author', i, 'book', i) FROM unnest(ARRAY[3, 9]) i});

# Dumps, of all kinds, have the rule, and the functions of the history
my $state = q{SELECT definition, whole FROM m2m_rules() UNION ALL
	SELECT oid::regprocedure::text, EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'x') FROM pg_proc p WHERE proname LIKE '%\_at' AND prosrc LIKE 'SELECT r.*%' ORDER BY 1};
my $before = $node->safe_psql('postgres', $state);

like($before, qr/author_books_at\(author,timestamp with time zone\)\|t/, 'the history has functions, which go with the extension');
foreach my $options ([], ['--clean', '--if-exists'], ['--schema-only'], ['-Fc'])
{
	my $file = $node->basedir . '/dump';
	my $database = 'restored' . scalar(@$options) . ($options->[0] // '' eq '-Fc' ? 'c' : '');

	$node->run_log([ 'dropdb', '--if-exists', $database ]);
	$node->command_ok([ 'createdb', $database ], "createdb for @$options");
	$node->command_ok([ 'pg_dump', @$options, '-f', $file, 'postgres' ], "pg_dump @$options");
	if (@$options && $options->[0] eq '-Fc')
	{
		$node->command_ok([ 'pg_restore', '-d', $database, $file ], 'pg_restore');
	}
	else
	{
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $file ], 'psql');
	}
	is($node->safe_psql($database, $state), $before, "as it was: @$options");
	next if @$options && $options->[0] eq '--schema-only';
	is($node->safe_psql($database, $books), '3 4 5 6 7 8 9', "no row is missing: @$options");
	$node->safe_psql($database, q{SELECT m2m_unlink('author', 3, 'book', 3)});
	is($node->safe_psql($database, $books), '4 5 6 7 8 9', "the rule holds: @$options");
	is($node->safe_psql($database, 'SELECT * FROM m2m_check()'), '', "all is well: @$options");
}

# A subscriber has what the publisher has deleted, and deletes nothing itself; its
# counts are counted
my $subscriber = PostgreSQL::Test::Cluster->new('orphans_subscriber');

$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$subscriber->append_conf('postgresql.conf', 'client_min_messages = warning');
$subscriber->start;
$subscriber->safe_psql('postgres', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY);
	CREATE TABLE book (id int PRIMARY KEY);
	SELECT m2m_create('author', 'book');
	SELECT m2m_orphans('author_book', 'book', 'delete');
	SELECT m2m_counter('author_book', 'author')});
$node->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE author, book, author_book');
$subscriber->safe_psql('postgres', sprintf(q{CREATE SUBSCRIPTION s CONNECTION '%s' PUBLICATION p}, $node->connstr . ' dbname=postgres'));
$subscriber->wait_for_subscription_sync($node, 's');
$node->safe_psql('postgres', q{SELECT m2m_unlink('author', 4, 'book', 4); SELECT m2m_link('author', 1, 'book', 9)});
$node->wait_for_catchup('s');
is($subscriber->safe_psql('postgres', $books), '3 5 6 7 8 9', 'what the publisher has deleted is deleted');
is($subscriber->safe_psql('postgres', q{SELECT sum(links) FROM m2m_counts(NULL::author, 'book')}), '7', 'links are counted where triggers do not fire');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION s');
$subscriber->stop;

# The extension takes the rule along, and the functions of the history
$node->safe_psql('postgres', 'DROP EXTENSION m2m; DELETE FROM author_book WHERE book_id = 5');
is($node->safe_psql('postgres', $books), '3 5 6 7 8 9', 'without it nothing is deleted');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc WHERE proname LIKE 'author_books%'}), '1', 'only the link function is left');
$node->safe_psql('postgres', q{CREATE EXTENSION m2m; SELECT m2m_adopt('author_book'); SELECT m2m_orphans('author_book', 'book', 'delete'); SELECT m2m_unlink('author', 6, 'book', 6)});
is($node->safe_psql('postgres', $books), '3 5 7 8 9', 'with it, again');
$node->stop;
done_testing();

# Rules where it takes more than one session or server: what a listener hears,
# prepared transactions, dumps and restores, subscribers, an extension that goes
# and comes. If this fails, a rule is lost on the way, holds what is not so, or
# keeps not what it promises.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

my $node = PostgreSQL::Test::Cluster->new('rules');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 5\nclient_min_messages = warning");
$node->start;
my $make = q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title text);
	INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 200) i;
	INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 200) i;
	SELECT m2m_create('author', 'book');
	SELECT m2m_link('author', i, 'book', i) FROM generate_series(1, 200) i};
my $rules = q{
	SELECT m2m_limit('author_book', 'author', min => 1, max => 150);
	SELECT m2m_counter('author_book', 'author', counter => 'book_count');
	SELECT m2m_counter('author_book', 'book');
	SELECT m2m_history('author_book')};
$node->safe_psql('postgres', $make);
$node->safe_psql('postgres', q{SELECT m2m_limit('author_book', 'author', min => 1)});

# Two that remove the last two links of a row are about to commit at once
$node->safe_psql('postgres', q{SELECT m2m_link('author', 1, 'book', 2)});
foreach my $end ('COMMIT', 'ROLLBACK')
{
	my $other = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $other->query_safe('SELECT pg_backend_pid()');

	$other->query_safe(q{BEGIN; SELECT m2m_unlink('author', 1, 'book', 2)});
	$node->safe_psql('postgres', q{BEGIN; SELECT m2m_unlink('author', 1, 'book', 1); PREPARE TRANSACTION 'one'});
	$other->query_until(qr/start/, "\\echo start\nCOMMIT;\n");
	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid")
	  or die 'it does not wait';
	$node->safe_psql('postgres', "$end PREPARED 'one'");
	$other->query('SELECT 1');
	$other->quit;
	is($node->safe_psql('postgres', 'SELECT string_agg(book_id::text, $$ $$) FROM author_book WHERE author_id = 1'),
		$end eq 'COMMIT' ? '2' : '1', "at least one is left after $end");
	$node->safe_psql('postgres', q{SELECT m2m_set('author', 1, 'book', ARRAY[1, 2])});
}
$node->safe_psql('postgres', $rules);
is($node->safe_psql('postgres', 'SELECT * FROM m2m_check()'), '', 'all is well');

# Notices: what a listener adds up, by both paths
{
	my $listener = $node->background_psql('postgres');

	$node->safe_psql('postgres', q{SELECT m2m_notify('author_book', 'links', keys => true)});
	$listener->query_safe('LISTEN links');
	my ($linked, $unlinked, %seen, @keys, %heard) = (0, 0);
	foreach my $path ('on', 'off')
	{
		$node->safe_psql(
			'postgres', qq{
			SET m2m.direct_path = $path;
			BEGIN;
			SELECT m2m_link('author', 7, 'book', 11), m2m_unlink('author', 7, 'book', 11);
			SELECT m2m_link('author', 7, 'book', 11), m2m_unlink('author', 7, 'book', 11);
			SELECT m2m_link('author', 7, 'book', ARRAY[7, 11, 12]), m2m_set('author', 7, 'book', ARRAY[7, 13]);
			SELECT m2m_load('author', 'book', 'SELECT 8, i FROM generate_series(1, 100) i');
			INSERT INTO author_book VALUES (9, 1), (9, 2);
			UPDATE author_book SET book_id = 3 WHERE author_id = 9 AND book_id = 2;
			UPDATE author_book SET book_id = book_id WHERE author_id = 9;
			DELETE FROM author_book WHERE author_id IN (8, 9) AND book_id <> author_id;
			DELETE FROM author_book WHERE author_id = 7 AND book_id <> 7;
			DELETE FROM author_book WHERE author_id = 7 AND book_id <> 7;
			COMMIT});
		my $out = $listener->query('SELECT 1');
		while ($out =~ /"links" with payload "(\{.*\})" received/g)
		{
			my $message = decode_json($1);

			push @{ $heard{$path} }, join ' ', map { "$_=" . JSON::PP->new->canonical->encode([ $message->{$_} ]) } grep { !/^xid$/ } sort keys %$message;
			ok(!$seen{"$message->{xid} $message->{n}"}++, 'no two are the same');
			$linked += $message->{linked};
			$unlinked += $message->{unlinked};
		}
	}
	$listener->quit;
	is($linked, $unlinked, 'as many were linked as unlinked');
	is($linked, 2 * (2 + 2 + 1 + 99 + 2 + 1), 'and as many as were');
	is_deeply($heard{on}, $heard{off}, 'both paths say the same');
	like(join("\n", @{ $heard{on} }), qr/linked_keys=\[\[\{"author_id":7,"book_id":11\}\]\]/, 'with keys');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM author_book WHERE author_id IN (7, 8, 9)}), 3, 'nothing is left');
	my ($status, $stdout, $stderr) = $node->psql('postgres', q{BEGIN; SELECT m2m_link('author', 7, 'book', 11); PREPARE TRANSACTION 'x'});
	like($stderr, qr/cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/, 'prepared transactions are refused');
	$node->safe_psql('postgres', q{SELECT m2m_drop_rule('author_book', 'm2m_notice'); SELECT m2m_notify('author_book', 'links')});
}

# Notices of rows that are merged: who keeps a list by what he hears has the
# links that there are, by both paths
{
	my $listener = $node->background_psql('postgres');
	my %links;

	$node->safe_psql('postgres', q{SELECT m2m_notify('author_book', 'links', keys => true)});
	$listener->query_safe('LISTEN links');
	foreach my $path ('on', 'off')
	{
		$node->safe_psql(
			'postgres', qq{
			SET m2m.direct_path = $path;
			BEGIN;
			INSERT INTO author (id) SELECT generate_series(301, 304);
			SELECT m2m_link('author', ARRAY[301, 301, 302, 302, 303, 303, 303, 304], 'book', ARRAY[1, 2, 2, 3, 3, 4, 5, 1]);
			COMMIT;
			SELECT * FROM m2m_merge('author', ARRAY[302, 303], 301);
			BEGIN;
			SELECT * FROM m2m_merge('author', 304, 301);
			ROLLBACK});
		my $out = $listener->query('SELECT 1');
		while ($out =~ /"links" with payload "(\{.*\})" received/g)
		{
			my $message = decode_json($1);

			is(scalar @{ $message->{"${_}_keys"} // [] }, $message->{$_}, "$path: as many keys as $_") foreach 'linked', 'unlinked';
			$links{"$_->{author_id} $_->{book_id}"}++ foreach @{ $message->{linked_keys} // [] };
			$links{"$_->{author_id} $_->{book_id}"}-- foreach @{ $message->{unlinked_keys} // [] };
		}
		is(
			join(', ', map { "$_: $links{$_}" } grep { $links{$_} != 0 } sort keys %links),
			join(', ', map { "$_: 1" } split /\n/, $node->safe_psql('postgres', q{SELECT author_id || ' ' || book_id FROM author_book WHERE author_id > 300 ORDER BY 1, book_id})),
			"$path: what was heard is what is there");
		is($node->safe_psql('postgres', q{SELECT array_agg(book_id ORDER BY book_id) FROM author_book WHERE author_id = 301}), '{1,2,3,4,5}', "$path: all of them");
		$node->safe_psql('postgres', q{DELETE FROM author WHERE id > 300});
	}
	$listener->quit;
	$node->safe_psql('postgres', q{SELECT m2m_notify('author_book', 'links')});
}

# Dumps: the rules, with all that they keep, are the same
my $state = q{
	SELECT rule, kind, role, definition, tables, whole FROM m2m_rules();
	SELECT tgrelid::regclass, pg_get_triggerdef(t.oid), (SELECT count(*) FROM pg_depend WHERE objid = t.oid AND deptype = 'x')
		FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname LIKE 'm2m_%_links' ORDER BY 1, 2};
my $held = q{
	SELECT id, book_count FROM author ORDER BY 1;
	SELECT book_id, sum(n) FROM author_book_book_counter GROUP BY 1 ORDER BY 1;
	SELECT author_id, book_id, to_xid IS NULL, linked_by FROM author_book_history ORDER BY history_id};
my $use = q{
	SELECT m2m_link('author', 20, 'book', ARRAY[1, 2, 3]);
	INSERT INTO author_book VALUES (21, 1);
	SELECT m2m_unlink('author', 20, 'book', 1);
	UPDATE author SET id = 2000 WHERE id = 20;
	SELECT book_count FROM author WHERE id IN (21, 2000) ORDER BY id;
	SELECT * FROM m2m_check()};
my $dir = PostgreSQL::Test::Utils::tempdir;

foreach my $how ([ 'plain', '-f', "$dir/plain" ], [ 'custom', '-Fc', '-f', "$dir/custom" ], [ 'schema', '-s', '-f', "$dir/schema" ],
	[ 'clean', '--clean', '--if-exists', '-f', "$dir/clean" ])
{
	my ($name, @options) = @$how;

	$node->command_ok([ 'pg_dump', @options, 'postgres' ], "dump, $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	foreach my $time (1 .. $name eq 'clean' ? 2 : 1)
	{
		$node->command_ok($name eq 'custom' ? [ 'pg_restore', '-j', '4', '-e', '-d', $name, "$dir/custom" ] :
			[ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "restore, $name");
	}
	is($node->safe_psql($name, $state), $node->safe_psql('postgres', $state), "$name: the rules are the same");
	next if $name eq 'schema';
	is($node->safe_psql($name, $held), $node->safe_psql('postgres', $held), "$name: and what they hold");
	is($node->safe_psql($name, $use), "3\n1\n2\n3", "$name: and they go on");
	like(($node->psql($name, q{SELECT m2m_clear('author', 30, 'book')}))[2], qr/too few links/, "$name: all of them");
}

# A subscriber: what is replicated is not counted twice
{
	my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');

	$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$subscriber->append_conf('postgresql.conf', 'client_min_messages = warning');
	$subscriber->start;
	# the schema, with the rules, and no rows
	$subscriber->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/schema" ], 'schema');
	$node->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
	$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION p");
	$subscriber->wait_for_subscription_sync($node, 's');
	$node->safe_psql(
		'postgres', q{
		SELECT m2m_link('author', 40, 'book', ARRAY[1, 2, 3]), m2m_set('author', 41, 'book', ARRAY[1, 9]);
		SELECT m2m_load('author', 'book', 'SELECT 42, i FROM generate_series(1, 100) i');
		DELETE FROM author WHERE id = 43;
		UPDATE book SET id = 1000 + id WHERE id > 190});
	$node->wait_for_catchup('s');
	is($subscriber->safe_psql('postgres', $held), $node->safe_psql('postgres', $held), 'the subscriber holds the same');
	is($subscriber->safe_psql('postgres', 'SELECT * FROM m2m_check()'), '', 'and all is well there');
	# it is on its own
	$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s');
	$subscriber->safe_psql('postgres', 'SELECT * FROM m2m_repair()');
	is($subscriber->safe_psql('postgres', $use), "3\n1\n2\n3", 'promoted, it goes on');
	is($subscriber->safe_psql('postgres', q{SELECT max(history_id) < nextval('author_book_history_history_id_seq') FROM author_book_history}),
		't', 'what it links again has a number of its own in the history');
	$subscriber->stop;
	$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('s'); DROP PUBLICATION p});
}

# The extension goes, and comes again
$node->safe_psql('plain', 'DROP EXTENSION m2m');
is($node->safe_psql('plain', q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'm2m%'}), 0, 'no trigger is left');
$node->safe_psql('plain', q{DELETE FROM author_book WHERE author_id = 50; INSERT INTO author_book VALUES (51, 1), (50, 7)});
$node->safe_psql('plain', "CREATE EXTENSION m2m; SELECT m2m_adopt('author_book'); $rules");
is($node->safe_psql('plain', 'SELECT * FROM m2m_check()'), '', 'switched on again, all is well');
is($node->safe_psql('plain', 'SELECT book_count FROM author WHERE id IN (50, 51) ORDER BY id'), "1\n2", 'and counted anew');

$node->stop;
done_testing();

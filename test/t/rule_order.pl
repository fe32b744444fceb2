# Orders where it takes more than one session or server: dumps and restores,
# prepared transactions, a subscriber, an extension that goes and comes; and what
# moving a link costs. If this fails, an order is lost on the way, new links do
# not come last, or a long list costs more than a short one.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('order');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 5\nclient_min_messages = warning");
$node->start;
my $rules = q{
	SELECT m2m_order('author_book', 'author');
	SELECT m2m_order('item', 'author', 'place', dense => true)};
$node->safe_psql(
	'postgres', qq{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id int PRIMARY KEY);
	CREATE TABLE book (id int PRIMARY KEY);
	INSERT INTO author SELECT generate_series(1, 200);
	INSERT INTO book SELECT generate_series(1, 200);
	SELECT m2m_create('author', 'book');
	CREATE TABLE item (author_id int REFERENCES author ON DELETE CASCADE, book_id int REFERENCES book ON DELETE CASCADE, place int,
		PRIMARY KEY (author_id, book_id));
	SELECT m2m_adopt('item', left_view => 'items_of_author', right_view => 'items_of_book');
	$rules;
	SELECT m2m_link('author', 1, 'book', ARRAY[5, 4, 3, 2, 1], via => v), m2m_move('author', 1, 'book', 1, before => 4, via => v)
	FROM unnest('{author_book,item}'::text[]) v});

my $lists = q{
	SELECT 'author_book', author_id, string_agg(book_id::text, ' ' ORDER BY book_position, book_id) FROM author_book GROUP BY 2 ORDER BY 2;
	SELECT 'author_books()', a.id, string_agg(b.id::text, ' ') FROM author a, author_books(a) b GROUP BY 2 ORDER BY 2;
	SELECT 'item', author_id, string_agg(book_id || '@' || place, ' ' ORDER BY place, book_id) FROM item GROUP BY 2 ORDER BY 2};
my $state = q{
	SELECT rule, kind, role, definition, tables, whole FROM m2m_rules();
	SELECT tgrelid::regclass, pg_get_triggerdef(t.oid), (SELECT count(*) FROM pg_depend WHERE objid = t.oid AND deptype = 'x')
		FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname LIKE 'm2m_%_links' ORDER BY 2;
	SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ('author_book'::regclass, 'item'::regclass) ORDER BY 2;
	SELECT oid::regprocedure, prosrc FROM pg_proc WHERE proname IN ('author_books', 'items_of_author') ORDER BY 2};
my $use = q{
	SELECT m2m_link('author', 1, 'book', ARRAY[12, 11], via => 'author_book'), m2m_link('author', 1, 'book', ARRAY[12, 11], via => 'item');
	INSERT INTO author_book (author_id, book_id) VALUES (1, 13);
	INSERT INTO item (author_id, book_id) VALUES (1, 13);
	SELECT m2m_move('author', 1, 'book', 3, at => 1, via => 'author_book'), m2m_move('author', 1, 'book', 3, at => 1, via => 'item');
	SELECT * FROM m2m_check() WHERE finding NOT LIKE 'no index%'};
my $dir = PostgreSQL::Test::Utils::tempdir;

# A list of what to restore, in an order that several jobs may come to: the first
# link views' triggers, the foreign keys, the triggers of orders, all others.
sub in_another_order
{
	my @lines = split /^/, (run_command([ 'pg_restore', '-l', "$dir/listed" ]))[0] . "\n";
	my $first = qr/ TRIGGER public (author_books|items_of_author) /;

	append_to_file("$dir/list", join '', (grep { !/ TRIGGER | FK CONSTRAINT / } @lines), (grep { /$first/ } @lines), (grep { / FK CONSTRAINT / } @lines),
		(grep { / TRIGGER .*m2m_order/ } @lines), (grep { / TRIGGER / && !/$first| TRIGGER .*m2m_order/ } @lines)) if !-e "$dir/list";
	return "$dir/list";
}

is($node->safe_psql('postgres', $lists), "author_book|1|5 1 4 3 2\nauthor_books()|1|5 1 4 3 2\nitem|1|5\@1 1\@2 4\@3 3\@4 2\@5", 'as it was moved');
foreach my $how ([ 'plain', '-f', "$dir/plain" ], [ 'custom', '-Fc', '-f', "$dir/custom" ], [ 'schema', '-s', '-f', "$dir/schema" ],
	[ 'clean', '--clean', '--if-exists', '-f', "$dir/clean" ], [ 'listed', '-Fc', '-f', "$dir/listed" ])
{
	my ($name, @options) = @$how;

	$node->command_ok([ 'pg_dump', @options, 'postgres' ], "dump, $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	foreach my $time (1 .. $name eq 'clean' ? 2 : 1)
	{
		$node->command_ok($name eq 'custom' ? [ 'pg_restore', '-j', '4', '-e', '-d', $name, "$dir/custom" ] :
			$name eq 'listed' ? [ 'pg_restore', '-L', in_another_order(), '-e', '-d', $name, "$dir/listed" ] :
			[ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "restore, $name");
	}
	is($node->safe_psql($name, $state), $node->safe_psql('postgres', $state), "$name: the orders are the same");
	next if $name eq 'schema';
	is($node->safe_psql($name, $lists), $node->safe_psql('postgres', $lists), "$name: and so are the lists");
	is($node->safe_psql($name, $use), "2|2\nt|t", "$name: and they go on");
	is($node->safe_psql($name, $lists),
		"author_book|1|3 5 1 4 2 12 11 13\nauthor_books()|1|3 5 1 4 2 12 11 13\nitem|1|3\@1 5\@2 1\@3 4\@4 2\@5 12\@6 11\@7 13\@8",
		"$name: with new links at the end");
}

# Rows alone, into tables with rules
$node->command_ok([ 'pg_dump', '-a', '-f', "$dir/data", 'postgres' ], 'dump, data');
$node->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', 'schema', '-f', "$dir/data" ], 'restore, data');
is($node->safe_psql('schema', $lists), $node->safe_psql('postgres', $lists), 'data: the lists are the same');

# A transaction that is prepared is in order by then, and keeps others off the list
$node->safe_psql('postgres', q{BEGIN; DELETE FROM item WHERE author_id = 1 AND book_id = 4; PREPARE TRANSACTION 'one'});
{
	my ($status, $stdout, $stderr) = $node->psql('postgres', q{SET lock_timeout = '100ms'; DELETE FROM item WHERE author_id = 1 AND book_id = 5});

	like($stderr, qr/lock timeout/, 'who unlinks waits for it');
	$node->safe_psql('postgres', q{COMMIT PREPARED 'one'});
	is($node->safe_psql('postgres', q{SELECT string_agg(book_id || '@' || place, ' ' ORDER BY place) FROM item}), '5@1 1@2 3@3 2@4', 'prepared and committed');
	$node->safe_psql('postgres', q{SELECT m2m_link('author', 1, 'book', 4, via => 'item'), m2m_move('author', 1, 'book', 4, at => 3, via => 'item')});
}

# A subscriber: its sequence stays behind until it is on its own
{
	my $subscriber = PostgreSQL::Test::Cluster->new('order_subscriber');

	$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$subscriber->append_conf('postgresql.conf', 'client_min_messages = warning');
	$subscriber->start;
	$subscriber->command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/schema" ], 'schema');
	$node->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
	$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION p");
	$subscriber->wait_for_subscription_sync($node, 's');
	$node->safe_psql(
		'postgres', q{
		SELECT m2m_set('author', 2, 'book', ARRAY[3, 1, 2], via => v), m2m_set('author', 2, 'book', ARRAY[9, 2, 3], via => v),
			m2m_move('author', 1, 'book', 2, at => 1, via => v)
		FROM unnest('{author_book,item}'::text[]) v;
		DELETE FROM book WHERE id = 1});
	$node->wait_for_catchup('s');
	is($subscriber->safe_psql('postgres', $lists), $node->safe_psql('postgres', $lists), 'the subscriber has the same lists');
	$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s');
	is($subscriber->safe_psql('postgres', q{SELECT finding FROM m2m_check() WHERE severity = 'error'}),
		'links that are new do not come last in order "m2m_order_author"', 'promoted, its sequence is behind');
	$subscriber->safe_psql('postgres', 'SELECT * FROM m2m_repair()');
	is($subscriber->safe_psql('postgres', $use), "2|2\nt|t", 'mended, it goes on');
	is($subscriber->safe_psql('postgres', q{SELECT string_agg(b.id::text, ' ') FROM author a, author_books(a) b WHERE a.id = 1}), '3 2 5 4 12 11 13', 'with new links at the end');
	$subscriber->stop;
	$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('s'); DROP PUBLICATION p});
}

# The extension goes, and comes again
$node->safe_psql('plain', 'DROP EXTENSION m2m');
is($node->safe_psql('plain', q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'm2m%'}), 0, 'no trigger is left');
$node->safe_psql('plain', q{
	INSERT INTO author_book (author_id, book_id) VALUES (1, 21), (1, 20);
	INSERT INTO item (author_id, book_id) VALUES (1, 21), (1, 20)});
is($node->safe_psql('plain', q{SELECT string_agg(b.id::text, ' ') FROM author a, author_books(a) b WHERE a.id = 1}), '3 5 1 4 2 12 11 13 21 20', 'links come last still');
$node->safe_psql('plain', "CREATE EXTENSION m2m; SELECT m2m_adopt('author_book'); SELECT m2m_adopt('item', left_view => 'items_of_author', right_view => 'items_of_book'); $rules");
is($node->safe_psql('plain', q{SELECT * FROM m2m_check() WHERE finding NOT LIKE 'no index%'}), '', 'switched on again, all is well');
is($node->safe_psql('plain', $lists),
	"author_book|1|3 5 1 4 2 12 11 13 21 20\nauthor_books()|1|3 5 1 4 2 12 11 13 21 20\nitem|1|3\@1 5\@2 1\@3 4\@4 2\@5 12\@6 11\@7 13\@8 21\@9 20\@10",
	'in order');

# What it costs to move a link, in buffers: the same in a list of a thousand times
# as many
$node->safe_psql(
	'postgres', q{
	INSERT INTO book SELECT generate_series(201, 100000);
	SELECT m2m_load('author', 'book', 'SELECT 101, i FROM generate_series(301, 400) i', via => 'author_book');
	SELECT m2m_load('author', 'book', 'SELECT 102, i FROM generate_series(301, 100000) i', via => 'author_book');
	VACUUM ANALYZE author_book});

sub buffers
{
	my ($author, $book, $to, $way) = @_;
	my $plan = $node->safe_psql('postgres', join(";\n",
		map { "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT m2m_move('author', $author, 'book', $book, $way => $_, via => 'author_book')" }
		  ($to + 1, $to, $to + 1, $to)));
	my @plans = map { "[$_" } grep { /\S/ } split /^\[/m, $plan;

	# the first ones read system catalogs, and find out what can be pruned
	return decode_json($plans[-1])->[0]{Plan}{'Shared Hit Blocks'} + decode_json($plans[-1])->[0]{Plan}{'Shared Read Blocks'};
}
foreach my $way ('before', 'after')
{
	my $short = buffers(101, 350, 370, $way);
	my $long = buffers(102, 50000, 70000, $way);

	note "$way: $short buffers of 100 links, $long of 100,000";
	cmp_ok($long, '<=', 2 * $short, "$way: a long list costs no more");
}
cmp_ok(buffers(102, 50000, 1, 'at'), '<=', 100, 'the same to come first');

$node->stop;
done_testing();

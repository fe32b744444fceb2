# Tables of a distributed engine: with Citus there, as test/stub_citus plays it.
# If this fails, links are written into a table's empty shell, or point to rows
# that are not there, or a relationship is lost to a command that only moves a
# table.
use strict;
use warnings;
use File::Copy;
use FindBin;
use lib "$FindBin::Bin/..";
use OwnServer;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

my $server = OwnServer->new;
foreach my $file (glob "$FindBin::Bin/../stub_citus/*")
{
	copy($file, $server->extensions) or die "$file: $!";
}
my $node = PostgreSQL::Test::Cluster->new('distributed',
	install_path => $server->install_path);
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

sub create_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql(
		$name, q(
		CREATE EXTENSION m2m;
		CREATE EXTENSION citus;
		CREATE TABLE author (id int PRIMARY KEY, name text);
		CREATE TABLE book (id int PRIMARY KEY, title text);
		CREATE TABLE tag (id int PRIMARY KEY);
		INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
		INSERT INTO book SELECT g, g FROM generate_series(1, 9) g;
		INSERT INTO tag SELECT generate_series(1, 9);
	));
	return;
}

sub fails_ok
{
	my ($database, $sql, $expected, $what) = @_;
	my ($status, $out, $err) = $node->psql($database, $sql);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	isnt($status, 0, "$what: refused");
	like($err, $expected, "$what: with the reason");
	return;
}

# The general path names its statement in the context of an error, the direct
# path has none.
sub goes_by_sql
{
	my ($run, $expected, $what) = @_;
	my @calls = (
		[ 'one', q(SELECT m2m_link('author', 1, 'book', 99)) ],
		[ 'an array', q(SELECT m2m_link('author', 1, 'book', '{1,99}')) ],
		[ 'm2m_set', q(SELECT m2m_set('author', 1, 'book', '{1,99}')) ],
		[ 'm2m_load', q(SELECT m2m_load('author', 'book', 'SELECT 1, 99')) ],
		[ 'a view in bulk', q(INSERT INTO author_books (author_id, id) SELECT 1, 99) ]);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	foreach my $call (@calls)
	{
		my $err = $run->($call->[1]);
		my $name = "$what: $call->[0]";

		like($err, qr/is not present in table "book"/, "$name: no such book");

		# One pair is a statement in any case; a view speaks of its trigger.
		next if $call->[0] eq 'one';
		my $sql = $err =~ /SQL statement "(?:INSERT|WITH|SELECT p)/ ? 1 : 0;
		is($sql, $expected, "$name: by SQL or not");
	}
	return;
}

sub once
{
	my ($database) = @_;

	return sub { return ($node->psql($database, $_[0]))[2]; };
}

# A session that stays
sub session
{
	my ($database) = @_;
	my $session = $node->background_psql($database, on_error_stop => 0);

	return (
		$session,
		sub {
			my ($sql) = @_;

			$session->{stderr} = '';
			$session->query($sql);
			return $session->{stderr};
		});
}

# What is distributed gets no relationship.
create_database('fresh');
my $reason = qr/0A000: relationships of distributed tables are not supported
DETAIL:  Table public\.book is managed by the extension "citus"\.
HINT:  undistribute_table\(\) makes it a local table again\./;
foreach my $kind (q(create_distributed_table('book', 'id')),
	q(create_reference_table('book')))
{
	my $setup = "\\set VERBOSITY verbose\n\\set ON_ERROR_STOP 1\nBEGIN; SELECT $kind;";

	fails_ok('fresh', "$setup SELECT m2m_create('author', 'book')",
		$reason, "m2m_create after $kind");
	fails_ok('fresh', "$setup SELECT m2m_create('book', 'book')",
		$reason, "m2m_create with itself after $kind");
	fails_ok('fresh', "$setup SELECT m2m_create('public.book', 'public.tag')",
		$reason, "m2m_create by qualified names after $kind");
	fails_ok('fresh', "$setup SELECT m2m_link('author', 1, 'book', 1)",
		$reason, "the first m2m_link after $kind");
	fails_ok('fresh', "$setup SELECT m2m_load('book', 'author', 'SELECT 1, 1')",
		$reason, "the first m2m_load after $kind");
	fails_ok(
		'fresh',
		"$setup CREATE TABLE written (author_id int REFERENCES author, book_id int REFERENCES book);
		SELECT m2m_adopt('written')",
		$reason, "m2m_adopt of a local table after $kind");
}
fails_ok(
	'fresh', q(
	\set VERBOSITY verbose
	\set ON_ERROR_STOP 1
	BEGIN; CREATE TABLE written (author_id int REFERENCES author, book_id int REFERENCES book);
	SELECT create_distributed_table('written', 'book_id');
	SELECT m2m_adopt('written')),
	qr/0A000: .*Table public\.written is managed/s, 'm2m_adopt of a distributed table');
fails_ok(
	'fresh', q(
	\set VERBOSITY verbose
	\set ON_ERROR_STOP 1
	BEGIN; CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id);
	CREATE TABLE event_1 PARTITION OF event DEFAULT;
	SELECT create_distributed_table('event', 'id'), create_distributed_table('event_1', 'id');
	SELECT m2m_link('author', 1, 'event', 1)),
	qr/0A000: .*Table public\.event is managed/s, 'a partitioned table that is distributed');
is( $node->safe_psql(
		'fresh', q(
		SELECT m2m_link('author', 1, 'tag', 1);
		SELECT count(*) FROM m2m_relationships())),
	"1\n1",
	'local tables beside them are as ever');

# Who may read nothing of Citus's finds the reason as well, and so do his
# commands.
$node->safe_psql(
	'fresh', q(
	CREATE ROLE clerk;
	CREATE SCHEMA shop AUTHORIZATION clerk;
	SET ROLE clerk;
	CREATE TABLE shop.client (id int PRIMARY KEY);
	CREATE TABLE shop.item (id int PRIMARY KEY);
	INSERT INTO shop.client VALUES (1); INSERT INTO shop.item VALUES (1), (2);
	SELECT create_distributed_table('shop.item', 'id');));
fails_ok(
	'fresh', q(SET ROLE clerk; SELECT m2m_link('shop.client', 1, 'shop.item', 1)),
	qr/relationships of distributed tables/, 'a role without a right on pg_dist_partition');
is( ( $node->psql(
			'fresh', q(SET ROLE clerk; SELECT undistribute_table('shop.item');
		SELECT m2m_link('shop.client', 1, 'shop.item', '{1,2}');
		DROP TABLE shop.item CASCADE; SELECT to_regclass('shop.client_item') IS NULL))
	)[1],
	"\n2\nt",
	'and relates its tables once they are local; DROP ... CASCADE works as ever');

# Distributed after the relationship was made: this session and others stop to
# write behind the engine's back, and go on when the table is local again.
foreach my $table ('author', 'book', 'author_book')
{
	my $database = "later_$table";
	my ($session, $run);

	create_database($database);
	$node->safe_psql($database, q(SELECT m2m_create('author', 'book')));
	($session, $run) = session($database);
	goes_by_sql($run, 0, "before $table is distributed");
	$node->safe_psql($database, "SELECT create_distributed_table('$table', 'id')");
	goes_by_sql($run, 1, "$table is distributed, in a session from before");
	goes_by_sql(once($database), 1, "$table is distributed, in a session from after");
	is($run->(q(SELECT m2m_link('author', 1, 'book', '{1,2}'))),
		'', "$table is distributed: linking works");
	is( $node->safe_psql($database, 'SELECT count(*) FROM author_book'),
		2, "$table is distributed: links are there");
	fails_ok($database, q(SELECT * FROM m2m_merge('book', 1, 2)),
		qr/rows of distributed tables cannot be merged/, "$table is distributed: merging")
	  if $table ne 'author';
	$node->safe_psql($database,
		"DELETE FROM pg_dist_partition; SELECT citus_invalidate('$table')");
	goes_by_sql($run, 0, "$table is local again");
	$run->('BEGIN');
	$run->("SELECT create_reference_table('$table')");
	my $err = $run->(q(SELECT m2m_link('author', 1, 'book', '{3,99}')));
	like($err, qr/SQL statement "INSERT/, "$table: in the very transaction");
	$run->('ROLLBACK');
	goes_by_sql($run, 0, "$table: and not after it is rolled back");
	$session->quit;
}

# A table that its engine replaces takes no association along.
sub links_stay
{
	my ($database, $distributed, $moved) = @_;

	create_database($database);
	$node->safe_psql(
		$database, qq(
		SELECT m2m_link('author', '{1,1,2}', 'book', '{1,2,3}');
		SELECT m2m_link('author', 1, 'tag', 1);
		SELECT create_distributed_table('$_', 'id') FROM (VALUES (1)) v))
	  foreach ($distributed);
	is( ($node->psql($database, "SELECT undistribute_table('$moved')"))[0],
		0, "undistribute_table('$moved')");
	is( $node->safe_psql($database, 'SELECT count(*) FROM author_book'),
		3, "undistribute_table('$moved'): all links stay");
	return;
}

links_stay('moved_author', 'author', 'author');
is($node->safe_psql('moved_author', 'SELECT count(*) FROM author_tag'),
	1, 'also those of its other relationships');
links_stay('moved_book', 'book', 'book');
links_stay('moved_link', 'author_book', 'author_book');
is( $node->safe_psql('moved_link', 'SELECT count(*) FROM author a, author_books(a) b'),
	3, 'link functions stay with an association that is replaced');
is( $node->safe_psql(
		'moved_book', q(
		ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book ON DELETE CASCADE;
		SELECT m2m_adopt('author_book');
		SELECT finding FROM m2m_repair('author_book');
		SELECT m2m_link('author', 2, 'book', '{3,4}');
		SELECT m2m_count('author', 2, 'book');
		SELECT finding FROM m2m_check('author_book'))),
	qq(author_book\n1\n2),
	'with its foreign key it is a relationship again');

# What is not distributed goes with its table as ever, Citus or not.
create_database('others');
is( ( $node->psql(
			'others', q(
		SELECT create_distributed_table('tag', 'id');
		SELECT m2m_link('author', 1, 'book', 1);
		DROP TABLE book CASCADE;
		SELECT to_regclass('author_book') IS NULL;))
	)[1],
	"\n1\nt",
	'the association of local tables goes with one of them');
$node->safe_psql('others',
	q(CREATE TABLE book (id int PRIMARY KEY); SELECT m2m_create('author', 'book');
	SELECT create_distributed_table('author_book', 'author_id'); DROP TABLE author_book));
is( $node->safe_psql('others',
		q(SELECT to_regclass('author_books') IS NULL AND NOT EXISTS (SELECT FROM pg_proc WHERE proname = 'author_books'))),
	't',
	'DROP TABLE of a distributed association takes its link views and functions along');
$node->safe_psql('others', q(CREATE TABLE leaf (id int PRIMARY KEY); INSERT INTO leaf VALUES (1); SELECT m2m_link('author', 1, 'leaf', 1);
	SELECT create_distributed_table('author_leaf', 'author_id'); DROP TABLE leaf CASCADE));
is($node->safe_psql('others', 'SELECT count(*) FROM author_leaf'),
	1, 'DROP TABLE ... CASCADE of an endpoint leaves a distributed association');
$node->safe_psql('others', q(CREATE SCHEMA s; CREATE TABLE s.page (id int PRIMARY KEY); INSERT INTO s.page VALUES (1);
	SELECT m2m_link('author', 1, 's.page', 1); SELECT create_distributed_table('s.page', 'id'); DROP SCHEMA s CASCADE));
is($node->safe_psql('others', 'SELECT count(*) FROM author_page'),
	1, 'DROP SCHEMA ... CASCADE with a distributed endpoint leaves the links');

# And where Citus goes, nothing is asked of it any more.
$node->safe_psql('others', 'DROP EXTENSION citus');
is( $node->safe_psql('others', q(SELECT m2m_link('author', 1, 'tag', 1))),
	1, 'after DROP EXTENSION citus');

$node->stop;
done_testing();

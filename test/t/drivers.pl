# Drivers that ask the server for the types of parameters, and send what they
# are told: of a function that takes any they are told text. If this fails, such a
# driver cannot call what m2m_expose has made with values of its language.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('drivers');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# JDBC knows no Unix sockets.
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$node->start;
$node->safe_psql(
	'template1', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id bigint PRIMARY KEY);
	CREATE TABLE book (id integer PRIMARY KEY, title text);
	CREATE TABLE tag (name text PRIMARY KEY);
	CREATE TABLE edition (isbn varchar(20), no smallint, PRIMARY KEY (isbn, no));
	INSERT INTO author SELECT generate_series(1, 3);
	INSERT INTO book SELECT i, 'Book ' || i FROM generate_series(1, 5) i;
	INSERT INTO tag VALUES ('sql'), ('a, b'), ('{1,2}');
	INSERT INTO edition VALUES ('x-1', 1), ('x-1', 2), ('y', 1);
	SELECT m2m_create('author', 'book');
	SELECT m2m_create('author', 'tag');
	SELECT m2m_create('author', 'edition');
	SELECT m2m_expose('author_book');
	SELECT m2m_expose('author_tag');
	SELECT m2m_expose('author_edition');
});

# [query, parameters, what all are to print]
my @calls = (
	[ 'SELECT link_author_books($1, $2)', [ 1, [ 1, 2, 3 ] ], '3' ],
	[ 'SELECT link_book_authors($1, $2)', [ 1, [ 1, 2 ] ], '1' ],
	[ 'SELECT unlink_author_books($1, $2)', [ 1, [ 3, 5 ] ], '1' ],
	[
		'SELECT * FROM set_author_books($1, $2) ORDER BY id',
		[ 1, [ 2, 4 ] ],
		'2|Book 2;4|Book 4'
	],
	[
		'SELECT * FROM find_author_books(any_of => $1, none_of => $2) ORDER BY id',
		[ [ 1, 2 ], [4] ],
		'2'
	],
	[ 'SELECT * FROM find_book_authors(all_of => $1, after_id => $2)', [ [1], 2 ], '4|Book 4' ],
	[ 'SELECT * FROM find_author_books(at_least => $1)', [2], '1' ],
	[ 'SELECT * FROM set_author_books($1, $2)', [ 1, [] ], '' ],
	[ 'SELECT link_author_tags($1, $2)', [ 1, [ 'sql', 'a, b', '{1,2}' ] ], '3' ],
	[ 'SELECT link_tag_authors($1, $2)', [ '{1,2}', [ 2, 3 ] ], '2' ],
	[ 'SELECT * FROM find_tag_authors(all_of => $1)', [ [ 1, 3 ] ], '{1,2}' ],
	[ 'SELECT link_author_editions($1, $2, $3)', [ 1, [ 'x-1', 'y' ], [ 2, 1 ] ], '2' ],
	[ 'SELECT unlink_edition_authors($1, $2, $3)', [ 'y', 1, [1] ], '1' ],
	[ 'SELECT link_author_books($1, $2)', [ 1, [77] ], 'error 23503' ]);

sub check_driver
{
	my ($driver, @command) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $driver");
	my @answers = split /\n/, run_client($node, $driver, @command), -1;
	foreach my $call (@calls)
	{
		my ($query, $parameters, $expected) = @$call;

		is(shift @answers, $expected,
			"$driver: $query with " . encode_json($parameters));
	}
	return;
}

my $json = encode_json([ map { [ @$_[ 0, 1 ] ] } @calls ]);

SKIP:
{
	my @python = @Clients::PYTHON;

	skip 'needs asyncpg', 1
	  if client_is_missing('asyncpg', @python, '-c', 'import asyncpg');
	check_driver('asyncpg', @python, 'test/clients/asyncpg_calls.py', $json);
}

SKIP:
{
	skip 'needs postgres.js', 1
	  if $ENV{NO_TOOLS} || client_is_missing(
		'postgres.js', 'node', '-e',
		"require('./test/clients/tools/node_modules/postgres')");
	check_driver('postgres_js', 'node', 'test/clients/tools/postgres_calls.js',
		$json);
}

SKIP:
{
	my $jar = '/usr/share/java/postgresql.jar';

	skip 'needs Java and JDBC', 1
	  if $ENV{NO_TOOLS}
	  || client_is_missing('JDBC', 'javac', '-version')
	  || client_is_missing('JDBC', 'test', '-f', $jar);

	my @arguments =
	  ('jdbc:postgresql://127.0.0.1:' . $node->port . '/jdbc?user=' . getpwuid($<));

	foreach my $call (@calls)
	{
		my ($query, $parameters) = @$call;

		push @arguments, $query =~ s/\$\d/?/gr, scalar @$parameters,
		  map { ref ? join("\n", @$_) : $_ } @$parameters;
	}
	check_driver('jdbc', 'java', '-cp', $jar,
		'test/clients/JdbcCalls.java', @arguments);
}

done_testing();

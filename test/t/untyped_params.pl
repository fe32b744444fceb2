# Calls of m2m as drivers send them: parameters without a type, or only some
# with one. If this fails, a client cannot call m2m without casts, or its
# arrays are not taken for arrays.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('clients');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql(
	'template1', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id bigint PRIMARY KEY);
	CREATE TABLE book (id integer PRIMARY KEY);
	CREATE TABLE tag (name text PRIMARY KEY);
	INSERT INTO author SELECT generate_series(1, 3);
	INSERT INTO book SELECT generate_series(1, 5);
	INSERT INTO tag VALUES ('sql'), ('a, b'), ('{1,2}');
});

# What all clients are to find done, in the words of both link views.
my $books = q{SELECT author_id, string_agg(id::text, ',' ORDER BY id)
	FROM author_books GROUP BY 1 ORDER BY 1};
my $tags = q{SELECT author_id, string_agg(name, ';' ORDER BY name)
	FROM author_tags GROUP BY 1 ORDER BY 1};

sub check_links
{
	my ($client) = @_;

	is($node->safe_psql($client, $books),
		"1|1,2,3\n2|2,4", "$client: links to a numeric key");
	is($node->safe_psql($client, $tags),
		"1|a, b;sql\n2|{1,2}", "$client: links to a text key");
	return;
}

# Runs [query, parameters, the one row expected] on a database of their own.
sub check_client
{
	my ($client, $command, @calls) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $client");
	my $output = run_client($node, $client, @$command,
		encode_json([ map { [ @$_[ 0, 1 ] ] } @calls ]));
	my @answers = split /\n/, $output;
	foreach my $call (@calls)
	{
		my ($query, $parameters, $expected) = @$call;

		is(shift @answers, encode_json([$expected]),
			"$client: $query with " . encode_json($parameters));
	}
	check_links($client);
	return;
}

SKIP:
{
	my @node = ('node');

	skip 'needs node-postgres', 1
	  if client_is_missing('node-postgres', @node, '-e', 'require("pg")');

	my $link = 'SELECT m2m_link($1, $2, $3, $4)';

	check_client(
		'node_postgres',
		[ @node, 'test/clients/node-postgres.js' ],
		# node-postgres hands out bigint as a string
		[ $link, [ 'author', 1, 'book', 1 ], ['1'] ],
		[ $link, [ 'author', 1, 'book', [ 1, 2, 3 ] ], ['2'] ],
		[ $link, [ 'book', [ 2, 4, 5 ], 'author', '2' ], ['3'] ],
		[ $link, [ 'author', 1, 'tag', 'sql' ], ['1'] ],
		# where the key is a text, what looks like an array is an id
		[ $link, [ 'author', 2, 'tag', '{1,2}' ], ['1'] ],
		[
			'SELECT * FROM m2m_set($1, $2, $3, $4)',
			[ 'author', 1, 'tag', [ 'sql', 'a, b' ] ],
			[ ['a, b'], [], '1' ]
		],
		[
			'SELECT m2m_unlink($1, $2, $3, $4)',
			[ 'author', 2, 'book', 5 ],
			['1']
		],
		[
			'SELECT m2m_linked($1, $2, $3, $4), m2m_linked($1, $2, $3, $5)',
			[ 'author', 2, 'book', 4, 5 ],
			[ JSON::PP::true, JSON::PP::false ]
		],
		[
			'SELECT m2m_toggle($1, $2, $3, $4)',
			[ 'author', 3, 'book', 1 ],
			[JSON::PP::true]
		],
		[ 'SELECT m2m_count($1, $2, $3)', [ 'book', 1, 'author' ], ['2'] ],
		[ 'SELECT m2m_clear($1, $2, $3)', [ 'author', 3, 'book' ], ['1'] ]);
}

SKIP:
{
	my @python = @Clients::PYTHON;

	skip 'needs psycopg 3', 1
	  if client_is_missing('psycopg', @python, '-c', 'import psycopg');

	my $link = 'SELECT m2m_link(%s, %s, %s, %s)';

	# An integer comes as a smallint, a list of them as smallint[], strings
	# untyped: so every overload has its turn.
	check_client(
		'psycopg3',
		[ @python, 'test/clients/psycopg3.py' ],
		[ $link, [ 'author', 1, 'book', 1 ], [1] ],
		[ $link, [ 'author', 1, 'book', [ 1, 2, 3 ] ], [2] ],
		[ $link, [ 'book', [ 2, 4, 5 ], 'author', '2' ], [3] ],
		[ $link, [ 'author', '1', 'tag', 'sql' ], [1] ],
		[ $link, [ 'author', 2, 'tag', '{1,2}' ], [1] ],
		# a list of strings is untyped too, so here it takes a cast
		[
			'SELECT m2m_link(%s, %s, %s, %s::text[])',
			[ 'author', '1', 'tag', [ 'sql', 'a, b' ] ], [1]
		],
		[
			'SELECT * FROM m2m_set(%s, %s, %s, %s)',
			[ 'author', 2, 'book', [ 2, 4 ] ],
			[ [], ['5'], 2 ]
		],
		[
			'SELECT m2m_linked(%s, %s, %s, %s)',
			[ 'author', 2, 'book', '4' ],
			[JSON::PP::true]
		],
		[ 'SELECT m2m_count(%s, %s, %s)', [ 'book', 1, 'author' ], [1] ]);
}

# pgbench comes with the server, and in its extended mode leaves all types to
# the server, too.
$node->safe_psql('postgres', 'CREATE DATABASE pgbench');
foreach my $call (
	[ 'author', 1, 'book', '{1,2,3}' ],
	[ 'book', '{2,4}', 'author', 2 ],
	[ 'author', 1, 'tag', 'sql' ],
	[ 'author', 1, 'tag', 'a, b' ],
	[ 'author', 2, 'tag', '{1,2}' ])
{
	my ($left, $id, $right, $id2) = @$call;

	foreach my $mode (qw(extended prepared))
	{
		# linked by the first, found linked by the second
		run_client(
			$node, 'pgbench', 'pgbench', '--no-vacuum',
			'--transactions' => 1,
			'--protocol' => $mode,
			'--define' => "left=$left",
			'--define' => "id=$id",
			'--define' => "right=$right",
			'--define' => "id2=$id2",
			'--file' => 'test/clients/link.pgbench');
	}
}
check_links('pgbench');

done_testing();

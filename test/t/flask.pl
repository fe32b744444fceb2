# examples/flask run for real. If this fails, the program that m2m takes after
# cannot use m2m's association table, or m2m does not see what it writes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @python = @Clients::PYTHON;

plan skip_all => 'needs Flask-SQLAlchemy and psycopg2'
  if client_is_missing('Flask-SQLAlchemy', @python, '-c',
	'import flask_sqlalchemy, psycopg2');

my $node = PostgreSQL::Test::Cluster->new('flask');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE library');
$node->safe_psql('library', 'CREATE EXTENSION m2m');

# All that the program says of its relationship is in what it prints, and its
# README promises that, line by line.
$ENV{DATABASE_URL} = 'postgresql:///library';
my $output = run_client($node, 'library', @python, 'examples/flask/app.py');
my ($promised) =
  slurp_file('examples/flask/README.md') =~ /It prints\s+```\n(.*?)```/s;
is($output, $promised, 'it prints what its README says');

# What is left behind, as the database sees it.
is( $node->safe_psql(
		'library',
		'SELECT author_id, title FROM author_books ORDER BY author_id, id'),
	"1|Flask Basics\n1|Advanced Flask\n2|Advanced Flask",
	'author_books shows the links that the program left');
is( $node->safe_psql(
		'library',
		'SELECT book_id, name FROM book_authors ORDER BY book_id, id'),
	"1|Alice\n2|Alice\n2|Bob",
	'book_authors shows the same links');
is( $node->safe_psql(
		'library', q{SELECT m2m_linked('author', 2, 'book', 1)}),
	'f',
	'what the program removed is unlinked');

done_testing();

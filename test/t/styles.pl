# Associations as other tools make them, in the eyes of these tools. If this
# fails, Django does not find its own table in one that m2m has made, or a
# program that draws does not read a diagram.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @python = @Clients::PYTHON;
my $node = PostgreSQL::Test::Cluster->new('styles');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

SKIP:
{
	skip 'needs Django and psycopg2', 1
	  if client_is_missing('Django', @python, '-c', 'import django, psycopg2');

	$node->safe_psql('postgres', 'CREATE DATABASE django');
	$node->safe_psql(
		'django', q{
		CREATE EXTENSION m2m;
		CREATE TABLE library_author (id bigint PRIMARY KEY, name text NOT NULL);
		CREATE TABLE library_book (id bigint PRIMARY KEY, title text NOT NULL);
		CREATE TABLE library_person (id bigint PRIMARY KEY);
		CREATE TABLE anapplicationlabelthatislong_verylongmodelnameforatable (id bigint PRIMARY KEY);
		SET m2m.naming = django;
		SELECT m2m_create('library_book', 'library_author'),
			m2m_create('library_person', 'library_person', right_role => 'friend'),
			m2m_create('anapplicationlabelthatislong_verylongmodelnameforatable', 'library_book')});
	my $output =
	  run_client($node, 'django', @python, 'test/clients/django_styles.py');

	like($output, qr/^not there: \[\]$/m, 'no constraint or index of Django\'s is called otherwise');
	like($output, qr/^not Django's: \[\]$/m, 'and there is no other');
	like($output, qr/^class LibraryBookAuthors\(models\.Model\):$/m, 'inspectdb: the model of the table');
	like($output, qr/^ +book = models\.ForeignKey\('LibraryBook', models\.\w+\)$/m, 'inspectdb: one side');
	like($output, qr/^ +author = models\.ForeignKey\('LibraryAuthor', models\.\w+\)$/m, 'inspectdb: the other');
	like($output, qr/^ +unique_together = \(\('book', 'author'\),\)$/m, 'inspectdb: the pair is unique');
	like($output, qr/^\['Alice', 'Bob'\] \['Flask', 'Poets'\]\n\['Bob'\]\n\[2\] \[\]$/m, 'the ORM reads what it has linked');
	is( $node->safe_psql(
			'django', q{
			SELECT book_id, id, name FROM book_authors;
			SELECT count(*) FROM library_book_authors;
			SELECT m2m_linked('library_person', 1, 'library_person', 2);
			SELECT * FROM m2m_check()}),
		"1|2|Bob\n1\nt",
		'and m2m sees it');
}

SKIP:
{
	skip 'needs Graphviz', 1
	  if client_is_missing('Graphviz', 'dot', '-V');

	$node->safe_psql('postgres', 'CREATE DATABASE drawn');
	$node->safe_psql(
		'drawn', q{
		CREATE EXTENSION m2m;
		CREATE TABLE "Bücher & ""mehr"" {x|y} <z> \ % # ;" ("größe §1" int PRIMARY KEY, a text);
		CREATE TABLE "end" (id int PRIMARY KEY);
		SELECT m2m_create('end', '"Bücher & ""mehr"" {x|y} <z> \ % # ;"', 'digraph', left_view => 'node', right_view => 'a "b"')});
	my $dot = $node->safe_psql('drawn', q{SELECT m2m_diagram(format => 'dot')});
	my $ok = IPC::Run::run([ 'dot', '-Tsvg' ], '<', \$dot, '>', \my $svg, '2>', \my $err);
	my @texts = map { s/&#45;/-/gr =~ s/&quot;/"/gr =~ s/&lt;/</gr =~ s/&gt;/>/gr =~ s/&amp;/&/gr }
	  $svg =~ m{<text[^>]*>(.*?)</text>}g;

	ok($ok, 'dot draws it') or diag($err);
	is_deeply(
		[ sort @texts ],
		[
			sort 'Bücher & "mehr" {x|y} <z> \ % # ;', 'größe §1 integer, key', 'digraph', 'end_id integer, identity',
			'Bücher & "mehr" {x|y} <z> \ % # ;_größe §1 integer, identity', 'end', 'id integer, key', 'node', 'a "b"'
		],
		'and all names stand there as they are');
}

$node->stop;
done_testing();

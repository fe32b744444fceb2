# docs/reading.md: its statements, run, answer what the page shows, plans
# included. If this fails, a reader is told of a plan that he does not get: a link
# view, a link function or an index of a relationship is not what it was.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reading');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);

# so that estimates do not depend on which rows ANALYZE happens to read
$node->append_conf('postgresql.conf', "default_statistics_target = 1000\nautovacuum = off\njit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE demo');
$node->safe_psql('demo', 'CREATE EXTENSION m2m');
my $v15 = $node->safe_psql('demo', 'SHOW server_version_num') < 160000;

# A block is statements, each up to a line that ends with a semicolon, and behind
# some of them what psql answers.
my $page = slurp_file('docs/reading.md');
my ($statements, $plans) = (0, 0);
while ($page =~ /^```sql\n(.*?)^```$/msg)
{
	my @line = split /\n/, $1;

	while (@line)
	{
		my ($sql, @shown) = ('');

		do { $sql .= shift(@line) . "\n" } while (@line && $sql !~ /;\n$/);
		push @shown, shift @line while @line && $line[0] !~ /^[A-Z]/;
		$statements++;

		my ($status, $out, $err) = $node->psql('demo', $sql,
			extra_params => [ '--no-align' => '--pset' => 'format=aligned', '--pset' => 'footer=off', '--pset' => 'tuples_only=off' ]);
		my ($title) = $sql =~ /(.{1,70})/;
		is($status, 0, "runs: $title") or diag($err);
		if ($sql =~ /^EXPLAIN/)
		{
			$plans++;

			# what other versions call it may differ; the indexes may not
			my $indexes = sub { join ' ', sort(join("\n", @_) =~ /using (\w+)/g) };
			$v15 ? is(answer($out), answer(@shown), "plan: $title")
			  : is($indexes->($out), $indexes->(@shown), "indexes: $title");
		}
		elsif (@shown)
		{
			is(answer($out), answer(@shown), "answer: $title");
		}
	}
}
cmp_ok($statements, '>', 20, 'the page was read');
cmp_ok($plans, '>=', 10, 'and its plans');

# whoever reads all links of one row has an index for it, in each direction
foreach my $query ('author_books WHERE author_id = 5', 'book_authors WHERE book_id = 5')
{
	unlike($node->safe_psql('demo', "EXPLAIN SELECT * FROM $query"), qr/Seq Scan/, "by an index: $query");
}

done_testing();

# Lines of psql's as they compare: without spaces at their ends, or empty ones.
sub answer
{
	return join "\n", grep { $_ ne '' } map { s/\s+$//r } map { split /\n/ } @_;
}

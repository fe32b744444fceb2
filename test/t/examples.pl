# The files that `make demo` shows. If this fails, a newcomer's first minutes
# with m2m end in an error, or the views and the joins by hand differ.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('examples');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# so that the real data does not fit, and all that can spill to disk does
$node->append_conf('postgresql.conf', 'work_mem = 64kB');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE demo');
$node->safe_psql('demo', 'CREATE EXTENSION m2m');

# Runs an example as the demo does, and returns the last line of its answers.
# Errors that an example wants to show, it lets psql pass over.
sub last_answer
{
	my ($example, $data) = @_;
	my @psql = (
		'psql', '-XAtq',
		'-v' => 'ON_ERROR_STOP=1',
		'-d' => $node->connstr('demo'),
		'-f' => "examples/$example.sql");
	my ($out, $err);

	ok(IPC::Run::run(\@psql, '<', $data, '>', \$out, '2>', \$err),
		"$example runs")
	  or diag($err);
	unlike($err, qr/WARNING/, "$example runs without a warning");
	return (split /\n/, $out)[-1];
}

last_answer($_, \'')
  foreach qw(authors-books students-courses posts-tags users-roles);
is(last_answer('debian-tags', 'examples/debian-tags.tsv'),
	'0', 'link views and joins by hand agree on the real data');

# one for each line of the file, and what m2m_set did at the end
chomp(my $pairs = `wc -l <examples/debian-tags.tsv`);
is($node->safe_psql('demo', 'SELECT count(*) FROM package_debtags'),
	$pairs + 1, 'every pair is linked');

done_testing();

# The benchmark at a thousandth of its size. If this fails, `make bench` does
# not run, leaves a piece of work or a peer out, or compares peers that did not
# do the same. How long anything takes is not tested.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing);
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @python = @Clients::PYTHON;

plan skip_all => 'needs psycopg2'
  if client_is_missing('psycopg2', @python, '-c', 'import psycopg2');

my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = PostgreSQL::Test::Cluster->new('bench');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE bench');

# Runs the benchmark with further options; returns whether it ended well, what
# it said, and its results.
sub bench
{
	my (@options) = @_;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'bench';
	chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`) if $ENV{PG_CONFIG};
	my $done = IPC::Run::run(
		[
			@python, 'bench/bench.py', '--scale' => '0.001',
			'--rounds' => 1, '--clients' => 'none', '--no-checkpoint',
			'--bindir' => $bindir // '', @options, "$dir/result.json"
		],
		'>', \my $out,
		'2>', \my $err);
	my $result =
	  $done ? decode_json(slurp_file("$dir/result.json")) : undef;

	return ($done, $err, $result);
}

my ($done, $err, $result) = bench();
ok($done, 'it runs') or BAIL_OUT($err);

# What m2m offers here; the benchmark leaves out what it does not find.
my %there = map { $_ => 1 } @{ $result->{peers} };
my @ways = grep { $there{$_} } qw(m2m_load m2m_exclusive m2m_view m2m_copy);
my @sql = grep { $there{$_} } qw(hand plpgsql intarray m2m m2m_general);
my %works = (
	bulk => [ @sql, @ways, 'copy' ],
	bulk_again => [ @sql, @ways ],
	bulk_half => [ @sql, @ways ],
	concurrent => [ grep { $_ ne 'intarray' } @sql ],
	growth_1m => [ 'hand', 'm2m' ],
	growth_10m => [ 'hand', 'm2m' ],
	load_memory => [qw(m2m_load m2m_exclusive)]);

$works{$_} = \@sql
  foreach qw(one_link one_link_autocommit one_to_many unlink set
  read_left read_right delete_author delete_book);

ok($there{$_}, "$_ takes part")
  foreach qw(m2m m2m_load m2m_exclusive m2m_view m2m_copy m2m_general hand plpgsql copy intarray);
foreach my $work (sort keys %works)
{
	my $lines = $result->{items}{$work}{lines};
	my (@missing, %contents);

	foreach my $peer (@{ $works{$work} })
	{
		my $line = $lines->{$peer};

		push @missing, $peer unless $line && $line->{median};
		$contents{"$line->{links} $line->{hash}"} = 1 if $line;
	}
	is(join(' ', @missing), '', "$work has all its peers");
	is(scalar keys %contents, 1, "$work left all peers with the same links");
}
cmp_ok($result->{items}{size}{lines}{$_}{median},
	'>', 0, "size of a link is known of $_")
  foreach qw(m2m hand);

# the report of it
my ($report, $error);
ok( IPC::Run::run(
		[
			@python, 'bench/report.py',
			"$dir/result.json", "$dir/report.json"
		],
		'>', \$report,
		'2>', \$error),
	'it is reported') or diag($error);
like($report, qr/^one link, prepared +[\d.]+ +at least 1 /m,
	'the report has the figures');
cmp_ok(scalar @{ decode_json(slurp_file("$dir/report.json"))->{figures} },
	'>', 15, 'the figures are in the JSON');

# A peer that does nothing, or less than the others, is noticed.
foreach my $cheat (
	[ 'nothing', 'hand', 'SELECT 1' ],
	[
		'less', 'hand m2m',
		'INSERT INTO author_book SELECT :a::bigint, :b::bigint WHERE :a::bigint > 9'
		  . ' ON CONFLICT DO NOTHING'
	])
{
	my ($what, $peers, $statement) = @$cheat;

	($done, $err) =
	  bench('--peers' => $peers, '--replace' => "hand one $statement");
	ok(!$done, "a peer that does $what ends the benchmark");
	like($err, qr/^error: /m, "which says so of one that does $what");
}

done_testing();

# Schemas that others made, with their join tables taken in by m2m_adopt_all: of
# Kea (DHCP) and Zabbix, from Debian's packages, as test/run has fetched them;
# and those that you name in SAMPLES: SQL files that run in an empty database.
# If this fails, a join table is passed over, a link view does not show what the
# join shows, a call leaves other links than were there, or a dump does not hold all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sql = 'test/sample_database.d';
my $dir = PostgreSQL::Test::Utils::tempdir;
my %samples;
my $fetched = $ENV{M2M_SAMPLES} // '';

$samples{kea} = "$fetched/usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql";
$samples{zabbix} = "$fetched/usr/share/zabbix-server-pgsql/schema.sql.gz";
foreach my $file (split ' ', $ENV{SAMPLES} // '')
{
	my ($name) = $file =~ m{([^/]+?)(?:\.\w+)*$};

	$samples{$name} = $file;
}
foreach my $name (keys %samples)
{
	next if -e $samples{$name};
	note("$name is not to be had");
	delete $samples{$name};
}
plan skip_all => 'no sample can be had' if !%samples;

my $node = PostgreSQL::Test::Cluster->new('sample');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

# Runs a file, and returns what it printed.
sub run_file
{
	my ($database, $file, @options) = @_;
	local %ENV = $node->_get_env;
	my $done = IPC::Run::run(
		[ 'psql', '-XAtq', '-d', $database, @options, '-f', $file ],
		'>', \my $out, '2>', \my $err);

	ok($done, "$database: $file runs") or diag($err);
	return $out;
}

# Two foreign keys, and a key over just their columns, of which no side alone is
# one: nobody would call that anything but a join table.
my $join_tables = q{
	SELECT coalesce(string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text COLLATE "C"), '')
	FROM pg_class c, LATERAL (SELECT min(conkey) AS a, max(conkey) AS b, count(*) AS n, min(confrelid) AS left_table
		FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f' AND conparentid = 0) k
	WHERE relkind IN ('r', 'p') AND NOT relispartition AND n = 2
		AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique AND indpred IS NULL AND indexprs IS NULL
			AND indkey::int2[] @> (a || b) AND indkey::int2[] <@ (a || b))
		AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique AND indpred IS NULL AND indexprs IS NULL
			AND (indkey::int2[] <@ a OR indkey::int2[] <@ b))
		AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY (a || b) AND NOT attnotnull)};

my $pairs = q{SELECT association, left_columns, right_columns FROM m2m_relationships()};

# All that a dump is to hold: relationships, and the rows of tables and views.
my $relationships = q{
	SELECT r.* FROM m2m_relationships() r ORDER BY association::text COLLATE "C"};
my $rows = q{
	SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM %s t',
		c.oid::regclass, c.oid::regclass)
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE relkind IN ('r', 'p', 'v') AND nspname !~ '^(pg_|information_schema)'
	ORDER BY c.oid::regclass::text COLLATE "C" \gexec};

sub content
{
	my ($database) = @_;

	return $node->safe_psql($database, $relationships) . "\n"
	  . $node->safe_psql($database, $rows);
}

foreach my $name (sort keys %samples)
{
	my $file = $samples{$name};

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	if ($file =~ /\.gz$/)
	{
		system_or_bail('sh', '-c', "gzip -dc '$file' >'$dir/$name.sql'");
		$file = "$dir/$name.sql";
	}
	run_file($name, $file);
	$node->safe_psql($name, 'CREATE EXTENSION m2m');
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_auto");
	$node->safe_psql("${name}_auto", "CREATE EXTENSION m2m;
		ALTER DATABASE ${name}_auto SET m2m.auto_adopt = on");
	run_file("${name}_auto", $file);
	run_file($name, "$sql/fill.sql", '-v', 'rows=4');

	my $would = $node->safe_psql($name,
		'SELECT * FROM m2m_adopt_all(dry_run => true)');
	my $did = $node->safe_psql($name, 'SELECT * FROM m2m_adopt_all()');

	is($did, $would, "$name: what a dry run promises");
	# What the schema's own commands had adopted one by one, if any, is no other.
	my %pair = map { $_ => 1 } split /\n/, $node->safe_psql($name, $pairs);
	my @other = grep { !$pair{$_} } split /\n/,
	  $node->safe_psql("${name}_auto", $pairs);

	is_deeply(\@other, [], "$name: m2m.auto_adopt relates the same tables");
	is( $node->safe_psql(
			$name,
			"SELECT * FROM regexp_split_to_table(($join_tables), ' ') t
			WHERE NOT EXISTS (SELECT FROM m2m_relationships() WHERE association::text = t)"),
		'',
		"$name: no join table is passed over");
	unlike($did, qr/refused/, "$name: none that nothing is missing of is refused");

	# The others by the calls that it is given for them
	$node->safe_psql($name,
		q{SELECT 'SELECT ' || call FROM m2m_candidates() \gexec});
	is( $node->safe_psql(
			$name, q{SELECT string_agg(association::text, ' ') FROM m2m_candidates()}),
		'',
		"$name: the calls of the other candidates adopt them");
	my ($tried, @wrong) = reverse split /\n/, run_file($name, "$sql/check.sql");

	is_deeply(\@wrong, [], "$name: views are as the joins, calls leave what was there");
	note("$name: $tried");
	like(
		$tried,
		qr/^[1-9]\d* relationships, [1-9]\d* with links, [1-9]\d* round trips/,
		"$name: something was tried");

	$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/$name.dump", $name ],
		"$name: dump");
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_restored");
	$node->command_checks_all(
		[ 'pg_restore', '-d', "${name}_restored", "$dir/$name.dump" ],
		0, [qr/^$/], [qr/^$/], "$name: restore, without a word");
	is(content("${name}_restored"), content($name),
		"$name: what is restored is what was dumped");
	is( run_file("${name}_restored", "$sql/check.sql"),
		run_file($name, "$sql/check.sql"),
		"$name: calls do there what they did");
}

done_testing();

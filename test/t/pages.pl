# The pages for users: their statements, run in order on a fresh database, answer
# what the pages show. If this fails, a reader who types what he reads gets
# something else. (docs/reading.md, with its plans, is read by reading.pl.)
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# as the pages show it
$ENV{PGUSER} = 'postgres';

my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init(extra => [ '--encoding=UTF8', '--locale=C', '--username=postgres' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
my $v15 = $node->safe_psql('postgres', 'SHOW server_version_num') < 160000;

# where each begins, and what cannot be run here
my %page = (
	'README.md' => qr/.*?(?=^## A five-minute tour)/ms,
	'docs/reference.md' => undef,
	'docs/rules.md' => undef,
	'docs/api_servers.md' => undef,
	'docs/operations.md' => undef);
my $elsewhere = qr/^(?:ALTER DATABASE|CREATE SUBSCRIPTION|CREATE PUBLICATION|\\watch)|during recovery|read-only transaction|pg_stat_progress_copy/m;

foreach my $file (sort keys %page)
{
	my $page = slurp_file($file);
	my @part;

	$page =~ s/\A$page{$file}// if $page{$file};
	@part = ($page);
	if ($file eq 'docs/operations.md')
	{
		# each section starts with the tables of the first
		my ($first, @section) = split /^(?=## )/m, $page;

		@part = map { $first . $_ } @section;
	}
	my $statements = 0;

	$statements += check_page($file, $_) foreach @part;
	cmp_ok($statements, '>', 10, "$file: the page was read");
}
done_testing();

# Runs the statements of a page in one session, each in turn, and compares.
# Returns how many there were.
sub check_page
{
	my ($file, $page) = @_;
	my (@statement, $out, $err);
	my $input = "\\pset footer off\n";

	while ($page =~ /^```sql\n(.*?)^```$/msg)
	{
		my @line = split /\n/, $1;

		while (@line)
		{
			my $sql = shift @line;
			my @shown;

			if ($sql !~ /^\\/)
			{
				$sql .= "\n" . shift @line while @line && $sql !~ /(?:;\s*(?:--.*)?|\\gx|\\gset)$/;
			}
			push @shown, shift @line while @line && !begins($line[0], $line[1], scalar @shown);
			next if "$sql\n@shown" =~ $elsewhere;
			push @statement, [ $sql, @shown ];
		}
	}
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS page');
	$node->safe_psql('postgres', 'DROP ROLE IF EXISTS librarian; CREATE DATABASE page');
	$node->safe_psql('page', 'CREATE EXTENSION m2m') if $page !~ /^CREATE EXTENSION m2m;\nCREATE TABLE/m;
	$input .= "\\echo \@\@$_\n\\warn \@\@$_\n$statement[$_][0]\n" foreach 0 .. $#statement;
	IPC::Run::run([ 'psql', '-X', '-d', $node->connstr('page') ], '<', \$input, '>', \$out, '2>', \$err);
	my @out = split /^\@\@\d+\n/m, $out;
	my @err = split /^\@\@\d+\n/m, $err;

	foreach my $i (0 .. $#statement)
	{
		my ($sql, @shown) = @{ $statement[$i] };
		my ($title) = $sql =~ /(.{1,70})/;
		my @message = grep { !/^\s*\^|^\s*$/ } split /\n/, ($err[ $i + 1 ] // '') =~ s/^(?:LINE \d|CONTEXT).*?(?=^(?:[A-Z]+: )|\z)//gmsr;
		my @answer = (@message, split /\n/, $out[ $i + 1 ] // 'psql has ended');

		if (@shown)
		{
			# a tag stands where the page wants it to
			my @tags = grep { is_tag($_) } @shown;

			next if !$v15 && $sql =~ /^(?:EXPLAIN|\\d)/;
			is(answer(@answer), answer(@shown), "$file: $title");
			is_deeply([ grep { my $tag = $_; !grep { $_ eq $tag } @answer } @tags ], [], "$file: tag of $title") if @tags;
		}
		else
		{
			unlike(join("\n", @message), qr/^(?:ERROR|WARNING|FATAL):/m, "$file: $title");
		}
	}
	return scalar @statement;
}

# Does a line begin a statement? What psql answers begins with a space, or a
# message's level, or is a tag.
sub begins
{
	my ($line, $next, $answered) = @_;

	return 0 if is_tag($line);
	return $line =~ /^\\|^(?:ALTER|BEGIN|COMMENT|COMMIT|COPY|CREATE|DELETE|DROP|EXECUTE|EXPLAIN|GRANT|INSERT|LISTEN|PREPARE|RESET|SELECT|SET|TABLE|TRUNCATE|UPDATE|VACUUM|WITH)\b/ && !($answered && $line =~ /^(?:ALTER TABLE|CREATE INDEX|DELETE FROM) .*(?:pg_catalog|public\.)/);
}

sub is_tag
{
	return $_[0] =~ /^(?:INSERT \d+ \d+|(?:UPDATE|DELETE|SELECT|COPY) \d+|(?:CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|COMMENT|SET|RESET|BEGIN|COMMIT|LISTEN|PREPARE|VACUUM)(?: [A-Z ]+)?|Expanded display .*|Output format .*|Asynchronous .*)$/;
}

# Lines of psql's as they compare: without spaces at their ends, empty ones, tags,
# what the page leaves out by an ellipsis, and a heading that it does not show.
sub answer
{
	my @line = grep { $_ ne '' && !is_tag($_) } map { s/\s+$//r } map { split /\n/ } @_;

	@line = grep { !/^ +QUERY PLAN$|^-+$/ } @line if grep { /^ +QUERY PLAN$|^ Limit$/ } @line;
	return join "\n", map { s/m2m_seek\(NULL::integer, 'book_tag'::regclass, \K.*//r } @line;
}

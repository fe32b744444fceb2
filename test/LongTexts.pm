# Comparing texts of many lines: dumps, catalogs, transcripts.
package LongTexts;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(is_text);

# As is(), but if they differ, it shows where, rather than both.
sub is_text
{
	my ($got, $expected, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return 1 if ok($got eq $expected, $what);
	my $dir = PostgreSQL::Test::Utils::tempdir;
	PostgreSQL::Test::Utils::append_to_file("$dir/got", "$got\n");
	PostgreSQL::Test::Utils::append_to_file("$dir/expected", "$expected\n");
	diag(substr(`diff -U2 $dir/expected $dir/got`, 0, 4000));
	return 0;
}

1;

# What is said of m2m beside the code: META.json. If this fails, a package index
# is told something else than m2m.control, LICENSE and CHANGELOG.md say.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $meta = eval { decode_json(slurp_file('META.json')) };
ok($meta, 'META.json can be read') or BAIL_OUT($@);

my %control = slurp_file('m2m.control') =~ /^(\w+) = '?(.*?)'?$/mg;
my ($version) = slurp_file('CHANGELOG.md') =~ /^## ([^\n]+)$/m;
my ($oldest) = map { slurp_file($_) =~ /PG_VERSION_NUM < (\d+)0000\n#error/ }
  glob('src/*.h src/*/*.h');

is_deeply(
	[ grep { !$meta->{$_} } qw(name abstract version maintainer license provides meta-spec) ],
	[], 'META.json has what the specification requires');
is_deeply([ keys %{ $meta->{provides} } ], [ $meta->{name} ], 'it provides one extension');
my $provided = $meta->{provides}{m2m};

is("$control{default_version}.0", $meta->{version}, 'the version is that of m2m.control');
is($provided->{version}, $meta->{version}, 'the extension has it, too');
is($version,
	$meta->{version} . ($meta->{release_status} eq 'stable' ? '' : ' (unreleased)'),
	'so has CHANGELOG.md, and it says whether that is released');
is(lcfirst $_, $control{comment}, 'the abstract is the comment of m2m.control')
  foreach $meta->{abstract}, $provided->{abstract};
is($provided->{file}, "sql/m2m--$control{default_version}.sql", 'it names the script');
ok(-f $provided->{$_}, "there is $provided->{$_}") foreach qw(file docfile);
is($meta->{prereqs}{$_}{requires}{PostgreSQL}, "$oldest.0.0",
	"it wants the oldest server that builds, for $_")
  foreach qw(build runtime);
is($meta->{license}, 'postgresql', 'the license');
like(slurp_file('LICENSE'), qr/^PostgreSQL License\n\nCopyright \(c\) \d+, \Q$meta->{maintainer}\E\n/,
	'LICENSE is that one, and names the same authors');

done_testing();

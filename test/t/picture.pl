# docs/relationship.svg, at the top of README.md, is drawn from the catalogs. If
# this fails, a relationship is made of something else than it shows: look at what
# `make picture` draws, and mend the picture's description in README.md.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @python = @Clients::PYTHON;

plan skip_all => 'needs psycopg2'
  if client_is_missing('psycopg2', @python, '-c', 'import psycopg2');

my $node = PostgreSQL::Test::Cluster->new('picture');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my $drawn = run_client($node, 'postgres', @python, 'docs/picture.py');
ok($drawn eq slurp_file('docs/relationship.svg'), 'the picture is what the catalogs tell');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'picture'}),
	'0', 'drawing leaves nothing behind');

# What it shows is in its description, which is for who cannot see it.
my ($shown) = slurp_file('README.md') =~ /!\[([^\]]*)\]\(docs\/relationship\.svg\)/;
my %names = map { $_ => 1 } $drawn =~ /class="mono name">([^<]+)</g;
is_deeply([ grep { $shown !~ /\b$_\b/ } sort keys %names ], [],
	'README.md has the same in words');
is(scalar keys %names, 5, 'three tables, and the names of views and functions');

done_testing();

# Django's migrations with a ManyToManyField, up and down, in a database where
# m2m.auto_adopt is off, and in one where it is on. If this fails, adoption is in a
# migration's way, or comes too early or not at all: Django makes the table, its
# key and its foreign keys in pieces, the last at the end of the migration.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @python = @Clients::PYTHON;

plan skip_all => 'needs Django and psycopg2'
  if client_is_missing('Django', @python, '-c', 'import django, psycopg2');

my $node = PostgreSQL::Test::Cluster->new('django');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
foreach my $setting (qw(off on))
{
	$node->safe_psql('postgres', "CREATE DATABASE blog_$setting");
	$node->safe_psql("blog_$setting", 'CREATE EXTENSION m2m');
	$node->safe_psql('postgres', "ALTER DATABASE blog_$setting SET m2m.auto_adopt = $setting");
}

my $off = run_client($node, 'blog_off', @python, 'test/clients/django_migrate.py');
my $on = run_client($node, 'blog_on', @python, 'test/clients/django_migrate.py');
is($on =~ s/^    .*\n//gmr, $off, 'the same tables after each migration');
like($off, qr/^0005 blog_post blog_post_friends blog_post_tags blog_tag$/m, 'they are those of the models');
is($on, <<'END', 'each many-to-many field is a relationship as long as it is there');
0001 blog_label blog_post blog_post_labels
    blog_post_labels post_labels label_posts 0 0 0
0002 blog_label blog_post blog_post_labels
    blog_post_labels post_labels label_posts 2 2 2
0003 blog_label blog_post blog_post_tags
    blog_post_tags post_labels label_posts 2 2 2
0004 blog_post blog_post_tags blog_tag
    blog_post_tags post_labels label_posts 2 2 2
0005 blog_post blog_post_friends blog_post_tags blog_tag
    blog_post_friends from_post_to_posts to_post_from_posts 0 0 0
    blog_post_tags post_labels label_posts 2 2 2
0006 blog_post blog_post_friends blog_tag
    blog_post_friends from_post_to_posts to_post_from_posts 0 0 0
0007
0005 blog_post blog_post_friends blog_post_tags blog_tag
    blog_post_friends from_post_to_posts to_post_from_posts 0 0 0
    blog_post_tags post_tags tag_posts 0 0 0
zero
END

done_testing();

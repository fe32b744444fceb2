# m2m.auto_adopt and pg_dump: a database that has it set is dumped and restored,
# with the setting on before the tables come. If this fails, a restore adopts what
# the dump brings adopted, or what its owner had given up; or a table's link view
# takes a name that the dump has something else for.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('auto');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $relationships = q(SELECT association, left_table, left_role, left_view, left_function,
	right_table, right_role, right_view, right_function, origin, owner
	FROM m2m_relationships() ORDER BY association::text COLLATE "C");
my $views = q(SELECT relnamespace::regnamespace, relname, relkind, (SELECT string_agg(encode(tgargs, 'escape'), ';' ORDER BY tgname)
	FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) FROM pg_class c
	WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace) AND relkind IN ('r', 'v') ORDER BY 1, 2, 3);

# PostgreSQL's own, with or without m2m: DROP CONSTRAINT of a partition's key.
my $own_errors = qr{
	^pg_restore:\ error:\ .*\ cannot\ drop\ inherited\ constraint\ .*\n
	Command\ was:\ .*\n
	|^pg_restore:\ warning:\ errors\ ignored\ on\ restore:.*\n}mx;

# Runs a program; it is to succeed and to say nothing on stderr.
sub runs_silently
{
	my ($what, @command) = @_;
	my $err = '';

	local %ENV = $node->_get_env;
	my $ok = IPC::Run::run(\@command, '<', \'', '>', \my $out, '2>', \$err);
	$ok = 1 if $err =~ s/$own_errors//g;
	ok($ok && $err eq '', $what) or diag(substr($err, 0, 4000));
	return;
}

# A dump's own text, but for the random key that newer ones begin and end with.
sub dumped
{
	my ($database, @options) = @_;

	runs_silently("pg_dump @options of $database", 'pg_dump', @options, '-f', "$dir/text.sql", $database);
	return PostgreSQL::Test::Utils::slurp_file("$dir/text.sql") =~ s/^\\(un)?restrict .*\n//gmr;
}

$node->init;
$node->append_conf('postgresql.conf', "client_min_messages = warning\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop SET m2m.auto_adopt = on');
$node->safe_psql('shop', q(
	CREATE EXTENSION m2m;
	CREATE SCHEMA app;
	CREATE ROLE app_owner;
	GRANT CREATE, USAGE ON SCHEMA app, public TO app_owner;
	SET ROLE app_owner;
	CREATE TABLE users (id int PRIMARY KEY, name text);
	CREATE TABLE groups (id int PRIMARY KEY, title text);
	-- at once, in pieces, in another schema
	CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
	CREATE TABLE users_admin (id bigserial PRIMARY KEY, user_id int NOT NULL, group_id int NOT NULL);
	ALTER TABLE users_admin ADD UNIQUE (user_id, group_id);
	ALTER TABLE users_admin ADD FOREIGN KEY (user_id) REFERENCES users DEFERRABLE INITIALLY DEFERRED;
	ALTER TABLE users_admin ADD FOREIGN KEY (group_id) REFERENCES groups DEFERRABLE INITIALLY DEFERRED;
	CREATE TABLE app.parts (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id)) PARTITION BY HASH (user_id);
	CREATE TABLE app.part_0 PARTITION OF app.parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	-- made on purpose
	SELECT m2m_create('users', 'groups', name => 'wished', left_view => 'wishes', right_view => 'wishers');
	-- given up; must not come back
	CREATE TABLE given_up (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
	SELECT m2m_drop('given_up', keep_links => true);
	RESET ROLE;
	CREATE TABLE given_up_too (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
	SELECT m2m_drop('given_up_too', keep_links => true);
	SET ROLE app_owner;
	-- one view gone, the other there
	CREATE TABLE half (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
	DROP VIEW half_users;
	-- no join table
	CREATE TABLE orders (id serial PRIMARY KEY, user_id int REFERENCES users, group_id int REFERENCES groups);
	-- names of the application's that link views had taken
	CREATE TABLE user_groups (x int);
	CREATE VIEW group_users AS SELECT 1 AS x;
	INSERT INTO users SELECT i, 'u' || i FROM generate_series(1, 20) i;
	INSERT INTO groups SELECT i, 'g' || i FROM generate_series(1, 10) i;
	INSERT INTO membership SELECT u.id, g.id FROM users u, groups g WHERE (u.id + g.id) % 3 = 0;
	INSERT INTO app.parts TABLE membership;
	INSERT INTO users_admin (user_id, group_id) SELECT u.id, 1 FROM users u;
));

my $before = $node->safe_psql('shop', $relationships);
my $views_before = $node->safe_psql('shop', $views);
my $text = dumped('shop');
is(scalar(split /\n/, $before), 5, 'five relationships') or diag($before);
unlike($before, qr/given_up/, 'none is what was given up');

# What was restored is what was dumped.
sub is_restored
{
	my ($database, $what) = @_;

	is($node->safe_psql($database, 'SHOW m2m.auto_adopt'), 'on', "$what: the setting");
	is($node->safe_psql($database, $relationships), $before, "$what: relationships");
	is($node->safe_psql($database, $views), $views_before, "$what: views and triggers");
	is(dumped($database), $text, "$what: dumps like the original");
	is($node->safe_psql($database, q(SELECT relationship, finding FROM m2m_check() WHERE severity = 'error')), '',
		"$what: m2m_check");
	return;
}

# With the database's own properties: the setting is there before the tables.
$node->safe_psql('postgres', 'ALTER DATABASE shop RENAME TO original');
foreach my $format ([ 'p' ], [ 'c' ], [ 'd', 4 ])
{
	my ($letter, $jobs) = @$format;
	my $file = "$dir/whole.$letter";

	$node->safe_psql('postgres', 'ALTER DATABASE original RENAME TO shop');
	runs_silently("pg_dump -C -F$letter", 'pg_dump', '-C', "-F$letter", '-f', $file, 'shop');
	$node->safe_psql('postgres', 'ALTER DATABASE shop RENAME TO original');
	runs_silently("restore of -F$letter",
		$letter eq 'p' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f', $file, 'postgres')
		: $jobs ? ('pg_restore', '-C', '-d', 'postgres', $file)
		: ('pg_restore', '-C', '-e', '-d', 'postgres', $file));
	is_restored('shop', "-C -F$letter");
	$node->safe_psql('postgres', 'DROP DATABASE shop');

	# into a database that has the setting already, in parallel
	next if !$jobs;
	$node->safe_psql('postgres', 'CREATE DATABASE target');
	$node->safe_psql('postgres', 'ALTER DATABASE target SET m2m.auto_adopt = on');
	runs_silently("pg_restore -j$jobs", 'pg_restore', '-j', $jobs, '-d', 'target', $file);
	is_restored('target', "-j$jobs");
	# ... and once more over it
	runs_silently('pg_restore -c', 'pg_restore', '-c', '-d', 'target', $file);
	is_restored('target', '-c');
	$node->safe_psql('postgres', 'DROP DATABASE target');
}

# In sections, each by a session of its own
$node->safe_psql('postgres', 'CREATE DATABASE target');
$node->safe_psql('postgres', 'ALTER DATABASE target SET m2m.auto_adopt = on');
foreach my $section (qw(pre-data data post-data))
{
	runs_silently("pg_dump $section", 'pg_dump', "--section=$section", '-f', "$dir/section.sql", 'original');
	runs_silently("psql $section", 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f', "$dir/section.sql", 'target');
}
is_restored('target', 'sections');

# After the restore all goes on: what becomes a join table is adopted, as it was in
# the original, and what gave way does so again.
foreach my $database ('original', 'target')
{
	$node->safe_psql($database, q(
		SET ROLE app_owner;
		CREATE TABLE later (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
		CREATE TABLE groups_of_user (x int);
		ALTER TABLE given_up ADD COLUMN note text;
	));
}
is($node->safe_psql('target', $relationships), $node->safe_psql('original', $relationships), 'goes on alike');
isnt($node->safe_psql('target', $relationships), $before, 'and has not stood still');
like($node->safe_psql('target', $relationships), qr/^later\|/m, 'a new table is adopted');
unlike($node->safe_psql('target', $relationships), qr/given_up/, 'one given up is not');

done_testing();

# DROP EXTENSION m2m and what comes after it: life without m2m, and with it
# again. If this fails, giving m2m up costs links, views or privileges, or
# leaves something behind; or another extension swallows a relationship.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use LongTexts qw(is_text);
use OwnServer;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Not every query and answer of a background psql in the log
{
	no warnings 'redefine';
	*PostgreSQL::Test::BackgroundPsql::note = sub { };
}

# A server of its own, for extensions made by the test
my $server = OwnServer->new;

sub write_extension_file
{
	my ($name, $content) = @_;
	my $file = $server->extensions . "/$name";

	open my $handle, '>', $file or die "$file: $!";
	print $handle $content;
	close $handle or die "$file: $!";
	return;
}

my $node = PostgreSQL::Test::Cluster->new('uninstall',
	install_path => $server->install_path);
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE owner; CREATE ROLE reader');

# Relationships of several kinds, of an owner who is no superuser
my $create = q(
	CREATE EXTENSION m2m;
	GRANT CREATE ON SCHEMA public TO owner;
	SET ROLE owner;
	CREATE TABLE author (id int PRIMARY KEY, name varchar(40));
	CREATE TABLE book (id int PRIMARY KEY, title text);
	INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
	INSERT INTO book VALUES (1, 'Flask Basics'), (2, 'Advanced Flask');
	SELECT m2m_link('author', '{1,2,2}', 'book', '{1,1,2}');
	ALTER TABLE author_book ADD COLUMN share numeric DEFAULT 1;
	GRANT SELECT, INSERT, DELETE ON author_book, author_books TO reader;
	GRANT SELECT (book_id, name) ON book_authors TO reader;
	GRANT SELECT ON author, book TO reader;
	COMMENT ON VIEW author_books IS 'a comment of mine';
	ALTER VIEW author_books ALTER COLUMN share SET DEFAULT 0.5;
	CREATE VIEW titles WITH (security_invoker) AS SELECT author_id, title FROM author_books;
	GRANT SELECT ON titles TO reader;
	CREATE VIEW "by function" AS SELECT a.id, b.title FROM author a, author_books(a) b;
	CREATE TABLE person (name varchar(20) PRIMARY KEY);
	INSERT INTO person VALUES ('Ann'), ('Ben');
	SELECT m2m_create('person', 'person', 'follow', left_role => 'follower', right_role => 'followed',
		left_view => 'following', right_view => 'followers');
	SELECT m2m_link('person', 'Ann', 'person', 'Ben');
	CREATE TABLE room (house text, number int, PRIMARY KEY (house, number)) PARTITION BY LIST (house);
	CREATE TABLE room_a PARTITION OF room DEFAULT;
	INSERT INTO room VALUES ('a', 1), ('a', 2);
	SELECT m2m_link('room', '(a,2)', 'person', 'Ann');
	CREATE TABLE enrolment (pupil varchar(20) NOT NULL REFERENCES person ON DELETE CASCADE, book int NOT NULL REFERENCES book ON DELETE CASCADE,
		grade int, PRIMARY KEY (pupil, book));
	CREATE INDEX ON enrolment (book, pupil);
	SELECT m2m_adopt('enrolment', left_role => 'reader', left_view => 'reads', right_view => 'read_by');
	SELECT m2m_link('person', 'Ben', 'book', 2, properties => '{"grade": 5}');
	SELECT m2m_create('author', 'room', schema => 'public', left_role => 'Wr"iter''s \\', name => 'desk; --');
	SELECT m2m_link('author', 1, 'room', '(a,1)');
);

# How each is taken back
my $adopt = q(
	SELECT m2m_adopt('author_book'),
		m2m_adopt('follow', left_role => 'follower', right_role => 'followed'),
		m2m_adopt('room_person'), m2m_adopt('enrolment', left_role => 'reader'),
		m2m_adopt('"desk; --"', left_role => 'Wr"iter''s \\'););

# All that can be read and called without m2m
my $read = q(
	SELECT * FROM author_books ORDER BY 1, 2;
	SELECT * FROM book_authors ORDER BY 1, 2;
	SELECT * FROM titles ORDER BY 1, 2;
	SELECT * FROM "by function" ORDER BY 1, 2;
	SELECT a.name, b.title FROM author a, author_books(a) b ORDER BY 1, 2;
	SELECT b.title, b.book_authors FROM book b ORDER BY 1, 2;
	SELECT * FROM following; SELECT * FROM followers;
	SELECT p.name, f.name FROM person p, followers(p) f;
	SELECT * FROM room_people; SELECT * FROM person_rooms;
	SELECT * FROM reads; SELECT * FROM read_by;
	TABLE author_book ORDER BY 1, 2;
	TABLE follow; TABLE room_person; TABLE enrolment; TABLE "desk; --";
	SET ROLE reader;
	SELECT * FROM author_books ORDER BY 1, 2;
	SELECT book_id, name FROM book_authors ORDER BY 1, 2;
	SELECT * FROM titles ORDER BY 1;
	RESET ROLE;);

# What there is: objects, privileges, comments, defaults
my $objects = q(
	SELECT c.oid, c.relname, c.relkind, c.relowner::regrole, c.relacl, c.reloptions, obj_description(c.oid, 'pg_class')
	FROM pg_class c WHERE c.relkind <> 'S' AND relnamespace = 'public'::regnamespace AND relname !~ '^m2m_' ORDER BY 1;
	SELECT a.attrelid, a.attnum, a.attname, a.attacl, col_description(a.attrelid, a.attnum), pg_get_expr(d.adbin, d.adrelid)
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE relnamespace = 'public'::regnamespace AND relname !~ '^m2m_' AND relkind IN ('r', 'v', 'p') ORDER BY 1, 2;
	SELECT p.oid, p.oid::regprocedure, p.proowner::regrole, p.proacl, p.prosrc, obj_description(p.oid, 'pg_proc')
	FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND proname !~ '^m2m_' ORDER BY 1;);

my $relationships = q(
	SELECT to_jsonb(r) - 'origin' FROM m2m_relationships() r ORDER BY association::text COLLATE "C");

# Rows of catalogs that speak of m2m, or of what is there no more
my $leftovers = q(
	SELECT 'trigger', tgname FROM pg_trigger WHERE tgname ~ 'm2m' OR NOT EXISTS (SELECT FROM pg_proc p WHERE p.oid = tgfoid)
	UNION ALL SELECT 'event trigger', evtname FROM pg_event_trigger
	UNION ALL SELECT 'function', proname FROM pg_proc WHERE proname ~ '^m2m_'
	UNION ALL SELECT 'relation', relname FROM pg_class WHERE relname ~ '^m2m_'
	UNION ALL SELECT 'depend', classid::regclass || ' ' || objid FROM pg_depend d WHERE
		(refclassid = 'pg_extension'::regclass AND refobjid NOT IN (SELECT oid FROM pg_extension))
		OR (refclassid = 'pg_proc'::regclass AND refobjid NOT IN (SELECT oid FROM pg_proc))
		OR (classid = 'pg_trigger'::regclass AND objid NOT IN (SELECT oid FROM pg_trigger))
		OR (classid = 'pg_proc'::regclass AND objid NOT IN (SELECT oid FROM pg_proc))
		OR (classid = 'pg_class'::regclass AND objid NOT IN (SELECT oid FROM pg_class))
		OR (classid = 'pg_event_trigger'::regclass AND objid NOT IN (SELECT oid FROM pg_event_trigger))
	UNION ALL SELECT 'comment', description FROM pg_description WHERE
		(classoid = 'pg_trigger'::regclass AND objoid NOT IN (SELECT oid FROM pg_trigger))
		OR (classoid = 'pg_proc'::regclass AND objoid NOT IN (SELECT oid FROM pg_proc))
		OR (classoid = 'pg_event_trigger'::regclass AND objoid NOT IN (SELECT oid FROM pg_event_trigger))
	UNION ALL SELECT 'initial privileges', objoid::text FROM pg_init_privs i WHERE
		(classoid = 'pg_class'::regclass AND objoid NOT IN (SELECT oid FROM pg_class))
		OR (classoid = 'pg_proc'::regclass AND objoid NOT IN (SELECT oid FROM pg_proc)););

sub sqlstate_is
{
	my ($database, $what, $sql, $expected) = @_;
	my ($status, $out, $err) =
	  $node->psql($database, "\\set VERBOSITY sqlstate\n$sql");

	$err =~ s/^psql:<stdin>:\d+: //mg;
	is($err, "ERROR:  $expected", "$what: $expected");
	return;
}

sub runs_silently
{
	my ($database, $what, $sql) = @_;
	my ($status, $out, $err) = $node->psql($database, $sql);

	is("$status $err", '0 ', $what);
	return $out;
}

sub create_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, $create);
	is($node->safe_psql($name, 'SELECT * FROM m2m_check()'),
		'', "$name: nothing is amiss");
	return;
}

# Tables follow no more, and views block, as if there had never been an m2m.
sub ddl_is_plain
{
	my ($name, $run) = @_;

	foreach my $command ('ALTER TABLE book DROP COLUMN title',
		'DROP TABLE author_book', 'DROP TABLE book')
	{
		sqlstate_is($name, "$name: $command", $command, '2BP01');
	}
	sqlstate_is($name, "$name: ALTER COLUMN TYPE",
		'ALTER TABLE book ALTER COLUMN title TYPE varchar', '0A000');
	is( $node->safe_psql(
			$name, q(BEGIN; ALTER TABLE book ADD COLUMN pages int; ALTER TABLE book RENAME COLUMN title TO name;
			SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass;
			DROP TABLE book, author CASCADE;
			SELECT count(*) FROM author_book; ROLLBACK)),
		"author_id id title share\n3",
		"$name: nothing follows the schema");
	return;
}

# Without m2m and with it again: all is as it was.
sub comes_and_goes
{
	my ($name, $drop, $create) = @_;
	my %before = map { $_ => $node->safe_psql($name, $_) }
	  ($read, $objects, $relationships);

	runs_silently($name, "$name: $drop", $drop);
	is($node->safe_psql($name, $leftovers), '', "$name: nothing of m2m is left");
	is_text($node->safe_psql($name, $read),
		$before{$read}, "$name: tables, views and functions read the same");
	is_text($node->safe_psql($name, $objects),
		$before{$objects}, "$name: objects and privileges are the same");
	sqlstate_is($name, "$name: a write through a view",
		'INSERT INTO author_books (author_id, id) VALUES (1, 2)', '55000');
	sqlstate_is($name, "$name: a call",
		q(SELECT m2m_link('author', 1, 'book', 2)), '42883');
	ddl_is_plain($name);

	runs_silently($name, "$name: $create", $create);
	is($node->safe_psql($name, 'SELECT count(*) FROM m2m_relationships()'),
		0, "$name: tables and views are plain ones until they are adopted");
	runs_silently($name, "$name: m2m_adopt", $adopt);
	is_text($node->safe_psql($name, $relationships),
		$before{$relationships}, "$name: the same relationships again");
	is_text($node->safe_psql($name, $read),
		$before{$read}, "$name: which read the same");
	is_text($node->safe_psql($name, $objects),
		$before{$objects}, "$name: made of the same objects, with the same privileges");
	is($node->safe_psql($name, 'SELECT * FROM m2m_check()'),
		'', "$name: nothing is amiss");
	is( $node->safe_psql(
			$name, q(BEGIN;
			SELECT m2m_link('author', 1, 'book', 2), m2m_count('book', 2, 'author'), m2m_linked('person', 'Ann', 'person', 'Ben'),
				m2m_clear('room', '(a,2)', 'person'), m2m_toggle('author', 1, 'room', ROW('a', 1));
			SET LOCAL ROLE reader;
			DELETE FROM author_books WHERE author_id = 1;
			INSERT INTO author_books (author_id, id) VALUES (1, 2) RETURNING share;
			RESET ROLE;
			UPDATE reads SET grade = 6 RETURNING *;
			INSERT INTO followers (followed_name, name) VALUES ('Ann', 'Ben');
			ALTER TABLE book ADD COLUMN pages int;
			ALTER TABLE author ALTER COLUMN name TYPE varchar(90);
			ROLLBACK)),
		"1|1|t|1|f\n0.5\nBen|2|Advanced Flask|6",
		"$name: which can be written");
	return;
}

create_database('plain');
comes_and_goes('plain', 'DROP EXTENSION m2m', 'CREATE EXTENSION m2m');
comes_and_goes('plain', 'DROP EXTENSION m2m CASCADE', 'CREATE EXTENSION m2m');
is($node->safe_psql('plain', 'DROP EXTENSION m2m RESTRICT; ' . $leftovers),
	'', 'and once more');

# One that was made by the owner of a database, dropped where it is in use
create_database('sessions');
{
	my $session = $node->background_psql('sessions', on_error_stop => 0);

	$session->query_safe(q(SELECT m2m_link('author', 1, 'book', 2)));
	$session->query_safe('INSERT INTO author_books (author_id, id) VALUES (1, 2)');
	$session->query_safe('ALTER TABLE author ADD COLUMN born int');
	$session->query_safe(q(PREPARE linked AS SELECT m2m_linked('author', $1, 'book', $2)));
	$session->query_safe('EXECUTE linked(1, 2)');
	$node->safe_psql('sessions', 'DROP EXTENSION m2m');
	$session->query('EXECUTE linked(1, 2)');
	like($session->{stderr}, qr/function m2m_linked\(.*\) does not exist|cache lookup failed|could not find/,
		'another session: no calls any more');
	$session->{stderr} = '';
	$session->query('INSERT INTO author_books (author_id, id) VALUES (1, 2)');
	like($session->{stderr}, qr/cannot insert into view "author_books"/,
		'another session: no writes through views any more');
	$session->{stderr} = '';
	$session->query('ALTER TABLE author DROP COLUMN born');
	like($session->{stderr}, qr/other objects depend on it/,
		'another session: no view steps aside any more');
	$session->{stderr} = '';
	is($session->query('SELECT count(*) FROM author_books'),
		4, 'another session: views can be read');
	$node->safe_psql('sessions', "CREATE EXTENSION m2m; $adopt");
	$session->query('DEALLOCATE linked');
	is($session->query(q(SELECT m2m_unlink('author', 1, 'book', 2))),
		1, 'another session: calls work again');
	$session->query_safe('INSERT INTO author_books (author_id, id) VALUES (1, 2)');
	is($session->query('ALTER TABLE author DROP COLUMN born; SELECT count(*) FROM author_books'),
		4, 'another session: writes and DDL work again');
	is($session->{stderr}, '', 'another session: no errors');
	$session->quit;
}

# In another schema, and moved to one more
$node->safe_psql('postgres', 'CREATE DATABASE moved');
{
	my $elsewhere = $create =~ s/CREATE EXTENSION m2m;/
		CREATE SCHEMA "m2m's"; CREATE EXTENSION m2m SCHEMA "m2m's"; GRANT USAGE ON SCHEMA "m2m's" TO PUBLIC;
		SET search_path = "m2m's", public;/r;
	$elsewhere =~ s/CREATE TABLE /CREATE TABLE public./g;
	$node->safe_psql('moved', $elsewhere =~ s/CREATE VIEW /CREATE VIEW public./gr);
}

# What a relationship is to do, wherever the extension is
sub works_in
{
	my ($schema, $what) = @_;

	is( $node->safe_psql(
			'moved', qq(BEGIN;
			SET LOCAL search_path = pg_catalog;
			SELECT count(*) FROM $schema.m2m_relationships();
			SELECT * FROM $schema.m2m_check();
			SELECT $schema.m2m_link('public.author', 1, 'public.book', 2), $schema.m2m_count('public.person', 'Ann', 'public.person');
			INSERT INTO public.author_books (author_id, id) VALUES (2, 1);
			ALTER TABLE public.author ADD COLUMN born int, ALTER COLUMN name TYPE varchar(90);
			ALTER TABLE public.author RENAME TO writer;
			ALTER TABLE public.writer DROP COLUMN born;
			SELECT count(*) FROM public.writer a, public.author_books(a) b;
			SELECT * FROM $schema.m2m_check();
			DROP VIEW public.read_by;
			SELECT finding FROM $schema.m2m_repair();
			ROLLBACK)),
		qq(5\n1|1\n4\nthe link view of role "book" is missing),
		$what);
	return;
}

works_in(q("m2m's"), 'a schema of its own');
runs_silently('moved', 'ALTER EXTENSION … SET SCHEMA',
	'CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO PUBLIC; ALTER EXTENSION m2m SET SCHEMA other');
works_in('other', 'ALTER EXTENSION … SET SCHEMA: all works');
runs_silently('moved', 'ALTER SCHEMA … RENAME',
	'ALTER SCHEMA other RENAME TO "an Other"');
works_in('"an Other"', 'ALTER SCHEMA … RENAME: all works');
runs_silently('moved', 'into a schema in the search_path',
	'ALTER EXTENSION m2m SET SCHEMA public');
works_in('public', 'into a schema in the search_path: all works');
comes_and_goes(
	'moved',
	'DROP EXTENSION m2m',
	q(CREATE EXTENSION m2m SCHEMA "m2m's"; SET search_path = "m2m's", public;) =~
	  s/SET.*//r . q( ALTER DATABASE moved SET search_path = public, "m2m's"));
is( $node->safe_psql(
		'moved', q(SET client_min_messages = error; DROP SCHEMA "m2m's" CASCADE;
		SELECT count(*) FROM author_books; SELECT extname FROM pg_extension WHERE extname = 'm2m')),
	3,
	'DROP SCHEMA of the extension: views can be read');
is($node->safe_psql('moved', $leftovers),
	'', 'DROP SCHEMA of the extension: nothing of m2m is left');

# A trigger that has lost its mark would be in the way; m2m_repair puts it back.
create_database('unmarked');
$node->safe_psql('unmarked',
	'ALTER TRIGGER m2m_link_view ON author_books NO DEPENDS ON EXTENSION m2m');
sqlstate_is('unmarked', 'an unmarked trigger', 'DROP EXTENSION m2m', '2BP01');
is( $node->safe_psql('unmarked', 'SELECT severity, finding FROM m2m_check()'),
	'warning|the trigger "m2m_link_view" of link view "author_books" is not marked as depending on the extension',
	'an unmarked trigger: m2m_check knows');
$node->safe_psql('unmarked', 'SELECT m2m_repair()');
comes_and_goes('unmarked', 'DROP EXTENSION m2m', 'CREATE EXTENSION m2m');

# Another extension whose script makes a relationship, and changes its tables
# when it is updated
write_extension_file('m2m_test.control',
	"default_version = '1.0'\nrelocatable = true\nrequires = 'm2m'\n");
write_extension_file(
	'm2m_test--1.0.sql', q{
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title text);
	CREATE TABLE tag (id int PRIMARY KEY);
	CREATE TABLE author_tag (author_id int REFERENCES author ON DELETE CASCADE, tag_id int REFERENCES tag ON DELETE CASCADE, PRIMARY KEY (author_id, tag_id));
	CREATE INDEX ON author_tag (tag_id, author_id);
	INSERT INTO author VALUES (1, 'Alice');
	INSERT INTO book VALUES (1, 'Flask Basics');
	INSERT INTO tag VALUES (1);
	SELECT m2m_create('author', 'author', 'follow', left_role => 'follower', right_role => 'followed');
	SELECT m2m_link('author', 1, 'book', 1);
	SELECT m2m_adopt('author_tag');
	SELECT m2m_link('author', 1, 'tag', 1);
	INSERT INTO author_books (author_id, id, title) VALUES (1, 2, 'Advanced Flask');
	CREATE VIEW of_the_extension AS SELECT id FROM author_books;
	});
write_extension_file(
	'm2m_test--1.0--1.1.sql', q{
	ALTER TABLE author ADD COLUMN born date;
	ALTER TABLE author RENAME COLUMN name TO full_name;
	ALTER TABLE author ALTER COLUMN full_name TYPE varchar(80);
	ALTER TABLE author RENAME TO writer;
	ALTER TABLE tag ADD COLUMN name text, DROP COLUMN id CASCADE;
	ALTER TABLE book ADD COLUMN pages int;
	});
$node->safe_psql('postgres', 'CREATE DATABASE extension');
runs_silently('extension', 'CREATE EXTENSION with a relationship in its script',
	'SET client_min_messages = warning; CREATE EXTENSION m2m; CREATE EXTENSION m2m_test');
# (Since 18 the types of rows are members by themselves.)
my $members = q(
	SELECT string_agg(pg_describe_object(classid, objid, 0), ', ' ORDER BY pg_describe_object(classid, objid, 0) COLLATE "C")
	FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid <> 'pg_type'::regclass
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'm2m_test'));
my $own = 'table author, table author_tag, table book, table tag, view of_the_extension';
is($node->safe_psql('extension', $members),
	$own, 'its members are what it has made itself');
is( $node->safe_psql(
		'extension', q(SELECT association, origin FROM m2m_relationships() ORDER BY association::text;
		SELECT title FROM author_books ORDER BY 1; SELECT * FROM m2m_check())),
	"author_book|created\nauthor_tag|adopted\nfollow|created\nAdvanced Flask\nFlask Basics",
	'its relationships work');
runs_silently('extension', 'ALTER EXTENSION … UPDATE that changes the tables',
	q(SET client_min_messages = warning; ALTER EXTENSION m2m_test UPDATE TO '1.1'));
is($node->safe_psql('extension', $members),
	$own =~ s/table author, (.*), view/$1, table writer, view/r =~ s/(.*), (view .*), (table writer)/$1, $3, $2/r,
	'its members are the same');
is( $node->safe_psql(
		'extension', q(SELECT association FROM m2m_relationships() ORDER BY association::text;
		SELECT full_name, born FROM book_authors ORDER BY book_id;
		SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass;
		SELECT * FROM m2m_check())),
	"author_book\nfollow\nAlice|\nAlice|\nauthor_id id title pages\n"
	. 'author_tag|warning|the relationship is at rest: no foreign key over (tag_id) says which table role "tag" is|',
	'its relationships have followed');
runs_silently('extension', 'DROP EXTENSION m2m_test',
	'SET client_min_messages = warning; DROP EXTENSION m2m_test CASCADE');
is( $node->safe_psql(
		'extension', q(SELECT count(*) FROM m2m_relationships();
		SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace AND relname !~ '^m2m_';
		SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname !~ '^m2m_')),
	"0\n0\n0",
	'nothing is left of its relationships');
runs_silently('extension', 'and all over again',
	'SET client_min_messages = warning; CREATE EXTENSION m2m_test; DROP EXTENSION m2m CASCADE');

$node->stop;
done_testing();

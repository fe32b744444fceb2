# pg_dump, pg_dumpall and pg_restore in every mode. If this fails, a restored
# database is not the one that was dumped, or a restore is not as silent as it
# is without m2m.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use LongTexts qw(is_text);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
my $sql = 'test/dump_restore.d';
my $dir = PostgreSQL::Test::Utils::tempdir;
my $original = 'shop';
my $relationships =
  'SELECT * FROM m2m_relationships() ORDER BY association::text COLLATE "C"';

# What a restore may say: nothing. Roles are not part of a database's dump.
my $create_roles = q(
	CREATE ROLE shop_owner LOGIN;
	CREATE ROLE shop_clerk;
	CREATE ROLE shop_auditor;
	CREATE ROLE "we""ird ro\le";);

sub slurp
{
	my ($file) = @_;

	return PostgreSQL::Test::Utils::slurp_file("$dir/$file");
}

sub write_file
{
	my ($file, @content) = @_;

	open my $handle, '>:raw', "$dir/$file" or die "$file: $!";
	print $handle @content;
	close $handle or die "$file: $!";
	return;
}

# PostgreSQL's own, with or without m2m: DROP CONSTRAINT of a partition's key;
# a table that refers to itself in a dump of rows.
my $own_errors = qr{
	^pg_restore:\ error:\ .*\ cannot\ drop\ inherited\ constraint\ .*\n
	Command\ was:\ .*\n
	|^pg_restore:\ warning:\ errors\ ignored\ on\ restore:.*\n
	|^pg_dump:\ (?:warning:\ there\ are\ circular\ foreign-key\ constraints
	|detail:\ mate|hint:).*\n}mx;

# Runs a program; it is to succeed and to say nothing on stderr.
sub runs_silently
{
	my ($what, @command) = @_;
	my $err = '';

	local %ENV = $node->_get_env;
	my $ok = IPC::Run::run(\@command, '<', \'', '>', \my $out, '2>', \$err);
	$ok = 1 if $err =~ s/$own_errors//g;
	ok($ok && $err eq '', $what)
	  or diag(substr($err, 0, 4000));
	return;
}

sub pg_dump
{
	my ($file, $database, @options) = @_;

	runs_silently("$file: pg_dump @options",
		'pg_dump', @options, '--file' => "$dir/$file", $database);
	return;
}

sub pg_restore
{
	my ($file, $database, @options) = @_;

	runs_silently("$file: pg_restore @options",
		'pg_restore', @options, '--dbname' => $database, "$dir/$file");
	return;
}

sub psql_file
{
	my ($file, $database, @options) = @_;

	runs_silently(
		"$file: psql @options", 'psql', '-Xq',
		'-v' => 'ON_ERROR_STOP=1',
		'-d' => $database,
		'-f' => "$dir/$file",
		@options);
	return;
}

# Makes an empty database, or one with m2m.
sub create_database
{
	my ($name, $with_m2m) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	$node->safe_psql($name, 'CREATE EXTENSION m2m') if $with_m2m;
	return;
}

# A full copy, made without pg_dump.
sub clone_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE $original");
	return;
}

# The dump as text, without the line that is another in each.
sub dump_of
{
	my ($on, $database, @options) = @_;
	my $dump = '';

	local %ENV = $on->_get_env;
	IPC::Run::run([ 'pg_dump', @options, $database ], '>', \$dump)
	  or die "could not dump $database";
	$dump =~ s/^\\(un)?restrict .*\n//mg;
	return $dump;
}

# Answers and errors of a script, in the order in which they come.
sub answers
{
	my ($on, $database, $script) = @_;
	my $answers = '';

	local %ENV = $on->_get_env;
	IPC::Run::run(
		[
			'psql', '-XAt',
			'-v' => 'ON_ERROR_STOP=0',
			'-d' => $database,
			'-f' => "$sql/$script"
		],
		'>', \$answers, '2>&1');
	return $answers;
}

my %expected;

# Holds a copy to the original. Takes the options of the dumps to compare, if
# the copy was made without something; then privileges may be others, too.
sub is_copy
{
	my ($what, $database, %option) = @_;
	my $on = $option{on} // $node;
	my @dump = @{ $option{dump} // [] };
	my $columns = $option{relationships} // $relationships;

	$expected{"dump @dump"} //= dump_of($node, $original, @dump);
	$expected{$columns} //= $node->safe_psql($original, $columns);
	is_text(dump_of($on, $database, @dump),
		$expected{"dump @dump"}, "$what: the copy's dump is the original's");
	is_text($on->safe_psql($database, $columns),
		$expected{$columns}, "$what: the same relationships");
	is($on->safe_psql($database, 'SELECT * FROM m2m_check()'),
		'', "$what: m2m_check is silent");
	foreach my $script (qw(calls calls_as_clerk))
	{
		next if @dump && $script eq 'calls_as_clerk';
		$expected{$script} //= answers($node, $original, "$script.sql");
		is_text(answers($on, $database, "$script.sql"),
			$expected{$script}, "$what: $script do the same");
	}
	return;
}

sub drop_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "DROP DATABASE $name");
	return;
}

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', "$create_roles CREATE DATABASE $original");
$node->command_ok(
	[
		'psql', '-XAtq',
		'-v' => 'ON_ERROR_STOP=1',
		'-d' => $original,
		'-f' => "$sql/create.sql"
	],
	'the original is made');
is($node->safe_psql($original, 'SELECT * FROM m2m_check()'),
	'', 'and nothing is amiss');
like(answers($node, $original, 'calls.sql'),
	qr/^ROLLBACK$/m, 'and its relationships can be called');

# The database of somebody who is no superuser: all of it is his, but for the
# extension.
$node->safe_psql('postgres', 'CREATE DATABASE own OWNER shop_owner');
$node->safe_psql('own', 'CREATE EXTENSION m2m');
$node->safe_psql(
	'own', q(
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title text);
	INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
	INSERT INTO book VALUES (1, 'Flask Basics'), (2, 'Advanced Flask');
	SELECT m2m_link('author', 1, 'book', '{1,2}');
	SELECT m2m_create('author', 'author', left_role => 'mentor', right_role => 'trainee');
	SELECT m2m_link('author', 2, 'author', 1);
	CREATE TABLE review (author int REFERENCES author, book int REFERENCES book, stars int, PRIMARY KEY (book, author));
	CREATE INDEX ON review (author, book);
	SELECT m2m_adopt('review', left_role => 'critic', right_role => 'work', left_view => 'criticised', right_view => 'critics');
	SELECT m2m_link('author', 1, 'book', 1, via => 'review', properties => '{"stars": 5}');
	GRANT SELECT ON criticised TO shop_clerk;
	CREATE VIEW best AS SELECT title FROM criticised WHERE stars = 5;),
	extra_params => [ '-U' => 'shop_owner' ]);

# And one that has m2m in a schema of its own.
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql(
	'elsewhere', q(
	CREATE SCHEMA "m2m's";
	CREATE EXTENSION m2m SCHEMA "m2m's";
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title text);
	INSERT INTO author VALUES (1, 'Alice');
	INSERT INTO book VALUES (1, 'Flask Basics');
	SELECT "m2m's".m2m_link('author', 1, 'book', 1);));

# pg_dumpall, while there are no copies yet
{
	my $other = PostgreSQL::Test::Cluster->new('dumpall');

	$other->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$other->start;
	runs_silently(
		'pg_dumpall', 'pg_dumpall',
		'--file' => "$dir/all.sql",
		'--no-sync');
	# It makes the first superuser, too, whom each cluster has already.
	my $all = slurp('all.sql');
	my ($superuser) = $node->safe_psql('postgres',
		'SELECT rolname FROM pg_roles WHERE oid = 10');
	$all =~ s/^CREATE ROLE \Q$superuser\E;\n//m;
	write_file('all.sql', $all);
	my $err = '';
	{
		local %ENV = $other->_get_env;
		IPC::Run::run(
			[ 'psql', '-Xq', '-d' => 'postgres', '-f' => "$dir/all.sql" ],
			'>', \my $out, '2>', \$err);
	}
	is($err, '', 'pg_dumpall: its restore is silent');
	is_copy('pg_dumpall', $original, on => $other);
	foreach my $database (qw(own elsewhere))
	{
		is_text(
			dump_of($other, $database), dump_of($node, $database),
			"pg_dumpall: database $database");
	}
	$other->stop('immediate');
}

# Plain text
pg_dump('plain.sql', $original);
foreach my $with_m2m (0, 1)
{
	my $what = 'plain, ' . ($with_m2m ? 'm2m is there' : 'no m2m there');

	create_database('copy', $with_m2m);
	psql_file('plain.sql', 'copy');
	is_copy($what, 'copy');
	drop_database('copy');
}

# The same with rows as INSERTs, all in one transaction
pg_dump('inserts.sql', $original, '--column-inserts', '--no-sync');
create_database('copy');
psql_file('inserts.sql', 'copy', '--single-transaction');
is_copy('inserts in one transaction', 'copy');
drop_database('copy');

# Custom and directory formats, by several workers at once
pg_dump('custom', $original, '--format=custom');
foreach my $with_m2m (0, 1)
{
	my $what = 'custom -j4, ' . ($with_m2m ? 'm2m is there' : 'no m2m there');

	create_database('copy', $with_m2m);
	pg_restore('custom', 'copy', '-j4');
	is_copy($what, 'copy');
	drop_database('copy');
}
pg_dump('directory', $original, '--format=directory', '-j2');
create_database('copy');
pg_restore('directory', 'copy', '-j4');
is_copy('directory -j4', 'copy');

# Over what is there: over itself, over a changed copy
pg_restore('custom', 'copy', '--clean', '--if-exists');
is_copy('clean over a copy', 'copy');
$node->safe_psql(
	'copy', q(
	SELECT m2m_clear('author', '{1,2,3}', 'book', via => 'author_book');
	ALTER TABLE author ADD COLUMN more int;
	DROP VIEW followers, exclaimed, visitor_pages;
	DROP TABLE page CASCADE;
	ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;));
pg_restore('custom', 'copy', '--clean', '--if-exists', '-j4');
is_copy('clean -j4 over a changed copy', 'copy');
drop_database('copy');
create_database('copy');
pg_restore('custom', 'copy', '--clean', '--if-exists', '--single-transaction');
is_copy('clean over nothing', 'copy');
drop_database('copy');

# The schema first, the rows later
pg_dump('schema.sql', $original, '--schema-only');
pg_dump('data_disabled.sql', $original, '--data-only', '--disable-triggers');
# pg_dump does not know that a foreign key to a partitioned table wants the
# partitions' rows first.
pg_dump('data_1.sql', $original, '--data-only',
	'--exclude-table-data=door_room', '--exclude-table-data=stay_*');
pg_dump('data_2.sql', $original, '--data-only',
	'--table=door_room', '--table=stay_*');
write_file('data.sql', slurp('data_1.sql'), slurp('data_2.sql'));
foreach my $data (qw(data.sql data_disabled.sql))
{
	create_database('copy');
	psql_file('schema.sql', 'copy');
	is_text(
		$node->safe_psql('copy', $relationships),
		$node->safe_psql($original, $relationships),
		'schema only: the same relationships');
	psql_file($data, 'copy');
	# filled from the tables that were empty
	$node->safe_psql('copy', 'REFRESH MATERIALIZED VIEW shelf');
	is_copy("schema.sql, then $data", 'copy');
	drop_database('copy');
}

# In sections
create_database('copy');
foreach my $section (qw(pre-data data post-data))
{
	pg_restore('custom', 'copy', "--section=$section", '-j2');
	is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
		'', "$section: m2m_check is silent");
}
is_copy('sections', 'copy');
drop_database('copy');

# Without owners and privileges; and the fourth format
pg_dump('tar', $original, '--format=tar');
foreach my $format (qw(custom tar))
{
	my @bare = qw(--no-owner --no-privileges);

	create_database('copy', $format eq 'tar');
	pg_restore($format, 'copy', @bare);
	is_copy(
		"$format @bare", 'copy',
		dump => \@bare,
		relationships =>
		  "SELECT to_jsonb(r) - 'owner' FROM m2m_relationships() r ORDER BY association::text COLLATE \"C\""
	);
	drop_database('copy');
}

# By somebody who is no superuser: m2m is there, and its comment is not his.
{
	my @as_owner = ('--username' => 'shop_owner');
	my ($list, $err);

	pg_dump('own', 'own', '--format=custom', @as_owner);
	{
		local %ENV = $node->_get_env;
		IPC::Run::run([ 'pg_restore', '--list', "$dir/own" ], '>', \$list)
		  or die 'pg_restore --list';
	}
	$list =~ s/^.* COMMENT - EXTENSION .*\n//m;
	write_file('own.list', $list);
	$node->safe_psql('postgres',
		'CREATE DATABASE copy OWNER shop_owner TEMPLATE template0');
	$node->safe_psql('copy', 'CREATE EXTENSION m2m');
	pg_restore('own', 'copy', @as_owner, "--use-list=$dir/own.list");
	is_text(dump_of($node, 'copy'), dump_of($node, 'own'),
		'no superuser: the same dump');
	is( $node->safe_psql('copy', $relationships),
		$node->safe_psql('own', $relationships),
		'no superuser: the same relationships');
	is( $node->safe_psql(
			'copy', q(
			SELECT m2m_link('author', 2, 'book', 1, via => 'review', properties => '{"stars": 5}');
			SELECT m2m_linked('author', 2, 'author', 1), m2m_count('book', 1, 'author', 'author_book');
			INSERT INTO author_books (author_id, title, id) VALUES (2, 'Third', 3);
			SELECT string_agg(title, ',' ORDER BY title) FROM best;
			SELECT title FROM author_books WHERE author_id = 2;
			SELECT * FROM m2m_check()),
			extra_params => [@as_owner]),
		"1\nt|1\nFlask Basics,Flask Basics\nThird",
		'no superuser: calls work');
	drop_database('copy');
}

# m2m in a schema of its own
pg_dump('elsewhere.sql', 'elsewhere');
create_database('copy');
psql_file('elsewhere.sql', 'copy');
is_text(
	dump_of($node, 'copy'),
	dump_of($node, 'elsewhere'),
	'm2m in another schema: the same dump');
is( $node->safe_psql(
		'copy', q(SET search_path = "m2m's", public;
		SELECT m2m_linked('author', 1, 'book', 1), m2m_unlink('author', 1, 'book', 1);
		INSERT INTO author_books VALUES (1, 1);
		SELECT * FROM m2m_check();
		SELECT count(*) FROM book_authors)),
	"t|1\n1",
	'm2m in another schema: calls work');
drop_database('copy');

# Step by step: after each statement of a restore other sessions, too, may use
# what is there. They look, and change tables as they like.
{
	my $probe = q(
SELECT count(*) FROM public.m2m_relationships();
SELECT count(*) FROM public.m2m_check();
BEGIN;
);
	my $i = 0;
	foreach my $table (
		qw(public.author public.author_book "Editing".enrolment
		public.person public.room))
	{
		$i++;
		$probe .= qq(
ALTER TABLE IF EXISTS $table ADD COLUMN probe int NOT NULL DEFAULT 1;
ALTER TABLE IF EXISTS $table RENAME COLUMN probe TO "another probe";
);
		# where no view of the user's on a link view is in the way
		$probe .= qq(
ALTER TABLE IF EXISTS $table ALTER COLUMN "another probe" TYPE bigint;
ALTER TABLE IF EXISTS $table DROP COLUMN "another probe";
) if $table !~ /author/;
		$probe .= "ALTER TABLE IF EXISTS $table RENAME TO probe_$i;\n";
	}
	$probe .= "ROLLBACK;\n";
	my @steps = split /^(?=--\n-- (?:Data for )?Name: )/m, slurp('plain.sql');
	my $there = 0;
	foreach (@steps)
	{
		$there ||= /^CREATE EXTENSION .* m2m/m;
		$_ .= $probe if $there;
	}
	cmp_ok(scalar(@steps), '>', 250, 'steps of a restore');
	write_file('steps.sql', @steps);
	create_database('copy');
	psql_file('steps.sql', 'copy');
	is_copy('step by step', 'copy');
	drop_database('copy');
}

# Some schemas only
{
	my @some = (
		'--schema="Editing"', '--schema=joint',
		q(--schema="we""ird \sch'ema"));

	pg_dump('schemas.sql', $original, @some);
	clone_database('copy');
	$node->safe_psql('copy',
		qq(DROP SCHEMA "Editing", joint, "we""ird \\sch'ema" CASCADE));
	is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
		'', 'schemas gone: m2m_check is silent');
	psql_file('schemas.sql', 'copy');
	is_copy('some schemas', 'copy');
	drop_database('copy');

	# Where m2m is not, their tables and views are all the same, and m2m takes
	# them back.
	clone_database('copy');
	$node->safe_psql('copy',
		qq(DROP EXTENSION m2m;
		DROP SCHEMA "Editing", joint, "we""ird \\sch'ema" CASCADE));
	my $err;
	{
		local %ENV = $node->_get_env;
		IPC::Run::run(
			[ 'psql', '-Xq', '-d' => 'copy', '-f' => "$dir/schemas.sql" ],
			'>', \my $out, '2>', \$err);
	}
	my @others = grep {
		/ERROR/
		  && !/function public\.m2m_link_view_write\(\) does not exist/
		  && !/(?:trigger "m2m_link_view(?:_batch)?"|extension "m2m").* does not exist/s
	} split /^(?=psql:)/m, $err;
	is("@others", '', 'some schemas without m2m: but for triggers, all is there');
	is( $node->safe_psql('copy',
			'SELECT count(*) FROM "Editing"."Edited by"; SELECT count(*) FROM joint.supplier_books'
		),
		"2\n2",
		'some schemas without m2m: link views can be read');
	$node->safe_psql(
		'copy', q(
		CREATE EXTENSION m2m;
		SELECT m2m_adopt('"Editing"."Book''s editor"', left_role => 'work', right_role => 'editor');
		SELECT m2m_adopt('"Editing".enrolment', left_role => 'listener');
		SELECT m2m_adopt('joint.supplier_book');
		SELECT m2m_adopt('author_book');
		SELECT m2m_adopt('follow', left_role => 'follower', right_role => 'followed');
		SELECT m2m_adopt('atelier."_PainterToPicture"'), m2m_adopt('atelier.painter_painters'),
			m2m_adopt('atelier.frame_painter'), m2m_adopt('atelier.frame_picture');
		SELECT m2m_adopt('loan', left_role => 'borrower'), m2m_adopt('acquaintance', left_role => 'who', right_role => 'whom');
		SELECT m2m_adopt('document_tag'), m2m_adopt('stay'), m2m_adopt('door_room'), m2m_adopt('visitor_page'), m2m_adopt('member_team'), m2m_adopt('duty');
		SELECT m2m_adopt('sign'), m2m_adopt('key_of'), m2m_adopt('mate', left_role => 'student', right_role => 'mate');
		SET search_path = "we""ird \sch'ema", public;
		SELECT m2m_adopt('"; DROP TABLE ""book""; --"', left_role => 'l\''"', right_role => 'r''=\');
		SELECT m2m_adopt(c.oid) FROM pg_class c WHERE relname = $$an "author"_bö'ok\_link$$;));
	my $shown =
	  q(SELECT to_jsonb(r) - 'origin' FROM m2m_relationships() r ORDER BY association::text COLLATE "C");
	is_text(
		$node->safe_psql('copy', $shown),
		$node->safe_psql($original, $shown),
		'some schemas without m2m: adopted, the same relationships');
	is_text(
		answers($node, 'copy', 'calls_as_clerk.sql'),
		answers($node, $original, 'calls_as_clerk.sql'),
		'some schemas without m2m: adopted, privileges are the same');
	is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
		'', 'some schemas without m2m: m2m_check is silent');
	drop_database('copy');
}

# One table, with and without its views; functions are no tables
pg_dump('association.sql', $original, '--table=visitor_page');
pg_dump('with_views.sql', $original,
	'--table=visitor_page', '--table=visitor_pages', '--table=page_visitors');
foreach my $file (qw(association.sql with_views.sql))
{
	clone_database('copy');
	$node->safe_psql('copy', 'DROP TABLE visitor_page');
	is( $node->safe_psql(
			'copy', q(SELECT count(*) FROM pg_class WHERE relname ~ '^(visitor_|page_)'
				AND relkind IN ('r', 'v')
			UNION ALL SELECT count(*) FROM pg_proc WHERE proname ~ '^(visitor_|page_)')),
		"0\n0",
		"$file: nothing is there");
	psql_file($file, 'copy');
	if ($file eq 'association.sql')
	{
		$node->safe_psql('copy', q(SELECT m2m_adopt('visitor_page')));
		my $adopted =
		  q(SELECT to_jsonb(r) - 'origin' FROM m2m_relationships() r ORDER BY association::text COLLATE "C");
		is_text(
			$node->safe_psql('copy', $adopted),
			$node->safe_psql($original, $adopted),
			"$file: adopted, the same relationships");
		is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
			'', "$file: m2m_check is silent");
	}
	else
	{
		is( $node->safe_psql(
				'copy', 'SELECT severity, finding FROM m2m_check()'),
			qq(warning|the link function of view "visitor_pages" is missing
warning|the link function of view "page_visitors" is missing),
			"$file: m2m_check misses the functions");
		$node->safe_psql('copy', q(SELECT m2m_repair('visitor_page')));
		is_copy($file, 'copy');
	}
	drop_database('copy');
}

# One endpoint's rows go and come
pg_dump('tag.sql', $original, '--table=tag', '--data-only');
clone_database('copy');
$node->safe_psql(
	'copy', q(BEGIN; ALTER TABLE document_tag DROP CONSTRAINT document_tag_tag_name_fkey;
	TRUNCATE tag; COMMIT));
psql_file('tag.sql', 'copy');
is( $node->safe_psql('copy', q(SELECT finding FROM m2m_repair('document_tag'))),
	'the foreign key to "tag" is missing',
	'one table: what is missing is found and mended');
is_copy('one table, data only', 'copy');
drop_database('copy');

# Dumps that leave out a view, or both
foreach my $case (
	[ 'page_visitors', 'visitor_page' ],
	[ 'visitor_pages', 'visitor_page' ],
	[ 'followers', 'follow' ],
	[ 'following', 'follow' ])
{
	my ($view, $association) = @$case;

	pg_dump("without_$view", $original, '--format=custom',
		"--exclude-table=$view");
	create_database('copy');
	pg_restore("without_$view", 'copy', '-j2');
	like(
		$node->safe_psql('copy', 'SELECT relationship, finding FROM m2m_check()'),
		qr/^$association\|the link view of role "\w+" is missing$/,
		"without $view: m2m_check misses it");
	is( $node->safe_psql(
			'copy', "SELECT count(*) FROM m2m_repair('$association')"),
		1,
		"without $view: m2m_repair brings it back");
	is_copy("without $view, repaired", 'copy');
	drop_database('copy');
}

pg_dump('without_views', $original, '--format=custom',
	'--exclude-table=document_tags', '--exclude-table=tag_documents');
create_database('copy');
pg_restore('without_views', 'copy', '-j2');
is( $node->safe_psql(
		'copy', q(SELECT count(*) FROM m2m_relationships() WHERE association = 'document_tag'::regclass)),
	0,
	'without both views: a plain table');
$node->safe_psql(
	'copy', q(SELECT m2m_adopt('document_tag');
	GRANT SELECT, INSERT, DELETE ON document_tags TO shop_clerk));
my $others = q(SELECT to_jsonb(r) - 'origin' FROM m2m_relationships() r ORDER BY association::text COLLATE "C");
is_text(
	$node->safe_psql('copy', $others),
	$node->safe_psql($original, $others),
	'without both views: m2m_adopt brings them back');
is_text(
	answers($node, 'copy', 'calls_as_clerk.sql'),
	answers($node, $original, 'calls_as_clerk.sql'),
	'without both views, adopted: calls do the same');
is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
	'', 'without both views: m2m_check is silent');
drop_database('copy');

# A relationship at rest: that of a key that changes its type by another column,
# half-way, and one whose table is gone. It rests in the copy, and is whole
# again there.
create_database('rest', 1);
$node->safe_psql(
	'rest', q(
	CREATE DOMAIN flag AS boolean NOT NULL;
	CREATE TABLE author (id int PRIMARY KEY, name text);
	CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" flag);
	CREATE TABLE tag (id int PRIMARY KEY, uid bigint UNIQUE);
	INSERT INTO author VALUES (1, 'Alice');
	INSERT INTO book VALUES (1, 'Flask', true);
	INSERT INTO tag VALUES (1, 10000000000);
	SELECT m2m_link('author', 1, 'book', 1), m2m_link('tag', 1, 'author', 1);
	ALTER VIEW author_books RENAME COLUMN title TO named;
	GRANT UPDATE (named), SELECT ON author_books TO shop_clerk;
	GRANT SELECT ON author_tags TO shop_clerk;
	ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
	DROP TABLE book;
	ALTER TABLE tag_author ADD COLUMN tag_uid bigint;
	UPDATE tag_author SET tag_uid = 10000000000;
	ALTER TABLE tag_author DROP COLUMN tag_id;));
my $resting = q(SELECT relationship, severity, finding FROM m2m_check() ORDER BY 1, 3);
like($node->safe_psql('rest', $resting),
	qr/^author_book\|warning\|.*at rest.*\ntag_author\|warning\|.*at rest[^\n]*$/,
	'at rest: m2m_check names both');
pg_dump('rest', 'rest', '--format=custom');
create_database('copy');
pg_restore('rest', 'copy', '-j2');
is_text(dump_of($node, 'copy'), dump_of($node, 'rest'),
	'at rest: the dump of the copy is that of the original');
is_text($node->safe_psql('copy', $resting), $node->safe_psql('rest', $resting),
	'at rest: m2m_check names both in the copy');
$node->safe_psql(
	'copy', q(
	CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" flag);
	INSERT INTO book VALUES (1, 'Flask', true);
	ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
	ALTER TABLE tag_author RENAME COLUMN tag_uid TO tag_id;
	ALTER TABLE tag_author ADD PRIMARY KEY (tag_id, author_id),
		ADD FOREIGN KEY (tag_id) REFERENCES tag (uid);
	CREATE INDEX ON tag_author (author_id, tag_id);));
is($node->safe_psql('copy', 'SELECT * FROM m2m_check()'),
	'', 'at rest: whole again in the copy');
is( $node->safe_psql('copy', q(SET ROLE shop_clerk;
	SELECT has_column_privilege('author_books', 'named', 'UPDATE'),
		has_table_privilege('author_books', 'SELECT'), has_table_privilege('author_tags', 'SELECT'))),
	't|t|t', 'at rest: with what was granted');
is( $node->safe_psql('copy', q(TABLE author_books; TABLE author_tags; TABLE tag_authors)),
	"1|1|Flask|t\n1|1|10000000000\n10000000000|1|Alice", 'at rest: with its links');
drop_database('copy');
drop_database('rest');

done_testing();

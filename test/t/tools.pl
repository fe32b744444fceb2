# Tools that read a schema, make an API or a model of it, or clear it. If this
# fails, such a tool does not start on a default relationship, wants to undo
# for ever what m2m made, or is stopped by something that is the extension's.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use Clients qw(client_is_missing run_client);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Node packages for all of them but PostGraphile 4, which needs an older
# graphql; test/run installs both.
my $tools = 'test/clients/tools';
my $postgraphile4 = 'test/clients/postgraphile4';

my $node = PostgreSQL::Test::Cluster->new('tools');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql(
	'template1', q{
	CREATE EXTENSION m2m;
	CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL);
	CREATE TABLE book (id integer PRIMARY KEY, title text NOT NULL);
	INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
	INSERT INTO book VALUES (1, 'Flask Basics'), (2, 'Advanced Flask');
	SELECT m2m_link('author', 1, 'book', 2);
});

# Is a tool not there, or left out by NO_TOOLS?
sub is_missing
{
	return $ENV{NO_TOOLS} || client_is_missing(@_);
}

sub create_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	return;
}

# The tables and views in the schema.
my $relations = q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
	WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')};

# What SQL answers, its errors included: those are no end of the test.
sub answer
{
	my ($database, $sql) = @_;
	my (undef, $output, $error) = $node->psql($database, $sql);

	return $output . $error;
}

# Runs statements as a tool would send them; nothing may stop any.
sub runs_sql
{
	my ($database, $what, @sql) = @_;

	foreach my $sql (@sql)
	{
		my ($status, undef, $error) = $node->psql($database, $sql);

		is($status, 0, "$what: $sql") or diag($error);
	}
	return;
}

# The extension works on, whatever was dropped around it.
sub works_on
{
	my ($database, $what) = @_;

	is( answer(
			$database, q{
			CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL);
			CREATE TABLE book (id integer PRIMARY KEY, title text NOT NULL);
			INSERT INTO author VALUES (1, 'Alice');
			INSERT INTO book VALUES (1, 'Flask Basics');
			SELECT m2m_link('author', 1, 'book', 1);
			SELECT name, title FROM author, author_books(author);
			SELECT finding FROM m2m_check()}),
		"1\nAlice|Flask Basics",
		"$what: the extension works on");
	return;
}

# An answer with the nodes of its connections in order.
sub sorted
{
	my ($json) = @_;

	return [ sort { encode($a) cmp encode($b) } map { sorted($_) } @$json ]
	  if ref $json eq 'ARRAY';
	return { map { $_ => sorted($json->{$_}) } keys %$json }
	  if ref $json eq 'HASH';
	return $json;
}

sub encode
{
	return JSON::PP->new->canonical->allow_nonref->encode($_[0]);
}

# Has a PostGraphile build its schema on a database, and compares its answers:
# [document, the data expected as JSON].
sub check_postgraphile
{
	my ($database, $program, @calls) = @_;
	my $output = run_client($node, $database, 'node', $program,
		encode_json([ map { $_->[0] } @calls ]));
	my @answers = map { decode_json($_) } grep { /^\{/ } split /\n/, $output;

	foreach my $call (@calls)
	{
		is( encode(sorted(shift @answers)),
			encode(sorted({ data => decode_json($call->[1]) })),
			"$database: $call->[0]");
	}
	return;
}

# Many relationships at once: tables in the plural, a table and itself, several
# between the same two, and names that one gives oneself.
my $more = q{
	CREATE TABLE users (id integer PRIMARY KEY);
	CREATE TABLE roles (id integer PRIMARY KEY);
	CREATE TABLE series (id integer PRIMARY KEY);
	INSERT INTO users VALUES (1), (2);
	INSERT INTO roles VALUES (7), (8);
	SELECT m2m_create('users', 'roles');
	SELECT m2m_create('users', 'users', 'follow');
	SELECT m2m_create('author', 'series');
	SELECT m2m_create('users', 'series', 'watching',
		left_view => 'bookmark', right_view => 'bookmarks');
	SELECT m2m_create('author', 'book', 'edition', left_role => 'editor');
	SELECT m2m_create('author', 'book', 'review', left_view => 'reviews_of',
		right_view => 'reviewers_of');
	SELECT m2m_link('users', 1, 'roles', 7)};

# What m2m_expose makes, and what a link view says to be one whose rows have
# keys, to be read by: then it is a connection of each row.
my $exposed = q{
	SELECT m2m_expose('author_book');
	SELECT m2m_expose('follow');
	SELECT m2m_link('author', 1, 'book', '{1,2}', via => 'author_book');
	SELECT m2m_set('author', 2, 'book', '{1}', via => 'author_book');
	COMMENT ON VIEW author_books IS E'@name author_book_view\n'
		'@primaryKey author_id,id\n'
		'@foreignKey (author_id) references author (id)|@foreignFieldName bookLinks'};

# [document, the data expected]; what differs is spelled as in PostGraphile 4.
my @exposed_calls = (
	[
		'mutation{linkAuthorBooks(input:{authorId:2,bookIds:[1,2]}){bigInt}}',
		'{"linkAuthorBooks":{"bigInt":"1"}}'
	],
	[
		'mutation{unlinkBookAuthors(input:{bookId:1,authorIds:[1,7]}){bigInt}}',
		'{"unlinkBookAuthors":{"bigInt":"1"}}'
	],
	[
		'{findAuthorBooks(allOf:[2]){nodes{name} totalCount}}',
		'{"findAuthorBooks":{"nodes":[{"name":"Alice"},{"name":"Bob"}],"totalCount":2}}'
	],
	[
		'{findAuthorBooks(anyOf:[1,2],first:1){nodes{name} pageInfo{hasNextPage}}}',
		'{"findAuthorBooks":{"nodes":[{"name":"Alice"}],"pageInfo":{"hasNextPage":true}}}'
	],
	[
		'{findAuthorBooks(anyOf:[1,2],noneOf:[1]){nodes{name}} findBookAuthors(atLeast:2,afterId:1){nodes{title}}}',
		'{"findAuthorBooks":{"nodes":[{"name":"Alice"}]},"findBookAuthors":{"nodes":[{"title":"Advanced Flask"}]}}'
	],
	[
		'mutation{setAuthorBooks(input:{authorId:1,bookIds:[1,3]}){books{title}}}',
		'{"setAuthorBooks":{"books":[{"title":"Flask Basics"},{"title":"New"}]}}'
	],
	[
		'mutation{linkFromUserToUsers(input:{fromUserId:1,toUserIds:[2]}){bigInt}}',
		'{"linkFromUserToUsers":{"bigInt":"1"}}'
	],
	[
		'{findFromUserToUsers(allOf:[2]){nodes{id}} findToUserFromUsers(allOf:[2]){nodes{id}}}',
		'{"findFromUserToUsers":{"nodes":[{"id":1}]},"findToUserFromUsers":{"nodes":[]}}'
	],
	[
		'{allAuthors{nodes{name bookLinks(orderBy:TITLE_DESC,first:1){nodes{title} totalCount}}}}',
		'{"allAuthors":{"nodes":[{"name":"Alice","bookLinks":{"nodes":[{"title":"New"}],"totalCount":2}},{"name":"Bob","bookLinks":{"nodes":[{"title":"Flask Basics"}],"totalCount":2}}]}}'
	],
	[
		'mutation{updateAuthorBookViewByAuthorIdAndId(input:{authorId:1,id:3,authorBookViewPatch:{title:"Newer"}}){authorBookView{title}}}',
		'{"updateAuthorBookViewByAuthorIdAndId":{"authorBookView":{"title":"Newer"}}}'
	],
	[
		'mutation{deleteAuthorBookViewByAuthorIdAndId(input:{authorId:1,id:3}){authorBookView{title}}}',
		'{"deleteAuthorBookViewByAuthorIdAndId":{"authorBookView":{"title":"Newer"}}}'
	],
	[
		'{authorBookViewByAuthorIdAndId(authorId:1,id:3){title} bookById(id:3){title}}',
		'{"authorBookViewByAuthorIdAndId":null,"bookById":{"title":"Newer"}}'
	]);

# The same as PostGraphile 5 spells it: id is rowId, a function's result is result.
sub spelled_as_in_5
{
	my ($text) = @_;

	$text =~ s/\bbigInt\b/result/g;
	$text =~ s/\bid\b/rowId/g;
	$text =~ s/(ById\b|AndId\b)/$1 =~ s{Id}{RowId}r/ge;
	$text =~ s/(bookIds:\[1,3\]\}\)\{)books/$1result/;
	$text =~ s/("setAuthorBooks":\{)"books"/$1"result"/;
	return $text;
}

SKIP:
{
	skip 'needs PostGraphile 4', 1
	  if is_missing('PostGraphile 4', 'node', '-e',
		"require('./$postgraphile4/node_modules/postgraphile')");

	my $program = "$postgraphile4/postgraphile4.js";

	create_database('postgraphile4');
	check_postgraphile(
		'postgraphile4',
		$program,
		# through the association: by the plugin's fields, then by functions
		[
			'{allAuthors{nodes{name booksByAuthorBookAuthorIdAndBookId{nodes{title}}}}}',
			'{"allAuthors":{"nodes":[{"name":"Alice","booksByAuthorBookAuthorIdAndBookId":{"nodes":[{"title":"Advanced Flask"}]}},{"name":"Bob","booksByAuthorBookAuthorIdAndBookId":{"nodes":[]}}]}}'
		],
		[
			'{allBooks{nodes{title authorsByAuthorBookBookIdAndAuthorId{nodes{name}}}}}',
			'{"allBooks":{"nodes":[{"title":"Flask Basics","authorsByAuthorBookBookIdAndAuthorId":{"nodes":[]}},{"title":"Advanced Flask","authorsByAuthorBookBookIdAndAuthorId":{"nodes":[{"name":"Alice"}]}}]}}'
		],
		[
			'{authorById(id:1){books{nodes{title}}} bookById(id:2){authors{nodes{name}}}}',
			'{"authorById":{"books":{"nodes":[{"title":"Advanced Flask"}]}},"bookById":{"authors":{"nodes":[{"name":"Alice"}]}}}'
		],
		[
			'mutation{createAuthorBook(input:{authorBook:{authorId:1,bookId:1}}){authorByAuthorId{name} bookByBookId{title}}}',
			'{"createAuthorBook":{"authorByAuthorId":{"name":"Alice"},"bookByBookId":{"title":"Flask Basics"}}}'
		],
		# the link views: a row that is there is linked, a new one made first
		[
			'mutation{createBookAuthorView(input:{bookAuthorView:{bookId:1,id:2}}){bookAuthorView{name}}}',
			'{"createBookAuthorView":{"bookAuthorView":{"name":"Bob"}}}'
		],
		[
			'mutation{createAuthorBookView(input:{authorBookView:{authorId:2,id:3,title:"New"}}){authorBookView{title}}}',
			'{"createAuthorBookView":{"authorBookView":{"title":"New"}}}'
		],
		[
			'{allAuthorBookViews{nodes{authorId title}}}',
			'{"allAuthorBookViews":{"nodes":[{"authorId":1,"title":"Advanced Flask"},{"authorId":1,"title":"Flask Basics"},{"authorId":2,"title":"Flask Basics"},{"authorId":2,"title":"New"}]}}'
		],
		[
			'mutation{deleteAuthorBookByAuthorIdAndBookId(input:{authorId:1,bookId:2}){authorBook{bookId}}}',
			'{"deleteAuthorBookByAuthorIdAndBookId":{"authorBook":{"bookId":2}}}'
		]);
	$node->safe_psql('postgraphile4', $more);
	check_postgraphile(
		'postgraphile4',
		$program,
		[
			'{allUsers{nodes{id rolesByUsersRoleUserIdAndRoleId{nodes{id}}}}}',
			'{"allUsers":{"nodes":[{"id":1,"rolesByUsersRoleUserIdAndRoleId":{"nodes":[{"id":7}]}},{"id":2,"rolesByUsersRoleUserIdAndRoleId":{"nodes":[]}}]}}'
		],
		[
			'mutation{createUserRoleView(input:{userRoleView:{userId:2,id:7}}){userRoleView{id}}}',
			'{"createUserRoleView":{"userRoleView":{"id":7}}}'
		],
		[
			'{allRoleUserViews{nodes{roleId id}} allBookmarkViews{nodes{id}} allBookmarkView2S{nodes{id}}}',
			'{"allRoleUserViews":{"nodes":[{"roleId":7,"id":1},{"roleId":7,"id":2}]},"allBookmarkViews":{"nodes":[]},"allBookmarkView2S":{"nodes":[]}}'
		]);
	$node->safe_psql('postgraphile4', $exposed);
	check_postgraphile('postgraphile4', $program, @exposed_calls);
}

SKIP:
{
	skip 'needs PostGraphile 5', 1
	  if is_missing('PostGraphile 5', 'node', '-e',
		"require('./$tools/node_modules/postgraphile')");

	my $program = "$tools/postgraphile5.mjs";

	create_database('postgraphile5');
	# what is called id in a table is rowId here
	check_postgraphile(
		'postgraphile5',
		$program,
		[
			'{allAuthors{nodes{name books{nodes{title}} authorBooksByAuthorId{nodes{bookByBookId{title}}}}}}',
			'{"allAuthors":{"nodes":[{"name":"Alice","books":{"nodes":[{"title":"Advanced Flask"}]},"authorBooksByAuthorId":{"nodes":[{"bookByBookId":{"title":"Advanced Flask"}}]}},{"name":"Bob","books":{"nodes":[]},"authorBooksByAuthorId":{"nodes":[]}}]}}'
		],
		[
			'{bookByRowId(rowId:2){authors{nodes{name}} authorBooksByBookId{nodes{authorByAuthorId{name}}}}}',
			'{"bookByRowId":{"authors":{"nodes":[{"name":"Alice"}]},"authorBooksByBookId":{"nodes":[{"authorByAuthorId":{"name":"Alice"}}]}}}'
		],
		[
			'mutation{createAuthorBook(input:{authorBook:{authorId:1,bookId:1}}){authorBook{bookByBookId{title}}}}',
			'{"createAuthorBook":{"authorBook":{"bookByBookId":{"title":"Flask Basics"}}}}'
		],
		[
			'mutation{createBookAuthorView(input:{bookAuthorView:{bookId:1,rowId:2}}){bookAuthorView{name}}}',
			'{"createBookAuthorView":{"bookAuthorView":{"name":"Bob"}}}'
		],
		[
			'mutation{createAuthorBookView(input:{authorBookView:{authorId:2,rowId:3,title:"New"}}){authorBookView{title}}}',
			'{"createAuthorBookView":{"authorBookView":{"title":"New"}}}'
		],
		[
			'{allAuthorBookViews{nodes{authorId title}}}',
			'{"allAuthorBookViews":{"nodes":[{"authorId":1,"title":"Advanced Flask"},{"authorId":1,"title":"Flask Basics"},{"authorId":2,"title":"Flask Basics"},{"authorId":2,"title":"New"}]}}'
		],
		[
			'mutation{deleteAuthorBookByAuthorIdAndBookId(input:{authorId:1,bookId:2}){authorBook{bookId}}}',
			'{"deleteAuthorBookByAuthorIdAndBookId":{"authorBook":{"bookId":2}}}'
		]);
	$node->safe_psql('postgraphile5', $more);
	check_postgraphile(
		'postgraphile5',
		$program,
		[
			'mutation{createUserRoleView(input:{userRoleView:{userId:2,rowId:7}}){userRoleView{rowId}}}',
			'{"createUserRoleView":{"userRoleView":{"rowId":7}}}'
		],
		[
			'{allRoleUserViews{nodes{roleId rowId}} allBookmarkViews{nodes{rowId}} allBookmarkView2S{nodes{rowId}}}',
			'{"allRoleUserViews":{"nodes":[{"roleId":7,"rowId":1},{"roleId":7,"rowId":2}]},"allBookmarkViews":{"nodes":[]},"allBookmarkView2S":{"nodes":[]}}'
		]);
	$node->safe_psql('postgraphile5', $exposed);
	check_postgraphile('postgraphile5', $program,
		map { [ map { spelled_as_in_5($_) } @$_ ] } @exposed_calls);
}

SKIP:
{
	my @drizzle = ('node', "$tools/node_modules/drizzle-kit/bin.cjs");
	my @config = ("--config=$tools/drizzle.config.js");

	skip 'needs drizzle-kit', 1
	  if is_missing('drizzle-kit', @drizzle, '--help');

	create_database('drizzle');
	# within reach of drizzle-orm, which what it writes there imports
	local $ENV{DRIZZLE_OUT} = "$tools/drizzle";
	local $ENV{DRIZZLE_SCHEMA} = "$tools/drizzle/schema.ts";
	PostgreSQL::Test::Utils::system_log('rm', '-rf', $ENV{DRIZZLE_OUT});
	run_client($node, 'drizzle', @drizzle, 'pull', @config);
	is( join(' ',
			sort(slurp_file($ENV{DRIZZLE_SCHEMA}) =~ /pg(?:Table|View)\("(\w+)"/g)),
		'author author_book author_books book book_authors',
		'drizzle-kit pull finds tables and link views and nothing else');
	like(run_client($node, 'drizzle', @drizzle, 'push', @config),
		qr/No changes detected/,
		'drizzle-kit push finds it as it pulled it');
	is(answer('drizzle', q{SELECT m2m_linked('author', 1, 'book', 2)}),
		't', 'drizzle-kit push leaves the link');

	# What it does not know it drops, as it does with anybody's.
	$ENV{DRIZZLE_SCHEMA} = "$tools/drizzle.tables.ts";
	like(run_client($node, 'drizzle', @drizzle, 'push', '--force', @config),
		qr/Changes applied/,
		'drizzle-kit push of the endpoints alone goes through');
	is(answer('drizzle', $relations),
		'author book', 'drizzle-kit push has dropped the rest');
	is( answer(
			'drizzle', q{
			SELECT m2m_link('author', 2, 'book', 1);
			SELECT author_id, title FROM author_books;
			SELECT born FROM author_books(NULL), author}),
		"1\n2|Flask Basics",
		'drizzle-kit push: the relationship can be made again');
}

SKIP:
{
	skip 'needs TypeORM', 1
	  if is_missing('TypeORM', 'node', '-e',
		"require('./$tools/node_modules/typeorm')");

	my @typeorm = ('node', "$tools/typeorm.js");
	my $found =
	  '[{"books":[{"id":2,"title":"Advanced Flask"}],"id":1,"name":"Alice"},{"books":[],"id":2,"name":"Bob"}]';

	create_database('typeorm');
	# It makes constraints, an index and the table's comment its own.
	my ($statements, $again, $all) = split /\n/,
	  run_client($node, 'typeorm', @typeorm, qw(synchronize synchronize find));
	unlike($statements, qr/COMMENT ON COLUMN/,
		'TypeORM: nothing to undo at the columns');
	is($again, '[]', 'TypeORM: nothing to do a second time');
	is(encode(decode_json($all)), $found, 'TypeORM: finds the link');
	is( answer(
			'typeorm', q{
			SELECT m2m_linked('author', 1, 'book', 2);
			SELECT title FROM author_books;
			SELECT finding FROM m2m_check() WHERE severity = 'error'}),
		"t\nAdvanced Flask",
		'TypeORM: so does m2m');
	is(run_client($node, 'typeorm', @typeorm, 'drop'),
		"\"dropped\"\n", 'TypeORM: dropDatabase');
	is(answer('typeorm', $relations), '', 'TypeORM: all is gone');

	# the other way round: TypeORM makes the table, m2m takes it up
	isnt(run_client($node, 'typeorm', @typeorm, 'synchronize'),
		"[]\n", 'TypeORM: makes its tables');
	is( answer(
			'typeorm', q{
			SELECT m2m_adopt('author_book');
			INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
			INSERT INTO author_books (author_id, id, title)
				VALUES (1, 2, 'Advanced Flask') RETURNING title}),
		"author_book\nAdvanced Flask",
		'TypeORM: m2m takes its table up');
	($statements, $all) = split /\n/,
	  run_client($node, 'typeorm', @typeorm, qw(synchronize find));
	is($statements, '[]', 'TypeORM: nothing to do where m2m has adopted');
	is(encode(decode_json($all)), $found, 'TypeORM: finds what m2m linked');
	is(run_client($node, 'typeorm', @typeorm, 'drop'),
		"\"dropped\"\n", 'TypeORM: dropDatabase again');
	works_on('typeorm', 'TypeORM');
}

# Laravel's `migrate:fresh --drop-views`: dropAllViews() and dropAllTables() of
# Illuminate\Database\Schema\PostgresBuilder, which list what is there by
# PostgresGrammar's compileViews() and compileTables(), choose the schemas of
# the search_path, and drop by compileDropAllViews() and compileDropAllTables().
create_database('laravel');
foreach my $kind (
	[
		'view',
		q{select viewname as name, schemaname as schema, definition from pg_views
		where schemaname not in ('pg_catalog', 'information_schema') order by viewname}
	],
	[
		'table',
		q{select c.relname as name, n.nspname as schema, pg_total_relation_size(c.oid) as size,
		obj_description(c.oid, 'pg_class') as comment from pg_class c, pg_namespace n
		where c.relkind in ('r', 'p') and n.oid = c.relnamespace
		and n.nspname not in ('pg_catalog', 'information_schema') order by c.relname}
	])
{
	my ($what, $query) = @$kind;
	my $names = $node->safe_psql('laravel',
		qq{SELECT string_agg(format('"%s"."%s"', schema, name), ',') FROM ($query) x
		WHERE schema = 'public'});

	runs_sql('laravel', 'Laravel', "drop $what $names cascade");
}
is(answer('laravel', $relations), '', 'Laravel: all is gone');
works_on('laravel', 'Laravel');

# Rails drops a view by name (scenic's drop_view), a table with its dependents
# where schema.rb says force: :cascade.
create_database('rails');
runs_sql(
	'rails', 'Rails',
	'DROP VIEW "author_books"',
	'DROP VIEW "book_authors"',
	'DROP TABLE "author_book"',
	'DROP TABLE IF EXISTS "author" CASCADE',
	'DROP TABLE IF EXISTS "book" CASCADE');
works_on('rails', 'Rails');

# `prisma migrate reset` drops the schema, and with it the extension that is in
# there, from which nothing is left to be in the way.
create_database('prisma');
runs_sql(
	'prisma', 'Prisma',
	'DROP SCHEMA IF EXISTS "public" CASCADE',
	'CREATE SCHEMA "public"',
	'CREATE TABLE author (id integer PRIMARY KEY)',
	'ALTER TABLE author ADD name text',
	'DROP TABLE author',
	'CREATE EXTENSION m2m');
works_on('prisma', 'Prisma');

# What all of them see of the extension: functions and event triggers, which
# its members are; no relation, and no type that is a relation's.
is( answer(
		'template1', q{
		SELECT DISTINCT classid::regclass FROM pg_depend
		WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'm2m')
		ORDER BY 1}),
	"pg_proc\npg_event_trigger",
	'the extension is functions and event triggers');
is( answer(
		'template1', q{
		SELECT oid::regprocedure FROM pg_proc p WHERE proname ~ '^m2m_' AND NOT EXISTS (
			SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')}),
	'', 'all functions m2m_… are members of it');

done_testing();

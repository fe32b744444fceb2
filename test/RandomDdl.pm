# Random DDL for test/t/random_ddl.pl: makes statements up from what there is,
# which that test reads from the database ($state). Most can succeed, many fail.
#
# A step is a hash:
#
#   kind                for counting
#   sql, role           the statement, who runs it (superuser if no one)
#   only_m2m            not for the twin
#   tags                what it may change about link views (see oracle.check)
#   findings            it may give m2m_check() something to report
#   note                for the oracle, once it succeeded
#   expect              the SQLSTATEs allowed, where there is no twin to ask
#   warnings            it may warn
#   outside             it cannot run inside a transaction
#   schema              it drops this schema
package RandomDdl;

use strict;
use warnings;
use utf8;
use Exporter 'import';
use List::Util qw(any);

our @EXPORT_OK = qw(random_action random_inner_step);

my $state;

# What statements are made up from.
my @names = (
	qw(a b c name title note id number code person_id room_number room_building
	  follower_id followed_id course_code since select),
	'We ird', 'q"u', 'back\\slash', 'Größe', "apo'strophe");
my @types = (
	qw(int bigint smallint text varchar(30) char(8) numeric date boolean
	  jsonb json int[] uuid oid real point),
	'numeric(6,2)', 'text COLLATE "C"');

# An action, given the state: steps, or a transaction of as many steps, which
# are made up one by one.
sub random_action
{
	($state) = @_;
	return choose_action();
}

# A step inside a transaction.
sub random_inner_step
{
	($state) = @_;
	return inner_step();
}

sub pick { return $_[ rand @_ ] }

sub ident
{
	my ($name) = @_;
	return $name =~ /^[a-z_][a-z0-9_]*$/ && $name !~ /^(select|order|user)$/
	  ? $name
	  : '"' . $name =~ s/"/""/gr . '"';
}

sub literal { return "'" . $_[0] =~ s/'/''/gr . "'" }

sub some_slot
{
	my @slots = sort keys %{ $state->{tables} };
	return pick(@slots);
}

sub some_table { return $state->{tables}{ some_slot() } }

sub some_column
{
	my ($table, $keys) = @_;
	my @columns = @{ $table->{columns} // [] };
	my @plain = grep { !$_->{key} } @columns;

	return { name => 'nothing', type => 'text', num => 0 } if !@columns || rand() < 0.02;
	return pick(@plain) if @plain && rand() < ($keys // 0.8);
	return pick(@columns);
}

sub some_name { return ident(pick(@names)) }

sub some_type
{
	my @own = @{ $state->{types} // [] };
	return @own && rand() < 0.2 ? pick(@own) : pick(@types);
}

sub if_exists { return rand() < 0.1 ? 'IF EXISTS ' : '' }
sub only { return rand() < 0.05 ? 'ONLY ' : '' }
sub cascade { return rand() < ($_[0] // 0.3) ? pick(' CASCADE') : pick('', ' RESTRICT') }

sub subcommand
{
	my ($table) = @_;
	my $way = int rand 14;
	my $column = some_column($table);
	my $name = ident($column->{name});

	if ($way < 4)
	{
		my $type = some_type();
		my $rest = pick('', '', '', ' NOT NULL', " DEFAULT '1'", " NOT NULL DEFAULT '1'",
			' UNIQUE', ' CHECK (true)', ' GENERATED ALWAYS AS (NULL) STORED',
			' REFERENCES ' . some_table()->{name});
		return 'ADD COLUMN ' . pick('', '', 'IF NOT EXISTS ') . some_name() . " $type$rest";
	}
	if ($way < 7)
	{
		return 'DROP COLUMN ' . if_exists() . ident(some_column($table, 0.93)->{name}) . cascade(0.2);
	}
	if ($way < 10)
	{
		$column = some_column($table, 0.6);
		$name = ident($column->{name});
		my $type = some_type();
		if ($column->{key})
		{
			$type = $column->{type} =~ /int|numeric/
			  ? pick(qw(int bigint smallint numeric text))
			  : pick('text', 'varchar(20)', 'varchar', 'text COLLATE "C"', 'char(8)', 'int');
			return "ALTER COLUMN $name TYPE $type";
		}
		$type = pick(qw(text varchar)) if rand() < 0.3;
		my $bare = $type =~ s/ COLLATE.*//r;
		my $using = pick('', " USING NULL::$bare", " USING $name\::text::$bare", " USING $name\::text::$bare");
		return "ALTER COLUMN $name TYPE $type$using";
	}
	if ($way == 10)
	{
		return "ALTER COLUMN $name " . pick('SET NOT NULL', 'DROP NOT NULL');
	}
	if ($way == 11)
	{
		return "ALTER COLUMN $name " . pick("SET DEFAULT '2'", 'DROP DEFAULT', 'SET STATISTICS 10');
	}
	if ($way == 12)
	{
		return 'ADD ' . pick('CONSTRAINT c1 ', '') . pick("CHECK ($name IS NULL OR true)", "UNIQUE ($name)");
	}
	return pick('SET (fillfactor = 80)', 'RESET (fillfactor)', 'ENABLE ROW LEVEL SECURITY',
		'DISABLE ROW LEVEL SECURITY', 'REPLICA IDENTITY FULL', 'SET WITHOUT CLUSTER', 'SET LOGGED');
}

sub kind_of
{
	my ($table, $sql) = @_;
	my ($retyped) = $sql =~ /^ALTER COLUMN (.*) TYPE/;

	return 'alter type of a key'
	  if defined $retyped && any { $_->{key} && ident($_->{name}) eq $retyped } @{ $table->{columns} };
	return $sql =~ /^ADD COLUMN/ ? 'add column'
	  : $sql =~ /^DROP COLUMN/ ? 'drop column'
	  : $sql =~ /TYPE/ ? 'alter type'
	  : $sql =~ /NULL/ ? 'not null'
	  : 'other subcommand';
}

# A role for a statement: mostly the owner.
sub some_role
{
	my $dice = rand();
	return $dice < 0.82 ? 'alice' : $dice < 0.88 ? '' : $dice < 0.94 ? 'bob' : 'carol';
}

# A statement for both databases that leaves nothing to report.
sub plain_step
{
	my $table = some_table();
	my $role = some_role();
	my $way = rand 100;
	my ($sql, $kind, @tags, %more);

	if ($way < 42)
	{
		my $sub = subcommand($table);
		$kind = kind_of($table, $sub);
		$sql = 'ALTER TABLE ' . if_exists() . only() . "$table->{name} $sub";
	}
	elsif ($way < 50)
	{
		$kind = 'several subcommands';
		$sql = "ALTER TABLE $table->{name} " . join ', ',
		  map { subcommand($table) } 1 .. 2 + rand 2;
	}
	elsif ($way < 64)
	{
		$kind = 'rename column';
		$sql = 'ALTER TABLE ' . if_exists() . only() . "$table->{name} RENAME COLUMN "
		  . ident(some_column($table, 0.6)->{name}) . ' TO ' . some_name();
	}
	elsif ($way < 68)
	{
		$kind = 'rename table';
		$sql = 'ALTER TABLE ' . if_exists() . "$table->{name} RENAME TO "
		  . pick(some_name(), 'person', 'room', 'course', 'follow', 'enrolment');
	}
	elsif ($way < 72)
	{
		$kind = 'set schema';
		$sql = 'ALTER TABLE ' . if_exists() . "$table->{name} SET SCHEMA "
		  . ident(pick(@{ $state->{schemas} }));
	}
	elsif ($way < 75)
	{
		my @schemas = grep { $_ ne 'public' } @{ $state->{schemas} };
		$kind = 'rename schema';
		$sql = 'ALTER SCHEMA ' . ident(pick(@schemas)) . ' RENAME TO ' . pick(qw(s1 s2 s3), '"S 2"')
		  if @schemas;
		($kind, $sql, $role) = ('schema', 'CREATE SCHEMA s1 AUTHORIZATION alice', '')
		  if !@schemas || @schemas < 2 && rand() < 0.3;
	}
	elsif ($way < 78)
	{
		my @constraints = @{ $table->{constraints} // [] };
		return plain_step() if !@constraints;
		$kind = 'rename constraint';
		$sql = "ALTER TABLE $table->{name} RENAME CONSTRAINT "
		  . ident(pick(@constraints)->{name}) . ' TO ' . pick(qw(k1 k2 k3), '"K 4"');
	}
	elsif ($way < 82)
	{
		$kind = 'owner';
		$sql = "ALTER TABLE $table->{name} OWNER TO " . pick(qw(alice alice bob));
		@tags = ('any');
		($sql, $role) = ('REASSIGN OWNED BY bob TO alice', '') if rand() < 0.2;
	}
	elsif ($way < 85)
	{
		$kind = 'grant on a table';
		$sql = pick('GRANT SELECT ON %s TO reader', 'REVOKE SELECT ON %s FROM reader',
			'GRANT ALL ON %s TO bob', 'GRANT REFERENCES, UPDATE ON %s TO carol');
		$sql = sprintf $sql, $table->{name};
	}
	elsif ($way < 87)
	{
		$kind = 'comment on a table';
		$sql = pick("COMMENT ON TABLE $table->{name} IS 'c" . int(rand 100) . q{'},
			"COMMENT ON COLUMN $table->{name}." . ident(some_column($table)->{name}) . q{ IS 'col'});
	}
	elsif ($way < 90)
	{
		my @own = @{ $state->{types} // [] };
		return plain_step() if !@own;
		my $type = pick(@own);
		$kind = 'type';
		$sql = pick(q{ALTER DOMAIN public.words SET DEFAULT 'w'}, "ALTER TYPE public.size ADD VALUE IF NOT EXISTS 'xl'",
			'ALTER TYPE public.spot ADD ATTRIBUTE z int', 'ALTER TYPE public.spot DROP ATTRIBUTE IF EXISTS z CASCADE',
			'ALTER TYPE public.spot RENAME ATTRIBUTE x TO y',
			"DROP TYPE $type", "DROP TYPE $type CASCADE", 'CREATE DOMAIN public.words AS text',
			"CREATE TYPE public.size AS ENUM ('s', 'm', '1')", 'CREATE TYPE public.spot AS (x int, y int)');
		$more{outside} = 1 if $sql =~ /ADD VALUE/;
	}
	elsif ($way < 93)
	{
		my $column = ident(some_column($table)->{name});
		$kind = 'index';
		$sql = pick('CREATE INDEX ON %s (%s)', 'CREATE UNIQUE INDEX ON %s (%s)', 'ANALYZE %s (%s)', 'REINDEX TABLE %s');
		$sql = sprintf $sql, $table->{name}, $column;
	}
	elsif ($way < 95)
	{
		$kind = 'truncate';
		$sql = 'TRUNCATE ' . join(', ', map { some_table()->{name} } 1 .. 1 + rand 2) . cascade(0.3);
	}
	elsif ($way < 96)
	{
		$kind = 'inherit';
		$sql = "ALTER TABLE " . ($state->{tables}{room}{name} // 'room')
		  . pick(' NO INHERIT ', ' INHERIT ') . ($state->{tables}{place}{name} // 'place');
	}
	elsif ($way < 98)
	{
		my @views = grep { $_->{table} =~ /^uv_/ } @{ $state->{extra} // [] };
		$kind = "user's view of a table";
		$sql = @views > 1 || @views && rand() < 0.6
		  ? 'DROP VIEW ' . pick(@views)->{name}
		  : sprintf 'CREATE VIEW public.uv_%d AS SELECT %s FROM %s', rand 100,
		  pick('*', ident(some_column($table)->{name})), $table->{name};
	}
	else
	{
		my @extra = grep { $_->{table} =~ /^extra_/ } @{ $state->{extra} // [] };
		$kind = 'other table';
		$sql = @extra > 1
		  ? 'DROP TABLE ' . pick(@extra)->{name}
		  : sprintf 'CREATE TABLE public.extra_%d (%s)', rand 100,
		  pick('a int', "LIKE $table->{name}", "a int REFERENCES $table->{name}");
	}
	return { kind => $kind, sql => $sql, role => $role, tags => \@tags, %more };
}

# A statement on link views, for m2m's database alone.
sub view_step
{
	my @views = @{ $state->{views} // [] };
	return plain_step() if !@views;
	my $view = pick(@views);
	my $role = $view->{owner} eq (getpwuid($<))[0] ? '' : $view->{owner};
	my $column = ident(pick(@{ $view->{columns} }));
	my $first = ident($view->{columns}[0]);
	my %way = (
		'grant on a view' => [
			"GRANT SELECT, INSERT ON $view->{name} TO reader WITH GRANT OPTION",
			"REVOKE ALL ON $view->{name} FROM reader CASCADE",
			"GRANT SELECT ($column), UPDATE ($column) ON $view->{name} TO carol",
			"REVOKE SELECT ($column) ON $view->{name} FROM carol",
			"GRANT ALL ON $view->{name} TO PUBLIC",
			"REVOKE INSERT ON $view->{name} FROM $view->{owner}" ],
		'comment on a view' => [
			"COMMENT ON VIEW $view->{name} IS 'mine'", "COMMENT ON VIEW $view->{name} IS NULL",
			"COMMENT ON COLUMN $view->{name}.$column IS 'also mine'",
			"COMMENT ON TRIGGER m2m_link_view ON $view->{name} IS 'a trigger'" ],
		'options of a view' => [
			"ALTER VIEW $view->{name} SET (security_barrier = true)",
			"ALTER VIEW $view->{name} RESET (security_barrier)",
			"ALTER VIEW $view->{name} ALTER COLUMN $first SET DEFAULT '3'",
			"ALTER VIEW $view->{name} ALTER COLUMN $first DROP DEFAULT" ],
		"user's name of a column" => [
			"ALTER VIEW $view->{name} RENAME COLUMN $column TO " . pick('mine', some_name()) ],
		'function of a view' => [
			"ALTER FUNCTION $view->{function}($view->{endpoint}) COST 7",
			"REVOKE EXECUTE ON FUNCTION $view->{function}($view->{endpoint}) FROM PUBLIC",
			"COMMENT ON FUNCTION $view->{function}($view->{endpoint}) IS 'of mine'" ],
		'moved view' => [
			"ALTER VIEW $view->{name} SET SCHEMA " . ident(pick(@{ $state->{schemas} })),
			"ALTER VIEW $view->{name} RENAME TO " . ident("$view->{view} " . int(rand 100)) ],
		"user's view of a link view" => [
			sprintf('CREATE VIEW public.lv_%d AS SELECT %s FROM %s', rand 100,
				pick('*', $column), $view->{name}),
			sprintf('CREATE VIEW public.lv_%d AS SELECT f.* FROM %s n, %s(n) f', rand 100,
				$view->{endpoint}, $view->{function}) ],
		);
	my $kind = pick(sort keys %way);
	my $step = {
		kind => $kind, sql => pick(@{ $way{$kind} }), role => $role,
		only_m2m => 1, tags => [ "view:$view->{view}" ]
	};

	$step->{tags} = [ 'alias', "view:$view->{view}" ] if $kind eq "user's name of a column";
	$step->{expect} = qr/^(00000|42701|42P16|0A000)$/ if $kind eq "user's name of a column";
	if ($kind eq 'moved view')
	{
		my ($what, $name) = $step->{sql} =~ / (SET SCHEMA|RENAME TO) (.*)$/;

		$name = $name =~ s/^"|"$//gr =~ s/""/"/gr;

		$step->{tags} = ['any'];
		$step->{expect} = qr/^(00000|42501)$/;
		$step->{note} = sprintf q{UPDATE oracle.side SET %s WHERE rel = '%s' AND side = %d},
		  $what eq 'RENAME TO' ? 'view_name = ' . literal($name)
		  : 'view_schema = (SELECT oid FROM pg_namespace WHERE nspname = ' . literal($name) . ')',
		  $view->{rel}, $view->{side};
	}
	$step->{tags} = ['any'] if $kind eq 'function of a view';
	$step->{expect} = qr/^(00000|22P02|42804|23514)$/ if $kind eq 'options of a view';
	$step->{expect} = qr/^(00000|42P07|42501|42701)$/ if $kind eq "user's view of a link view";
	return drop_dependents() // $step
	  if $kind eq "user's view of a link view";
	$step->{role} = '' if $kind eq 'function of a view';
	return $step;
}

# User's views of link views are dropped soon, as they stop most other DDL.
sub drop_dependents
{
	my ($view) = grep { $_->{table} =~ /^lv_/ } @{ $state->{extra} // [] };

	return if !$view;
	return { kind => "user's view dropped", sql => "DROP VIEW $view->{name} CASCADE",
		only_m2m => 1 };
}

# A statement that takes away what m2m_check() will miss.
sub taking_step
{
	my $table = some_table();
	my @views = @{ $state->{views} // [] };
	my @constraints = @{ $table->{constraints} // [] };
	my @indexes = @{ $table->{indexes} // [] };
	my $way = int rand 5;

	if ($way == 0 && @views)
	{
		my $view = pick(@views);
		return { kind => 'drop view', only_m2m => 1, findings => 1, expect => qr/^(00000|2BP01)$/,
			sql => "DROP VIEW $view->{name}",
			note => "UPDATE oracle.side SET view_there = false WHERE rel = '$view->{rel}' AND side = $view->{side}" };
	}
	if ($way == 1 && @views)
	{
		my $view = pick(@views);
		return { kind => 'security_invoker', only_m2m => 1, findings => 1,
			sql => "ALTER VIEW $view->{name} " . pick('RESET (security_invoker)', 'SET (security_invoker = false)'),
			tags => [ "view:$view->{view}" ] };
	}
	if ($way == 2 && @constraints)
	{
		return { kind => 'drop constraint', findings => 1, role => 'alice',
			sql => "ALTER TABLE $table->{name} DROP CONSTRAINT " . ident(pick(@constraints)->{name}) . cascade(0.4) };
	}
	if ($way == 3 && @indexes)
	{
		return { kind => 'drop index', findings => 1, role => 'alice',
			sql => 'DROP INDEX ' . pick(@indexes) };
	}
	return { kind => 'disable trigger', findings => 1,
		sql => "ALTER TABLE $table->{name} DISABLE TRIGGER ALL" };
}

# A statement that drops tables.
sub drop_step
{
	my $table = some_table();
	my @gone = map { some_table()->{name} } 1 .. 1 + rand 3;
	my %gone = map { $_ => 1 } @gone;
	my $sql = 'DROP TABLE ' . if_exists() . join(', ', sort keys %gone) . cascade(0.5);

	$sql = "ALTER TABLE $table->{name} DROP COLUMN "
	  . ident(some_column($table, 0)->{name}) . ' CASCADE'
	  if rand() < 0.15;
	if (rand() < 0.2)
	{
		my $schema = pick(grep { $_ ne 'public' } @{ $state->{schemas} });

		return { kind => 'drop owned', sql => 'DROP OWNED BY bob CASCADE', role => '',
			tags => ['any'], warnings => 1 }
		  if !defined $schema || rand() < 0.3;
		return { kind => 'drop schema', role => some_role(), warnings => 1, findings => 1,
			sql => 'DROP SCHEMA ' . ident($schema) . cascade(0.8), schema => ident($schema),
			note => 'UPDATE oracle.side s SET view_there = false WHERE oracle.view_of(s) IS NULL'
			  . ' AND NOT EXISTS (SELECT FROM pg_namespace WHERE oid = s.view_schema)' };
	}
	return { kind => 'drop table', sql => $sql, role => some_role(), warnings => $sql =~ /DROP COLUMN/ ? 1 : 0,
		findings => $sql =~ /DROP COLUMN/ ? 1 : 0 };
}

sub inner_step
{
	my $dice = rand();
	my $step =
	    $dice < 0.8 ? plain_step()
	  : $dice < 0.92 ? view_step()
	  : $dice < 0.96 ? drop_step()
	  : taking_step();

	return $step->{outside} ? inner_step() : $step;
}

sub quoted { return '$q$' . $_[0] . '$q$' }

# Statements in a DO block; some in a block of their own that is undone.
sub do_step
{
	my $role = pick(qw(alice alice alice bob carol));
	my $body = '';
	my $dependents = @{ $state->{lf} // [] }
	  || any { $_->{table} =~ /^lv_/ } @{ $state->{extra} // [] };

	foreach my $i (1 .. 1 + rand 3)
	{
		my ($step, $last);

		do { $step = rand() < 0.95 ? plain_step() : drop_step() }
		  while $step->{outside} || $step->{findings} || @{ $step->{tags} // [] };
		$last = $step->{kind} eq 'drop table';
		my $one = 'EXECUTE ' . quoted($step->{sql}) . "; PERFORM oracle.step('$role');";
		my $dice = rand();

		$one = "BEGIN $one RAISE EXCEPTION USING errcode = 'P0042';"
		  . " EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'state %', SQLSTATE; END;"
		  . " PERFORM oracle.step('$role');"
		  if !$dependents && $dice < 0.4;
		$one = "BEGIN $one EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'state %', SQLSTATE; END;"
		  . " PERFORM oracle.step('$role');"
		  if !$dependents && $dice >= 0.4 && $dice < 0.8;
		$body .= "$one ";
		# with an endpoint, an association goes that stands in the twin
		last if $last;
	}
	return { kind => 'do block', role => $role, sql => "DO \$do\$ BEGIN $body END \$do\$" };
}

sub outside_step
{
	my $table = some_table();
	my $sql = pick('VACUUM FULL %s', 'VACUUM %s', 'CLUSTER %s USING ' .
		(ident((split /\./, pick(@{ $table->{indexes} // ['x.x'] }))[-1] =~ s/"//gr)),
		'CREATE INDEX CONCURRENTLY ON %s (' . ident(some_column($table)->{name}) . ')');
	return { kind => 'vacuum', sql => sprintf($sql, $table->{name}), role => pick('alice', 'alice', '', 'carol'),
		outside => 1, warnings => 1 };
}

sub choose_action
{
	my $dice = rand();

	return { steps => [ drop_dependents() ] }
	  if $dice < 0.12 && drop_dependents();
	$dice = rand();
	return { steps => [ plain_step() ] } if $dice < 0.4;
	return { steps => [ view_step() ] } if $dice < 0.52;
	return { steps => [ do_step() ] } if $dice < 0.64;
	return { transaction => 1 + int(rand 4), rollback => rand() < 0.5 } if $dice < 0.84;
	return { steps => [ outside_step() ] } if $dice < 0.88;
	return { steps => [ taking_step() ] } if $dice < 0.92;
	return { steps => [ drop_step() ] } if $dice < 0.95;
	return { steps => [ refill_step() ] };
}

# Rows for a table that may have lost them.
sub refill_step
{
	my $slot = pick(grep { $state->{tables}{$_} } qw(person room course));
	my $table = $state->{tables}{$slot};
	my $i = 7 + int rand 20;
	my (@columns, @values);

	return plain_step() if !$slot;
	foreach my $column (@{ $table->{columns} })
	{
		next if $column->{generated};
		next if !$column->{notnull} || $column->{default} && !$column->{key};
		push @columns, ident($column->{name});
		push @values, $column->{key} && $column->{type} !~ /int|numeric/ ? "'c$i'" : "'$i'";
	}
	return plain_step() if !@columns;
	return { kind => 'insert', sql => sprintf 'INSERT INTO %s (%s) VALUES (%s)',
		$table->{name}, join(', ', @columns), join(', ', @values) };
}

1;
